"""Totals of clusters by group in this process: rows read in pieces, sorted once by cluster and group, summed and gone.

What an engine does by grouping into as many groups as clusters times cells. Memory is bounded: rows are kept in few
bytes each, and where they exceed `BOUND`, clusters are done a share at a time, each with a scan of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import narwhals as nw
import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from cxlab.stats.counts.batches import batches, numbers
from cxlab.stats.counts.hashed_words import Unseen, Words, hashed
from cxlab.stats.counts.sorted_rows import NONE, NONE_SHORT, SortedRows, Totals, filled, least_type, unified

BOUND = 500_000_000
"""Bytes of rows held at once; sorting them takes about as much again."""
SHARES = 64
"""Clusters are told apart into so many shares where not all fit."""
SLICE = 500_000
"""Rows whose totals are made at a time, about."""
TOGETHER = 128
"""Pieces whose codes are put on one list of values at a time."""


def passes(sheets: nw.LazyFrame, sizes: Sequence[int], keys: Sequence[str], *, weighted: bool) -> Iterator[Totals]:
    """Yield the cluster totals, all of them or a share of the clusters at a time.

    Parameters
    ----------
    sheets : of `cxlab.stats.counts.tally.answer_sheets`, with clusters, in this process (`batches.local`).
    sizes : how many scores each item pools. ``keys`` : the columns of groups, the last of the stratum.
    """
    for rows in read_rows(sheets, sizes, keys, weighted=weighted):
        yield from rows.totals(SLICE)


def read_rows(
    sheets: nw.LazyFrame, sizes: Sequence[int], keys: Sequence[str], *, weighted: bool
) -> Iterator[SortedRows]:
    """Yield the rows of all clusters, or of a share of them at a time, sorted; arguments as of `passes`."""
    low, (shown, words) = 0, hashed(sheets, keys)
    while low < SHARES:
        rows = _Rows(keys, sizes, weighted, low)
        try:
            rows.read(shown, words)
        except Unseen:
            shown, words = sheets, {}
            continue
        if rows.blocks and any(len(b[keys[0]][0]) for b in rows.blocks):
            yield SortedRows(rows.blocks, keys, sizes, weighted=weighted)
        low = rows.high


class _Rows:
    """The rows of some of the clusters, in few bytes each."""

    def __init__(self, keys: Sequence[str], sizes: Sequence[int], weighted: bool, low: int) -> None:
        self.keys, self.sizes, self.weighted = list(keys), list(sizes), weighted
        self.low, self.high, self.bytes = low, SHARES, 0
        self.new: list[dict] = []
        self.blocks: list[dict] = []

    def read(self, sheets: nw.LazyFrame, words: Mapping[str, Words]) -> None:
        """Read all rows; ``words``: what the keys stand for that are parts of hashes (`hashed_words`)."""
        names = [c for c in sheets.collect_schema().names() if not c.startswith("_k")]
        for piece in batches(sheets, {c: nw.col(c) for c in names}):
            column = dict(zip(names, piece.columns, strict=True))
            block = self._packed(column, words)
            if self.low or self.high < SHARES:
                block = _only(block, self._mine(block))
            self.new.append(block)
            self.bytes += _size(block)
            if len(self.new) >= TOGETHER:
                self._settle()
            while self.bytes > BOUND and self.high - self.low > 1:
                self._fewer()
        self._settle()

    def _packed(self, column: dict, words: Mapping[str, Words]) -> dict:
        """One piece: codes of keys and cluster, and per item the sum of its scores and how many they are."""
        block: dict = {k: _coded(column[k], words.get(k)) for k in self.keys}
        whole = pa.types.is_integer(column["_c"].type)
        block["_c"] = _whole(column["_c"]) if whole else _coded(column["_c"])
        gone = None
        if self.weighted:
            w = np.asarray(numbers(column["_w"]), float)
            gone = np.isnan(w) if column["_w"].null_count else None
            block["_w"] = w if gone is None else np.where(gone, 0.0, w)
        for i, size in enumerate(self.sizes):
            n, s, p = _answers([column[f"_s{i}_{j}"] for j in range(size)], gone)
            block |= {f"_n{i}": n, f"_s{i}": s} | ({f"_p{i}": p} if size > 1 else {})
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


def _answers(columns: list[pa.Array | pa.ChunkedArray], gone: NDArray | None) -> tuple[NDArray, NDArray, NDArray]:
    """Of each row, how many scores there are, their sum and the sum of their squares."""
    if len(columns) == 1 and not columns[0].null_count:
        s = numbers(columns[0])
        there = ~np.isnan(s) if s.dtype.kind == "f" else None
        if there is None or there.all():
            n = np.ones(len(s), np.int8) if gone is None else (~gone).astype(np.int8)
            s = _small(s if gone is None else np.where(gone, 0, s))
            return n, s, s
    each = np.stack([np.asarray(numbers(c), float) for c in columns])
    there = ~np.isnan(each) if gone is None else ~(np.isnan(each) | gone)
    s = np.where(there, each, 0.0)
    n = there.sum(axis=0).astype(np.int8 if len(columns) < 128 else np.int32)
    return n, _small(s.sum(axis=0)), _small((s * s).sum(axis=0))


def _coded(column: pa.Array | pa.ChunkedArray, words: Words | None = None) -> tuple[NDArray, pa.Array]:
    """A column as codes from 1 (0: missing) into its values."""
    if words is not None:
        return words.numbers(numbers(column)), words.words
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if isinstance(whole, pa.ChunkedArray):
        whole = pa.concat_arrays(whole.chunks)
    if len(whole) and not whole.null_count and (close := _close(whole)) is not None:
        return close
    if pa.types.is_floating(whole.type):
        whole = pa.array(whole.to_numpy(zero_copy_only=False), from_pandas=True)
    index = whole if pa.types.is_dictionary(whole.type) else whole.dictionary_encode()
    code = index.indices.cast(pa.int32()).fill_null(-1).to_numpy(zero_copy_only=False) + 1
    return least_type(code, len(index.dictionary)), index.dictionary


def _close(whole: pa.Array) -> tuple[NDArray, pa.Array] | None:
    """Whole numbers close to each other, and a word that is empty throughout, need no looking up."""
    if pa.types.is_integer(whole.type):
        x = whole.to_numpy()
        low, high = int(x.min()), int(x.max())
        if high - low < 255:
            code = x.astype(np.uint8)  # the last byte: differences of less than 256 are right in it
            code -= np.uint8((low - 1) % 256)
            return code, pa.array(np.arange(low, high + 1).astype(x.dtype), whole.type)
    if pa.types.is_string(whole.type):
        bounds = np.frombuffer(whole.buffers()[1], np.int32, len(whole) + 1, whole.offset * 4)
        if bounds[0] == bounds[-1]:
            return np.ones(len(whole), np.uint8), pa.array([""], whole.type)
    return None


def _whole(column: pa.Array | pa.ChunkedArray) -> NDArray:
    """Whole numbers, in four bytes if they fit, `NONE` or `NONE_SHORT` where they are missing."""
    if len(column) and not column.null_count:
        x = numbers(column)
        if x.min() > NONE_SHORT and x.max() < -NONE_SHORT:
            return x.astype(np.int32)
    wide = column.cast(pa.int64()).fill_null(NONE).to_numpy()
    gone = wide == NONE
    known = wide[~gone] if gone.any() else wide
    if len(known) and not (known.min() > NONE_SHORT and known.max() < -NONE_SHORT):
        return wide
    return np.where(gone, NONE_SHORT, wide).astype(np.int32)


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
        return x.astype(float)
    whole = x.astype(np.int8)
    return whole if np.array_equal(whole, x) else x.astype(float)


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
            codes, values = unified(parts)
            out[k] = (filled(codes), values)
        else:
            if k == "_c" and len({p.dtype for p in parts}) > 1:
                parts = [np.where(p == NONE_SHORT, NONE, p) if p.dtype == np.int32 else p for p in parts]
            out[k] = filled(parts)
    return out
