"""What an engine says when it cannot go on, in words: no memory, no room on the disk, files that differ, Ctrl-C.

Whatever stops a scan is one `DataProblem` that says what to do; nothing was written but what the engine removes itself.
"""

from __future__ import annotations

import errno
import re

import duckdb
import narwhals as nw
import numpy as np

from cxlab.data.masking import masked
from cxlab.data.readers.dialect import broken
from cxlab.problem import DataProblem

FULL = ("failed to offload", "max_temp_directory_size", "No space left on device")
INTERRUPTED = "Query interrupted"
"""What DuckDB makes of Ctrl-C."""
DIFFERS = ("type mismatch", "failed to cast column", "Schema mismatch", "unsupported type", "data type", "dtype")


def engine_problem(error: BaseException, name: str) -> DataProblem | None:
    """Return what an error of DuckDB, polars or Arrow in a scan of ``name`` means; None where it is none of a kind
    that data or a machine bring about.

    >>> str(engine_problem(MemoryError("Unable to allocate 67.5 GiB"), "calls"))[:62]
    'calls needs more memory for this than there is: Unable to allo'
    >>> engine_problem(ValueError("a fault of ours"), "calls") is None
    True
    """
    said = str(error)
    if _full(error, said):
        return DataProblem(
            f"{name} needs more room than there is for what does not fit into memory: {_first(said)}. Free some, set "
            "another folder with duckdb.execute(\"set temp_directory = '...'\"), or ask for fewer groups or columns"
        )
    if isinstance(error, (duckdb.OutOfMemoryException, MemoryError)):
        more = "raise it with duckdb.execute(\"set memory_limit = '8GB'\"), " if isinstance(error, duckdb.Error) else ""
        return DataProblem(
            f"{name} needs more memory for this than there is: {_first(said)}. Ask for fewer groups or columns, "
            f"{more}or use a machine with more"
        )
    if isinstance(error, np.linalg.LinAlgError):
        return DataProblem(
            f"the equations of {name} have no solution ({said}): two columns say the same, one says nothing, or there "
            "are too few clusters; leave a column out, or see cx.check(study)"
        )
    if found := _differs(said):
        return DataProblem(
            f"{name}: {found}. The files of one table must agree on the type of a column; write the odd one again, or "
            "read the column as text in all"
        )
    return broken(error, name) if isinstance(error, duckdb.Error) else None


def let_go(frame: nw.LazyFrame) -> None:
    """End a query of DuckDB that was interrupted: else its threads go on until the next one, or hold up the exit."""
    if frame.implementation.is_duckdb():
        nw.to_native(frame).query("rows", "select 1").fetchall()


def _full(error: BaseException, said: str) -> bool:
    return getattr(error, "errno", None) == errno.ENOSPC or any(x in said for x in FULL)


def _differs(said: str) -> str:
    """What is told of columns whose type differs between files, '' where it is not that."""
    if not any(x in said for x in DIFFERS):
        return ""
    if found := re.search(r'file "([^"]+)": failed to cast column "([^"]+)" from type (\w+) to (\w+)', said):
        path, column, one, other = found.groups()
        return f"column '{column}' is {one} in {path.rpartition('/')[2]} and {other} in the files before it"
    if found := re.search(r"type mismatch for column (\S+?): incoming: (\S+) != target: (\S+)", said):
        column, one, other = found.groups()
        return f"column '{column}' is {one} in one file and {other} in the files before it"
    return ""


def _first(said: str) -> str:
    """The first line of what an engine says, without its own heading and full stop."""
    line = next((x.strip() for x in said.splitlines() if x.strip()), "the engine gave no reason")
    return masked(re.sub(r"^(Out of Memory|IO|Invalid Input) Error: ", "", line)).rstrip(".")
