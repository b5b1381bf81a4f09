"""Dominance analysis: is driver i more useful than j in every model, at every model size, or on average?

References
----------
Azen & Budescu (2003), Psychological Methods 8:129, doi:10.1037/1082-989X.8.2.129.
Budescu (1993), doi:10.1037/0033-2909.114.3.542.
"""

from __future__ import annotations

import numpy as np

from cxlab.stats.importance.shapley import shapley, unexplained

LIMIT = 14
"""Drivers up to which every pair is compared in every subset model."""


def dominance(R: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return which driver dominates which: completely, conditionally, generally.

    Complete: R²(S + i) >= R²(S + j) for every S without both, and > for one. Conditional: the mean additional
    contribution is larger at every size of S. General: the mean of these means, which is the Shapley share.

    Parameters
    ----------
    R : (B, p + 1, p + 1) correlation matrices, outcome last.

    Returns
    -------
    Three arrays (B, p, p) of booleans; [b, i, j] says that i dominates j.
    """
    p = R.shape[-1] - 1
    value = 1.0 - unexplained(R, [[j] for j in range(p)])
    shares = shapley(value)
    sizes = _by_size(value, p)
    cube = value.reshape((len(R),) + (2,) * p)
    complete, conditional = np.zeros((2, len(R), p, p), bool)
    for i in range(p):
        for j in range(i + 1, p):
            difference = _only(cube, i, j, p) - _only(cube, j, i, p)
            complete[:, i, j], complete[:, j, i] = _ahead(difference)
            conditional[:, i, j], conditional[:, j, i] = _ahead(sizes[:, :, i] - sizes[:, :, j])
    return complete, conditional, shares[:, :, None] > shares[:, None, :] + _TIE


_TIE = 1e-12


def _only(cube: np.ndarray, i: int, j: int, p: int) -> np.ndarray:
    """Values of all subsets with i and without j, the rest in order; bit k is axis p - k."""
    index = [slice(None)] * (p + 1)
    index[p - i], index[p - j] = 1, 0
    return cube[tuple(index)].reshape(len(cube), -1)


def _ahead(difference: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    low, high = difference.min(axis=1), difference.max(axis=1)
    return (low >= -_TIE) & (high > _TIE), (high <= _TIE) & (low < -_TIE)


def _by_size(value: np.ndarray, p: int) -> np.ndarray:
    """Return the mean additional contribution of every driver to models of each size, (B, p sizes, p)."""
    number = np.arange(2**p)
    size = np.array([int(s).bit_count() for s in number])
    out = np.empty((len(value), p, p))
    for j in range(p):
        without = number[(number >> j) & 1 == 0]
        mean = np.equal.outer(size[without], np.arange(p)).astype(float)
        out[:, :, j] = (value[:, without + (1 << j)] - value[:, without]) @ (mean / mean.sum(axis=0))
    return out
