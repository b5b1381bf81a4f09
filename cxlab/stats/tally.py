"""Counts and cluster sums in one lazy scan: all that a metric needs of the data, whatever their size.

Frames are Narwhals frames over any backend; what comes back is a small `pandas.DataFrame`.
"""

from __future__ import annotations

from collections.abc import Sequence

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
    frame: nw.LazyFrame, score: nw.Expr, *, by: Sequence[str] = (), weight: str = "", cluster: str = "", strata: str = ""
) -> pd.DataFrame:
    """Sum a score by group and stratum, with the second moments of its cluster totals (for linearised variances).

    With A_c = sum of w*score and B_c = sum of w over cluster c in the group, the residual total of the weighted
    mean T is e_c = (A_c - T B_c) / sum(w), so the sums below give its variance for any T. Rows whose score is null
    count neither as answers nor as clusters. Without ``cluster`` every row is a cluster of its own.

    Returns
    -------
    pandas.DataFrame, one row a group and stratum, sorted: ``*by, stratum`` ('' when there are none), ``n``, ``w``,
    ``w2``, ``a`` = sum A, ``aa`` = sum A**2, ``ab`` = sum A*B, ``bb`` = sum B**2, ``m`` = clusters of the group
    with an answer, ``clusters`` = clusters of the stratum with an answer in any group.
    """
    one = nw.col(weight).cast(nw.Float64) if weight else nw.lit(1.0)
    stratum = nw.col(strata) if strata else nw.lit("")
    rows = frame.select(
        *by, stratum.alias("stratum"), *([nw.col(cluster).alias("_c")] if cluster else []),
        score.cast(nw.Float64).alias("_s"), one.alias("_w"),
    ).filter(~nw.col("_s").is_null(), ~nw.col("_s").is_nan(), ~nw.col("_w").is_null())  # fmt: skip
    rows = rows.with_columns((nw.col("_w") * nw.col("_s")).alias("_a"), (nw.col("_w") * nw.col("_w")).alias("_w2"))
    if cluster:
        rows = rows.group_by(*by, "stratum", "_c").agg(
            nw.len().alias("_n"), nw.col("_w").sum(), nw.col("_a").sum(), nw.col("_w2").sum()
        )
        total = rows.select("stratum", "_c").unique().group_by("stratum").agg(nw.len().alias("clusters"))
    else:
        rows = rows.with_columns(nw.lit(1).alias("_n"))
        total = rows.group_by("stratum").agg(nw.len().alias("clusters"))
    a, b = nw.col("_a"), nw.col("_w")
    sums = rows.with_columns((a * a).alias("_aa"), (a * b).alias("_ab"), (b * b).alias("_bb")).group_by(*by, "stratum").agg(
        nw.col("_n").sum().alias("n"), b.sum().alias("w"), nw.col("_w2").sum().alias("w2"), a.sum().alias("a"),
        nw.col("_aa").sum().alias("aa"), nw.col("_ab").sum().alias("ab"), nw.col("_bb").sum().alias("bb"),
        nw.len().alias("m"),
    )  # fmt: skip
    return _small(sums, [*by, "stratum"]).merge(_small(total, ["stratum"]), on="stratum", how="left")


def _small(lazy: nw.LazyFrame, keys: list[str]) -> pd.DataFrame:
    table = lazy.collect().to_pandas()
    return table.sort_values(keys, ignore_index=True, kind="stable") if keys else table
