"""Quantiles of values that stand for several answers each, and of columns of any length where they lie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import narwhals as nw
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

ALIKE = 100_000
"""More answers than this are looked at for being one row each."""
SORTED = 1_000_000
"""An engine sorts all values of a column of no more rows; of longer ones they are narrowed down by counts."""
BINS = 4096
"""Intervals that values are counted in at a time."""


def quantile(values: ArrayLike, n: ArrayLike, q: ArrayLike) -> NDArray:
    """Return the smallest value below or at which a share ``q`` of the answers lies.

    >>> quantile([1, 2, 10], [1, 1, 98], [0.01, 0.5]).tolist()
    [1.0, 10.0]
    """
    values, n = np.asarray(values, float), np.asarray(n, float)
    if len(n) > ALIKE and (n == n[0]).all():  # the share of a place is known, and numbers sort faster than their order
        at = np.ceil((np.asarray(q) - 1e-12) * len(n)).astype(int) - 1
        return np.sort(values)[np.clip(at, 0, len(values) - 1)]
    order = np.argsort(values, kind="stable")
    share = np.cumsum(n[order]) / n.sum()
    return values[order][np.fmin(np.searchsorted(share, np.asarray(q) - 1e-12), len(values) - 1)]


def of_columns(frame: nw.LazyFrame, names: Sequence[str], shares: Sequence[float], *, rows: int) -> NDArray:
    """Return (columns, shares) quantiles of columns of a lazy frame, between two values linearly; NaN without values.

    Exact whatever the length: the values of a long column are counted in intervals, and the interval that holds the
    wanted place again, so that memory does not grow with the rows.

    Parameters
    ----------
    rows : how many rows the frame has.

    Examples
    --------
    >>> import duckdb
    >>> table = nw.from_native(duckdb.sql("select range as a from range(1, 6)"))
    >>> of_columns(table, ["a"], [0.25, 0.5], rows=5).tolist()
    [[2.0, 3.0]]
    """
    columns = [nw.col(c).cast(nw.Float64) for c in names]
    if rows > SORTED:
        return np.array([_narrowed(frame.select(c.alias("x")), shares) for c in columns])
    asked = [c.quantile(q, interpolation="linear").alias(f"{q}_{i}") for i, c in enumerate(columns) for q in shares]
    row = _one(frame.select(*asked))
    return np.array([[float(row[f"{q}_{i}"]) for q in shares] for i in range(len(columns))])


@dataclass
class _Place:
    """The value at one place of the order: among those between ``low`` and ``high``, after ``before`` others."""

    at: int
    low: float
    high: float
    before: int

    @property
    def known(self) -> bool:
        return not self.low < self.high


def _narrowed(frame: nw.LazyFrame, shares: Sequence[float]) -> list[float]:
    """The quantiles of the only column x, by counting its values in ever smaller intervals."""
    x = nw.col("x")
    frame = frame.filter(~x.is_null(), ~x.is_nan())
    row = _one(frame.select(nw.len().alias("n"), x.min().alias("low"), x.max().alias("high")))
    n = int(row["n"])
    if not n:
        return [float("nan")] * len(shares)
    ends = [(n - 1) * q for q in shares]
    places = {
        k: _Place(k, float(row["low"]), float(row["high"]), 0) for e in ends for k in (int(e), min(int(e) + 1, n - 1))
    }
    while unknown := [p for p in places.values() if not p.known]:
        for low, high in {(p.low, p.high) for p in unknown}:
            found = _counted(frame, low, high)
            for p in (p for p in unknown if (p.low, p.high) == (low, high)):
                _narrow(p, found)
    value = lambda k: places[min(k, n - 1)].low  # noqa: E731
    return [value(int(e)) + (value(int(e) + 1) - value(int(e))) * (e - int(e)) if e > int(e) else value(int(e))
            for e in ends]  # fmt: skip


def _narrow(p: _Place, found: pd.DataFrame) -> None:
    """Put the place into the interval that holds it; at an end of the interval its value is known."""
    after = p.before + found["n"].to_numpy().cumsum()
    i = int(np.searchsorted(after, p.at, side="right"))
    n, low, high = found.iloc[i][["n", "low", "high"]]
    p.before = int(after[i] - n)
    p.low, p.high = (low, low) if p.at == p.before else (high, high) if p.at == after[i] - 1 else (low, high)


def _counted(frame: nw.LazyFrame, low: float, high: float) -> pd.DataFrame:
    """How many values lie in each interval between two values, with the least and the largest of them, in order."""
    x = nw.col("x")
    ends = [float(max(low, -1e308)), float(min(high, 1e308))]
    share = (x / 2 - ends[0] / 2) / (ends[1] / 2 - ends[0] / 2)  # halves, since a difference may be out of range
    share = nw.when(share > 0).then(share).otherwise(nw.lit(0.0))
    share = nw.when(share < 1).then(share).otherwise(nw.lit(1.0))
    part = (
        nw.when(x == low).then(nw.lit(-1.0)).when(x == high).then(nw.lit(BINS + 1.0)).otherwise((share * BINS).floor())
    )
    inside = frame.filter(x >= low, x <= high).with_columns(part.alias("part"))
    sums = inside.group_by("part").agg(nw.len().alias("n"), x.min().alias("low"), x.max().alias("high"))
    return sums.collect().to_pandas().sort_values("part", ignore_index=True)


def _one(frame: nw.LazyFrame) -> pd.Series:
    return frame.collect().to_pandas().iloc[0]
