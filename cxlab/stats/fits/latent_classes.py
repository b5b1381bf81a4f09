"""Latent classes of answers: a mixture of independent categories over distinct patterns with counts, by EM.

References
----------
Lazarsfeld, P. F. & Henry, N. W. (1968). Latent Structure Analysis. Houghton Mifflin.
Bolck, A., Croon, M. & Hagenaars, J. (2004). Political Analysis 12, 3-27. doi:10.1093/pan/mph001 (means by class)
Hubert, L. & Arabie, P. (1985). Journal of Classification 2, 193-218. doi:10.1007/BF01908075 (adjusted Rand index)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

STEPS, TOLERANCE, TINY = 2000, 1e-9, 1e-7


@dataclass(frozen=True)
class Classes:
    """A fitted mixture of K classes.

    Parameters
    ----------
    share : (K,) of each class. ``profile`` : (K, all levels of all items) chance of each answer, item by item.
    belongs : (patterns, K) probability of each class. ``loglik`` : of all answers. ``bic`` : lower is better.
    converged : whether the likelihood had stopped to rise.
    """

    share: NDArray
    profile: NDArray
    belongs: NDArray
    loglik: float
    bic: float
    converged: bool


def indicators(codes: NDArray, levels: Sequence[int]) -> NDArray:
    """Return (patterns, all levels) 1 where an answer was given; a missing one (-1) has none.

    >>> indicators(np.array([[0, 1], [-1, 0]]), [2, 2]).tolist()
    [[1.0, 0.0, 0.0, 1.0], [0.0, 0.0, 1.0, 0.0]]
    """
    return np.hstack([(codes[:, [j]] == np.arange(size)).astype(float) for j, size in enumerate(levels)])


def distinct(codes: NDArray, levels: Sequence[int]) -> tuple[NDArray, NDArray]:
    """Return (patterns, all levels) the different rows of `indicators`, sorted, and which of them each row is.

    >>> y, at = distinct(np.array([[1], [0], [1]]), [2])
    >>> y.tolist(), at.tolist()
    ([[0.0, 1.0], [1.0, 0.0]], [0, 1, 0])
    """
    number, most = np.zeros(len(codes), np.int64), 1
    for j, size in enumerate(levels):  # the first level stands first, so its 1 makes a row the largest
        if most > 2**62 // (size + 1):
            there, number = np.unique(number, return_inverse=True)
            number, most = number.ravel().astype(np.int64), len(there)
        number = number * (size + 1) + np.where(codes[:, j] < 0, 0, size - codes[:, j])
        most *= size + 1
    _, first, at = np.unique(number, return_index=True, return_inverse=True)
    return indicators(codes[first], levels), at.ravel()


def classes(
    y: NDArray, levels: Sequence[int], n: NDArray, k: int, rng: np.random.Generator, *, starts: int = 10,
    at: NDArray | None = None,
) -> Classes:  # fmt: skip
    """Return the best of ``starts`` runs of EM for ``k`` classes.

    BIC = -2 log L + p log N, p = (k - 1) + k sum (levels - 1).

    Parameters
    ----------
    y : of `indicators`. ``levels`` : how many answers each item has. ``n`` : (patterns,) weighted answers of each.
    at : (rows,) the pattern of each row, where ``n`` is that of rows: classes are started row by row then.

    Examples
    --------
    >>> codes = np.array([[0, 0, 0], [1, 1, 1], [0, 1, 0]])
    >>> found = classes(indicators(codes, [2, 2, 2]), [2, 2, 2], np.array([50.0, 50, 1]), 2, np.random.default_rng(0))
    >>> sorted(found.share.round(2).tolist())
    [0.5, 0.5]
    """
    runs, rows = [], n
    n = rows if at is None else np.bincount(at, rows, len(y))
    for _ in range(starts if k > 1 else 1):  # short runs first, the best of them to the end
        belongs = rng.dirichlet(np.ones(k), len(rows))
        if at is not None:  # the first step of EM sees no more of the rows than this
            belongs = np.stack([np.bincount(at, rows * b, len(y)) for b in belongs.T], axis=1) / n[:, None]
        runs.append(_run(y, levels, n, belongs, 30 if k > 1 else STEPS))
    best = max(runs, key=lambda r: r[0])
    loglik, share, profile, belongs, converged = _run(y, levels, n, best[3], STEPS)
    free = (k - 1) + k * (sum(levels) - len(levels))
    return Classes(share, profile, belongs, loglik, -2 * loglik + free * float(np.log(n.sum())), converged)


def again(fit: Classes, y: NDArray, levels: Sequence[int], n: NDArray, *, steps: int = 60) -> Classes:
    """Return the classes fitted to other counts, from where ``fit`` ended: they keep their numbers."""
    belongs = posterior(fit, y)
    loglik, share, profile, belongs, converged = _run(y, levels, n, belongs, steps)
    return Classes(share, profile, belongs, loglik, float("nan"), converged)


def posterior(fit: Classes, y: NDArray) -> NDArray:
    """Return the probability of each class, (patterns, K)."""
    logs = np.log(np.fmax(fit.share, 1e-300)) + y @ np.log(fit.profile).T
    belongs = np.exp(logs - logs.max(1, keepdims=True))
    return belongs / belongs.sum(1, keepdims=True)


def _run(y: NDArray, levels: Sequence[int], n: NDArray, belongs: NDArray, steps: int) -> tuple:
    cuts = np.cumsum([0, *levels])
    old, loglik, converged = -np.inf, -np.inf, False
    share, profile = np.ones(belongs.shape[1]), np.ones((belongs.shape[1], y.shape[1]))
    for _ in range(steps):
        w = belongs * n[:, None]
        share = w.sum(0) / n.sum()
        profile = w.T @ y + TINY
        for a, b in zip(cuts[:-1], cuts[1:], strict=True):
            profile[:, a:b] /= profile[:, a:b].sum(1, keepdims=True)
        logs = np.log(np.fmax(share, 1e-300)) + y @ np.log(profile).T
        top = logs.max(1, keepdims=True)
        belongs = np.exp(logs - top)
        total = belongs.sum(1, keepdims=True)
        loglik, belongs = float(n @ (top + np.log(total))[:, 0]), belongs / total
        if loglik - old < TOLERANCE * abs(loglik):
            converged = True
            break
        old = loglik
    return loglik, share, profile, belongs, converged


def agreement_of(a: NDArray, b: NDArray, n: NDArray) -> float:
    """Return the adjusted Rand index of two assignments of the same answers: 1 alike, 0 as by chance.

    >>> agreement_of(np.array([0, 0, 1]), np.array([1, 1, 0]), np.array([2.0, 2.0, 4.0]))
    1.0
    """
    table = np.zeros((int(a.max()) + 1, int(b.max()) + 1))
    np.add.at(table, (a, b), n)
    pairs = lambda v: float((v * (v - 1) / 2).sum())  # noqa: E731
    both, one, two, every = pairs(table), pairs(table.sum(1)), pairs(table.sum(0)), pairs(np.array([n.sum()]))
    chance = one * two / every
    most = (one + two) / 2
    return (both - chance) / (most - chance) if most > chance else 0.0


def stability(
    y: NDArray, levels: Sequence[int], n: NDArray, unit: NDArray, k: int, rng: np.random.Generator, *, times: int = 10,
    at: NDArray | None = None,
) -> NDArray:  # fmt: skip
    """Return (times,) how well classes found in one half of the units agree with those of the other half on all.

    Parameters
    ----------
    y, levels, n, k, at : as for `classes`. ``unit`` : of each row of ``n``, code of its unit, or -1: its answers are
        split.
    """
    out, every = np.zeros(times), n if at is None else np.bincount(at, n, len(y))
    for t in range(times):
        whole = unit >= 0
        side = rng.integers(0, 2, int(unit.max(initial=0)) + 1)
        first = np.where(whole, n * side[np.fmax(unit, 0)], 0.0)
        loose = ~whole
        first[loose] = rng.binomial(np.round(n[loose]).astype(int), 0.5)
        halves = [classes(y, levels, part + 1e-9, k, rng, starts=4, at=at) for part in (first, np.fmax(n - first, 0))]
        a, b = (posterior(h, y).argmax(1) for h in halves)
        out[t] = agreement_of(a, b, every)
    return out


def means(belongs: NDArray, n: NDArray, known: NDArray, total: NDArray) -> NDArray:
    """Return the mean of x in each class, (K,), as if classes were known (BCH: error of assignment taken out).

    Parameters
    ----------
    belongs : (patterns, K). ``n`` : (patterns,) weights. ``known`` : (patterns,) weights of those who have a value of
        x. ``total`` : (patterns,) the sum of these values times their weights.
    """
    w = belongs * n[:, None]
    error = (w.T @ belongs) / np.fmax(w.sum(0), 1e-300)[:, None]  # of class t, the share given to class s
    back = belongs @ np.linalg.pinv(error)
    with np.errstate(invalid="ignore", divide="ignore"):
        return (back.T @ total) / (back.T @ known)
