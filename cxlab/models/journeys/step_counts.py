"""Steps counted from the events in their order: one scan of the log, then sums over arrays of small numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlab.models.journeys.event_log import EventLog, said
from cxlab.models.journeys.events_in_order import Ordered, in_order

MOST = 150_000_000
"""Events up to which the order is held in memory, at about 25 bytes each; more are counted by SQL, which writes to
disk where it must."""
BLOCK = 1_000_000
"""Events whose steps are counted at once."""
DENSE = 1 << 20
"""Kinds of steps up to which sums stand in an array with a place for each."""


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
    rows = in_order(log, MOST)
    if rows is None:
        return None
    each, whole, ties = [], [], 0
    for first, last in _blocks(rows.begin):
        block = _block(rows, first, last)
        ties += block.ties
        each.append(block.steps)
        whole.append(block.whole)
    cases, events = len(rows.begin) - 1, int(rows.begin[-1])
    notes = said(log.study, rows.lost, cases, events, ties)
    return Steps(_table(each, whole, rows.names), cases, notes)


def _blocks(begin: NDArray) -> list[tuple[int, int]]:
    """Cases from and to, about `BLOCK` events together."""
    cuts = np.searchsorted(begin, np.arange(0, begin[-1], BLOCK))
    cuts = np.unique(np.append(cuts, len(begin) - 1))
    return list(zip(cuts[:-1].tolist(), cuts[1:].tolist(), strict=True))


@dataclass(frozen=True)
class _Sums:
    """Sums of some cases by ``step``, by the event it starts from (``whole``), and events at the same time."""

    steps: pd.DataFrame
    whole: pd.DataFrame
    ties: int


def _block(rows: Ordered, first: int, last: int) -> _Sums:
    """The sums of the cases from ``first`` to before ``last``."""
    bounds = rows.begin[first : last + 1]
    here = slice(int(bounds[0]), int(bounds[-1]))
    event, time = rows.event[here].astype(np.int64), rows.time[here]
    size = np.diff(bounds)
    case, ends = np.repeat(np.arange(len(size)), size), bounds[1:] - bounds[0] - 1
    w = None if rows.w is None else rows.w[first:last]
    own = None if w is None else w[case]
    bits = int(len(rows.names)).bit_length()
    pair, wait = event << bits, np.zeros(len(time))
    pair[:-1] |= event[1:]
    pair[ends] = (event[ends] << bits) | len(rows.names)  # the end
    np.subtract(time[1:], time[:-1], out=wait[:-1], casting="unsafe")
    within = np.ones(len(time), bool)
    within[ends] = False
    ties = int(((wait == 0) & within).sum())
    wait = np.where(within, wait / rows.unit, 0)
    step, of, places = _placed(pair, 1 << (2 * bits))
    back = np.flatnonzero(_back(case, event, len(size), len(rows.names)) & within)
    sums = {
        "waited": np.bincount(of, wait if own is None else wait * own, places),
        "returned": np.bincount(of[back], None if own is None else own[back], places),
    }
    more, whole = _runs((case << (2 * bits)) | pair, bits, w, (step, places))
    table = pd.DataFrame({"step": np.arange(places) if step is None else step, **sums, **more})
    return _Sums(table[table["times"] > 0], whole, ties)


def _placed(pair: NDArray, size: int) -> tuple[NDArray | None, NDArray, int]:
    """The kinds of steps that there are (None: all that may be), the place of each step, how many places."""
    if size <= DENSE:
        return None, pair, size
    step, of = np.unique(pair, return_inverse=True)
    return step, of, len(step)


def _runs(
    key: NDArray, bits: int, w: NDArray | None, kinds: tuple[NDArray | None, int]
) -> tuple[dict[str, NDArray], pd.DataFrame]:
    """Sums by step, and by the event that it starts from. A case's steps of one kind are a run of the sorted key."""
    step, places = kinds
    size, low = 1 << (2 * bits), (1 << bits) - 1
    key.sort()
    first = np.flatnonzero(np.append(True, key[1:] != key[:-1]))
    times = np.diff(first, append=len(key)).astype(float)
    key = key[first]
    of, begin = key & (size - 1), key >> bits  # the step; case and event that it starts from
    of = of if step is None else np.searchsorted(step, of)
    lead = np.flatnonzero(np.append(True, begin[1:] != begin[:-1]))
    met = np.add.reduceat(times, lead)  # times that the case was at the event
    span = np.diff(lead, append=len(key))
    head = begin[lead] & low
    v = None if w is None else w[key >> (2 * bits)]
    x, m = (times, met) if v is None else (times * v, met * v[lead])
    each = {
        "a": np.bincount(of, x, places),
        "aa": np.bincount(of, x * x, places),
        "ab": np.bincount(of, x * np.repeat(m, span), places),
        "times": np.bincount(of, times, places),
        "cases": np.bincount(of, minlength=places),
    }
    weights = {"n": met, "m": None, "bb": m * m, "w": m, "w2": m if v is None else m * v[lead]}
    return each, pd.DataFrame({name: np.bincount(head, x, low + 1) for name, x in weights.items()})


def _back(case: NDArray, event: NDArray, cases: int, events: int) -> NDArray:
    """Whether the event after each one is one at which the case had been before."""
    at, rows = case * events + event, len(case)
    again = np.zeros(rows + 1, bool)
    if cases * events <= 8 * rows + DENSE:
        seen = np.empty(cases * events, np.intp)
        seen[at[::-1]] = np.arange(rows - 1, -1, -1)  # the last one written is the first visit
        again[:-1] = seen[at] != np.arange(rows)
    else:
        order = np.argsort(at, kind="stable")
        again[order[1:]] = at[order[1:]] == at[order[:-1]]
    return again[1:]


def _table(each: list[pd.DataFrame], whole: list[pd.DataFrame], names: NDArray) -> pd.DataFrame:
    """The sums of all blocks, one row a step."""
    if not each:
        return pd.DataFrame()
    found = pd.concat(each).groupby("step").sum()
    step, bits = found.index.to_numpy(), int(len(names)).bit_length()
    source, to = step >> bits, step & ((1 << bits) - 1)
    every = sum(whole[1:], whole[0]).iloc[source].reset_index(drop=True)
    table = pd.concat([found.reset_index(drop=True), every], axis=1).astype(float)
    return table.assign(e=names[source], b=np.append(names, None)[to], h="", q=table["a"])
