"""Distinct answer patterns with their counts: a million answers to four questions are a few thousand patterns."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice

import narwhals as nw
import numpy as np
import pandas as pd

from cxlab.problem import NEGATIVE, DataProblem
from cxlab.stats.counts.batches import batches
from cxlab.stats.counts.dense_counts import Cells, cells

LIMIT = 5_000_000
"""More patterns than this are no compression any more."""


class TooManyPatterns(DataProblem):
    """Rows are too different to be counted as patterns."""


def patterns(
    frame: nw.LazyFrame,
    columns: Mapping[str, nw.Expr],
    *,
    weight: nw.Expr | None = None,
    limit: int = LIMIT,
    counted: Cells | None = None,
) -> tuple[pd.DataFrame, int]:
    """Count the distinct combinations of values, in one scan.

    Parameters
    ----------
    frame : lazy frame with one row an answer sheet.
    columns : expressions by name; rows with a missing one are left out and counted.
    weight : positive weights, or None for 1 each; rows with weight zero are left out and counted.
    counted : the columns' `cells`, where the caller has them.

    Returns
    -------
    table : one row a pattern, sorted: the columns, ``n`` (rows), ``w`` (sum of weights), ``w2`` (of squared weights).
    lost : rows left out.

    Raises
    ------
    DataProblem : no complete row, a negative weight, or more than ``limit`` patterns.
    """
    kept = {f"_p{i}": e for i, e in enumerate(columns.values())}
    counted = counted or cells(frame, kept, weight=weight)
    kept |= {"_w": weight.cast(nw.Float64)} if weight is not None else {}
    rows = frame.select(*(e.alias(k) for k, e in kept.items()))
    schema = rows.collect_schema()
    table, every = _grouped(rows, schema, limit) if counted is None else _listed(counted, schema)
    if len(table) == 0:
        raise DataProblem(f"no row has all of {', '.join(columns)}; leave out what was hardly answered")
    if len(table) > limit:
        raise TooManyPatterns(
            f"{', '.join(columns)} have more than {limit:,} distinct combinations; "
            "round or group the columns with many values, or use fewer of them"
        )
    if weight is None:
        table["w"] = table["w2"] = table["n"].astype(float)
    elif table.pop("least").min() < 0:
        raise DataProblem(NEGATIVE)
    names = dict(zip((f"_p{i}" for i in range(len(columns))), columns, strict=True))
    return table.rename(columns=names), every - int(table["n"].sum())


def hardly_repeat(frame: nw.LazyFrame, columns: Mapping[str, nw.Expr], *, limit: int = LIMIT) -> bool:
    """Whether a local frame has more than ``limit`` rows and most of the first ones differ from each other."""
    if int(frame.select(nw.len().alias("n")).collect().to_pandas()["n"].iloc[0]) <= limit:
        return False
    first = [piece.to_pandas() for piece in islice(batches(frame, columns), 2)]
    rows = pd.concat(first, ignore_index=True)
    return len(rows.drop_duplicates()) > len(rows) / 2


def _grouped(rows: nw.LazyFrame, schema: nw.Schema, limit: int) -> tuple[pd.DataFrame, int]:
    """Count by grouping where the data lie."""
    every = int(rows.select(nw.len().alias("n")).collect().to_pandas()["n"].iloc[0])
    keys = [k for k in schema if k != "_w"]
    rows = rows.filter(*(~nw.col(k).is_null() for k in schema))
    floats = [k for k in schema if schema[k].is_float()]
    rows = rows.filter(*(~nw.col(k).is_nan() for k in floats)) if floats else rows
    sums = [nw.len().alias("n")]
    if "_w" in schema:
        w = nw.col("_w")
        rows = rows.filter(w != 0).with_columns((w * w).alias("_w2"))
        sums += [w.sum().alias("w"), nw.col("_w2").sum().alias("w2"), w.min().alias("least")]
    table = rows.group_by(*keys).agg(*sums).head(limit + 1).collect().to_pandas()
    return table.sort_values(keys, ignore_index=True, kind="stable"), every


def _listed(counted: Cells, schema: nw.Schema) -> tuple[pd.DataFrame, int]:
    """List the cells that were seen; a column of doubles stays one."""
    values, sums = counted.seen()
    keys = [k for k in schema if k != "_w"]
    table = pd.DataFrame(values.T, columns=keys, copy=False)
    for k in keys:
        if not schema[k].is_integer():
            table[k] = table[k].astype(float)
    table["n"] = sums[0].astype(np.int64)
    if len(sums) > 1:
        table["w"], table["w2"], table["least"] = *sums[1:], counted.least
    return table, counted.every
