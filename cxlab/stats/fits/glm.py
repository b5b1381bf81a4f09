"""Generalized linear models of distinct rows with counts: families and links, one Newton loop, robust errors.

References
----------
McCullagh, P. & Nelder, J. A. (1989). Generalized Linear Models, 2nd ed. Chapman & Hall. (Fisher scoring)
Santos Silva, J. M. C. & Tenreyro, S. (2006). The log of gravity. REStat 88, 641-658. (Poisson pseudo-likelihood)
Prentice, R. L. & Gloeckler, L. A. (1978). Biometrics 34, 57-67. (complementary log-log: a hazard in grouped time)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from cxlab.stats.fits.robust import RobustFit, cluster_meat, rests_on, stratified_meat

MODELS = ("logit", "cloglog", "poisson")
STEPS, STILL = 60, 1e-9
"""Scoring steps at most, and the change of the linear predictor (standardised) below which it has converged."""
FAR = 15.0
"""A linear predictor beyond this has a probability of 0 or 1: the groups are separated."""


@dataclass(frozen=True)
class Glm(RobustFit):
    """A fit with whether it ``converged``, and the fitted means ``mu``."""

    converged: bool = True
    mu: NDArray | None = None


def glm(
    x: NDArray,
    y: NDArray,
    n: NDArray,
    w: NDArray,
    cluster: NDArray | None = None,
    strata: NDArray | None = None,
    *,
    model: str = "logit",
) -> Glm:
    """Fit a generalized linear model by Fisher scoring; covariance as in `cxlab.stats.fits.robust.least_squares`.

    Without clusters HC3 of the last weighted step, with clusters cluster sums times G / (G - 1), with strata sums
    centred in their stratum.

    Parameters
    ----------
    x : (rows, p) design matrix with a constant. ``y`` : (rows,) outcome: 0 to 1, or 0 and more for 'poisson'.
    n, w : (rows,) answers and their weight.
    cluster, strata : (rows,) codes, or None.
    model : 'logit' (log odds), 'cloglog' (log hazard) or 'poisson' (log mean, pseudo-likelihood).

    >>> x = np.column_stack([np.ones(4), [0, 1, 0, 1]])
    >>> f = glm(x, np.array([0, 0, 1, 1]), np.array([30, 10, 10, 30]), np.ones(4))
    >>> f.converged, (f.b[1] / np.log(9)).round(6).item()
    (True, 1.0)
    """
    nw = n * w
    b = np.zeros(x.shape[1])
    b[0] = _start(float(np.average(y, weights=nw)), model)
    bread, converged = np.empty(0), False
    for _ in range(STEPS):
        mu, slope, spread = _mean(x @ b, model)
        bread = np.linalg.pinv(x.T @ (x * (nw * slope**2 / spread)[:, None]), rcond=1e-12, hermitian=True)
        step = bread @ (x.T @ (nw * slope * (y - mu) / spread))
        b = b + step / max(1.0, float(np.abs(x @ step).max()) / 4)
        if np.abs(x @ step).max() < STILL:
            converged = True
            break
    mu, slope, spread = _mean(x @ b, model)
    converged = converged and bool(model == "poisson" or np.abs(x @ b).max() < FAR)
    u = x * (w * slope * (y - mu) / spread)[:, None]
    meat, df = _meat(x, u, n, w * slope**2 / spread, bread, cluster, strata)
    rests = None if cluster is None else rests_on(x, cluster)
    return Glm(b, bread @ meat @ bread, df, y - mu, None, rests, converged, mu)


def _start(mean: float, model: str) -> float:
    """The constant that fits the mean alone."""
    if model == "poisson":
        return float(np.log(max(mean, 1e-9)))
    p = min(max(mean, 1e-6), 1 - 1e-6)
    return float(np.log(p / (1 - p)) if model == "logit" else np.log(-np.log1p(-p)))


def _mean(eta: NDArray, model: str) -> tuple[NDArray, NDArray, NDArray]:
    """Mean, its slope in the linear predictor, and its variance."""
    if model == "poisson":
        mu = np.exp(np.clip(eta, -30, 30))
        return mu, mu, mu
    if model == "logit":
        p = np.clip(expit(eta), 1e-12, 1 - 1e-12)
        return p, p * (1 - p), p * (1 - p)
    rate = np.exp(np.clip(eta, -30, 4))
    p = np.clip(-np.expm1(-rate), 1e-12, 1 - 1e-12)
    return p, rate * (1 - p), p * (1 - p)


def _meat(
    x: NDArray, u: NDArray, n: NDArray, curve: NDArray, bread: NDArray, cluster: NDArray | None, strata: NDArray | None
) -> tuple[NDArray, float]:
    """The variance of the scores ``u`` of an answer, and its degrees of freedom."""
    if strata is not None:
        return stratified_meat(u, n, cluster, strata)
    if cluster is not None:
        return cluster_meat(u, n, cluster)
    h = np.fmin(curve * np.einsum("ij,jk,ik->i", x, bread, x), 0.999)
    u = u / (1 - h)[:, None]
    return (u * n[:, None]).T @ u, float(n.sum() - x.shape[1])
