"""Totals of clusters by group in this process: rows read in pieces, sorted once by cluster and group, summed and gone.

What an engine does by grouping into as many groups as clusters times cells. Memory is bounded: rows are kept in few
bytes each, and where they exceed `BOUND`, clusters are done a share at a time, each with a scan of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import narwhals as nw
import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from cxlab.stats.counts.batches import batches, numbers

BOUND = 500_000_000
"""Bytes of rows held at once; sorting them takes about as much again."""
SHARES = 64
"""Clusters are told apart into so many shares where not all fit."""
SLICE = 500_000
"""Rows that are sorted at a time, about."""
TOGETHER = 64
"""Pieces whose codes are put on one list of values at a time."""
NONE = np.iinfo(np.int64).min
NONE_SHORT = np.iinfo(np.int32).min
"""A whole number that is missing, of eight bytes and of four."""


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


def passes(
    sheets: nw.LazyFrame, sizes: Sequence[int], keys: Sequence[str], *, weighted: bool, counted: NDArray | None = None
) -> Iterator[Totals]:
    """Yield the cluster totals, all of them or a share of the clusters at a time.

    Parameters
    ----------
    sheets : of `cxlab.stats.counts.tally.answer_sheets`, with clusters, in this process (`batches.local`).
    sizes : how many scores each item pools. ``keys`` : the columns of groups, the last of the stratum.
    counted : gets how many rows fulfil each count, in the first scan.
    """
    low = 0
    while low < SHARES:
        rows = _Rows(keys, sizes, weighted, low)
        rows.read(sheets, counted if low == 0 else None)
        if rows.blocks:
            yield from rows.slices()
        low = rows.high


class _Rows:
    """The rows of some of the clusters, in few bytes each."""

    def __init__(self, keys: Sequence[str], sizes: Sequence[int], weighted: bool, low: int) -> None:
        self.keys, self.sizes, self.weighted = list(keys), list(sizes), weighted
        self.low, self.high, self.bytes = low, SHARES, 0
        self.new: list[dict] = []
        self.blocks: list[dict] = []

    def read(self, sheets: nw.LazyFrame, counted: NDArray | None) -> None:
        names = sheets.collect_schema().names()
        for piece in batches(sheets, {c: nw.col(c) for c in names}):
            column = dict(zip(names, piece.columns, strict=True))
            for i in range(0 if counted is None else len(counted)):
                counted[i] += np.nansum(numbers(column[f"_k{i}"]))
            block = self._packed(column)
            if self.low or self.high < SHARES:
                block = _only(block, self._mine(block))
            self.new.append(block)
            self.bytes += _size(block)
            if len(self.new) >= TOGETHER:
                self._settle()
            while self.bytes > BOUND and self.high - self.low > 1:
                self._fewer()
        self._settle()

    def _packed(self, column: dict) -> dict:
        """One piece: codes of keys and cluster, and per item the sum of its scores and how many they are."""
        block: dict = {k: _coded(column[k]) for k in self.keys}
        whole = pa.types.is_integer(column["_c"].type)
        block["_c"] = _whole(column["_c"]) if whole else _coded(column["_c"])
        w = np.asarray(numbers(column["_w"]), float) if self.weighted else None
        if w is not None:
            block["_w"] = np.nan_to_num(w)
        for i, size in enumerate(self.sizes):
            each = np.stack([np.asarray(numbers(column[f"_s{i}_{j}"]), float) for j in range(size)])
            there = ~np.isnan(each) if w is None else ~(np.isnan(each) | np.isnan(w))
            s = np.where(there, each, 0.0)
            block[f"_n{i}"] = there.sum(axis=0).astype(np.int8 if size < 128 else np.int32)
            block[f"_s{i}"] = _small(s.sum(axis=0))
            if size > 1:
                block[f"_p{i}"] = _small((s * s).sum(axis=0))
        return block

    def _mine(self, block: dict) -> NDArray:
        share = _share(block["_c"])
        return (share >= self.low) & (share < self.high)

    def _fewer(self) -> None:
        """Keep half of the shares; the others are for a later scan."""
        self._settle()
        self.high = self.low + max((self.high - self.low) // 2, 1)
        self.blocks = [_only(b, self._mine(b)) for b in self.blocks]
        self.bytes = sum(map(_size, self.blocks))

    def _settle(self) -> None:
        if self.new:
            self.blocks.append(_joined(self.new))
            self.new = []
            self.bytes = sum(map(_size, self.blocks))

    def slices(self) -> Iterator[Totals]:
        """Yield the totals of some of the clusters after others, so that what is sorted stays in the cache."""
        rows = _joined(self.blocks)
        self.blocks = []
        codes, values = zip(*(rows.pop(k) for k in self.keys), strict=True)
        unit, groups = _combined(list(codes[:-1]), [len(v) + 1 for v in values[:-1]], len(codes[-1]))
        strata, stratum = len(values[-1]) + 1, codes[-1]
        cell, place = _combined([unit, stratum], [len(groups), strata], len(unit))
        cells = self._cells(place // strata, place % strata, groups, values)
        rows |= {"unit": unit, "stratum": stratum, "cell": cell, "share": _share(rows["_c"])}
        rows["_c"] = _numbered(rows["_c"])
        del codes, unit, stratum, cell
        share, many = rows.pop("share"), int(rows["_c"].max(initial=0)) + 1
        bounds = _apart(rows, share, max(1, min(SHARES, len(share) // SLICE)))
        del share
        for low, high in zip(bounds[:-1], bounds[1:], strict=True):
            if high > low:
                yield self._slice({k: x[low:high] for k, x in rows.items()}, cells, len(groups), many)

    def _slice(self, rows: dict, cells: pd.DataFrame, units: int, many: int) -> Totals:
        stratum, cluster, unit = (rows.pop(k).astype(np.int64) for k in ("stratum", "_c", "unit"))
        key = (stratum * many + cluster) * units + unit
        order = np.argsort(key)
        key = key[order]
        start = np.flatnonzero(np.diff(key, prepend=-1))
        first = order[start]
        rows = {k: x[order] for k, x in rows.items()}
        each = [self._item(rows, i, start, len(cells)) for i in range(len(self.sizes))]
        there = np.logical_or.reduceat(rows["_w"] > 0, start) if self.weighted else np.ones(len(start), bool)
        n, a, b, q, v = (list(x) for x in zip(*each, strict=True))
        stratum, cluster, cell = stratum[first], cluster[first], rows["cell"][start]
        named = (stratum > 0) & (cluster > 0)
        return Totals(cells, cell, unit[first], stratum, key[start] // units, named, n, a, b, q, v, there)

    def _item(self, rows: dict, i: int, start: NDArray, cells: int) -> tuple:
        """Answers, A and B of the clusters, and sums of squares of the cells, of one item."""
        w, n, s = rows.get("_w"), rows[f"_n{i}"].astype(float), rows[f"_s{i}"].astype(float)
        p = rows[f"_p{i}"].astype(float) if f"_p{i}" in rows else s * s
        first = np.add.reduceat(n, start)
        if w is None:
            q, v = (np.bincount(rows["cell"], x, cells) for x in (p, n))
            return first, np.add.reduceat(s, start), first, q, v
        n *= w
        q, v = (np.bincount(rows["cell"], x, cells) for x in (w * p, n * w))
        return first, np.add.reduceat(w * s, start), np.add.reduceat(n, start), q, v

    def _cells(self, unit: NDArray, stratum: NDArray, groups: NDArray, values: Sequence[pa.Array]) -> pd.DataFrame:
        """The groups and strata of the cells as they were."""
        out, rest = {}, groups[unit]
        for k, found in reversed(list(zip(self.keys[:-1], values[:-1], strict=True))):
            rest, code = np.divmod(rest, len(found) + 1)
            out[k] = _taken(found, code)
        out = dict(reversed(list(out.items())))
        return pd.DataFrame({**out, self.keys[-1]: _taken(values[-1], stratum)})


def _taken(values: pa.Array, code: NDArray) -> pd.Series:
    return values.take(pa.array(code - 1, mask=code == 0)).to_pandas()


def _apart(rows: dict, share: NDArray, parts: int) -> NDArray:
    """Put the rows of each of ``parts`` shares of the clusters side by side and return where they start and end."""
    if parts == 1:
        return np.array([0, len(share)])
    part = (share.astype(np.int32) * parts // SHARES).astype(np.uint8)
    order = np.argsort(part, kind="stable")
    for k in list(rows):
        rows[k] = rows[k][order]
    return np.concatenate([[0], np.cumsum(np.bincount(part, minlength=parts))])


def _combined(codes: list[NDArray], sizes: list[int], n: int) -> tuple[NDArray, NDArray]:
    """Number the combinations that occur: the number of each of n rows, and their codes as one number each, sorted."""
    if not codes:
        return np.zeros(n, np.int8), np.zeros(1, np.int64)
    possible = float(np.prod(np.array(sizes, float)))
    at = codes[0].astype(np.int32 if possible < 2**31 else np.int64)
    for code, size in zip(codes[1:], sizes[1:], strict=True):
        at *= size
        at += code
    if possible > max(len(at), 1 << 22):
        there, at = np.unique(at, return_inverse=True)
        return at, there
    seen = np.zeros(int(possible), bool)
    seen[at] = True
    there = np.flatnonzero(seen)
    turn = np.zeros(int(possible), np.int32)
    turn[there] = np.arange(len(there))
    return turn[at], there


def _coded(column: pa.Array | pa.ChunkedArray) -> tuple[NDArray, pa.Array]:
    """A column as codes from 1 (0: missing) into its values."""
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if isinstance(whole, pa.ChunkedArray):
        whole = pa.concat_arrays(whole.chunks)
    if pa.types.is_floating(whole.type):
        whole = pa.array(whole.to_numpy(zero_copy_only=False), from_pandas=True)
    index = whole if pa.types.is_dictionary(whole.type) else whole.dictionary_encode()
    code = index.indices.cast(pa.int32()).fill_null(-1).to_numpy(zero_copy_only=False) + 1
    return _least_type(code, len(index.dictionary)), index.dictionary


def _least_type(code: NDArray, most: int) -> NDArray:
    return code.astype(np.uint8 if most < 256 else np.uint16 if most < 65536 else np.int32)


def _whole(column: pa.Array | pa.ChunkedArray) -> NDArray:
    """Whole numbers, in four bytes if they fit, `NONE` or `NONE_SHORT` where they are missing."""
    wide = column.cast(pa.int64()).fill_null(NONE).to_numpy()
    gone = wide == NONE
    known = wide[~gone] if gone.any() else wide
    if len(known) and not (known.min() > NONE_SHORT and known.max() < -NONE_SHORT):
        return wide
    return np.where(gone, NONE_SHORT, wide).astype(np.int32)


def _numbered(cluster: NDArray | tuple[NDArray, pa.Array]) -> NDArray:
    """Clusters as numbers from 1, 0 where they are missing; neither too far apart to be multiplied."""
    if isinstance(cluster, tuple):
        return cluster[0].astype(np.int32)
    gone = cluster == (NONE_SHORT if cluster.dtype == np.int32 else NONE)
    known = cluster[~gone] if gone.any() else cluster
    low, high = (int(known.min()), int(known.max())) if len(known) else (0, 0)
    if high - low >= 1 << 36:
        out = np.unique(cluster, return_inverse=True)[1] + 1
    else:
        out = cluster - np.int64(low - 1)
        out = out.astype(np.int32) if high - low < 1 << 30 else out
    out[gone] = 0
    return out


def _share(cluster: NDArray | tuple[NDArray, pa.Array]) -> NDArray:
    """Which of the shares each row's cluster belongs to, the same in every piece."""
    if isinstance(cluster, tuple):
        code, values = cluster
        own = pd.util.hash_array(np.append([""], values.to_pandas().astype(str).to_numpy(object)).astype(object))
        return (own % SHARES).astype(np.uint8)[code]
    return (cluster % SHARES).astype(np.uint8)


