"""Distinct answer patterns with their counts: a million answers to four questions are a few thousand patterns."""

from __future__ import annotations

from collections.abc import Mapping

import narwhals as nw
import pandas as pd

from cxlab.problem import DataProblem

LIMIT = 5_000_000
"""More patterns than this are no compression any more."""


def patterns(
    frame: nw.LazyFrame, columns: Mapping[str, nw.Expr], *, weight: nw.Expr | None = None, limit: int = LIMIT
) -> tuple[pd.DataFrame, int]:
    """Count the distinct combinations of values, in one scan.

    Parameters
    ----------
    frame : lazy frame with one row an answer sheet.
    columns : expressions by name; rows with a missing one are left out and counted.
    weight : positive weights, or None for 1 each; rows with weight zero are left out and counted.

    Returns
    -------
    table : one row a pattern, sorted: the columns, ``n`` (rows), ``w`` (sum of weights), ``w2`` (of squared weights).
    lost : rows left out.

    Raises
    ------
    DataProblem : no complete row, a negative weight, or more than ``limit`` patterns.
    """
    kept = {f"_p{i}": e for i, e in enumerate(columns.values())}
    kept |= {"_w": weight.cast(nw.Float64)} if weight is not None else {}
    rows = frame.select(*(e.alias(k) for k, e in kept.items()))
    schema = rows.collect_schema()
    there = [~nw.col(k).is_null() for k in kept] + [~nw.col(k).is_nan() for k in kept if schema[k].is_float()]
    rows = rows.filter(*there)
    w = nw.col("_w") if weight is not None else nw.lit(1.0)
    if weight is not None:
        rows = rows.filter(nw.col("_w") != 0)
    keys = [f"_p{i}" for i in range(len(columns))]
    sums = [nw.len().alias("n")]
    if weight is not None:
        rows = rows.with_columns((w * w).alias("_w2"))
        sums += [w.sum().alias("w"), nw.col("_w2").sum().alias("w2"), w.min().alias("least")]
    table = rows.group_by(*keys).agg(*sums).head(limit + 1).collect().to_pandas()
    if len(table) == 0:
        raise DataProblem(f"no row has all of {', '.join(columns)}; leave out what was hardly answered")
    if len(table) > limit:
        raise DataProblem(
            f"{', '.join(columns)} have more than {limit:,} distinct combinations; "
            "round or group the columns with many values, or use fewer of them"
        )
    if weight is None:
        table["w"] = table["w2"] = table["n"].astype(float)
    elif table.pop("least").min() < 0:
        raise DataProblem("a weight is negative; weights must not be negative")
    table = table.sort_values(keys, ignore_index=True, kind="stable").rename(
        columns=dict(zip(keys, columns, strict=True))
    )
    every = int(frame.select(nw.len().alias("n")).collect().to_pandas()["n"].iloc[0])
    return table, every - int(table["n"].sum())
