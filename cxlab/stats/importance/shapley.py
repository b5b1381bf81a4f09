"""Shapley (LMG) and Owen values of R²: how much of the explained variance each driver earns, averaged over orders.

All of it works on correlation matrices ``R`` with the outcome last, one matrix or a stack of them (replicates), so the
cost does not depend on the number of answers.

References
----------
Lindeman, Merenda & Gold (1980), *Introduction to Bivariate and Multivariate Analysis* (LMG).
Groemping (2007), The American Statistician 61:139, doi:10.1198/000313007X188252.
Owen (1977), Values of games with a priori unions, doi:10.1007/978-3-642-45494-3_7.
Furnival & Wilson (1974), Technometrics 16:499, doi:10.1080/00401706.1974.10489231 (all subsets by pivots).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import factorial

import numpy as np

EXACT = 20
"""Up to so many drivers (or blocks) every subset is evaluated; beyond, orders are sampled."""
_CELLS = 1 << 18
"""Numbers a stack of leaves holds at once: 2 MB, so that they stay in the cache."""


def unexplained(R: np.ndarray, steps: Sequence[Sequence[int]]) -> np.ndarray:
    """Return 1 - R² of the outcome on every subset of ``steps``.

    A tree of pivots, level by level: at step k each of the 2**k partial covariance matrices either drops the step's
    variables (left half) or sweeps them out (right half), so all subsets cost O(2**k) in all.

    Parameters
    ----------
    R : (B, p + 1, p + 1) correlation matrices, outcome last.
    steps : groups of column numbers which enter together.

    Returns
    -------
    (B, 2**len(steps)); bit k of the column number says whether ``steps[k]`` is in the subset.
    """
    top, low = steps[_LOW:], steps[:_LOW]
    order = [j for step in (*top, *low) for j in step] + [R.shape[-1] - 1]
    rows = [R[:, order[i]][:, order[i:]].T[..., None] for i in range(len(order))]  # upper triangle: (column, B, subset)
    nodes = [row.reshape(len(row), -1, 1) for row in _grown(rows, top)]
    many = nodes[0].shape[1]
    out = np.empty((many, 2 ** len(low)), R.dtype)
    portion = max(1, _CELLS >> len(low))
    for i in range(0, many, portion):
        out[i : i + portion] = _grown([row[:, i : i + portion] for row in nodes], low)[0][0]
    return out.reshape(len(R), -1)


_LOW = 13
"""The last levels of the tree, worked through for a portion of the nodes above them at a time."""


def _grown(rows: list[np.ndarray], steps: Sequence[Sequence[int]]) -> list[np.ndarray]:
    """Grow the tree by one level a step: the subsets without the step, then those with it."""
    for step in steps:
        kept, swept = rows[len(step) :], rows
        for _ in step[1:]:
            swept = _sweep(swept)
        ratio, first = _ratio(swept)
        rows, half = [], kept[0].shape[-1]
        for i, (old, row) in enumerate(zip(kept, swept[1:], strict=True)):
            both = np.empty((*row.shape[:-1], 2 * half), row.dtype)
            both[..., :half] = old
            np.multiply(ratio[i], first[i:], out=both[..., half:])
            np.subtract(row, both[..., half:], out=both[..., half:])
            rows.append(both)
    return rows


def _sweep(rows: list[np.ndarray]) -> list[np.ndarray]:
    """Take the first variable out of all others: the Schur complement, as rows of its upper triangle."""
    ratio, first = _ratio(rows)
    return [row - ratio[i] * first[i:] for i, row in enumerate(rows[1:])]


def _ratio(rows: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return the coefficients of the others on the first variable, and their covariances with it."""
    pivot, first = rows[0][0], rows[0][1:]
    return first / np.where(pivot > _TINY, pivot, np.inf).astype(first.dtype), first


_TINY = 1e-10
"""A partial variance below this is a combination of the variables already in: it adds nothing."""


def shapley_weights(p: int) -> np.ndarray:
    """Return w(s) = s! (p - 1 - s)! / p! for s = 0..p - 1, the share of orders in which a given set of s comes first.

    >>> shapley_weights(3).round(4).tolist()
    [0.3333, 0.1667, 0.3333]
    """
    return np.array([factorial(s) * factorial(p - 1 - s) / factorial(p) for s in range(p)])


def _sizes(p: int) -> np.ndarray:
    size = np.zeros(1, np.int8)
    for _ in range(p):
        size = np.concatenate([size, size + 1])
    return size


def shapley(value: np.ndarray) -> np.ndarray:
    """Return the Shapley value of each of p players from the values of all subsets.

    phi_j = sum over S with j of [w(s-1) + w(s)] v(S) - C, with one C for all players, which follows from
    sum of phi_j = v(all) - v(none). So one weighted sum a player suffices, and folding the array in half gives the
    next.

    Parameters
    ----------
    value : (B, 2**p), column number = bits of the subset.

    Returns
    -------
    (B, p)

    >>> shapley(np.array([[0.0, 1.0, 2.0, 4.0]])).tolist()
    [[1.5, 2.5]]
    """
    p = int(value.shape[1]).bit_length() - 1
    w = shapley_weights(p)
    folded = value * (np.append(w, 0.0) + np.insert(w, 0, 0.0)).astype(value.dtype)[_sizes(p)]
    out = np.empty((len(value), p))
    for j in range(p - 1, -1, -1):
        half = folded.shape[1] // 2
        out[:, j] = folded[:, half:].sum(axis=1)
        folded = folded[:, :half] + folded[:, half:]
    whole = value[:, -1] - value[:, 0]
    return out + ((whole - out.sum(axis=1)) / p)[:, None]


