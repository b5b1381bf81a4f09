"""Gamma-gamma: what customers spend a purchase, from the mean of the purchases seen of each.

References
----------
Fader, P. S., Hardie, B. G. S. & Lee, K. L. (2005). RFM and CLV. Journal of Marketing Research 42, 415-430.
    doi:10.1509/jmkr.2005.42.4.415
Fader, P. S. & Hardie, B. G. S. (2013). The gamma-gamma model of monetary value. brucehardie.com/notes/025
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import digamma, gammaln

from cxlab.stats.purchases.bgnbd import PurchaseFit, curvature


def loglik(log: NDArray, x: NDArray, mean: NDArray) -> NDArray:
    """Return the log-likelihood of each customer.

    Parameters
    ----------
    log : (3,) logarithms of p, q, v. ``x``, ``mean`` : (rows,) purchases, at least 1, and what they cost on average.
    """
    p, q, v = np.exp(log)
    return (
        gammaln(p * x + q) - gammaln(p * x) - gammaln(q) + q * np.log(v) + (p * x - 1) * np.log(mean)
        + p * x * np.log(x) - (p * x + q) * np.log(v + x * mean)
    )  # fmt: skip


def fit(x: NDArray, mean: NDArray, n: NDArray) -> PurchaseFit:
    """Fit by maximum likelihood on distinct customers with counts ``n`` (rows,); ``log`` holds p, q, v."""
    total, unit = n.sum(), float(np.average(mean, weights=n * x))
    both = lambda log: _slope(log, x, mean / unit, n / total)  # noqa: E731
    start = minimize(both, [1.0, 1.0, -1.0], jac=True, method="L-BFGS-B", bounds=[(-8, 8)] * 3)
    best = minimize(both, start.x, jac=True, method="BFGS", options={"gtol": 1e-11, "maxiter": 60})
    info = curvature(lambda log: both(log)[0], best.x) * total
    inside = bool(np.isfinite(best.x).all() and np.abs(best.x).max() < 7.9 and np.linalg.eigvalsh(info).min() > 0)
    log = best.x + np.array([0.0, 0.0, np.log(unit)])
    covariance = np.linalg.inv(info) if inside else np.full((3, 3), np.nan)
    return PurchaseFit(log, covariance, float(n @ loglik(log, x, mean)), inside)


def _slope(log: NDArray, x: NDArray, mean: NDArray, share: NDArray) -> tuple[float, NDArray]:
    """Minus the mean log-likelihood of customers that are so much of all, ``share`` (rows,), and its slope (3,)."""
    p, q, v = np.exp(log)
    spent = v + x * mean
    ahead = digamma(p * x + q) - np.log(spent)
    by_p, by_q = x * (ahead + np.log(x * mean) - digamma(p * x)), ahead + np.log(v) - digamma(q)
    slopes = [share @ s for s in (by_p, by_q, q / v - (p * x + q) / spent)]
    return -float(share @ loglik(log, x, mean)), -np.exp(log) * np.array(slopes)


def expected(log: NDArray, x: NDArray, mean: NDArray) -> NDArray:
    """Return what each customer is expected to spend a purchase: between the own mean and that of all.

    Parameters
    ----------
    log : (3,) logarithms of p, q, v. ``x`` : (rows,) purchases seen, may be 0. ``mean`` : (rows,) of these.

    >>> log = np.log([6.2488, 3.7446, 15.4477])
    >>> expected(log, np.array([0.0, 2.0]), np.array([0.0, 50.0])).round(2).tolist()
    [35.17, 47.33]
    """
    p, q, v = np.exp(log)
    return p * (v + x * mean) / (p * x + q - 1)


def simulated(log: NDArray, x: NDArray, mean: NDArray, made: NDArray, rng: np.random.Generator) -> NDArray:
    """Return what each customer spends in ``made`` (rows,) further purchases, drawn once."""
    p, q, v = np.exp(log)
    pace = rng.gamma(q + p * x, 1 / (v + x * mean))
    return np.where(made > 0, rng.gamma(np.fmax(p * made, 1e-9)) / np.fmax(pace, 1e-300), 0.0)
