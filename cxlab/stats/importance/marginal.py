"""Importance of drivers from a correlation matrix: what each adds first, last, by Pratt, by CAR scores.

Every function takes ``R``, the (B, p + 1, p + 1) correlation matrices with the outcome last, and returns (B, p).
`lmg` and Johnson's weights stand in modules of their own.
"""

from __future__ import annotations

import numpy as np


def r_squared(R: np.ndarray) -> np.ndarray:
    """Return R² of the outcome on all drivers, (B,).

    >>> r_squared(np.array([[[1, 0, 0.6], [0, 1, 0.3], [0.6, 0.3, 1]]])).round(4).tolist()
    [0.45]
    """
    return (beta(R) * R[:, :-1, -1]).sum(axis=1)


def correlation(R: np.ndarray) -> np.ndarray:
    """Return the correlation of each driver with the outcome."""
    return R[:, :-1, -1]


def beta(R: np.ndarray) -> np.ndarray:
    """Return the standardized coefficients of the regression on all drivers: R_xx^-1 r.

    The minimum-norm solution where drivers are linearly dependent, so identical drivers get equal coefficients.
    """
    try:
        if np.einsum("bii->bi", np.linalg.cholesky(R[:, :-1, :-1])).min() > 1e-4:
            return np.linalg.solve(R[:, :-1, :-1], R[:, :-1, -1:])[..., 0]
    except np.linalg.LinAlgError:
        pass
    values, vectors = np.linalg.eigh(R[:, :-1, :-1])
    inverse = np.where(values > _RANK * values[:, -1:], 1 / np.where(values > 0, values, 1), 0.0)
    return np.einsum("bij,bj,bkj,bk->bi", vectors, inverse, vectors, R[:, :-1, -1], optimize=True)


_RANK = 1e-10


def first(R: np.ndarray) -> np.ndarray:
    """Return R² of each driver alone: r_j²."""
    return R[:, :-1, -1] ** 2


def last(R: np.ndarray) -> np.ndarray:
    """Return what each driver adds to all others, the squared semipartial correlation: b_j² / (R_xx^-1)_jj.

    A driver that the others determine adds nothing.
    """
    values, vectors = np.linalg.eigh(R[:, :-1, :-1])
    inverse = 1 / np.maximum(values, 1e-15)
    diagonal = np.einsum("bij,bj->bi", vectors**2, inverse)
    return np.where(diagonal < 1 / _RANK, beta(R) ** 2 / diagonal, 0.0)


def pratt(R: np.ndarray) -> np.ndarray:
    """Return Pratt's measure b_j r_j; it sums to R² and is negative where coefficient and correlation differ in sign.

    References
    ----------
    Pratt (1987), Dividing the indivisible, Proc. 2nd Tampere Conference in Statistics.
    """
    return beta(R) * R[:, :-1, -1]


def car(R: np.ndarray) -> np.ndarray:
    """Return the squared CAR scores (R_xx^-1/2 r)_j², which sum to R².

    References
    ----------
    Zuber & Strimmer (2011), doi:10.2202/1544-6115.1730.
    """
    values, vectors = np.linalg.eigh(R[:, :-1, :-1])
    root = np.where(values > _RANK * values[:, -1:], 1 / np.sqrt(np.where(values > 0, values, 1)), 0.0)
    return np.einsum("bij,bj,bkj,bk->bi", vectors, root, vectors, R[:, :-1, -1], optimize=True) ** 2


def vif(R: np.ndarray) -> np.ndarray:
    """Return the variance inflation factors: the diagonal of R_xx^-1; infinite for linearly dependent drivers."""
    values, vectors = np.linalg.eigh(R[:, :-1, :-1])
    diagonal = np.einsum("bij,bj->bi", vectors**2, 1 / np.maximum(values, 1e-15))
    return np.where(diagonal < 1 / _RANK, diagonal, np.inf)


def without_own_effect(R: np.ndarray) -> np.ndarray:
    """Return the matrices in which driver j keeps its correlations with the others, but has no effect of its own.

    Its correlation with the outcome becomes R_j,-j R_-j,-j^-1 r_-j: all that it owes to the company it keeps (halo).
    Its share there is what the method would credit to a driver that does nothing.

    Parameters
    ----------
    R : (p + 1, p + 1), one matrix.

    Returns
    -------
    (p, p + 1, p + 1); matrix j is about driver j.
    """
    p = len(R) - 1
    out = np.repeat(R[None], p, axis=0)
    for j in range(p):
        others = [i for i in range(p) if i != j]
        reduced = R[np.ix_([*others, p], [*others, p])][None]
        out[j, j, p] = out[j, p, j] = float(R[j, others] @ beta(reduced)[0]) if others else 0.0
    return out
