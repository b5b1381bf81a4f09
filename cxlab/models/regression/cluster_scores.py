"""Cluster totals of the scores of a least-squares fit with categories, from rows read in pieces.

With S the totals of w z z' (z = numbers and outcome) of a cluster in a group of categories, the score of the cluster in
that group is S's product with the residual's coefficients there, so no row is multiplied with the codes of hundreds of
categories, and no total of a cluster by category leaves this process.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import narwhals as nw
import numpy as np
import pandas as pd

from cxlab.models.regression.fitted import weight_of
from cxlab.models.regression.formula import match
from cxlab.stats.counts.clustered_rows import passes
from cxlab.stats.counts.sorted_rows import Totals

if TYPE_CHECKING:
    from cxlab.models.regression.least_squares import PatternFit

Sums = tuple[np.ndarray, np.ndarray, np.ndarray, float, list]


def cluster_scores(fit: PatternFit, rows: nw.LazyFrame, slopes: Callable[[pd.DataFrame], np.ndarray]) -> Sums:
    """Return what `cxlab.stats.counts.moments.cluster_products` does of the scores of a fit.

    Parameters
    ----------
    rows : those the fit used. ``slopes`` : what (1, numbers, outcome) are multiplied with to give the residual in each
        group of categories.
    """
    design, weight = fit.study.design, weight_of(fit.study)
    z = [nw.lit(1.0), *(e.cast(nw.Float64) for e in fit.columns.values())]
    pairs = [(i, j) for i in range(len(z)) for j in range(i, len(z))]
    groups = [f"_g{i}" for i in range(len(fit.model.by))]
    named = dict(zip(groups, fit.model.by.values(), strict=True))
    named |= {"_h": nw.col(design.strata) if design.strata else nw.lit(""), "_c": nw.col(design.cluster)}
    named |= {f"_s{k}_0": z[i] * z[j] for k, (i, j) in enumerate(pairs)}
    named |= {"_w": weight.cast(nw.Float64)} if weight is not None else {}
    sheets = rows.select(*(e.alias(c) for c, e in named.items()))
    found: dict[object, list] = {}
    seen = 0.0
    for t in passes(sheets, [1] * len(pairs), [*groups, "_h"], weighted=weight is not None):
        keys = t.cells[groups].set_axis(list(fit.model.by), axis=1)
        at, slope = match(fit.moments.keys, keys), slopes(keys)
        score = np.zeros((len(t.cell), len(z)))
        for k, (i, j) in enumerate(pairs):
            score[:, j] += slope[t.cell, i] * t.a[k]
            if i != j:
                score[:, i] += slope[t.cell, j] * t.a[k]
        seen += float(t.n[0][t.named].sum())
        for h in np.unique(t.stratum[t.named]):
            some = np.flatnonzero(t.named & (t.stratum == h))
            label = t.cells["_h"].iloc[t.cell[some[0]]]
            total = _of_clusters(fit, t, some, at, score)
            old = found.get(label)
            found[label] = list(total) if old is None else [a + b for a, b in zip(old, total, strict=True)]
    strata = sorted(found)
    sums, products, m = (np.array([found[h][k] for h in strata]) for k in range(3))
    return sums, products, m.astype(float), seen, strata


def _of_clusters(
    fit: PatternFit, t: Totals, some: np.ndarray, at: np.ndarray, score: np.ndarray
) -> tuple[np.ndarray, np.ndarray, float]:
    """Sum and sum of products of the scores of the clusters of one stratum, and how many they are."""
    from scipy.sparse import coo_array, csr_array

    q, p = score.shape[1], len(fit.coding.atom)
    edge = np.flatnonzero(np.diff(t.cluster[some], prepend=-1))
    bounds = np.append(edge, len(some)) * q
    cells = len(fit.moments.keys) * q
    place = (at[t.cell[some]][:, None] * q + np.arange(q)).ravel()
    totals = csr_array((score[some].ravel(), place, bounds), (len(edge), cells))
    codes = fit.coding.codes * fit.solution.kept
    g, j = np.nonzero(codes)
    turn = coo_array((codes[g, j], (g * q + fit.coding.atom[j], j)), (cells, p)).tocsr()
    own = totals @ turn
    return np.asarray(own.sum(axis=0)).ravel(), np.asarray((own.T @ own).todense()), float(len(edge))


AT_ONCE = 20_000_000
"""Numbers of units by columns that are held at once."""


def at_rest_by_category(
    fit: PatternFit, rows: nw.LazyFrame, unit: Sequence[str], held: dict[int, list[float]]
) -> tuple[int, dict[int, int]]:
    """Return how many units there are, and for each column that categories alone determine how many hold it throughout
    at one value, the most of any of its values.

    Parameters
    ----------
    unit : the columns that tell units apart. ``held`` : the values that are asked for, by column.
    """
    from scipy.sparse import csr_array

    groups = [f"_g{i}" for i in range(len(fit.model.by))]
    named = dict(zip(groups, fit.model.by.values(), strict=True))
    named |= {"_h": nw.col(unit[0]) if len(unit) > 1 else nw.lit(""), "_c": nw.col(unit[-1]), "_s0_0": nw.lit(1.0)}
    sheets = rows.select(*(e.alias(c) for c, e in named.items()))
    pairs = [(j, v) for j, values in held.items() for v in values]
    count, units = np.zeros(len(pairs), int), 0
    for t in passes(sheets, [1], [*groups, "_h"], weighted=False):
        at = match(fit.moments.keys, t.cells[groups].set_axis(list(fit.model.by), axis=1))
        some = np.flatnonzero(t.named)
        edge = np.flatnonzero((np.diff(t.cluster[some], prepend=-1) != 0) | (np.diff(t.stratum[some], prepend=-1) != 0))
        bounds = np.append(edge, len(some))
        there = csr_array((np.ones(len(some)), at[t.cell[some]], bounds), (len(edge), len(fit.moments.keys)))
        size, units = np.diff(bounds)[:, None], units + len(edge)
        step = max(AT_ONCE // max(len(edge), 1), 1)
        for start in range(0, len(pairs), step):
            part = pairs[start : start + step]
            alike = np.stack([fit.coding.codes[:, j] == v for j, v in part], axis=1).astype(float)
            count[start : start + step] += ((there @ alike) == size).sum(axis=0)
    most: dict[int, int] = {}
    for (j, _), k in zip(pairs, count, strict=True):
        most[j] = max(most.get(j, 0), int(k))
    return units, most
