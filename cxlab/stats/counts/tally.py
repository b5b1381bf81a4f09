"""Counts and cluster sums in one lazy scan: all that a metric needs of the data, whatever their size.

Frames are Narwhals frames over any backend; what comes back is a small `pandas.DataFrame`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import narwhals as nw
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlab.stats.counts import cluster_totals, in_memory
from cxlab.stats.counts.batches import local
from cxlab.stats.counts.drawn import clusters_drawn, of_strata
from cxlab.stats.counts.names import keys as keys_of


def tally(frame: nw.LazyFrame, value: str, *, by: Sequence[str] = (), weight: str = "") -> pd.DataFrame:
    """Count the answers to ``value`` in every group.

    Parameters
    ----------
    frame : lazy frame with one row an answer.
    value : column of answers; null and NaN are not counted.
    by : columns that form the groups; null is a group of its own.
    weight : column of design weights, or '' for 1 each; rows whose weight is missing, infinite or not positive do not
        count.

    Returns
    -------
    pandas.DataFrame, one row a group and answer, sorted: the groups under their `names.key`, ``value, n`` (rows),
    ``w`` (sum of weights), ``w2`` (sum of squared weights).
    """
    w = nw.col(weight).cast(nw.Float64) if weight else nw.lit(1.0)
    one = nw.when((w > 0) & (w < float("inf"))).then(w) if weight else w
    groups = [nw.col(c).alias(k) for c, k in zip(by, keys_of(by), strict=True)]
    answered = frame.select(*groups, nw.col(value).cast(nw.Float64).alias("value"), one.alias("_w")).filter(
        ~nw.col("value").is_null(), ~nw.col("value").is_nan(), ~nw.col("_w").is_null()
    )
    answered = answered.with_columns((nw.col("_w") * nw.col("_w")).alias("_w2"))
    counts = answered.group_by(*keys_of(by), "value").agg(
        nw.len().alias("n"), nw.col("_w").sum().alias("w"), nw.col("_w2").sum().alias("w2")
    )
    return _small(counts, [*keys_of(by), "value"])


def score_sums(
    frame: nw.LazyFrame,
    scores: Mapping[str, Sequence[nw.Expr]],
    *,
    by: Sequence[str] = (),
    weight: str = "",
    cluster: str = "",
    strata: str = "",
    counts: Mapping[str, nw.Expr] | None = None,
    drawn: pd.DataFrame | Callable[[], pd.DataFrame | None] | None = None,
) -> tuple[pd.DataFrame, dict[str, int]]:
    """Sum scores by group and stratum, with the second moments of their cluster totals, in one scan for all items.

    With A_c = sum of w*score and B_c = sum of w over the answers of cluster c in the group, the residual total of the
    weighted mean T = sum(A)/sum(B) is e_c = (A_c - T B_c) / sum(B), so these sums give its variance for any T. A null
    score is no answer; a cluster without an answer does not count. Without ``cluster`` every row is its own cluster.

    Parameters
    ----------
    scores : for each item the expressions that score one row; several are pooled (the answers of one row to the
        touchpoints of a stage), one is the usual case.
    by : columns that form the groups; null is a group of its own.
    weight : column of design weights, or '' for 1 each; rows whose weight is missing or not positive do not count.
    counts : boolean expressions to count over all rows in the same scan, weights or not.
    drawn : the clusters of each stratum of the whole sample (`cxlab.stats.counts.drawn.clusters_drawn`), where the
        rows are a part of it, or what gives them where the rows are all of it; default: those of ``frame``.

    Returns
    -------
    sums : one row an item, group and stratum, sorted within the item: ``item``, the groups under their `names.key`,
        ``stratum`` ('' when there are none), ``n`` answers, ``w`` = sum B, ``w2`` = sum of squared weights,
        ``a`` = sum A, ``q`` = sum of w*score**2, ``aa`` = sum A**2, ``ab`` = sum A*B, ``bb`` = sum B**2,
        ``m`` = clusters of the group with an answer,
        ``clusters`` = clusters of the stratum that were drawn, with or without an answer; in a sample without clusters
        and strata the rows with an answer in any group.
    counts : how many rows fulfil each of ``counts``.
    """
    groups, counts = [f"_g{i}" for i in range(len(by))], counts or {}
    keys, named = [*groups, "_h"], dict(zip(groups, by, strict=True))
    shown = dict(zip(groups, keys_of(by), strict=True))
    sizes, weighted = [len(e) for e in scores.values()], bool(weight)
    sheets = answer_sheets(frame, scores, named, weight, cluster, strata, counts)
    shape = {"weighted": weighted, "cluster": bool(cluster), "counts": len(counts)}
    own = None
    if in_memory.held(sheets):
        table = in_memory.sums(sheets, sizes, keys, **shape)
    elif cluster and local(sheets):
        table, own = cluster_totals.sums(sheets, sizes, keys, weighted=weighted, counts=len(counts))
    else:
        table = _summed(sheets, sizes, keys, strata=bool(strata), **shape)
    if callable(drawn):
        drawn = drawn() if own is None else own
    elif drawn is None and cluster and by:
        drawn = own if own is not None else clusters_drawn(frame, weight=weight, cluster=cluster, strata=strata)
    table = _in_order(table, keys if strata else groups)
    plain = [size == 1 and not cluster and not weighted for size in sizes]
    items = [_item(table, i, weighted, same) for i, same in enumerate(plain)]
    stratum, strata_there = pd.factorize(table["_h"], use_na_sentinel=False)
    for sums in items:
        if drawn is not None:
            sums["clusters"] = of_strata(drawn, strata_there)[stratum]
        else:
            every = table["_all"].to_numpy(float) if cluster or strata else sums["m"]
            sums["clusters"] = np.bincount(stratum, every, len(strata_there))[stratum]
    long = pd.concat([table[keys].rename(columns={**shown, "_h": "stratum"})] * len(items), ignore_index=True)
    long.insert(0, "item", next(iter(scores)) if len(items) == 1 else np.repeat([*scores], len(table)))
    long = long.assign(**{c: np.concatenate([sums[c] for sums in items]) for c in (*SUMS, "clusters")})
    return long, {name: int(table[f"_k{i}"].sum()) for i, name in enumerate(counts)}


def _in_order(table: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    """The rows in the order of their keys; of whole numbers without the detour over their distinct values."""
    if not keys:
        return table.reset_index(drop=True)
    columns = [table[k] for k in keys]
    if all(isinstance(c.dtype, np.dtype) and c.dtype.kind in "iub" for c in columns):
        return table.iloc[np.lexsort([c.to_numpy() for c in columns[::-1]])].reset_index(drop=True)
    return table.sort_values([*keys], ignore_index=True, kind="stable")


FIRST = ("_n", "_a", "_q")
SUMS = ("n", "w", "w2", "a", "q", "aa", "ab", "bb", "m")


def answer_sheets(
    frame: nw.LazyFrame,
    scores: Mapping[str, Sequence[nw.Expr]],
    groups: Mapping[str, str],
    weight: str,
    cluster: str,
    strata: str,
    counts: Mapping[str, nw.Expr],
) -> nw.LazyFrame:
    """Return one row an answer sheet: group columns, ``_h`` (stratum), ``_c`` (cluster), ``_k{i}`` (counts: 1 or 0),
    ``_s{i}_{j}`` (score j of item i) and ``_w`` (weight); null where there is none."""
    kept = {**{g: nw.col(c) for g, c in groups.items()}, "_h": nw.col(strata) if strata else nw.lit("")}
    kept |= {"_c": nw.col(cluster)} if cluster else {}
    kept |= {f"_k{i}": nw.when(e).then(nw.lit(1.0)).otherwise(nw.lit(0.0)) for i, e in enumerate(counts.values())}
    raw = {f"_s{i}_{j}": e for i, es in enumerate(scores.values()) for j, e in enumerate(es)}
    if weight:
        w = nw.col(weight).cast(nw.Float64)
        raw["_w"] = nw.when((w > 0) & (w < float("inf"))).then(w)
    return frame.select(*(e.alias(k) for k, e in {**kept, **raw}.items()))


def scored_rows(
    frame: nw.LazyFrame,
    scores: Mapping[str, Sequence[nw.Expr]],
    groups: Mapping[str, str],
    weight: str,
    cluster: str,
    strata: str,
    counts: Mapping[str, nw.Expr],
) -> nw.LazyFrame:
    """Return one row an answer sheet: group columns, ``_h`` (stratum), ``_c`` (cluster), ``_k`` (counts), and by item:

    ``_n`` answers, ``_a`` = w * score, ``_q`` = w * score**2, and with weights ``_b`` = w * answers, ``_v`` = w**2 *
    answers; null or 0 where there is no answer. Scores must be null, not NaN, where there is none.
    """
    sheets = answer_sheets(frame, scores, groups, weight, cluster, strata, counts)
    return _weighed(sheets, [len(e) for e in scores.values()], bool(weight))


def _weighed(sheets: nw.LazyFrame, sizes: Sequence[int], weighted: bool) -> nw.LazyFrame:
    """Add to the answer sheets what `scored_rows` describes by item."""
    one, two, three = [], [], []
    for i, size in enumerate(sizes):
        s = [nw.col(f"_s{i}_{j}") for j in range(size)]
        total = nw.sum_horizontal(*s) if size > 1 else s[0]
        square = nw.sum_horizontal(*(x * x for x in s)) if size > 1 else s[0] * s[0]
        there = nw.sum_horizontal(*((~x.is_null()).cast(nw.Float64) for x in s)) if size > 1 else None
        w = nw.col("_w")
        if weighted:
            total, square = w * total, w * square
        one += [total.alias(f"_a{i}"), square.alias(f"_q{i}")]
        answered = (~nw.col(f"_a{i}").is_null()).cast(nw.Float64)
        two.append((answered if there is None else there * answered).alias(f"_n{i}"))
        n = nw.col(f"_n{i}")
        three += [(w * n).alias(f"_b{i}"), (w * w * n).alias(f"_v{i}")]
    rows = sheets.with_columns(*one).with_columns(*two)
    return rows.with_columns(*three) if weighted else rows


def _summed(
    sheets: nw.LazyFrame,
    sizes: Sequence[int],
    keys: Sequence[str],
    *,
    weighted: bool,
    cluster: bool,
    strata: bool,
    counts: int,
) -> pd.DataFrame:
    """Do what `in_memory.sums` describes where the data lie; products that equal sums are left out."""
    rows, groups = _weighed(sheets, sizes, weighted), keys[:-1]
    first = [f"{s}{i}" for i in range(len(sizes)) for s in (("_n", "_a", "_q", "_b", "_v") if weighted else FIRST)]
    extra = [f"_k{i}" for i in range(counts)]
    if strata or cluster:
        one = (~nw.col("_w").is_null()).cast(nw.Float64) if weighted else nw.lit(1.0)
        rows, extra = rows.with_columns(one.alias("_all")), [*extra, "_all"]
    if cluster:
        rows = rows.group_by(*groups, "_h", "_c").agg(*(nw.col(c).sum() for c in (*first, *extra)))
        rows = rows.with_columns((nw.col("_all") > 0).cast(nw.Float64).alias("_all"))
    full = [i for i, size in enumerate(sizes) if size > 1 or cluster or weighted]
    rows = rows.with_columns(*(e for i in full for e in _seconds(i, weighted))) if full else rows
    second = [f"{s}{i}" for i in full for s in ("_aa", "_ab", "_bb", "_m")]
    plain = {f"_n{i}" for i in range(len(sizes)) if i not in full}  # one answer a row: counted where it is
    sums = [nw.col(f"_a{c[2:]}").count().alias(c) if c in plain else nw.col(c).sum() for c in (*first, *second, *extra)]
    if strata or not groups:
        return collected(rows.group_by(*keys).agg(*sums))
    # a constant among the keys would cost a tenth of the time
    return collected(rows.group_by(*groups).agg(*sums)).assign(_h="")


def _seconds(i: int, weighted: bool) -> list[nw.Expr]:
    """A**2, A B, B**2 of item i, and whether the cluster has an answer."""
    n, a = nw.col(f"_n{i}"), nw.col(f"_a{i}")
    b = nw.col(f"_b{i}") if weighted else n
    products = {"_aa": a * a, "_ab": a * b, "_bb": b * b, "_m": (n > 0).cast(nw.Float64)}
    return [e.alias(f"{name}{i}") for name, e in products.items()]


def _item(table: pd.DataFrame, i: int, weighted: bool, plain: bool) -> dict[str, NDArray]:
    """The sums of item i under their names; those that equal others were not computed twice."""
    columns = lambda *names: table[[f"{s}{i}" for s in names]].to_numpy(float).T  # noqa: E731
    n, a, q = columns(*FIRST)
    w, w2 = columns("_b", "_v") if weighted else (n, n)
    aa, ab, bb, m = (q, a, n, n) if plain else columns("_aa", "_ab", "_bb", "_m")
    return {"n": n, "w": w, "w2": w2, "a": a, "q": q, "aa": aa, "ab": ab, "bb": bb, "m": m}


def weight_problems(weight: str) -> dict[str, nw.Expr]:
    """Return what `score_sums` counts about a column of weights: negative, zero, missing and infinite ones."""
    w = nw.col(weight).cast(nw.Float64)
    return {
        "weight:negative": w < 0,
        "weight:zero": w == 0,
        "weight:missing": w.is_null() | w.is_nan(),
        "weight:infinite": w == float("inf"),
    }


def collected(lazy: nw.LazyFrame) -> pd.DataFrame:
    """Return the few rows of an aggregate; polars is told to stream, so that its memory does not grow with the rows."""
    streaming = {"engine": "streaming"} if lazy.implementation.is_polars() else {}
    return lazy.collect(**streaming).to_pandas()


def _small(lazy: nw.LazyFrame, keys: list[str]) -> pd.DataFrame:
    table = collected(lazy)
    return table.sort_values(keys, ignore_index=True, kind="stable") if keys else table
