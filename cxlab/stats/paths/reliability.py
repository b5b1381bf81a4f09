"""Reliability and validity of blocks of items, from their covariance matrices (many at once).

``s`` is array (..., k, k), the covariances of one block; ``r`` with ``blocks`` of positions are the correlations of all
items. Items of a block must point the same way: turn reverse-scored ones round first.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike


def correlation(s: ArrayLike) -> np.ndarray:
    """Return the correlations of covariances ``s``; nan where an item has no variance.

    >>> correlation([[4.0, 1.0], [1.0, 1.0]]).tolist()
    [[1.0, 0.5], [0.5, 1.0]]
    """
    s = np.asarray(s, float)
    with np.errstate(invalid="ignore", divide="ignore"):
        d = 1 / np.sqrt(np.einsum("...ii->...i", s))
        return s * np.where(np.isfinite(d), d, np.nan)[..., :, None] * d[..., None, :]


def alpha(s: ArrayLike) -> np.ndarray:
    """Return Cronbach's alpha, k / (k - 1) (1 - trace / sum); nan for one item. Of correlations: standardised alpha.

    Cronbach 1951, Psychometrika 16:297, doi:10.1007/BF02310555.

    >>> float(alpha([[1.0, 0.5], [0.5, 1.0]])).__round__(6)
    0.666667
    """
    s = np.asarray(s, float)
    k = s.shape[-1]
    if k < 2:
        return np.full(s.shape[:-2], np.nan)
    return k / (k - 1) * (1 - np.einsum("...ii->...", s) / s.sum(axis=(-2, -1)))


def one_factor(r: ArrayLike, *, tolerance: float = 1e-10, iterations: int = 5000) -> np.ndarray:
    """Return the loadings (..., k) of one factor on at least three items, by maximum likelihood; k = 2: equal loadings.

    EM: with regression weights b = D^-1 l / (1 + l'D^-1 l), D = diag(uniqueness), new l = R b / (b'R b + 1 - b'l) and
    new D = diag(R - l b'R); uniquenesses stay above 0.005, as in R's ``factanal``. Stops when no loading changes by
    ``tolerance`` (Rubin & Thayer 1982, Psychometrika 47:69, doi:10.1007/BF02293851).
    """
    r = np.asarray(r, float)
    k = r.shape[-1]
    if k == 1:
        return np.ones(r.shape[:-1])
    if k == 2:
        return np.sqrt(np.maximum(np.repeat(r[..., 0, 1, None], 2, axis=-1), 0))
    values, vectors = np.linalg.eigh(r)
    loading = vectors[..., -1] * np.sqrt(values[..., -1, None]) * 0.9
    for _ in range(iterations):
        unique = np.clip(1 - loading**2, 0.005, 1)
        b = loading / unique
        b /= 1 + (loading * b).sum(axis=-1, keepdims=True)
        rb = (r @ b[..., None])[..., 0]
        new = rb / ((b * rb).sum(axis=-1, keepdims=True) + 1 - (b * loading).sum(axis=-1, keepdims=True))
        change = np.abs(new - loading).max()
        loading = np.clip(new, -0.9975, 0.9975)
        if change < tolerance:
            break
    return loading * np.where(loading.sum(axis=-1, keepdims=True) < 0, -1, 1)


def omega(s: ArrayLike, *, iterations: int = 5000) -> np.ndarray:
    """Return McDonald's omega of the sum of a block: (sum l)^2 / ((sum l)^2 + sum u) with one factor; nan for one item.

    Loadings and uniquenesses are in the units of ``s``. McDonald 1999, Test Theory.
    """
    s = np.asarray(s, float)
    if s.shape[-1] < 2:
        return np.full(s.shape[:-2], np.nan)
    loading = one_factor(correlation(s), iterations=iterations)
    variance = np.einsum("...ii->...i", s)
    common = (loading * np.sqrt(variance)).sum(axis=-1) ** 2
    return common / (common + ((1 - loading**2) * variance).sum(axis=-1))


def composite(loadings: ArrayLike) -> np.ndarray:
    """Return Dillon & Goldstein's rho of standardised loadings (..., k): (sum l)^2 / ((sum l)^2 + sum(1 - l^2)).

    >>> float(composite([0.8, 0.8])).__round__(6)
    0.780488
    """
    loading = np.asarray(loadings, float)
    common = loading.sum(axis=-1) ** 2
    return common / (common + (1 - loading**2).sum(axis=-1))


def ave(loadings: ArrayLike) -> np.ndarray:
    """Return the average variance extracted: the mean squared loading (Fornell & Larcker 1981)."""
    return (np.asarray(loadings, float) ** 2).mean(axis=-1)


def htmt(r: ArrayLike, blocks: Sequence[Sequence[int]], *, geometric: bool = False) -> np.ndarray:
    """Return the heterotrait-monotrait ratios (..., L, L), 1 on the diagonal.

    Mean absolute correlation between two blocks over the root of the product of those within each; ``geometric`` takes
    geometric means (HTMT2, consistent for unequal loadings). A single item counts 1 within.

    References
    ----------
    Henseler, Ringle & Sarstedt 2015, doi:10.1007/s11747-014-0403-8; Roemer, Schuberth & Henseler 2021,
    doi:10.1108/IMDS-02-2021-0082.
    """
    with np.errstate(divide="ignore"):
        m = np.log(np.abs(r)) if geometric else np.abs(np.asarray(r, float))
    back = np.exp if geometric else np.asarray
    rows = [np.array(b) for b in blocks]
    within = [_within(m, b, 0.0 if geometric else 1.0) for b in rows]
    out = np.ones((*m.shape[:-2], len(rows), len(rows)))
    for i, a in enumerate(rows):
        for j, b in enumerate(rows[:i]):
            between = back(m[..., a[:, None], b].mean(axis=(-2, -1)))
            out[..., i, j] = out[..., j, i] = between / np.sqrt(back(within[i]) * back(within[j]))
    return out


def _within(m: np.ndarray, rows: np.ndarray, single: float) -> np.ndarray:
    if len(rows) == 1:
        return np.full(m.shape[:-2], single)
    low, high = np.triu_indices(len(rows), 1)
    return m[..., rows[low], rows[high]].mean(axis=-1)
