"""Where the rows of a driver analysis come from when they are not held: pieces of outcome and drivers as numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import narwhals as nw
import numpy as np
import pyarrow as pa

from cxlab.data.codebook import Field
from cxlab.data.sample import within_scale
from cxlab.models.drivers import driver_data
from cxlab.models.drivers.driver_data import NAMED
from cxlab.stats.counts.batches import batches, numbers
from cxlab.stats.counts.group_products import GONE, LEVELS

FAR = 100
"""Scales within plus and minus this are kept in a byte an answer."""


@dataclass(frozen=True)
class Piece:
    """Rows that answered the outcome and have a weight.

    ``z`` : (m, K + 1) drivers, then the outcome: floats with NaN, or bytes with `GONE`, where there is no answer.
    ``w`` : (m,) weights, None without. ``more`` : the other columns. ``outside`` : (K + 1,) answers outside their
    scales. ``rows`` : how many rows were read.
    """

    z: np.ndarray
    w: np.ndarray | None
    more: list[pa.Array]
    outside: np.ndarray
    rows: int


@dataclass(frozen=True)
class Source:
    """Where the rows come from: lazy columns, and how outcome and drivers are turned into numbers.

    ``keep`` : of the rows that count, those that are wanted, None for all.
    """

    frame: nw.LazyFrame
    outcome: Field
    condition: Callable[[np.ndarray], np.ndarray] | None
    drivers: tuple[Field, ...]
    weight: str
    others: tuple[str, ...]
    small: bool = False
    keep: np.ndarray | None = None

    def pieces(self) -> Iterator[Piece]:
        """Yield the rows in the order of the table, a piece at a time."""
        at = 0
        for piece in self._all():
            if self.keep is None:
                yield piece
                continue
            mine = self.keep[at : at + len(piece.z)]
            at += len(piece.z)
            more = [c.filter(pa.array(mine)) for c in piece.more]
            yield Piece(piece.z[mine], None if piece.w is None else piece.w[mine], more, piece.outside, piece.rows)

    def _all(self) -> Iterator[Piece]:
        named = {f"_x{i}": nw.col(f.name) for i, f in enumerate((*self.drivers, self.outcome))}
        named |= {f"_o{i}": nw.col(c) for i, c in enumerate(self.others)}
        named |= {"_w": nw.col(self.weight)} if self.weight else {}
        last = len(self.drivers)
        for read in batches(self.frame, named, ordered=True):
            column = dict(zip(named, read.columns, strict=True))
            w = np.asarray(numbers(column["_w"]), float) if self.weight else None
            outside = np.zeros(last + 1, int)
            y, outside[last] = self._outcome(column[f"_x{last}"])
            keep = y != GONE if self.small else ~np.isnan(y)
            if w is not None:
                keep &= np.isfinite(w) & (w > 0)
            keep = slice(None) if keep.all() else keep
            y = y[keep]
            z = np.empty((last + 1, len(y)), np.int8 if self.small else float)
            z[last] = y
            for i, f in enumerate(self.drivers):
                z[i], outside[i] = self._driver(column[f"_x{i}"], f, keep)
            mine = [column[f"_o{i}"] for i in range(len(self.others))]
            if not isinstance(keep, slice):
                mine = [c.filter(pa.array(keep)) for c in mine]
            yield Piece(z.T, None if w is None else w[keep], mine, outside, read.num_rows)

    def _outcome(self, column: pa.Array) -> tuple[np.ndarray, int]:
        if self.small:
            y, outside = small_answers(column, self.outcome, slice(None))
            if self.condition is not None:
                y = np.where(y == GONE, GONE, self.condition(LEVELS).astype(np.int8)[y.astype(np.int16) + 128])
            return y, outside
        y, outside = within_scale(np.asarray(numbers(column), float), self.outcome)
        if self.condition is None:
            return driver_data.turned(y, self.outcome), outside
        return np.where(np.isnan(y), np.nan, self.condition(y)), outside

    def _driver(self, column: pa.Array, field: Field, keep: np.ndarray | slice) -> tuple[np.ndarray, int]:
        if self.small:
            return small_answers(column, field, keep)
        x = np.asarray(numbers(column), float)[keep]
        if field.note == NAMED:
            return np.nan_to_num(x), 0
        x, outside = within_scale(x, field)
        return driver_data.turned(x, field), outside


def fits_a_byte(kind: nw.dtypes.DType, field: Field) -> bool:
    """Whether the answers to a question are whole numbers of one byte: yes and no, or a scale of small numbers."""
    if kind == nw.Boolean:
        return field.scale is None or field.note == NAMED
    if not kind.is_integer() or field.note == NAMED or field.scale is None:
        return False
    return all(abs(end) <= FAR and end == int(end) for end in _ends(field))


def _ends(field: Field) -> tuple[float, float]:
    return field.scale.minimum, field.scale.maximum


def small_answers(column: pa.Array, field: Field, keep: np.ndarray | slice) -> tuple[np.ndarray, int]:
    """Return whole answers of one byte, `GONE` where there is none or it lies outside its scale, and how many do."""
    column = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    gone = None
    if column.null_count:
        gone = column.is_null().to_numpy(zero_copy_only=False)[keep]
        column = column.fill_null(False if pa.types.is_boolean(column.type) else 0)
    x = column.to_numpy(zero_copy_only=False)[keep]
    outside = 0
    if x.dtype == bool:
        x = x.view(np.int8)
        return (np.where(gone, 0 if field.note == NAMED else GONE, x) if gone is not None else x), 0
    low, high = _ends(field)
    if len(x) and (x.min() < low or x.max() > high):
        far = (x < low) | (x > high)
        far = far if gone is None else far & ~gone
        outside = int(far.sum())
        gone = far if gone is None else far | gone
    if field.scale.best == "low":
        x = int(low + high) - x.astype(np.int16)
    x = x.astype(np.int8)
    return (x if gone is None else np.where(gone, np.int8(GONE), x)), outside
