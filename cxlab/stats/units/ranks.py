"""Ranks with their uncertainty: confidence sets for places in a league table, and who cannot be told apart.

Rank 1 is the largest value. The percentile bootstrap of ranks is not valid near ties (`naive_ranks` is here only to
show that); these sets are.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from cxlab.problem import DataProblem, one_of

KINDS = ("marginal", "simultaneous")


def rank_sets(
    estimate: ArrayLike,
    covariance: ArrayLike,
    *,
    level: float = 0.95,
    kind: str = "marginal",
    stepdown: bool = True,
    df: float = np.inf,
    draws: int = 1000,
    seed: int = 0,
) -> tuple[np.ndarray, np.ndarray]:
    """Return for every unit the lowest and highest rank that the data do not exclude.

    Unit j is certainly behind the units k whose interval for ``theta_k - theta_j`` lies above 0, and ahead of those
    where it lies below 0; what is left is its set ``[1 + ahead_of_j, p - behind_j]``. The intervals use the quantile of
    ``max |Z_j - Z_k| / sigma_jk`` with Z ~ N(0, Sigma), over all k for one j ('marginal': right for one unit named
    before looking) or over all pairs ('simultaneous': right for the whole table at once); the stepdown repeats that
    over the pairs not yet separated.

    Parameters
    ----------
    estimate : array (p,), one value a unit; all finite.
    covariance : array (p,) of variances of independent estimates, or array (p, p).
    level : probability with which the true rank(s) lie in the set(s).
    df : degrees of freedom of the covariance, if it is estimated from few clusters: Z is then Student's t.
    draws : simulated Z.

    References
    ----------
    Mogstad, Romano, Shaikh & Wilhelm 2024, Review of Economic Studies 91:476, doi:10.1093/restud/rdad006.

    Examples
    --------
    >>> low, high = rank_sets([9.0, 5.0, 4.9, 1.0], [0.01, 0.01, 0.01, 0.01])
    >>> low.tolist(), high.tolist()
    ([1, 2, 2, 4], [1, 3, 3, 4])
    """
    one_of("kind", kind, KINDS)
    x, z, scale = _prepared(estimate, covariance, draws, seed)
    z = _students(z, df, seed)
    if kind == "simultaneous":
        above, _ = _simultaneous(x, z, scale, level, stepdown)
        ahead, behind = above.sum(axis=0), above.sum(axis=1)
    else:
        ahead, behind = _marginal(x, z, scale, level, stepdown, range(len(x)))
    return 1 + ahead, len(x) - behind


def rank_set(
    estimate: ArrayLike,
    covariance: ArrayLike,
    of: int,
    *,
    level: float = 0.95,
    stepdown: bool = True,
    df: float = np.inf,
    draws: int = 1000,
    seed: int = 0,
) -> tuple[int, int]:
    """Return the marginal set of the one unit at position ``of``, as `rank_sets` has it among all: its ends.

    >>> rank_set([9.0, 5.0, 4.9, 1.0], [0.01, 0.01, 0.01, 0.01], 1)
    (2, 3)
    """
    x, z, scale = _prepared(estimate, covariance, draws, seed)
    ahead, behind = _marginal(x, _students(z, df, seed), scale, level, stepdown, [of])
    return int(1 + ahead[0]), int(len(x) - behind[0])


def _students(z: np.ndarray, df: float, seed: int) -> np.ndarray:
    """Draws of Student's t for draws of the normal, where the covariance has few degrees of freedom."""
    if not np.isfinite(df):
        return z
    return z * np.sqrt(df / np.random.default_rng(seed + 1).chisquare(df, z.shape[1])).astype(np.float32)


def separated(
    estimate: ArrayLike,
    covariance: ArrayLike,
    *,
    level: float = 0.95,
    stepdown: bool = True,
    draws: int = 1000,
    seed: int = 0,
) -> np.ndarray:
    """Return the (p, p) truth table "unit j is above unit k", wrong anywhere with probability at most ``1 - level``.

    >>> separated([9.0, 5.0, 4.9], [0.01, 0.01, 0.01]).tolist()
    [[False, True, True], [False, False, False], [False, False, False]]
    """
    return judged(estimate, covariance, level=level, stepdown=stepdown, draws=draws, seed=seed)[0]


