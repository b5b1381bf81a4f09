"""An effect where trends may bend by at most M a period: the interval of fixed length (HonestDiD's FLCI).

The difference of trends d has d = 0 in the last period before, and its slope changes by at most M from one period to
the next. The interval is that of the linear estimator effect + sum of v_s b_s (b_s the differences before) which is
blind to straight trends and whose half-length, with the largest bias that M allows, is the smallest.

References
----------
Rambachan, A. & Roth, J. (2023). A more credible approach to parallel trends. Review of Economic Studies 90, 2555-2591.
    doi:10.1093/restud/rdad018
Armstrong, T. B. & Kolesár, M. (2018). Optimal inference in a class of regression models. Econometrica 86, 655-683.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq, minimize
from scipy.special import ndtr, ndtri

LATEST = 10
"""So many differences before the start enter at most, the latest; more hardly narrow the interval."""
FAR = 30.0
"""From so many standard errors of bias on, only one end of the normal distribution matters."""


def folded(bias: float, level: float) -> float:
    """Return the quantile of |N(bias, 1)|.

    >>> round(folded(0.0, 0.95), 4), round(folded(1.0, 0.95), 4)
    (1.96, 2.6461)
    """
    if bias > FAR:
        return bias + float(ndtri(level))
    return float(brentq(lambda c: ndtr(c - bias) - ndtr(-c - bias) - level, 0, bias + 10))


def from_steps(steps: NDArray, cov: NDArray, event: NDArray) -> tuple[NDArray, NDArray, NDArray]:
    """Return (b, cov, times): differences from the last period before, in all others before and in the first after.

    Parameters
    ----------
    steps : the effects by time since the start (``event``): before it each against the period before it.
    """
    before = sorted(int(e) for e in event if e < 0)[-LATEST:]
    first = int(np.flatnonzero(event == 0)[0])
    turn = np.zeros((len(before) + 1, len(steps)))
    for row, e in enumerate(before):  # the period e - 1 against -1 is what the steps e .. -1 undo
        turn[row, (event >= e) & (event < 0)] = -1
    turn[-1, first] = 1
    times = np.array([*(e for e in before), 1], float)  # the last period before is 0
    return turn @ steps, turn @ cov @ turn.T, times


def interval(b: NDArray, cov: NDArray, times: NDArray, most: float, level: float) -> tuple[float, float]:
    """Return the interval of the first effect where slopes change by at most ``most`` a period.

    Parameters
    ----------
    b, cov, times : as `from_steps` gives them, the first effect last.

    >>> b, cov, times = np.array([0.0, 0.0, 1.0]), np.eye(3), np.array([-2.0, -1.0, 1.0])
    >>> [round(x, 3) for x in interval(b, cov, times, 0.0, 0.95)]
    [-1.147, 3.147]
    """
    w, half = estimator(cov, times, most, level)
    centre = float(w @ b)
    return centre - half, centre + half


def estimator(cov: NDArray, times: NDArray, most: float, level: float) -> tuple[NDArray, float]:
    """Return the weights of the differences, the first effect last, and the half-length of the interval."""
    before = times[:-1]
    kinks = np.arange(before.min() + 1, 0)
    bend = np.fmax(kinks[:, None] - before[None], 0)  # what a change of slope at a kink makes of the periods before it
    narrow = _narrowest(cov, before)
    if most <= 0:
        v, half = narrow, None
    else:
        v, half = _best(narrow, cov, before, bend, most, level)
    w = np.r_[v, 1.0]
    if half is None:
        half = float(ndtri((1 + level) / 2)) * float(np.sqrt(w @ cov @ w))
    return w, half


def _narrowest(cov: NDArray, before: NDArray) -> NDArray:
    """Weights of the least variance that no straight trend enters: sum of v_s s = -1."""
    k = len(before)
    left = np.block([[cov[:k, :k], before[:, None]], [before[None], np.zeros((1, 1))]])
    right = np.r_[-cov[:k, k], -1.0]
    return np.linalg.lstsq(left, right, rcond=None)[0][:k]


def _best(
    start: NDArray, cov: NDArray, before: NDArray, bend: NDArray, most: float, level: float
) -> tuple[NDArray, float]:
    """Weights of the shortest interval, and its half-length: convex in v and the sizes of the bends' weights."""
    k, kinks = len(before), len(bend)
    scale = float(np.sqrt(cov[-1, -1]))
    cov, most = cov / scale**2, most / scale

    def half(x: NDArray) -> tuple[float, NDArray]:
        w = np.r_[x[:k], 1.0]
        sd = float(np.sqrt(max(w @ cov @ w, 1e-18)))
        bias = most * (x[k:].sum() + 1.0)  # 1: the change of slope at the last period before
        far = bias / sd
        c = folded(far, level)
        near, off = np.exp(-0.5 * (c - far) ** 2), np.exp(-0.5 * (c + far) ** 2)
        by_bias = (near - off) / (near + off)
        return sd * c, np.r_[(c - far * by_bias) / sd * (cov @ w)[:k], np.full(kinks, most * by_bias)]

    slack = [
        {"type": "eq", "fun": lambda x: x[:k] @ before + 1.0, "jac": lambda x: np.r_[before, np.zeros(kinks)]},
        {"type": "ineq", "fun": lambda x: x[k:] - bend @ x[:k], "jac": lambda x: np.hstack([-bend, np.eye(kinks)])},
        {"type": "ineq", "fun": lambda x: x[k:] + bend @ x[:k], "jac": lambda x: np.hstack([bend, np.eye(kinks)])},
    ]
    last_only = np.where(before == -1, 1.0, 0.0)  # the last step goes on: no bend before it enters
    tried = []
    for v in (start, last_only):
        x = np.r_[v, np.abs(bend @ v)]
        found = minimize(half, x, jac=True, method="SLSQP", constraints=slack, options={"maxiter": 400, "ftol": 1e-12})
        for y in (found.x, x):
            own = y[:k] - before * (y[:k] @ before + 1.0) / (before @ before)
            tried.append((half(np.r_[own, np.abs(bend @ own)])[0], own))
    best = min(tried, key=lambda t: t[0])
    return best[1], best[0] * scale
