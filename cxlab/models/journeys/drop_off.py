"""`drop_off`: how journeys end and when, where those still under way are not yet counted as lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlab.columns import Column
from cxlab.data.arguments import public
from cxlab.data.study import Study
from cxlab.models.journeys.event_log import EventLog, event_log
from cxlab.models.journeys.log_start import begun_before
from cxlab.models.metrics import estimates as metrics
from cxlab.problem import DataProblem, nearest
from cxlab.result import Result
from cxlab.stats.inference.influences import covariance
from cxlab.stats.survival.time_curves import Curves, curves, loglog

OPEN = "(under way)"
COLUMNS = (
    Column("state", "label", "", "State"),
    Column("at", "number", "index", "Days"),
    Column("at_risk", "count", "", "Under way then"),
)


DAYS, LATER = (1, 7, 30), (30, 90, 180, 365, 730)
"""Days at which ends are told; and those that follow where most cases take longer."""


@public
def drop_off(
    study: Study,
    *,
    ends: str | Sequence[str] | Mapping[str, str | Sequence[str]],
    lost: str | Sequence[str] = (),
    at: float | Sequence[float] | None = None,
    by: str | Sequence[str] | None = None,
    least_n: int = metrics.SMALL,
    level: float = 0.95,
) -> Result:
    """Return which share of journeys has ended in each way after so many days (Aalen-Johansen).

    Time runs from the first event of a case. It ends with the first of the events ``ends``, each way excluding the
    others; a case with none is still under way at the last moment of the log and is watched until then. To count such
    cases as lost, or other ends as if they might still come, is the usual mistake: both are far off.

    Parameters
    ----------
    study : a row an event, with columns of the roles 'case', 'event' and 'time'.
    ends : events that end a journey, or state → event(s).
    lost : events after which a case is no longer watched, without having ended (moved away, merged).
    at : days after the first event; default: 1, 7, 30, and further ones until half of the cases have ended.
    by : columns that form the groups; a case is in the group of its first event.
    least_n : groups with fewer cases are not shown.
    level : of confidence.

    Returns
    -------
    Result in shares: ``*by, state, at, estimate, low, high, se, at_risk, n``, with the state '(under way)' for those
    who have not ended. ``parts``: ``open`` (share of cases without an end in the log). Beyond the longest case watched
    it is not estimable.

    Raises
    ------
    DataProblem : an event that never happens, or ends and lost share one.

    References
    ----------
    Aalen, O. & Johansen, S. (1978). An empirical transition matrix for non-homogeneous Markov chains based on censored
        observations. Scandinavian Journal of Statistics 5, 141-150.

    Examples
    --------
    >>> import cxlab as cx
    >>> log = cx.simulate_events(500, seed=1, censoring=0.3)
    >>> found = cx.drop_off(log, ends=["completed", "cancelled"], at=30).table
    >>> found["state"].tolist(), round(float(found["estimate"].sum()), 9)
    (['completed', 'cancelled', '(under way)'], 1.0)
    """
    metrics.check_level(level)
    states = _states(ends)
    times = np.sort(np.atleast_1d(np.asarray(DAYS if at is None else at, float)))
    if not (np.isfinite(times).all() and (times > 0).all()):
        raise DataProblem(f"at is {at!r}; it is days after the first event, above 0")
    gone = [lost] if isinstance(lost, str) else list(lost)
    log = event_log(study, by=metrics.listed(by))
    _known(log, states, gone)
    each, last = _spells(log, states, gone)
    if len(each) < least_n:
        raise DataProblem(f"{study.name} has {len(each)} cases; {least_n} are needed, or least_n=0")
    each, told = log.without(each, least_n)
    times = _further(each["days"].to_numpy(float)) if at is None else times
    parts = list(each.groupby(log.groups, sort=True, dropna=False)) if log.groups else [((), each)]
    rows = []
    for group, mine in parts:
        label = dict(zip(log.groups, group, strict=True))
        rows += [{**label, **row} for row in _rows(log, mine, list(states), times, level)]
    open_ = float((each["cause"] == 0).mean())
    notes = [*log.notes, *begun_before(log), f"{open_:.1%} of the cases had not ended when they were last seen"]
    notes += [f"cases without an end are watched until the last moment of the log ({last})"] if open_ else []
    notes += _ended_at_once(each) + told
    return Result(
        "drop_off",
        "How journeys end" + (f" by {study.codebook.label(*log.by)}" if log.by else ""),
        log.named(pd.DataFrame(rows)),
        "share",
        level,
        "Aalen-Johansen, ways to end compete, open cases are censored; "
        + ("Aalen's variance" if _simple(log) else "variance from the influence of each case over clusters")
        + "; intervals by log(-log)",
        tuple(notes),
        {"open": open_, "states": list(states), "by": log.group_names},
        better="none",
        columns=COLUMNS,
    )


def _ended_at_once(each: pd.DataFrame) -> list[str]:
    """Say how many cases begin with their end: whatever they did before is not in the log, or there was nothing."""
    n = int(each["begins"].sum())
    begin = f"cases that begin with an end, counted as ended at once: {n:,} of {len(each):,}"
    return [f"{begin}; true where nothing comes before it, wrong where the log begins too late"] * bool(n)


def _further(days: NDArray) -> NDArray:
    """The usual days, and further ones while more than half of the cases are still under way.

    >>> _further(np.array([5, 20])).tolist(), _further(np.array([40, 50, 60])).tolist()
    ([1.0, 7.0, 30.0], [1.0, 7.0, 30.0, 90.0])
    """
    slow = np.array([(days > a).mean() > 0.5 for a in LATER[:-1]])
    return np.array([*DAYS, *(later for later, more in zip(LATER[1:], np.cumprod(slow), strict=True) if more)], float)


def _states(ends: str | Sequence[str] | Mapping[str, str | Sequence[str]]) -> dict[str, list[str]]:
    """State → events."""
    pairs = ends.items() if isinstance(ends, Mapping) else [(e, e) for e in ([ends] if isinstance(ends, str) else ends)]
    states = {str(k): [v] if isinstance(v, str) else list(v) for k, v in pairs}
    if not states:
        raise DataProblem("ends is empty; name the events that end a journey, as ends=['completed', 'cancelled']")
    if OPEN in states:
        raise DataProblem(f"'{OPEN}' is the state of those who have not ended; call yours otherwise")
    return states


def _known(log: EventLog, states: Mapping[str, list[str]], gone: list[str]) -> None:
    there = log.ask("SELECT DISTINCT e FROM o ORDER BY e")["e"].tolist()
    named = [e for events in states.values() for e in events] + gone
    for e in named:
        if e not in there:
            raise DataProblem(
                f"'{e}' never happens in {log.study.name}{nearest(e, there)}; events: {', '.join(there[:20])}"
            )
    twice = [e for e in dict.fromkeys(named) if named.count(e) > 1]
    if twice:
        raise DataProblem(
            f"'{twice[0]}' stands in two states (or in ends and lost); each event ends a journey in one way"
        )


def _spells(log: EventLog, states: Mapping[str, list[str]], gone: list[str]) -> tuple[pd.DataFrame, str]:
    """One row a case: days, cause (0 open, from 1 the states), weight, cluster, stratum, groups; and the log's end."""
    quoted = lambda e: "'" + e.replace("'", "''") + "'"  # noqa: E731
    when = " ".join(f"WHEN e IN ({', '.join(map(quoted, es))}) THEN {i + 1}" for i, es in enumerate(states.values()))
    when += f" WHEN e IN ({', '.join(map(quoted, gone))}) THEN 0" if gone else ""
    first = [f"arg_min({g}, place) AS {g}" for g in log.groups]
    each = log.ask(
        f", coded AS (SELECT *, CASE {when} END AS way FROM o) SELECT c, {''.join(f + ', ' for f in first)}"
        "any_value(w) AS w, any_value(h) AS h, any_value(u) AS u, any_value(start) AS start, "
        "coalesce(bool_or(place = 1 AND way > 0), false) AS begins, min(t) FILTER (way IS NOT NULL) AS stop, "
        "arg_min(way, place) FILTER (way IS NOT NULL) AS cause, "
        "max(max(t)) OVER () AS last FROM coded GROUP BY c ORDER BY c"
    )
    last = float(each["last"].iloc[0])
    each["days"] = each["stop"].fillna(last) - each["start"]
    each["cause"] = each["cause"].fillna(0).astype(int)
    dated = log.days.startswith("epoch")
    return each, str(np.datetime64(round(last * 86_400), "s")).replace("T", " ") if dated else f"{last:g}"


