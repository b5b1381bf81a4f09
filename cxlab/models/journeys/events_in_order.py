"""`in_order`: the events of a log in the order in which each case met them, in arrays, from one scan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy import sparse

from cxlab.models.journeys.event_log import DAY, EventLog

BATCH = 1_000_000
WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER")
"""Types of DuckDB that are whole numbers within 64 bits."""
SPARSE = 4
"""Case numbers stand as they are where they span at most so many times the rows."""


@dataclass(frozen=True)
class Ordered:
    """Events, a case after the other.

    Parameters
    ----------
    begin : (cases + 1,) where each case begins, and the end. ``event`` : numbers of ``names``. ``time`` : of which
        ``unit`` make a day. ``w`` : (cases,) weight of each case, None for 1.
    lost : rows without a case, an event, a time.
    """

    begin: NDArray
    event: NDArray
    time: NDArray
    unit: float
    w: NDArray | None
    names: NDArray
    lost: tuple[int, int, int]


def in_order(log: EventLog, most: int) -> Ordered | None:
    """Return the events of a log, those at the same time in the order of the file; None where there are more.

    Cases whose weight (that of their first event) is missing, not positive or infinite are left out.
    """
    found, risen = _scanned(log, most, "")
    return found if risen else _scanned(log, most, " ORDER BY k")[0]


def _scanned(log: EventLog, most: int, order: str) -> tuple[Ordered | None, bool]:
    """The events as `in_order` gives them, None where there are more; and whether the rows came in the file's order."""
    text, unit = _time(log)
    weight = ", w0" if log.study.design.weight else ""
    query = f"SELECT c, e, {text} AS t, k{weight} FROM log{order}"
    lost, rows, last, parts, names = np.zeros(3, int), 0, -1, [], {}
    for batch in log.relation.query("log", query).to_arrow_reader(BATCH):
        lost += [batch[name].null_count for name in "cet"]
        part, row = _held(batch, names)
        if not len(row):
            continue
        rows += len(row)
        if row[0] <= last or (row[1:] < row[:-1]).any():
            return None, False
        if rows > most:
            return None, True
        last = row[-1]
        parts.append(part)
    if not rows:
        empty = np.empty(0, int)
        return Ordered(np.zeros(1, int), empty, empty * 1.0, unit, None, np.empty(0, object), _three(lost)), True
    event = np.concatenate([p.pop("e") for p in parts])
    case = _cases([p.pop("c") for p in parts])
    time = np.concatenate([p.pop("t") for p in parts])
    w = np.concatenate([p.pop("w0") for p in parts]) if weight else None
    begin, event, time, w = _grouped(case, event, time, w)
    found = Ordered(begin, event, time, unit, w, np.array(list(names), object), _three(lost))
    return (found if w is None else _weighed(found)), True


def _three(lost: NDArray) -> tuple[int, int, int]:
    return int(lost[0]), int(lost[1]), int(lost[2])


def _time(log: EventLog) -> tuple[str, float]:
    """SQL of the time as a whole number where it is one, and how many of it make a day."""
    kind = str(log.relation.types[log.relation.columns.index("t")])
    if kind in WHOLE:
        return "CAST(t AS BIGINT)", 1.0
    if kind == "TIMESTAMP_NS":
        return "epoch_ns(t)", DAY * 1000
    return ("epoch_us(t)", DAY) if log.days.startswith("epoch_us") else (log.days, 1.0)


def _held(batch: pa.RecordBatch, names: dict[str, int]) -> tuple[dict[str, pa.Array | NDArray], NDArray]:
    """The rows of a batch with a case, an event and a time, and their place in the file. All are copies: a view of one
    column would keep the whole batch, texts and all.

    Events are numbers of ``names``, to which new ones are added; cases that are texts are numbers of a dictionary.
    """
    there = None
    for name in "cet":
        if batch[name].null_count:
            here = pc.is_valid(batch[name])
            there = here if there is None else pc.and_(there, here)
    batch = batch if there is None else batch.filter(there)
    events = batch["e"].dictionary_encode()
    number = np.array([names.setdefault(e, len(names)) for e in events.dictionary.to_pylist()], np.int32)
    out = {"e": number[events.indices.to_numpy(zero_copy_only=False)]}
    for name in ("c", "t", *(["w0"] if "w0" in batch.schema.names else [])):
        whole = name != "c" or (pa.types.is_integer(batch["c"].type) and not pa.types.is_uint64(batch["c"].type))
        out[name] = np.array(batch[name].to_numpy(zero_copy_only=False)) if whole else batch[name].dictionary_encode()
    return out, np.array(batch["k"].to_numpy(zero_copy_only=False))


def _cases(parts: Sequence[pa.Array | NDArray]) -> NDArray:
    """A number from 0 for the case of each row."""
    if isinstance(parts[0], pa.Array):
        return np.concatenate(
            [p.indices.to_numpy(zero_copy_only=False) for p in pa.chunked_array(parts).unify_dictionaries().chunks]
        )
    numbers = np.concatenate(parts)
    low, high = int(numbers.min()), int(numbers.max())
    if high - low < SPARSE * len(numbers) + BATCH:
        numbers = numbers if low >= 0 and high < SPARSE * len(numbers) + BATCH else numbers.astype(np.int64) - low
        return numbers.astype(np.int32 if len(numbers) < 1 << 28 else np.int64, copy=False)
    return pd.factorize(numbers)[0]


def _grouped(
    case: NDArray, event: NDArray, time: NDArray, w: NDArray | None
) -> tuple[NDArray, NDArray, NDArray, NDArray | None]:
    """Where each case begins, its events and times in their order, and its first weight. Two passes, no sort.

    Rows of a sparse matrix are put together as they come, so that the order of the file stays; a case whose times do
    not rise is sorted afterwards.
    """
    shape = (int(case.max()) + 1, int(event.max()) + 1)
    place = None if w is None else _rows(case, np.arange(len(case)), event, shape)[1]
    begin, time, event = _rows(case, time, event, shape)
    begin = begin[np.append(True, begin[1:] > begin[:-1])]
    falls = ~(time[1:] >= time[:-1])
    falls[begin[1:-1] - 1] = False
    if falls.any():
        size = np.diff(begin)
        own = np.repeat(np.arange(len(size)), size)
        odd = np.zeros(len(size), bool)
        odd[own[1:][falls]] = True
        at = np.flatnonzero(odd[own])
        to = at[np.lexsort((time[at], own[at]))]
        time[at], event[at] = time[to], event[to]
        if place is not None:
            place[at] = place[to]
    first = None if w is None else w[place[begin[:-1]]]
    return begin, event, time, first


def _rows(case: NDArray, values: NDArray, event: NDArray, shape: tuple[int, int]) -> tuple[NDArray, NDArray, NDArray]:
    """Bounds of the cases, values and events, case by case."""
    table = sparse.coo_array((values, (case, event)), shape=shape)
    table.has_canonical_format = True  # a case may be at an event twice: nothing is to be added up
    table = table.tocsr()
    return table.indptr, table.data, table.indices


def _weighed(rows: Ordered) -> Ordered:
    """The cases that count for something."""
    assert rows.w is not None
    good = np.isfinite(rows.w) & (rows.w > 0)
    if good.all():
        return rows
    size = np.diff(rows.begin)
    kept = np.repeat(good, size)
    begin = np.concatenate([[0], np.cumsum(size[good])])
    return Ordered(begin, rows.event[kept], rows.time[kept], rows.unit, rows.w[good], rows.names, rows.lost)
