"""Distinct answer patterns with their counts: a million answers to four questions are a few thousand patterns."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import reduce
from operator import or_

import narwhals as nw
import numpy as np
import pandas as pd

from cxlab.problem import DataProblem
from cxlab.stats.counts.stream import batches, local, numbers

LIMIT = 5_000_000
"""More patterns than this are no compression any more."""
CELLS = 4_000_000
"""Ratings whose possible combinations are no more than this are counted in an array, the others by grouping."""
AXES = 32
"""So many columns at most are counted in an array."""


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
    if len(keys) > AXES:
        return None
    cells, every = Cells(3 if weighted else 1), 0
    pieces = batches(rows, {k: nw.col(k) for k in (*keys, *(["_w"] if weighted else []))})
    for piece in pieces:
        every += piece.num_rows
        values = [numbers(c) for c in piece.columns]
        missing = [np.isnan(v) for v in values if v.dtype.kind == "f"]
        lost = reduce(or_, missing) if missing else np.zeros(0, bool)
        lost = lost | (values[-1] == 0) if weighted else lost
        if lost.any():
            values = [v[~lost] for v in values]
        if not cells.add(values[: len(keys)], np.asarray(values[-1], float) if weighted else None):
            pieces.close()
            return None
    if not cells.low:
        return None  # not one complete row: grouping gives the empty table
    values, sums = cells.result()
    table = pd.DataFrame(values.T, columns=keys, copy=False)
    schema = rows.collect_schema()
    for k in keys:
        if not schema[k].is_integer():
            table[k] = table[k].astype(float)
    table["n"] = sums[0].astype(np.int64)
    if weighted:
        table["w"], table["w2"], table["least"] = *sums[1:], cells.least
    return table, every


class Cells:
    """Sums by combination of whole numbers, in a box of at most `CELLS` cells that grows with the values seen.

    ``sums`` : how many arrays are kept: 1 counts rows, 3 also sum weights and their squares.
    """

    def __init__(self, sums: int):
        self.low: list[int] = []
        self.size: list[int] = []
        self.sums = [np.zeros(0)] * sums
        self.held: list[tuple[np.ndarray, np.ndarray | None]] = []
        self.waiting = 0
        self.least = np.inf

    def add(self, values: list[np.ndarray], w: np.ndarray | None) -> bool:
        """Add rows, one array a column; False if a value is not whole or the box would be too large."""
        if len(values[0]) == 0:
            return True
        low, high = [v.min() for v in values], [v.max() for v in values]
        if not np.isfinite(np.array([low, high], float)).all():
            return False
        if any(v.dtype.kind == "f" and (v != np.floor(v)).any() for v in values):
            return False
        if not self._cover([int(v) for v in low], [int(v) for v in high]):
            return False
        key, first = np.zeros(len(values[0]), np.int32), 0
        for v, low_v, size in zip(values, self.low, self.size, strict=True):
            key *= size
            key += (v if v.dtype.kind == "i" else v.astype(np.int64)).astype(np.int32, copy=False)
            first = first * size + low_v
        key -= np.array(first, np.int64).astype(np.int32)  # what overflows on the way comes back here
        if w is not None:
            self.least = min(self.least, float(w.min()))
        self.held.append((key, w))
        self.waiting += len(key)
        if self.waiting > 2 * math.prod(self.size):
            self._flush()
        return True

    def _cover(self, low: list[int], high: list[int]) -> bool:
        """Enlarge the box to hold these values; False if it would be too large."""
        old_low, old_size = self.low or low, self.size or [0] * len(low)
        new = [min(a, b) for a, b in zip(old_low, low, strict=True)]
        top = [max(a + z - 1, b) for a, z, b in zip(old_low, old_size, high, strict=True)]
        size = [b - a + 1 for a, b in zip(new, top, strict=True)]
        if math.prod(size) > CELLS:
            return False
        if new == self.low and size == self.size:
            return True
        self._flush()
        at = tuple(slice(a - b, a - b + z) for a, b, z in zip(old_low, new, old_size, strict=True))
        for i, sums in enumerate(self.sums):
            wide = np.zeros(size)
            wide[at] = sums.reshape(old_size)
            self.sums[i] = wide.ravel()
        self.low, self.size = new, size
        return True

    def _flush(self) -> None:
        if not self.held:
            return
        key = np.concatenate([k for k, _ in self.held])
        w = None if len(self.sums) == 1 else np.concatenate([w for _, w in self.held])
        key = key.astype(np.intp)
        for i, sums in enumerate(self.sums):
            sums += np.bincount(key, weights=None if i == 0 else w**i, minlength=len(sums))
        self.held, self.waiting = [], 0

    def result(self) -> tuple[np.ndarray, list[np.ndarray]]:
        """Return the values of every combination that was seen, in order, one row a column; and its sums."""
        self._flush()
        there = np.flatnonzero(self.sums[0] > 0)
        values, half = np.empty((len(self.size), len(there)), np.int64), len(self.size) // 2
        inner = np.int32(math.prod(self.size[half:]))
        left = there.astype(np.int32) // inner
        right = there - left * np.int64(inner)
        for columns, at in ((slice(0, half), left), (slice(half, None), right)):  # look values up half by half
            size = self.size[columns]
            grid = np.unravel_index(np.arange(math.prod(size)), size) if size else ()
            for row, axis, low in zip(values[columns], grid, self.low[columns], strict=True):
                np.take(axis + low, at, out=row, mode="clip")
        return values, [s[there] for s in self.sums]