def judged(
    estimate: ArrayLike,
    covariance: ArrayLike,
    *,
    level: float = 0.95,
    stepdown: bool = True,
    draws: int = 1000,
    seed: int = 0,
) -> tuple[np.ndarray, float]:
    """Return the table of `separated` and the last critical value, in standard errors, that its pairs passed."""
    x, z, scale = _prepared(estimate, covariance, draws, seed)
    return _simultaneous(x, z, scale, level, stepdown)


def best_set(above: np.ndarray, tau: int) -> np.ndarray:
    """Return which units may be among the ``tau`` largest; all that truly are have that said of them, at its level.

    Parameters
    ----------
    above : array (p, p), the truth table of `separated`.

    >>> best_set(separated([9.0, 5.0, 4.9, 1.0], [0.01, 0.01, 0.01, 0.01]), 2).tolist()
    [True, True, True, False]
    """
    if not 1 <= tau <= len(above):
        raise DataProblem(f"top is {tau}; allowed: a whole number from 1 to the number of ranked units, {len(above)}")
    return above.sum(axis=0) < tau


def letters(above: np.ndarray) -> list[str]:
    """Return a compact letter display: two units share a letter exactly when ``above`` does not separate them.

    Parameters
    ----------
    above : array (p, p), the truth table of `separated`.

    References
    ----------
    Piepho 2004, Journal of Computational and Graphical Statistics 13:456, doi:10.1198/1061860043515.

    >>> letters(separated([9.0, 5.0, 4.9], [0.01, 0.01, 0.01]))
    ['a', 'b', 'b']
    """
    p = len(above)
    groups = [frozenset(range(p))]
    for j, k in np.argwhere(above):
        split = [g for g in groups if j in g and k in g]
        if split:
            parts = [g for g in groups if g not in split] + [g - {u} for g in split for u in (j, k)]
            groups = [g for g in set(parts) if not any(g < other for other in parts)]
    order = np.argsort(np.argsort(-above.sum(axis=1) + above.sum(axis=0), kind="stable"))
    groups = sorted(groups, key=lambda g: sorted(order[list(g)]))
    return ["".join(_letter(i) for i, g in enumerate(groups) if u in g) for u in range(p)]


def naive_ranks(
    estimate: ArrayLike, covariance: ArrayLike, *, level: float = 0.95, draws: int = 1000, seed: int = 0
) -> np.ndarray:
    """Return the percentile interval of bootstrapped ranks: NOT valid near ties, kept to show by how much."""
    x = np.asarray(estimate, float)
    ranks = np.argsort(np.argsort(-(x[:, None] + _draws(covariance, draws, seed)), axis=0), axis=0) + 1
    return np.quantile(ranks, [(1 - level) / 2, (1 + level) / 2], axis=1, method="nearest").astype(int)


def difference_scale(covariance: ArrayLike) -> np.ndarray:
    """Return the (p, p) standard errors of all differences; ``covariance`` as in `rank_sets`."""
    v = np.asarray(covariance, float)
    variance = v[:, None] + v[None, :] if v.ndim == 1 else np.diag(v)[:, None] + np.diag(v)[None, :] - v - v.T
    return np.sqrt(np.maximum(variance, 0.0))


