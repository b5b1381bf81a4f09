"""Percentile bootstrap of a weighted mean by resampling cluster totals, compressed to their distinct values.

References
----------
Efron, B. & Tibshirani, R. J. (1993). An Introduction to the Bootstrap. Chapman & Hall.
Rao, J. N. K. & Wu, C. F. J. (1988). Resampling inference with complex survey data. Journal of the American Statistical
    Association 83, 231-241. doi:10.1080/01621459.1988.10478591
"""

from __future__ import annotations

from collections.abc import Sequence

import narwhals as nw
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlab.stats.counts.drawn import lonely_times
from cxlab.stats.counts.names import keys
from cxlab.stats.counts.tally import collected, scored_rows

CELLS = 20_000_000
"""Draws are made in blocks of about this many numbers."""


def totals(
    frame: nw.LazyFrame, score: nw.Expr, by: Sequence[str], *, weight: str, cluster: str, strata: str
) -> pd.DataFrame:
    """Return the distinct cluster totals of every group; without ``cluster`` every row is one.

    One row a total: the groups under their `names.key`, ``stratum, a`` = sum of w*score, ``b`` = sum of w, ``k``
    clusters with these totals and ``n`` answers in them.
    """
    groups = [f"_g{i}" for i in range(len(by))]
    rows = scored_rows(frame, {"x": [score]}, dict(zip(groups, by, strict=True)), weight, cluster, strata, {})
    b = "_b0" if weight else "_n0"
    if cluster:
        rows = rows.group_by(*groups, "_h", "_c").agg(*(nw.col(c).sum() for c in {"_n0": 1, "_a0": 1, b: 1}))
    rows = rows.filter(nw.col("_n0") > 0).select(
        *groups, "_h", nw.col("_a0").alias("a"), nw.col(b).alias("b"), nw.col("_n0").alias("n")
    )
    sums = rows.group_by(*groups, "_h", "a", "b").agg(nw.len().alias("k"), nw.col("n").sum())
    table = collected(sums)
    named = table.rename(columns={"_h": "stratum", **dict(zip(groups, keys(by), strict=True))})
    return named.sort_values([*keys(by), "stratum", "a", "b"], ignore_index=True)


def replicates(a: NDArray, b: NDArray, k: NDArray, stratum: NDArray, *, draws: int, seed: int) -> NDArray:
    """Return ``draws`` values of sum(a) / sum(b) with the clusters of each stratum drawn again.

    n - 1 of the n clusters of a stratum are drawn and scaled by n / (n - 1) (Rao & Wu 1988), which gives the design's
    variance also where n is small; the only cluster of a stratum counts twice or not at all.
    """
    rng = np.random.default_rng(seed)
    top, bottom = np.zeros(draws), np.zeros(draws)
    for h in pd.unique(stratum):
        here = np.flatnonzero(stratum == h)
        n = int(k[here].sum())
        if n == 1:
            times = lonely_times(rng, draws)
            top, bottom = top + times * a[here[0]], bottom + times * b[here[0]]
            continue
        block = max(1, CELLS // len(here))
        for start in range(0, draws, block):
            stop = min(draws, start + block)
            m = rng.multinomial(n - 1, k[here] / n, size=stop - start) * (n / (n - 1))
            top[start:stop] += m @ a[here]
            bottom[start:stop] += m @ b[here]
    with np.errstate(invalid="ignore", divide="ignore"):
        return top / bottom
