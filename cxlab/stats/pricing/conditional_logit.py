"""The conditional logit of choices between offers, and ratios of its coefficients (what an attribute is worth).

References
----------
McFadden, D. (1974). Conditional logit analysis of qualitative choice behavior. In Frontiers in Econometrics.
Fieller, E. C. (1954). Some problems in interval estimation. JRSS B 16, 175-185.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

STEPS, STILL, FAR = 50, 1e-10, 30.0


@dataclass(frozen=True)
class Choice:
    """Coefficients ``b`` (p,), inverse information ``bread``, scores (sets, p) of a set without its weight, the
    log-likelihood, that of chance, and whether it converged."""

    b: NDArray
    bread: NDArray
    scores: NDArray
    loglik: float
    null: float
    converged: bool


def fit(x: NDArray, chosen: NDArray, sets: NDArray, weight: NDArray) -> Choice:
    """Fit by Newton's method.

    Parameters
    ----------
    x : (rows, p) attributes, a row an offer. ``chosen`` : (rows,) whether it was taken.
    sets : (rows,) number of the choice set, sorted from 0. ``weight`` : (sets,) weight of a set.

    Examples
    --------
    >>> x, sets = np.tile([[1.0], [0.0]], (10, 1)), np.repeat(np.arange(10), 2)
    >>> chosen = np.array([True, False] * 8 + [False, True] * 2)
    >>> fit(x, chosen, sets, np.ones(10)).b.round(4).tolist()  # log(8 / 2)
    [1.3863]
    """
    start = np.flatnonzero(np.r_[True, np.diff(sets) > 0])
    size = np.diff(np.append(start, len(sets)))
    d, whose, even = _apart(x, chosen, sets, size)
    b, converged = np.zeros(x.shape[1]), False
    for _ in range(STEPS):
        p, scores, _ = _pieces(d, b, whose, even, len(size))
        info = _information(d, p, scores, whose, weight)
        step = np.linalg.pinv(info, rcond=1e-12, hermitian=True) @ (weight @ scores)
        moved = float(np.abs(d @ step).max(initial=0.0))
        b = b + step / max(1.0, moved / 5)
        if moved < STILL:
            converged = True
            break
    p, scores, logs = _pieces(d, b, whose, even, len(size))
    info = _information(d, p, scores, whose, weight)
    v = d @ b
    converged = converged and bool(np.abs(v).max(initial=0.0) < FAR)
    bread = np.linalg.pinv(info, rcond=1e-12, hermitian=True)
    return Choice(b, bread, scores, float(weight @ logs), float(-weight @ np.log(size)), converged)


def _apart(x: NDArray, chosen: NDArray, sets: NDArray, size: NDArray) -> tuple[NDArray, NDArray, bool]:
    """Offers that were not taken less the one that was, their set, and whether all sets are of one size."""
    other = ~chosen
    whose = sets[other]
    return np.ascontiguousarray(x[other] - x[chosen][whose]), whose, bool((size == size[0]).all() and size[0] > 1)


def _pieces(d: NDArray, b: NDArray, whose: NDArray, even: bool, count: int) -> tuple[NDArray, NDArray, NDArray]:
    """Shares of the offers not taken, the score of each set and its log-likelihood."""
    v = d @ b
    if even:
        v = v.reshape(count, -1)
        top = np.fmax(v.max(1), 0.0)
        e = np.exp(v - top[:, None])
        total = e.sum(1) + np.exp(-top)
        p = e / total[:, None]
        scores = -np.matmul(p[:, None, :], d.reshape(count, -1, d.shape[1]))[:, 0]
        return p.ravel(), scores, -top - np.log(total)
    top = np.zeros(count)
    np.maximum.at(top, whose, v)
    e = np.exp(v - top[whose])
    total = np.bincount(whose, e, count) + np.exp(-top)
    p = e / total[whose]
    scores = -np.stack([np.bincount(whose, p * c, count) for c in d.T], axis=1)
    return p, scores, -top - np.log(total)


def _information(d: NDArray, p: NDArray, scores: NDArray, whose: NDArray, weight: NDArray) -> NDArray:
    plain = d.T @ (d * (p * weight[whose])[:, None])
    return plain - scores.T @ (scores * weight[:, None])


def fieller(a: float, b: float, v: NDArray, z: float) -> tuple[float, float]:
    """Return the interval of a / b from the covariance (2, 2) of a and b; nan where b may be 0 (it has no bounds).

    >>> [round(k, 4) for k in fieller(2.0, 1.0, np.array([[0.01, 0.0], [0.0, 0.01]]), 1.96)]
    [1.6259, 2.5339]
    """
    g = z * z * v[1, 1] / (b * b)
    if g >= 1:
        return float("nan"), float("nan")
    r = a / b
    root = v[0, 0] - 2 * r * v[0, 1] + r * r * v[1, 1] - g * (v[0, 0] - v[0, 1] ** 2 / v[1, 1])
    half = z / abs(b) * np.sqrt(max(root, 0.0))
    centre = r - g * v[0, 1] / v[1, 1]
    return float((centre - half) / (1 - g)), float((centre + half) / (1 - g))
