"""The order of the rows of a table, whichever engine holds it: what "the first row" of an id means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import narwhals as nw
import pyarrow as pa

from cxlab.data.answer_codes import answer
from cxlab.data.study import Study
from cxlab.stats.counts.names import free


def numbered(table: Any, name: str) -> nw.LazyFrame:
    """Return a table with the number of each row in a new column: 0, 1, ... in the order of the file or frame.

    Engines that know no order of rows (Spark, Ibis) number them by the values of all columns, which is the same at
    every call.

    Parameters
    ----------
    table : anything Narwhals reads. ``name`` : of the new column; no column of the table has it.

    Examples
    --------
    >>> import pandas as pd
    >>> numbered(pd.DataFrame({"a": [5, 5]}), "row").collect().to_pandas()["row"].tolist()
    [0, 1]
    """
    frame = nw.from_native(table)
    kind = frame.implementation
    if kind.is_duckdb():
        said = name.replace('"', '""')
        return nw.from_native(nw.to_native(frame).project(f'*, row_number() over () - 1 as "{said}"')).lazy()
    if isinstance(frame, nw.DataFrame):
        return frame.with_row_index(name).lazy()
    if kind.is_polars():
        return nw.from_native(nw.to_native(frame).with_row_index(name)).lazy()
    return frame.with_row_index(name, order_by=frame.collect_schema().names())


def first_of_each(study: Study, ids: Sequence[str]) -> nw.LazyFrame:
    """Return the rows that are the first of each id, within a wave where the study has waves, in their order.

    Parameters
    ----------
    ids : columns of ids, one after the other: of the rows that the one before left. Rows without an id stay.
    """
    for name in ids:
        row, ((first, size),), frame = _marked(study, [name])
        kept = frame.filter(answer(study.field(name)).is_null() | (nw.col(row) == nw.col(first)))
        study = replace(study, table=kept.sort(row).drop(row, first, size).to_native())
    return study.lazy


def with_repeated(study: Study, ids: Sequence[str]) -> nw.LazyFrame:
    """Return the rows whose id is that of another row as well (within the wave), in their order."""
    row, places, frame = _marked(study, ids)
    here = [~answer(study.field(i)).is_null() & (nw.col(n) > 1) for i, (_, n) in zip(ids, places, strict=True)]
    return (
        frame.filter(nw.any_horizontal(*here, ignore_nulls=True)).sort(row).drop(row, *(c for p in places for c in p))
    )


def _marked(study: Study, ids: Sequence[str]) -> tuple[str, list[tuple[str, str]], nw.LazyFrame]:
    """The rows with their number, and for each id the number of its first row and how many rows it has."""
    wave = [study.design.wave] if study.design.wave else []
    row = free("_row", study.columns)
    places = [(free(f"{row}_first{i}", study.columns), free(f"{row}_size{i}", study.columns)) for i in range(len(ids))]
    frame = numbered(study.table, row)
    if not frame.implementation.is_pyarrow():
        firsts = [nw.col(row).min().over(i, *wave).alias(f) for i, (f, _) in zip(ids, places, strict=True)]
        sizes = [nw.len().over(i, *wave).alias(n) for i, (_, n) in zip(ids, places, strict=True)]
        return row, places, frame.with_columns(*firsts, *sizes)
    table = frame.collect().to_native()  # windows over Arrow lose the order of the rows
    for i, (first, size) in zip(ids, places, strict=True):
        keys = table.select(list(dict.fromkeys([i, *wave, row]))).to_pandas()
        by = keys.groupby([i, *wave], dropna=False, sort=False)[row]
        table = table.append_column(first, pa.array(by.transform("min").to_numpy()))
        table = table.append_column(size, pa.array(by.transform("size").to_numpy()))
    return row, places, nw.from_native(table).lazy()
