"""Covariance of the weighted means of groups that share clusters: waves with the same respondents, items of one row.

As in `cxlab.stats.inference.design_variance`, with e_uc the linearised residual of cluster c for unit u,
Cov(T_u, T_v) = sum_h (1 - f_h) n_h / (n_h - 1) sum_c (e_uhc - mean)(e_vhc - mean). Without shared clusters it is 0;
with all of them shared it is that of paired answers; in between, the variance of the difference is
var_1/n_1 + var_2/n_2 - 2 n_12 cov/(n_1 n_2).

References
----------
Derrick, B., Russ, B., Toher, D. & White, P. (2017). Test statistics for the comparison of means for two samples that
    include both paired and independent observations. Journal of Modern Applied Statistical Methods 16, 137-157.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import narwhals as nw
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlab.stats.counts import cluster_totals, in_memory
from cxlab.stats.counts.batches import local
from cxlab.stats.counts.tally import answer_sheets, collected, scored_rows
from cxlab.stats.inference.design_variance import sampled, stratum_df, uneven_df

PRODUCTS = ("aa", "ab", "bb")
FLAT = ("a", "w", "n", "w2", "q", "m")


@dataclass(frozen=True)
class Block:
    """Sums over the clusters of one stratum: A_u A_v, A_u B_v, B_u B_v of the units ``at`` that have answers in it."""

    at: NDArray
    aa: NDArray
    ab: NDArray
    bb: NDArray


@dataclass(frozen=True)
class ClusterMoments:
    """Score sums of U units in H strata as arrays.

    ``a, w, n, w2, q, m``: (H, U), as in `cxlab.stats.counts.tally.score_sums`; ``blocks``: one a stratum.
    ``shared``: (U, U) clusters with answers in both. ``clusters``: (H,), of several questions those of the one with
    most; ``strata``: their names. ``fitted``: the weights were fitted to margins, so that the covariance may be less
    than they alone would have it.
    """

    a: NDArray
    w: NDArray
    n: NDArray
    w2: NDArray
    q: NDArray
    m: NDArray
    blocks: tuple[Block, ...]
    shared: NDArray
    clusters: NDArray
    strata: tuple

    shift: NDArray | float = 0.0
    fitted: bool = False

    @property
    def centre(self) -> NDArray:
        """Weighted mean of each unit less its ``shift``, which was taken off the scores before they were summed."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return self.a.sum(0) / self.w.sum(0)

    @property
    def mean(self) -> NDArray:
        """Weighted mean of each unit."""
        return self.centre + self.shift


def across_groups(
    frame: nw.LazyFrame,
    scores: Mapping[str, Sequence[nw.Expr]],
    by: Sequence[str],
    *,
    weight: str,
    cluster: str,
    strata: str,
) -> pd.DataFrame:
    """Return sums over the clusters that two groups share, for every item: ``left, right, stratum, aa, ab, bb, m``.

    ``left`` and ``right`` are (item, *group); one row an item and ordered pair of different groups. The cluster totals
    are joined with themselves where the data lie.
    """
    groups = [f"_g{i}" for i in range(len(by))]
    named, right = dict(zip(groups, by, strict=True)), [f"{g}r" for g in groups]
    single = all(len(e) == 1 for e in scores.values())
    sheets = answer_sheets(frame, scores, named, weight, cluster, strata, {})
    if in_memory.held(frame) and single:
        table = in_memory.pairs(sheets, len(scores), [*groups, "_h"], weighted=bool(weight))
    elif local(frame) and single:
        table = cluster_totals.shared(sheets, len(scores), [*groups, "_h"], weighted=bool(weight))
    else:
        rows = scored_rows(frame, scores, named, weight, cluster, strata, {})
        table = collected(_joined(rows, groups, len(scores), weight))
    one, two = _keys(table[groups]), _keys(table[right])
    differ = [x != y for x, y in zip(one, two, strict=True)]
    parts = [
        pd.DataFrame(
            {
                "left": [(item, *k) for k in one],
                "right": [(item, *k) for k in two],
                "stratum": table["_h"],
                **{c: table[f"{c}_{i}"] for c in (*PRODUCTS, "m")},
            }
        )[differ]
        for i, item in enumerate(scores)
    ]
    return pd.concat(parts, ignore_index=True)


