"""Multiple imputation by chained equations with normal linear regressions.

References
----------
van Buuren (2018), *Flexible Imputation of Missing Data*, section 4.5 and algorithm 3.1 ("norm").
Rubin (1987), *Multiple Imputation for Nonresponse in Surveys*, doi:10.1002/9780470316696.
"""

from __future__ import annotations

import numpy as np


def imputations(X: np.ndarray, *, m: int = 20, cycles: int = 10, seed: int = 0) -> list[np.ndarray]:
    """Return ``m`` completed copies of X; each missing answer is drawn from its regression on all other columns.

    Coefficients and residual variance are drawn from their posterior first, so the copies differ by as much as the
    answers are unknown. Put the outcome among the columns. Values are not rounded: rounding would bias correlations.

    Parameters
    ----------
    X : (n, q) with NaN where an answer is missing; every column has answers.
    """
    rng = np.random.default_rng(seed)
    gone = np.isnan(X)
    todo = [j for j in np.argsort(gone.sum(axis=0), kind="stable") if gone[:, j].any()]
    out = []
    for _ in range(m):
        full = X.copy()
        for j in todo:
            full[gone[:, j], j] = rng.choice(X[~gone[:, j], j], gone[:, j].sum())
        for _ in range(cycles if todo else 0):
            for j in todo:
                full[gone[:, j], j] = _draw(full, j, gone[:, j], rng)
        out.append(full)
    return out


def _draw(full: np.ndarray, j: int, gone: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    Z = np.column_stack([np.ones(len(full)), np.delete(full, j, axis=1)])
    A, b = Z[~gone], full[~gone, j]
    gram = A.T @ A
    gram[np.diag_indices_from(gram)] += 1e-5 * np.diag(gram) + 1e-12
    L = np.linalg.cholesky(gram)
    coef = np.linalg.solve(L.T, np.linalg.solve(L, A.T @ b))
    sigma = np.sqrt(((b - A @ coef) ** 2).sum() / rng.chisquare(max(len(b) - A.shape[1], 1)))
    coef = coef + sigma * np.linalg.solve(L.T, rng.standard_normal(len(coef)))
    return Z[gone] @ coef + sigma * rng.standard_normal(int(gone.sum()))


def rubin(estimates: np.ndarray, within: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Combine m analyses: mean, total covariance T = W + (1 + 1/m) B, and the degrees of freedom of each estimate.

    Parameters
    ----------
    estimates : (m, k).
    within : (m, k, k) covariance matrices.
    """
    m = len(estimates)
    mean, W = estimates.mean(axis=0), within.mean(axis=0)
    e = estimates - mean
    B = e.T @ e / max(m - 1, 1)
    lift = (1 + 1 / m) * np.diag(B)
    with np.errstate(divide="ignore", invalid="ignore"):
        df = np.where(lift > 0, (m - 1) * (1 + np.diag(W) / lift) ** 2, np.inf)
    return mean, W + (1 + 1 / m) * B, df
