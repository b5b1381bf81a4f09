"""Linear mixed models with random intercepts by restricted maximum likelihood, from sums by group.

y = X beta + u_g (+ v_a) + e. Given the ratio of variances the fixed effects are generalised least squares, and all they
need are X'X, X'y, y'y and, by group, the weight and the sums of X and y (and for crossed intercepts how often g meets
a). So REML is a search in one dimension, or two, in which no row is touched.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import minimize

HELD = 4_000_000
"""Numbers held at once while the criterion is searched."""


@dataclass(frozen=True)
class MixedFit:
    """Fixed effects with covariance, variances (random intercepts first, residual last), criterion -2 log REML.

    ``curvature`` : Hessian of the criterion in the variances, for Satterthwaite's degrees of freedom.
    ``effects`` : best linear unbiased predictions of the groups' intercepts and their standard errors.
    """

    beta: np.ndarray
    covariance: np.ndarray
    variances: np.ndarray
    criterion: float
    df: np.ndarray
    effects: np.ndarray
    effects_se: np.ndarray


@dataclass(frozen=True)
class Sums:
    """What a random intercept needs: totals over rows, and weight and sums of (X, y) by group.

    ``cross`` (p + 1, p + 1) X'WX with y last; ``weight`` (G,); ``sums`` (G, p + 1); ``n`` rows; ``log_w`` sum of log w;
    ``count`` groups that each row of sums stands for.
    """

    cross: np.ndarray
    weight: np.ndarray
    sums: np.ndarray
    n: int
    log_w: float = 0.0
    count: np.ndarray | float = 1.0


def condensed(s: Sums) -> Sums:
    """Return sums with the same likelihood in fewer rows: groups of one weight matter by the products of their sums.

    R of the QR decomposition of their sums has those products, in no more rows than columns.
    """
    q = s.sums.shape[1]
    weight, first, count = np.unique(np.sort(s.weight), return_index=True, return_counts=True)
    if 2 * q * len(weight) > len(s.weight):
        return s
    parts = np.split(s.sums[np.argsort(s.weight, kind="stable")], first[1:])
    roots = [np.linalg.qr(part, mode="r") if len(part) > q else part for part in parts]
    rows = [len(root) for root in roots]
    count = np.repeat(count / rows, rows)
    return replace(s, weight=np.repeat(weight, rows), sums=np.concatenate(roots), count=count)


def reduced(s: Sums, theta: float | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return Z'V^-1 Z for Z = (X, y) and log det V, in units of the residual variance, theta = var(u) / var(e).

    V^-1 = W - W 1 1'W theta / (1 + theta w_g) within a group; log det V = sum log(1 + theta w_g) - sum log w. Several
    theta (T,) give stacks (T, p + 1, p + 1) and (T,), here and in what takes them.
    """
    theta = np.asarray(theta)[..., None]
    grown = theta * s.weight
    scaled = s.sums * np.sqrt(theta / (1 + grown))[..., None]
    return s.cross - np.swapaxes(scaled, -1, -2) @ scaled, np.sum(s.count * np.log1p(grown), axis=-1) - s.log_w


