"""The covariance of numbers from the influence of every answer on them, under weights, clusters and strata.

A number with influence u_i per answer has variance sum_h G_h / (G_h - 1) sum_c (u_hc - mean_h)**2, u_hc the sum over
the answers of cluster c of stratum h, G_h the clusters that were drawn (Binder 1983; a domain keeps those of the whole
sample). Without clusters each answer is one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from cxlab.stats.counts.drawn import of_strata

PIECE = 4_000_000
"""Numbers that are made at once where influences are asked for some rows at a time."""


def covariance(
    u: NDArray | Callable[[NDArray], NDArray],
    n: NDArray,
    cluster: NDArray | None = None,
    strata: NDArray | None = None,
    *,
    names: tuple = (),
    drawn: pd.DataFrame | None = None,
) -> tuple[NDArray, float]:
    """Return the covariance (q, q) of q numbers and its degrees of freedom.

    Parameters
    ----------
    u : (rows, q) influence of one answer of each row, its weight included; or what returns that of the rows whose
        numbers it is given, so that many rows of many numbers are never held at once.
    n : (rows,) answers of the row. ``cluster``, ``strata`` : (rows,) codes from 0, or None.
    names : what the codes of ``strata`` stand for. ``drawn`` : the clusters of each stratum of the whole sample
        (`cxlab.stats.counts.drawn.clusters_drawn`); None: those of the rows.

    Examples
    --------
    >>> v, df = covariance(np.array([[1.0], [-1.0], [2.0], [-2.0]]), np.ones(4), np.array([0, 0, 1, 1]))
    >>> v.tolist(), df
    ([[0.0]], 1.0)
    """
    pieces = _pieces(u, n, cluster)
    if cluster is not None:
        first = np.unique(cluster, return_index=True)[1]
        n, strata = np.ones(len(first)), None if strata is None else strata[first]
    h = np.zeros(len(n), int) if strata is None else np.unique(strata, return_inverse=True)[1]
    there = np.bincount(h, n)
    size = there
    if drawn is not None:
        labels = [names[k] for k in np.unique(strata)] if strata is not None else [""]
        size = np.fmax(of_strata(drawn, labels), there)
    lonely = size <= 1
    factor = np.where(lonely, 1.0, size / np.fmax(size - 1, 1))
    centre, within = np.zeros(()), np.zeros(())
    for units, x in pieces:
        centre = centre + _sums(h[units], x * n[units][:, None], len(size))
        within = within + (x * (n[units] * factor[h[units]])[:, None]).T @ x
    mean = np.where(lonely[:, None], 0.0, centre / np.fmax(size, 1)[:, None])
    v = within - (centre * (factor * 1.0)[:, None]).T @ mean
    df = float(size.sum() - len(size))
    return (v if df >= 1 else np.full_like(v, np.nan)), df


def _pieces(
    u: NDArray | Callable[[NDArray], NDArray], n: NDArray, cluster: NDArray | None
) -> Iterator[tuple[NDArray | slice, NDArray]]:
    """Yield some units and their influences (units, q) after others: clusters in the order of their codes, or rows."""
    if not callable(u):
        g = None if cluster is None else np.unique(cluster, return_inverse=True)[1]
        yield slice(None), u if g is None else _sums(g, u * n[:, None], int(g.max(initial=-1)) + 1)
        return
    order = np.arange(len(n)) if cluster is None else np.argsort(cluster, kind="stable")
    start = order if cluster is None else np.flatnonzero(np.diff(cluster[order], prepend=-1))
    size = max(1, PIECE // u(order[:1]).shape[1])
    cuts = np.unique(np.searchsorted(start, np.arange(0, len(n), size)))
    cuts = cuts[cuts < len(start)]
    for low, high in zip(cuts, [*cuts[1:], len(start)], strict=True):
        rows = order[start[low] : start[high] if high < len(start) else len(n)]
        x = u(rows)
        if cluster is not None:
            x = np.add.reduceat(x * n[rows][:, None], start[low:high] - start[low])
        yield slice(low, high), x


def _sums(code: NDArray, x: NDArray, size: int) -> NDArray:
    """The sums of the rows of ``x`` by code."""
    return np.asarray(csr_matrix((np.ones(len(code)), code, np.arange(len(code) + 1)), (len(code), size)).T @ x)
