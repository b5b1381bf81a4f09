"""How much the standardised driver weights of segments differ, and whether by more than one factor a segment.

What `cx.importance.driver_segments` says of all its segments, of those that have answers enough.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cxlab.models.regression.counted_answers import Counted
from cxlab.result import Result
from cxlab.stats.fits.curves import bends
from cxlab.stats.fits.marked_gaps import filled
from cxlab.stats.inference import heterogeneity

ROOM = 10
"""Answers for each coefficient of the common curves that products of two drivers need beside them."""


@dataclass(frozen=True)
class Weights:
    """``slopes`` (segments, drivers), their covariances ``errors`` and degrees of freedom ``df``; answers a segment.

    Examples
    --------
    >>> slopes, errors = np.array([[0.2, 0.4], [0.4, 0.8]]), np.array([np.eye(2) / 1e4] * 2)
    >>> w = Weights(("a", "b"), slopes, errors, np.full(2, 500.0), 9)
    >>> bool(w.limits(0.95)[0] > 0), w.beyond_one_factor(0.95)[0]  # all of b's are twice a's
    (True, 0.0)
    """

    segments: tuple[object, ...]
    slopes: NDArray
    errors: NDArray
    df: NDArray
    n: int

    @property
    def centre(self) -> float:
        """The standard deviation of the weights between segments."""
        return heterogeneity.centre(self.slopes, self.errors, self.df)

    def limits(self, level: float) -> tuple[float, float]:
        """Return its Q-profile interval."""
        return heterogeneity.profile(self.slopes, self.errors, level, self.df)

    def beyond(self, bar: float) -> float:
        """Return the p-value of the null that it is at most ``bar`` (one-sided)."""
        return heterogeneity.exceeds(self.slopes, self.errors, bar, self.df)

    def beyond_one_factor(self, level: float) -> tuple[float, float] | None:
        """Return the interval when each segment's weights are divided by their mean; None: a segment's cancel out.

        Less care (errors in the answers to touchpoints) or another use of the scale multiplies all weights of a
        segment by one factor; what differs beyond it does so in k - 1 contrasts of its weights.
        """
        k, of_segment, all_ = self.slopes.shape[1], self.slopes.mean(axis=1), float(self.slopes.mean())
        if min(np.abs(of_segment)) < 1e-9 or np.ptp(np.sign(of_segment)):
            return None
        factor = all_ / of_segment
        pattern = self.slopes * factor[:, None]
        jacobian = factor[:, None, None] * (np.eye(k) - pattern[:, :, None] / all_ * np.ones(k) / k)
        errors = jacobian @ self.errors @ jacobian.transpose(0, 2, 1)
        across = np.linalg.svd(np.ones((1, k)))[2][1:].T
        return heterogeneity.profile(pattern @ across, across.T @ errors @ across, level, self.df)


def weights(found: Result, *, least: int) -> Weights:
    """Return the weights of the segments of `cx.importance.driver_segments` that have at least so many answers."""
    own = found.parts["standardised"]
    kept = np.array([own["sizes"][s] >= least for s in own["segments"]], bool)
    names = tuple(s for s, large in zip(own["segments"], kept, strict=True) if large)
    df = np.array(list(own["df"].values()), float)[kept]
    answers = int(sum(k for k in own["sizes"].values() if k >= least))
    return Weights(names, own["slopes"][kept], own["errors"][kept], df, answers)


def beyond_one_curve(y: NDArray, drivers: NDArray, segment: NDArray, rows: Counted, kept: Sequence[object]) -> Weights:
    """Return the weights that are left in each segment once all answers have one surface in common.

    Where a driver acts by a curve (or two of them together), segments that stand at other places of it have other
    slopes although nobody needs anything else. The surface, with a level for each segment, takes all that it can: a
    line broken at five places of each driver, the worst and the best of them, and the products of two. What it leaves
    is regressed in each segment.

    Parameters
    ----------
    y : (rows,) outcome. ``drivers`` : (rows, k), nan where not answered. ``segment`` : (rows,) names.
    kept : the segments that are compared.

    Examples
    --------
    >>> x, one = np.r_[np.arange(0.0, 60), np.arange(40.0, 100)][:, None], np.ones(120)
    >>> bent, segment = np.fmin(x[:, 0], 50.0), np.repeat(["low", "high"], 60)
    >>> left = beyond_one_curve(bent, x, segment, Counted(one, one), ("low", "high"))
    >>> bool(np.abs(left.slopes).max() < 0.1)
    True
    """
    mass = rows.mass
    columns, k = filled(drivers)[0] / 50.0, drivers.shape[1]
    whole = columns[:, :k]
    scale = [_deviation(v[~np.isnan(v)], mass[~np.isnan(v)]) for v in drivers.T]
    levels = [(segment == s).astype(float) for s in kept[1:]]
    ends = [np.fmin.reduce(drivers, axis=1), np.fmax.reduce(drivers, axis=1)]
    surface = [*levels, *columns.T, *bends(whole, rows.n).T, *ends]
    pairs = [whole[:, i] * whole[:, j] for i in range(k) for j in range(i)]
    surface += pairs if rows.n.sum() > ROOM * (len(surface) + len(pairs)) else []
    left = rows.regressed(y, surface).e
    ratio, slopes, errors, df = np.array(scale) / 50.0 / _deviation(y, mass), [], [], []
    for s in kept:
        mine = segment == s
        fit = rows.keep(mine).regressed(left[mine], [c[mine] for c in columns.T if np.ptp(c[mine]) > 0])
        slopes.append(fit.b[1 : 1 + k] * ratio)
        errors.append(fit.v[1 : 1 + k, 1 : 1 + k] * np.outer(ratio, ratio))
        df.append(fit.df)
    return Weights(tuple(kept), np.array(slopes), np.array(errors), np.array(df), int(rows.n.sum()))


def _deviation(x: NDArray, mass: NDArray) -> float:
    return float(np.sqrt(np.average((x - np.average(x, weights=mass)) ** 2, weights=mass)))