def profile(a: np.ndarray, log_det: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return -2 log REML profiled over beta and the residual variance; beta, (X'V^-1X)^-1, residual variance."""
    beta, inverse, left, log_x = _solved(a)
    p = beta.shape[-1]
    variance = left / (n - p)
    value = log_det + log_x + (n - p) * (1 + np.log(2 * np.pi * variance))
    return value, beta, inverse, variance


def _solved(a: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Generalised least squares from Z'V^-1 Z: coefficients, inverse, residual sum of squares, log det X'V^-1 X."""
    xx, xy, yy = a[..., :-1, :-1], a[..., :-1, -1], a[..., -1, -1]
    root = np.linalg.inv(np.linalg.cholesky(xx))
    inverse = np.swapaxes(root, -1, -2) @ root
    beta = (inverse @ xy[..., None])[..., 0]
    log_det = -2 * np.sum(np.log(np.diagonal(root, axis1=-2, axis2=-1)), axis=-1)
    return beta, inverse, yy - np.sum(beta * xy, axis=-1), log_det


def random_intercept(s: Sums) -> MixedFit:
    """MixedFit one random intercept: REML is minimised over theta = var(u) / var(e) >= 0.

    References
    ----------
    Bates, Maechler, Bolker & Walker (2015), J. Stat. Softw. 67(1), https://doi.org/10.18637/jss.v067.i01
    Satterthwaite (1946); Giesbrecht & Burns (1985), https://doi.org/10.2307/2530872
    """
    few = condensed(s)
    value = lambda t: profile(*reduced(few, np.exp(t)), s.n)[0]  # noqa: E731
    grid = -np.log(np.mean(s.weight)) + np.linspace(-15, 12, 19)
    for _ in range(3):  # closer and closer
        parts = np.array_split(grid, min(len(grid), 1 + few.sums.size * len(grid) // HELD))
        found = np.concatenate([value(part) for part in parts])
        at = int(np.argmin(found))
        least, best = found[at], grid[at]
        grid = np.linspace(grid[max(at - 1, 0)], grid[min(at + 1, len(grid) - 1)], 17)
    theta = float(np.exp(best)) if least < value(-np.inf) - 1e-9 else 0.0
    theta = _polished(few, theta)
    criterion, beta, inverse, residual = profile(*reduced(few, theta), s.n)
    variances = np.array([theta * residual, residual])
    df = satterthwaite(lambda v: _pieces(few, v), variances, s.n)
    shrink = theta / (1 + theta * s.weight)
    effects = shrink * (s.sums[:, -1] - s.sums[:, :-1] @ beta)
    spread = residual * theta / (1 + theta * s.weight)
    fixed = np.sum((s.sums[:, :-1] @ inverse) * s.sums[:, :-1], axis=1) * residual * shrink**2
    return MixedFit(beta, inverse * residual, variances, criterion, df, effects, np.sqrt(spread + fixed))


def _polished(s: Sums, theta: float) -> float:
    """Two Newton steps on the derivative of the criterion in theta: bounded search alone stops at 1e-8."""
    for _ in range(8):
        if theta == 0:
            break
        first, second = _slopes(s, theta)
        step = first / second if second > 0 else 0.0
        if not np.isfinite(step) or abs(step) > theta / 2:
            break
        theta -= step
        if abs(step) < 1e-10 * theta:
            break
    return theta


def _slopes(s: Sums, theta: float) -> tuple[float, float]:
    """First derivative of the profiled criterion in theta, exact, and its slope by a difference."""

    def first(t: float) -> float:
        a, log_det = reduced(s, t)
        _, beta, inverse, residual = profile(a, log_det, s.n)
        change = 1 / (1 + t * s.weight) ** 2
        r = s.sums[:, -1] - s.sums[:, :-1] @ beta
        x = s.sums[:, :-1]
        trace = float(change @ np.sum((x @ inverse) * x, axis=1))
        return float(np.sum(s.count * s.weight / (1 + t * s.weight)) - trace - np.sum(change * r**2) / residual)

    h = theta * 1e-5
    return first(theta), (first(theta + h) - first(theta - h)) / (2 * h)


def _pieces(s: Sums, v: np.ndarray) -> tuple[float, np.ndarray]:
    """Return -2 log REML and the covariance of beta at given variances (intercept, residual)."""
    a, log_det = reduced(s, v[0] / v[1])
    return unprofiled(a, log_det, s.n, v[-1])


def unprofiled(a: np.ndarray, log_det: float, n: int, residual: float) -> tuple[float, np.ndarray]:
    """Return -2 log REML at a given residual variance, and the covariance of beta there."""
    beta, inverse, left, log_x = _solved(a)
    value = log_det + log_x + (n - len(beta)) * np.log(2 * np.pi * residual) + left / residual
    return value, inverse * residual


def satterthwaite(at: Callable[[np.ndarray], tuple[float, np.ndarray]], variances: np.ndarray, n: int) -> np.ndarray:
    """Return Satterthwaite degrees of freedom of each coefficient: 2 v**2 / var(v), by numerical derivatives.

    Parameters
    ----------
    at : function of the variances that returns -2 log REML and the covariance of beta. Variances at zero are fixed.
    """
    free = np.flatnonzero(variances > 1e-10 * variances[-1])
    h = 1e-3 * variances[free]

    seen: dict[tuple[int, ...], tuple] = {}

    def moved(*steps: tuple[int, int]) -> tuple[float, np.ndarray]:
        whole = [sum(by for i, by in steps if i == j) for j in range(len(free))]
        if tuple(whole) not in seen:
            v = variances.copy()
            v[free] += whole * h
            seen[tuple(whole)] = at(v)
        return seen[tuple(whole)]

    k = len(free)
    curve = np.empty((k, k))
    for i in range(k):
        for j in range(k):
            curve[i, j] = (
                moved((i, 1), (j, 1))[0]
                - moved((i, 1), (j, -1))[0]
                - moved((i, -1), (j, 1))[0]
                + moved((i, -1), (j, -1))[0]
            ) / (4 * h[i] * h[j])
    slopes = np.stack([(np.diag(moved((i, 1))[1]) - np.diag(moved((i, -1))[1])) / (2 * h[i]) for i in range(k)])
    v = np.diag(moved()[1])
    try:
        spread = np.linalg.inv(curve / 2)
    except np.linalg.LinAlgError:
        return np.full(len(v), np.nan)
    wide = np.einsum("ip,ij,jp->p", slopes, spread, slopes)
    return np.where(wide > 0, np.minimum(2 * v**2 / np.where(wide > 0, wide, 1.0), n), n)


@dataclass(frozen=True)
class CrossedSums:
    """What two crossed intercepts need: `Sums` of both, and how much weight each pair of groups shares.

    ``pairs`` (A, G) or sparse of that shape, with A the smaller number of groups.
    """

    first: Sums
    second: Sums
    pairs: np.ndarray


def _crossed(s: CrossedSums, theta: np.ndarray) -> tuple[np.ndarray, float]:
    """Z'V^-1 Z and log det V with crossed intercepts: one eliminated by its diagonal, one by a Schur complement."""
    a, log_det = reduced(s.first, theta[0])
    share = theta[0] / (1 + theta[0] * s.first.weight)
    if theta[1] == 0:
        return a, log_det
    link = s.pairs * share  # (A, G)
    middle = np.diag(s.second.weight) - link @ s.pairs.T
    rest = s.second.sums - link @ s.first.sums
    inner = np.eye(len(middle)) + theta[1] * middle
    factor = cho_factor(inner)
    log_det += 2 * float(np.sum(np.log(np.diag(factor[0]))))
    return a - theta[1] * rest.T @ cho_solve(factor, rest), log_det


def crossed_intercepts(s: CrossedSums) -> MixedFit:
    """MixedFit two crossed random intercepts, e.g. customer groups and agents."""
    n = s.first.n
    scale = np.array([np.mean(s.first.weight), np.mean(s.second.weight)])
    value = lambda t: profile(*_crossed(s, np.exp(t)), n)[0]  # noqa: E731
    starts = [-np.log(scale) + np.array(d) for d in ((0.0, 0.0), (-3.0, 0.0), (0.0, -3.0), (2.0, 2.0))]
    best = min(starts, key=value)
    tight = {"xatol": 1e-9, "fatol": 1e-11, "maxiter": 2000}
    found = minimize(value, best, method="Nelder-Mead", options=tight)
    theta = np.exp(found.x)
    for i in (0, 1):  # a variance at its bound
        without = theta.copy()
        without[i] = 0.0
        if profile(*_crossed(s, without), n)[0] <= found.fun + 1e-9:
            theta = without
    criterion, beta, inverse, residual = profile(*_crossed(s, theta), n)
    variances = np.append(theta * residual, residual)

    def at(v: np.ndarray) -> tuple[float, np.ndarray]:
        return unprofiled(*_crossed(s, v[:2] / v[2]), n, v[2])

    df = satterthwaite(at, variances, n)
    none = np.zeros(0)
    return MixedFit(beta, inverse * residual, variances, criterion, df, none, none)
