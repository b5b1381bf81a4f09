"""Ridge regression from moments: no row is seen in here.

Notation: S = X'WX with the constant first, R the correlation matrix of the predictors, r their correlations with y
times the standard deviation of y; R = V diag(d) V'.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

GRID = np.geomspace(1e-8, 1e2, 401)
"""Values of lambda / n among which generalised cross-validation chooses."""


@dataclass(frozen=True)
class Shrunk:
    """Coefficients with the constant first (nan where left out), covariance, lambda, effective number, R squared."""

    beta: np.ndarray
    covariance: np.ndarray
    penalty: float
    used: float
    r2: float


def spread(xx: np.ndarray, keep: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return means, standard deviations and covariances of the columns ``keep`` of S."""
    w = xx[0, 0]
    mean = xx[0, keep] / w
    cov = xx[np.ix_(keep, keep)] / w - np.outer(mean, mean)
    return mean, np.sqrt(np.diag(cov)), cov


def ridge(xx: np.ndarray, xy: np.ndarray, yy: float, n: float, keep: np.ndarray, penalty: float | None) -> Shrunk:
    """Return b = (R + lambda/n I)^-1 r on standardised predictors, back in their units; the constant is not penalised.

    lambda minimises generalised cross-validation, residual / (1 - used/n)**2 with used = 1 + sum d / (d + lambda/n),
    where ``penalty`` is None (Golub, Heath & Wahba 1979, doi:10.1080/00401706.1979.10489751). Covariance: sigma^2 / n
    V diag(d / (d + lambda/n)**2) V', sigma^2 = n residual / (n - used) (Hoerl & Kennard 1970,
    doi:10.1080/00401706.1970.10488634).

    Parameters
    ----------
    xx, xy, yy : X'WX with the constant first, X'Wy, y'Wy.
    n : number of rows.
    keep : columns that are penalised, as positions in ``xx``.
    penalty : lambda >= 0, or None.

    Examples
    --------
    x = 0, 1, 2, 3 and y = 1, 3, 5, 7: the slope 2 shrinks by 1 / (1 + lambda/n), here to a half.

    >>> x, y = np.column_stack([np.ones(4), np.arange(4.0)]), np.array([1.0, 3, 5, 7])
    >>> ridge(x.T @ x, x.T @ y, y @ y, 4, np.array([1]), 4.0).beta.round(9).tolist()
    [2.5, 1.0]
    """
    w = xx[0, 0]
    mean, sd, cov = spread(xx, keep)
    mean_y = xy[0] / w
    values, vectors = np.linalg.eigh(cov / np.outer(sd, sd))
    values, turned = np.maximum(values, 0.0), vectors.T @ ((xy[keep] / w - mean * mean_y) / sd)
    var_y = yy / w - mean_y**2

    def shrunk(lam: float) -> tuple[np.ndarray, float, float]:
        share = turned / (values + lam / n)
        left = var_y - 2 * share @ turned + share @ (values * share)
        return share, left, 1 + float(np.sum(values / (values + lam / n)))

    if penalty is None:
        penalty = float(min(n * GRID, key=lambda lam: shrunk(lam)[1] / (1 - shrunk(lam)[2] / n) ** 2))
    share, left, used = shrunk(penalty)
    beta = np.full(len(xy), np.nan)
    beta[keep] = vectors @ share / sd
    beta[0] = mean_y - mean @ beta[keep]
    sigma2 = left * n / (n - used)
    inner = (vectors * (values / (values + penalty / n) ** 2)) @ vectors.T * sigma2 / n / np.outer(sd, sd)
    covariance = np.zeros((len(beta), len(beta)))
    covariance[np.ix_(keep, keep)] = inner
    covariance[0, 0] = sigma2 / n + mean @ inner @ mean
    covariance[0, keep] = covariance[keep, 0] = -inner @ mean
    return Shrunk(beta, covariance, penalty, used, 1 - left / var_y)
