"""Rows of clusters sorted by cluster and group: one number a row says cluster, group and place, and numbers sort fast.

The weights and scores stay where they were read; only rows whose cluster has several in a group are fetched together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

NONE = np.iinfo(np.int64).min
NONE_SHORT = np.iinfo(np.int32).min
"""A whole number that is missing, of eight bytes and of four."""
FEW = 1 << 22
"""Combinations that are looked for in a table of all that are possible, however few the rows."""
CHUNK = 1 << 20
"""Rows that are summed at a time."""
BITS = 63
"""Where cluster, group and place need more, they are sorted as an order apart."""

Codes = tuple[NDArray, pa.Array]


@dataclass(frozen=True)
class Totals:
    """Totals of clusters by group; T of them, those of a cluster side by side.

    ``cells`` : the groups with their stratum, one row each. ``cell, unit, stratum, cluster`` : (T,) the row of
    ``cells``, and numbers of group, stratum and cluster (clusters are numbered within strata).
    ``named`` : (T,) whether cluster and stratum are known. ``n, a, b`` : by item (T,), answers, sum of w * score and
    sum of w. ``q, v`` : by item and cell, sums of w * score**2 and w**2 over answers. ``there`` : (T,) whether a row
    has a weight.
    """

    cells: pd.DataFrame
    cell: NDArray
    unit: NDArray
    stratum: NDArray
    cluster: NDArray
    named: NDArray
    n: list[NDArray]
    a: list[NDArray]
    b: list[NDArray]
    q: list[NDArray]
    v: list[NDArray]
    there: NDArray


class SortedRows:
    """Rows of some clusters, in the order in which they were read, and their order by cluster and group.

    Parameters
    ----------
    blocks : of `cxlab.stats.counts.clustered_rows`: codes of each of ``keys``, ``_c`` (cluster), ``_w`` (weight),
        ``_n{i}, _s{i}, _p{i}`` (answers of item i, the sum of their scores and of the squares); emptied.
    keys : the columns of groups, the last of the stratum. ``sizes`` : how many scores each item pools.
    """

    def __init__(self, blocks: list[dict], keys: Sequence[str], sizes: Sequence[int], *, weighted: bool) -> None:
        self.sizes, self.weighted = list(sizes), weighted
        codes, values = zip(*(unified([b.pop(k) for b in blocks]) for k in keys), strict=True)
        cell, names = _combined(list(codes), [len(v) + 1 for v in values])
        del codes
        self.cells = pd.DataFrame(
            {k: _taken(v, names[:, i]) for i, (k, v) in enumerate(zip(keys, values, strict=True))}
        )
        self.stratum_of = names[:, -1]
        self.unit_of = np.cumsum(np.append(False, (np.diff(names[:, :-1], axis=0) != 0).any(axis=1)))
        self.clusters, many = _numbered([b.pop("_c") for b in blocks])
        self._sort(cell, many)
        self.rows = {"cell": filled(cell)} | {k: filled([b.pop(k) for b in blocks]) for k in list(blocks[0])}

    def _sort(self, cell: list[NDArray], many: int) -> None:
        """Make ``key``: cluster within stratum, group and place of each row in one number, sorted."""
        n, strata, units = sum(map(len, cell)), int(self.stratum_of.max()) + 1, int(self.unit_of[-1]) + 1
        self.n, self.strata, self.of_cluster = n, strata, np.zeros(many, np.min_scalar_type(strata))
        clusters, self.clusters = self.clusters, None
        if len(np.unique(self.stratum_of)) == 1:
            self.of_cluster[:], self.nested = self.stratum_of[0], True
        else:
            own = self.stratum_of.astype(self.of_cluster.dtype)
            for c, at in zip(clusters, cell, strict=True):
                self.of_cluster[c] = own[at]
            pairs = zip(clusters, cell, strict=True)
            self.nested = all(np.array_equal(self.of_cluster[c], own[at]) for c, at in pairs)
        self.unit_bits, self.row_bits = (units - 1).bit_length(), (n - 1).bit_length()
        every = many if self.nested else many * strata
        self.placed = (every - 1).bit_length() + self.unit_bits + self.row_bits < BITS
        self.key, start = np.empty(n, np.int64), 0
        unit_of, stratum_of = self.unit_of.astype(np.int64), self.stratum_of.astype(np.int64)
        for i, at in enumerate(cell):
            part = self.key[start : start + len(at)]
            part[:] = clusters[i]
            clusters[i] = None
            if not self.nested:
                part *= strata
                part += stratum_of[at]
            part <<= self.unit_bits
            part |= unit_of[at]
            if self.placed:
                part <<= self.row_bits
                part |= np.arange(start, start + len(at))
            start += len(at)
        self.order = None
        if self.placed:
            self.key.sort()
        else:
            self.row_bits, self.order = 0, np.argsort(self.key, kind="stable")
            self.key = self.key[self.order]

    def _place(self, low: int, high: int) -> NDArray:
        """Which rows stand from ``low`` to ``high`` of the order."""
        if self.order is not None:
            return self.order[low:high]
        return self.key[low:high] & ((1 << self.row_bits) - 1)

    def parts(self, size: int) -> Iterator[tuple[int, int]]:
        """Yield from where to where of the order about ``size`` rows stand, clusters whole."""
        low, shift = 0, self.row_bits + self.unit_bits
        while low < self.n:
            high = min(low + size, self.n)
            high = (
                int(np.searchsorted(self.key, ((self.key[high - 1] >> shift) + 1) << shift)) if high < self.n else high
            )
            yield low, high
            low = high

    def totals(self, size: int) -> Iterator[Totals]:
        """Yield the totals of some of the clusters after others, from about ``size`` rows each."""
        for low, high in self.parts(size):
            yield self._totals(self.key[low:high] >> self.row_bits, self._place(low, high))

    def several(self, size: int) -> tuple[NDArray, Iterator[Totals]]:
        """Return (rows,) whether a row is alone of its cluster in its group, and the totals of the other rows."""
        alone, found = np.zeros(self.n, bool), []
        for low, high in self.parts(size):
            key = self.key[low:high] >> self.row_bits
            new = np.diff(key, prepend=-1) != 0
            single = new & np.append(new[1:], True)
            alone[self._place(low, high)[single]] = True
            found.append((low, high, np.packbits(~single)))
        return alone, self._of_several(found, size)

    def _of_several(self, found: list[tuple[int, int, NDArray]], size: int) -> Iterator[Totals]:
        """Totals of the rows that are marked, about ``size`` of them at a time."""
        keys, places, waiting = [], [], 0
        for low, high, packed in found:
            at = np.flatnonzero(np.unpackbits(packed, count=high - low))
            keys.append(self.key[low:high][at] >> self.row_bits)
            places.append(self._place(low, high)[at])
            waiting += len(at)
            if waiting and (waiting >= size or high == self.n):
                yield self._totals(np.concatenate(keys), np.concatenate(places))
                keys, places, waiting = [], [], 0

    def _totals(self, key: NDArray, place: NDArray) -> Totals:
        start = np.flatnonzero(np.diff(key, prepend=-1))
        rows = {k: x[place] for k, x in self.rows.items()}
        each = [self._item(rows, i, start) for i in range(len(self.sizes))]
        there = np.logical_or.reduceat(rows["_w"] > 0, start) if self.weighted else np.ones(len(start), bool)
        n, a, b, q, v = (list(x) for x in zip(*each, strict=True))
        cell, cluster = rows["cell"][start], key[start] >> self.unit_bits
        stratum, own = self.stratum_of[cell], cluster if self.nested else cluster // self.strata
        named = (stratum > 0) & (own > 0)
        return Totals(self.cells, cell, self.unit_of[cell], stratum, cluster, named, n, a, b, q, v, there)

    def _item(self, rows: dict, i: int, start: NDArray) -> tuple:
        """Answers, A and B of the clusters, and sums of squares of the cells, of one item."""
        w, n, s = rows.get("_w"), rows[f"_n{i}"].astype(float), rows[f"_s{i}"].astype(float)
        p, cells = rows[f"_p{i}"].astype(float) if f"_p{i}" in rows else s * s, len(self.cells)
        first = np.add.reduceat(n, start)
        if w is None:
            q, v = (np.bincount(rows["cell"], x, cells) for x in (p, n))
            return first, np.add.reduceat(s, start), first, q, v
        n *= w
        q, v = (np.bincount(rows["cell"], x, cells) for x in (w * p, n * w))
        return first, np.add.reduceat(w * s, start), np.add.reduceat(n, start), q, v

    def alone(self, mine: NDArray) -> dict[str, NDArray]:
        """Return the sums by cell of rows that are all that their cluster has there, as of `cluster_totals.sums`."""
        out: dict[str, NDArray] = {}
        size = max(CHUNK, 4 * len(self.cells))
        for low in range(0, self.n, size):
            part = slice(low, low + size)
            some = mine[part]
            rows = {k: x[part] if some.all() else x[part][some] for k, x in self.rows.items()}
            for k, x in self._alone(rows).items():
                out[k] = out[k] + x if k in out else x
        return out

    def _alone(self, rows: dict) -> dict[str, NDArray]:
        cell, w, cells = rows["cell"], rows.get("_w"), len(self.cells)
        out = {"_all": np.bincount(cell, None if w is None else w > 0, cells).astype(float)}
        for i in range(len(self.sizes)):
            n, s, there = rows[f"_n{i}"], rows[f"_s{i}"], rows[f"_n{i}"] > 0
            least, most = (int(s.min()), int(s.max())) if s.dtype == np.int8 and len(s) else (0, 1 << 16)
            if f"_p{i}" not in rows and most - least < 12:
                out |= _by_level(cell, s, w, there, least, most, cells, i)
                continue
            total = lambda x, cell=cell: np.bincount(cell, x, cells)  # noqa: E731
            s = s.astype(float)
            p, b = (rows[f"_p{i}"].astype(float) if f"_p{i}" in rows else s * s), n.astype(float)
            own = 1.0 if w is None else w
            a, q, b, v = own * s, own * p, own * b, own * own * b
            sums = {"_n": n, "_a": a, "_q": q, "_b": b, "_v": v, "_aa": a * a, "_ab": a * b, "_bb": b * b, "_m": there}
            out |= {f"{name}{i}": total(x) for name, x in sums.items()}
        return out

    def drawn(self) -> tuple[pd.Series, NDArray, NDArray]:
        """Return the strata, how many clusters with a weight each has, and whether one of them has no name."""
        count, blank = np.zeros(self.strata), np.zeros(self.strata)
        dead = self.weighted and not (self.rows["_w"] > 0).all()
        shift = self.row_bits + self.unit_bits
        for low, high in self.parts(CHUNK):
            ids = self.key[low:high] >> shift
            if dead:
                ids = ids[self.rows["_w"][self._place(low, high)] > 0]
            ids = ids[np.flatnonzero(np.diff(ids, prepend=-1))]
            own, stratum = (ids, self.of_cluster[ids]) if self.nested else np.divmod(ids, self.strata)
            count += np.bincount(stratum, minlength=self.strata)
            blank += np.bincount(stratum[own == 0], minlength=self.strata)
        first = np.unique(self.stratum_of, return_index=True)
        labels = self.cells.iloc[first[1], -1].reset_index(drop=True)
        return labels, count[first[0]], blank[first[0]]


def _by_level(
    cell: NDArray, s: NDArray, w: NDArray | None, there: NDArray, least: int, most: int, cells: int, i: int
) -> dict[str, NDArray]:
    """Sums of one answer a row, from how often each score was given: counts, weights and their squares."""
    levels = most - least + 1
    code = cell.astype(np.intp)
    code *= levels
    code += s
    code -= least
    if not there.all():
        code, w = code[there], None if w is None else w[there]
    by = lambda x: np.bincount(code, x, cells * levels).reshape(cells, levels).astype(float)  # noqa: E731
    n = by(None)
    b, v = (n, n) if w is None else (by(w), by(w * w))
    score = np.arange(least, most + 1.0)
    sums = {"_n": n.sum(axis=1), "_a": b @ score, "_q": b @ score**2, "_b": b.sum(axis=1), "_v": v.sum(axis=1)}
    m = sums["_n"] if w is None else by(w > 0).sum(axis=1) if not (w > 0).all() else sums["_n"]
    sums |= {"_aa": v @ score**2, "_ab": v @ score, "_bb": sums["_v"], "_m": m}
    return {f"{name}{i}": x for name, x in sums.items()}


def _taken(values: pa.Array, code: NDArray) -> pd.Series:
    return values.take(pa.array(code - 1, mask=code == 0)).to_pandas()


def _combined(codes: list[list[NDArray]], sizes: list[int]) -> tuple[list[NDArray], NDArray]:
    """Number the combinations that occur: the number of each row by block, and (C, keys) the codes of each, sorted."""
    n = max(sum(map(len, codes[0])), FEW)
    at, names, possible = codes[0], np.arange(sizes[0])[:, None], sizes[0]
    for own, size in zip(codes[1:], sizes[1:], strict=True):
        if possible * size > n:
            at, there = _occurring(at, possible)
            names, possible = names[there], len(there)
        for i, code in enumerate(own):
            wide = at[i].astype(np.int32 if possible * size < 2**31 else np.int64, copy=at[i].dtype != np.int32)
            wide *= size
            wide += code
            at[i], own[i] = wide, None
        names = np.column_stack([np.repeat(names, size, axis=0), np.tile(np.arange(size), possible)])
        possible *= size
    at, there = _occurring(at, possible)
    return at, names[there]


def _occurring(at: list[NDArray], possible: int) -> tuple[list[NDArray], NDArray]:
    """Renumber what occurs from 0, by block, and return it sorted."""
    n = sum(map(len, at))
    if possible <= max(n, FEW):
        seen = np.zeros(possible, bool)
        for x in at:
            seen[x] = True
        there = np.flatnonzero(seen)
        turn = np.zeros(possible, np.int32)
        turn[there] = np.arange(len(there), dtype=np.int32)
        return [turn[x] for x in at], there
    there, every = np.unique(np.concatenate(at), return_inverse=True)
    return np.split(every.astype(np.int32), np.cumsum([len(x) for x in at])[:-1]), there


def _numbered(blocks: list[NDArray | Codes]) -> tuple[list[NDArray], int]:
    """Clusters as numbers from 1, 0 where they are missing, by block, and how many numbers there may be."""
    if isinstance(blocks[0], tuple):
        codes, values = unified(blocks)
        return codes, len(values) + 1
    n = sum(map(len, blocks))
    gone = [c == (NONE_SHORT if c.dtype == np.int32 else NONE) for c in blocks]
    known = [c[~g] if g.any() else c for c, g in zip(blocks, gone, strict=True)]
    low, high = (
        min((int(c.min()) for c in known if len(c)), default=0),
        max((int(c.max()) for c in known if len(c)), default=0),
    )
    if high - low >= max(4 * n, FEW):
        there = np.unique(np.concatenate(known))
        out = [np.where(g, 0, np.searchsorted(there, c) + 1) for c, g in zip(blocks, gone, strict=True)]
        return out, len(there) + 1
    short = high - low < 2**31 - 2
    for i, g in enumerate(gone):
        c = (
            blocks[i].astype(np.int32) if short else blocks[i].astype(np.int64)
        )  # differences are right in the last bytes
        c -= np.array(low - 1).astype(c.dtype)
        c[g] = 0
        blocks[i] = c
    return blocks, high - low + 2


def filled(parts: list[NDArray]) -> NDArray:
    """Put arrays one after the other; each is let go once it was copied."""
    if len(parts) == 1:
        return parts[0]
    out = np.empty(sum(map(len, parts)), np.result_type(*{p.dtype for p in parts}))
    start = 0
    for i, part in enumerate(parts):
        out[start : start + len(part)] = part
        start += len(part)
        parts[i] = part = None
    return out


def unified(parts: list[Codes]) -> tuple[list[NDArray], pa.Array]:
    """Codes (0: missing) of all parts into one list of values."""
    first = parts[0][1]
    if all(v is first or v.equals(first) for _, v in parts):
        return [code for code, _ in parts], first
    made = [pa.DictionaryArray.from_arrays(pa.array(np.arange(len(v), dtype=np.int32)), v) for _, v in parts if len(v)]
    chunks = iter(pa.chunked_array(made).unify_dictionaries().chunks)
    turned = [next(chunks) if len(v) else None for _, v in parts]
    values = next(c for c in reversed(turned) if c is not None).dictionary
    out = []
    for (code, _), turn in zip(parts, turned, strict=True):
        to = np.zeros(1, int) if turn is None else np.append(0, turn.indices.to_numpy() + 1)
        out.append(least_type(to, len(values))[code])
    return out, values


def least_type(code: NDArray, most: int) -> NDArray:
    """Codes up to ``most`` in one, two or four bytes each."""
    return code.astype(np.uint8 if most < 256 else np.uint16 if most < 65536 else np.int32)
