"""BG/NBD: customers buy at a pace of their own and may drop out after any purchase.

A customer is what counts of it: x repeat purchases, the last of them at t_x, watched for T, all since the first one.

References
----------
Fader, P. S., Hardie, B. G. S. & Lee, K. L. (2005). "Counting your customers" the easy way. Marketing Science 24,
    275-284. doi:10.1287/mksc.1040.0098 (equations 6 and 10)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import betaln, digamma, gammaln, hyp2f1

HALF = 1e-4


@dataclass(frozen=True)
class PurchaseFit:
    """``log`` of r, alpha, a, b; its ``covariance``; the log-likelihood; whether it ``converged``."""

    log: NDArray
    covariance: NDArray
    loglik: float
    converged: bool


def loglik(log: NDArray, x: NDArray, last: NDArray, watched: NDArray) -> NDArray:
    """Return the log-likelihood of each customer.

    Parameters
    ----------
    log : (4,) logarithms of r, alpha, a, b. ``x``, ``last``, ``watched`` : (rows,) x, t_x, T.
    """
    r, alpha, a, b = np.exp(log)
    start = gammaln(r + x) - gammaln(r) + r * np.log(alpha) + betaln(a, b + x) - betaln(a, b)
    with np.errstate(divide="ignore"):
        gone = np.where(x > 0, np.log(a) - np.log(b + np.fmax(x, 1) - 1) - (r + x) * np.log(alpha + last), -np.inf)
    return start + np.logaddexp(-(r + x) * np.log(alpha + watched), gone)


def curvature(cost: Callable[[NDArray], float], at: NDArray) -> NDArray:
    """Return the second derivatives of ``cost`` at a point, by central differences.

    >>> curvature(lambda v: float(v[0] ** 2 + v[0] * v[1]), np.array([1.0, 2.0])).round(4).tolist()
    [[2.0, 1.0], [1.0, 0.0]]
    """
    eye = np.eye(len(at)) * HALF
    return np.array([[
        (cost(at + i + j) - cost(at + i - j) - cost(at - i + j) + cost(at - i - j)) / (4 * HALF**2)
        for j in eye] for i in eye])  # fmt: skip


def fit(x: NDArray, last: NDArray, watched: NDArray, n: NDArray) -> PurchaseFit:
    """PurchaseFit by maximum likelihood on distinct customers with counts ``n`` (rows,)."""
    total, unit = n.sum(), max(float(np.average(watched, weights=n)), 1e-12)
    numbers, at = np.unique(x, return_inverse=True)
    held = (n, numbers, at, last / unit, watched / unit)
    both = lambda log: _slope(log, *held)  # noqa: E731
    best = None
    for start in ([0.0, -1.0, 0.0, 0.5], [-1.0, -2.0, -0.5, 1.0]):
        found = minimize(both, start, jac=True, method="L-BFGS-B", bounds=[(-8, 8)] * 4, options={"maxiter": 500})
        best = found if best is None or found.fun < best.fun - 1e-12 else best
    assert best is not None
    best = minimize(both, best.x, jac=True, method="BFGS", options={"gtol": 1e-9, "maxiter": 60})
    eye = np.eye(4) * HALF
    info = np.array([(both(best.x + e)[1] - both(best.x - e)[1]) / (2 * HALF) for e in eye]) * total
    info = (info + info.T) / 2
    inside = bool(np.isfinite(best.x).all() and np.abs(best.x).max() < 7.9 and np.linalg.eigvalsh(info).min() > 0)
    log = best.x + np.array([0.0, np.log(unit), 0.0, 0.0])
    covariance = np.linalg.inv(info) if inside else np.full((4, 4), np.nan)
    return PurchaseFit(log, covariance, float(n @ loglik(log, x, last, watched)), inside)


def _slope(
    log: NDArray, n: NDArray, numbers: NDArray, at: NDArray, last: NDArray, watched: NDArray
) -> tuple[float, NDArray]:
    """Minus the mean log-likelihood and its slope; what depends on x alone is taken once a number of purchases."""
    r, alpha, a, b = np.exp(log)
    total = n.sum()
    start = gammaln(r + numbers) - gammaln(r) + r * np.log(alpha) + betaln(a, b + numbers) - betaln(a, b)
    again = numbers > 0
    x = numbers[at]
    long, short = np.log(alpha + watched), np.log(alpha + last)
    with np.errstate(divide="ignore"):
        odds = np.where(again, np.log(a) - np.log(b + np.fmax(numbers, 1) - 1), -np.inf)[at]
    stay, gone = -(r + x) * long, odds - (r + x) * short
    both = np.logaddexp(stay, gone)
    share = np.exp(stay - both)
    value = float((n * (start[at] + both)).sum()) / total
    count, out = np.bincount(at, n), np.bincount(at, n * (1 - share))
    slope = np.array([
        count @ (digamma(r + numbers) - digamma(r) + np.log(alpha)) - (n * (share * long + (1 - share) * short)).sum(),
        total * r / alpha - (n * (r + x) * (share / (alpha + watched) + (1 - share) / (alpha + last))).sum(),
        count @ (digamma(a + b) - digamma(a + b + numbers)) + out.sum() / a,
        count @ (digamma(b + numbers) - digamma(a + b + numbers) - digamma(b) + digamma(a + b))
        - out[again] @ (1 / (b + numbers[again] - 1)),
    ])  # fmt: skip
    return -value, -slope * np.exp(log) / total


def distinct(rows: NDArray) -> tuple[NDArray, NDArray]:
    """Return the distinct rows (by hashing their columns) and how often each is there.

    >>> [v.tolist() for v in distinct(np.array([[1.0, 2.0], [0.0, 2.0], [1.0, 2.0]]))]
    [[[1.0, 2.0], [0.0, 2.0]], [2.0, 1.0]]
    """
    code = np.zeros(len(rows), np.int64)
    for column in rows.T:
        part, values = pd.factorize(column)
        code = pd.factorize(code * len(values) + part)[0]
    first = np.flatnonzero(np.r_[True, np.diff(np.maximum.accumulate(code)) > 0])
    return rows[first], np.bincount(code).astype(float)


def alive(log: NDArray, x: NDArray, last: NDArray, watched: NDArray) -> NDArray:
    """Return the probability that each customer has not dropped out; 1 by assumption for those without a repeat."""
    r, alpha, a, b = np.exp(log)
    odds = np.where(x > 0, a / (b + np.fmax(x, 1) - 1) * ((alpha + watched) / (alpha + last)) ** (r + x), 0.0)
    return 1 / (1 + odds)


def active(log: NDArray, patterns: NDArray, n: NDArray) -> float:
    """Return the share of customers who have not dropped out; ``patterns`` (rows, 3) are x, t_x, T, ``n`` of each."""
    return float(n @ alive(log, *patterns.T) / n.sum())


def expected(log: NDArray, x: NDArray, last: NDArray, watched: NDArray, ahead: float) -> NDArray:
    """Return how many purchases each customer is expected to make in the next ``ahead`` (equation 10).

    >>> log = np.log([0.243, 4.414, 0.793, 2.426])
    >>> expected(log, np.array([2.0]), np.array([30.43]), np.array([38.86]), 39.0).round(3).tolist()
    [1.226]
    """
    r, alpha, a, b = np.exp(log)
    z = ahead / (alpha + watched + ahead)
    series = hyp2f1(r + x, b + x, a + b + x - 1, z)
    growth = 1 - ((alpha + watched) / (alpha + watched + ahead)) ** (r + x) * series
    return (a + b + x - 1) / (a - 1) * growth * alive(log, x, last, watched)


def simulated(
    log: NDArray, x: NDArray, last: NDArray, watched: NDArray, ahead: float, rng: np.random.Generator
) -> NDArray:
    """Return how many purchases each customer makes in the next ``ahead``, drawn once."""
    r, alpha, a, b = np.exp(log)
    there = rng.random(len(x)) < alive(log, x, last, watched)
    pace, drop = rng.gamma(r + x, 1 / (alpha + watched)), rng.beta(a, b + x)
    made, clock = np.zeros(len(x)), np.zeros(len(x))
    while there.any():
        clock[there] += rng.exponential(1 / np.fmax(pace[there], 1e-300))
        there &= clock <= ahead
        made[there] += 1
        there &= rng.random(len(x)) > drop
    return made
