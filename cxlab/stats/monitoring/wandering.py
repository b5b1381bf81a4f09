"""Whether a series that seems to change its level may as well wander: each period near the one before, for long.

References
----------
Harvey, A. C. (1989). Forecasting, Structural Time Series Models and the Kalman Filter, chapter 3. Cambridge University
    Press. doi:10.1017/CBO9781107049994 (the likelihood of an autoregression seen with noise)
Schwarz, G. (1978). Estimating the dimension of a model. Annals of Statistics 6, 461-464. doi:10.1214/aos/1176344136
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

STEADY = (0.0, 0.25, 0.5)
"""Autocorrelations about levels that change: up to what `level_changes` allows for."""
WANDERING = (0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.995)
SIZES = np.r_[0.0, np.geomspace(0.03, 10, 24)]
"""Variances of the periods that are tried, in those of the series about its level."""


def wanders(y: NDArray, v: NDArray, at: Sequence[int]) -> bool:
    """Whether one level with an autocorrelation above .5 tells a series better than levels that change (BIC).

    Parameters
    ----------
    y, v : (periods,) metric and sampling variance. ``at`` : first period of each new level.

    >>> rng = np.random.default_rng(0)
    >>> step = np.repeat([0.0, 4.0], 60) + rng.normal(size=120)
    >>> walk = np.cumsum(rng.normal(size=120)) + rng.normal(size=120)
    >>> wanders(step, np.ones(120), [60]), wanders(walk, np.ones(120), [40, 80])
    (False, True)
    """
    n = len(y)
    cuts, mean = [0, *at, n], np.empty(n)
    for a, b in zip(cuts, cuts[1:], strict=False):
        mean[a:b] = np.average(y[a:b], weights=1 / v[a:b])
    steps = -2 * _best(y - mean, v, STEADY) + (2 * len(at) + 3) * np.log(n)
    walk = -2 * _best(y - np.average(y, weights=1 / v), v, WANDERING) + 3 * np.log(n)
    return bool(walk < steps)


def _best(y: NDArray, v: NDArray, correlations: Sequence[float]) -> float:
    """The largest likelihood over autocorrelations and sizes of what the periods vary by of themselves."""
    rho, size = (g.ravel() for g in np.meshgrid(correlations, SIZES * max(float(np.var(y)), 1e-300), indexing="ij"))
    return float(log_likelihood(y, v, rho, size).max())


def log_likelihood(y: NDArray, v: NDArray, rho: NDArray, size: NDArray) -> NDArray:
    """Return the log-likelihood of deviations that are an autoregression seen with noise, by Kalman's filter.

    Parameters
    ----------
    y, v : (periods,) deviations and sampling variances. ``rho, size`` : (models,) autocorrelation, variance of what
        the periods vary by of themselves.

    >>> one = log_likelihood(np.array([1.0, 2.0]), np.ones(2), np.array([0.5]), np.array([1.0]))
    >>> cov = np.array([[2, 0.5], [0.5, 2]])  # size + v, and rho times size
    >>> square = np.array([1, 2]) @ np.linalg.inv(cov) @ [1, 2]
    >>> by_hand = -np.log(2 * np.pi) - np.log(np.linalg.det(cov)) / 2 - square / 2
    >>> bool(abs(one[0] - by_hand) < 1e-12)
    True
    """
    a, p, out = np.zeros(len(rho)), size.copy(), np.zeros(len(rho))
    for value, noise in zip(y, v, strict=True):
        f, r = p + noise, value - a
        out -= 0.5 * (np.log(2 * np.pi * f) + r * r / f)
        k = p / f
        a, p = rho * (a + k * r), rho**2 * p * (1 - k) + size * (1 - rho**2)
    return out