def _joined(rows: nw.LazyFrame, groups: Sequence[str], k: int, weight: str) -> nw.LazyFrame:
    """Cluster totals joined with themselves, summed by pairs of groups."""
    b = "_b" if weight else "_n"
    sums = [f"{s}{i}" for i in range(k) for s in {"_n": 1, "_a": 1, b: 1}]
    each = rows.group_by(*groups, "_h", "_c").agg(*(nw.col(c).sum() for c in sums))
    each = each.filter(~nw.col("_c").is_null(), ~nw.col("_h").is_null())
    other = each.rename({c: f"{c}r" for c in (*groups, *sums)})
    products = [e for i in range(k) for e in _products(f"{i}", f"{i}r", f"_{i}", b)]
    both = each.join(other, on=["_h", "_c"], how="inner").with_columns(*products)
    names = [f"{c}_{i}" for i in range(k) for c in (*PRODUCTS, "m")]
    right = [f"{g}r" for g in groups]
    return both.group_by(*groups, *right, "_h").agg(*(nw.col(c).sum() for c in names))


def _products(left: str, right: str, suffix: str, size: str) -> list[nw.Expr]:
    """A_l A_r, A_l B_r, B_l B_r, and whether both have an answer, of one cluster; ``size`` names the column of B."""
    a, b, ar, br = (nw.col(f"{s}{x}") for x in (left, right) for s in ("_a", size))
    both = ((nw.col(f"_n{left}") > 0) & (nw.col(f"_n{right}") > 0)).cast(nw.Float64)
    return [e.alias(f"{name}{suffix}") for name, e in {"aa": a * ar, "ab": a * br, "bb": b * br, "m": both}.items()]


def across_items(
    frame: nw.LazyFrame,
    scores: Mapping[str, Sequence[nw.Expr]],
    by: Sequence[str],
    *,
    weight: str,
    cluster: str,
    strata: str,
) -> pd.DataFrame:
    """Return sums over the clusters (rows, if there are none) that answered two items, in the form of `across_groups`.

    ``left`` and ``right`` are (item, *group); only pairs within the same group.
    """
    groups = [f"_g{i}" for i in range(len(by))]
    k, named = len(scores), dict(zip(groups, by, strict=True))
    if cluster and local(frame) and all(len(e) == 1 for e in scores.values()):
        sheets = answer_sheets(frame, scores, named, weight, cluster, strata, {})
        table = cluster_totals.within_cells(sheets, k, [*groups, "_h"], weighted=bool(weight))
    else:
        rows = scored_rows(frame, scores, named, weight, cluster, strata, {})
        table = collected(_products_by_cell(rows, groups, k, "_b" if weight else "_n", clusters=bool(cluster)))
    cells = _keys(table[groups])
    items = list(scores)
    parts = [
        pd.DataFrame(
            {
                "left": [(items[i], *c) for c in cells],
                "right": [(items[j], *c) for c in cells],
                "stratum": table["_h"],
                **{s: table[f"{s}{i}_{j}"] for s in (*PRODUCTS, "m")},
            }
        )
        for i in range(k)
        for j in range(k)
        if i != j
    ]
    return pd.concat(parts, ignore_index=True)


