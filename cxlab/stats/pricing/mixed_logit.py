"""Mixed logit of choices between offers: what persons want differs; in the space of worth, or of money.

References
----------
Revelt, D. & Train, K. (1998). Review of Economics and Statistics 80, 647-657. doi:10.1162/003465398557735
Train, K. & Weeks, M. (2005). Discrete choice models in preference space and willingness-to-pay space.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import ndtri
from scipy.stats import qmc

DRAWS, DROPPED, CELLS, STEP = 100, 100, 4_000_000, 1e-4


@dataclass(frozen=True)
class Problem:
    """Choices of persons.

    Parameters
    ----------
    x : (rows, p) attributes, rows of a person together. ``chosen`` : (rows,). ``sets`` : (rows,) from 0, sorted.
    person : (rows,) from 0, sorted. ``weight`` : (persons,).
    random : (p,) whether the term differs between persons. ``log`` : (p,) minus a log-normal (a price).
    price : term whose worth is the unit (space of money), or None.
    draws : (persons, R, random terms) standard normal.
    """

    x: NDArray
    chosen: NDArray
    sets: NDArray
    person: NDArray
    weight: NDArray
    random: NDArray
    log: NDArray
    price: int | None
    draws: NDArray


@dataclass(frozen=True)
class Mixed:
    """``theta``: means (p,), then standard deviations; inverse Hessian; scores (persons, p + q) without weights;
    log-likelihood; whether it converged."""

    theta: NDArray
    inverse: NDArray
    scores: NDArray
    loglik: float
    converged: bool


def halton(persons: int, terms: int, draws: int = DRAWS) -> NDArray:
    """Return (persons, draws, terms) standard normal draws of a Halton sequence, the first 100 left out.

    >>> halton(2, 1, 3).shape
    (2, 3, 1)
    """
    if not terms:
        return np.zeros((persons, 1, 0))
    u = qmc.Halton(terms, scramble=False).fast_forward(DROPPED).random(persons * draws)
    return ndtri(u).reshape(persons, draws, terms)


def fit(problem: Problem, start: NDArray) -> Mixed:
    """Fit by simulated maximum likelihood from ``start``."""
    total = problem.weight.sum()
    _, first = likelihood(problem, start)
    outer = (first * problem.weight[:, None]).T @ first / total
    before = np.linalg.pinv(outer + 1e-8 * np.trace(outer) * np.eye(len(start)), hermitian=True)
    before = (before + before.T) / 2
    if not (np.isfinite(before).all() and np.linalg.eigvalsh(before).min() > 0):
        before = np.eye(len(start))

    def cost(theta: NDArray) -> tuple[float, NDArray]:
        each, score = likelihood(problem, theta)
        return -float(problem.weight @ each) / total, -(problem.weight @ score) / total

    options = {"gtol": 1e-6, "hess_inv0": before, "maxiter": 300}
    best = minimize(cost, start, jac=True, method="BFGS", options=options)
    theta = best.x
    each, score = likelihood(problem, theta)
    eye = np.eye(len(theta)) * STEP
    hessian = np.array([(cost(theta + e)[1] - cost(theta - e)[1]) / (2 * STEP) for e in eye]) * total
    hessian = (hessian + hessian.T) / 2
    fine = bool(np.abs(problem.weight @ score).max() / total < 1e-4 and np.linalg.eigvalsh(hessian).min() > 0)
    inverse = np.linalg.inv(hessian) if fine else np.full_like(hessian, np.nan)
    return Mixed(theta, inverse, score, float(problem.weight @ each), fine)


def likelihood(problem: Problem, theta: NDArray) -> tuple[NDArray, NDArray]:
    """Return the log-likelihood (persons,) and its scores (persons, p + q) at ``theta``."""
    persons, r, q = problem.draws.shape
    p = problem.x.shape[1]
    starts = np.searchsorted(problem.person, np.arange(persons + 1))
    out, scores = np.empty(persons), np.empty((persons, p + q))
    size = max(1, int(CELLS / max(r * len(problem.x) / persons, 1)))
    for a in range(0, persons, size):
        b = min(a + size, persons)
        rows = slice(starts[a], starts[b])
        part = Problem(problem.x[rows], problem.chosen[rows], problem.sets[rows], problem.person[rows] - a,
                       problem.weight[a:b], problem.random, problem.log, problem.price, problem.draws[a:b])  # fmt: skip
        out[a:b], scores[a:b] = _part(part, theta)
    return out, scores


def _part(d: Problem, theta: NDArray) -> tuple[NDArray, NDArray]:
    p = d.x.shape[1]
    which = np.flatnonzero(d.random)
    tastes = np.repeat(theta[None, None, :p], d.draws.shape[0], 0).repeat(d.draws.shape[1], 1)  # persons, R, p
    tastes[:, :, which] += d.draws * theta[p:]
    grown = np.exp(np.clip(tastes, -30, 30))
    weights = np.where(d.log, -grown, tastes)
    slope = np.where(d.log, -grown, 1.0)
    if d.price is not None:
        unit = grown[:, :, [d.price]]
        weights, slope = unit * tastes, np.repeat(unit, p, axis=2)
        weights[:, :, d.price] = -unit[:, :, 0]
    v = np.einsum("ik,ikr->ir", d.x, weights.transpose(0, 2, 1)[d.person])
    begin = np.flatnonzero(np.r_[True, np.diff(d.sets) > 0])
    place = np.cumsum(np.r_[0, np.diff(d.sets) > 0])
    v -= np.maximum.reduceat(v, begin, axis=0)[place]
    e = np.exp(v)
    share = e / np.add.reduceat(e, begin, axis=0)[place]
    whose = d.person[begin]
    first = np.searchsorted(whose, np.arange(len(d.weight)))
    logs = np.add.reduceat(np.log(np.fmax(share[d.chosen], 1e-300)), first, axis=0)
    top = logs.max(1, keepdims=True)
    likely = np.exp(logs - top)
    each = top[:, 0] + np.log(likely.mean(1))
    likely /= likely.sum(1, keepdims=True)
    left = d.chosen[:, None] - share  # rows, R
    rows = np.searchsorted(d.person, np.arange(len(d.weight)))
    moved = np.stack([np.add.reduceat(left * d.x[:, [k]], rows, axis=0) for k in range(p)], axis=2)  # persons, R, p
    if d.price is None:
        moved = moved * slope
    else:  # all terms scale with the unit of money
        whole = (moved * weights).sum(2)
        moved = moved * slope
        moved[:, :, d.price] = whole
    means = np.einsum("ir,irk->ik", likely, moved)
    spreads = np.einsum("ir,irk->ik", likely, moved[:, :, which] * d.draws)
    return each, np.hstack([means, spreads])
