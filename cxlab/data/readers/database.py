"""A query on SQLite, DuckDB, PostgreSQL or another database; nothing is ever written to it.

Two locks: the query must be one SELECT, and the connection is read-only (the file is opened so, or the server is told
so before the query). What a database without a read-only mode does inside a SELECT (a function that writes) is rolled
back, which is no protection: give cxlab a user who may only read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from cxlab.data import engine
from cxlab.data.locations import placed, sought
from cxlab.data.masking import without_secrets
from cxlab.data.readers import opened
from cxlab.data.readers.raw import Raw, check_names, text
from cxlab.problem import DataProblem

EXTENSIONS = {"sqlite": ("sqlite_scanner", "sqlite"), "postgresql": ("postgres_scanner", "postgres")}
"""URL scheme → DuckDB extension and attach type."""

CHUNK = 50_000
QUOTED = re.compile(
    r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`[^`]*`|\[[^\]]*\]|(\$\w*\$).*?\1|--[^\n]*|/\*.*?\*/", re.DOTALL
)
"""What in SQL is text, a name or a comment."""

READ_ONLY = {
    "postgresql": "set session characteristics as transaction read only",
    "mysql": "set session transaction read only",
    "mariadb": "set session transaction read only",
}
"""What a server is told before the query."""


def read(url: str, *, query: str = "") -> Raw:
    """Return the rows of ``query`` on the database at ``url``; without a query, the only table of the database.

    Parameters
    ----------
    url : as SQLAlchemy writes it: ``sqlite:///survey.db``, ``duckdb:///survey.duckdb``,
        ``postgresql://user@host/name``.
    query : one SELECT.

    Raises
    ------
    DataProblem : no such database, driver, table or column; a query that is no SELECT; several tables and no query; no
        rows.
    """
    scheme, url = url.partition(":")[0].partition("+")[0], _whole(url)
    if query:
        only_reads(query)
    extension, type_ = EXTENSIONS.get(scheme, ("", ""))
    if scheme in ("sqlite", "duckdb"):
        _there(url)
    if scheme == "duckdb":
        table, query, way = *_in_duckdb(url, query), "read-only"
    elif query and extension and _installed(extension):
        table, way = _attached(url, type_, query), f"through DuckDB's extension {extension}"
    else:
        table, query = _fetched(url, query)
        way = "through SQLAlchemy"
    if not table.limit(1).fetchall():
        raise DataProblem(f"the query gives no rows: {query}")
    check_names(table.columns, "the query")
    table, notes = opened.relation(table, held=True)
    return Raw(table, scheme, (f"{scheme} {way}: {query}", *notes))


def only_reads(query: str) -> None:
    """Raise `DataProblem` unless ``query`` is one SELECT (or WITH ... SELECT).

    >>> only_reads("with a as (select 1) select * from a -- all;")
    >>> only_reads("drop table answers")
    Traceback (most recent call last):
    cxlab.problem.DataProblem: the query begins with DROP; a study is read by one SELECT...
    """
    bare = QUOTED.sub(lambda m: " " if m[0][:2] in ("--", "/*") else " x ", query)
    first, *more = [part for part in bare.split(";") if part.strip()] or [""]
    words = re.findall(r"[a-z_]+", first.lower()) or [""]
    forbidden = {"select": {"into"}, "with": {"into", "insert", "update", "delete", "merge"}}
    writes = sorted(forbidden.get(words[0], set()) & set(words))
    if words[0] in forbidden and not more and not writes:
        return
    what = f"begins with {words[0].upper()}" if words[0] else "is empty"
    what = f"holds {writes[0].upper()}" if writes else what
    what = f"holds {len(more) + 1} statements" if more else what
    raise DataProblem(f"the query {what}; a study is read by one SELECT, nothing else is sent to a database: {query}")


def _installed(extension: str) -> bool:
    asked = "select installed from duckdb_extensions() where extension_name = ?"
    return bool(duckdb.execute(asked, [extension]).fetchall()[0][0])


def _attached(url: str, type_: str, query: str) -> duckdb.DuckDBPyRelation:
    where = url.removeprefix("sqlite:///") if type_ == "sqlite" else "postgresql://" + url.partition("://")[2]
    con = engine.connect()
    con.execute(f"load {type_}")
    con.execute(f"attach {text(where)} as source (type {type_}, read_only)")
    con.execute("use source")
    return duckdb.from_arrow(con.sql(query).to_arrow_table())


def _in_duckdb(url: str, query: str) -> tuple[duckdb.DuckDBPyRelation, str]:
    """Return the rows of a DuckDB file, opened read-only, and the query that gave them."""
    safe, path = without_secrets(url), url.partition(":///")[2]
    try:
        with duckdb.connect(path, read_only=True) as con:
            engine.spill(con)
            con.execute("set enable_external_access = false")  # the query reads this database, no other file
            if not query:
                query = _only_table([row[0] for row in con.execute("show tables").fetchall()], safe)
            return duckdb.from_arrow(con.sql(query).to_arrow_table()), query
    except duckdb.Error as error:
        cause = str(error).splitlines()[0]
        raise DataProblem(f"{safe} refused the query ({cause}): {query or 'list of tables'}") from error


def _fetched(url: str, query: str) -> tuple[duckdb.DuckDBPyRelation, str]:
    """Return the rows in memory and the query that gave them."""
    import sqlalchemy as sa

    with _server(url) as server:
        try:
            if not query:
                asked = sa.inspect(server)
                query = _only_table([*asked.get_table_names(), *asked.get_view_names()], without_secrets(url))
            with server.connect() as connection:
                rows = connection.execution_options(stream_results=True).execute(sa.text(query))
                names = list(rows.keys())
                check_names(names, "the query")
                columns: list[list[Any]] = [[] for _ in names]
                for part in rows.partitions(CHUNK):
                    for column, values in zip(columns, zip(*part, strict=True), strict=True):
                        column.extend(values)
        except sa.exc.SQLAlchemyError as error:
            cause = str(getattr(error, "orig", None) or error).splitlines()[0]
            asked = query or "list of tables"
            raise DataProblem(f"{without_secrets(url)} refused the query ({without_secrets(cause)}): {asked}") from None
    return duckdb.from_arrow(pa.table([_array(c) for c in columns], names=names)), query


@contextmanager
def _server(url: str) -> Iterator[Any]:
    """Yield a SQLAlchemy engine whose connections may only read; it is closed at the end."""
    import sqlalchemy as sa

    if url.startswith("postgresql://"):
        url = url.replace("postgresql://", "postgresql+pg8000://", 1)
    try:
        options = {"creator": lambda: _sqlite(url)} if url.startswith("sqlite") else {}
        server = sa.create_engine("sqlite://" if options else url, **options)
    except (sa.exc.ArgumentError, sa.exc.NoSuchModuleError, ImportError) as error:
        raise DataProblem(
            f"{without_secrets(url)} cannot be opened ({without_secrets(str(error))}); write sqlite:///file.db, "
            "duckdb:///file.duckdb or postgresql+pg8000://user@host/name, and install the driver"
        ) from None
    if told := READ_ONLY.get(server.dialect.name):

        @sa.event.listens_for(server, "connect")
        def only_read(connection: Any, _: Any) -> None:
            cursor = connection.cursor()
            cursor.execute(told)
            cursor.close()
            connection.commit()

    try:
        yield server
    finally:
        server.dispose()


def _sqlite(url: str) -> Any:
    """Return a connection to an SQLite file that can neither write to it nor open or make another."""
    import sqlite3

    path = url.partition(":///")[2].partition("?")[0]
    connection = sqlite3.connect(f"{Path(path).absolute().as_uri()}?mode=ro", uri=True, check_same_thread=False)
    connection.execute("pragma query_only = on")
    allowed = (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE,
               sqlite3.SQLITE_TRANSACTION, sqlite3.SQLITE_SAVEPOINT, sqlite3.SQLITE_PRAGMA)  # fmt: skip
    connection.set_authorizer(lambda action, *_: sqlite3.SQLITE_OK if action in allowed else sqlite3.SQLITE_DENY)
    return connection


def _there(url: str) -> None:
    """Raise `DataProblem` unless the file of an SQLite or DuckDB database is there."""
    kind, _, path = url.partition(":///")
    if not Path(path.partition("?")[0]).is_file():
        raise DataProblem(
            f"there is no file {sought(path)}; {kind}:/// with three slashes is relative, with four absolute"
        )


def _only_table(tables: list[str], url: str) -> str:
    if len(tables) != 1:
        listed = ", ".join(tables[:20]) or "none"
        raise DataProblem(f"{url} has {len(tables)} tables ({listed}); say query='select ... from ...'")
    return 'select * from "{}"'.format(tables[0].replace('"', '""'))


def _array(values: list) -> pa.Array:
    """Return one Arrow column; exact decimals become floats, values of several types become text."""
    from decimal import Decimal

    values = [float(v) if isinstance(v, Decimal) else v for v in values]
    try:
        return pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return pa.array([None if v is None else str(v) for v in values])


def _whole(url: str) -> str:
    """Return the URL of a database; the file of an SQLite or DuckDB one where `placed` finds it."""
    kind, _, path = url.partition(":///")
    return f"{kind}:///{placed(path)}" if kind.startswith(("sqlite", "duckdb")) and path else url


def called(table: str) -> str:
    """Return a table's name as SQL writes it; a dot parts the schema from it.

    >>> print(called("zendesk.ticket"))
    "zendesk"."ticket"
    """
    return ".".join('"{}"'.format(part.replace('"', '""')) for part in table.split("."))


def columns(url: str) -> dict[str, list[str]]:
    """Return the columns of all tables and views of a database; a table of another schema is called schema.table."""
    scheme, url = url.partition(":")[0].partition("+")[0], _whole(url)
    if scheme in ("sqlite", "duckdb"):
        _there(url)
    if scheme == "duckdb":
        asked = (
            "select case when schema_name = 'main' then table_name else schema_name || '.' || table_name end, "
            "list(column_name order by column_index) from duckdb_columns() where not internal "
            "and database_name = current_database() group by 1 order by 1"
        )
        try:
            with duckdb.connect(url.partition(":///")[2], read_only=True) as con:
                return dict(con.execute(asked).fetchall())
        except duckdb.Error as error:
            cause = str(error).splitlines()[0]
            raise DataProblem(f"{without_secrets(url)} refused the query ({cause}): list of tables") from error
    import sqlalchemy as sa

    with _server(url) as server:
        try:
            asked = sa.inspect(server)
            tables = [*asked.get_table_names(), *asked.get_view_names()]
            return {t: [c["name"] for c in asked.get_columns(t)] for t in tables}
        except sa.exc.SQLAlchemyError as error:
            cause = str(getattr(error, "orig", None) or error).splitlines()[0]
            raise DataProblem(
                f"{without_secrets(url)} refused the query ({without_secrets(cause)}): list of tables"
            ) from None


def rows(url: str, table: str, most: int = 0) -> duckdb.DuckDBPyRelation:
    """Return the first ``most`` rows of a table of a database, all of them for 0; times and numbers as `read` does."""
    scheme, url = url.partition(":")[0].partition("+")[0], _whole(url)
    query = f"select * from {called(table)}" + (f" limit {most}" if most else "")
    found = (_in_duckdb if scheme == "duckdb" else _fetched)(url, query)[0]
    return opened.relation(found, held=True)[0]
