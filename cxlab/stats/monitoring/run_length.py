"""Average run lengths of control charts: how long until a false alarm, how long until a shift is noticed.

The run length of a chart on independent standard normal values is the solution of a Fredholm integral equation, solved
on Gauss-Legendre nodes (Nystroem), as in Crowder (1987) and Brook & Evans (1972).

References
----------
Crowder, S. V. (1987). A simple method for studying run-length distributions of EWMA charts. Technometrics 29,
    401-407.
Lucas, J. M. & Saccucci, M. S. (1990). Exponentially weighted moving average control schemes. Technometrics 32, 1-12.
Brook, D. & Evans, D. A. (1972). An approach to the probability distribution of cusum run length. Biometrika 59,
    539-549.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

RULES = ("ewma", "cusum", "shewhart")
REFERENCE = 0.5
"""Reference value k of a CUSUM in standard deviations: it is best for a shift of 1."""
NODES = 61
BLOCK = 64
"""Charts whose transitions are held at once."""


def ewma_arl(weight: float, limit: float, shift: float = 0.0, *, varying: bool = False) -> float:
    """Return the average run length of a two-sided EWMA of standard normal values that starts at 0.

    E_t = weight z_t + (1 - weight) E_{t-1}, alarm when |E_t| > limit sqrt(weight / (2 - weight)).

    Parameters
    ----------
    weight : of the newest value, above 0 to 1 (1: a Shewhart chart).
    limit : L, in standard deviations of E.
    shift : of the mean, in standard deviations of z, from the start on.
    varying : limits of the exact standard deviation of E_t, tighter at the start, instead of those it tends to.

    >>> round(ewma_arl(0.2, 2.96218), 2), round(ewma_arl(0.2, 2.96218, 1.0), 3)
    (500.0, 10.543)
    """
    if weight == 1:
        return float(1 / (ndtr(shift - limit) + ndtr(-shift - limit)))
    return float(ewma_delays(weight, limit, np.array([[shift]]), varying=varying)[0])


def ewma_delays(weight: float, limit: float, means: NDArray, *, varying: bool = False, nodes: int = NODES) -> NDArray:
    """Return for each chart how many values an EWMA takes on average until its alarm, when their means are ``means``.

    Parameters
    ----------
    means : (charts, steps) mean of the first values after a change, in standard deviations; the last one goes on.
    """
    means = np.atleast_2d(np.asarray(means, float))
    if weight == 1:
        return _shewhart_delays(limit, means)
    x, w, h = _nodes(weight, limit, nodes)
    step = lambda to, of, mu: _density((to - (1 - weight) * of) / weight - mu) / weight  # noqa: E731
    early = max(means.shape[1] - 1, int(np.ceil(np.log(1e-14) / np.log(1 - weight) / 2)) if varying else 0)
    density, was, before, total = None, None, 1.0, np.zeros(len(means))
    for t in range(early):  # while means or limits move: survival is summed
        mu = means[:, min(t, means.shape[1] - 1), None]
        c = np.sqrt(1 - (1 - weight) ** (2 * (t + 1))) if varying else 1.0
        total += 1.0 if density is None else density @ was
        if density is None:
            density = step(x * c, 0.0, mu)
        else:
            whence, where, part = (before * x)[None, :, None], (x * c)[None, None, :], density * was
            density = np.concatenate([
                (part[i : i + BLOCK, None] @ step(where, whence, mu[i : i + BLOCK, :, None]))[:, 0]
                for i in range(0, len(means), BLOCK)
            ])  # fmt: skip
        was, before = w * c, c
    last = means[:, -1]
    length = np.empty((len(means), nodes))
    for i in range(0, len(means), BLOCK):
        kernel = step(x[None, None, :], x[None, :, None], last[i : i + BLOCK, None, None]) * w
        length[i : i + BLOCK] = np.linalg.solve(np.eye(nodes) - kernel, np.ones((1, nodes, 1)))[..., 0]
    if density is None:
        return 1 + np.einsum("sj,j,sj->s", step(x, 0.0, last[:, None]), w, length)
    return total + np.einsum("sj,j,sj->s", density, was, length)


def _shewhart_delays(limit: float, means: NDArray) -> NDArray:
    """The same for single values: geometric once the mean no longer moves."""
    hit = ndtr(means - limit) + ndtr(-means - limit)
    alive = np.cumprod(np.column_stack([np.ones(len(hit)), 1 - hit[:, :-1]]), axis=1)
    return alive[:, :-1].sum(1) + alive[:, -1] / hit[:, -1]


def cusum_arl(limit: float, shift: float = 0.0, *, reference: float = REFERENCE) -> float:
    """Return the average run length of a two-sided CUSUM of standard normal values that starts at 0.

    C_t = max(0, C_{t-1} + z_t - reference) and its mirror image; alarm when either exceeds ``limit``.

    >>> round(cusum_arl(5.0), 3), round(cusum_arl(5.0, 1.0), 4)
    (465.444, 10.376)
    """
    up, down = _one_sided(limit, shift, reference), _one_sided(limit, -shift, reference)
    return 1 / (1 / up + 1 / down)


def _one_sided(limit: float, shift: float, reference: float, nodes: int = 80) -> float:
    x, w = np.polynomial.legendre.leggauss(nodes)
    x, w = (x + 1) * limit / 2, w * limit / 2
    move = np.zeros((nodes + 1, nodes + 1))  # the state 0 has a probability of its own
    move[0, 0], move[1:, 0] = ndtr(reference - shift), ndtr(reference - x - shift)
    move[0, 1:] = _density(x + reference - shift) * w
    move[1:, 1:] = _density(x[None, :] - x[:, None] + reference - shift) * w
    return float(np.linalg.solve(np.eye(nodes + 1) - move, np.ones(nodes + 1))[0])


@lru_cache(maxsize=256)
def limit_for(arl: float, rule: str = "ewma", weight: float = 0.2) -> float:
    """Return the limit whose average run length without a change is ``arl``.

    >>> round(limit_for(500, "ewma", 0.2), 4), round(limit_for(500, "cusum"), 4), round(limit_for(500, "shewhart"), 4)
    (2.9622, 5.0707, 3.0902)
    """
    single = float(-ndtri(1 / arl / 2))
    if rule == "shewhart" or (rule == "ewma" and weight == 1):
        return single
    if rule == "cusum":
        return float(brentq(lambda h: np.log(cusum_arl(h) / arl), 0.01, np.log(arl) + 3, xtol=1e-10))
    return float(brentq(lambda c: np.log(ewma_arl(weight, c) / arl), 0.01, single + 0.01, xtol=1e-10))


def _nodes(weight: float, limit: float, nodes: int) -> tuple[NDArray, NDArray, float]:
    h = limit * np.sqrt(weight / (2 - weight))
    x, w = np.polynomial.legendre.leggauss(nodes)
    return x * h, w * h, h


def _density(z: ArrayLike) -> NDArray:
    return np.exp(-0.5 * np.square(z)) / np.sqrt(2 * np.pi)
