"""When tickets were opened and closed: two columns of a table of tickets, or the events of each in a log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlab.data.recipes import Recipe, names, recipe
from cxlab.data.sample import sample
from cxlab.data.study import Study
from cxlab.models.journeys.event_log import EventLog, event_log
from cxlab.problem import DataProblem, nearest, unknown

ROLES = ("case", "event", "time")


@dataclass(frozen=True)
class Tickets:
    """Tickets with the time that each has been open.

    Parameters
    ----------
    unit : the column whose values are tickets, '' where each row is one. ``counted`` : the column that says that a row
        counts.
    days : how long each was open, or has been until the last moment in the data. ``ended`` : which are closed.
    w, cluster, strata : weight and design, as in a `Sample`. ``group`` : whose it is.
    notes : what is to be said of them.
    """

    unit: str
    counted: str
    days: NDArray
    ended: NDArray
    w: NDArray
    cluster: NDArray | None
    strata: NDArray | None
    group: NDArray
    notes: tuple[str, ...]


def tickets_of(study: Study, opened: str, closed: str, ends: Sequence[str], by: str | None) -> Tickets:
    """Return the tickets of a study, a row each or a row an event.

    Parameters
    ----------
    opened, closed : columns of a table of tickets; '' takes those that the recipe of an export names.
    ends : events that close a ticket in a log; empty takes those that the recipe names.
    by : column of groups; of a log it is the value of the event that closed the ticket, else of its last event.

    Raises
    ------
    DataProblem : nothing says when tickets were opened and closed, or what says it is wrong.
    """
    known = recipe(study.codebook.recipe) if study.codebook.recipe in names() else None
    ends = [ends] if isinstance(ends, str) else list(ends)
    if not (opened or closed or ends) and known is not None:
        opened, closed, ends = _named(known, study)
    if opened and closed:
        return _of_rows(study, opened, closed, by)
    if ends and all(study.codebook.role(r) for r in ROLES):
        return _of_events(study, ends, by)
    if known is not None and known.unended and not (opened or closed):
        raise DataProblem(f"{study.name} does not say when {known.row} was closed: {known.unended}")
    none = "no columns are named that say when a ticket was opened and closed; name them: opened=, closed="
    raise DataProblem(none + _or(study))


def _named(known: Recipe, study: Study) -> tuple[str, str, list[str]]:
    """What the recipe of an export says, as far as this export has it."""
    there = {known.opened, known.closed} <= set(study.columns)
    if known.closed and there:
        return known.opened, known.closed, []
    return "", "", list(known.ends)


def _or(study: Study) -> str:
    logged = all(study.codebook.role(r) for r in ROLES)
    return "; of an event log, name the events that close one: ends=" if logged else ""


def _of_rows(study: Study, opened: str, closed: str, by: str | None) -> Tickets:
    for column in (opened, closed, *([by] if by else [])):
        if column not in study.columns:
            raise unknown("column", column, study.name, study.columns)
    found = sample(study, [], other=[opened, closed, *([by] if by else [])])
    start, stop = (_days(study, c, found.other[c]) for c in (opened, closed))
    kept = np.isfinite(start)
    if not kept.any():
        raise DataProblem(f"no ticket of {study.name} has a time in '{opened}'")
    wrong = int((stop[kept] < start[kept]).sum())
    if wrong:
        raise DataProblem(f"{wrong} tickets of {study.name} are closed before they were opened; correct or drop them")
    last = float(np.nanmax(np.concatenate([start, stop])))
    found, start, stop = found.keep(kept), start[kept], stop[kept]
    ended = np.isfinite(stop)
    group = found.other[by] if by else np.zeros(len(start), int)
    days = np.where(ended, stop, last) - start
    return Tickets("", opened, days, ended, found.w, found.cluster, found.strata, group, found.notes)


def _of_events(study: Study, ends: Sequence[str], by: str | None) -> Tickets:
    """The cases of a log: open from their first event to the first that closes one."""
    if by and by not in study.columns:
        raise unknown("column", by, study.name, study.columns)
    log = event_log(study, more={"whose": by} if by else {})
    each = _cases(log, ends, "whose" if by else "''")
    if each["stop"].isna().all():
        there = log.ask("SELECT DISTINCT e FROM o ORDER BY e")["e"].tolist()
        raise DataProblem(
            f"no ticket of {study.name} is closed: {' and '.join(map(repr, ends))} never happen{'s' * (len(ends) == 1)}"
            f"{nearest(ends[0], there)}; "
            f"events: {', '.join(there[:20])}"
        )
    cut = each["closes"].fillna(False).astype(bool).to_numpy()
    told = [*log.notes, f"closed: the first of {', '.join(ends)}"]
    if again := int((each["again"] & ~cut).sum()):
        told.append(
            f"{again:,} closed tickets had further events, as a rating or a reopening: the time is that of the first "
            "closing"
        )
    if cut.any():
        begin = f"{cut.sum():,} of {len(each):,} tickets begin with an end"
        told.append(f"{begin}: when they were opened is not in the log, and they do not count")
    if cut.all():
        raise DataProblem(
            f"all {len(each)} tickets of {study.name} begin with their end ({', '.join(ends)}): when they were opened "
            "is not in the log. Give a log that begins earlier"
        )
    each = each[~cut].reset_index(drop=True)
    ended = each["stop"].notna().to_numpy()
    days = (each["stop"].fillna(each["last"]) - each["start"]).to_numpy(float)
    own, strata = bool(study.codebook.role("cluster")), bool(study.design.strata)
    cluster = each.groupby(["h", "u"], dropna=False, sort=False).ngroup().to_numpy() if own else None
    return Tickets(
        study.codebook.role("case")[0], study.codebook.role("case")[0], days, ended, each["w"].to_numpy(float), cluster,
        pd.factorize(each["h"])[0] if strata else None, each["whose"].to_numpy(object), tuple(told),
    )  # fmt: skip


def _cases(log: EventLog, ends: Sequence[str], whose: str) -> pd.DataFrame:
    """One row a case: ``start``, ``stop``, ``last`` of the log, whether its first event ``closes``, ``whose``."""
    quoted = ", ".join("'" + e.replace("'", "''") + "'" for e in ends)
    return log.ask(
        f", coded AS (SELECT *, e IN ({quoted}) AS shut, {whose} AS own FROM o) SELECT c, any_value(h) AS h, "
        "any_value(u) AS u, any_value(w) AS w, any_value(start) AS start, min(t) FILTER (shut) AS stop, "
        "arg_min(shut, place) AS closes, "
        "coalesce(max(place) FILTER (NOT shut) > min(place) FILTER (shut), false) AS again, "
        "coalesce(arg_min(own, place) FILTER (shut), arg_max(own, place)) AS whose, max(max(t)) OVER () AS last "
        "FROM coded GROUP BY c ORDER BY c"
    )


def _days(study: Study, column: str, values: NDArray) -> NDArray:
    """Days since 1970, nan where there is no time."""
    series = pd.Series(values)
    if series.notna().any() and not pd.api.types.is_datetime64_any_dtype(series):
        try:
            series = pd.to_datetime(series, utc=True, format="ISO8601")
        except (ValueError, TypeError):
            raise DataProblem(f"'{column}' of {study.name} holds no times; declare its type as datetime") from None
    stamp = pd.DatetimeIndex(pd.to_datetime(series, utc=True)).as_unit("us")
    return np.where(stamp.isna(), np.nan, stamp.asi8 / 86_400e6)
