"""What one scan says of the columns of a driver analysis: how often each answer was given, or sums of any numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa

from cxlab.models.drivers.row_source import Piece
from cxlab.stats.counts.batches import numbers
from cxlab.stats.counts.blocks import SIZE, Blocks
from cxlab.stats.counts.group_products import LEVELS

DISTINCT = 4096
"""Columns of more different numbers than this are not counted number by number."""
Found = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]


class Levels:
    """How often each answer of one byte was given, and with what weight."""

    def __init__(self, k: int) -> None:
        self.rows, self.weights = np.zeros((k, 256)), np.zeros((k, 256))
        self.weighted = False
        self.counted: list[tuple[np.ndarray, np.ndarray] | None] = []

    def add(self, piece: Piece) -> None:
        for j, x in enumerate(piece.z.T):
            at = x.view(np.uint8)
            self.rows[j] += np.bincount(at, minlength=256)
            if piece.w is not None:
                self.weighted = True
                self.weights[j] += np.bincount(at, piece.w, 256)

    def found(self) -> Found:
        """Return answers, the least and the largest, weighted mean and deviation of each column."""
        rows, w = (np.roll(x, 128, axis=1)[:, 1:] for x in (self.rows, self.weights if self.weighted else self.rows))
        x = LEVELS[1:]
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = w @ x / w.sum(axis=1)
            sd = np.sqrt((w * (x - mean[:, None]) ** 2).sum(axis=1) / w.sum(axis=1))
        self.counted = [(x[r > 0], r[r > 0].astype(int)) for r in rows]
        ends = np.where(rows > 0, x, np.inf).min(axis=1), np.where(rows > 0, x, -np.inf).max(axis=1)
        return rows.sum(axis=1).astype(int), *ends, mean, sd


class Floats:
    """Sums of columns of any numbers."""

    def __init__(self, k: int, *, distinct: bool = False) -> None:
        self.counted: list[tuple[np.ndarray, np.ndarray] | None] = [_nothing() if distinct else None for _ in range(k)]
        self.seen = np.zeros(k, int)
        self.total, self.sums, self.squares = np.zeros(k), np.zeros(k), np.zeros(k)
        self.least, self.most = np.full(k, np.inf), np.full(k, -np.inf)
        self.shift: np.ndarray | None = None

    def add(self, piece: Piece) -> None:
        z, w = piece.z, np.ones(len(piece.z)) if piece.w is None else piece.w
        self.counted = [c if c is None else _joined(c, x) for c, x in zip(self.counted, z.T, strict=True)]
        there = ~np.isnan(z)
        if self.shift is None:
            self.shift = np.where(there.any(axis=0), np.where(there, z, 0).sum(0) / np.fmax(there.sum(0), 1), 0.0)
        self.seen += there.sum(axis=0)
        self.least = np.fmin(self.least, np.where(there, z, np.inf).min(axis=0))
        self.most = np.fmax(self.most, np.where(there, z, -np.inf).max(axis=0))
        x = np.where(there, z - self.shift, 0.0)
        self.total, self.sums, self.squares = self.total + w @ there, self.sums + w @ x, self.squares + w @ (x * x)

    def found(self) -> Found:
        """Return answers, the least and the largest, weighted mean and deviation of each column."""
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = self.sums / self.total
            sd = np.sqrt(np.fmax(self.squares / self.total - mean**2, 0.0))
        return self.seen, self.least, self.most, mean + (0 if self.shift is None else self.shift), sd


def _nothing() -> tuple[np.ndarray, np.ndarray]:
    return np.zeros(0), np.zeros(0, int)


def _joined(known: tuple[np.ndarray, np.ndarray], x: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Add numbers to those that were counted; None where there are too many."""
    values, times = np.unique(x[~np.isnan(x)], return_counts=True)
    if len(values) > DISTINCT:
        return None
    both, at = np.unique(np.concatenate([known[0], values]), return_inverse=True)
    return (both, np.bincount(at, np.concatenate([known[1], times])).astype(int)) if len(both) <= DISTINCT else None


def short(column: pa.Array | pa.ChunkedArray) -> pa.Array | np.ndarray:
    """Return whole numbers in four bytes each if they fit, words as numbers with a list of them, others as they are."""
    column = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type) or pa.types.is_string_view(column.type):
        return column.cast(pa.string()).dictionary_encode()
    if not pa.types.is_integer(column.type) or column.null_count or not len(column):
        return column
    x = numbers(column)
    return x.astype(np.int32) if x.min() >= -(2**31) and x.max() < 2**31 else column


