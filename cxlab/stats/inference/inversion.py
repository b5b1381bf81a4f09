"""p-values that belong to an interval: the level at which its limit just reaches a value.

A test and an interval by two methods contradict each other where samples are small or answers agree. So p-values are
taken from the printed interval itself: p is such that the interval of level 1 - p just touches the hypothesis (Cox &
Hinkley 1974, Theoretical Statistics, section 7.2). Limits are functions of z, the normal quantile of one tail: level
1 - 2 ndtr(-z), each row at a z of its own.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, stdtrit

At = Callable[[NDArray], tuple[NDArray, NDArray]]
"""Lower and upper limits of all rows, each at its own z."""
LEAST, MOST = 1e-3, 12.0
"""Between these z the limits are searched: p from 0.999 down to 4e-33."""
STEPS = 46
NEAR = MOST / 2**STEPS
"""So near z is found; halving would take so many steps."""
ANCHOR = 1.959963984540054
"""Limits of score intervals are taken as they are at this z, the level of 95 %."""


def t_at(z: ArrayLike, df: ArrayLike) -> NDArray:
    """Return the quantile of Student's t with the same tail as the normal quantile z; z itself where df is infinite.

    >>> float(t_at(1.959963984540054, 10).round(6)), float(t_at(1.5, np.inf))
    (2.228139, 1.5)
    """
    z, df = np.broadcast_arrays(np.asarray(z, float), np.asarray(df, float))
    known = np.isfinite(df) & (df >= 1)
    t = -stdtrit(np.where(known, df, 1), ndtr(-z))
    return np.where(known, t, np.where(np.isinf(df), z, np.inf))


def anchored(estimate: ArrayLike, limits: At) -> At:
    """Return ``limits`` whose reach from the estimate grows beyond the level of 95 % at least in proportion to z.

    Up to 95 % they are the given ones. In the far tails, where a correction for many comparisons judges, score limits
    of a small lopsided group saturate at the end of the scale and would be passed too often: with twelve groups of 10
    to 400 answers and shares of 2, 8 and 90 % Holm's 5 % would be 7.4 %; so they are 2.5 %.

    >>> low, high = anchored([0.0], lambda z: (-np.sqrt(z), np.sqrt(z)))(np.array([ANCHOR * 2]))
    >>> float(round(high[0] / np.sqrt(ANCHOR), 6))
    2.0
    """
    d = np.asarray(estimate, float)
    least, most = limits(np.full(len(d), ANCHOR))

    def wider(z: NDArray) -> tuple[NDArray, NDArray]:
        low, high = limits(z)
        by = np.where(z > ANCHOR, z / ANCHOR, 0)
        return np.minimum(low, d - (d - least) * by), np.maximum(high, d + (most - d) * by)

    return wider


def reach(limit: Callable[[NDArray], NDArray], bound: ArrayLike, rows: int) -> NDArray:
    """Return the z at which ``limit``, which falls as z grows, comes down to ``bound``; all rows at once.

    `LEAST` where it starts below, `MOST` where it never comes down so far; `nan` where it is not known.
    """
    bound = np.broadcast_to(np.asarray(bound, float), (rows,))
    x, y, t = np.full(rows, LEAST), np.full(rows, MOST), np.full(rows, 0.5)
    f, g = limit(x) - bound, limit(y) - bound
    known, below, never = np.isfinite(f), ~(f > 0), g > 0
    for _ in range(2 * STEPS):
        new = x + t * (y - x)
        value = limit(new) - bound
        same = (value > 0) == (f > 0)
        last, h = np.where(same, x, y), np.where(same, f, g)
        y, g, x, f = np.where(same, y, x), np.where(same, g, f), new, value
        if (known & ~below & ~never & (np.abs(y - x) > NEAR)).sum() == 0:
            break
        t = _next(x, y, last, f, g, h)
    z = np.where(below, LEAST, np.where(never, MOST, (x + y) / 2))
    return np.where(known, z, np.nan)


def _next(x: NDArray, y: NDArray, last: NDArray, f: NDArray, g: NDArray, h: NDArray) -> NDArray:
    """Return where between x and y to look next: by the parabola through the three last points, where it may be
    trusted, else the middle (Chandrupatla 1997, Advances in Engineering Software 28:145-149)."""
    with np.errstate(all="ignore"):
        xi, phi = (x - y) / (last - y), (f - g) / (h - g)
        curve = f / (g - f) * h / (g - h) + (last - x) / (y - x) * f / (h - f) * g / (h - g)
        t = np.where((phi**2 < xi) & ((1 - phi) ** 2 < 1 - xi) & np.isfinite(curve), curve, 0.5)
        least = np.fmin(NEAR / (2 * np.abs(y - x)), 0.5)
    return np.where(np.isfinite(least), np.clip(t, least, 1 - least), 0.5)


def two_sided(estimate: ArrayLike, limits: At, value: ArrayLike = 0.0) -> NDArray:
    """Return the p-value of "the truth is ``value``" that belongs to the interval ``limits``.

    >>> float(two_sided([0.4], lambda z: (0.4 - 0.2 * z, 0.4 + 0.2 * z)).round(6)[0])
    0.0455
    """
    d = np.asarray(estimate, float) - value
    above = d > 0
    gap = lambda z: _side(limits(z), above, value)  # noqa: E731
    z = reach(gap, 0.0, len(d))
    return np.where(d == 0, np.where(np.isnan(z), np.nan, 1.0), np.where(z <= LEAST * 1.01, 1.0, 2 * ndtr(-z)))


def _side(ends: tuple[NDArray, NDArray], above: NDArray, value: ArrayLike) -> NDArray:
    """How far the limit on the side of ``value`` still is from it: positive while the interval leaves it out."""
    low, high = ends
    return np.where(above, low - value, value - high)


def above(estimate: ArrayLike, limits: At, bound: ArrayLike) -> NDArray:
    """Return the one-sided p-value of "the truth is not above ``bound``" that belongs to the interval ``limits``.

    >>> float(above([0.4], lambda z: (0.4 - 0.2 * z, 0.4 + 0.2 * z), 0.0).round(6)[0])
    0.02275
    """
    d = np.asarray(estimate, float)
    p = two_sided(d, limits, bound)
    return np.where(d > bound, p / 2, 1 - p / 2)


def below(estimate: ArrayLike, limits: At, bound: ArrayLike) -> NDArray:
    """Return the one-sided p-value of "the truth is not below ``bound``" that belongs to the interval ``limits``."""
    return 1 - above(estimate, limits, bound)
