"""Sums and differences of overlapping groups that speak of few people: an attacker's linear algebra."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

ROUNDING = 1e-9


def small_sums(members: NDArray, sizes: NDArray, small: int) -> Iterator[tuple[NDArray, NDArray]]:
    """Yield sums of groups, each weighted by a number of either sign, that are about fewer than ``small`` people.

    Cells are eliminated from the largest down (Gauss-Jordan), so that what is left over rests on the smallest; in a few
    orders, since the sparsest sum need not come first (finding it is NP-hard). That is a search, no proof of absence.

    Parameters
    ----------
    members : (K, A) 1 where cell a belongs to group k. ``sizes`` : (A,) people in each cell, more than 0.
    small : least number of people.

    Returns
    -------
    Weights (K,) of the groups, and what the sum has of each cell (A,).

    Examples
    --------
    >>> groups = np.array([[1, 1, 1, 1], [1, 0, 0, 0], [0, 0, 1, 1], [0, 0, 0, 1]])
    >>> [w.tolist() for w, cells in small_sums(groups, np.array([40, 3, 30, 50]), 10)][0]
    [1.0, -1.0, -1.0, 0.0]
    """
    tiny = sizes < small
    down = np.argsort(-sizes, kind="stable")
    for order in (down, np.concatenate([down[~tiny[down]], down[tiny[down]][::-1]]), np.argsort(-sizes[::-1])[::-1]):
        cells, weights = _eliminated(members[:, order], members.shape[0])
        for v, w in zip(cells, weights, strict=True):
            if np.abs(v).max(initial=0) > ROUNDING and sizes[order][v != 0].sum() < small:
                yield w, v[np.argsort(order)]


def _eliminated(work: NDArray, groups: int) -> tuple[NDArray, NDArray]:
    """Return the reduced rows and how each is made of the rows given."""
    cells = work.shape[1]
    work, row = np.hstack([work.astype(float), np.eye(groups)]), 0
    for column in range(cells):
        pivot = row + int(np.abs(work[row:, column]).argmax())
        if abs(work[pivot, column]) < ROUNDING:
            continue
        work[[row, pivot]] = work[[pivot, row]]
        work[row] /= work[row, column]
        others = np.arange(groups) != row
        work[others] -= np.outer(work[others, column], work[row])
        work[np.abs(work) < ROUNDING] = 0
        row += 1
        if row == groups:
            break
    return work[:, :cells], work[:, cells:]