def lmg(R: np.ndarray) -> np.ndarray:
    """Return the LMG (Shapley) shares of R² of every driver, exactly, over all 2**p subsets.

    Parameters
    ----------
    R : (p + 1, p + 1) correlation matrix with the outcome last, or (B, p + 1, p + 1) of them; p <= 20 or so. In single
        precision if given in single precision: half the time, six digits, for replicates of independent drivers.

    Returns
    -------
    (p,) or (B, p); each row sums to R².

    >>> lmg(np.array([[1, 0, 0.6], [0, 1, 0.3], [0.6, 0.3, 1]])).round(4).tolist()
    [0.36, 0.09]
    """
    return block_shares(R, [[j] for j in range(R.shape[-1] - 1)])


def block_shares(R: np.ndarray, blocks: Sequence[Sequence[int]]) -> np.ndarray:
    """Return the Shapley share of R² of each block of drivers: dummies of one question, touchpoints of one stage.

    Returns
    -------
    (q,) or (B, q) for q blocks.
    """
    stack = R[None] if R.ndim == 2 else R
    q = len(blocks)
    portion = max(1, _CELLS >> q)
    parts = [shapley(1.0 - unexplained(stack[i : i + portion], blocks)) for i in range(0, len(stack), portion)]
    out = np.concatenate(parts)
    return out[0] if R.ndim == 2 else out


def owen(R: np.ndarray, blocks: Sequence[Sequence[int]]) -> np.ndarray:
    """Return the Owen value of every driver: Shapley among blocks, then within the block, orders never split a block.

    For j in block B: sum over unions T of other blocks of w_q(|T|) times the Shapley value of j in the game
    v(S) = R²(T + S) - R²(T) on the members of B. Members sum to the block's share.

    Returns
    -------
    (p,) or (B, p) in the order of the columns of ``R``.
    """
    stack = R[None] if R.ndim == 2 else R
    q = len(blocks)
    w = shapley_weights(q)[_sizes(q - 1)]
    out = np.full((len(stack), R.shape[-1] - 1), np.nan)
    for b, members in enumerate(blocks):
        others = [block for i, block in enumerate(blocks) if i != b]
        portion = max(1, _CELLS >> (q - 1 + len(members)))
        for i in range(0, len(stack), portion):
            part = stack[i : i + portion]
            explained = 1.0 - unexplained(part, [*others, *([j] for j in members)])
            games = explained.reshape(len(part), 2 ** len(members), len(w))  # the members' bits are the high ones
            out[i : i + portion, members] = shapley(games @ w)
    return out[0] if R.ndim == 2 else out


def orders(p: int, n: int, seed: int | np.random.Generator) -> np.ndarray:
    """Return about ``n`` orders of p drivers, in groups that balance the positions of every driver.

    A group is a random order, its rotations by a fifth each, and the reverse of each of these: what a driver gains
    depends most on its place, so groups vary far less than single orders.

    Returns
    -------
    (groups, orders of a group, p)
    """
    rng = np.random.default_rng(seed)
    shifts = np.unique(np.linspace(0, p, min(_ROTATIONS, p), endpoint=False).astype(int))
    groups = max(2, -(-n // (2 * len(shifts))))
    base = rng.permuted(np.tile(np.arange(p), (groups, 1)), axis=1)
    turned = np.stack([np.roll(base, s, axis=1) for s in shifts], axis=1)
    return np.concatenate([turned, turned[..., ::-1]], axis=1)


_ROTATIONS = 5


def lmg_sampled(
    R: np.ndarray, order: np.ndarray, blocks: Sequence[Sequence[int]] | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Estimate the LMG shares from sampled orders, with the standard error of the sampling.

    In one order the increments of R² are the squared last row of the Cholesky factor of the permuted matrix.

    Parameters
    ----------
    R : (p + 1, p + 1) correlation matrix, outcome last.
    order : (groups, orders of a group, p), see `orders`.
    blocks : columns of each of the p players, if they are not single columns; every column belongs to one.

    Returns
    -------
    shares (p,), which sum to R²; standard errors (p,), from the variance of the groups' means.

    References
    ----------
    Castro, Gomez & Tejada (2009), doi:10.1016/j.cor.2008.04.004; antithetic orders: Mitchell et al. (2022), JMLR 23:43.
    """
    groups, each, p = order.shape
    k = len(R) - 1
    owner = np.zeros((k, p))  # which player a column belongs to
    owner[np.arange(k) if blocks is None else np.concatenate(blocks), np.repeat(np.arange(p), _lengths(blocks, p))] = (
        1.0
    )
    base = np.array(R, dtype=float)
    base[k, k] = 2.0  # only the increments before it are read; > 1 keeps a perfect fit positive definite
    base[np.arange(k), np.arange(k)] += 1e-12
    means = np.empty((groups, p))
    portion = max(1, _CELLS // (4 * each * (k + 1) ** 2))
    for i in range(0, groups, portion):
        some = order[i : i + portion].reshape(-1, p)
        if blocks is not None:  # the columns in the order of their players
            some = np.argsort(np.argsort(some, axis=1)[:, owner.argmax(axis=1)], axis=1, kind="stable")
        index = np.column_stack([some, np.full(len(some), k)])
        L = np.linalg.cholesky(base[index[:, :, None], index[:, None, :]])
        gain = np.empty((len(some), k))
        np.put_along_axis(gain, some, L[:, k, :k] ** 2, axis=1)
        means[i : i + portion] = (gain if blocks is None else gain @ owner).reshape(-1, each, p).mean(axis=1)
    return means.mean(axis=0), means.std(axis=0, ddof=1) / np.sqrt(groups)


def _lengths(blocks: Sequence[Sequence[int]] | None, p: int) -> list[int]:
    return [1] * p if blocks is None else [len(b) for b in blocks]
