"""Columns of types that few libraries know, as plain ones: decimals, whole numbers of 128 bits, lists, UUIDs, bytes.

Sums in a database are often of such a type. Once a study has its table all that follows meets plain numbers and texts.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from cxlab.data.codebook import Codebook

NAMES = ("id", "cluster", "case", "strata", "segment", "brand", "text")
"""Roles whose values are names: a number of 128 bits among them becomes a text, and stays one of its own."""
NESTED = (nw.List, nw.Array, nw.Struct, nw.Map, nw.Binary)
IN_WORDS = ("UUID", "BIT", "INTERVAL", "TIME", "TIME WITH TIME ZONE")
"""Types of DuckDB that are told as texts, as the nested ones are."""
HELD = (list, tuple, set, dict, bytes, bytearray, np.ndarray)
EXACT = 18
"""Digits of a whole number of 64 bits."""


def plain(table: Any, codebook: Codebook) -> Any:
    """Return the table with such columns cast, lazily; tables of pandas, and those that have none, as they are.

    A decimal becomes a floating point number, or a whole one where it has no decimals. A whole number of 128 bits does
    where it is an answer or a wave; where it is a name it becomes a text, elsewhere a floating point number. Lists,
    structs, maps, bytes, times of day and lengths of time become the texts that they print as.

    >>> import duckdb
    >>> row = duckdb.sql("select 1.50::decimal(6, 2) as a, 7::hugeint as b, uuid() as c")
    >>> [str(t) for t in plain(row, Codebook("s", ())).types]
    ['DOUBLE', 'DOUBLE', 'VARCHAR']
    """
    if isinstance(table, pd.DataFrame):
        return _objects(table)
    frame = nw.from_native(table, pass_through=True)
    if not isinstance(frame, (nw.DataFrame, nw.LazyFrame)):
        return table
    kind = frame.implementation
    if kind.is_pandas_like() or (kind.is_polars() and isinstance(frame, nw.LazyFrame)):
        return table
    casts = {name: to for name, of in frame.collect_schema().items() if (to := _to(name, of, codebook)) is not None}
    if kind.is_duckdb():
        odd = zip(table.columns, table.types, strict=True)
        casts |= {name: nw.String for name, of in odd if str(of) in IN_WORDS}
    elif kind.is_pyarrow():
        casts |= {f.name: nw.String for f in table.schema if "binary" in str(f.type)}
    if not casts:
        return table
    if isinstance(frame, nw.DataFrame):
        return frame.with_columns(*(_cast(frame[name], to) for name, to in casts.items())).to_native()
    return frame.with_columns(*(nw.col(name).cast(to) for name, to in casts.items())).to_native()


def _cast(values: nw.Series, to: type[nw.dtypes.DType]) -> nw.Series:
    """A column in memory in its plain type; engines in memory print no lists."""
    if values.dtype.is_numeric():
        return values.cast(to)
    said = [None if v is None else str(v) for v in values.to_list()]
    return nw.new_series(values.name, said, nw.String, backend=values.implementation)


def _objects(table: pd.DataFrame) -> pd.DataFrame:
    """A pandas table without columns of decimals, lists, dicts or bytes."""
    changed = {}
    for name, of in zip(table.columns, table.dtypes, strict=True):
        if of != np.dtype(object):
            continue
        values = table[name]
        there = values.notna().to_numpy() if isinstance(values, pd.Series) else np.zeros(1, bool)
        first = values.iloc[int(there.argmax())] if there.any() else None
        if isinstance(first, Decimal):
            changed[name] = values.astype(float)
        elif isinstance(first, HELD):
            changed[name] = values.map(str, na_action="ignore")
    return table.assign(**changed) if changed else table


def _to(name: str, of: nw.dtypes.DType, codebook: Codebook) -> type[nw.dtypes.DType] | None:
    """The plain type of a column; None where it has one."""
    if isinstance(of, nw.Decimal):
        return nw.Int64 if of.scale == 0 and (of.precision or 99) <= EXACT else nw.Float64
    if of in NESTED:
        return nw.String
    if of not in (nw.Int128, nw.UInt128):
        return None
    field = next((f for f in codebook if f.name == name), None)
    if field is not None and (field.role in NAMES or field.type == "string"):
        return nw.String
    return nw.Int64 if field is not None and (field.scale or field.role == "wave") else nw.Float64
