"""How much groups differ beyond sampling: the standard deviation tau of their true values, with exact-type intervals.

References
----------
Viechtbauer, W. (2007). Confidence intervals for the amount of heterogeneity in meta-analysis.
    Statistics in Medicine 26, 37-52. doi:10.1002/sim.2514
Paule, R. C. & Mandel, J. (1982). Consensus values and weighting factors. J. Res. Natl. Bur. Stand. 87, 377-385.
Raudenbush, S. W. (2009). Analyzing effect sizes: random-effects models. (REML of tau²)
Röver, C., Knapp, G. & Friede, T. (2015). Hartung-Knapp-Sidik-Jonkman approach and its modification.
    BMC Medical Research Methodology 15, 99. doi:10.1186/s12874-015-0091-1
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.special import chdtrc, chdtri, stdtrit


@dataclass(frozen=True)
class Between:
    """``tau`` (REML), its Q-profile interval, the mean with its HKSJ interval, Q and I² = 1 - df / Q (0 at least)."""

    tau: float
    low: float
    high: float
    mean: float
    mean_low: float
    mean_high: float
    q: float
    df: int
    i2: float


def between(estimates: ArrayLike, variances: ArrayLike, level: float = 0.95) -> Between:
    """Return the standard deviation between groups with known sampling variances.

    >>> b = between([10, 12, 11, 13, 9], [4, 4, 4, 4, 4])
    >>> float(b.tau), round(b.q, 6)
    (0.0, 2.5)
    """
    y, v = np.asarray(estimates, float), np.asarray(variances, float)
    low, high = profile(y[:, None], v[:, None, None], level)
    tau2 = reml(y, v)
    w = 1 / (v + tau2)
    mean = float((w * y).sum() / w.sum())
    k = len(y)
    se = np.sqrt((w * (y - mean) ** 2).sum() / (k - 1) / w.sum())
    half = float(stdtrit(k - 1, (1 + level) / 2) * se)
    w0 = 1 / v
    q = float((w0 * (y - (w0 * y).sum() / w0.sum()) ** 2).sum())
    return Between(np.sqrt(tau2), low, high, mean, mean - half, mean + half, q, k - 1, max(0.0, 1 - (k - 1) / q))


def reml(y: NDArray, v: NDArray, steps: int = 200) -> float:
    """Return the restricted maximum-likelihood estimate of tau² (Fisher scoring; 0 at least)."""
    tau2 = max(0.0, float(y.var(ddof=1) - v.mean()))
    for _ in range(steps):
        w = 1 / (v + tau2)
        mean = (w * y).sum() / w.sum()
        change = (w**2 * ((y - mean) ** 2 - v)).sum() / (w**2).sum() + 1 / w.sum()
        if abs(change - tau2) < 1e-12 * (1 + tau2):
            break
        tau2 = max(0.0, change)
    return float(tau2)


def profile(y: NDArray, v: NDArray, level: float) -> tuple[float, float]:
    """Return the Q-profile interval of tau for vectors of estimates: every value that Q(tau) does not reject.

    Parameters
    ----------
    y : shape (groups, p). ``v`` : sampling covariances, shape (groups, p, p). Groups differ by tau² I around a mean
    vector; Q has (groups - 1) p degrees of freedom. Limits that Q cannot reach are 0.
    """
    df = (len(y) - 1) * y.shape[1]
    tail = (1 - level) / 2
    return _crossing(y, v, chdtri(df, tail)), _crossing(y, v, chdtri(df, 1 - tail))


def exceeds(y: NDArray, v: NDArray, tau: float) -> float:
    """Return the p-value of the null that the standard deviation between groups is at most ``tau``."""
    return float(chdtrc((len(y) - 1) * y.shape[1], quadratic(y, v, tau**2)))


def centre(y: NDArray, v: NDArray) -> float:
    """Return the tau at which Q equals its degrees of freedom (Paule & Mandel)."""
    return _crossing(y, v, (len(y) - 1) * y.shape[1])


def quadratic(y: NDArray, v: NDArray, tau2: float) -> float:
    """Return Q(tau²) = sum (y - mean)' (V + tau² I)^-1 (y - mean), with the mean that minimises it."""
    precision = np.linalg.inv(v + tau2 * np.eye(y.shape[1]))
    mean = np.linalg.solve(precision.sum(0), np.einsum("gij,gj->i", precision, y))
    return float(np.einsum("gi,gij,gj->", y - mean, precision, y - mean))


def _crossing(y: NDArray, v: NDArray, target: float) -> float:
    if quadratic(y, v, 0.0) <= target:
        return 0.0
    top = float(y.var(axis=0).max()) + 1e-12
    while quadratic(y, v, top) > target:
        top *= 4
    return float(np.sqrt(brentq(lambda t: quadratic(y, v, t) - target, 0.0, top, xtol=1e-12 * top)))
