"""Sums of cluster totals by group, of tables that this process reads in pieces.

What an engine does by grouping into as many groups as clusters times cells (`cxlab.stats.counts.clustered_rows`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import narwhals as nw
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlab.stats.counts.clustered_rows import SLICE, passes, read_rows
from cxlab.stats.counts.drawn import COLUMNS
from cxlab.stats.counts.sorted_rows import SortedRows, Totals

ALONE = 0.5
"""Share of rows that are alone of their cluster in their group, from which they are summed as they stand."""


def sums(
    sheets: nw.LazyFrame, sizes: Sequence[int], keys: Sequence[str], *, weighted: bool, counts: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return what `cxlab.stats.counts.in_memory.sums` does of clusters, of a table that is read in pieces, and what
    `cxlab.stats.counts.drawn.clusters_drawn` says of it.

    ``_k{i}`` stands in the first row for all.
    """
    counted, parts, drawn = _counted(sheets, counts), [], []
    for rows in read_rows(sheets, sizes, keys, weighted=weighted):
        found: dict[str, NDArray] = {}
        for sums in _of_cells(rows):
            for name, values in sums.items():
                found[name] = found[name] + values if name in found else values
        parts.append((rows.cells, found))
        drawn.append(pd.DataFrame(dict(zip(COLUMNS, rows.drawn(), strict=True))))
    tables = [pd.concat([cells, pd.DataFrame(found)], axis=1) for cells, found in parts]
    if not tables:
        tables = [pd.DataFrame(columns=[*keys, *_summed(_nothing(len(sizes)))])]
    out = tables[0]
    if len(tables) > 1:
        out = pd.concat(tables, ignore_index=True).groupby(list(keys), dropna=False, sort=False).sum().reset_index()
    for i in range(counts):
        out[f"_k{i}"] = 0.0
        out.loc[:0, f"_k{i}"] = counted[i]
    every = pd.concat(drawn, ignore_index=True) if drawn else pd.DataFrame(columns=list(COLUMNS))
    if len(drawn) > 1:
        every = every.groupby("stratum", dropna=False).sum().reset_index()
    return out, every[every["clusters"] > 0].sort_values("stratum", ignore_index=True)


def _counted(sheets: nw.LazyFrame, counts: int) -> NDArray:
    """How many rows fulfil each count: a scan of its own of the few columns that they read."""
    if not counts:
        return np.zeros(0)
    found = sheets.select(*(nw.col(f"_k{i}").sum() for i in range(counts))).collect("pyarrow")
    return np.array([found[f"_k{i}"][0] or 0.0 for i in range(counts)], float)


def _of_cells(rows: SortedRows) -> Iterator[dict[str, NDArray]]:
    """Sums by cell; where most rows are all that their cluster has in their group, these are not brought together."""
    alone, several = rows.several(SLICE)
    if alone.mean() < ALONE:
        yield from map(_summed, rows.totals(SLICE))
        return
    yield rows.alone(alone)
    yield from map(_summed, several)


def _summed(t: Totals) -> dict[str, NDArray]:
    """Sums by cell of the cluster totals of one slice."""
    total = lambda x: np.bincount(t.cell, x, len(t.cells))  # noqa: E731
    out = {"_all": total(t.there.astype(float))}
    for i, (n, a, b) in enumerate(zip(t.n, t.a, t.b, strict=True)):
        out |= {f"_n{i}": total(n), f"_a{i}": total(a), f"_q{i}": t.q[i], f"_b{i}": total(b), f"_v{i}": t.v[i]}
        out |= {f"_aa{i}": total(a * a), f"_ab{i}": total(a * b), f"_bb{i}": total(b * b), f"_m{i}": total(n > 0)}
    return out


def shared(sheets: nw.LazyFrame, items: int, keys: Sequence[str], *, weighted: bool) -> pd.DataFrame:
    """Return what `cxlab.stats.counts.in_memory.pairs` does, of a table that is read in pieces."""
    parts: list[pd.DataFrame] = []
    for t in passes(sheets, [1] * items, keys, weighted=weighted):
        parts += [_pairs(t, h, keys) for h in np.unique(t.stratum[t.named])]
    names = [*keys[:-1], *(f"{k}r" for k in keys[:-1]), keys[-1]]
    if not parts:
        return pd.DataFrame(columns=[*names, *(f"{s}_{i}" for i in range(items) for s in ("aa", "ab", "bb", "m"))])
    return pd.concat(parts, ignore_index=True).groupby(names, dropna=False, sort=False).sum().reset_index()


def _pairs(t: Totals, h: int, keys: Sequence[str]) -> pd.DataFrame:
    """Sums over the clusters of one stratum of the products of each two of its groups, by products of sparse tables."""
    from scipy.sparse import csr_array

    at = np.flatnonzero(t.named & (t.stratum == h))
    units, place = np.unique(t.unit[at], return_inverse=True)
    edge = np.flatnonzero(np.diff(t.cluster[at], prepend=-1))
    bounds = np.append(edge, len(at))
    shape = (len(edge), len(units))
    wide = lambda x: csr_array((np.asarray(x[at], float), place, bounds), shape)  # noqa: E731
    every = wide(np.ones(len(t.unit)))
    left, right = (every.T @ every).tocsr().nonzero()
    cell = np.zeros(len(units), int)
    cell[place] = t.cell[at]
    own = t.cells.iloc[cell]
    out = {k: own[k].to_numpy()[left] for k in keys} | {f"{k}r": own[k].to_numpy()[right] for k in keys[:-1]}
    for i, (n, a, b) in enumerate(zip(t.n, t.a, t.b, strict=True)):
        one, two, there = wide(a), wide(b), wide(n > 0)
        products = {"aa": one.T @ one, "ab": one.T @ two, "bb": two.T @ two, "m": there.T @ there}
        out |= {f"{name}_{i}": np.asarray(x.tocsr()[left, right]).ravel() for name, x in products.items()}
    return pd.DataFrame(out)


def within_cells(sheets: nw.LazyFrame, items: int, keys: Sequence[str], *, weighted: bool) -> pd.DataFrame:
    """Return sums over the clusters of the products of each two items in the same group: ``*keys`` and
    ``aa{i}_{j}, ab{i}_{j}, bb{i}_{j}, m{i}_{j}`` of every two different items."""
    parts = []
    for t in passes(sheets, [1] * items, keys, weighted=weighted):
        total = lambda x, t=t: np.bincount(t.cell, x, len(t.cells))  # noqa: E731
        out = {}
        for i in range(items):
            for j in range(items):
                if i < j:
                    aa, bb = total(t.a[i] * t.a[j]), total(t.b[i] * t.b[j])
                    both = total((t.n[i] > 0) & (t.n[j] > 0))
                    for x in (f"{i}_{j}", f"{j}_{i}"):
                        out |= {f"aa{x}": aa, f"bb{x}": bb, f"m{x}": both}
                if i != j:
                    out[f"ab{i}_{j}"] = total(t.a[i] * t.b[j])
        parts.append(pd.concat([t.cells, pd.DataFrame(out)], axis=1))
    if not parts:
        names = [f"{s}{i}_{j}" for i in range(items) for j in range(items) if i != j for s in ("aa", "ab", "bb", "m")]
        return pd.DataFrame(columns=[*keys, *names])
    return pd.concat(parts, ignore_index=True).groupby(list(keys), dropna=False, sort=False).sum().reset_index()


def _nothing(items: int) -> Totals:
    none, each = np.zeros(0, int), [np.zeros(0)] * items
    return Totals(pd.DataFrame(), none, none, none, none, none, each, each, each, each, each, none)
