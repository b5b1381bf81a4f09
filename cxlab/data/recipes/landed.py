"""Tables that a connector landed: in a database, in a folder of files, in memory; read by a recipe."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import narwhals as nw

from cxlab.data import readers
from cxlab.data.readers import database as databases
from cxlab.data.readers.raw import Raw
from cxlab.data.recipes import NONE, bare, names, recipe
from cxlab.data.recipes.cooked import cooked, finished, of_tables, plan
from cxlab.data.recipes.recognised import LOOKED, recognise
from cxlab.problem import DataProblem
from cxlab.stats.counts.fetched import fetched


def database(url: str, wanted: str) -> Raw:
    """Return the study in a database that has the tables of a recipe, else its only table.

    Raises
    ------
    DataProblem : several tables and no recipe knows them; and as `cxlab.data.readers.database.read`.
    """
    if wanted == NONE:
        return readers.open_url(url)
    tables = databases.columns(url)
    match = recognise(tables, lambda t: databases.rows(url, t, LOOKED), wanted)
    if match is None:
        return readers.open_url(url)
    used = [t for t, _ in match.at.values()]
    if url.startswith("duckdb:"):
        sql, fields = plan(match, {t: databases.called(t) for t in used})
        made = databases.read(url, query=sql).table
        looked = {t: databases.rows(url, t, LOOKED) for t in used}
        return finished(match, made, fields, looked, "duckdb", wanted)
    found = of_tables({t: databases.rows(url, t) for t in used}, wanted or match.recipe.name, url.partition(":")[0])
    return found if found is not None else readers.open_url(url)


def folder(path: Path, wanted: str) -> Raw | None:
    """Return the study in a folder of landed tables, a file each; None where no recipe knows them."""
    files = [p for p in sorted(path.iterdir()) if p.suffix.lower() in readers.ENDINGS and p.stat().st_size]
    tables: dict[str, duckdb.DuckDBPyRelation] = {}
    unread: list[DataProblem] = []
    for file in files:
        try:
            raw = readers.open_file(file)
        except DataProblem as problem:
            unread.append(problem)
            continue
        if wanted or _may_be(raw.table.columns):
            tables[file.stem] = raw.table
    found = of_tables(tables, wanted, "folder") if tables else None
    if unread and (wanted or found is not None):
        raise unread[0]  # it may be a table that the others need
    return found


def table(frame: nw.DataFrame[Any] | nw.LazyFrame[Any], wanted: str) -> Raw | None:
    """Return the study in a table in memory that is laid out for a recipe, else None."""
    columns = frame.collect_schema().names()
    if wanted == NONE or not wanted and not _may_be(columns):
        return None
    head = duckdb.from_arrow(frame.lazy().head(LOOKED).collect("pyarrow").to_native())
    if recognise({"the table": columns}, lambda _: head, wanted) is None:
        return None
    rows = readers.opened.arrow(fetched(frame.lazy(), "the table", to="pyarrow").to_native())
    made = cooked(Raw(duckdb.from_arrow(rows), "table", held=True), wanted)
    return made if made.recipe else None


def _may_be(columns: list[str]) -> bool:
    """Whether a table has all columns that a recipe needs of one of its tables."""
    there = {bare(c) for c in columns}
    signatures = (s for name in names() for s in recipe(name).tables.values())
    return any({bare(c) for c in s.needs} <= there for s in signatures)
