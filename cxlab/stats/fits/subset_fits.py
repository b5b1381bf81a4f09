"""Maximum likelihood on many subsets of the drivers at once: logit, ordered logit, Poisson, multinomial logit.

All subsets share the answers, so one matrix product gives the Hessians of hundreds of models.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, gammaln, log_expit, logsumexp

FAMILIES = ("logit", "ordinal", "count", "multinomial")
LATENT_VARIANCE = {"logit": np.pi**2 / 3, "ordinal": np.pi**2 / 3}
_AT_ONCE = 1 << 21


@dataclass(frozen=True)
class Fits:
    """Fitted models, one row a subset.

    ``loglik`` (S, m): log-likelihood of each row at its weight 1; ``theta`` (S, P) parameters, intercepts first;
    ``slopes``: which of them multiply the drivers, (equations, q); ``score`` (m, P) and ``information`` (P, P) of the
    last subset; ``converged`` (S,).
    """

    loglik: np.ndarray
    theta: np.ndarray
    slopes: np.ndarray
    score: np.ndarray
    information: np.ndarray
    converged: np.ndarray


def fit_subsets(family: str, X: np.ndarray, y: np.ndarray, w: np.ndarray, keep: np.ndarray) -> Fits:
    """Fit the regression of y on each subset of the columns of X by Newton's method (Fisher scoring for 'ordinal').

    Parameters
    ----------
    family : one of `FAMILIES`. 'ordinal' is the cumulative logit, P(y <= k) = expit(t_k - x b).
    X : (m, q), standardized.
    y : (m,) codes 0..K-1; counts for 'count'.
    w : (m,) weights or numbers of rows with that pattern.
    keep : (S, q) booleans, the subsets.
    """
    m, q = X.shape
    D = np.column_stack([np.ones(m), X])
    DD = (D[:, :, None] * D[:, None, :]).reshape(m, -1)
    k = int(y.max()) + 1
    equations = {"logit": 1, "count": 1, "ordinal": k - 1, "multinomial": k - 1}[family]
    columns = _columns(family, equations, q)
    start = _start(family, y, w, equations, columns.max() + 1)
    free = np.ones((len(keep), columns.max() + 1), bool)
    for row in columns:
        free[:, row[1:]] = keep
    logliks, thetas, converged = [], [], []
    portion = max(1, _AT_ONCE // (m * equations))
    for i in range(0, len(keep), portion):
        theta, loglik, score, H, done = _newton(family, D, DD, y, w, free[i : i + portion], start, columns)
        logliks.append(loglik)
        thetas.append(theta)
        converged.append(done)
    return Fits(np.concatenate(logliks), np.concatenate(thetas), columns[:, 1:], score, H, np.concatenate(converged))


def _columns(family: str, equations: int, q: int) -> np.ndarray:
    """Which parameters each linear predictor uses: its intercept, then its slopes."""
    if family == "ordinal":
        return np.column_stack([np.arange(equations), np.tile(equations + np.arange(q), (equations, 1))])
    return np.arange(equations * (q + 1)).reshape(equations, q + 1)


def _start(family: str, y: np.ndarray, w: np.ndarray, equations: int, size: int) -> np.ndarray:
    theta = np.zeros(size)
    if family == "count":
        theta[0] = np.log(np.average(y, weights=w))
    elif family == "ordinal":
        share = np.cumsum(np.bincount(y.astype(int), weights=w))[:-1] / w.sum()
        theta[:equations] = np.log(share / (1 - share))
    return theta


def _newton(
    family: str,
    D: np.ndarray,
    DD: np.ndarray,
    y: np.ndarray,
    w: np.ndarray,
    free: np.ndarray,
    start: np.ndarray,
    columns: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    S, q1 = len(free), D.shape[1]
    theta = np.tile(start, (S, 1))
    both = free[:, :, None] & free[:, None, :]
    for iteration in range(60):
        eta = np.stack([D @ theta[:, c].T for c in columns])
        score, info = _FAMILY[family](eta, y)
        g = np.zeros_like(theta)
        H = np.zeros((S, theta.shape[1], theta.shape[1]))
        for a, ca in enumerate(columns):
            g[:, ca] += (score[a] * w[:, None]).T @ D
            for b, cb in enumerate(columns):
                if (a, b) in info:
                    H[:, ca[:, None], cb] += ((info[a, b] * w[:, None]).T @ DD).reshape(S, q1, q1)
        H = np.where(both, H, 0.0)
        H[:, np.arange(len(start)), np.arange(len(start))] += np.where(free, 1e-10 * w.sum(), 1.0)
        step = np.linalg.solve(H, np.where(free, g, 0.0)[..., None])[..., 0]
        size = np.abs(step).max(axis=1)
        if (size < 1e-9).all():
            break
        theta += step * np.minimum(1.0, 4.0 / np.maximum(size, 1e-12))[:, None]
        if iteration > 25 and np.abs(theta).max() > 25:  # separated: the likelihood has no maximum
            break
    by_row = np.zeros((len(y), theta.shape[1]))
    loglik = _LOGLIK[family](np.stack([D @ theta[:, c].T for c in columns]), y)
    for a, ca in enumerate(columns):
        by_row[:, ca] += score[a][:, -1:] * D
    return theta, loglik.T, by_row, H[-1], size < 1e-6


def _logit(eta: np.ndarray, y: np.ndarray) -> tuple[list[np.ndarray], dict[tuple[int, int], np.ndarray]]:
    p = expit(eta[0])
    return [y[:, None] - p], {(0, 0): p * (1 - p)}


def _count(eta: np.ndarray, y: np.ndarray) -> tuple[list[np.ndarray], dict[tuple[int, int], np.ndarray]]:
    mu = np.exp(np.minimum(eta[0], 30.0))
    return [y[:, None] - mu], {(0, 0): mu}


def _multinomial(eta: np.ndarray, y: np.ndarray) -> tuple[list[np.ndarray], dict[tuple[int, int], np.ndarray]]:
    p = np.exp(eta - logsumexp(np.concatenate([np.zeros_like(eta[:1]), eta]), axis=0))  # category 0 is the base
    score = [(y == a + 1)[:, None] - p[a] for a in range(len(eta))]
    return score, {(a, b): p[a] * ((a == b) - p[b]) for a in range(len(eta)) for b in range(len(eta))}


def _ordinal(eta: np.ndarray, y: np.ndarray) -> tuple[list[np.ndarray], dict[tuple[int, int], np.ndarray]]:
    k = len(eta) + 1
    P, f = _categories(eta), expit(eta) * expit(-eta)
    hit = [(y == c)[:, None] for c in range(k)]
    score = [f[j] * (hit[j] / P[j] - hit[j + 1] / P[j + 1]) for j in range(k - 1)]
    info = {(j, j): f[j] ** 2 * (1 / P[j] + 1 / P[j + 1]) for j in range(k - 1)}
    for j in range(k - 2):
        info[j, j + 1] = info[j + 1, j] = -f[j] * f[j + 1] / P[j + 1]
    return score, info


def _categories(eta: np.ndarray) -> np.ndarray:
    below = np.concatenate([np.zeros_like(eta[:1]), expit(eta), np.ones_like(eta[:1])])
    return np.maximum(np.diff(below, axis=0), 1e-12)


def _chosen(values: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.take_along_axis(values, y.astype(int)[None, :, None], axis=0)[0]


_FAMILY = {"logit": _logit, "ordinal": _ordinal, "count": _count, "multinomial": _multinomial}
_LOGLIK = {
    "logit": lambda eta, y: log_expit(np.where(y[:, None] > 0, eta[0], -eta[0])),
    "count": lambda eta, y: y[:, None] * eta[0] - np.exp(np.minimum(eta[0], 30.0)) - gammaln(y + 1)[:, None],
    "ordinal": lambda eta, y: np.log(_chosen(_categories(eta), y)),
    "multinomial": lambda eta, y: (
        _chosen(eta := np.concatenate([np.zeros_like(eta[:1]), eta]), y) - logsumexp(eta, axis=0)
    ),
}


def latent_correlation(covariance: np.ndarray, slopes: np.ndarray, residual: float) -> np.ndarray:
    """Return the correlations of the drivers and of the latent outcome y* = x b + e that a fitted model implies.

    cov(x, y*) = Sigma b and var(y*) = b' Sigma b + ``residual``, so R² of the last column is McKelvey & Zavoina's.

    Parameters
    ----------
    covariance : (B, p, p) of the drivers.
    slopes : (B, p).
    residual : variance of e: pi²/3 for logit and ordered logit; ln(1 + 1/mean) for counts.

    Returns
    -------
    (B, p + 1, p + 1)

    References
    ----------
    McKelvey & Zavoina (1975), doi:10.1080/0022250X.1975.9989847; counts: Nakagawa, Johnson & Schielzeth (2017),
    doi:10.1098/rsif.2017.0213.
    """
    B, p, _ = covariance.shape
    R = np.empty((B, p + 1, p + 1))
    with_y = np.einsum("bij,bj->bi", covariance, slopes)
    total = np.einsum("bi,bi->b", with_y, slopes) + residual
    sd = np.sqrt(np.einsum("bii->bi", covariance))
    sd = np.where(sd > 1e-12, sd, np.inf)
    R[:, :p, :p] = covariance / sd[:, :, None] / sd[:, None, :]
    R[:, :p, p] = R[:, p, :p] = with_y / sd / np.sqrt(total)[:, None]
    R[:, np.arange(p + 1), np.arange(p + 1)] = 1.0
    return R
