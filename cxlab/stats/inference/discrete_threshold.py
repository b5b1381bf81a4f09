"""The jump at a threshold of a score with few points, with an interval that knows how far a bend may mislead it.

Local linear lines on both sides, triangular weights. Between points of a discrete score nothing is seen, so the bias is
bounded by how much the curve can bend: where its second derivative is at most M on either side, the bias of a line is
largest for a parabola, M / 2 |sum_i w_i x_i**2| a side (bounded second derivative, the class M_H of Kolesar & Rothe).
The interval is honest for all curves that bend no more.

References
----------
Kolesar, M. & Rothe, C. (2018). Inference in regression discontinuity designs with a discrete running variable.
    American Economic Review 108, 2277-2304. doi:10.1257/aer.20160945
Armstrong, T. B. & Kolesar, M. (2020). Simple and honest confidence intervals in nonparametric regression.
    Quantitative Economics 11, 1-39. doi:10.3982/QE1199
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtri, chndtrix

LEAST = 3
"""A side needs so many points: a line through two of them shows nothing of how the curve bends."""


@dataclass(frozen=True)
class Jump:
    """The jump (below minus above the threshold), its standard error, the largest bias, the interval, the width."""

    value: float
    se: float
    bias: float
    low: float
    high: float
    width: float
    bend: float


def critical(t: float, level: float) -> float:
    """Return the quantile of |N(t, 1)|: the standard errors that an interval needs whose centre may be off by t.

    >>> round(critical(0.0, 0.95), 3), round(critical(1.0, 0.95), 3)
    (1.96, 2.646)
    """
    return float(np.sqrt(chndtrix(level, 1, t**2))) if t < 30 else t + float(np.sqrt(chdtri(1, 2 - 2 * level)))


def line_weights(x: NDArray, mass: NDArray, width: float) -> NDArray:
    """Return the weights (points,) that a local line's value at 0 gives to the means at ``x``; they add up to 1.

    >>> line_weights(np.array([1.0, 2.0, 3.0]), np.ones(3), 100.0).round(2).tolist()
    [1.34, 0.33, -0.66]
    """
    k = mass * np.fmax(1 - np.abs(x) / width, 0)
    s0, s1, s2 = k.sum(), k @ x, k @ x**2
    return k * (s2 - s1 * x) / (s0 * s2 - s1**2)


def bend(x: NDArray, mean: NDArray, mass: NDArray, below: NDArray) -> float:
    """Return the largest second derivative of one cubic through both sides with a jump: a rule of thumb."""
    d = np.column_stack([np.ones(len(x)), x, x**2, x**3, below])
    w = np.sqrt(mass)
    b = np.linalg.lstsq(d * w[:, None], mean * w, rcond=None)[0]
    return float(np.abs(2 * b[2] + 6 * b[3] * x).max())


def jump(
    x: NDArray,
    mean: NDArray,
    variance: NDArray,
    mass: NDArray,
    *,
    level: float,
    most: float | None = None,
    stretch: float = 1.0,
    widths: Sequence[float] = (),
) -> Jump:
    """Return the jump at 0 between points below and above it.

    Parameters
    ----------
    x : (points,) scores less the threshold, none 0; below 0 is treated. ``mean`` : (points,) mean outcome.
    variance : (points, points) covariance of these means. ``mass`` : (points,) weight of the answers.
    level : of confidence. ``most`` : largest second derivative, in outcome per score squared; None: `bend`.
    stretch : factor on the standard errors of the interval where few clusters tell them (t / z).
    widths : that may be taken; default: all that hold two points a side.

    Returns
    -------
    The jump at the width that makes the interval shortest.
    """
    below = x < 0
    most = bend(x, mean, mass, below.astype(float)) if most is None else most
    best = None
    for width in widths or np.unique(np.abs(x))[1:] + 1.0:
        inside = np.abs(x) < width
        if min((inside & below).sum(), (inside & ~below).sum()) < 2:
            continue
        w = np.zeros(len(x))
        for side, sign in ((below, 1.0), (~below, -1.0)):
            w[side] = sign * line_weights(x[side], mass[side], width)
        se, bias = float(np.sqrt(w @ variance @ w)), float(most / 2 * np.abs((w * np.sign(x)) @ x**2))
        wide = se * stretch
        half = critical(bias / wide, level) * wide if wide > 0 else bias
        value = float(w @ mean)
        found = Jump(value, se, bias, value - half, value + half, float(width), most)
        if best is None or found.high - found.low < best.high - best.low:
            best = found
    assert best is not None  # LEAST points a side
    return best
