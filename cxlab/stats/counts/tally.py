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
    answered = answered.with_columns((nw.col("_w") * nw.col("_w")).alias("_w2"))
    counts = answered.group_by(*by, "value").agg(
        nw.len().alias("n"), nw.col("_w").sum().alias("w"), nw.col("_w2").sum().alias("w2")
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
    groups, counts = [f"_g{i}" for i in range(len(by))], counts or {}
    rows = scored_rows(frame, scores, dict(zip(groups, by, strict=True)), weight, cluster, strata, counts)
    first = [f"{s}{i}" for i in range(len(scores)) for s in (("_n", "_a", "_q", "_b", "_v") if weight else FIRST)]
    extra = [f"_k{i}" for i in range(len(counts))]
    if cluster:
        rows = rows.group_by(*groups, "_h", "_c").agg(*(nw.col(c).sum() for c in (*first, *extra)))
    plain = {i for i, e in enumerate(scores.values()) if len(e) == 1 and not cluster and not weight}
    products = [e for i in range(len(scores)) if i not in plain for e in _seconds(i, bool(weight))]
    rows = rows.with_columns(*products) if products else rows
    second = [f"{s}{i}" for i in range(len(scores)) if i not in plain for s in ("_aa", "_ab", "_bb", "_m")]
    wide = rows.group_by(*groups, "_h").agg(*(nw.col(c).sum() for c in (*first, *second, *extra)))
    table = _small(wide, [*groups, "_h"])
    parts = [_item(table, i, [*groups, "_h"], bool(weight), i in plain).assign(item=x) for i, x in enumerate(scores)]
    long = pd.concat(parts, ignore_index=True)
    if cluster and by:
        long = long.merge(_clusters(rows, list(scores)), on=["item", "_h"], how="left")
    else:
        long["clusters"] = long.groupby(["item", "_h"], dropna=False)["m"].transform("sum")
    long = long.rename(columns={"_h": "stratum"})[["item", *groups, "stratum", *SUMS, "clusters"]]
    found = {name: int(table[f"_k{i}"].sum()) for i, name in enumerate(counts)}
    return long.rename(columns=dict(zip(groups, by, strict=True))), found


FIRST = ("_n", "_a", "_q")
SUMS = ("n", "w", "w2", "a", "q", "aa", "ab", "bb", "m")


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
    kept = {**{g: nw.col(c) for g, c in groups.items()}, "_h": nw.col(strata) if strata else nw.lit("")}
    kept |= {"_c": nw.col(cluster)} if cluster else {}
    kept |= {f"_k{i}": nw.when(e).then(nw.lit(1)).otherwise(nw.lit(0)) for i, e in enumerate(counts.values())}
    raw = {f"_s{i}_{j}": e for i, es in enumerate(scores.values()) for j, e in enumerate(es)}
    if weight:
        w = nw.col(weight).cast(nw.Float64)
        raw["_w"] = nw.when((w > 0) & (w < float("inf"))).then(w)
    rows = frame.select(*(e.alias(k) for k, e in {**kept, **raw}.items()))
    one, two, three = [], [], []
    for i, es in enumerate(scores.values()):
        s = [nw.col(f"_s{i}_{j}") for j in range(len(es))]
        total = nw.sum_horizontal(*s) if len(s) > 1 else s[0]
        square = nw.sum_horizontal(*(x * x for x in s)) if len(s) > 1 else s[0] * s[0]
        there = nw.sum_horizontal(*((~x.is_null()).cast(nw.Float64) for x in s)) if len(s) > 1 else None
        w = nw.col("_w")
        one += [(w * total if weight else total).alias(f"_a{i}"), (w * square if weight else square).alias(f"_q{i}")]
        answered = (~nw.col(f"_a{i}").is_null()).cast(nw.Float64)
        two.append((answered if there is None else there * answered).alias(f"_n{i}"))
        three += [(w * nw.col(f"_n{i}")).alias(f"_b{i}"), (w * w * nw.col(f"_n{i}")).alias(f"_v{i}")] if weight else []
    rows = rows.with_columns(*one).with_columns(*two)
    return rows.with_columns(*three) if weight else rows


def _seconds(i: int, weighted: bool) -> list[nw.Expr]:
    """A**2, A B, B**2 of item i, and whether the cluster has an answer."""
    n, a = nw.col(f"_n{i}"), nw.col(f"_a{i}")
    b = nw.col(f"_b{i}") if weighted else n
    products = {"_aa": a * a, "_ab": a * b, "_bb": b * b, "_m": (n > 0).cast(nw.Float64)}
    return [e.alias(f"{name}{i}") for name, e in products.items()]


def _item(table: pd.DataFrame, i: int, keys: list[str], weighted: bool, plain: bool) -> pd.DataFrame:
    """The sums of item i under their names; those that equal others were not computed twice."""
    column = lambda s: table[f"{s}{i}"].astype(float)  # noqa: E731
    n, a, q = (column(s) for s in FIRST)
    w, w2 = (column("_b"), column("_v")) if weighted else (n, n)
    aa, ab, bb, m = (q, a, n, n) if plain else (column(s) for s in ("_aa", "_ab", "_bb", "_m"))
    return table[keys].assign(n=n, w=w, w2=w2, a=a, q=q, aa=aa, ab=ab, bb=bb, m=m)


def _clusters(rows: nw.LazyFrame, items: Sequence[str]) -> pd.DataFrame:
    """Clusters of each stratum with an answer to each item in any group."""
    n = [f"_n{i}" for i in range(len(items))]
    each = rows.group_by("_h", "_c").agg(*(nw.col(c).sum() for c in n))
    there = each.select("_h", *((nw.col(c) > 0).cast(nw.Float64).alias(c) for c in n))
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


def collected(lazy: nw.LazyFrame) -> pd.DataFrame:
    """Return the few rows of an aggregate; polars is told to stream, so that its memory does not grow with the rows."""
    streaming = {"engine": "streaming"} if lazy.implementation.is_polars() else {}
    return lazy.collect(**streaming).to_pandas()


def _small(lazy: nw.LazyFrame, keys: list[str]) -> pd.DataFrame:
    table = collected(lazy)
    return table.sort_values(keys, ignore_index=True, kind="stable") if keys else table
