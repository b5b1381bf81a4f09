"""How much groups differ beyond sampling: the standard deviation tau of their true values, with exact-type intervals.

References
----------
Viechtbauer, W. (2007). Confidence intervals for the amount of heterogeneity in meta-analysis.
    Statistics in Medicine 26, 37-52. doi:10.1002/sim.2514
Paule, R. C. & Mandel, J. (1982). Consensus values and weighting factors. J. Res. Natl. Bur. Stand. 87, 377-385.
Raudenbush, S. W. (2009). Analyzing effect sizes: random-effects models. (REML of tau²)
Johansen, S. (1980). The Welch-James approximation to the distribution of the residual sum of squares in a weighted
    linear regression. Biometrika 67, 85-92. doi:10.1093/biomet/67.1.85
Röver, C., Knapp, G. & Friede, T. (2015). Hartung-Knapp-Sidik-Jonkman approach and its modification.
    BMC Medical Research Methodology 15, 99. doi:10.1186/s12874-015-0091-1
von Neumann, J., Kent, R. H., Bellinson, H. R. & Hart, B. I. (1941). The mean square successive difference.
    Annals of Mathematical Statistics 12, 153-162. doi:10.1214/aoms/1177731746
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.special import chdtrc, fdtrc, ndtri, stdtrit


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


def profile(y: NDArray, v: NDArray, level: float, df: ArrayLike = np.inf) -> tuple[float, float]:
    """Return the Q-profile interval of tau for vectors of estimates: every value that Q(tau) does not reject.

    Limits that Q cannot reach are 0.

    Parameters
    ----------
    y : shape (groups, p). ``v`` : sampling covariances, shape (groups, p, p). Groups differ by tau² I around a mean
        vector; Q has (groups - 1) p degrees of freedom.
    level : of the interval.
    df : degrees of freedom of each group's covariance, which is itself an estimate; infinite: it is known.
    """
    tail = (1 - level) / 2
    low, high = (_solved(y, v, lambda t, at=at: exceeds(y, v, t, df) - at) for at in (tail, 1 - tail))
    return low, high


def exceeds(y: NDArray, v: NDArray, tau: float, df: ArrayLike = np.inf) -> float:
    """Return the p-value of the null that the standard deviation between groups is at most ``tau``."""
    q, (c, f1, f2) = quadratic(y, v, tau**2), _reference(v, tau**2, df)
    return float(fdtrc(f1, f2, q / c / f1)) if q > 0 else 1.0


def centre(y: NDArray, v: NDArray, df: ArrayLike = np.inf) -> float:
    """Return the tau at which Q equals what is expected of it (Paule & Mandel)."""

    def beyond(tau: float) -> float:
        c, f1, f2 = _reference(v, tau**2, df)
        return c * f1 * f2 / (f2 - 2) - quadratic(y, v, tau**2) if f2 > 2 else 1.0

    return _solved(y, v, beyond)


def quadratic(y: NDArray, v: NDArray, tau2: float) -> float:
    """Return Q(tau²) = sum (y - mean)' (V + tau² I)^-1 (y - mean), with the mean that minimises it."""
    precision = np.linalg.inv(v + tau2 * np.eye(y.shape[1]))
    mean = np.linalg.solve(precision.sum(0), np.einsum("gij,gj->i", precision, y))
    return float(np.einsum("gi,gij,gj->", y - mean, precision, y - mean))


def successive(y: ArrayLike, v: ArrayLike, level: float = 0.95) -> tuple[float, float, float]:
    """Return tau from the differences of neighbours alone, with its interval: a slow course adds nothing to it.

    Q(tau²) = sum of (y_i+1 - y_i)² / (v_i + v_i+1 + 2 tau²) has expectation groups - 1, at which tau is estimated
    (as Paule & Mandel); the limits are where Q is at its quantiles (`successive_exceeds`).

    >>> [round(x, 3) for x in successive([0, 4, 0, 4, 0, 4], [1, 1, 1, 1, 1, 1])]
    [2.646, 1.323, 8.873]
    """
    at, own = np.asarray(y, float), np.asarray(v, float)
    columns, tail = (at[:, None], own[:, None, None]), (1 - level) / 2
    tau = _solved(*columns, lambda t: 1 - _neighbours(at, own, t)[0] / (len(at) - 1))
    low, high = (_solved(*columns, lambda t, p=p: successive_exceeds(at, own, t) - p) for p in (tail, 1 - tail))
    return tau, low, high


