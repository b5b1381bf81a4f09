"""Empirical Bayes for many units: between-unit variance, shrunken estimates, intervals that need no normality.

The model: y_j ~ N(theta_j, v_j), theta_j around x_j'gamma with variance tau^2. Shrinkage lowers the total error of a
table; it is not a ranking method and moves small units most.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import interpolate, optimize, special

from cxlab.problem import DataProblem

NORMAL = 3.0
"""Kurtosis of a normal distribution: the least the robust intervals assume of the units."""

GRID = 60


@dataclass(frozen=True)
class Shrunken:
    """Shrunken estimates with robust and with parametric (Morris) half-widths, and the variance they rest on."""

    estimate: np.ndarray
    half: np.ndarray
    parametric: np.ndarray
    factor: np.ndarray
    prior: np.ndarray
    tau2: float
    kurtosis: float


def paule_mandel(y: ArrayLike, v: ArrayLike, x: np.ndarray | None = None) -> float:
    """Return the between-unit variance tau^2 at which the generalised Q statistic equals its expectation p - k.

    Parameters
    ----------
    y, v : arrays (p,) of estimates and their sampling variances (all positive).
    x : array (p, k) of what the mean depends on; None: a common mean.

    References
    ----------
    Paule & Mandel 1982, J. Res. NBS 87:377, doi:10.6028/jres.087.022.

    >>> round(paule_mandel([1.0, 2.0, 3.0], [0.1, 0.1, 0.1]), 6)
    0.9
    """
    y, v = np.asarray(y, float), np.asarray(v, float)
    x = _design(y, x)
    excess = lambda t: _q(y, v, x, t) - (len(y) - x.shape[1])  # noqa: E731
    if len(y) <= x.shape[1] or excess(0.0) <= 0:
        return 0.0
    top = np.ptp(y) ** 2 + v.max()
    while excess(top) > 0:
        top *= 4
    return float(optimize.brentq(excess, 0.0, top, xtol=1e-12))


def reml(y: ArrayLike, v: ArrayLike, x: np.ndarray | None = None) -> float:
    """Return the restricted maximum-likelihood estimate of tau^2; arguments as for `paule_mandel`."""
    y, v = np.asarray(y, float), np.asarray(v, float)
    x = _design(y, x)
    if len(y) <= x.shape[1]:
        return 0.0

    def loss(t: float) -> float:
        w = 1 / (v + t)
        return _q(y, v, x, t) - np.log(w).sum() + np.linalg.slogdet((x.T * w) @ x)[1]

    grid = np.concatenate([[0.0], np.geomspace(1e-6, 10, 60) * (np.var(y) + v.min() * 1e-3)])
    best = int(np.argmin([loss(t) for t in grid]))
    low, high = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
    found = optimize.minimize_scalar(loss, bounds=(low, high), method="bounded", options={"xatol": 1e-12 + 1e-9 * high})
    return 0.0 if loss(0.0) <= found.fun else float(found.x)


def q_test(y: ArrayLike, v: ArrayLike, x: np.ndarray | None = None) -> tuple[float, float]:
    """Return Cochran's Q and its p-value: are the units more different than their sampling error alone explains?"""
    y, v = np.asarray(y, float), np.asarray(v, float)
    x = _design(y, x)
    q = _q(y, v, x, 0.0)
    return q, float(special.chdtrc(len(y) - x.shape[1], q)) if len(y) > x.shape[1] else np.nan


def precision_dependence(y: ArrayLike, v: ArrayLike) -> tuple[float, float]:
    """Return the slope of the estimates on their standard errors (weighted by 1 / (v + tau^2)) and its p-value.

    Shrinking all units to one mean assumes that level and precision are unrelated; where they are not, large units are
    better or worse than small ones, or the variance depends on the level (shares, NPS).
    """
    y, v = np.asarray(y, float), np.asarray(v, float)
    s = np.sqrt(v)
    if len(y) < 4 or np.ptp(s) <= 1e-12 * s.max():
        return np.nan, np.nan
    x = np.column_stack([np.ones(len(y)), s])
    w = 1 / (v + paule_mandel(y, v, x))
    inverse = np.linalg.inv((x.T * w) @ x)
    slope = float((inverse @ (x.T * w) @ y)[1])
    return slope, float(special.erfc(abs(slope) / np.sqrt(2 * inverse[1, 1])))


