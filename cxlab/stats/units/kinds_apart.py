"""How far kinds of units lie apart, and what knowing a unit's kind is worth: the confidence distribution of both.

References
----------
Steiger, J. H. (2004). Beyond the F test: effect size confidence intervals. Psychological Methods 9, 164-182.
    doi:10.1037/1082-989X.9.2.164
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ncfdtr

GRID = 400


def ratio(spread: ArrayLike, kind: ArrayLike) -> NDArray:
    """Return the error of prediction by a unit's kind over that by all units, where kinds lie ``spread`` apart.

    sqrt(mean over units of (1 + b / (m b + 1)) / (1 + b)), with m peers of its kind and b the spread; a unit without a
    peer (or of no kind, -1) is predicted by all.

    Parameters
    ----------
    spread : variance of the kinds' means over that of units within kinds. ``kind`` : (p,) codes.

    >>> ratio([0.0, 1.0], [0, 0, 0, 1, 1, 1]).round(4).tolist()
    [1.0, 0.8165]
    """
    b, code = np.atleast_1d(np.asarray(spread, float))[:, None], np.asarray(kind)
    count = np.bincount(code[code >= 0], minlength=1)
    peers = np.where(code >= 0, count[np.maximum(code, 0)] - 1, 0)
    return np.sqrt(((1 + b / (peers * b + 1)) / (1 + b)).mean(axis=1))


def likely_spreads(y: ArrayLike, kind: ArrayLike, at: ArrayLike) -> NDArray:
    """Return quantiles of the confidence distribution of the spread of kinds: F of the analysis of variance inverted.

    The spread is sum n_k (mu_k - mu)**2 / (N sigma**2); N times it is the non-centrality of F, so a quantile is the
    spread under which an F as large as the observed one, or larger, comes with that probability (0 where none does).

    Parameters
    ----------
    y : (p,) scores. ``kind`` : (p,) codes, units of no kind (-1) apart. ``at`` : probabilities in (0, 1).

    >>> likely_spreads([1.0, 2, 3, 7, 8, 9], [0, 0, 0, 1, 1, 1], [0.025, 0.5]).round(2).tolist()
    [0.73, 7.61]
    """
    y, code = np.asarray(y, float), np.asarray(kind)
    code = np.unique(np.where(code < 0, code.max(initial=-1) + 1 + np.arange(len(code)), code), return_inverse=True)[1]
    n, size = np.bincount(code), len(y)
    free, rest = len(n) - 1, size - len(n)
    at = np.asarray(at, float)
    if free < 1 or rest < 1:
        return np.zeros(len(at))
    mean = np.bincount(code, y) / n
    within = float(((y - mean[code]) ** 2).sum()) / rest
    between = float((n * (mean - y.mean()) ** 2).sum()) / free
    if not within > 0:
        return np.full(len(at), np.inf if between > 0 else 0.0)
    f = between / within
    most = 4 * free * f + 60
    while ncfdtr(free, rest, most, f) > 1e-4:
        most *= 2
    apart = most * np.linspace(0, 1, GRID) ** 2
    beyond = 1 - ncfdtr(free, rest, np.fmax(apart, 1e-9), f)  # rises with the distance
    return np.where(at <= beyond[0], 0.0, np.interp(at, beyond, apart)) / size
