"""Counts and cluster sums in one lazy scan: all that a metric needs of the data, whatever their size.

Frames are Narwhals frames over any backend; what comes back is a small `pandas.DataFrame`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import narwhals as nw
import pandas as pd


def tally(frame: nw.LazyFrame, value: str, *, by: Sequence[str] = (), weight: str = "") -> pd.DataFrame:
    """Count the answers to ``value`` in every group.

    Parameters
    ----------
    frame : lazy frame with one row an answer.
    value : column of answers; null and NaN are not counted.
    by : columns that form the groups; null is a group of its own.
    weight : column of design weights, or '' for 1 each.

    Returns
    -------
    pandas.DataFrame, one row a group and answer, sorted: ``*by, value, n`` (rows), ``w`` (sum of weights),
    ``w2`` (sum of squared weights).
    """
    one = nw.col(weight).cast(nw.Float64) if weight else nw.lit(1.0)
    answered = frame.select(*by, nw.col(value).cast(nw.Float64).alias("value"), one.alias("_w")).filter(
        ~nw.col("value").is_null(), ~nw.col("value").is_nan()
    )
    counts = answered.group_by(*by, "value").agg(
        nw.len().alias("n"), nw.col("_w").sum().alias("w"), (nw.col("_w") * nw.col("_w")).sum().alias("w2")
    )
    return _small(counts, [*by, "value"])


def score_sums(
    frame: nw.LazyFrame,
    scores: Mapping[str, Sequence[nw.Expr]],
    *,
    by: Sequence[str] = (),
    weight: str = "",
    cluster: str = "",
    strata: str = "",
    counts: Mapping[str, nw.Expr] | None = None,
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

    Returns
    -------
    sums : one row an item, group and stratum, sorted within the item: ``item, *by, stratum`` ('' when there are none),
        ``n`` answers, ``w`` = sum B, ``w2`` = sum of squared weights, ``a`` = sum A, ``q`` = sum of w*score**2,
        ``aa`` = sum A**2, ``ab`` = sum A*B, ``bb`` = sum B**2, ``m`` = clusters of the group with an answer,
        ``clusters`` = clusters of the stratum with an answer in any group.
    counts : how many rows fulfil each of ``counts``.
    """
    groups = [f"_g{i}" for i in range(len(by))]
    rows = scored_rows(frame, scores, dict(zip(groups, by, strict=True)), weight, cluster, strata, counts or {})
    sums = [f"{s}{i}" for i in range(len(scores)) for s in ("_n", "_b", "_v", "_a", "_q")]
    extra = [f"_k{i}" for i in range(len(counts or {}))]
    if cluster:
        rows = rows.group_by(*groups, "_h", "_c").agg(*(nw.col(c).sum() for c in (*sums, *extra)))
    seconds, total = [], []
    for i in range(len(scores)):
        a, b = nw.col(f"_a{i}"), nw.col(f"_b{i}")
        seconds += [(a * a).alias(f"_aa{i}"), (a * b).alias(f"_ab{i}"), (b * b).alias(f"_bb{i}")]
        seconds.append((nw.col(f"_n{i}") > 0).cast(nw.Int64).alias(f"_m{i}"))
        total += [f"{s}{i}" for s in ("_aa", "_ab", "_bb", "_m")]
    wide = rows.with_columns(*seconds).group_by(*groups, "_h").agg(*(nw.col(c).sum() for c in (*sums, *total, *extra)))
    table = _small(wide, [*groups, "_h"])
    names = {"_n": "n", "_b": "w", "_v": "w2", "_a": "a", "_q": "q", "_aa": "aa", "_ab": "ab", "_bb": "bb", "_m": "m"}
    long = pd.concat(
        [
            table[[*groups, "_h", *(f"{s}{i}" for s in names)]]
            .rename(columns={f"{s}{i}": name for s, name in names.items()})
            .assign(item=item)
            for i, item in enumerate(scores)
        ],
        ignore_index=True,
    )
    if cluster and by:
        long = long.merge(_clusters(rows, list(scores)), on=["item", "_h"], how="left")
    else:
        long["clusters"] = long.groupby(["item", "_h"], dropna=False)["m"].transform("sum")
    long = long.rename(columns={"_h": "stratum"})[["item", *groups, "stratum", *names.values(), "clusters"]]
    found = {name: int(table[f"_k{i}"].sum()) for i, name in enumerate(counts or {})}
    return long.rename(columns=dict(zip(groups, by, strict=True))), found


