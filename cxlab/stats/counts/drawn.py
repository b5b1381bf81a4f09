"""How many clusters each stratum of a sample has: what a domain of the sample cannot tell by itself.

A subset of a sample (a brand, a wave, those who were asked) is a domain: its error has the clusters that were drawn,
also those in which nobody belongs to it, whose total is zero (Cochran 1977, section 2.12; R's ``subset`` of a design).

References
----------
Cochran, W. G. (1977). Sampling Techniques, 3rd ed. Wiley.
"""

from __future__ import annotations

from collections.abc import Sequence

import narwhals as nw
import numpy as np
import pandas as pd
from numpy.typing import NDArray

COLUMNS = ("stratum", "clusters", "blank")


def clusters_drawn(frame: nw.LazyFrame, *, weight: str = "", cluster: str = "", strata: str = "") -> pd.DataFrame:
    """Return one row a stratum: ``stratum`` ('' without strata), ``clusters`` in it (rows, without clusters), and
    whether one of these has no name (``blank``: rows without a cluster count as one).

    Rows whose weight is missing or not positive do not count. Sorted by stratum.
    """
    kept = {"_h": nw.col(strata) if strata else nw.lit(""), **({"_c": nw.col(cluster)} if cluster else {})}
    rows = frame
    if weight:
        w = nw.col(weight).cast(nw.Float64)
        rows = rows.filter((w > 0) & (w < float("inf")))
    rows = rows.select(*(e.alias(k) for k, e in kept.items()))
    if cluster:
        rows = rows.group_by("_h", "_c").agg(nw.len().alias("_n"))
    blank = nw.col("_c").is_null().cast(nw.Float64) if cluster else nw.lit(0.0)
    rows = rows.select("_h", blank.alias("_b"))
    counts = rows.group_by("_h").agg(nw.len().alias("clusters"), nw.col("_b").sum().alias("blank"))
    table = counts.collect().to_pandas().rename(columns={"_h": "stratum"})
    return table.sort_values("stratum", ignore_index=True, kind="stable")[list(COLUMNS)]


def of_strata(drawn: pd.DataFrame, strata: Sequence, *, named: bool = False) -> NDArray:
    """Return the clusters of each of ``strata`` (null is one); with ``named`` only those that have a name.

    >>> of_strata(pd.DataFrame({"stratum": ["a", "b"], "clusters": [3, 5], "blank": [0, 1]}), ["b", "a"]).tolist()
    [5.0, 3.0]
    """
    count = drawn["clusters"].to_numpy(float) - (drawn["blank"].to_numpy(float) if named else 0.0)
    at = dict(zip(map(_key, drawn["stratum"]), count, strict=True))
    return np.array([at.get(_key(h), 0.0) for h in strata], float)


def silent(drawn: pd.DataFrame | None, strata: Sequence, count: NDArray | None = None) -> tuple[NDArray, NDArray]:
    """Return the strata of units with a total of zero, and how many are in each: those drawn, less those seen.

    Parameters
    ----------
    drawn : of `clusters_drawn`; None: nothing is missing.
    strata : the stratum of each unit seen. ``count`` : how many units each stands for; default 1.

    >>> silent(pd.DataFrame({"stratum": ["a", "b"], "clusters": [3, 5], "blank": [0, 0]}), ["a", "a"])[1].tolist()
    [1]
    """
    strata = pd.Series(strata)
    if drawn is None or not len(strata):
        return strata.to_numpy()[:0], np.zeros(0, int)
    codes, labels = pd.factorize(strata, use_na_sentinel=False)
    seen = np.bincount(codes, np.ones(len(codes)) if count is None else count)
    missing = np.fmax(of_strata(drawn, labels, named=True) - seen, 0).astype(int)
    return np.asarray(labels, object)[missing > 0], missing[missing > 0]


def lonely_times(rng: np.random.Generator, draws: int) -> NDArray:
    """Return how often the only cluster of a stratum counts in each replicate: 0 or 2, as likely as not.

    So it adds the square of its distance from the overall mean to the variance, as in `linearised` and R's "adjust".
    """
    return rng.integers(0, 2, draws) * 2.0


def _key(stratum: object) -> object:
    """A stratum as one word for one value, whichever engine it comes from: whole numbers as int, null as None."""
    if pd.isna(stratum):
        return None
    return int(stratum) if isinstance(stratum, (float, np.floating)) and float(stratum).is_integer() else stratum
