"""Restricted cubic splines, and two lines that test whether a curve turns.

References
----------
Harrell, F. E. (2015). Regression Modeling Strategies, 2nd ed. Springer. (restricted cubic splines, places of knots)
Simonsohn, U. (2018). Two lines. Advances in Methods and Practices in Psychological Science 1, 538-555.
    doi:10.1177/2515245918805755 (a quadratic term is no test of a turn; where to break: "Robin Hood")
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cxlab.stats.counts.quantiles import quantile

PLACES = (0.05, 0.35, 0.65, 0.95)


def knots(x: NDArray, n: NDArray) -> NDArray:
    """Return four knots at the 5, 35, 65 and 95 % points, pulled apart where answers are few values; fewer if need be.

    Parameters
    ----------
    x, n : (rows,) values and how many have each.
    """
    found = np.unique(quantile(x, n, np.array(PLACES)))
    values = np.unique(x)
    if len(found) < 4 and len(values) >= 4:
        found = values[np.unique(np.round(np.linspace(0, len(values) - 1, 4)).astype(int))]
    return found


def spline(x: NDArray, at: NDArray) -> NDArray:
    """Return the columns of a restricted cubic spline (linear beyond the outer knots), x first.

    Parameters
    ----------
    x : (rows,) values. ``at`` : (K,) knots, rising; K - 1 columns.

    >>> spline(np.array([0.0, 5.0]), np.array([1.0, 2.0, 4.0])).round(4).tolist()
    [[0.0, 0.0], [5.0, 2.6667]]
    """
    if len(at) < 3:
        return x[:, None].astype(float)
    cube = lambda k: np.fmax(x - k, 0.0) ** 3  # noqa: E731
    last, second = at[-1], at[-2]
    gap = last - second
    more = [
        (cube(k) - cube(second) * (last - k) / gap + cube(last) * (second - k) / gap) / (last - at[0]) ** 2
        for k in at[:-2]
    ]
    return np.column_stack([x.astype(float), *more])


def broken(x: NDArray, at: float) -> NDArray:
    """Return the columns of two lines that need not meet: constant, slope up to ``at``, slope beyond, step.

    >>> broken(np.array([1.0, 3.0]), 2.0).tolist()
    [[1.0, -1.0, 0.0, 0.0], [1.0, 0.0, 1.0, 1.0]]
    """
    high = (x > at).astype(float)
    return np.column_stack([np.ones(len(x)), np.fmin(x - at, 0.0), np.fmax(x - at, 0.0), high])


def flat(x: NDArray, n: NDArray, fitted: NDArray, se: NDArray) -> NDArray:
    """Return the inner values at which a fitted curve lies within one standard error of its extreme, as a mask.

    The extreme is the inner one (10 to 90 % of the answers) that lies furthest from the line between the ends.

    Parameters
    ----------
    x, n : (values,) rising, and how many have each. ``fitted``, ``se`` : of the curve there.
    """
    share = (np.cumsum(n) - n / 2) / n.sum()
    inner = (share >= 0.1) & (share <= 0.9)
    if not inner.any():
        inner[len(x) // 2] = True
    line = np.interp(x, [x[0], x[-1]], [fitted[0], fitted[-1]])
    apart = np.where(inner, np.abs(fitted - line), -1.0)
    k = int(apart.argmax())
    top = fitted[inner].max() if fitted[k] >= line[k] else fitted[inner].min()
    k = int(np.flatnonzero(inner & (fitted == top))[0])
    return inner & (np.abs(fitted - top) <= se[k])
