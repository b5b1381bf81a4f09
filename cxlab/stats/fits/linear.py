"""Least squares and its covariance matrices from moments: no row is seen in here.

Notation: S = X'WX, M = S^-1 (zero in rows and columns of aliased coefficients), u_c = sum over cluster c of w x e.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.linalg import eigh

TOLERANCE = 1e-9
"""A column whose residual sum of squares on the columns before it is this small a share is aliased with them."""
ZERO = 1e-9
"""Eigenvalues of I - H_cc below this are zero: the cluster has a coefficient to itself."""


@dataclass(frozen=True)
class Solution:
    """Coefficients (nan where aliased), the generalized inverse M, and which columns carry information."""

    beta: np.ndarray
    inverse: np.ndarray
    kept: np.ndarray

    @property
    def rank(self) -> int:
        """Number of coefficients that are estimated."""
        return int(self.kept.sum())

    @property
    def filled(self) -> np.ndarray:
        """Coefficients with 0 for the aliased ones."""
        return np.where(self.kept, self.beta, 0.0)


def solve(xx: np.ndarray, xy: np.ndarray) -> Solution:
    """Solve the normal equations; a column that is a combination of earlier ones is left out, as R does.

    Parameters
    ----------
    xx : (p, p) X'WX. ``xy`` : (p,) X'Wy.
    """
    p = len(xy)
    scale = np.sqrt(np.diag(xx))
    kept = scale > 0
    a = xx / np.outer(np.where(kept, scale, 1.0), np.where(kept, scale, 1.0))
    factor = np.zeros((p, p))
    for j in range(p):
        row = a[j, :j] - 0.0
        for i in np.flatnonzero(kept[:j]):  # forward substitution against the columns kept so far
            factor[j, i] = (row[i] - factor[j, :i] @ factor[i, :i]) / factor[i, i]
        left = a[j, j] - factor[j, :j] @ factor[j, :j]
        kept[j] = kept[j] and left > TOLERANCE
        factor[j, j] = np.sqrt(left) if kept[j] else 0.0
    inverse = np.zeros((p, p))
    at = np.ix_(kept, kept)
    root = np.linalg.inv(factor[at])
    inverse[at] = root.T @ root / np.outer(scale[kept], scale[kept])
    beta = inverse @ xy
    beta += inverse @ (xy - xx @ beta)  # one step of refinement
    return Solution(np.where(kept, beta, np.nan), inverse, kept)


def residual_sum(xx: np.ndarray, xy: np.ndarray, yy: float, beta: np.ndarray) -> float:
    """Return sum of w e**2 from the moments."""
    return float(max(yy - 2 * beta @ xy + beta @ xx @ beta, 0.0))


def sandwich(inverse: np.ndarray, meat: np.ndarray) -> np.ndarray:
    """Return M B M.

    >>> sandwich(np.eye(1) * 0.5, np.eye(1) * 4.0).item()
    1.0
    """
    return inverse @ meat @ inverse


def stratified_meat(
    sums: np.ndarray, products: np.ndarray, clusters: np.ndarray, *, free: np.ndarray | float = 1.0
) -> tuple[np.ndarray, list[int]]:
    """Return sum over strata of m/(m - 1) sum_c (u_c - mean u)(u_c - mean u)', and which strata have one cluster only.

    Parameters
    ----------
    sums : (H, p) sums of cluster totals. ``products`` : (H, p, p).
    clusters : (H,) clusters of each stratum in the whole sample; those without rows here have a total of zero.
    free : 1 - m/M of each stratum, in a finite population.

    A stratum with a single cluster contributes u u', its distance from the overall mean of zero (R's option "adjust").
    """
    lonely = np.flatnonzero(clusters < 2).tolist()
    several = clusters >= 2
    factor = np.where(several, clusters / np.maximum(clusters - 1, 1), 1.0) * free
    share = np.where(several, 1 / np.maximum(clusters, 1), 0.0)
    centred = products - sums[:, :, None] * sums[:, None, :] * share[:, None, None]
    return np.einsum("h,hij->ij", factor, centred), lonely


def alone(inverse: np.ndarray, weighted: np.ndarray) -> np.ndarray:
    """Return which coefficients nothing but one cluster tells: without it they are not identified.

    Parameters
    ----------
    inverse : (p, p) M. ``weighted`` : (G, p, p) X'WX of each cluster.
    """
    kept = np.diag(inverse) > 0
    out = np.zeros(len(inverse), bool)
    values, vectors = eigh(inverse[np.ix_(kept, kept)])
    root = vectors * np.sqrt(np.maximum(values, 0.0))  # M = root root'
    for each in weighted:
        part = each[np.ix_(kept, kept)]
        own, directions = eigh(root.T @ (part + part.T) @ root / 2)
        lost = root @ directions[:, own > 1 - ZERO]
        if lost.size:
            size = np.sqrt(np.diag(inverse)[kept])
            out[np.flatnonzero(kept)[(np.abs(lost) > 1e-6 * size[:, None]).any(axis=1)]] = True
    return out


def _function(k: np.ndarray, c: np.ndarray, f: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Return f(K C) - f(0) I for a positive semidefinite K and symmetric C; f gets the eigenvalues, f(0) = 1."""
    values, vectors = eigh(k)
    root = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    values, vectors = eigh(root @ c @ root)
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = np.where(np.abs(values) > 1e-14, (f(values) - 1) / values, -0.5)
    return root @ (vectors * slope) @ vectors.T @ root @ c