def successive_exceeds(y: NDArray, v: NDArray, tau: float) -> float:
    """Return the p-value of the null that groups vary around their course by at most ``tau``.

    Q of neighbours is a weighted sum of chi-squares: Satterthwaite's c chi²(f) with the same mean and variance, whose
    upper tail of 2.5 % holds 2.5 to 2.7 % from three groups on (its lower tail, of the upper limit, .6 to 2.4 %).
    """
    q, f = _neighbours(y, v, tau)
    return float(chdtrc(f, q * f / (len(y) - 1)))


def _neighbours(y: NDArray, v: NDArray, tau: float) -> tuple[float, float]:
    """Return Q of the differences of neighbours, and its degrees of freedom: (sum of the variances)² / sum of r²."""
    own = v + tau**2
    spread = own[1:] + own[:-1]
    shared = own[1:-1] ** 2 / (spread[1:] * spread[:-1])
    steps = len(y) - 1
    return float((np.diff(y) ** 2 / spread).sum()), steps**2 / (steps + 2 * float(shared.sum()))


def _reference(v: NDArray, tau2: float, df: ArrayLike) -> tuple[float, float, float]:
    """Return c, f1, f2 with Q ~ c f1 F(f1, f2): Johansen's approximation for covariances that were estimated.

    A = sum of (tr M² + (tr M)²) / (2 df) with M = (I - W^-1 W_g) W_g V_g, W_g = (V_g + tau² I)^-1, W their sum; known
    covariances have A = 0 and Q is chi-square.
    """
    groups, p = v.shape[:2]
    f1 = (groups - 1) * p
    precision = np.linalg.inv(v + tau2 * np.eye(p))
    own = (np.eye(p) - np.linalg.solve(precision.sum(0), precision)) @ precision @ v
    trace = np.einsum("gii->g", own)
    a = float(((np.einsum("gij,gji->g", own, own) + trace**2) / (2 * np.asarray(df, float))).sum())
    return (1 + 2 * a / f1 - 6 * a / (f1 * (f1 + 2))), f1, f1 * (f1 + 2) / (3 * a) if a > 0 else 1e12


def _solved(y: NDArray, v: NDArray, beyond: Callable[[float], float]) -> float:
    """Return the tau from which on ``beyond``, which grows with tau, is at least 0; 0 where it is at once."""
    if beyond(0.0) >= 0:
        return 0.0
    top = float(np.sqrt(y.var(axis=0).max() + np.einsum("gii->g", v).max())) + 1e-9
    while beyond(top) < 0:
        top *= 2
    return float(brentq(beyond, 0.0, top, xtol=1e-12 * top, rtol=1e-12))


def common(y: np.ndarray, v: np.ndarray, tau2: float, *, level: float) -> tuple[float, float, float]:
    """Return the mean of estimates that differ by more than their errors, and its limits.

    Weights 1 / (v + tau2), variance 1 / (sum of the weights): DerSimonian & Laird (1986),
    doi:10.1016/0197-2456(86)90046-2.

    >>> [round(x, 3) for x in common(np.array([1.0, 3.0]), np.array([1.0, 1.0]), 1.0, level=0.95)]
    [2.0, 0.04, 3.96]
    """
    w = 1 / (v + tau2)
    mean, half = float((w * y).sum() / w.sum()), float(ndtri(0.5 + level / 2) / np.sqrt(w.sum()))
    return mean, mean - half, mean + half
