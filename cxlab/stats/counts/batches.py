"""Rows in small pieces as arrays, for tables that live in this process; remote tables answer in sums instead."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import narwhals as nw
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

ROWS = 1 << 15
"""Rows of one piece: its columns stay in the processor's cache, and a dozen of them are multiplied by one thread."""

ALL = pd.DataFrame(index=[0])
"""The one group of all rows."""


def local(frame: nw.LazyFrame) -> bool:
    """Return whether rows can be read here piece by piece: DuckDB, polars, pandas and Arrow, not Spark or Ibis."""
    kind = frame.implementation
    return kind.is_duckdb() or kind.is_polars() or kind.is_pandas() or kind.is_pyarrow()


def keeps_order(frame: nw.LazyFrame) -> bool:
    """Return whether each scan brings the rows in the same order: DuckDB can be told not to."""
    if not frame.implementation.is_duckdb():
        return True
    asked = nw.to_native(frame).query("rows", "select current_setting('preserve_insertion_order')")
    return bool(asked.fetchall()[0][0])


def batches(
    frame: nw.LazyFrame, columns: Mapping[str, nw.Expr], *, ordered: bool = False
) -> Iterator[pa.RecordBatch | pa.Table]:
    """Yield the columns of a local frame in pieces of about `ROWS` rows; a thread reads the next one meanwhile.

    ``ordered``: in the order of the table, which polars need not keep.
    """
    pieces = _read(frame, columns, ordered)
    with ThreadPoolExecutor(1) as reader:
        coming = reader.submit(next, pieces, None)
        while (piece := coming.result()) is not None:
            coming = reader.submit(next, pieces, None)
            yield piece


def _read(frame: nw.LazyFrame, columns: Mapping[str, nw.Expr], ordered: bool) -> Iterator[pa.RecordBatch | pa.Table]:
    chosen = [e.alias(k) for k, e in columns.items()]
    kind, native = frame.implementation, nw.to_native(frame)
    if kind.is_duckdb():
        yield from nw.to_native(frame.select(*chosen)).to_arrow_reader(ROWS)
    elif kind.is_polars():
        query = nw.to_native(frame.select(*chosen))
        if hasattr(query, "collect_batches"):
            pieces = query.collect_batches(chunk_size=ROWS, maintain_order=ordered)
        else:
            pieces = query.collect(engine="streaming").iter_slices(ROWS)
        yield from (piece.to_arrow() for piece in pieces)
    else:
        for start in range(0, len(native), ROWS):
            piece = native.iloc[start : start + ROWS] if kind.is_pandas() else native.slice(start, ROWS)
            made = nw.from_native(piece, eager_only=True).select(*chosen).to_arrow()
            yield made.select(list(columns))  # pandas would bring its index along


def numbers(column: pa.ChunkedArray | pa.Array) -> np.ndarray:
    """Return a column as numbers, missing as NaN; whole numbers without missing ones keep their type."""
    if pa.types.is_decimal(column.type) or pa.types.is_boolean(column.type) or pa.types.is_null(column.type):
        column = column.cast(pa.float64())
    if isinstance(column, pa.ChunkedArray):
        if column.num_chunks != 1:
            return column.to_numpy()
        column = column.chunk(0)  # without a copy
    return column.to_numpy(zero_copy_only=False)


def encoded(columns: Sequence[pa.ChunkedArray | pa.Array], n: int) -> tuple[np.ndarray, pd.DataFrame]:
    """Number the groups of one piece.

    Returns
    -------
    codes : (n,) the group of each row, -1 where a key is missing. keys : the groups, one row each, columns 0, 1, ...
    """
    if len(columns) == 0:
        return np.zeros(n, np.int64), ALL
    codes, sizes, values = np.zeros(n, np.int64), [], []
    missing = np.zeros(n, bool)
    for column in columns:
        whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
        if pa.types.is_floating(whole.type):
            missing |= pc.is_nan(whole).fill_null(True).to_numpy(zero_copy_only=False)
        index = whole if pa.types.is_dictionary(whole.type) else whole.dictionary_encode()
        missing |= index.indices.is_null().to_numpy(zero_copy_only=False)
        codes = codes * max(len(index.dictionary), 1) + index.indices.fill_null(0).to_numpy(zero_copy_only=False)
        sizes.append(max(len(index.dictionary), 1))
        values.append(index.dictionary)
    there, codes = np.unique(np.where(missing, -1, codes), return_inverse=True)
    if there[0] < 0:
        there, codes = there[1:], codes - 1
    keys, rest = {}, there
    for i in reversed(range(len(columns))):
        rest, at = np.divmod(rest, sizes[i])
        keys[i] = values[i].take(pa.array(at)).to_pandas()
    return codes, pd.DataFrame({i: keys[i] for i in range(len(columns))})