def shrink(
    y: ArrayLike, v: ArrayLike, x: np.ndarray | None = None, *, level: float = 0.95, tau2: float | None = None
) -> Shrunken:
    """Return theta_j = x_j'gamma + B_j (y_j - x_j'gamma), B_j = tau^2 / (tau^2 + v_j), with robust intervals.

    The half-width is cva(m2, kappa) B_j s_j with m2 = (1 / B_j - 1)^2 tau^2 / v_j: on average over the units it covers
    with probability ``level`` whatever their distribution, given tau^2 and the kurtosis; Morris's z sqrt(B_j) s_j
    assumes it normal. The kurtosis is estimated by moments, at least 3.

    References
    ----------
    Armstrong, Kolesar & Plagborg-Moller 2022, Econometrica 90:2567, doi:10.3982/ECTA18597; Morris 1983, JASA 78:47.
    """
    y, v = np.asarray(y, float), np.asarray(v, float)
    x = _design(y, x)
    t = paule_mandel(y, v, x) if tau2 is None else float(tau2)
    prior = x @ _gamma(y, v, x, t)
    if t <= 0:
        zero = np.zeros(len(y))
        return Shrunken(prior, np.full(len(y), np.nan), np.full(len(y), np.nan), zero, prior, 0.0, np.nan)
    factor = t / (t + v)
    kurtosis = _kurtosis(y - prior, v, t)
    critical = _critical_values((1 / factor - 1) ** 2 * t / v, kurtosis, level)
    z = special.ndtri((1 + level) / 2)
    s = np.sqrt(v)
    estimate = prior + factor * (y - prior)
    return Shrunken(estimate, critical * factor * s, z * np.sqrt(factor) * s, factor, prior, t, kurtosis)


def critical_value(m2: float, kurtosis: float, level: float = 0.95) -> float:
    """Return cva: the smallest chi with worst non-coverage 1 - ``level`` over biases of second moment ``m2``.

    Non-coverage at bias b is P(|Z + b| > chi); the worst case over distributions of b with E b^2 = m2 and
    E b^4 = kurtosis m2^2 at most.

    >>> round(critical_value(25, 3), 5), round(critical_value(1, 3, 0.8), 6)
    (11.88358, 1.849468)
    """
    if m2 < 1e-12:
        return float(special.ndtri((1 + level) / 2))
    miss = lambda chi: worst_noncoverage(m2, kurtosis, chi) - (1 - level)  # noqa: E731
    low, high = special.ndtri((1 + level) / 2) * 0.999, np.sqrt((1 + m2) / (1 - level)) + 1
    return float(optimize.brentq(miss, low, high, xtol=1e-10))


def _critical_values(m2: np.ndarray, kurtosis: float, level: float) -> np.ndarray:
    """`critical_value` of many m2; of more than 60 different ones interpolated (error below 1e-3) on a log grid."""
    different, back = np.unique(m2, return_inverse=True)
    if len(different) <= GRID:
        return np.array([critical_value(m, kurtosis, level) for m in different])[back]
    grid = np.geomspace(max(different[0], 1e-9), different[-1], GRID)
    values = interpolate.PchipInterpolator(np.log(grid), [critical_value(m, kurtosis, level) for m in grid])
    return values(np.log(np.maximum(m2, grid[0])))


def worst_noncoverage(m2: float, kurtosis: float, chi: float) -> float:
    """Return the largest E r(b^2), r(t) = P(|Z + sqrt t| > chi), with E t = m2 and E t^2 <= kurtosis m2^2.

    Without the bound on the kurtosis it is the concave envelope of r at m2 (a line from r(0) that touches r, then r
    itself); where that needs more kurtosis than allowed, the worst distribution has two points.
    """
    start = _tangent(chi)
    if m2 >= start or kurtosis * m2 >= start:
        return _envelope(m2, chi, start)
    return _with_kurtosis(m2, max(kurtosis, 1.0), chi, start)