def scored_rows(frame, scores, groups, weight, cluster, strata, counts) -> nw.LazyFrame:
    """One row an answer sheet: answers, weights and scores of every item; null where there is no answer."""
    w = nw.col(weight).cast(nw.Float64) if weight else nw.lit(1.0)
    usable = ~nw.col("_w").is_null() & ~nw.col("_w").is_nan() & (nw.col("_w") > 0)
    raw = {f"_s{i}_{j}": e.cast(nw.Float64) for i, es in enumerate(scores.values()) for j, e in enumerate(es)}
    kept = {**{g: nw.col(c) for g, c in groups.items()}, "_h": nw.col(strata) if strata else nw.lit("")}
    kept |= {"_c": nw.col(cluster)} if cluster else {}
    kept |= {f"_k{i}": nw.when(e).then(nw.lit(1)).otherwise(nw.lit(0)) for i, e in enumerate(counts.values())}
    rows = frame.select(*(e.alias(k) for k, e in {**kept, **raw, "_w": w}.items()))
    there = {s: (~nw.col(s).is_null() & ~nw.col(s).is_nan() & usable) for s in raw}
    zero = {s: nw.when(there[s]).then(nw.col(s)).otherwise(nw.lit(0.0)) for s in raw}
    one = {s: nw.when(there[s]).then(nw.lit(1.0)).otherwise(nw.lit(0.0)) for s in raw}
    weights = nw.when(usable).then(nw.col("_w")).otherwise(nw.lit(0.0))
    out = []
    for i, es in enumerate(scores.values()):
        names = [f"_s{i}_{j}" for j in range(len(es))]
        k = nw.sum_horizontal(*(one[s] for s in names)) if len(names) > 1 else one[names[0]]
        a = nw.sum_horizontal(*(zero[s] for s in names)) if len(names) > 1 else zero[names[0]]
        q = [zero[s] * zero[s] for s in names]
        out += [
            k.alias(f"_n{i}"), (weights * k).alias(f"_b{i}"), (weights * weights * k).alias(f"_v{i}"),
            (weights * a).alias(f"_a{i}"), (weights * (nw.sum_horizontal(*q) if len(q) > 1 else q[0])).alias(f"_q{i}"),
        ]  # fmt: skip
    return rows.select(*kept, *out)


def _clusters(rows: nw.LazyFrame, items: Sequence[str]) -> pd.DataFrame:
    """Clusters of each stratum with an answer to each item in any group."""
    n = [f"_n{i}" for i in range(len(items))]
    each = rows.group_by("_h", "_c").agg(*(nw.col(c).sum() for c in n))
    there = each.select("_h", *((nw.col(c) > 0).cast(nw.Int64).alias(c) for c in n))
    total = _small(there.group_by("_h").agg(*(nw.col(c).sum() for c in n)), ["_h"])
    return pd.concat(
        [total[["_h", c]].rename(columns={c: "clusters"}).assign(item=item) for c, item in zip(n, items, strict=True)],
        ignore_index=True,
    )


def weight_problems(weight: str) -> dict[str, nw.Expr]:
    """Return what `score_sums` counts about a column of weights: negative, zero and missing ones."""
    w = nw.col(weight).cast(nw.Float64)
    return {
        "weight:negative": w < 0,
        "weight:zero": w == 0,
        "weight:missing": w.is_null() | w.is_nan(),
    }


def _small(lazy: nw.LazyFrame, keys: list[str]) -> pd.DataFrame:
    table = lazy.collect().to_pandas()
    return table.sort_values(keys, ignore_index=True, kind="stable") if keys else table
