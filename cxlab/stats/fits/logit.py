"""Maximum likelihood on answer patterns: binary logit, ordered logit and ordered probit by Newton's method.

A pattern is a row of X with an answer y, its summed weight w. Log-likelihood, gradient and exact Hessian are sums over
patterns, so a million answers cost no more than their few thousand patterns.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

import numpy as np
from scipy.special import expit, log_ndtr

STEPS = 60
CHUNK = 1 << 13
"""Patterns of one piece: they stay in the processor's cache, and OpenBLAS does not wake its threads for so few."""
FEW, THIN = 500, 37
"""With so many patterns left, every 37th of them gives the start."""


@dataclass(frozen=True)
class LogitFit:
    """Estimates, inverse of the observed information, function for the scores, log-likelihood, convergence."""

    theta: np.ndarray
    inverse: np.ndarray
    scores: Callable[[], np.ndarray] | None
    loglik: float
    converged: bool


def logit(x: np.ndarray, y: np.ndarray, w: np.ndarray) -> LogitFit:
    """LogitFit P(y = 1) = 1 / (1 + exp(-x'beta)).

    Parameters
    ----------
    x : (P, p) design rows of the patterns, of full rank. ``y`` : (P,) 0 or 1. ``w`` : (P,) weights.

    Returns
    -------
    LogitFit ; ``scores()`` (P, p) are the derivatives of one answer's log-likelihood.
    """
    new = np.ones(len(x), bool)  # both answers of a pattern stand side by side
    new[1:] = reduce(or_, (column[1:] != column[:-1] for column in x.T))
    first = np.flatnonzero(new)
    xt = np.take(x.T, first, axis=1)
    total, yes = np.add.reduceat(w, first), np.add.reduceat(w * y, first)

    def likelihood(xt: np.ndarray, total: np.ndarray, yes: np.ndarray) -> Callable:
        at = likelihood_of(xt, total, yes)
        return lambda beta: (*at(beta), lambda: (y - expit(x @ beta))[:, None] * x)

    start = np.zeros(len(xt))
    if len(total) >= FEW * THIN:  # the fit of a few of the patterns saves most steps
        start = _start(likelihood(np.ascontiguousarray(xt[:, ::THIN]), total[::THIN], yes[::THIN]), start)
    return newton(likelihood(xt, total, yes), start)


def likelihood_of(xt: np.ndarray, total: np.ndarray, yes: np.ndarray) -> Callable[[np.ndarray], tuple[Any, ...]]:
    """Return the function of beta that gives the log-likelihood, its gradient, and its negative Hessian.

    Parameters
    ----------
    xt : (p, P) design rows. ``total`` : (P,) weights of the answers to each. ``yes`` : (P,) of those that are yes.
    """
    left, curve = np.empty_like(total), np.empty_like(total)

    def at(beta: np.ndarray) -> tuple[Any, ...]:
        value, gradient, information = 0.0, np.zeros(len(xt)), np.zeros((len(xt), len(xt)))
        for start in range(0, len(total), CHUNK):
            part = slice(start, start + CHUNK)
            z = xt[:, part]
            value += _binomial(np.minimum(-beta @ z, 700.0), total[part], yes[part], left[part], curve[part])
            gradient += z @ left[part]
            information += (z * curve[part]) @ z.T
        return value, gradient, information

    return at


