"""The functions that turn correlations of drivers and outcome into shares, and what chance alone gives a driver."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from scipy.special import gammaincinv

from cxlab.stats.importance import marginal as importance
from cxlab.stats.importance import shapley
from cxlab.stats.importance.relative_weights import relative_weights

SIGNED = ("beta", "correlation")
ORDERS = 10_000
"""Sampled orders of entry, where there are too many drivers for all."""
SUBSETS = 10
"""Drivers (or blocks) up to which a likelihood is maximised on all subsets; beyond, on those of sampled orders."""

Shares = Callable[[np.ndarray], np.ndarray]


def share_function(method: str, players: Sequence[Sequence[int]], blocks: Sequence[Sequence[int]], seed: int) -> Shares:
    """Return the function (B, K + 1, K + 1) -> (B, players) of a method; ``blocks``: columns, for Owen values."""
    single = all(len(p) == 1 for p in players)
    if method in ("lmg", "dominance"):
        if len(players) <= shapley.EXACT:
            return lambda R: shapley.block_shares(R, players)
        order = shapley.orders(len(players), ORDERS, seed)
        several = None if single and _in_order(players) else players
        few = int(np.clip(100 * (40 / sum(map(len, players))) ** 2, 20, 100))  # replicates share these orders
        return lambda R: np.array(
            [shapley.lmg_sampled(S, order if len(R) == 1 else order[:few], several)[0] for S in R]
        )
    if method == "owen":
        return lambda R: summed(shapley.owen(R, blocks), players)
    simple = {"johnson": relative_weights, "pratt": importance.pratt, "car": importance.car}
    if method in simple:
        return lambda R: summed(simple[method](R), players)
    if method in SIGNED:
        signed = getattr(importance, method)
        return lambda R: np.column_stack(
            [signed(R)[:, p[0]] if len(p) == 1 else np.full(len(R), np.nan) for p in players]
        )
    return getattr(importance, method) if single and _in_order(players) else lambda R: _ends(R, players, method)


def _in_order(players: Sequence[Sequence[int]]) -> bool:
    return [p[0] for p in players] == list(range(len(players)))


def summed(columns: np.ndarray, players: Sequence[Sequence[int]]) -> np.ndarray:
    return np.column_stack([columns[:, list(p)].sum(axis=1) for p in players])


def _ends(R: np.ndarray, players: Sequence[Sequence[int]], method: str) -> np.ndarray:
    y = R.shape[-1] - 1
    r2 = lambda some: importance.r_squared(R[:, [*some, y]][:, :, [*some, y]]) if len(some) else np.zeros(len(R))  # noqa: E731
    if method == "first":
        return np.column_stack([r2(list(p)) for p in players])
    everything = [k for p in players for k in p]
    return np.column_stack([r2(everything) - r2([k for k in everything if k not in p]) for p in players])


def subset_coefficients(q: int, method: str, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return subsets (U, q), the empty one first, and the coefficients (q, U) that turn their values into shares."""
    if method in ("first", "last"):
        one, full = np.eye(q, dtype=bool), np.ones((1, q), bool)
        subsets = np.vstack([np.zeros((1, q), bool), one if method == "first" else ~one, full])
        C = np.zeros((q, q + 2))
        C[:, 1:-1] = np.eye(q) * (1 if method == "first" else -1)
        C[:, 0 if method == "first" else -1] = -1 if method == "first" else 1
        return subsets, C
    if q <= SUBSETS:
        number = np.arange(2**q)
        subsets = ((number[:, None] >> np.arange(q)) & 1).astype(bool)
        return subsets, shapley.shapley(np.eye(2**q)).T
    order = shapley.orders(q, ORDERS // 100, seed).reshape(-1, q)
    position = np.argsort(order, axis=1)
    prefix = position[:, None, :] < np.arange(q + 1)[None, :, None]
    subsets, at = np.unique(prefix.reshape(-1, q), axis=0, return_inverse=True)
    at = at.reshape(len(order), q + 1)
    C = np.zeros((q, len(subsets)))
    np.add.at(C, (order, at[:, 1:]), 1 / len(order))
    np.add.at(C, (order, at[:, :-1]), -1 / len(order))
    return subsets, C


def noise_floor(R: np.ndarray, shares: Callable[[np.ndarray], np.ndarray], n_eff: float, seed: int) -> float:
    """Return the 95th percentile of the share that a shadow driver gets: a driver whose answers were shuffled.

    A shuffled driver correlates with every column by chance only, with covariance R / n, so its correlations are drawn
    from that and the shares computed with it added. Few draws are enough: a gamma distribution is fitted to them.

    Parameters
    ----------
    R : (K + 1, K + 1), outcome last.
    shares : function of (B, K + 2, K + 2) -> (B,), the shadow's share; the shadow is column K.
    n_eff : effective number of answers.
    """
    rng = np.random.default_rng(seed)
    k = len(R) - 1
    many = int(np.clip(2**21 >> k, 20, 200)) if k <= shapley.EXACT else 20
    values, vectors = np.linalg.eigh(R)
    chance = rng.standard_normal((many, k + 1)) @ (vectors * np.sqrt(np.maximum(values, 0))).T / np.sqrt(n_eff)
    shadowed = np.zeros((many, k + 2, k + 2))
    old = [*range(k), k + 1]
    shadowed[np.ix_(range(many), old, old)] = R
    shadowed[:, k, old] = shadowed[:, old, k] = np.clip(chance, -0.9, 0.9)
    shadowed[:, k, k] = 1.0
    value = np.abs(shares(shadowed))
    mean, variance = value.mean(), value.var()
    return float(gammaincinv(mean**2 / variance, 0.95) * variance / mean) if variance > 0 else float(mean)
