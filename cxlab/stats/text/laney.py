"""Laney's limits of monthly reviews: sampling error times how much months vary beyond it, and their false alarms.

References
----------
Laney, D. B. (2002). Improved control charts for attributes. Quality Engineering 14, 531-537.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from cxlab.stats.monitoring.chart_rules import moving_range, plain

WIDE = 3.0
"""Standard deviations from the centre to a limit."""
DRAWS = 4000


def limits(y: NDArray, v: NDArray) -> tuple[NDArray, NDArray, NDArray, float]:
    """Return lower and upper limits (periods,), z in units of Laney's deviation, and his sigma_z.

    z_t = (y_t - centre) / sqrt(v_t); sigma_z is the mean moving range of z over 1.128, at least 1: months that vary
    less than sampling says do so by luck.

    Parameters
    ----------
    y : (periods,) a mean or a share, nan where there is none. ``v`` : (periods,) its sampling variance.

    Examples
    --------
    >>> low, high, z, sigma = limits(np.array([0.2, 0.3, 0.2, 0.3]), np.full(4, 0.0025))
    >>> round(float(high[0]), 4), round(sigma, 4)
    (0.516, 1.773)
    """
    z, centre = plain(y[None], v[None], len(y))
    sigma = float(np.fmax(moving_range(z)[0], 1.0))
    half = WIDE * sigma * np.sqrt(v)
    return centre[0] - half, centre[0] + half, z[0] / sigma, sigma


@cache
def false_alarms(periods: int, draws: int = DRAWS) -> float:
    """Return the share of clean charts of so many independent periods that have one outside the limits.

    It does not depend on the size of what months share beyond sampling, as the limits follow it; where a month
    resembles the one before, more charts have one.

    Examples
    --------
    >>> 0.0 < false_alarms(24) < 0.2
    True
    """
    z = np.random.default_rng(periods).standard_normal((draws, periods)) * 4.0
    z = z - z.mean(1, keepdims=True)
    sigma = np.fmax(moving_range(z), 1.0)
    return float((np.abs(z) > WIDE * sigma[:, None]).any(1).mean())
