"""Rows brought into memory from where they lie: one place, one limit, one refusal.

Counts, moments and patterns come from an engine as few rows. What needs the rows themselves (texts, respondents one by
one) fetches them here: nothing large is brought from a file, a database or a cluster unasked.
"""

from __future__ import annotations

from typing import Literal

import narwhals as nw

from cxlab.problem import DataProblem

LIMIT = 1_000_000_000
"""Bytes of rows that a function brings into memory at once, about; tables that are in memory are not bound."""
NUMBER, WORDS = 8, 64
"""Bytes of a number, and what a text takes on average."""


def fetched(
    frame: nw.LazyFrame,
    name: str,
    *,
    to: Literal["pandas", "pyarrow", "polars"] = "pandas",
    grouped: bool = False,
    copied: str = "",
) -> nw.DataFrame:
    """Return the rows of a frame, unless they are more than `LIMIT` bytes.

    Parameters
    ----------
    frame : the rows and columns that are needed, no more. ``name`` : of the study.
    to : library of the table that is returned.
    grouped : the rows are groups: they are read up to the limit instead of counted first.
    copied : what to do instead where the rows are copied several times, so that tables in memory are bound as well.

    Raises
    ------
    DataProblem : the rows take more than `LIMIT` bytes.

    Examples
    --------
    >>> import duckdb
    >>> len(fetched(nw.from_native(duckdb.sql("select 1 as a union all select 2")), "s"))
    2
    >>> fetched(nw.from_native(duckdb.sql("select range as a from range(200000000)")), "s")
    Traceback (most recent call last):
    cxlab.problem.DataProblem: this needs the rows of s in memory: 200,000,000 rows of 1 columns are about 1.6 GB; \
allowed: 1 GB. Take a part of the rows (study.where, study.filter) or fewer columns, or bring them into memory \
yourself: cx.Study(study.to_pandas(), study.codebook)
    """
    kind = frame.implementation
    if (kind.is_pandas() or kind.is_pyarrow()) and not copied:
        return frame.collect(to)
    schema = frame.collect_schema()
    width = sum(NUMBER if t.is_numeric() or t.is_temporal() or t == nw.Boolean else WORDS for t in schema.values())
    most = LIMIT // max(width, 1)
    if grouped:
        found = frame.head(most + 1).collect(to)
        if len(found) > most:
            raise _too_many(name, f"more than {most:,} rows of {len(schema)} columns are more than", copied)
        return found
    rows = int(frame.select(nw.len().alias("n")).collect("pyarrow")["n"][0])
    if rows > most:
        size = f"{rows * width / 1e9:.2g} GB" if rows * width >= 1e8 else f"{rows * width:,} bytes"
        raise _too_many(name, f"{rows:,} rows of {len(schema)} columns are about {size}; allowed:", copied)
    return frame.collect(to)


def _too_many(name: str, said: str, copied: str) -> DataProblem:
    allowed = f"{LIMIT / 1e9:.2g} GB" if LIMIT >= 1e8 else f"{LIMIT:,} bytes"
    instead = copied or "bring them into memory yourself: cx.Study(study.to_pandas(), study.codebook)"
    return DataProblem(
        f"this needs the rows of {name} in memory: {said} {allowed}. Take a part of the rows (study.where, "
        f"study.filter) or fewer columns, or {instead}"
    )
