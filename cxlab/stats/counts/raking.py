"""Iterative proportional fitting of weights to margins, and why margins can contradict each other.

References
----------
Deming, W. E. & Stephan, F. F. (1940). On a least squares adjustment of a sampled frequency table. Annals of
    Mathematical Statistics 11, 427-444. doi:10.1214/aoms/1177731829
Gale, D. (1957). A theorem on flows in networks. Pacific Journal of Mathematics 7, 1073-1082.
    doi:10.2140/pjm.1957.7.1073
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import coo_array

SLACK = 1e-9
"""Shares may differ by rounding."""


def ipf(
    base: np.ndarray,
    each: np.ndarray,
    codes: Sequence[np.ndarray],
    shares: Sequence[np.ndarray],
    *,
    trim: tuple[float, float] | None,
    tolerance: float,
    rounds: int,
) -> tuple[list[np.ndarray], int, float]:
    """Fit factors to margins by iterative proportional fitting on cells.

    Parameters
    ----------
    base : (cells,) sum of the old weights in each cell.
    each : (cells,) the old weight of one row of the cell (used for trimming).
    codes : for each margin, (cells,) the index of the cell's category, -1 where there is none.
    shares : for each margin, (categories,) target shares.

    Returns
    -------
    The factors of each margin, the number of rounds, the largest relative difference of a margin from its target.
    """
    factors = [np.ones(len(s)) for s in shares]
    rows, total = base / each, base.sum()
    limits = tuple(np.array(trim) * total / rows.sum()) if trim else (0.0, math.inf)
    done, off = 0, math.inf
    while done < rounds and off > tolerance:  # nan is not above it: the sums ran out of range
        done, off = done + 1, 0.0
        for f, c, s in zip(factors, codes, shares, strict=True):
            with np.errstate(all="ignore"):
                g = np.prod([np.where(k >= 0, h[k], 1.0) for h, k in zip(factors, codes, strict=True)], axis=0)
                w = rows * np.clip(each * g, *limits)
                now = np.bincount(c[c >= 0], w[c >= 0], len(s))
                ratio = s * (total * now.sum() / w.sum()) / now
                off = float(np.maximum(off, np.abs(1 / ratio - 1).max()))  # nan stays nan
                f *= ratio
    return factors, done, off


def conflict(
    a: np.ndarray, b: np.ndarray, share_a: np.ndarray, share_b: np.ndarray
) -> tuple[np.ndarray, np.ndarray] | None:
    """Return categories of one margin that want more than the only categories of another they occur with, or None.

    Weights that meet both margins exist exactly if no set S of categories of the first has a larger share than the
    categories of the second that occur with S (Gale 1957). The worst S is a linear program whose corners are 0 and 1.

    Parameters
    ----------
    a, b : (cells,) category of each cell in the two margins, -1 where there is none (such cells may go anywhere).
    share_a, share_b : target shares of the categories.

    Examples
    --------
    >>> men_are_old = conflict(np.array([0, 1]), np.array([0, 1]), np.array([0.5, 0.5]), np.array([0.9, 0.1]))
    >>> [s.tolist() for s in men_are_old]
    [[1], [1]]
    >>> conflict(np.array([0, 0, 1]), np.array([0, 1, 1]), np.array([0.5, 0.5]), np.array([0.4, 0.6]))
    """
    both = np.unique(np.stack([a, b]), axis=1)
    loose = both[1] < 0  # who has no category in b limits nothing
    free_a = np.isin(np.arange(len(share_a)), both[0][loose])
    i, j = both[:, (both >= 0).all(axis=0)]
    k, m, rows = len(share_a), len(share_b), np.arange(len(i))
    edges = coo_array(
        (np.r_[np.ones(len(i)), -np.ones(len(i))], (np.r_[rows, rows], np.r_[i, k + j])), shape=(len(i), k + m)
    )
    bounds = [(0, 0 if f else 1) for f in free_a] + [(0, 1)] * m
    found = linprog(np.r_[-share_a, share_b], A_ub=edges.tocsr(), b_ub=np.zeros(len(i)), bounds=bounds, method="highs")
    if found.status != 0 or -found.fun <= SLACK:
        return None
    chosen = found.x > 0.5
    return np.flatnonzero(chosen[:k]), np.flatnonzero(chosen[k:])


def possible(codes: Sequence[np.ndarray], shares: Sequence[np.ndarray]) -> bool:
    """Return whether weights of zero or more exist that meet all margins at once.

    >>> possible([np.array([0, 1]), np.array([0, 1])], [np.array([0.5, 0.5]), np.array([0.9, 0.1])])
    False
    """
    cells = np.unique(np.stack(codes), axis=1)
    parts, right = [], []
    for c, s in zip(cells, shares, strict=True):
        there = np.flatnonzero(c >= 0)
        own = coo_array((np.ones(len(there)), (c[there], there)), shape=(len(s), len(c))).toarray()
        parts.append(own - np.outer(s, c >= 0))  # shares of those who have a category in this margin
        right.append(np.zeros(len(s)))
    equal = np.vstack([*parts, np.ones(cells.shape[1])])
    found = linprog(np.zeros(cells.shape[1]), A_eq=equal, b_eq=np.r_[np.concatenate(right), 1.0], method="highs")
    return found.status == 0
