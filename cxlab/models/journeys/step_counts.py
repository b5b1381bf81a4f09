"""Steps counted from the events in their order: one sort where the data lie, then sums over arrays of small numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from cxlab.models.journeys.event_log import EventLog, said

MOST = 10_000_000
"""Events up to which the order is held in memory, at about 250 bytes each; more are counted by SQL, which writes to
disk where it must."""


@dataclass(frozen=True)
class Steps:
    """Sums of each step (``e`` → ``b``, None for the end) and what is to be said of the log.

    Parameters
    ----------
    table : ``e, b, h, n, w, w2, a, q, aa, ab, bb, m, times, cases, waited, returned``, as `transitions` needs them.
    cases : how many cases there are. ``notes`` : what was left out, ties.
    """

    table: pd.DataFrame
    cases: int
    notes: list[str]


def steps(log: EventLog) -> Steps | None:
    """Return the steps of a log without strata, groups and clusters of its own; None for any other, or a larger one."""
    d = log.study.design
    if d.strata or log.by or log.study.codebook.role("cluster"):
        return None
    total = int(log.relation.aggregate("count(*)").fetchall()[0][0])
    if total > MOST:
        return None
    weight = ", w0" if d.weight else ""
    rows = log.relation.query(
        "log", f"SELECT c, e, {log.days} AS t{weight} FROM log WHERE c IS NOT NULL AND e IS NOT NULL AND t IS NOT NULL "
        "ORDER BY c, log.t, k"
    ).to_arrow_table().combine_chunks()  # fmt: skip
    lost = (0, 0, 0)
    if len(rows) < total:
        lost = log.relation.aggregate("count(*) - count(c), count(*) - count(e), count(*) - count(t)").fetchall()[0]
    begins = np.ones(len(rows), bool)
    if len(rows) > 1:
        c = _whole(rows["c"])
        begins[1:] = pc.not_equal(c[1:], c[:-1]).to_numpy(zero_copy_only=False)
    w = _whole(rows["w0"]).to_numpy(zero_copy_only=False)[begins] if weight else None
    time = _whole(rows["t"]).to_numpy(zero_copy_only=False)
    coded = _whole(rows["e"]).dictionary_encode()
    names = np.array(coded.dictionary.to_pylist(), object)
    event = coded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    if w is not None and not (good := np.isfinite(w) & (w > 0)).all():  # cases that count for nothing
        kept = good[np.cumsum(begins) - 1]
        begins, time, event, w = begins[kept], time[kept], event[kept], w[good]
    ties = int((~begins[1:] & (time[1:] == time[:-1])).sum()) if len(time) else 0
    cases = int(begins.sum())
    return Steps(_sums(begins, event, time, w, names), cases, said(log.study, lost, cases, len(event), ties))


def _whole(column: pa.ChunkedArray) -> pa.Array:
    found = column.combine_chunks()
    return found.chunk(0) if isinstance(found, pa.ChunkedArray) and found.num_chunks else found


def _sums(begins: NDArray, event: NDArray, time: NDArray, w: NDArray | None, names: NDArray) -> pd.DataFrame:
    """The sums over cases. A case's steps of one kind are one run of a sorted key: bits of case, from, to."""
    k, bits = len(names), int(len(names)).bit_length()
    case = np.cumsum(begins, dtype=np.int64)
    case -= 1
    ends = np.append(begins[1:], True)
    pair = np.left_shift(event, bits)
    pair[:-1] |= event[1:]
    pair[ends] = (event[ends] << bits) | k
    wait = np.zeros(len(time))
    np.subtract(time[1:], time[:-1], out=wait[:-1])
    wait[ends] = 0
    own = None if w is None else w[case]
    size = 1 << (2 * bits)
    each = {"waited": np.bincount(pair, wait if own is None else wait * own, size)}
    back = np.flatnonzero(_back(case, event, bits) & ~ends)
    each["returned"] = np.bincount(pair[back], None if own is None else own[back], size)
    key = (case << (2 * bits)) | pair
    key.sort()
    whole = _runs(key, bits, w, each)
    seen = np.flatnonzero(each["times"])
    table = pd.DataFrame({n: values[seen] for n, values in each.items()}).astype(float)
    source = seen >> bits
    for n, values in whole.items():
        table[n] = values[source].astype(float)
    to = np.append(names, None)[seen & ((1 << bits) - 1)]
    return table.assign(e=names[source], b=to, h="", q=table["a"])


def _runs(key: NDArray, bits: int, w: NDArray | None, each: dict[str, NDArray]) -> dict[str, NDArray]:
    """Add to ``each`` the sums by step; return those by the event that it starts from."""
    size, low = 1 << (2 * bits), (1 << bits) - 1
    first = np.flatnonzero(np.append(True, key[1:] != key[:-1]))
    times = np.diff(first, append=len(key)).astype(float)
    key = key[first]
    of, begin = key & (size - 1), key >> bits  # the step; case and event that it starts from
    lead = np.flatnonzero(np.append(True, begin[1:] != begin[:-1]))
    met = np.add.reduceat(times, lead)  # times that the case was at the event
    span = np.diff(lead, append=len(key))
    head = begin[lead] & low
    v = None if w is None else w[key >> (2 * bits)]
    x, m = (times, met) if v is None else (times * v, met * v[lead])
    each["a"] = np.bincount(of, x, size)
    each["aa"] = np.bincount(of, x * x, size)
    each["ab"] = np.bincount(of, x * np.repeat(m, span), size)
    each["times"] = each["a"] if v is None else np.bincount(of, times, size)
    each["cases"] = np.bincount(of, minlength=size)
    n = np.bincount(head, met, low + 1)
    whole = {"n": n, "m": np.bincount(head, minlength=low + 1), "bb": np.bincount(head, m * m, low + 1)}
    if v is None:
        return {**whole, "w": n, "w2": n}
    return {**whole, "w": np.bincount(head, m, low + 1), "w2": np.bincount(head, m * v[lead], low + 1)}


def _back(case: NDArray, event: NDArray, bits: int) -> NDArray:
    """Whether the event after each one is one at which the case had been before."""
    room = int(len(case)).bit_length()
    key = (((case << bits) | event) << room) | np.arange(len(case))
    key.sort()
    at, key = key & ((1 << room) - 1), key >> room
    again = np.zeros(len(case) + 1, bool)
    again[at[1:][key[1:] == key[:-1]]] = True
    return again[1:]
