"""Variance of weighted means and their effective sample sizes under the sample's design, from score sums alone.

Taylor linearisation with clusters as the units that were drawn, within strata (Binder 1983; the estimator of R's
``survey::svymean``, also for domains). The sums come from `cxlab.stats.counts.tally.score_sums`.

References
----------
Binder, D. A. (1983). On the variances of asymptotically normal estimators from complex surveys.
    International Statistical Review 51, 279-292.
Korn, E. L. & Graubard, B. I. (1998). Confidence intervals for proportions with small expected number of positive
    counts estimated from survey data. Survey Methodology 24, 193-201.
Lumley, T. (2010). Complex Surveys. Wiley. (lonely strata: option "adjust")
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtrit

from cxlab.problem import DataProblem

FEW = 50
"""Fewer degrees of freedom than this know that clusters are of unequal size."""


def linearised(sums: pd.DataFrame, by: Sequence[str], *, population: Mapping | float | None = None) -> pd.DataFrame:
    """Return the weighted mean of each group and its variance under the design.

    With T = sum(A) / W and e_c = (A_c - T B_c) / W for cluster c of stratum h,

    V = sum_h (1 - f_h) n_h / (n_h - 1) sum_c (e_hc - mean_h(e))**2,

    n_h the clusters of the stratum in the whole study (those without an answer in the group have e = 0). A stratum of
    one cluster contributes e**2, its distance from the overall mean, which is conservative.

    Parameters
    ----------
    sums : as `cxlab.stats.counts.tally.score_sums` returns them; with a column ``shift`` where that was taken off the
        scores before they were summed.
    by : label columns of ``sums`` that form one estimate each, usually item and groups.
    population : clusters in the population, by stratum (one number without strata), for f_h = n_h / N_h; None: f = 0.

    Returns
    -------
    pandas.DataFrame in the order of ``sums``: ``*by``, ``estimate`` T, ``var`` V, ``spread`` = sum(w (s - T)**2) / W,
    ``n`` answers, ``w`` = W, ``kish`` = W**2 / sum(w**2), ``df`` = clusters - strata with an answer of the group
    (fewer where few clusters are of unequal size: `uneven_df`), ``m`` clusters, ``lonely`` = strata of one cluster,
    ``base`` = answers over which a simple random sample would estimate the spread: those of the group under clusters,
    else of the whole study; ``shift`` what was taken off; ``census`` whether everybody in the population is in the
    sample, so that there is no sampling error.
    """
    by = list(by)
    alone = all_apart(sums, by)
    at = np.arange(len(sums)) if alone else sums.groupby(by, sort=False, dropna=False).ngroup().to_numpy()
    first = at if alone else np.unique(at, return_index=True)[1]
    total = lambda x: np.asarray(x, float) if alone else np.bincount(at, np.asarray(x, float), len(first))  # noqa: E731
    named = ["n", "w", "w2", "a", "q", "aa", "ab", "bb", "m", "clusters"]
    row = dict(zip(named, sums[named].to_numpy(float).T, strict=True))
    n, w, m, k = total(row["n"]), total(row["w"]), total(row["m"]), row["clusters"]
    there = row["m"] > 0
    with np.errstate(invalid="ignore", divide="ignore"):
        t = total(row["a"]) / w
        spread = np.fmax(total(row["q"]) / w - t**2, 0)
        kish = w**2 / total(row["w2"])
        own = t[at]
        between = row["aa"] - 2 * own * row["ab"] + own * own * row["bb"]
        centred = np.fmax(between - (row["a"] - own * row["w"]) ** 2 / k, 0)
        taken = sampled(sums["stratum"], k, population)
        part = np.where(k > 1, k / (k - 1) * centred, between) * (1 - taken)
        var = total(np.where(there, part, 0.0)) / w**2
    df = uneven_df(m - total(there), total(stratum_df(row["m"], row["w"], row["bb"])), clusters=m, n=n)
    census = (m > 0) & (total(there & (taken < 1)) == 0)
    shift = sums["shift"].to_numpy(float)[first] if "shift" in sums else 0.0
    var = np.where((df < 1) & np.logical_not(census), np.nan, var)
    cells = {
        "estimate": t + shift, "var": var, "spread": spread, "n": n, "w": w, "kish": kish, "df": df, "shift": shift,
        "m": m, "lonely": total(there & (k == 1) & (taken < 1)), "base": np.where(m == n, total(k), n),
        "census": census,
    }  # fmt: skip
    return pd.concat([sums[by].iloc[first].reset_index(drop=True), pd.DataFrame(cells)], axis=1)


def all_apart(table: pd.DataFrame, by: Sequence[str]) -> bool:
    """Whether it is seen at a glance that each row is a group of its own: rows in order of whole numbers, none twice.

    >>> all_apart(pd.DataFrame({"a": [1, 1, 2], "b": [1, 2, 1]}), ["a", "b"])
    True
    """
    columns = [table[c] for c in by]
    if not columns or not all(isinstance(c.dtype, np.dtype) and c.dtype.kind in "iub" for c in columns):
        return False
    level = np.ones(max(len(table) - 1, 0), bool)
    for column in columns:
        x = column.to_numpy()
        if (level & (x[1:] < x[:-1])).any():
            return False
        level &= x[1:] == x[:-1]
    return not level.any()


def sampled(stratum: pd.Series, clusters: ArrayLike, population: Mapping | float | None) -> NDArray:
    """Return the sampling fraction n_h / N_h of each row's stratum; 0 where the population is unknown.

    Raises
    ------
    DataProblem : a population of fewer than were drawn.
    """
    if population is None:
        return np.zeros(len(stratum))
    size = (
        stratum.map(dict(population))
        if isinstance(population, Mapping)
        else pd.Series(float(population), stratum.index)
    )
    fraction = np.asarray(clusters, float) / size.to_numpy(float)
    if (over := np.flatnonzero(fraction > 1 + 1e-9)).size:
        where = f" in stratum {stratum.iloc[over[0]]}" if isinstance(population, Mapping) else ""
        raise DataProblem(
            f"population is {size.iloc[over[0]]:,.0f}{where}, fewer than the "
            f"{np.asarray(clusters, float)[over[0]]:,.0f} in the sample; it is how many there are in all (clusters, if "
            "the study has clusters)"
        )
    return np.where(np.isfinite(fraction), np.clip(fraction, 0, 1), 0)


def stratum_df(clusters: ArrayLike, w: ArrayLike, bb: ArrayLike) -> NDArray:
    """Return the degrees of freedom of each stratum's clusters of unequal size: (k - 1) / (1 + cv**2)**2.

    cv is the coefficient of variation of their weight. The variance of a mean over clusters is carried by the large
    ones: if totals vary with the square of the size by Satterthwaite's (k - 1) (sum d)**2 / (k sum d**2), d = size**2,
    if with the size by (k - 1) / (1 + cv**2); this lies between, and is k - 1 for clusters of one size. With k - 1 the
    interval of a mean over 5 to 12 clusters (cv .6, ICC .2) holds in 91 to 93 % of samples, so in 95 to 96 %.

    Parameters
    ----------
    clusters, w : how many, and the sum of their weights. ``bb`` : the sum of the squares of these.

    >>> stratum_df([4, 4, 1], [40, 40, 10], [400, 460, 100]).round(2).tolist()
    [3.0, 2.27, 0.0]
    """
    k, w, bb = (np.asarray(x, float) for x in (clusters, w, bb))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(k > 1, (k - 1) / np.fmax(k * bb / w**2, 1) ** 2, 0.0)


def uneven_df(df: ArrayLike, uneven: ArrayLike, *, clusters: ArrayLike, n: ArrayLike) -> NDArray:
    """Return ``df``, or ``uneven`` where that many are few (`FEW`) and clusters hold more than one answer each.

    >>> uneven_df([7, 7, 99], [4.1, 4.1, 60], clusters=[8, 8, 100], n=[90, 8, 900]).tolist()
    [4.1, 7.0, 99.0]
    """
    df, uneven = np.asarray(df, float), np.asarray(uneven, float)
    few = (df >= 1) & (df < FEW) & (np.asarray(clusters) < np.asarray(n))
    return np.where(few & np.isfinite(uneven), np.fmin(np.fmax(uneven, 1), df), df)


def effective_n(spread: ArrayLike, var: ArrayLike, base: ArrayLike) -> NDArray:
    """Return the size of a simple random sample of the same variance: spread * base / (base - 1) / V.

    Equal weights without clusters give the number of answers itself.
    """
    spread, var, base = (np.asarray(x, float) for x in (spread, var, base))
    with np.errstate(invalid="ignore", divide="ignore"):
        return spread * base / (base - 1) / var


def adjusted_n(n_eff: ArrayLike, n: ArrayLike, df: ArrayLike, level: float) -> NDArray:
    """Return the effective size with the price of few clusters: n_eff (t_{n-1} / t_df)**2 (Korn & Graubard 1998)."""
    n, df = np.asarray(n, float), np.asarray(df, float)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(n_eff, float) * (t_value(level, n - 1) / t_value(level, df)) ** 2


def heavy_weights(n_eff: ArrayLike, kish: ArrayLike, df: ArrayLike) -> tuple[NDArray, NDArray]:
    """Return how much wider the interval of a weighted sample is than its standard error, and its degrees of freedom.

    sqrt(n_eff / kish) where the estimated variance promises more than the weights leave, else 1; Student's t with
    kish - 1. Lognormal weights (sd 1) of 20 to 200 answers: shares and net scores then hold the truth in 95 to 97 % of
    samples for 85 to 94 %, means in 93 to 96 % for 82 to 94 %.

    >>> wider, df = heavy_weights([12.0, 8.0], [9.0, 9.0], [19, 19])
    >>> wider.round(3).tolist(), df.tolist()
    ([1.155, 1.0], [8.0, 8.0])
    """
    n_eff, kish, df = (np.asarray(x, float) for x in (n_eff, kish, df))
    with np.errstate(invalid="ignore", divide="ignore"):
        wider = np.sqrt(n_eff / kish)
    return np.where(np.isfinite(wider), np.fmax(wider, 1), 1.0), np.fmin(df, np.fmax(kish - 1, np.fmin(df, 1)))


def t_value(level: float, df: ArrayLike) -> NDArray:
    """Return the two-sided quantile of Student's t; infinite below one degree of freedom.

    >>> round(float(t_value(0.95, 10)), 6)
    2.228139
    """
    df = np.asarray(df, float)
    return np.where(df >= 1, stdtrit(np.fmax(df, 1), (1 + level) / 2), np.inf)
