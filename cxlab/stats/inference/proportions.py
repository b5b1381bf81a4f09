"""Intervals for one share, vectorised; counts may be real numbers (share times effective sample size).

References
----------
Newcombe, R. G. (1998). Two-sided confidence intervals for the single proportion: comparison of seven methods.
    Statistics in Medicine 17, 857-872.
Brown, L. D., Cai, T. T. & DasGupta, A. (2001). Interval estimation for a binomial proportion.
    Statistical Science 16, 101-133. doi:10.1214/ss/1009213286
Korn, E. L. & Graubard, B. I. (1998). Confidence intervals for proportions with small expected number of positive
    counts estimated from survey data. Survey Methodology 24, 193-201.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaincinv

from cxlab.stats.inference.trinomial import Limits, z_value


def wilson(successes: ArrayLike, n: ArrayLike, level: float = 0.95) -> Limits:
    """Return the score interval of Wilson (1927): the shares that a z-test would not reject.

    >>> [round(float(x), 6) for x in wilson(81, 263)]
    [0.255289, 0.36621]
    """
    return wilson_at(successes, n, z_value(level))


def wilson_at(successes: ArrayLike, n: ArrayLike, z: ArrayLike) -> Limits:
    """Return the limits of `wilson` at the normal quantile ``z``, which may differ by cell."""
    x, n, z2 = *_arrays(successes, n), np.square(z)
    with np.errstate(invalid="ignore", divide="ignore"):
        centre = x + z2 / 2
        half = np.sqrt(z2 * np.fmax(x * (n - x) / n + z2 / 4, 0))
        low, high = (centre - half) / (n + z2), (centre + half) / (n + z2)
    return _limits(np.where(x <= 0, 0, low), np.where(x >= n, 1, high), n)


def clopper_pearson(successes: ArrayLike, n: ArrayLike, level: float = 0.95) -> Limits:
    """Return the interval of the two one-sided exact tests: never covers less than ``level``, so it is wide."""
    x, n = _arrays(successes, n)
    tail = (1 - level) / 2
    low = betaincinv(np.where(x > 0, x, 1), np.fmax(n - x + 1, 1e-9), tail)
    high = betaincinv(x + 1, np.where(x < n, n - x, 1), 1 - tail)
    return _limits(np.where(x <= 0, 0, low), np.where(x >= n, 1, high), n)


def jeffreys(successes: ArrayLike, n: ArrayLike, level: float = 0.95) -> Limits:
    """Return the quantiles of Beta(x + 1/2, n - x + 1/2), with 0 where x = 0 and 1 where x = n (Brown et al. 2001)."""
    x, n = _arrays(successes, n)
    tail = (1 - level) / 2
    a, b = x + 0.5, np.fmax(n - x, 0) + 0.5
    return _limits(np.where(x <= 0, 0, betaincinv(a, b, tail)), np.where(x >= n, 1, betaincinv(a, b, 1 - tail)), n)


def wald(successes: ArrayLike, n: ArrayLike, level: float = 0.95) -> Limits:
    """Return p -/+ z sqrt(p(1 - p) / n): of width zero at 0 and n, too narrow near them; for comparison only."""
    x, n = _arrays(successes, n)
    with np.errstate(invalid="ignore", divide="ignore"):
        p = x / n
        half = z_value(level) * np.sqrt(np.fmax(p * (1 - p), 0) / n)
    return _limits(p - half, p + half, n)


def _arrays(successes: ArrayLike, n: ArrayLike) -> Limits:
    x, n = np.broadcast_arrays(np.asarray(successes, float), np.asarray(n, float))
    return np.fmin(x, n), n


def _limits(low: NDArray, high: NDArray, n: NDArray) -> Limits:
    empty = ~(n > 0)
    return np.where(empty, np.nan, low), np.where(empty, np.nan, high)


INTERVALS: dict[str, Callable[..., Limits]] = {
    "wilson": wilson, "clopper-pearson": clopper_pearson, "jeffreys": jeffreys, "wald": wald,
}  # fmt: skip
NAMES = {
    "wilson": "Wilson score interval",
    "clopper-pearson": "Clopper-Pearson exact interval",
    "jeffreys": "Jeffreys interval",
    "wald": "Wald interval",
}
"""What each interval is called where it ran."""


def independent(group: NDArray, n: NDArray, w: NDArray, cluster: NDArray | None) -> NDArray:
    """Return how many independent answers each group has: Kish's number, at most its clusters.

    Parameters
    ----------
    group : (rows,) codes from 0. ``n, w`` : (rows,) answers and the weight of one. ``cluster`` : (rows,) codes or None.

    Examples
    --------
    >>> independent(np.array([0, 0, 1]), np.array([5, 5, 8]), np.ones(3), np.array([0, 0, 1])).tolist()
    [1.0, 1.0]
    """
    size = np.bincount(group, n * w) ** 2 / np.fmax(np.bincount(group, n * w * w), 1e-300)
    if cluster is None:
        return size
    pairs = np.unique(np.column_stack([group, cluster]), axis=0)
    return np.fmin(size, np.bincount(pairs[:, 0].astype(int), minlength=len(size)))


def none_or_all(share: NDArray, low: NDArray, high: NDArray, n: NDArray, level: float) -> tuple[NDArray, NDArray]:
    """Return limits of shares; where nobody (or everybody) did it, and nothing varies, the exact ones of ``n`` answers.

    Parameters
    ----------
    share, low, high : (k,) shares and their limits. ``n`` : (k,) independent answers of each.

    Examples
    --------
    >>> share = np.array([0.0, 1.0])
    >>> zero, one = none_or_all(share, share, share, np.array([30, 30]), 0.95)
    >>> zero.round(3).tolist(), one.round(3).tolist()  # 0.025 ** (1 / 30)
    ([0.0, 0.884], [0.116, 1.0])
    """
    most = ((1 - level) / 2) ** (1 / np.fmax(n, 1))
    return np.where(share == 1, np.fmin(low, most), low), np.where(share == 0, np.fmax(high, 1 - most), high)