class Labels:
    """A column of keys that comes in pieces, as `short` makes them."""

    def __init__(self) -> None:
        self.blocks, self.parts = Blocks(), []
        self.words: dict[str, int] = {}

    def add(self, column: pa.Array | pa.ChunkedArray) -> None:
        """Add a piece."""
        piece = short(column)
        if isinstance(piece, np.ndarray) and not self.parts:
            self.blocks.add(piece)
        elif self.words or (not self.parts and not self.blocks.blocks and _few_words(piece)):
            self._add_words(piece)
        elif len(piece):
            self.parts += [*self.blocks.arrays(), piece]

    def _add_words(self, piece: pa.DictionaryArray) -> None:
        """Keep the number of each word, from 1; 0 where it is missing."""
        turn = [0, *(self.words.setdefault(w, len(self.words) + 1) for w in piece.dictionary.to_pylist())]
        code = piece.indices.cast(pa.int32()).fill_null(-1).to_numpy() + 1
        self.blocks.add(np.array(turn, np.uint16 if len(self.words) < 2**16 - 1 else np.int32)[code])

    def factorized(self) -> tuple[np.ndarray, pd.Index]:
        """Return `factorized` of all pieces, and forget them."""
        if not self.words:
            parts, self.parts = [*self.blocks.arrays(), *self.parts], []
            return factorized(parts)
        code, words = self.blocks.whole(), list(self.words)
        gone = code == 0
        code -= 1
        if gone.any():
            code[gone] = len(words)
            words.append(None)
        return code, pd.Index(words)


def _few_words(piece: pa.Array | np.ndarray) -> bool:
    return isinstance(piece, pa.DictionaryArray) and 0 < len(piece.dictionary) <= DISTINCT


def factorized(parts: list) -> tuple[np.ndarray, pd.Index]:
    """Number the values of a column in the order in which they come; ``parts``, of `short`, is emptied."""
    if parts and all(isinstance(p, np.ndarray) for p in parts):
        if (close := _numbers(parts)) is not None:
            return close
        whole = np.concatenate(parts)
    else:
        kind = next((p.type for p in parts if not isinstance(p, np.ndarray)), pa.int64())
        if pa.types.is_dictionary(kind):
            return _words(parts)
        whole = pa.chunked_array([(pa.array(p) if isinstance(p, np.ndarray) else p).cast(kind) for p in parts], kind)
        whole = whole.to_pandas()
    parts.clear()
    code, labels = pd.factorize(whole, use_na_sentinel=False)
    del whole
    return code.astype(np.int32), pd.Index(labels)


def _numbers(parts: list[np.ndarray]) -> tuple[np.ndarray, pd.Index] | None:
    """Number whole numbers that are not far apart, in a few bytes a row; None where they are."""
    low, n = min((int(p.min()) for p in parts if len(p)), default=0), sum(map(len, parts))
    size = max((int(p.max()) for p in parts if len(p)), default=0) - low + 1
    if size > 4 * n + 65536:
        return None
    turn, labels = np.full(size, -1, np.int32), []
    code, start, many = np.empty(n, np.int32), 0, 0
    parts.reverse()
    while parts:
        part = parts.pop()
        for at in (part[i : i + SIZE // 4].astype(np.int64) - low for i in range(0, len(part), SIZE // 4)):
            new = at[turn[at] < 0]
            if len(new):
                values, first = np.unique(new, return_index=True)
                values = values[np.argsort(first)]
                turn[values] = np.arange(many, many + len(values))
                many += len(values)
                labels.append(values + low)
            code[start : start + len(at)] = turn[at]
            start += len(at)
    return code, pd.Index(np.concatenate(labels).astype(np.int32) if labels else np.zeros(0, np.int32))


def _words(parts: list[pa.DictionaryArray]) -> tuple[np.ndarray, pd.Index]:
    """Put numbers of words on one list of them; a missing one comes last."""
    chunks = pa.chunked_array(parts).unify_dictionaries().chunks
    parts.clear()
    labels = chunks[-1].dictionary.to_pandas()
    code = np.concatenate([c.indices.cast(pa.int32()).fill_null(len(labels)).to_numpy() for c in chunks])
    if len(code) and code.max() == len(labels):
        labels = pd.concat([labels, pd.Series([None], dtype=labels.dtype)])
    return code, pd.Index(labels)
