"""Columns that compare a unit with itself: means of units and of periods, and what a unit gives in its next period.

A regression on x and on the means of x by unit and by period has, in a balanced panel, the slope of the two-way within
estimator (Mundlak 1978; Wooldridge 2021), and unlike demeaning it works in any link.

References
----------
Mundlak, Y. (1978). On the pooling of time series and cross section data. Econometrica 46, 69-85. doi:10.2307/1913646
Wooldridge, J. M. (2021). Two-way fixed effects, the two-way Mundlak regression. SSRN 3906345.
Wooldridge, J. M. (2010). Econometric Analysis of Cross Section and Panel Data, 2nd ed., 10.7.1 (the lead as a test).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def unit_means(x: NDArray, unit: NDArray, weight: NDArray) -> NDArray:
    """Return, for each row, the weighted mean of x in its unit (or period).

    Parameters
    ----------
    x : (rows,) values. ``unit`` : (rows,) codes from 0. ``weight`` : (rows,) answers times weight.

    >>> unit_means(np.array([1.0, 3.0, 5.0]), np.array([0, 0, 1]), np.ones(3)).tolist()
    [2.0, 2.0, 5.0]
    """
    total = np.bincount(unit, weight)
    return (np.bincount(unit, weight * x) / np.where(total > 0, total, np.nan))[unit]


def following(x: NDArray, unit: NDArray, period: NDArray, weight: NDArray) -> NDArray:
    """Return, for each row, the unit's mean of x in its next period; nan in its last.

    Parameters
    ----------
    x : (rows,) values. ``unit`` : (rows,) codes from 0. ``period`` : (rows,) codes in order of time.
    weight : (rows,) answers times weight.

    >>> following(np.array([1.0, 3.0, 5.0]), np.array([0, 0, 1]), np.array([0, 4, 0]), np.ones(3)).tolist()
    [3.0, nan, nan]
    """
    cell = unit * (int(period.max()) + 1) + period
    seen, back = np.unique(cell, return_inverse=True)
    mean = np.bincount(back, weight * x) / np.bincount(back, weight)
    whose = seen // (int(period.max()) + 1)
    later = np.append(np.where(whose[1:] == whose[:-1], mean[1:], np.nan), np.nan)
    return later[back]


def lasting(unit: NDArray, happened: NDArray, period: NDArray) -> bool:
    """Whether what happened ended the unit's story: at most once a unit, and never with a row after it.

    >>> lasting(np.array([0, 0, 1]), np.array([0, 1, 0]), np.array([0, 1, 0]))
    True
    >>> lasting(np.array([0, 0, 1]), np.array([1, 0, 0]), np.array([0, 1, 0]))
    False
    """
    last = np.full(int(unit.max()) + 1, -1)
    np.maximum.at(last, unit, period)
    return bool((period[happened > 0] == last[unit[happened > 0]]).all())


def persistence(x: NDArray, unit: NDArray, period: NDArray, weight: NDArray) -> tuple[float, float]:
    """Return the correlation of a unit's deviations in successive periods, and its standard error (units as clusters).

    x is taken less the means of unit and period; that alone makes it -1 / (T - 1) where nothing lasts, which is added
    back: deviations that are independent have 0.

    Parameters
    ----------
    x : (rows,) values. ``unit``, ``period`` : (rows,) codes from 0, in order of time.
    weight : (rows,) answers times weight.

    >>> rng, unit = np.random.default_rng(0), np.repeat(np.arange(2000), 4)
    >>> r, se = persistence(rng.normal(size=8000), unit, np.tile(np.arange(4), 2000), np.ones(8000))
    >>> abs(r) < 3 * se < 0.06
    True
    """
    own = x - unit_means(x, unit, weight)
    own = own - unit_means(own, period, weight)
    seen = np.bincount(unit, weight)[unit] / weight
    variance = np.average(own**2, weights=weight) / np.average(1 - 1 / seen, weights=weight)
    later = following(own, unit, period, weight)
    pair = np.isfinite(later)
    if not variance > 0 or not pair.any():
        return float("nan"), float("nan")
    product = own[pair] * later[pair] / variance + 1 / seen[pair]
    r = float(np.average(product, weights=weight[pair]))
    sums = np.bincount(unit[pair], weight[pair] * (product - r))
    return r, float(np.sqrt((sums**2).sum()) / weight[pair].sum())
