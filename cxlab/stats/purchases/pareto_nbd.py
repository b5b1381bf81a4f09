"""Pareto/NBD: customers buy at a pace of their own and may drop out at any time.

References
----------
Schmittlein, D. C., Morrison, D. G. & Colombo, R. (1987). Counting your customers. Management Science 33, 1-24.
    doi:10.1287/mnsc.33.1.1
Fader, P. S. & Hardie, B. G. S. (2005). A note on deriving the Pareto/NBD model. brucehardie.com/notes/009
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import gammaln, hyp2f1

from cxlab.stats.purchases.bgnbd import PurchaseFit, curvature


def loglik(log: NDArray, x: NDArray, last: NDArray, watched: NDArray) -> NDArray:
    """Return the log-likelihood of each customer.

    Parameters
    ----------
    log : (4,) logarithms of r, alpha, s, beta. ``x``, ``last``, ``watched`` : (rows,) x, t_x, T.
    """
    with np.errstate(invalid="ignore"):
        return np.logaddexp(*_pieces(log, x, last, watched))


def _pieces(log: NDArray, x: NDArray, last: NDArray, watched: NDArray) -> tuple[NDArray, NDArray]:
    """Logarithms of the likelihood of still being there, and of having dropped out."""
    r, alpha, s, beta = np.exp(log)
    start = gammaln(r + x) - gammaln(r) + r * np.log(alpha) + s * np.log(beta)
    stays = -(r + x) * np.log(alpha + watched) - s * np.log(beta + watched)
    long, short, other = (alpha, abs(alpha - beta), s + 1) if alpha >= beta else (beta, abs(alpha - beta), r + x)
    power = r + s + x

    def term(t: NDArray) -> NDArray:
        with np.errstate(divide="ignore"):
            return np.log(hyp2f1(power, other, power + 1, short / (long + t))) - power * np.log(long + t)

    one, two = term(last), term(watched)
    with np.errstate(divide="ignore", invalid="ignore"):
        gone = one + np.log1p(-np.exp(np.fmin(two - one, 0.0)))
    return start + stays, start + np.log(s) - np.log(power) + gone


def fit(x: NDArray, last: NDArray, watched: NDArray, n: NDArray) -> PurchaseFit:
    """Fit by maximum likelihood on distinct customers with counts ``n`` (rows,); ``log`` holds r, alpha, s, beta."""
    total, unit = n.sum(), max(float(np.average(watched, weights=n)), 1e-12)

    def cost(log: NDArray) -> float:
        value = -float(n @ loglik(log, x, last / unit, watched / unit)) / total
        return value if np.isfinite(value) else 1e10

    start = minimize(cost, [-0.5, -1.0, -0.5, -1.0], method="L-BFGS-B", bounds=[(-6, 6)] * 4, options={"maxiter": 100})
    best = minimize(cost, start.x, method="BFGS", options={"gtol": 1e-7, "maxiter": 100})
    info = curvature(cost, best.x) * total
    inside = bool(np.isfinite(best.x).all() and np.abs(best.x).max() < 6 and np.linalg.eigvalsh(info).min() > 0)
    log = best.x + np.array([0.0, np.log(unit), 0.0, np.log(unit)])
    covariance = np.linalg.inv(info) if inside else np.full((4, 4), np.nan)
    return PurchaseFit(log, covariance, float(n @ loglik(log, x, last, watched)), inside)


def expected(log: NDArray, x: NDArray, last: NDArray, watched: NDArray, ahead: float) -> NDArray:
    """Return how many purchases each customer is expected to make in the next ``ahead``.

    >>> log = np.log([0.5534, 10.5802, 0.6061, 11.6562])
    >>> expected(log, np.array([2.0]), np.array([30.43]), np.array([38.86]), 39.0).round(2).tolist()
    [1.46]
    """
    r, alpha, s, beta = np.exp(log)
    stays, gone = _pieces(log, x, last, watched)
    alive = 1 / (1 + np.exp(np.fmin(gone - stays, 700.0)))
    later = 1 - ((beta + watched) / (beta + watched + ahead)) ** (s - 1)
    return alive * (r + x) * (beta + watched) / ((alpha + watched) * (s - 1)) * later