def _small(x: NDArray) -> NDArray:
    """Whole numbers of one byte as such, others as they are."""
    low, high = (x.min(), x.max()) if len(x) else (0, 0)
    if not (low >= -128 and high <= 127):
        return x
    whole = x.astype(np.int8)
    return whole if (whole == x).all() else x


def _size(block: dict) -> int:
    return sum(x[0].nbytes + x[1].nbytes if isinstance(x, tuple) else x.nbytes for x in block.values())


def _only(block: dict, mine: NDArray) -> dict:
    return {k: (x[0][mine], x[1]) if isinstance(x, tuple) else x[mine] for k, x in block.items()}


def _joined(blocks: list[dict]) -> dict:
    """Put blocks one after the other, a column at a time; codes get one list of values."""
    if len(blocks) == 1:
        return blocks[0]
    out = {}
    for k in list(blocks[0]):
        parts = [b.pop(k) for b in blocks]
        if isinstance(parts[0], tuple):
            out[k] = _recoded(parts)
        else:
            if k == "_c" and len({p.dtype for p in parts}) > 1:
                parts = [np.where(p == NONE_SHORT, NONE, p) if p.dtype == np.int32 else p for p in parts]
            out[k] = np.concatenate(parts)
    return out


def _recoded(parts: list[tuple[NDArray, pa.Array]]) -> tuple[NDArray, pa.Array]:
    """Codes of all parts into one list of values."""
    empty = pa.array([], pa.int32())
    made = [pa.DictionaryArray.from_arrays(pa.array(np.arange(len(v), dtype=np.int32)), v) for _, v in parts if len(v)]
    if not made:
        return np.concatenate([code for code, _ in parts]), parts[0][1]
    chunks = iter(pa.chunked_array(made).unify_dictionaries().chunks)
    turned = [next(chunks) if len(v) else None for _, v in parts]
    values = next(c for c in reversed(turned) if c is not None).dictionary
    out = []
    for (code, _), turn in zip(parts, turned, strict=True):
        to = empty if turn is None else turn.indices
        out.append(_least_type(np.append(0, to.to_numpy() + 1)[code], len(values)))
    return np.concatenate(out), values
