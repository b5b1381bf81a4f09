"""Weighted least squares with robust errors, a piece of the rows at a time: `robust.least_squares` of many rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from cxlab.stats.counts.replicates import numbered
from cxlab.stats.fits import linear
from cxlab.stats.fits.robust import FEW, MANY, RobustFit, cluster_products, rests_of
from cxlab.stats.inference import few_treated

ROWS = 1 << 16
"""Rows of a piece."""

Design = Callable[[slice], NDArray]


def least_squares_in_pieces(
    design: Design, y: NDArray, n: NDArray, w: NDArray, cluster: NDArray | None = None
) -> RobustFit:
    """Return `robust.least_squares` without strata; its residuals are not kept.

    Parameters
    ----------
    design : rows of the design matrix (a constant included) of a slice.
    y, n, w : (rows,) outcome, answers of a row and their weight. ``cluster`` : (rows,) codes, or None.
    """
    rows = _Rows(design, y, n, w, None if cluster is None else numbered(cluster))
    gram, of_y = 0.0, 0.0
    for x, y, n, w, _ in rows.pieces():
        v = x * (n * w)[:, None]
        gram, of_y = gram + x.T @ v, of_y + v.T @ y
    bread = np.linalg.pinv(gram, rcond=1e-12, hermitian=True)
    b = bread @ of_y
    return _of_answers(rows, bread, b) if cluster is None else _of_clusters(rows, bread, b)


class _Rows:
    def __init__(self, design: Design, y: NDArray, n: NDArray, w: NDArray, clusters: tuple | None) -> None:
        self.design, self.columns = design, (y, n, w)
        self.many, self.cluster = (0, None) if clusters is None else (len(clusters[0]), clusters[1])
        self.size = float(n.sum())

    def pieces(self) -> Iterator[tuple[NDArray, NDArray, NDArray, NDArray, NDArray | None]]:
        for low in range(0, len(self.columns[0]), ROWS):
            part = slice(low, low + ROWS)
            y, n, w = (np.asarray(c[part], float) for c in self.columns)
            yield self.design(part), y, n, w, None if self.cluster is None else self.cluster[part]


def _of_answers(rows: _Rows, bread: NDArray, b: NDArray) -> RobustFit:
    """HC3."""
    meat = np.zeros_like(bread)
    for x, y, n, w, _ in rows.pieces():
        h = np.fmin(w * np.einsum("ij,jk,ik->i", x, bread, x), 0.999)
        meat += x.T @ (x * (n * (w * (y - x @ b) / (1 - h)) ** 2)[:, None])
    return RobustFit(b, bread @ meat @ bread, rows.size - len(b), np.zeros(0))


def _of_clusters(rows: _Rows, bread: NDArray, b: NDArray) -> RobustFit:
    """CR1, or CR2 where there are few clusters."""
    p, m = len(b), rows.many
    low, high, scores = np.full((m, p), np.inf), np.full((m, p), -np.inf), np.zeros((m, p))
    for x, y, n, w, g in rows.pieces():
        first = np.flatnonzero(np.diff(g, prepend=-1))  # rows of a cluster mostly stand together
        np.minimum.at(low, g[first], np.minimum.reduceat(x, first))
        np.maximum.at(high, g[first], np.maximum.reduceat(x, first))
        np.add.at(scores, g[first], np.add.reduceat(x * (n * w * (y - x @ b))[:, None], first))
    rests = rests_of(low, high, lambda: _own_products(rows, p))
    if 1 < m < FEW or few_treated.LEAST <= rests.min() < few_treated.FEW and m <= MANY:
        k, ze = np.zeros((m, 2 * p, 2 * p)), np.zeros((m, 2 * p))
        for x, y, n, w, g in rows.pieces():
            more = cluster_products(x, w, n, y - x @ b, g, m)
            k, ze = k + more[0], ze + more[1]
        return RobustFit(b, linear.cr2(bread, k, ze)[0], float(m - 1), np.zeros(0), (bread, k, ze), rests=rests)
    meat = scores.T @ scores * (m / (m - 1) if m > 1 else np.nan)
    v = bread @ meat @ bread * (rows.size - 1) / (rows.size - p)
    return RobustFit(b, v, float(m - 1), np.zeros(0), rests=rests)


def _own_products(rows: _Rows, p: int) -> NDArray:
    """Products of the columns in each cluster, (clusters, p, p)."""
    out = np.zeros((rows.many, p, p))
    for x, _, _, _, g in rows.pieces():
        np.add.at(out, g, x[:, :, None] * x[:, None, :])
    return out
