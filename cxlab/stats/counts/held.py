"""Score sums of tables that lie in memory, with arrays: for a few thousand rows, planning a query costs more than it.

What `cxlab.stats.counts.tally.score_sums` leaves to the engine of a lazy table, in the same order of rows.
"""

from __future__ import annotations

from collections.abc import Sequence

import narwhals as nw
import numpy as np
import pandas as pd
from numpy.typing import NDArray

Columns = dict[str, NDArray]


def held(frame: nw.LazyFrame) -> bool:
    """Whether the rows are an Arrow table in memory."""
    return frame.implementation.is_pyarrow()


def sums(
    rows: nw.LazyFrame, sizes: Sequence[int], keys: Sequence[str], *, weighted: bool, cluster: bool, counts: int
) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """Return the sums by ``keys``, one row a group, and the clusters of each stratum with an answer to each item.

    Parameters
    ----------
    rows : one row an answer sheet: ``keys`` (the last is the stratum ``_h``), ``_c`` if there are clusters, ``_k{i}``
        for each of ``counts``, the scores ``_s{i}_{j}`` and, if ``weighted``, ``_w``; null where there is none.
    sizes : how many scores each item pools.

    Returns
    -------
    by group : ``*keys`` and by item ``_n, _a, _q, _b, _v`` (weighted), ``_aa, _ab, _bb, _m``; then ``_k{i}``.
    by stratum : ``_h`` and by item ``_n``; None without clusters.
    """
    table = rows.collect().to_native()
    frame = table.select([*keys, *(["_c"] if cluster else [])]).to_pandas()
    column = lambda c: np.asarray(table[c].to_numpy(), float)  # noqa: E731
    weight = column("_w") if weighted else None
    first: Columns = {}
    for i, size in enumerate(sizes):
        scores = np.array([column(f"_s{i}_{j}") for j in range(size)]).reshape(size, len(table))
        first |= {f"{name}{i}": x for name, x in _first(scores, weight).items()}
    first |= {f"_k{i}": column(f"_k{i}") for i in range(counts)}
    place, at = numbered(frame, keys)
    by_stratum = None
    if cluster:
        lead, sheet = numbered(frame, [*keys, "_c"])
        first, at = {c: np.bincount(sheet, x, len(lead)) for c, x in first.items()}, at[lead]
        by_stratum = _clusters(frame.iloc[lead], first, len(sizes))
    second = {c: x for i in range(len(sizes)) for c, x in _second(first, i, weighted).items()}
    wide = {c: np.bincount(at, x, len(place)) for c, x in {**first, **second}.items()}
    return pd.concat([frame[list(keys)].iloc[place].reset_index(drop=True), pd.DataFrame(wide)], axis=1), by_stratum


def numbered(frame: pd.DataFrame, keys: Sequence[str]) -> tuple[NDArray, NDArray]:
    """Return the first row of each group that ``keys`` form (null is a group) and the group's number for every row."""
    at = np.zeros(len(frame), int)
    for key in keys:
        codes, values = pd.factorize(frame[key], use_na_sentinel=False)
        at = np.unique(at * max(len(values), 1) + codes, return_inverse=True)[1]
    return np.unique(at, return_index=True)[1], at


def _first(scores: NDArray, weight: NDArray | None) -> Columns:
    """Answers n, a = w sum(score), q = w sum(score**2), b = w n and v = w**2 n of every sheet; 0 where none counts."""
    counts = ~np.isnan(scores) if weight is None else ~(np.isnan(scores) | np.isnan(weight))
    s, n = np.where(counts, scores, 0.0), counts.sum(0).astype(float)
    if weight is None:
        return {"_n": n, "_a": s.sum(0), "_q": (s * s).sum(0)}
    w = np.nan_to_num(weight)
    return {"_n": n, "_a": w * s.sum(0), "_q": w * (s * s).sum(0), "_b": w * n, "_v": w * w * n}


def _second(first: Columns, i: int, weighted: bool) -> Columns:
    a, n = first[f"_a{i}"], first[f"_n{i}"]
    b = first[f"_b{i}"] if weighted else n
    return {f"_aa{i}": a * a, f"_ab{i}": a * b, f"_bb{i}": b * b, f"_m{i}": (n > 0).astype(float)}


def _clusters(sheets: pd.DataFrame, first: Columns, k: int) -> pd.DataFrame:
    """Clusters of each stratum with an answer to each item in any group."""
    lead, cluster = numbered(sheets, ["_h", "_c"])
    place, stratum = numbered(sheets.iloc[lead], ["_h"])
    there = {f"_n{i}": np.bincount(cluster, first[f"_n{i}"], len(lead)) > 0 for i in range(k)}
    sums = {c: np.bincount(stratum, x, len(place)) for c, x in there.items()}
    return pd.concat([sheets.iloc[lead].iloc[place][["_h"]].reset_index(drop=True), pd.DataFrame(sums)], axis=1)
