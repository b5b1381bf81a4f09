"""Whether what one score tells beyond several items outlasts the errors of answers to the items.

Items that are answered with error explain less than what they ask for, and leave more to any other score. The errors'
variance is taken off the moments (`cxlab.stats.fits.attenuation`) before anything is regressed on the items.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri, stdtrit

from cxlab.models.regression.counted_answers import Counted, correlated
from cxlab.problem import DataProblem
from cxlab.stats.fits.attenuation import error_variance, gain_given, most_error
from cxlab.stats.fits.folds import jackknife, solve
from cxlab.stats.fits.validation import Validated

WORST = 0.05
"""No reliability below this is tried."""
STEPS = 7
"""Halvings of the search for the least reliability: to .01."""
TWICE = 30
"""People who answered an item a second time, before these say how reliable it is."""


def least_reliability(first: NDArray, second: NDArray, rows: Counted, level: float) -> NDArray:
    """Return the lower limit of each item's reliability: of the correlation of two answers, on Fisher's scale.

    Parameters
    ----------
    first, second : (rows, items) the two answers. ``level`` : of the interval.

    Raises
    ------
    DataProblem : fewer than 30 people answered an item twice, or alike.

    Examples
    --------
    >>> a, one = np.arange(100.0)[:, None], np.ones(100)
    >>> bool(least_reliability(a, a + 10 * np.sin(a), Counted(one, one), 0.95)[0] > 0.95)
    True
    """
    out = []
    for a, b in zip(first.T, second.T, strict=True):
        both = np.isfinite(a) & np.isfinite(b)
        w = rows.mass[both]
        units = w.sum() ** 2 / (rows.n[both] * rows.w[both] ** 2).sum() if both.any() else 0.0
        if units < TWICE or np.ptp(a[both]) == 0 or np.ptp(b[both]) == 0:
            raise DataProblem(f"fewer than {TWICE} second answers that differ to a touchpoint; leave 'again' out")
        z = np.arctanh(np.clip(correlated(a[both], b[both], w), -0.999999, 0.999999))
        out.append(float(np.tanh(z - ndtri((1 + level) / 2) / np.sqrt(units - 3))))
    return np.clip(out, WORST, 1.0)


class Advantage(NamedTuple):
    """What one score is ahead of several items by, given how reliable these are.

    ``fits`` : cross-validated models called 'items', 'own', 'both'; ``count`` : how many items; ``columns`` : with the
    marks of their gaps; ``gaps`` : the mark's column of each item that has one.
    """

    fits: Validated
    count: int
    columns: int
    gaps: dict[int, int]

    @property
    def items(self) -> list[int]:
        """Columns of the items; 0 is the constant."""
        return list(range(1, 1 + self.count))

    @property
    def most(self) -> float:
        """The largest share of the items' variance that can be error: what they have in common is none."""
        whole = self.fits.moments.sum(0)
        return most_error(whole, self.items, error_variance(whole, self.items, np.zeros(self.count), self.gaps))

    def given(self, reliability: NDArray, level: float) -> tuple[NDArray, NDArray]:
        """Return R² that the score adds to the items, and by which it alone exceeds theirs; and both lower limits."""
        r = np.fmax(reliability, 1 - 0.98 * self.most)
        errors = lambda m: error_variance(m, self.items, r, self.gaps)  # noqa: E731
        held, alone = self.fits.columns["items"], self.fits.columns["own"]
        gain = lambda m: gain_given(m, self.items, errors(m), held, 1 + self.columns, alone)  # noqa: E731
        value, se, df = jackknife(self.fits.moments, gain)
        return value, np.fmax(value - stdtrit(df, (1 + level) / 2) * se, -1.0)

    def tipping(self, sure: Callable[[NDArray], bool]) -> float | None:
        """Return the reliability, the same for all items, down to which the lower limits are ``sure``; None: never."""
        outlasts = lambda r: sure(np.full(self.count, r))  # noqa: E731
        low, high = max(WORST, 1 - self.most), 1.0
        if not outlasts(high):
            return None
        if outlasts(low):
            return low
        for _ in range(STEPS):
            middle = (low + high) / 2
            low, high = (low, middle) if outlasts(middle) else (middle, high)
        return high

    def correlations(self) -> tuple[float, float]:
        """Return how much larger the score's correlation with the outcome is than the items' mean; and were it empty.

        Empty: the score holds nothing beyond the items, and its covariance with the outcome is that of the two
        regressions on them.
        """
        whole = self.fits.moments.sum(0)
        spread = whole / whole[0, 0] - np.outer(whole[0], whole[0]) / whole[0, 0] ** 2
        sd = np.sqrt(np.fmax(np.diag(spread), 1e-300))
        y, own, t = len(spread) - 1, 1 + self.columns, list(range(1, 1 + self.columns))
        mean = float(np.abs(spread[self.items, y] / sd[self.items] / sd[y]).mean())
        through = float(solve(whole, [0, *t], own)[1:] @ spread[t, y])
        as_it_is, empty = (abs(c) / sd[own] / sd[y] / mean - 1 for c in (spread[own, y], through))
        return float(as_it_is), float(empty)
