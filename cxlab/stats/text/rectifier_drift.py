"""Whether the classifier errs in one group, or one month, otherwise than in all: the rectifier against that of all.

The rectifier of a group is its mean of e = label - lambda prediction, that of all the mean of all. Where nothing
differs a group's lies within Student's t at .99865 times the error of the gap, the usual three standard errors, in all
but .27 % of the cases.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cxlab.stats.inference.design_variance import t_value
from cxlab.stats.text.prediction_powered import LEAST_OF_EACH, Labelled

ALARM = 0.0027
"""Chance that a group that is like all lies outside: that of three standard errors."""


@dataclass(frozen=True)
class Gaps:
    """Groups of ten labels or more, all (groups, themes): ``group`` codes, rectifier, its error, and by how much it may
    differ from ``whole`` (themes,)."""

    group: NDArray
    rectifier: NDArray
    se: NDArray
    limit: NDArray
    whole: NDArray


def gaps(data: Labelled, group: NDArray, tuning: NDArray, *, alarm: float = ALARM) -> Gaps:
    """Return the rectifier of each group of ten labels or more, and the limits of its gap to that of all.

    The error of the gap is the larger of two: that of the group's own clusters, their residuals taken from the mean of
    all (so that a group of equal labels is not certain), and that of all residuals, with the design effect of clusters
    within groups. Student's t has the group's labels, or clusters with a label, less one, for degrees of freedom.

    Parameters
    ----------
    data : predictions and labels. ``group`` : (rows,) codes from 0. ``tuning`` : (themes,) lambda.
    alarm : chance of an alarm for a group where nothing differs.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> y = (rng.random(4000) < 0.3).astype(float)
    >>> f = np.where(np.arange(4000) < 2000, 0.2 + 0.6 * y, 0.8)  # the second half is not told apart
    >>> there = rng.random(4000) < 0.1
    >>> data = Labelled(f[:, None], np.where(there, y, np.nan)[:, None], np.ones(4000), there * 10.0)
    >>> found = gaps(data, (np.arange(4000) >= 2000).astype(int), np.ones(1))
    >>> (abs(found.rectifier - found.whole) > found.limit).ravel().tolist()
    [True, True]
    """
    there = np.flatnonzero(data.there)
    g, y, f = group[there], data.y[there], data.f[there]
    b = data.label[there] / data.label[there].sum()
    e = y - tuning * f
    whole = b @ e
    size = int(group.max()) + 1
    share = np.bincount(g, b, size)
    labels = np.bincount(g, minlength=size)
    clusters = np.arange(len(there)) if data.cluster is None else np.unique(data.cluster[there], return_inverse=True)[1]
    pair, cell = np.unique(clusters * size + g, return_inverse=True)  # a cluster within a group
    of_cluster, of_group = pair // size, pair % size
    carriers = np.bincount(of_group, minlength=size)
    kept = np.flatnonzero((labels >= LEAST_OF_EACH) & (carriers > 1))
    with np.errstate(invalid="ignore", divide="ignore"):
        few = (carriers / (carriers - 1.0))[:, None]
        own_share = share[:, None]
        residual = b[:, None] * (e - whole)
        t = _sums(cell, residual, len(pair))
        s = _sums(of_cluster, t, int(clusters.max()) + 1)
        gap = (s**2).sum(0) + _sums(of_group, t**2 / own_share[of_group] ** 2
                                    - 2 * t * s[of_cluster] / own_share[of_group], size)  # fmt: skip
        single = (residual**2).sum(0)
        spread = (b[:, None] * (e - whole) ** 2).sum(0) * np.fmax((t**2).sum(0) / single, 1.0)
        squares = np.bincount(g, b**2, size)[:, None]
        pooled = spread * (b @ b + squares / own_share**2 - 2 * squares / own_share)
        rectifier = _sums(g, b[:, None] * e, size) / own_share
        inner = _sums(cell, b[:, None] * (e - rectifier[g]), len(pair))
        se = np.sqrt(few * _sums(of_group, inner**2, size)) / own_share
        limit = np.sqrt(np.fmax(few * gap, np.nan_to_num(pooled)))
    limit = limit * t_value(1 - alarm, np.fmax(carriers - 1.0, 1.0))[:, None]
    return Gaps(kept, rectifier[kept], se[kept], limit[kept], whole)


def _sums(code: NDArray, x: NDArray, size: int) -> NDArray:
    """The sums of the rows of ``x`` by code."""
    return np.column_stack([np.bincount(code, c, size) for c in x.T])