def _simple(log: EventLog) -> bool:
    d = log.study.design
    return not (d.weight or d.strata or log.study.codebook.role("cluster"))


def _rows(log: EventLog, mine: pd.DataFrame, states: list[str], times: NDArray, level: float) -> list[dict]:
    t, cause, w = mine["days"].to_numpy(float), mine["cause"].to_numpy(int), mine["w"].to_numpy(float)
    n = np.ones(len(mine))
    found = curves(t, cause, n, w, causes=len(states))
    asked = [(s, a, i if i < len(states) else None) for i, s in enumerate([*states, OPEN]) for a in times]
    value = np.array([found.share(a, i) for _, a, i in asked])
    se = np.array([_error(log, mine, found, a, i) for _, a, i in asked])
    done = len(found.after) and found.after[-1] == 0  # all have ended: nothing more can come
    beyond = np.array([a > found.last and not done for _, a, _ in asked])
    size = w.sum() ** 2 / (w @ w)
    low, high = loglog(value, se, np.full(len(value), size), level)
    risk = [int((t >= a).sum()) for _, a, _ in asked]
    return [
        {
            "state": s, "at": a, "estimate": np.nan if b else v, "low": np.nan if b else lo,
            "high": np.nan if b else hi, "se": np.nan if b else e, "at_risk": k, "n": len(mine),
        }
        for (s, a, _), v, lo, hi, e, k, b in zip(asked, value, low, high, se, risk, beyond, strict=True)
    ]  # fmt: skip


def _error(log: EventLog, mine: pd.DataFrame, found: Curves, at: float, cause: int | None) -> float:
    jump = found.jump(at, cause)
    if _simple(log):
        return float(np.sqrt(found.variance(jump)))
    u = found.influence(jump, mine["days"].to_numpy(float), mine["cause"].to_numpy(int)) * mine["w"].to_numpy(float)
    cluster = mine.groupby(["h", "u"], dropna=False, sort=False).ngroup().to_numpy()
    strata = pd.factorize(mine["h"])[0] if log.study.design.strata else None
    return float(np.sqrt(covariance(u[:, None], np.ones(len(mine)), cluster, strata)[0][0, 0]))