def _prepared(
    estimate: ArrayLike, covariance: ArrayLike, draws: int, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    x, v = np.asarray(estimate, float), np.asarray(covariance, float)
    if v.shape not in ((x.size,), (x.size, x.size)):
        need = f"give {x.size} variances or a {x.size} x {x.size} matrix"
        raise DataProblem(f"covariance has shape {v.shape} for {x.size} estimates; {need}")
    if not (np.isfinite(x).all() and np.isfinite(v).all()):
        raise DataProblem("every unit needs a finite estimate and variance to be ranked; leave the others out")
    return x, _draws(v, draws, seed), difference_scale(v)


def _draws(covariance: ArrayLike, draws: int, seed: int) -> np.ndarray:
    """Z ~ N(0, Sigma) as (p, draws) in single precision: the quantile of a maximum needs no more."""
    v = np.asarray(covariance, float)
    normal = np.random.default_rng(seed).standard_normal((len(v), draws), dtype=np.float32)
    if v.ndim == 1:
        return np.sqrt(v)[:, None].astype(np.float32) * normal
    try:
        root = np.linalg.cholesky(v)
    except np.linalg.LinAlgError:  # singular: the same person everywhere, or contrasts
        values, vectors = np.linalg.eigh(v)
        root = vectors * np.sqrt(np.maximum(values, 0))
    return root.astype(np.float32) @ normal


def _statistic(x: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """(x_j - x_k) / sigma_jk; a difference without error is infinite, no difference is 0."""
    difference = x[:, None] - x[None, :]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(difference == 0, 0.0, difference / scale)


def _inverse(scale: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore"):
        return np.where(scale > 0, 1 / scale, 0).astype(np.float32)


def _maxima(
    z: np.ndarray, j: int, others: slice, scale: np.ndarray, ahead: np.ndarray, behind: np.ndarray
) -> np.ndarray:
    """Return for every draw the largest studentised difference of unit j among the hypotheses still open.

    ``ahead``, ``behind`` (truth values over ``others``) say which of "k is not above j", "k is not below j" are open.
    """
    d = z[others] - z[j]
    d *= _inverse(scale[j, others])[:, None]
    largest = np.zeros(z.shape[1], np.float32)
    if ahead.any():
        np.maximum(largest, (d if ahead.all() else d[ahead]).max(axis=0), out=largest)
    if behind.any():
        np.maximum(largest, -(d if behind.all() else d[behind]).min(axis=0), out=largest)
    return largest


def _critical(maxima: np.ndarray, level: float) -> float:
    return float(np.quantile(maxima, level, method="higher"))


def _marginal(
    x: np.ndarray, z: np.ndarray, scale: np.ndarray, level: float, stepdown: bool, units: Sequence[int]
) -> tuple[np.ndarray, np.ndarray]:
    """Count for every unit who is certainly ahead and behind, with one critical value a unit.

    A unit found ahead leaves only "not below j" open, one found behind only "not above j": their draws go from the
    two-sided maximum into the running one-sided maximum.
    """
    t = _statistic(x, scale)
    ahead, behind = np.zeros(len(units), int), np.zeros(len(units), int)
    for i, j in enumerate(units):
        d = z - z[j]
        d *= _inverse(scale[j])[:, None]
        both, one = np.abs(d), np.zeros(z.shape[1], np.float32)
        found = np.zeros(len(x), bool)
        while True:
            new = (np.abs(t[j]) > _critical(np.maximum(both.max(axis=0), one), level)) & ~found
            found |= new
            if not (new.any() and stepdown):
                break
            for rows, sign in ((np.flatnonzero(new & (t[j] < 0)), -1), (np.flatnonzero(new & (t[j] > 0)), 1)):
                if len(rows):
                    np.maximum(one, (sign * d[rows]).max(axis=0), out=one)
                    both[rows] = 0
        ahead[i], behind[i] = (found & (t[j] < 0)).sum(), (found & (t[j] > 0)).sum()
    return ahead, behind


def _simultaneous(
    x: np.ndarray, z: np.ndarray, scale: np.ndarray, level: float, stepdown: bool
) -> tuple[np.ndarray, float]:
    """Truth table "j is above k" with one critical value for all pairs; a block of pairs at a time, memory O(p draws).

    The hypotheses are "j is not above k" for all ordered pairs; a rejected one leaves its mirror image open, so that
    the direction of every claim is covered as well.
    """
    t = _statistic(x, scale)
    p = len(x)
    above, critical = np.zeros((p, p), bool), np.inf
    while p > 1:
        largest = np.zeros(z.shape[1], np.float32)
        for j in range(p - 1):
            k = slice(j + 1, p)
            np.maximum(largest, _maxima(z, j, k, scale, ~above[k, j], ~above[j, k]), out=largest)
        last = _critical(largest, level)
        found = (t > last) & ~above
        critical = last if found.any() else critical
        above |= found
        if not (found.any() and stepdown):
            break
    return above, critical


def _letter(i: int) -> str:
    return chr(97 + i) if i < 26 else chr(96 + i // 26) + chr(97 + i % 26)
