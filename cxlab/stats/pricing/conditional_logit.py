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
    b, converged = np.zeros(x.shape[1]), False
    size = np.diff(np.append(start, len(sets)))
    for _ in range(STEPS):
        p, loglik = _shares(x, b, sets, start, chosen, weight)
        scores, info = _pieces(x, p, sets, start, chosen, weight)
        step = np.linalg.pinv(info, rcond=1e-12, hermitian=True) @ (weight @ scores)
        b = b + step / max(1.0, float(np.abs(x @ step).max()) / 5)
        if np.abs(x @ step).max() < STILL:
            converged = True
            break
    p, loglik = _shares(x, b, sets, start, chosen, weight)
    scores, info = _pieces(x, p, sets, start, chosen, weight)
    apart = np.maximum.reduceat(x @ b, start) - np.minimum.reduceat(x @ b, start)
    converged = converged and bool(apart.max() < FAR)
    bread = np.linalg.pinv(info, rcond=1e-12, hermitian=True)
    return Choice(b, bread, scores, loglik, float(-weight @ np.log(size)), converged)


def _shares(
    x: NDArray, b: NDArray, sets: NDArray, start: NDArray, chosen: NDArray, weight: NDArray
) -> tuple[NDArray, float]:
    v = x @ b
    v = v - np.maximum.reduceat(v, start)[sets]
    e = np.exp(v)
    p = e / np.add.reduceat(e, start)[sets]
    return p, float(weight[sets[chosen]] @ np.log(np.fmax(p[chosen], 1e-300)))


def _pieces(
    x: NDArray, p: NDArray, sets: NDArray, start: NDArray, chosen: NDArray, weight: NDArray
) -> tuple[NDArray, NDArray]:
    mean = np.add.reduceat(x * p[:, None], start, axis=0)
    apart = x - mean[sets]
    return apart[chosen], apart.T @ (apart * (p * weight[sets])[:, None])


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
