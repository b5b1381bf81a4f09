"""Distinct answer patterns with their counts: a million answers to four questions are a few thousand patterns."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from operator import add

import narwhals as nw
import numpy as np
import pandas as pd

from cxlab.problem import DataProblem
from cxlab.stats.counts.stream import batches, local, numbers

LIMIT = 5_000_000
"""More patterns than this are no compression any more."""
CELLS = 4_000_000
"""Ratings whose possible combinations are no more than this are counted in an array, the others by grouping."""


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
    packed = None
    if local(frame) and all(schema[k].is_numeric() for k in kept):
        packed = _packed(rows, list(kept)[: len(columns)], weight is not None)
    table, every = packed or _grouped(rows, schema, limit)
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
    names = dict(zip((f"_p{i}" for i in range(len(columns))), columns, strict=True))
    return table.rename(columns=names), every - int(table["n"].sum())


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


def _packed(rows: nw.LazyFrame, keys: list[str], weighted: bool) -> tuple[pd.DataFrame, int] | None:
    """Count whole numbers of small range by one array index each; None where that does not apply."""
    schema = rows.collect_schema()
    look = [f(nw.col(k)).alias(f"{n}{k}") for k in keys for n, f in (("low", nw.Expr.min), ("high", nw.Expr.max))]
    look += [(nw.col(k) - nw.col(k).floor()).max().alias(f"rest{k}") for k in keys if not schema[k].is_integer()]
    edge = rows.select(*look).collect().to_pandas().iloc[0].astype(float)
    low = np.array([edge[f"low{k}"] for k in keys])
    size = np.array([edge[f"high{k}"] for k in keys]) - low + 1
    rest = edge[[f"rest{k}" for k in keys if not schema[k].is_integer()]]
    if not (np.isfinite(size).all() and (rest == 0).all() and np.prod(size) <= CELLS):
        return None
    stride = np.append(np.cumprod(size[:0:-1])[::-1], 1.0)
    whole = [nw.col(k).cast(nw.Int64 if schema[k].is_integer() else nw.Float64) for k in keys]
    key = reduce(add, ((e - int(a)) * int(s) for e, a, s in zip(whole, low, stride, strict=True)))
    cells, every, held = int(np.prod(size)), 0, []
    counts = [np.zeros(cells) for _ in range(3 if weighted else 1)]
    least = np.inf

    def add_up() -> None:
        k = np.concatenate([h[0] for h in held])
        counts[0] += np.bincount(k, minlength=cells)
        if weighted:
            w = np.concatenate([h[1] for h in held])
            counts[1] += np.bincount(k, weights=w, minlength=cells)
            counts[2] += np.bincount(k, weights=w * w, minlength=cells)
        held.clear()

    for piece in batches(rows, {"key": key, **({"w": nw.col("_w")} if weighted else {})}):
        every += piece.num_rows
        k = numbers(piece.column(0))
        w = numbers(piece.column(1)) if weighted else None
        if piece.column(0).null_count or k.dtype.kind == "f" or (w is not None and (np.isnan(w).any() or not w.all())):
            there = ~np.isnan(k) if w is None else ~np.isnan(k) & ~np.isnan(w) & (w != 0)
            k, w = k[there], w if w is None else w[there]
        if w is not None and len(w):
            least = min(least, float(w.min()))
        held.append((k.astype(np.int64), w))
        if sum(len(h[0]) for h in held) > cells:
            add_up()
    if held:
        add_up()
    at = np.flatnonzero(counts[0])
    table = pd.DataFrame(
        {k: at // int(s) % int(z) + int(a) for k, s, z, a in zip(keys, stride, size, low, strict=True)}
    )
    table = table.astype({k: float for k in keys if not schema[k].is_integer()})
    table["n"] = counts[0][at].astype(np.int64)
    if weighted:
        table["w"], table["w2"], table["least"] = counts[1][at], counts[2][at], least
    return table, every
