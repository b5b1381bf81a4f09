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
) -> pd.DataFrame:
    """Return the sums by ``keys``, one row a group.

    Parameters
    ----------
    rows : one row an answer sheet: ``keys`` (the last is the stratum ``_h``), ``_c`` if there are clusters, ``_k{i}``
        for each of ``counts``, the scores ``_s{i}_{j}`` and, if ``weighted``, ``_w``; null where there is none.
    sizes : how many scores each item pools.

    Returns
    -------
    ``*keys`` and by item ``_n, _a, _q, _b, _v`` (weighted), ``_aa, _ab, _bb, _m``; then ``_k{i}`` and ``_all``, the
    clusters (rows, without clusters) of the group that have a weight, with or without an answer.
    """
    frame, first = _sheets(rows, sizes, keys, weighted, cluster)
    first |= {f"_k{i}": frame[f"_k{i}"].to_numpy(float) for i in range(counts)}
    place, at = numbered(frame, keys)
    if cluster:
        lead, sheet = numbered(frame, [*keys, "_c"])
        first, at = {c: np.bincount(sheet, x, len(lead)) for c, x in first.items()}, at[lead]
        first["_all"] = (first["_all"] > 0).astype(float)
    second = {c: x for i in range(len(sizes)) for c, x in _second(first, i, weighted).items()}
    wide = {c: np.bincount(at, x, len(place)) for c, x in {**first, **second}.items()}
    return pd.concat([frame[list(keys)].iloc[place].reset_index(drop=True), pd.DataFrame(wide)], axis=1)


def pairs(rows: nw.LazyFrame, k: int, keys: Sequence[str], *, weighted: bool) -> pd.DataFrame:
    """Return sums over the clusters that two groups share, for `cxlab.stats.inference.shared_clusters.across_groups`.

    Returns
    -------
    ``*groups`` of the left, ``{group}r`` of the right, ``_h``, and by item ``aa_i, ab_i, bb_i, m_i``; one row an
    ordered pair of groups (also a group with itself) and stratum. Clusters and strata that are null do not count.
    """
    frame, first = _sheets(rows, [1] * k, keys, weighted, True)
    known = (frame["_c"].notna() & frame["_h"].notna()).to_numpy()
    frame, first = frame[known], {c: x[known] for c, x in first.items()}
    lead, sheet = numbered(frame, [*keys, "_c"])
    frame, first = frame.iloc[lead], {c: np.bincount(sheet, x, len(lead)) for c, x in first.items()}
    left, right = _together(numbered(frame, ["_h", "_c"])[1])
    unit = numbered(frame, keys)[1]
    cells, at = np.unique(np.stack([unit[left], unit[right]]), axis=1, return_inverse=True)
    some = np.unique(at, return_index=True)[1]
    out = {c: frame[c].to_numpy()[left[some]] for c in keys}
    out |= {f"{c}r": frame[c].to_numpy()[right[some]] for c in keys[:-1]}
    for i in range(k):
        a, n = first[f"_a{i}"], first[f"_n{i}"]
        b = first[f"_b{i}"] if weighted else n
        products = {"aa": a[left] * a[right], "ab": a[left] * b[right], "bb": b[left] * b[right],
                    "m": (n[left] > 0) & (n[right] > 0)}  # fmt: skip
        out |= {f"{name}_{i}": np.bincount(at, x, cells.shape[1]) for name, x in products.items()}
    return pd.DataFrame(out)


def _together(group: NDArray) -> tuple[NDArray, NDArray]:
    """All ordered pairs of rows of the same group, a row with itself among them: numbers of the left and right rows."""
    order = np.argsort(group, kind="stable")
    size = np.bincount(group)
    start = np.cumsum(size) - size
    times = size[group[order]]
    left = np.repeat(order, times)
    within = np.arange(len(left)) - np.repeat(np.cumsum(times) - times, times)
    return left, order[np.repeat(start[group[order]], times) + within]


def _sheets(
    rows: nw.LazyFrame, sizes: Sequence[int], keys: Sequence[str], weighted: bool, cluster: bool
) -> tuple[pd.DataFrame, Columns]:
    """The columns that are no scores, and by item what `_first` makes of them."""
    table = rows.collect().to_native()
    scores = [c for c in table.column_names if c.startswith("_s")]
    column = lambda c: np.asarray(table[c].to_numpy(), float)  # noqa: E731
    weight = column("_w") if weighted else None
    first: Columns = {"_all": np.ones(len(table)) if weight is None else (~np.isnan(weight)).astype(float)}
    for i, size in enumerate(sizes):
        each = np.array([column(f"_s{i}_{j}") for j in range(size)]).reshape(size, len(table))
        first |= {f"{name}{i}": x for name, x in _first(each, weight).items()}
    return table.drop([*scores, *(["_w"] if weighted else [])]).to_pandas(), first


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
