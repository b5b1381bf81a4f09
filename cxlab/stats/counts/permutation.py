"""Permutation test of two groups on counts: shuffling labels draws the counts of one group from a hypergeometric."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations, product
from math import comb, prod

import numpy as np

from cxlab.problem import DataProblem
from cxlab.stats.counts.resample import blocks


def hypergeometric(total: np.ndarray, size: int, rng: np.random.Generator, draws: int) -> np.ndarray:
    """Draw the counts of ``size`` answers taken from ``total`` without replacement, shape (draws, K).

    >>> hypergeometric(np.array([2, 3]), 5, np.random.default_rng(0), 1).tolist()
    [[2, 3]]
    """
    out = np.empty((draws, len(total)), np.int64)
    left, rest = np.full(draws, size), int(total.sum())
    for k, c in enumerate(total[:-1]):
        rest -= int(c)
        out[:, k] = rng.hypergeometric(c, rest, left) if rest else np.minimum(left, c)
        left = left - out[:, k]
    out[:, -1] = left
    return out


def permutation(
    a: np.ndarray,
    b: np.ndarray,
    statistic: Callable[[np.ndarray], np.ndarray],
    *,
    replicates: int = 9999,
    seed: int = 0,
    difference: float | None = None,
) -> tuple[float, float, np.ndarray]:
    """Test whether two groups answer alike by the difference of a statistic.

    Parameters
    ----------
    a, b : (K,) counts of each distinct answer in the two groups.
    statistic : of a block of counts (m, K), e.g. the mean.
    difference : that of the answers themselves, where the counts are of classes of them.

    Returns
    -------
    difference : statistic(a) - statistic(b). p : two-sided, (1 + as extreme) / (1 + replicates). draws : (replicates,).

    References
    ----------
    Phipson & Smyth (2010), https://doi.org/10.2202/1544-6115.1585 (p-values are never zero).

    Examples
    --------
    >>> score = np.array([0.0, 1.0])
    >>> d, p, _ = permutation(np.array([9, 1]), np.array([1, 9]), lambda c: c @ score / c.sum(axis=1), replicates=999)
    >>> d, p < 0.02
    (-0.8, True)
    """
    a, b = np.asarray(a, np.int64), np.asarray(b, np.int64)
    if a.sum() == 0 or b.sum() == 0:
        raise DataProblem("one of the two groups has no answers; there is nothing to compare")
    total = a + b
    if difference is None:
        difference = float(statistic(a[None])[0] - statistic(b[None])[0])
    rng = np.random.default_rng(seed)
    draws = []
    for size in blocks(replicates, 3 * len(total), "permutation test"):
        drawn = hypergeometric(total, int(a.sum()), rng, size)
        draws.append(statistic(drawn) - statistic(total - drawn))
    draws = np.concatenate(draws)
    slack = 1e-12 * max(abs(difference), 1e-300)
    as_extreme = int(np.sum(np.abs(draws) >= abs(difference) - slack))
    return difference, (1 + as_extreme) / (1 + replicates), draws


def of_clusters(
    totals: np.ndarray,
    first: np.ndarray,
    statistic: Callable[[np.ndarray], np.ndarray],
    *,
    strata: np.ndarray | None = None,
    replicates: int = 9999,
    seed: int = 0,
) -> tuple[float, float, np.ndarray, int]:
    """Test whether two groups of whole clusters answer alike: clusters change sides within their strata, not answers.

    Parameters
    ----------
    totals : (C, K) counts of each distinct answer in each cluster. ``first`` : (C,) whether it is in the first group.
    statistic : of a block of counts (m, K).

    Returns
    -------
    difference, p, draws as `permutation`, and in how many ways the clusters can be assigned. Where these are no more
    than ``replicates`` each is tried once, and p is the share of them that differ as much: at least 1 / ways.

    Examples
    --------
    >>> score, totals = np.array([0.0, 1.0]), np.array([[0, 9], [9, 0], [9, 0], [9, 0]])
    >>> of_clusters(totals, np.array([True, False, False, False]), lambda c: c @ score / c.sum(axis=1))[:2]
    (1.0, 0.25)
    """
    first, owner = np.asarray(first, bool), np.zeros(len(totals), int) if strata is None else np.asarray(strata)
    members = [np.flatnonzero(owner == h) for h in np.unique(owner)]
    ways = prod(comb(len(m), int(first[m].sum())) for m in members)
    whole = totals.sum(axis=0)

    def differences(sides: np.ndarray) -> np.ndarray:
        one = sides.astype(float) @ totals
        with np.errstate(divide="ignore", invalid="ignore"):
            return statistic(one) - statistic(whole - one)

    difference = float(differences(first[None])[0])
    every = ways <= replicates
    sides = _all_sides(first, members) if every else _drawn_sides(first, members, replicates, seed)
    draws = np.concatenate([differences(block) for block in sides])
    as_extreme = int(np.sum(np.abs(draws) >= abs(difference) - 1e-12 * max(abs(difference), 1e-300)))
    return difference, as_extreme / ways if every else (1 + as_extreme) / (1 + replicates), draws, ways


def _all_sides(first: np.ndarray, members: list[np.ndarray]) -> Iterator[np.ndarray]:
    """Yield every assignment of the clusters, a thousand at a time."""
    block = []
    for chosen in product(*(combinations(m, int(first[m].sum())) for m in members)):
        side = np.zeros(len(first), bool)
        side[[c for part in chosen for c in part]] = True
        block.append(side)
        if len(block) == 1000:
            yield np.array(block)
            block = []
    if block:
        yield np.array(block)


def _drawn_sides(first: np.ndarray, members: list[np.ndarray], replicates: int, seed: int) -> Iterator[np.ndarray]:
    """Yield assignments drawn at random within strata."""
    rng = np.random.default_rng(seed)
    for size in blocks(replicates, len(first), "permutation test"):
        sides = np.empty((size, len(first)), bool)
        for m in members:
            sides[:, m] = rng.permuted(np.tile(first[m], (size, 1)), axis=1)
        yield sides
