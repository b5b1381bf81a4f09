"""Weighted least squares with errors by replicate group, and least squares under monotone effects."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import nnls

from cxlab.stats.counts.replicates import Groups, by_group, group_sums


@dataclass(frozen=True)
class ReplicatedFit:
    """Coefficients (k,), their covariance, residual variance, and R²."""

    coef: np.ndarray
    covariance: np.ndarray
    sigma2: float
    r2: float


def least_squares(D: np.ndarray, y: np.ndarray, w: np.ndarray, groups: Groups) -> ReplicatedFit:
    """Regress y on the columns of D (the intercept among them), with the sandwich covariance of the sampled groups.

    V = (D'WD)^-1 [sum over strata of n/(n-1) sum over groups of (s - mean)(s - mean)'] (D'WD)^-1 with s the sum of
    w e d over a group. Dependent columns get the minimum-norm coefficients.
    """
    WD = D * w[:, None]
    bread = np.linalg.pinv(WD.T @ D, rcond=1e-12, hermitian=True)
    coef = bread @ (WD.T @ y)
    e = y - D @ coef
    scores = group_sums(WD * e[:, None], groups)
    sse = float((w * e * e).sum())
    total = float((w * (y - np.average(y, weights=w)) ** 2).sum())
    return ReplicatedFit(coef, bread @ groups.spread(scores) @ bread, sse / w.sum(), 1 - sse / total)


def least_squares_of(moments: np.ndarray, groups: Groups) -> ReplicatedFit:
    """Return what `least_squares` does from the sums of products of (D, y) in every group, (G, k + 1, k + 1).

    The first column of D is the intercept. An outcome far from zero is to be given less its mean, for the last digits.
    """
    total, k = moments.sum(axis=0), moments.shape[1] - 1
    gram, xy = total[:k, :k], total[:k, k]
    bread = np.linalg.pinv(gram, rcond=1e-12, hermitian=True)
    coef = bread @ xy
    scores = moments[:, :k, k] - moments[:, :k, :k] @ coef
    sse = total[k, k] - 2 * coef @ xy + coef @ gram @ coef
    around = total[k, k] - total[0, k] ** 2 / total[0, 0]
    return ReplicatedFit(coef, bread @ groups.spread(scores) @ bread, float(sse / total[0, 0]), float(1 - sse / around))


def deleted(D: np.ndarray, y: np.ndarray, w: np.ndarray, groups: Groups) -> tuple[np.ndarray, np.ndarray, int]:
    """Return `deleted_of` from the rows of D (n, k), y and weights (n,)."""
    used = np.unique(groups.code if groups.margins is None else groups.margins.owner[groups.code])
    return deleted_of(outer_moments(np.column_stack([D, y]), w, groups), groups, used)


def deleted_of(moments: np.ndarray, groups: Groups, used: np.ndarray) -> tuple[np.ndarray, np.ndarray, int]:
    """Return the coefficients of `least_squares`, their delete-a-group jackknife covariance, its degrees of freedom.

    V = sum over groups of (n - 1)/n (b_g - b)(b_g - b)', the fits without one group, the others of its stratum lifted
    by n/(n - 1), and raked anew where weights were fitted in this session. Few rows bias it upwards, the sandwich
    downwards (MacKinnon & White 1985, HC3).

    Parameters
    ----------
    moments : (G, k + 1, k + 1), sums of products of (D, y) in every group. ``used`` : the groups that have rows.

    References
    ----------
    MacKinnon & White (1985), doi:10.1016/0304-4076(85)90158-7.
    """
    k = moments.shape[1] - 1
    weights, factor = groups.left_out()
    total = np.tensordot(np.vstack([np.ones(weights.shape[1]), weights]), moments, 1)
    bread = np.linalg.pinv(total[:, :k, :k], rcond=1e-12, hermitian=True)
    b = (bread @ total[:, :k, k:])[..., 0]
    change = b[1:] - b[0]
    df = len(used) - len(np.unique(groups.stratum[used]))
    return b[0], np.einsum("g,gi,gj->ij", factor, change, change), df


def monotone(moments: np.ndarray, rises: np.ndarray) -> np.ndarray:
    """Return least-squares coefficients that are not negative where ``rises`` says so, from moments of (D, y).

    With D'D = L L' the problem is min |L' b - L^-1 D'y|, solved by active sets (Lawson & Hanson, 1974). Free
    coefficients enter with both signs.

    Parameters
    ----------
    moments : (k + 1, k + 1), the outcome last.
    rises : (k,) booleans.
    """
    k = len(rises)
    gram = moments[:k, :k].copy()
    gram[np.diag_indices(k)] += 1e-9 * np.trace(gram) / k
    L = np.linalg.cholesky(gram)
    A = np.column_stack([L.T, -L.T[:, ~rises]])
    b, _ = nnls(A, np.linalg.solve(L, moments[:k, k]), maxiter=50 * k)
    out = b[:k].copy()
    out[~rises] -= b[k:]
    return out


def outer_moments(Z: np.ndarray, w: np.ndarray, groups: Groups) -> np.ndarray:
    """Return the weighted sums of z z' in every group, (G, k, k)."""
    order, bounds = by_group(groups)
    out = np.empty((groups.size, Z.shape[1], Z.shape[1]))
    for g in range(len(out)):
        rows = order[bounds[g] : bounds[g + 1]]
        out[g] = (Z[rows] * w[rows, None]).T @ Z[rows]
    return out