def _products_by_cell(rows: nw.LazyFrame, groups: Sequence[str], k: int, b: str, *, clusters: bool) -> nw.LazyFrame:
    """Products of every two items, summed by group and stratum where the data lie."""
    if clusters:
        sums = [f"{s}{i}" for i in range(k) for s in {"_n": 1, "_a": 1, b: 1}]
        rows = rows.group_by(*groups, "_h", "_c").agg(*(nw.col(c).sum() for c in sums))
    products = [e for i in range(k) for j in range(k) if i != j for e in _products(f"{i}", f"{j}", f"{i}_{j}", b)]
    names = [f"{s}{i}_{j}" for i in range(k) for j in range(k) if i != j for s in (*PRODUCTS, "m")]
    return rows.select(*groups, "_h", *products).group_by(*groups, "_h").agg(*(nw.col(c).sum() for c in names))


def moments(
    sums: pd.DataFrame, keys: Sequence[str], cross: pd.DataFrame | None = None
) -> tuple[list[tuple], ClusterMoments]:
    """Return the groups in the order of ``sums`` and their sums as arrays; ``cross`` of a function above, if any."""
    raw = _keys(sums[list(keys)])
    place = {g: i for i, g in enumerate(dict.fromkeys(raw))}
    named = [h for (h,) in _keys(sums[["stratum"]])]
    strata = {h: i for i, h in enumerate(dict.fromkeys(named))}
    h = np.array([strata[s] for s in named], int)
    u = np.array([place[k] for k in raw], int)
    flat = {c: np.zeros((len(strata), len(place))) for c in FLAT}
    for c, array in flat.items():
        array[h, u] = sums[c].to_numpy(float)
    clusters = np.zeros(len(strata))
    np.maximum.at(clusters, h, sums["clusters"].to_numpy(float))
    own = pd.DataFrame({"h": h, "i": u, "j": u, **{c: sums[c].to_numpy(float) for c in (*PRODUCTS, "m")}})
    pairs = own if cross is None or not len(cross) else pd.concat([own, _placed(cross, place, strata)])
    shared = np.zeros((len(place), len(place)))
    np.add.at(shared, (pairs["i"], pairs["j"]), pairs["m"])
    blocks = [_block(part) for _, part in pairs[pairs["m"] > 0].groupby("h")]
    of_stratum = {int(k): b for k, b in zip(sorted(set(pairs["h"][pairs["m"] > 0])), blocks, strict=True)}
    none = Block(np.array([], int), *(np.zeros((0, 0)) for _ in PRODUCTS))
    return list(place), ClusterMoments(
        **flat, blocks=tuple(of_stratum.get(k, none) for k in range(len(strata))), shared=shared, clusters=clusters,
        strata=tuple(strata), shift=_shifts(sums, u, len(place)),
    )  # fmt: skip


def _shifts(sums: pd.DataFrame, unit: NDArray, units: int) -> NDArray | float:
    """What was taken off the scores of each unit before they were summed."""
    if "shift" not in sums:
        return 0.0
    shift = np.zeros(units)
    shift[unit] = sums["shift"].to_numpy(float)
    return shift


def _placed(cross: pd.DataFrame, place: Mapping[tuple, int], strata: Mapping) -> pd.DataFrame:
    """The sums across groups with the numbers of their stratum and groups."""
    out = pd.DataFrame(
        {
            "h": [strata.get(s, -1) for (s,) in _keys(cross[["stratum"]])],
            "i": [place.get(k, -1) for k in cross["left"]],
            "j": [place.get(k, -1) for k in cross["right"]],
            **{c: cross[c].to_numpy(float) for c in (*PRODUCTS, "m")},
        }
    )
    return out[(out[["h", "i", "j"]] >= 0).all(axis=1)]


def _block(part: pd.DataFrame) -> Block:
    at = np.unique(part["i"])
    i, j = np.searchsorted(at, part["i"]), np.searchsorted(at, part["j"])
    square = []
    for c in PRODUCTS:
        array = np.zeros((len(at), len(at)))
        array[i, j] = part[c]
        square.append(array)
    return Block(at, *square)