def logit_on_grid(grid: Grid, total: np.ndarray, yes: np.ndarray) -> LogitFit:
    """Fit P(y = 1) = 1 / (1 + exp(-x'beta)) to answers counted on a grid of design rows.

    Parameters
    ----------
    total, yes : (L, R) answers and how many of them are yes, for each pair of a left and a right half of a row.

    Returns
    -------
    LogitFit as of `logit` ; its scores are those of a yes less the fitted share, not kept here: None.
    """

    def likelihood(grid: Grid, total: np.ndarray, yes: np.ndarray) -> Callable:
        left, curve = np.empty_like(total), np.empty_like(total)
        rows = max(CHUNK // total.shape[1], 1)

        def at(beta: np.ndarray) -> tuple[Any, ...]:
            value = 0.0
            halves = -grid.left @ beta[: grid.left.shape[1]], -grid.right @ beta[grid.left.shape[1] :]
            mine, other = (np.minimum(half, 350.0) for half in halves)
            for start in range(0, len(total), rows):
                part = slice(start, start + rows)
                value += _binomial(mine[part, None] + other, total[part], yes[part], left[part], curve[part])
            return value, grid.sums(left), grid.products(curve), None

        return at

    start = np.zeros(grid.left.shape[1] + grid.right.shape[1])
    if len(total) >= 16 * THIN:
        thin = Grid(grid.left[::THIN], grid.right)
        start = _start(likelihood(thin, total[::THIN], yes[::THIN]), start)
    return newton(likelihood(grid, total, yes), start)


@dataclass(frozen=True)
class Grid:
    """Design rows that are all pairs of a left (L, p) and a right (R, q) half; v below is a number for each pair."""

    left: np.ndarray
    right: np.ndarray

    def sums(self, v: np.ndarray) -> np.ndarray:
        """Return X'v, shape (p + q,)."""
        return np.concatenate([v.sum(axis=1) @ self.left, v.sum(axis=0) @ self.right])

    def products(self, v: np.ndarray) -> np.ndarray:
        """Return X' diag(v) X, shape (p + q, p + q)."""
        a, b, rows = self.left, self.right, max(CHUNK // v.shape[1], 1)
        blocks = [v[i : i + rows] @ b for i in range(0, len(v), rows)]  # small: one thread multiplies them
        cross = a.T @ np.concatenate(blocks)
        return np.block([[(a.T * v.sum(axis=1)) @ a, cross], [cross.T, (b.T * v.sum(axis=0)) @ b]])


def _binomial(minus: np.ndarray, total: np.ndarray, yes: np.ndarray, left: np.ndarray, curve: np.ndarray) -> float:
    """Return the log-likelihood; write its first derivatives by the log odds to ``left``, less the second to ``curve``.

    Parameters
    ----------
    minus : the log odds of a no, at most 700; overwritten. ``total``, ``yes`` : answers, and how many of them are yes.
    """
    value = float(np.vdot(total, minus) - np.vdot(yes, minus))
    odds = np.exp(minus, out=minus)
    p = np.add(odds, 1.0, out=curve)
    np.divide(1.0, p, out=p)
    np.log(p, out=left)
    value += float(np.vdot(total, left))
    odds *= p
    expected = np.multiply(total, p, out=curve)
    np.subtract(yes, expected, out=left)
    curve *= odds
    return value


def _start(part: Callable, zero: np.ndarray) -> np.ndarray:
    """Return a rough fit to a part of the answers as the start for all of them, or zero where there is none."""
    fit = newton(part, zero, close=1e-2)
    return fit.theta if fit.converged else zero


def ordinal(x: np.ndarray, y: np.ndarray, w: np.ndarray, *, probit: bool = False) -> LogitFit:
    """LogitFit P(y <= k) = F(cut_k - x'beta) with F logistic or normal.

    Parameters
    ----------
    x : (P, p) design rows without constant. ``y`` : (P,) categories 0, ..., K. ``w`` : (P,) weights.

    Returns
    -------
    LogitFit ; theta = (beta, cuts). Steps that would disorder the cuts are halved.

    References
    ----------
    McCullagh (1980), https://doi.org/10.1111/j.2517-6161.1980.tb01109.x
    """
    p, top = x.shape[1], int(y.max())
    share = np.bincount(y, weights=w, minlength=top + 1)
    below = np.cumsum(share)[:-1] / share.sum()
    from scipy.special import ndtri

    cuts = ndtri(below) if probit else np.log(below / (1 - below))
    upper, lower = y < top, y > 0

    def at(theta: np.ndarray) -> tuple[Any, ...]:
        beta, cut = theta[:p], theta[p:]
        if (np.diff(cut) <= 0).any():
            return -np.inf, None, None, None
        eta = x @ beta
        high = np.where(upper, np.append(cut, np.inf)[y] - eta, np.inf)
        low = np.where(lower, np.concatenate([[-np.inf], cut])[y] - eta, -np.inf)
        log_p, f_high, f_low, d_high, d_low = _normal(high, low) if probit else _logistic(high, low)
        # f are densities over P, d their derivatives over P
        g = f_high - f_low
        curve = d_high - d_low - g**2  # second derivative of log P by a common shift of both cuts
        hh, ll, hl = d_high - f_high**2, -d_low - f_low**2, f_high * f_low
        gradient = np.concatenate(
            [-(w * g) @ x, _tally(w * f_high, y, upper, top) - _tally(w * f_low, y - 1, lower, top)]
        )
        hessian = np.zeros((p + top, p + top))
        hessian[:p, :p] = (x.T * (w * curve)) @ x
        cross = np.zeros((p, top))
        for k in range(top):
            up, down = y == k, y == k + 1
            cross[:, k] = -(w[up] * (hh + hl)[up]) @ x[up] - (w[down] * (ll + hl)[down]) @ x[down]
        hessian[:p, p:], hessian[p:, :p] = cross, cross.T
        cells = hessian[p:, p:]
        cells[range(top), range(top)] = _tally(w * hh, y, upper, top) + _tally(w * ll, y - 1, lower, top)
        middle = upper & lower
        off = np.bincount(y[middle], weights=(w * hl)[middle], minlength=top + 1)[1:top]
        cells[range(top - 1), range(1, top)] = cells[range(1, top), range(top - 1)] = off

        def scores() -> np.ndarray:
            out = np.zeros((len(y), p + top))
            out[:, :p] = -g[:, None] * x
            rows = np.arange(len(y))
            out[rows[upper], p + y[upper]] += f_high[upper]
            out[rows[lower], p + y[lower] - 1] -= f_low[lower]
            return out

        return float(w @ log_p), gradient, -hessian, scores

    return newton(at, np.concatenate([np.zeros(p), cuts]))


def _tally(values: np.ndarray, k: np.ndarray, there: np.ndarray, top: int) -> np.ndarray:
    return np.bincount(k[there], weights=values[there], minlength=top)


def _logistic(high: np.ndarray, low: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """log P, and over P the densities at both cuts and their derivatives, for the logistic distribution."""
    up, down = expit(high), expit(low)
    f_up, f_down = up * expit(-high), down * expit(-low)
    # F(high) - F(low) without cancellation: multiply out the common denominator
    gap = np.where(np.isinf(high) | np.isinf(low), 0.0, high - np.where(np.isinf(low), high, low))
    inside = np.isfinite(high) & np.isfinite(low)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        p = np.where(inside, -np.expm1(-gap) * up * expit(-np.where(inside, low, 0.0)), 0.0)
    p = np.where(inside, p, np.where(np.isinf(high), expit(-np.where(np.isinf(low), -np.inf, low)), up))
    p = np.maximum(p, 1e-300)
    return np.log(p), f_up / p, f_down / p, f_up * (1 - 2 * up) / p, f_down * (1 - 2 * down) / p


def _normal(high: np.ndarray, low: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """log P, and over P the densities at both cuts and their derivatives, for the normal distribution."""
    flip = (low > 0) & np.isfinite(low)  # use the small tail
    a, b = np.where(flip, -high, low), np.where(flip, -low, high)
    with np.errstate(divide="ignore", invalid="ignore"):
        small = log_ndtr(b) + np.log1p(-np.exp(np.minimum(log_ndtr(a) - log_ndtr(b), 0.0)))
    log_p = np.maximum(np.where(np.isinf(a), log_ndtr(b), small), -690.0)
    p = np.exp(log_p)
    density = lambda z: np.exp(-0.5 * np.minimum(np.where(np.isinf(z), 1e4, z * z), 1e4)) / np.sqrt(2 * np.pi)  # noqa: E731
    f_up, f_down = density(high), density(low)
    d_up = -np.where(np.isinf(high), 0.0, high) * f_up
    d_down = -np.where(np.isinf(low), 0.0, low) * f_down
    return log_p, f_up / p, f_down / p, d_up / p, d_down / p


def newton(at: Callable, theta: np.ndarray, *, close: float = 1e-8) -> LogitFit:
    """Climb by Newton steps, halved until the log-likelihood does not fall; the last one changes nothing any more.

    Parameters
    ----------
    at : returns value, gradient, negative Hessian and a function for the scores of every pattern.
    close : the last step relative to the largest estimate: the error of the information is of its order, that of the
        estimates of the order of its square.
    """
    value, gradient, information, scores = at(theta)
    converged = False
    for _ in range(STEPS):
        try:
            move = np.linalg.solve(information, gradient)
        except np.linalg.LinAlgError:
            break
        if gradient @ move < 0:  # not concave here: go along the gradient
            move = gradient / np.diag(information).max()
        gain = gradient @ move / 2
        if np.max(np.abs(move)) < close * (1 + np.max(np.abs(theta))) and gain <= close * (1 + abs(value)):
            theta, value, converged = theta + move, value + gain, True
            break
        size = 1.0
        while True:
            found = at(theta + size * move)
            if found[0] >= value - 1e-12 * abs(value) or size < 1e-10:
                break
            size /= 2
        if size < 1e-10:
            break  # no step along here helps
        theta, (value, gradient, information, scores) = theta + size * move, found
    try:
        inverse = np.linalg.inv(information)
    except np.linalg.LinAlgError:
        inverse = np.full_like(information, np.nan)
    return LogitFit(theta, inverse, scores, float(value), converged)
