"""Parquet, Arrow/Feather and JSON lines: opened lazily where DuckDB can scan them."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np

from cxlab.data import engine
from cxlab.data.readers import nested, opened
from cxlab.data.readers.raw import Raw, check_names, only_header
from cxlab.problem import DataProblem


def read(path: Path) -> Raw:
    """Return a Parquet, Arrow IPC (Feather) or JSON lines file as a lazy table.

    Raises
    ------
    DataProblem : the file is broken or of another format; it has no columns or no rows.
    """
    opener, kind = OPENERS[path.suffix.lower()]
    said: tuple[str, ...] = ()
    try:
        table = opener(path)
        if kind.startswith("JSON"):
            table, said = nested.unnested(table, path.name)
        rows = table.limit(1).aggregate("count(*)").fetchall()[0][0]
    except DataProblem:
        raise
    except Exception as error:
        cause = str(error).strip().splitlines()[0][:200]
        raise DataProblem(f"{path.name} cannot be read as {kind} ({cause}); write it again") from error
    if not rows:
        raise only_header(path.name, len(table.columns))
    check_names(table.columns, path.name)
    table, notes = opened.relation(table, held=kind == "Arrow")
    return Raw(
        table,
        kind,
        (f"{kind} file, scanned lazily" if kind != "Arrow" else "Arrow file, mapped into memory", *said, *notes),
    )


def _parquet(path: Path) -> duckdb.DuckDBPyRelation:
    return duckdb.read_parquet(engine.one_file(path), hive_partitioning=False)


def _arrow(path: Path) -> duckdb.DuckDBPyRelation:
    import pyarrow.feather

    return duckdb.from_arrow(opened.arrow(pyarrow.feather.read_table(path, memory_map=True)))


DEEPEST = 500
"""Most brackets in one another that a JSON file may have; DuckDB dies of some thousands."""


def _shallow(path: Path) -> None:
    """Raise `DataProblem` when the brackets of a JSON file lie deeper in one another than `DEEPEST`."""
    depth = 0
    step = np.zeros(256, np.int64)
    step[[ord("["), ord("{")]], step[[ord("]"), ord("}")]] = 1, -1
    with path.open("rb") as file:
        while chunk := file.read(2**23):
            # brackets within texts count too, and hardly ever come to so many
            deep = depth + np.cumsum(step[np.frombuffer(chunk, np.uint8)])
            if deep.max() > DEEPEST:
                raise DataProblem(
                    f"{path.name} has brackets more than {DEEPEST} deep in one another; a table has two. Export it as "
                    "JSON lines, one object a row"
                )
            depth = max(int(deep[-1]), 0)


def _json(path: Path) -> duckdb.DuckDBPyRelation:
    _shallow(path)
    return duckdb.read_json(
        engine.one_file(path),
        hive_partitioning=False,
        map_inference_threshold=-1,
        format="newline_delimited" if path.suffix.lower() != ".json" else "auto",
    )


OPENERS = {
    ".parquet": (_parquet, "Parquet"), ".pq": (_parquet, "Parquet"), ".arrow": (_arrow, "Arrow"),
    ".feather": (_arrow, "Arrow"), ".ipc": (_arrow, "Arrow"), ".jsonl": (_json, "JSON lines"),
    ".ndjson": (_json, "JSON lines"), ".json": (_json, "JSON"),
}  # fmt: skip
"""How each file name ending opens, and what the format is called."""
