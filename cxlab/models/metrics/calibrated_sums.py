"""Covariance of means under weights that were fitted to margins, from sums where the data lie: no row is kept.

The residual total of a cluster is linear in its sums of weights by category of the margins and in its sums of w and
w * score by group (`cxlab.stats.inference.calibrated` has the formula on rows). Without clusters the sums of squares
follow from second moments by combination of margins, group and stratum; with clusters the totals are made a share of
them at a time (`cxlab.stats.counts.clustered_rows`), multiplied and gone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array

from cxlab.data.study import Study
from cxlab.models.metrics.scores import Score
from cxlab.stats.counts.clustered_rows import passes
from cxlab.stats.counts.drawn import of_strata
from cxlab.stats.counts.fetched import fetched
from cxlab.stats.counts.sorted_rows import Totals
from cxlab.stats.inference import calibrated

BLOCK = 4_000_000
"""Residual totals of clusters that are multiplied at a time."""


@dataclass(frozen=True)
class Frames:
    """Rows of the ``whole`` sample and of the ``own`` part of it that is estimated from, under short names.

    ``whole`` has ``margins`` (`_m...`), ``_h`` (stratum), ``_c`` (cluster), ``_w`` and ``_b`` (weight fitted and
    before); ``own`` also ``groups`` (`_g...`) and ``items`` (`_s...`, scores). ``same`` : whether they are the same
    rows.
    """

    whole: nw.LazyFrame
    own: nw.LazyFrame
    margins: tuple[tuple[str, ...], ...]
    groups: tuple[str, ...]
    items: tuple[str, ...]
    same: bool

    @property
    def keys(self) -> list[str]:
        return [*(c for m in self.margins for c in m), *self.groups]


@dataclass(frozen=True)
class Loads:
    """What a cell (a combination of margins, groups and stratum) adds to each of V means.

    ``cells`` : one row each, with sums. ``x`` : (K, p) categories of the margins. ``beta`` : (p, V). ``score,
    weight`` : by item (K, V), what a sum of w * score and of w is multiplied by. ``stratum`` : (K,).
    """

    cells: pd.DataFrame
    x: NDArray
    beta: NDArray
    score: list[csr_array]
    weight: list[csr_array]
    stratum: NDArray


def covariance(
    study: Study, score: Score, frames: Frames, by: Sequence[str], keys: Sequence[tuple], unions: NDArray | None,
    population: Mapping | float | None,
) -> NDArray:  # fmt: skip
    """Return what `cxlab.models.metrics.fitted_weights.covariance` describes."""
    names = {name: i for i, name in enumerate(score.items)}
    union = np.eye(len(keys)) if unions is None else np.asarray(unions, float)
    whole, shift = _whole(frames, study.name), np.zeros(len(names))
    if not study.design.cluster:  # squares of numbers far from zero would cancel
        shift = _middle(frames)
    own = _own(frames, shift, study.name, squares=not study.design.cluster)
    members = _members(own, frames.groups, keys, names, len(names))
    x, levels = calibrated.categories(whole, frames.margins)
    mine = calibrated.categories(own, frames.margins, levels)[0]
    strata = pd.factorize(whole["_h"], use_na_sentinel=False)[1]
    at = [pd.Index(strata).get_indexer(t["_h"]) for t in (whole, own)]
    inverse = np.linalg.pinv(x.T @ (x * whole["b0"].to_numpy(float)[:, None]), hermitian=True)
    loads = _loads(own, [m @ union.T for m in members], mine, inverse, at[1])
    drawn = of_strata(study.drawn, strata) if study.drawn is not None else np.array([float(whole["n0"].sum())])
    kept = 1 - calibrated.fraction(strata, drawn, population)
    if study.design.cluster:
        return _of_clusters(frames, loads, strata, drawn, kept, (whole, x))
    return _of_rows(whole, x, loads, at[0], drawn, kept)


def _whole(frames: Frames, name: str) -> pd.DataFrame:
    """Rows and sums of the weights by combination of the margins and stratum."""
    w, b = nw.col("_w"), nw.col("_b")
    columns = list(dict.fromkeys(c for m in frames.margins for c in m))
    rows = frames.whole.filter(w > 0).with_columns((w * w).alias("_v"))
    sums = rows.group_by(*columns, "_h").agg(
        nw.len().alias("n0"), b.sum().alias("b0"), w.sum().alias("w0"), nw.col("_v").sum().alias("v0")
    )
    return _table(sums, [*columns, "_h"], name)


def _middle(frames: Frames) -> NDArray:
    """The mean of each item."""
    row = frames.own.select(*(nw.col(s).mean() for s in frames.items)).collect().to_pandas().iloc[0]
    return np.nan_to_num(row.to_numpy(float))


def _own(frames: Frames, shift: NDArray, name: str, *, squares: bool) -> pd.DataFrame:
    """Sums of scores and weights of the answers by combination of margins, groups and stratum."""
    w, b = nw.col("_w"), nw.col("_b")
    made, sums, keys = {}, {}, [*dict.fromkeys(frames.keys), "_h"]
    s = [nw.col(c) - float(m) for c, m in zip(frames.items, shift, strict=True)]
    there = [nw.when(~nw.col(c).is_null()).then(nw.lit(1.0)).otherwise(nw.lit(0.0)) for c in frames.items]
    known = [nw.when(~nw.col(c).is_null()).then(x).otherwise(nw.lit(0.0)) for c, x in zip(frames.items, s, strict=True)]
    for i, (x, t) in enumerate(zip(known, there, strict=True)):
        made |= {f"w{i}": w * t, f"a{i}": w * x, f"b{i}": b * t, f"s{i}": b * x}
        for j in range(i if squares else len(known), len(known)):
            made |= {f"v{i}_{j}": w * w * t * there[j], f"p{i}_{j}": w * w * x * known[j]}
            made |= {f"r{i}_{j}": w * w * x * there[j], f"r{j}_{i}": w * w * known[j] * t}
    sums = [nw.col(c).sum() for c in made]
    rows = frames.own.filter(w > 0).select(*keys, *(e.alias(k) for k, e in made.items()))
    return _table(rows.group_by(*keys).agg(*sums), keys, name)


def _table(sums: nw.LazyFrame, keys: Sequence[str], name: str) -> pd.DataFrame:
    """The sums, sorted, values of the keys as they are everywhere: a whole number is one, no answer is None."""
    table = fetched(sums, name, grouped=True).to_pandas()
    for k in keys:
        table[k] = pd.Series([plain(v) for v in table[k]], index=table.index, dtype=object)
    return table.sort_values(list(keys), ignore_index=True, key=lambda v: v.astype(str))


def _members(
    own: pd.DataFrame, groups: Sequence[str], keys: Sequence[tuple], names: Mapping[str, int], items: int
) -> list[csr_array]:
    """By item (cells, keys) 1 where a cell belongs to the group of a key."""
    place: dict[tuple, list[int]] = {}
    for k, values in enumerate(own[list(groups)].itertuples(index=False, name=None) if groups else [()] * len(own)):
        place.setdefault(values, []).append(k)
    found: list[list[tuple[int, int]]] = [[] for _ in range(items)]
    for u, (item, *group) in enumerate(keys):
        found[names[item]] += [(k, u) for k in place.get(tuple(map(plain, group)), [])]
    shape = (len(own), len(keys))
    return [csr_array((np.ones(len(f)), tuple(np.array(f, int).reshape(-1, 2).T)), shape) for f in found]


def _loads(own: pd.DataFrame, members: Sequence[Any], x: NDArray, inverse: NDArray, stratum: NDArray) -> Loads:
    members = [csr_array(m) for m in members]
    column = lambda c: own[c].to_numpy(float)  # noqa: E731
    w = sum(m.T @ column(f"w{i}") for i, m in enumerate(members))
    share = np.divide(1.0, w, out=np.zeros_like(w), where=w != 0)
    mean = sum(m.T @ column(f"a{i}") for i, m in enumerate(members)) * share
    scale = lambda m, by: csr_array(m.multiply(by[None, :]))  # noqa: E731
    score, weight = [scale(m, share) for m in members], [scale(m, -mean * share) for m in members]
    right = sum(
        s.T @ (x * column(f"s{i}")[:, None]) + t.T @ (x * column(f"b{i}")[:, None])
        for i, (s, t) in enumerate(zip(score, weight, strict=True))
    )
    return Loads(own, x, inverse @ right.T, score, weight, stratum)


def _of_rows(whole: pd.DataFrame, x: NDArray, loads: Loads, stratum: NDArray, drawn: NDArray, kept: NDArray) -> NDArray:
    """The covariance where each row was drawn by itself."""
    out = np.zeros((loads.beta.shape[1],) * 2)
    for h, k in enumerate(drawn):
        here, mine = stratum == h, loads.stratum == h
        v, w = (whole[c].to_numpy(float)[here] for c in ("v0", "w0"))
        z, beta = x[here], loads.beta
        column = lambda c, mine=mine: loads.cells[c].to_numpy(float)[mine][:, None]  # noqa: E731
        score, weight = ([m[mine] for m in part] for part in (loads.score, loads.weight))
        products, sums, cross = beta.T @ (z.T @ (z * v[:, None])) @ beta, -(w @ z) @ beta, 0.0
        for i, (s, t) in enumerate(zip(score, weight, strict=True)):
            sums = sums + s.T @ column(f"a{i}")[:, 0] + t.T @ column(f"w{i}")[:, 0]
            of = loads.x[mine]
            cross = cross + (s.T @ (of * column(f"r{i}_{i}")) + t.T @ (of * column(f"v{i}_{i}"))).T
            for j, (s2, t2) in enumerate(zip(score, weight, strict=True)):
                one = f"{min(i, j)}_{max(i, j)}"
                right = s2.multiply(column(f"p{one}")) + t2.multiply(column(f"r{i}_{j}"))
                rest = s2.multiply(column(f"r{j}_{i}")) + t2.multiply(column(f"v{one}"))
                products = products + (s.T @ csr_array(right) + t.T @ csr_array(rest)).toarray()
        products = products - cross.T @ beta - beta.T @ cross
        out += kept[h] * ((products - np.outer(sums, sums) / k) * k / (k - 1) if k > 1 else products)
    return out


def _of_clusters(
    frames: Frames, loads: Loads, strata: pd.Index, drawn: NDArray, kept: NDArray, whole: tuple[pd.DataFrame, NDArray]
) -> NDArray:
    """The covariance where clusters were drawn: their residual totals, a share of the clusters at a time."""
    names = list(dict.fromkeys(frames.keys))
    table, x = whole
    margins = list(dict.fromkeys(c for m in frames.margins for c in m))
    row = {k: i for i, k in enumerate(table[margins].itertuples(index=False, name=None))}
    cell = {k: i for i, k in enumerate(loads.cells[[*names, "_h"]].itertuples(index=False, name=None))}
    factor = kept * np.where(drawn > 1, drawn / np.fmax(drawn - 1, 1), 1.0)
    size = loads.beta.shape[1]
    out, sums, made, read = np.zeros((size, size)), np.zeros((len(drawn), size)), None, {}
    for t in passes(_sheets(frames, names), [1] * (len(frames.items) + 1), [*names, "_h"], weighted=True):
        if made is not t.cells:
            made, keys = t.cells, [tuple(map(plain, k)) for k in t.cells.itertuples(index=False, name=None)]
            own = np.array([cell.get(k, 0) for k in keys])
            rows = [dict(zip([*names, "_h"], k, strict=True)) for k in keys]
            of = x[[row.get(tuple(r[m] for m in margins), 0) for r in rows]]
            stratum = np.fmax(strata.get_indexer([r["_h"] for r in rows]), 0)
            read = {"x": of @ loads.beta, "s": [s[own] for s in loads.score], "t": [s[own] for s in loads.weight]}
        start = np.flatnonzero(np.diff(t.cluster, prepend=-1) | np.diff(t.stratum, prepend=-1))
        step = max(1, BLOCK // size)
        for low in range(0, len(start), step):
            u, first = _residuals(
                t, read, start[low : low + step], start[low + step] if low + step < len(start) else None
            )
            h = stratum[t.cell[first]]
            out += (u * factor[h][:, None]).T @ u
            np.add.at(sums, h, u)
    several = np.where(drawn > 1, factor / drawn, 0.0)
    return out - (sums * several[:, None]).T @ sums


def _residuals(t: Totals, read: Mapping[str, Any], start: NDArray, end: int | None) -> tuple[NDArray, NDArray]:
    """(clusters, V) residual totals, and where each cluster begins."""
    part = slice(start[0], end)
    cell, edges = t.cell[part], np.append(start - start[0], len(t.cell[part]))
    wide = lambda v: csr_array((v[part], cell, edges), (len(start), len(read["x"])))  # noqa: E731
    u = -(wide(t.b[0]) @ read["x"])
    for i, (s, w) in enumerate(zip(read["s"], read["t"], strict=True), 1):
        u += (wide(t.a[i]) @ s + wide(t.b[i]) @ w).toarray()
    return u, start


def _sheets(frames: Frames, names: Sequence[str]) -> nw.LazyFrame:
    """The rows as `clustered_rows` reads them: item 0 is 1 for each row of the whole sample, then the scores."""
    kept = [nw.col(c) for c in (*names, "_h", "_c", "_w")]
    kept[-1] = nw.when(nw.col("_w") > 0).then(nw.col("_w")).alias("_w")
    items = [nw.col(s).alias(f"_s{i}_0") for i, s in enumerate(frames.items, 1)]
    if frames.same:
        return frames.own.select(*kept, nw.lit(1.0).alias("_s0_0"), *items)
    own, there = frames.own.select(*kept, *items), set(frames.whole.collect_schema().names())
    whole = frames.whole.select(
        *(k for c, k in zip((*names, "_h", "_c", "_w"), kept, strict=True) if c in there), nw.lit(1.0).alias("_s0_0")
    )
    if not own.implementation.is_duckdb():
        return nw.concat([whole, own], how="diagonal")
    kinds = own.collect_schema()
    absent = [nw.lit(None, dtype=kinds[c]).alias(c) for c in kinds.names() if c not in there]
    own = own.with_columns(nw.lit(None, dtype=nw.Float64).alias("_s0_0"))
    return nw.concat([whole.with_columns(*absent).select(*own.collect_schema().names()), own], how="vertical")


def plain(value: object) -> object:
    """A group value that equals itself: null is None, a whole double an int."""
    if pd.isna(value):
        return None
    return int(value) if isinstance(value, float) and value.is_integer() else value
