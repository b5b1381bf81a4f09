"""The covariance of numbers from the influence of every answer on them, under weights, clusters and strata.

A number with influence u_i per answer has variance sum_h G_h / (G_h - 1) sum_c (u_hc - mean_h)**2, u_hc the sum over
the answers of cluster c of stratum h, G_h the clusters that were drawn (Binder 1983; a domain keeps those of the whole
sample). Without clusters each answer is one.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from cxlab.stats.counts.drawn import of_strata


def covariance(
    u: NDArray,
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
    u : (rows, q) influence of one answer of each row, its weight included.
    n : (rows,) answers of the row. ``cluster``, ``strata`` : (rows,) codes from 0, or None.
    names : what the codes of ``strata`` stand for. ``drawn`` : the clusters of each stratum of the whole sample
        (`cxlab.stats.counts.drawn.clusters_drawn`); None: those of the rows.

    Examples
    --------
    >>> v, df = covariance(np.array([[1.0], [-1.0], [2.0], [-2.0]]), np.ones(4), np.array([0, 0, 1, 1]))
    >>> v.tolist(), df
    ([[0.0]], 1.0)
    """
    if cluster is not None:
        codes, first, g = np.unique(cluster, return_index=True, return_inverse=True)
        u = _sums(g, u * n[:, None], len(codes))
        n, strata = np.ones(len(codes)), None if strata is None else strata[first]
    h = np.zeros(len(u), int) if strata is None else np.unique(strata, return_inverse=True)[1]
    there = np.bincount(h, n)
    size = there
    if drawn is not None:
        labels = [names[k] for k in np.unique(strata)] if strata is not None else [""]
        size = np.fmax(of_strata(drawn, labels), there)
    centre = _sums(h, u * n[:, None], len(size))
    lonely = size <= 1
    mean = np.where(lonely[:, None], 0.0, centre / np.fmax(size, 1)[:, None])
    factor = np.where(lonely, 1.0, size / np.fmax(size - 1, 1))
    within = (u * (n * factor[h])[:, None]).T @ u
    v = within - (centre * (factor * 1.0)[:, None]).T @ mean
    df = float(size.sum() - len(size))
    return (v if df >= 1 else np.full_like(v, np.nan)), df


def _sums(code: NDArray, x: NDArray, size: int) -> NDArray:
    """The sums of the rows of ``x`` by code."""
    return np.asarray(csr_matrix((np.ones(len(code)), code, np.arange(len(code) + 1)), (len(code), size)).T @ x)