class Pieces:
    """Sums of weighted products by group, put together from pieces of rows."""

    def __init__(self, by: Sequence[str], q: int) -> None:
        self.by, self.q = list(by), q
        self.keys: list[pd.DataFrame] = []
        self.sums: list[np.ndarray] = []
        self.waiting = 0

    def add(self, keys: pd.DataFrame, codes: np.ndarray, x: np.ndarray, w: np.ndarray | None) -> None:
        """Add the rows of one piece: x (q, n), weights (n,) or None, groups by code."""
        if len(keys) == 1:
            order, start = slice(None), np.array([0])
        else:
            order = np.argsort(codes, kind="stable")
            counts = np.bincount(codes, minlength=len(keys))
            keys, counts = keys[counts > 0], counts[counts > 0]
            start = np.concatenate([[0], np.cumsum(counts)[:-1]])
        x = x[:, order]
        v = None if w is None else w[order]
        if v is not None and v.min() < 0:  # the caller refuses it
            v = np.where(v < 0, np.nan, v)
        x = x if v is None else x * np.sqrt(v)  # a product of an array with itself costs half
        n = np.diff(np.append(start, x.shape[1])).astype(float)
        if len(start) <= 64:
            ends = np.append(start[1:], x.shape[1])
            products = np.stack([x[:, a:b] @ x[:, a:b].T for a, b in zip(start, ends, strict=True)])
        else:
            products = np.empty((len(start), self.q, self.q))
            for i in range(self.q):
                for j in range(i, self.q):
                    products[:, i, j] = products[:, j, i] = np.add.reduceat(x[i] * x[j], start)
        extra = np.stack([n, n if v is None else np.add.reduceat(v * v, start)], axis=1)
        least = np.full(len(n), np.inf) if v is None else np.minimum.reduceat(w[order], start)
        self.keys.append(keys)
        self.sums.append(np.column_stack([least, extra, products.reshape(len(n), -1)]))
        self.waiting += len(n)
        if self.waiting > 200_000:
            self._merge()

    def _merge(self) -> None:
        sums, self.waiting = np.concatenate(self.sums), 0
        if not self.by:
            self.keys, self.sums = [ALL], [np.append(sums[:, 0].min(), sums[:, 1:].sum(axis=0))[None]]
            return
        keys = pd.concat(self.keys, ignore_index=True)
        group = keys.groupby(list(keys.columns), sort=True)
        at, keys = group.ngroup().to_numpy(), keys.drop_duplicates().sort_values(list(keys.columns), ignore_index=True)
        order = np.argsort(at, kind="stable")
        start = np.flatnonzero(np.diff(at[order], prepend=-1))
        least = np.minimum.reduceat(sums[order, 0], start)
        self.keys, self.sums = [keys], [np.column_stack([least, np.add.reduceat(sums[order, 1:], start, axis=0)])]

    def result(self) -> tuple[pd.DataFrame, np.ndarray, np.ndarray, np.ndarray, float]:
        """Return groups, (G, q, q) sums of products, rows, sums of squared weights, and the smallest weight."""
        if not self.sums:
            return pd.DataFrame(index=[]), np.zeros((0, self.q, self.q)), np.zeros(0), np.zeros(0), np.inf
        self._merge()
        keys, sums = self.keys[0], self.sums[0]
        keys = keys.rename(columns=dict(enumerate(self.by))) if self.by else keys.copy()
        return keys, sums[:, 3:].reshape(-1, self.q, self.q), sums[:, 1], sums[:, 2], float(sums[:, 0].min())
