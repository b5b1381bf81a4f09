"""A metric by unit and period, and when each unit began: what pilots are judged on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlab.data.study import Study
from cxlab.models.metrics import result_words
from cxlab.models.metrics.scores import Score
from cxlab.models.monitoring import time_series
from cxlab.models.monitoring.time_series import Periods
from cxlab.problem import DataProblem, unknown
from cxlab.stats.counts.names import key

ONE_ROW = 0.9
"""Where so many cells have exactly one row, the table is one of units by periods, and a second row a duplicate."""


@dataclass(frozen=True)
class Panel:
    """Units that were watched in every period.

    ``y``, ``n``, ``v`` : (units, periods) metric in its unit, answers, sampling variance. ``start`` : (units,) number
    of the first treated period, -1 for never. ``units``, ``periods`` : their names. ``notes`` : what was left out.
    ``read`` : all units and periods as read, of which ``rows`` and ``seen`` (mask of periods) were kept.
    """

    y: NDArray
    n: NDArray
    v: NDArray
    start: NDArray
    units: list[str]
    periods: list[Any]
    every: str
    notes: tuple[str, ...]
    read: Periods
    rows: NDArray
    seen: NDArray

    @property
    def starts(self) -> list[int]:
        """The first treated periods, in order."""
        return sorted(set(self.start[self.start >= 0].tolist()))


def panel(study: Study, score: Score, unit: str, start: Any, wave: str, every: str) -> Panel:
    """Return the table of units by periods.

    Parameters
    ----------
    start : column that holds for each row the first treated period of its unit (missing or 0: never), or a mapping of
        units to periods (units that it does not name are never treated).
    """
    column = time_series.time_column(study, wave, score)
    study.field(unit)
    given = isinstance(start, Mapping)
    beside = "" if given else _column(study, start)
    p, pairs = time_series.read_beside(study, score, [unit], column, every, beside, least_n=0)
    whole, names = p, [str(x) for x in p.labels.iloc[:, 0]]
    began = _mapped(names, start, study, unit) if given else _began(study, pairs, unit, beside, names)
    _no_duplicates(p, study.name, unit)
    at = _places(p, began, names)
    p, at = _asked(p, at)
    notes, keep = list(p.notes), np.ones(len(names), bool)
    first = at == 0
    if first.any():
        keep &= ~first
        notes.append(f"treated from the first period on, so without a before, and left out: {_few(names, first)}")
    gone = ~np.isfinite(p.y).all(1)
    if gone.any() and (~gone & keep).sum() >= 2:
        keep &= ~gone
        notes.append(f"without answers in some {p.every}, and left out: {_few(names, gone)}")
    elif gone.any() and keep.sum() > 1:
        raise DataProblem(
            f"only {int((~gone & keep).sum())} of {len(names)} units have answers in every {p.every} ({p.names[0]} to "
            f"{p.names[-1]}); take longer periods with every=, or leave {p.every}s out with study.where"
        )
    known = p.y[keep][np.isfinite(p.y[keep])]
    if len(known) and np.ptp(known) == 0:
        raise DataProblem(f"{score.metric} of {study.name} is the same for every unit in every {p.every}: nothing "
                          "moves, so nothing can be compared")  # fmt: skip
    if not (at[keep] >= 0).any():
        raise DataProblem(_none_starts(study.name, p, names, at, gone))
    if p.last_incomplete and (p.n > 1).any():
        notes.append(f"the last {p.every} had not ended with the last answer")
    rows = np.flatnonzero(keep)
    seen = np.isfinite(whole.y).any(0)
    kept = (p.y[rows], p.n[rows], p.v[rows], at[rows])
    return Panel(*kept, [names[k] for k in rows], p.names, p.every, tuple(notes), whole, rows, seen)


def _asked(p: Periods, at: NDArray) -> tuple[Periods, NDArray]:
    """The periods in which somebody was asked; a start between them is at the next."""
    there = np.isfinite(p.y).any(0)
    place = np.cumsum(there) - there  # of the next period with answers
    moved = np.where(at >= 0, place[np.fmax(at, 0)], -1)
    cut = {name: getattr(p, name)[:, there] for name in ("y", "n", "v", "size")}
    dates = p.dates[there] if len(p.dates) else p.dates
    names = [n for n, ok in zip(p.names, there, strict=True) if ok]
    moved = np.where(moved >= len(names), -1, moved)
    return replace(p, names=names, dates=dates, raw=p.raw[:, :, there], **cut), moved


def _none_starts(name: str, p: Periods, names: list[str], at: NDArray, gone: NDArray) -> str:
    """Why no unit that began can be used."""
    lost, first = (at > 0) & gone, at == 0
    if lost.any():
        k = int(np.flatnonzero(lost)[0])
        hole = p.names[int(np.flatnonzero(~np.isfinite(p.y[k]))[0])]
        return (
            f"no unit that began has answers in every {p.every}: {_few(names, lost)} (for example none in {hole}); "
            f"take longer periods with every=, or leave {p.every}s out with study.where"
        )
    if first.any():
        return (
            f"all units that began ({_few(names, first)}) did so in or before {p.names[0]}, the first {p.every} with "
            "answers: there is no before; add earlier answers"
        )
    return f"no unit of {name} starts within {p.names[0]} to {p.names[-1]} after a first period; start= says when"


def _few(names: list[str], mark: NDArray) -> str:
    there = [n for n, m in zip(names, mark, strict=True) if m]
    return ", ".join(there[:5]) + (f" and {len(there) - 5} more" if len(there) > 5 else "")


def _no_duplicates(p: Periods, name: str, unit: str) -> None:
    """A table of one row a unit and period must not have two."""
    there = p.n[p.n > 0]
    twice = np.argwhere(p.n > 1)
    if len(twice) and (there == 1).mean() >= ONE_ROW:
        k, t = twice[0]
        raise DataProblem(
            f"{name} has one row a '{unit}' and {p.every}, but {len(twice)} have more ({p.labels.iloc[k, 0]} in "
            f"{p.names[t]}: {int(p.n[k, t])}); correct the table, or leave the duplicates out"
        )


def _mapped(names: list[str], start: Mapping, study: Study, unit: str) -> list[Any]:
    given = {_key(k): v for k, v in start.items()}
    for name in given:
        if name not in names:
            raise unknown("unit", name, f"'{unit}' of {study.name}", names)
    return [given.get(n) for n in names]


def _column(study: Study, start: Any) -> str:
    """The column that holds the starts, refused unless it is one."""
    if not isinstance(start, str):
        raise DataProblem(
            f"start is {start!r}; give the column that holds when a unit began, or a mapping such as "
            f"{{'North': '2025-03'}}"
        )
    study.field(start)
    if start not in study.columns:
        raise unknown("column", start, study.name, study.columns)
    return start


def _began(study: Study, pairs: pd.DataFrame, unit: str, start: str, names: list[str]) -> list[Any]:
    """The start of every unit, of the pairs that the rows have."""
    table = pd.DataFrame({"u": pairs[key(unit)], "s": pairs[key(start)]}).dropna(subset=["u"])
    table["u"] = [str(u) for u in result_words.labelled(study, unit, table["u"])]
    twice = table["u"][table["u"].duplicated()]
    if len(twice):
        both = ", ".join(str(s) for s in table["s"][table["u"] == twice.iloc[0]])
        raise DataProblem(
            f"{len(set(twice))} units have more than one start in '{start}' (for example {twice.iloc[0]}: {both}); "
            "a unit "
            "starts once: give its first treated period in all of its rows"
        )
    found = dict(zip(table["u"], table["s"], strict=True))
    return [found.get(n) for n in names]


def _key(value: Any) -> str:
    """A value as units and periods are called: a whole number without a point, however long."""
    return str(int(value)) if isinstance(value, (float, np.floating)) and float(value).is_integer() else str(value)


def _places(p: Periods, began: list[Any], names: list[str]) -> NDArray:
    """The number of the first treated period of every unit."""
    known: dict[tuple[type, str], int] = {}
    at = []
    for name, when in zip(names, began, strict=True):
        called = (type(when), str(when))
        if called not in known:
            known[called] = _place(p, when, name)
        at.append(known[called])
    return np.array(at)


def _place(p: Periods, began: Any, unit: str) -> int:
    """The number of the first treated period; -1 for never (or after the last)."""
    if began is None or pd.isna(began) or began in (0, "", "never", float("inf")):
        return -1
    if len(p.dates):
        when = pd.to_datetime(str(began), errors="coerce")
        if pd.isna(when):
            raise DataProblem(f"the start of {unit} is {began!r}; give a date such as 2025-03-01, or nothing for never")
        if when < p.dates[0]:
            return 0
        k = int(p.dates.searchsorted(when, side="left"))
        return k if k < len(p.dates) else -1
    names = [str(n) for n in p.names]
    if _key(began) in names:
        return names.index(_key(began))
    raise DataProblem(f"the start of {unit} is {began!r}, which is no period; there are: {', '.join(names[:20])}")