def united(m: ClusterMoments, members: NDArray) -> ClusterMoments:
    """Return the sums of unions of units: ``members`` (V, U) is 1 where unit u belongs to union v."""
    s = np.asarray(members, float)
    flat = {c: getattr(m, c) @ s.T for c in FLAT}
    flat["m"] = np.fmin(flat["m"], m.clusters[:, None])
    blocks = []
    for b in m.blocks:
        local = s[:, b.at]
        at = np.flatnonzero(local.any(axis=1))
        local = local[at]
        blocks.append(Block(at, *(local @ getattr(b, c) @ local.T for c in PRODUCTS)))
    share = s / np.maximum(s.sum(axis=1, keepdims=True), 1)
    shift = share @ m.shift if isinstance(m.shift, np.ndarray) else m.shift
    return replace(m, **flat, blocks=tuple(blocks), shared=s @ m.shared @ s.T, shift=shift)


def covariance(m: ClusterMoments, *, population: Mapping | float | None = None, unbiased: bool = True) -> NDArray:
    """Return the (U, U) covariance matrix of the means; ``unbiased=False`` leaves out n_h / (n_h - 1)."""
    mean = np.nan_to_num(m.centre)
    free = 1 - sampled(pd.Series(m.strata), m.clusters, population)
    out = np.zeros((len(mean), len(mean)))
    for h, b in enumerate(m.blocks):
        t, k = mean[b.at], m.clusters[h]
        between = b.aa - b.ab * t - b.ab.T * t[:, None] + b.bb * np.outer(t, t)
        if k > 1:
            total = m.a[h, b.at] - t * m.w[h, b.at]
            between = (between - np.outer(total, total) / k) * (k / (k - 1) if unbiased else 1)
        out[np.ix_(b.at, b.at)] += free[h] * between
    w = m.w.sum(0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return out / np.outer(w, w)


def cells(m: ClusterMoments, cov: NDArray) -> pd.DataFrame:
    """Return the units as `cxlab.stats.inference.design_variance.linearised` describes estimates."""
    t, w = m.centre, m.w.sum(0)
    there, n, clusters = m.m > 0, m.n.sum(0), m.m.sum(0)
    df = uneven_df(clusters - there.sum(0), stratum_df(m.m, m.w, _squares(m)).sum(0), clusters=clusters, n=n)
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = np.fmax(m.q.sum(0) / w - t * t, 0)
        kish = w * w / m.w2.sum(0)
    var = np.where(df < 1, np.nan, np.fmax(np.diag(cov), 0))
    base = np.where(clusters == n, (m.n.any(1) * m.clusters).sum(), n)
    lonely = (there & (m.clusters[:, None] == 1)).sum(0)
    return pd.DataFrame(
        {"estimate": t + m.shift, "shift": m.shift, "var": var, "spread": spread, "n": n, "w": w, "kish": kish,
         "df": df, "m": clusters, "lonely": lonely, "base": base, "fitted": m.fitted}
    )  # fmt: skip


def _squares(m: ClusterMoments) -> NDArray:
    """The sums of squared weights of clusters, (H, U); those of a single answer where a stratum has no block."""
    out = np.zeros_like(m.w)
    for h, block in enumerate(m.blocks):
        out[h, block.at] = np.diag(block.bb)
    return out


def _plain(value: object) -> object:
    """A group value that compares equal to itself: every null is None, every whole float an int."""
    if pd.isna(value):
        return None
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _keys(table: pd.DataFrame) -> list[tuple]:
    """The rows of a table of groups as tuples of `_plain` values; each different value is looked at once."""
    columns = []
    for i in range(table.shape[1]):
        code, values = pd.factorize(table.iloc[:, i], use_na_sentinel=False)
        plain = np.empty(len(values), object)
        plain[:] = [_plain(v) for v in values.tolist()]
        columns.append(plain[code].tolist())
    return list(zip(*columns, strict=True)) if columns else [()] * len(table)