def _miss(t: np.ndarray, chi: float) -> np.ndarray:
    """r(t): the non-coverage of +-chi at squared bias t."""
    b = np.sqrt(t)
    return special.ndtr(-chi - b) + special.ndtr(b - chi)


def _slope(t: float, chi: float) -> float:
    """r'(t), with its limit at 0."""
    b = np.sqrt(np.maximum(t, 1e-12))
    density = lambda u: np.exp(-(u**2) / 2) / np.sqrt(2 * np.pi)  # noqa: E731
    return (density(b - chi) - density(b + chi)) / (2 * b)


def _tangent(chi: float) -> float:
    """Where the line from r(0) touches r; 0 if r is concave everywhere (chi^2 <= 3)."""
    if chi * chi <= 3:
        return 0.0
    gap = lambda t: _miss(t, chi) - _miss(0.0, chi) - t * _slope(t, chi)  # noqa: E731
    low, high = (chi * 0.5) ** 2, (chi + 4) ** 2
    while gap(low) > 0:
        low /= 4
        if low < 1e-9:
            return 0.0
    return float(optimize.brentq(gap, low, high, xtol=1e-10))


def _envelope(m2: float, chi: float, start: float) -> float:
    if m2 >= start:
        return float(_miss(m2, chi))
    base = _miss(0.0, chi)
    return float(base + m2 / start * (_miss(start, chi) - base))


def _with_kurtosis(m2: float, kurtosis: float, chi: float, start: float) -> float:
    """The two-point worst case: mass on x0 and on x1 > x0 that meet both moments; search x0, the rest follows.

    With E t = m2 and Var t = (kurtosis - 1) m2^2, mass p1 on x1 = m2 + sd sqrt((1-p1)/p1) and the rest on
    x0 = m2 - sd sqrt(p1/(1-p1)) >= 0: one free number, p1.
    """
    sd = m2 * np.sqrt(kurtosis - 1)
    if sd == 0:
        return float(_miss(m2, chi))

    def value(p1: np.ndarray) -> np.ndarray:
        x0 = np.maximum(m2 - sd * np.sqrt(p1 / (1 - p1)), 0)
        x1 = m2 + sd * np.sqrt((1 - p1) / p1)
        return p1 * _miss(x1, chi) + (1 - p1) * _miss(x0, chi)

    most = 1 / kurtosis
    grid = np.linspace(most * 1e-6, most, 400)
    best = int(np.argmax(value(grid)))
    low, high = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
    fine = {"xatol": 1e-14}
    found = optimize.minimize_scalar(lambda p: -value(p), bounds=(low, high), method="bounded", options=fine)
    return float(max(-found.fun, value(grid[best])))


def _kurtosis(residual: np.ndarray, v: np.ndarray, tau2: float) -> float:
    """Moment estimate of E(theta - prior)^4 / tau^4, at least that of the normal distribution."""
    w = 1 / (v + tau2) ** 2
    fourth = (w * (residual**4 - 6 * v * residual**2 + 3 * v**2)).sum() / w.sum()
    return float(max(fourth / tau2**2, NORMAL))


def _design(y: np.ndarray, x: np.ndarray | None) -> np.ndarray:
    x = np.ones((len(y), 1)) if x is None else np.asarray(x, float)
    if not (np.isfinite(y).all() and np.isfinite(x).all()):
        raise DataProblem("every unit needs a finite estimate to be shrunken; leave the others out")
    return x


def _gamma(y: ArrayLike, v: ArrayLike, x: np.ndarray, t: float) -> np.ndarray:
    w = 1 / (v + t)
    return np.linalg.lstsq((x.T * w) @ x, (x.T * w) @ y, rcond=None)[0]


def _q(y: ArrayLike, v: ArrayLike, x: np.ndarray, t: float) -> float:
    return float(((y - x @ _gamma(y, v, x, t)) ** 2 / (v + t)).sum())
