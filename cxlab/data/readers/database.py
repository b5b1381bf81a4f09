"""A query on SQLite, PostgreSQL or another database: through DuckDB's extension where installed, else SQLAlchemy."""

from __future__ import annotations

import duckdb
import pyarrow as pa

from cxlab.data import engine
from cxlab.data.locations import placed, sought
from cxlab.data.readers.raw import Raw, check_names
from cxlab.problem import DataProblem

EXTENSIONS = {"sqlite": ("sqlite_scanner", "sqlite"), "postgresql": ("postgres_scanner", "postgres")}
"""URL scheme → DuckDB extension and attach type."""

CHUNK = 50_000


def read(url: str, *, query: str = "") -> Raw:
    """Return the rows of ``query`` on the database at ``url``; without a query, the only table of the database.

    Parameters
    ----------
    url : as SQLAlchemy writes it: ``sqlite:///survey.db``, ``postgresql://user@host/name``.

    Raises
    ------
    DataProblem : no such database, driver, table or column; several tables and no query; no rows.
    """
    scheme, url = url.partition(":")[0].partition("+")[0], _whole(url)
    extension, type_ = EXTENSIONS.get(scheme, ("", ""))
    if query and extension and _installed(extension):
        table, way = _attached(url, type_, query), f"through DuckDB's extension {extension}"
    else:
        table, query = _fetched(url, query)
        way = "through SQLAlchemy"
    if not table.limit(1).fetchall():
        raise DataProblem(f"the query gives no rows: {query}")
    check_names(table.columns, "the query")
    return Raw(table, scheme, (f"{scheme} {way}: {query}",))


def _installed(extension: str) -> bool:
    asked = "select installed from duckdb_extensions() where extension_name = ?"
    return bool(duckdb.execute(asked, [extension]).fetchall()[0][0])


def _attached(url: str, type_: str, query: str) -> duckdb.DuckDBPyRelation:
    where = url.removeprefix("sqlite:///") if type_ == "sqlite" else "postgresql://" + url.partition("://")[2]
    con = engine.connect()
    con.execute(f"load {type_}")
    con.execute("attach '{}' as source (type {}, read_only)".format(where.replace("'", "''"), type_))
    con.execute("use source")
    return duckdb.from_arrow(con.sql(query).to_arrow_table())


def _fetched(url: str, query: str) -> tuple[duckdb.DuckDBPyRelation, str]:
    """Return the rows in memory and the query that gave them."""
    import sqlalchemy as sa

    if url.startswith("postgresql://"):
        url = url.replace("postgresql://", "postgresql+pg8000://", 1)
    try:
        server = sa.create_engine(url)
    except (sa.exc.ArgumentError, sa.exc.NoSuchModuleError, ImportError) as error:
        raise DataProblem(
            f"{_safe(url)} cannot be opened ({error}); write sqlite:///file.db or postgresql+pg8000://user@host/name, "
            "and install the driver"
        ) from error
    if server.dialect.name == "sqlite" and server.url.database and not _exists(server.url.database):
        raise DataProblem(
            f"there is no file {sought(server.url.database)}; "
            "sqlite:/// with three slashes is relative, with four absolute"
        )
    try:
        query = query or _only_table(sa.inspect(server), url)
        with server.connect() as connection:
            rows = connection.execution_options(stream_results=True).execute(sa.text(query))
            names = list(rows.keys())
            check_names(names, "the query")
            columns = [[] for _ in names]
            for part in rows.partitions(CHUNK):
                for column, values in zip(columns, zip(*part, strict=True), strict=True):
                    column.extend(values)
    except sa.exc.SQLAlchemyError as error:
        cause = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise DataProblem(f"{_safe(url)} refused the query ({cause}): {query or 'list of tables'}") from error
    finally:
        server.dispose()
    return duckdb.from_arrow(pa.table([_array(c) for c in columns], names=names)), query


def _only_table(inspector, url: str) -> str:
    tables = [*inspector.get_table_names(), *inspector.get_view_names()]
    if len(tables) != 1:
        listed = ", ".join(tables[:20]) or "none"
        raise DataProblem(f"{_safe(url)} has {len(tables)} tables ({listed}); say query='select ... from ...'")
    return f'select * from "{tables[0]}"'


def _array(values: list) -> pa.Array:
    """Return one Arrow column; exact decimals become floats, values of several types become text."""
    from decimal import Decimal

    values = [float(v) if isinstance(v, Decimal) else v for v in values]
    try:
        return pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return pa.array([None if v is None else str(v) for v in values])


def _whole(url: str) -> str:
    """Return the URL of a database; the file of an SQLite one where `placed` finds it."""
    kind, _, path = url.partition(":///")
    return f"{kind}:///{placed(path)}" if kind.startswith("sqlite") and path and path != ":memory:" else url


def _exists(path: str) -> bool:
    from pathlib import Path

    return path == ":memory:" or Path(path).is_file()


def _safe(url: str) -> str:
    """Return the URL without its password."""
    import sqlalchemy as sa

    try:
        return sa.engine.make_url(url).render_as_string(hide_password=True)
    except sa.exc.ArgumentError:
        return url.partition("://")[0] + "://..."