def _power(values: np.ndarray, exponent: float) -> np.ndarray:
    inside = 1 + values
    return np.where(inside > ZERO, np.maximum(inside, ZERO) ** exponent, 0.0)


def cr2(inverse: np.ndarray, k: np.ndarray, ze: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the bias-reduced cluster-robust covariance CR2 and Satterthwaite degrees of freedom of each coefficient.

    Parameters
    ----------
    inverse : (p, p) M.
    k : (G, 2p, 2p) Z'Z of each cluster with Z = (X, WX). ``ze`` : (G, 2p) Z'e.

    With working covariance I, B = ((I - H)(I - H)')_cc = I + Z C Z', C = [[M Q M, -M], [-M, 0]], Q = X'W**2 X, and
    Z' B^(-1/2) = (I + Z'Z C)^(-1/2) Z', so the adjusted scores need no row. Pseudo-inverses where B is singular.

    References
    ----------
    Bell & McCaffrey (2002), Survey Methodology 28, 169. Pustejovsky & Tipton (2018), J. Bus. Econ. Stat. 36, 672,
    https://doi.org/10.1080/07350015.2016.1247004
    """
    p = len(inverse)
    q = k[:, p:, p:].sum(axis=0)
    c = np.block([[inverse @ q @ inverse, -inverse], [-inverse, np.zeros((p, p))]])
    meat = np.zeros((p, p))
    t, squares = np.empty((len(k), p, 2 * p)), np.empty((len(k), p))
    eye = np.eye(2 * p)
    for g, (kg, zg) in enumerate(zip(k, ze, strict=True)):
        half = eye + _function(kg, c, lambda v: _power(v, -0.5))
        whole = eye + _function(kg, c, lambda v: _power(v, -1.0))
        score = (half @ zg)[p:]
        meat += np.outer(score, score)
        t[g] = (half @ kg[:, p:] @ inverse).T
        squares[g] = np.einsum("ij,ji->i", inverse, (whole @ kg)[p:, p:] @ inverse)
    df = np.full(p, np.nan)
    for j in np.flatnonzero(np.diag(inverse) > 0):
        products = t[:, j] @ c @ t[:, j].T + np.diag(squares[:, j])
        df[j] = np.trace(products) ** 2 / max(np.sum(products**2), 1e-300)
    return sandwich(inverse, meat), df
