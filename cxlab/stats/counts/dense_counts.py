"""Counts of combinations of whole numbers of small range, such as ratings, in an array with one axis a column."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import reduce
from operator import or_

import narwhals as nw
import numpy as np

from cxlab.stats.counts.batches import batches, local, numbers

CELLS = 4_000_000
"""Columns whose possible combinations are no more than this are counted in an array."""
AXES = 32
"""So many columns at most are counted in an array."""
LARGEST = 2**53
"""Whole numbers beyond this are no longer whole as doubles."""


def cells(frame: nw.LazyFrame, columns: Mapping[str, nw.Expr], *, weight: nw.Expr | None = None) -> Cells | None:
    """Count the combinations of values in one scan; None where the columns are not whole numbers of small range.

    Parameters
    ----------
    frame : lazy frame with one row an answer sheet; it must live in this process (`local`), else None.
    columns : expressions by name; rows with a missing one are left out.
    weight : weights, or None for 1 each; rows with weight zero are left out.
    """
    asked = dict(columns) | ({"_w": weight.cast(nw.Float64)} if weight is not None else {})
    if not local(frame) or len(columns) > AXES:
        return None
    schema = frame.select(*(e.alias(k) for k, e in asked.items())).collect_schema()
    if not all(kind.is_numeric() for kind in schema.values()):
        return None
    found = Cells(1 if weight is None else 3)
    pieces = batches(frame, asked)
    for piece in pieces:
        found.every += piece.num_rows
        values = [numbers(c) for c in piece.columns]
        missing = [np.isnan(v) for v in values if v.dtype.kind == "f"]
        lost = reduce(or_, missing) if missing else np.zeros(0, bool)
        lost = lost | (values[-1] == 0) if weight is not None else lost
        if lost.any():
            values = [v[~lost] for v in values]
        if not found.add(values[: len(columns)], None if weight is None else np.asarray(values[-1], float)):
            pieces.close()
            return None
    return found if found.low else None


class Cells:
    """Sums by combination of whole numbers, in a box of at most `CELLS` cells that grows with the values seen.

    Parameters
    ----------
    sums : how many arrays are kept: 1 counts rows, 3 also sum weights and their squares.

    Attributes
    ----------
    low, size : the smallest value of each column and how many values from there on its axis has.
    sums : the arrays, flat. ``every`` : rows seen. ``least`` : the smallest weight.
    """

    def __init__(self, sums: int) -> None:
        self.low: list[int] = []
        self.size: list[int] = []
        self.sums = [np.zeros(0)] * sums
        self.every = 0
        self.least = np.inf

    def add(self, values: list[np.ndarray], w: np.ndarray | None) -> bool:
        """Add rows, one array a column; False if a value is not whole or the box would be too large."""
        if len(values[0]) == 0:
            return True
        low, high = [v.min() for v in values], [v.max() for v in values]
        if not (np.abs(np.array([low, high], float)) < LARGEST).all():
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
        key -= np.array(first % (1 << 32)).astype(np.int32)  # what overflows on the way comes back here
        key = key.astype(np.intp)
        for i, sums in enumerate(self.sums):
            np.add.at(sums, key, 1.0 if i == 0 else w**i)
        if w is not None:
            self.least = min(self.least, float(w.min()))
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
        at = tuple(slice(a - b, a - b + z) for a, b, z in zip(old_low, new, old_size, strict=True))
        for i, sums in enumerate(self.sums):
            wide = np.zeros(size)
            wide[at] = sums.reshape(old_size)
            self.sums[i] = wide.ravel()
        self.low, self.size = new, size
        return True

    def seen(self) -> tuple[np.ndarray, list[np.ndarray]]:
        """Return the values of every combination that was seen, in order, one row a column; and its sums."""
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
