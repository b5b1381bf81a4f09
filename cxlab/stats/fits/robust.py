"""Weighted least squares on distinct rows with counts, with errors robust to unequal variance, clusters or time.

References
----------
Long, J. S. & Ervin, L. H. (2000). Using heteroscedasticity consistent standard errors in the linear regression model.
    The American Statistician 54, 217-224. (HC3)
Newey, W. K. & West, K. D. (1987). Econometrica 55, 703-708. Newey, W. K. & West, K. D. (1994). Review of Economic
    Studies 61, 631-653. (lag 4 (n / 100)**(2 / 9))
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Fit:
    """Coefficients ``b``, their covariance ``v``, degrees of freedom ``df``, residuals ``e``."""

    b: NDArray
    v: NDArray
    df: float
    e: NDArray

    def contrast(self, a: NDArray) -> tuple[float, float, float]:
        """Return a'b, its standard error and the degrees of freedom."""
        a = np.asarray(a, float)
        return float(a @ self.b), float(np.sqrt(max(a @ self.v @ a, 0.0))), self.df


def least_squares(x: NDArray, y: NDArray, n: NDArray, w: NDArray, cluster: NDArray | None = None) -> Fit:
    """Fit y on x (a constant included) for rows that stand for ``n`` answers of weight ``w`` each.

    Without clusters HC3: meat = sum n w² e² / (1 - h)² x x', df = answers - p. With clusters CR1: meat from cluster
    sums, times G / (G - 1) (N - 1) / (N - p); df = G - 1. Collinear columns share their coefficient (pseudo-inverse).
    """
    nw = n * w
    bread = np.linalg.pinv(x.T @ (x * nw[:, None]), rcond=1e-12, hermitian=True)
    b = bread @ (x.T @ (nw * y))
    e = y - x @ b
    size, p = n.sum(), x.shape[1]
    if cluster is None:
        h = np.fmin(w * np.einsum("ij,jk,ik->i", x, bread, x), 0.999)
        meat = x.T @ (x * (n * (w * e / (1 - h)) ** 2)[:, None])
        return Fit(b, bread @ meat @ bread, float(size - p), e)
    codes, g = np.unique(cluster, return_inverse=True)
    sums = np.zeros((len(codes), p))
    np.add.at(sums, g, x * (nw * e)[:, None])
    m = len(codes)
    scale = m / (m - 1) * (size - 1) / (size - p) if m > 1 else np.nan
    return Fit(b, bread @ (sums.T @ sums * scale) @ bread, float(m - 1), e)


def newey_west(x: NDArray, y: NDArray) -> Fit:
    """Fit y on x in order of time; covariance with Bartlett weights up to lag 4 (n / 100)**(2 / 9)."""
    size, p = x.shape
    bread = np.linalg.pinv(x.T @ x, hermitian=True)
    b = bread @ (x.T @ y)
    e = y - x @ b
    u = x * e[:, None]
    meat = u.T @ u
    lags = int(4 * (size / 100) ** (2 / 9))
    for lag in range(1, lags + 1):
        cross = u[lag:].T @ u[:-lag]
        meat += (1 - lag / (lags + 1)) * (cross + cross.T)
    return Fit(b, bread @ meat @ bread * size / (size - p), float(size - p), e)
