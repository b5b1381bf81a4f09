"""Does a table depend on its columns? Pearson's chi-square, and Rao and Scott's under a design.

X2 = n sum (p_rc - p_r p_c)**2 / (p_r p_c) of the weighted shares of cells. Under a design it is not chi-square: with V
the covariance of the shares, D their diagonal, and C a basis of the interaction, the eigenvalues of
Delta = (C' D^-1 C / n)^-1 (C' D^-1 V D^-1 C) say how much each direction varies more than in a simple random sample.
F = X2 / tr(Delta) with tr(Delta)**2 / tr(Delta**2) degrees of freedom, and that times (clusters - strata) below.

References
----------
Rao, J. N. K., & Scott, A. J. (1984). On chi-squared tests for multiway contingency tables with cell proportions
    estimated from survey data. Annals of Statistics 12, 46-60. doi:10.1214/aos/1176346391
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import helmert
from scipy.special import chdtrc, fdtrc

from cxlab.stats.inference.column_tests import Block, scale

MOST_CELLS = 1500
"""Cells of a table whose covariance is worked out; a larger one under a design has no test."""
SMALL = 5.0
"""Expected answers of a cell below which chi-square is a rough approximation."""


@dataclass(frozen=True)
class Association:
    """``statistic`` X2 (``df2`` infinite) or F, its degrees of freedom ``df1`` and ``df2``, ``p``; ``small`` is the
    share of cells in which fewer than `SMALL` answers are expected."""

    statistic: float
    df1: float
    df2: float
    p: float
    small: float


NONE = Association(np.nan, np.nan, np.nan, np.nan, np.nan)


def association(block: Block, lines: NDArray) -> Association:
    """Return the test of no association between lines and columns.

    Parameters
    ----------
    block : the counts; no pattern in two columns. ``lines`` : (L, S) 1 where answer s is in line l, each in one.

    Examples
    --------
    >>> counts = np.array([[[10.0, 20.0], [30.0, 20.0]]] * 3)
    >>> drawn, alone = np.array([80.0]), np.zeros(2, int)
    >>> found = association(Block(counts, np.eye(2), alone, drawn, simple=True), np.eye(2))
    >>> round(found.statistic, 3), found.df1, round(found.p, 4)
    (5.333, 1, 0.0209)
    """
    n, w, _ = block.counts
    table = lines @ w @ block.members
    rows, columns = table.sum(axis=1) > 0, table.sum(axis=0) > 0
    table, lines, members = table[np.ix_(rows, columns)], lines[rows], block.members[:, columns]
    if min(table.shape) < 2:
        return NONE
    size, share = float((lines @ n @ members).sum()), table / table.sum()
    expected = np.outer(share.sum(axis=1), share.sum(axis=0))
    x2 = size * float(((share - expected) ** 2 / expected).sum())
    df, small = (table.shape[0] - 1) * (table.shape[1] - 1), float((size * expected < SMALL).mean())
    if block.simple:
        return Association(x2, df, np.inf, float(chdtrc(df, x2)), small)
    if table.size > MOST_CELLS:
        return NONE
    variance, below = cell_covariance(block, lines, members, share)
    trace, square = _inflation(share, variance, size)
    if not (trace > 0 and below > 0):
        return NONE
    df1 = trace**2 / square
    return Association(x2 / trace, df1, df1 * below, float(fdtrc(df1, df1 * below, x2 / trace)), small)


def _inflation(share: NDArray, variance: NDArray, size: float) -> tuple[float, float]:
    """Return tr(Delta) and tr(Delta**2)."""
    basis = np.kron(helmert(share.shape[0]), helmert(share.shape[1])).T
    flat = share.ravel()
    scaled = basis * np.divide(1.0, flat, out=np.zeros_like(flat), where=flat > 0)[:, None]
    delta = np.linalg.pinv(basis.T @ scaled / size, hermitian=True) @ (scaled.T @ variance @ scaled)
    return float(np.trace(delta)), float((delta * delta.T).sum())


def cell_covariance(block: Block, lines: NDArray, members: NDArray, share: NDArray) -> tuple[NDArray, float]:
    """Return the linearised covariance of the shares of cells (row by row), and clusters less strata with answers."""
    p, f = share.ravel(), scale(block)
    if block.totals is not None:
        return _of_clusters(block, lines, members, p, f)
    n, w, w2 = block.counts
    out, strata = np.zeros((len(p), len(p))), 0
    for h in np.unique(block.stratum):
        at = block.stratum == h
        squares, sums = ((lines @ x[:, at] @ members[at]).ravel() for x in (w2, w))
        own = np.diag(squares) - np.outer(squares, p) - np.outer(p, squares) + np.outer(p, p) * squares.sum()
        mean = sums - p * sums.sum()
        out += f[h] * (own - (np.outer(mean, mean) / block.drawn[h] if block.drawn[h] > 1 else 0.0))
        strata += bool(sums.any())
    return out / (lines @ w @ members).sum() ** 2, float((lines @ n @ members).sum()) - strata


ROOM = 4_000_000
"""Cells of so many clusters at once."""


def _of_clusters(block: Block, lines: NDArray, members: NDArray, p: NDArray, f: NDArray) -> tuple[NDArray, float]:
    """The same from the totals of clusters, some at a time."""
    cells = np.einsum("ls,pk->splk", lines, members).reshape(block.totals.shape[1], -1)
    out, means = np.zeros((len(p), len(p))), np.zeros((len(block.drawn), len(p)))
    there, weight, step = np.zeros(len(block.home), bool), 0.0, max(ROOM // len(p), 1)
    for first in range(0, len(block.home), step):
        home = block.home[first : first + step]
        own = block.totals[first : first + step] @ cells
        sums = own.sum(axis=1)
        there[first : first + step], weight = sums > 0, weight + sums.sum()
        e = own - sums[:, None] * p
        out += (e * f[home][:, None]).T @ e
        np.add.at(means, home, e)
    for h in np.flatnonzero(block.drawn > 1):
        out -= f[h] / block.drawn[h] * np.outer(means[h], means[h])
    return out / weight**2, float(there.sum() - len(np.unique(block.home[there])))
