"""`journey`: every touchpoint on one line: who comes there, how often, who leaves, how long it took, how it felt."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlab.columns import Column
from cxlab.data import touchpoint_register as registers
from cxlab.data.arguments import public
from cxlab.data.study import Study
from cxlab.models.journeys.event_log import USUAL, EventLog, event_log, owners_column, small_events, unmet
from cxlab.models.journeys.log_start import begun_before
from cxlab.models.metrics import estimates as metrics
from cxlab.models.metrics import scores
from cxlab.result import Result
from cxlab.stats.inference.design_variance import t_value

GRID = np.round(np.arange(1, 200) / 200, 4)
"""Quantiles of waits that are read off, from which the interval of the median is taken."""


def _pair(name: str, kind: str, unit: str, heading: str) -> tuple[Column, ...]:
    low, high = (Column(f"{name}_{end}", "bound", unit, f"{heading}, {end}") for end in ("low", "high"))
    return Column(name, kind, unit, heading), low, high


COLUMNS = (
    Column("stage", "label", "", "Stage"),
    Column("touchpoint", "label", "", "Touchpoint"),
    Column("owner", "label", "", "Owner"),
    *_pair("reach", "estimate", "share", "Cases that come here"),
    *_pair("repeats", "estimate", "mean", "Visits more than one, a case"),
    *_pair("exit", "estimate", "share", "Of these, end here"),
    *_pair("wait", "estimate", "", "Median days since the event before"),
    *_pair("score", "estimate", "mean", "Score"),
)

VISITS = """, unit AS (SELECT {keys}, h, u, c, e, any_value(w) AS w, count(*) AS k,
max(CAST(b IS NULL AS INTEGER)) AS final, {scores}
FROM (SELECT {rows} FROM o) GROUP BY ALL)
"""


@public
def journey(
    study: Study,
    outcome: str | None = None,
    *,
    by: str | Sequence[str] | None = None,
    register: str | Path | pd.DataFrame | None = None,
    least_n: int = metrics.SMALL,
    level: float = 0.95,
) -> Result:
    """Return one line a touchpoint: reach, repeats, exits, wait and score, each with its interval.

    All are ratios of sums over cases, with the variance of ratios linearised over clusters (the cases, or the study's
    clusters): shares have the interval of Wilson on the effective size, means that of Student's t. The interval of a
    median wait is read off the quantiles 1/2 ± 1/2 t / sqrt(n) (Woodruff), n the (effective) cases that waited.

    Parameters
    ----------
    study : a row an event, with columns of the roles 'case', 'event' and 'time'.
    outcome : a score, on the row of the event it is about or on any row of its case; default: the first outcome of
        satisfaction, if there is one. It counts at the events on whose rows it stands; a score that stands on one row a
        case is that of the whole journey and counts at every touchpoint that the case met.
    by : columns that form the groups; a case is in the group of its first event.
    register : CSV file or table of touchpoints (touchpoint, stage, order, owner, ...); default: ``touchpoints.csv``
        beside the study's file.
    least_n : touchpoints with fewer cases are not shown.
    level : of confidence.

    Returns
    -------
    Result, in the order of the register, else of first meeting: ``*by, stage, touchpoint, owner, n`` (cases that came
    here), ``reach, repeats, exit, wait, score``, each with ``_low`` and ``_high``. ``exit`` is the share of them whose
    last event this is; whoever is still under way counts there too (`drop_off` tells them apart).

    Raises
    ------
    DataProblem : a role is missing; the register does not fit.

    References
    ----------
    Woodruff, R. S. (1952). Confidence intervals for medians and other position measures. Journal of the American
        Statistical Association 47, 635-646. doi:10.1080/01621459.1952.10483443

    Examples
    --------
    >>> import cxlab as cx
    >>> table = cx.journey(cx.simulate_events(300, seed=1)).table
    >>> table["touchpoint"].tolist()[:3]
    ['order', 'pay', 'ship']
    """
    metrics.check_level(level)
    y = outcome or next(iter(study.codebook.role("outcome", measure="satisfaction")), None)
    if y:
        scores.average(study, [y], [])
    more = {"y0": y} if y else {}
    owner = owners_column(study)
    more |= {"owner": owner} if owner else {}
    log = event_log(study, by=metrics.listed(by), more=more)
    book = registers.register(study, register)
    whole, score_note = _whole_journey(log, y)
    table = _ratios(log, y, whole, level)
    table = table.merge(_waits(log, level), on=[*log.groups, "e"], how="left")
    table = _described(table, log, book)
    table, told = log.without(table, least_n)
    few = small_events(table, "n", log.groups, least_n)
    notes = [*log.notes, *begun_before(log), *score_note, *_said(book, table, log), *told]
    if few.any():
        notes.append(unmet(int(few.sum()), "touchpoint", least_n))
    table = log.named(table[~few].reset_index(drop=True))
    measured = ["reach", "repeats", "exit", "wait", *(["score"] if y else [])]
    own = [c for m in measured for c in (m, f"{m}_low", f"{m}_high")]
    front = ["stage"] if book is not None and "stage" in book else []
    front += ["touchpoint", *(["owner"] if "owner" in table else [])]
    return Result(
        "journey",
        "The journey by touchpoint" + (f" and {study.codebook.label(*log.by)}" if log.by else ""),
        table[[*log.group_names, *front, "n", *own]],
        "share",
        level,
        "ratios over cases, variance linearised over clusters of cases; Wilson (shares), Student's t (means), Woodruff "
        "(median waits)",
        tuple(notes),
        {"outcome": y, "by": log.group_names, "register": book},
        better="none",
        columns=COLUMNS,
    )


def _whole_journey(log: EventLog, y: str | None) -> tuple[bool, list[str]]:
    """Whether the score is one a case, and what is said of it."""
    if not y:
        return False, []
    most = log.ask("SELECT max(k) AS k FROM (SELECT count(y0) AS k FROM o GROUP BY c)")["k"].iloc[0]
    label = log.study.field(y).label
    if most > 1:
        return False, [f"'{label}' counts at the events on whose rows it stands"]
    return True, [f"'{label}' is one answer a case: its mean at a touchpoint is that of the cases that came there"]


def _visits(log: EventLog, y: str | None, whole: bool) -> str:
    """SQL for one row a case and event: weight, visits, whether it is the last, score."""
    score = "max(CAST(y0 AS DOUBLE)) OVER (PARTITION BY c)" if whole else "CAST(y0 AS DOUBLE)"
    rows = ", ".join([*_first(log), "h", "u", "c", "e", "b", "w", f"{score if y else 'CAST(NULL AS DOUBLE)'} AS y"])
    each = "max(y) AS y, max(y * y) AS yy, least(count(y), 1) AS ny"  # one score, however often the case came
    if not whole:
        each = "sum(y) AS y, sum(y * y) AS yy, count(y) AS ny"
    return VISITS.replace("{keys}, h", log.listed("h")).replace("{rows}", rows).replace("{scores}", each)


def _first(log: EventLog) -> list[str]:
    """SQL for the groups of a case: those of its first event."""
    return [f"first_value({g}) OVER (PARTITION BY c ORDER BY place) AS {g}" for g in log.groups]


def _ratios(log: EventLog, y: str | None, whole: bool, level: float) -> pd.DataFrame:
    """One row a touchpoint: n, reach, repeats, exit, score, with their intervals."""
    visits, key = _visits(log, y, whole), log.listed("e")
    out = None
    for name, shape in (("reach", "share"), ("repeats", "mean"), ("exit", "share"), ("score", "mean")):
        if name == "score" and not y:
            continue
        sums = log.ask(visits + _sums(log, name))
        cells = log.cells(_filled(sums, log, name), ["e"])
        table, _ = log.measured(cells, shape, level)
        if shape == "mean":  # all alike: an error of 0 says nothing
            table.loc[table["se"] == 0, ["low", "high"]] = np.nan
        if name == "repeats":
            table["low"] = table["low"].clip(lower=0)
        found = table[[*log.groups, "e", "estimate", "low", "high", "n"]].rename(
            columns={"estimate": name, "low": f"{name}_low", "high": f"{name}_high"}
        )
        out = found if out is None else out.merge(found.drop(columns="n"), on=[*log.groups, "e"], how="left")
    met = log.ask(visits + f"SELECT {key}, count(*) AS met FROM unit GROUP BY ALL")
    return out.merge(met, on=[*log.groups, "e"]).drop(columns="n").rename(columns={"met": "n"})


def _sums(log: EventLog, name: str) -> str:
    """SQL for the sums of `linearised` of one ratio, by stratum, groups and event."""
    top = {"reach": "w", "repeats": "w * (k - 1)", "exit": "w * final", "score": "w * y"}[name]
    low = "w * ny" if name == "score" else "w"
    square = {"reach": "w", "repeats": "w * (k - 1) * (k - 1)", "exit": "w * final", "score": "w * yy"}[name]
    n = "ny" if name == "score" else "1"
    keys = log.listed("h", "e")
    return f""", each AS (SELECT {log.listed("h", "u", "e")}, sum({top}) AS a, sum({low}) AS w, sum({n}) AS n,
sum(w * {low}) AS w2, sum({square}) AS q FROM unit GROUP BY ALL HAVING sum({n}) > 0)
SELECT {keys}, sum(n) AS n, sum(w) AS w, sum(w2) AS w2, sum(a) AS a, sum(q) AS q, sum(a * a) AS aa, sum(a * w) AS ab,
sum(w * w) AS bb, count(*) AS m FROM each GROUP BY ALL"""


def _filled(sums: pd.DataFrame, log: EventLog, name: str) -> pd.DataFrame:
    """For reach the base is all cases of the group, not those that came here."""
    if name != "reach":
        return sums
    first = _first(log)
    base = log.ask(f""", cases AS (SELECT {log.listed("h", "u", "c")}, any_value(w) AS w FROM
(SELECT {", ".join([*first, "h", "u", "c", "w"])} FROM o) GROUP BY ALL),
each AS (SELECT {log.listed("h", "u")}, sum(w) AS w, sum(w * w) AS w2, count(*) AS n FROM cases GROUP BY ALL)
SELECT {log.listed("h")}, sum(n) AS n, sum(w) AS w, sum(w2) AS w2, sum(w * w) AS bb, count(*) AS m
FROM each GROUP BY ALL""")
    crossed = _crossed(log)
    keys = [*log.groups, "h"]
    rows = base.merge(
        sums[[*log.groups, "e"]].drop_duplicates(), **({"on": log.groups} if log.groups else {"how": "cross"})
    )
    joint = rows.merge(sums[[*keys, "e", "a", "q", "aa"]], on=[*keys, "e"], how="left")
    joint = joint.merge(crossed, on=[*keys, "e"], how="left")
    return joint.fillna(dict.fromkeys(["a", "q", "aa", "ab"], 0.0))


def _crossed(log: EventLog) -> pd.DataFrame:
    """Sum over clusters of (weight of the cases that came to an event) x (weight of all cases): ``ab`` of reach."""
    first = _first(log)
    same = " AND ".join(f"p.{g} IS NOT DISTINCT FROM f.{g}" for g in [*log.groups, "h", "u"])
    named = ", ".join(f"p.{g}" for g in [*log.groups, "h", "e"])
    return log.ask(f""", rows AS (SELECT {", ".join([*first, "h", "u", "c", "e", "w"])} FROM o),
came AS (SELECT {log.listed("h", "u", "c", "e")}, any_value(w) AS w FROM rows GROUP BY ALL),
came_u AS (SELECT {log.listed("h", "u", "e")}, sum(w) AS a FROM came GROUP BY ALL),
cases AS (SELECT {log.listed("h", "u", "c")}, any_value(w) AS w FROM rows GROUP BY ALL),
cases_u AS (SELECT {log.listed("h", "u")}, sum(w) AS b FROM cases GROUP BY ALL)
SELECT {named}, sum(a * b) AS ab FROM came_u AS p JOIN cases_u AS f ON {same} GROUP BY ALL""")


def _waits(log: EventLog, level: float) -> pd.DataFrame:
    """Median days since the event before, with its interval from the quantiles around the middle."""
    if log.study.design.weight:
        return _weighted_waits(log, level)
    first = _first(log)
    grid = ", ".join(map(str, GRID))
    found = log.ask(f"""SELECT {log.listed("e")}, quantile_cont(since, [{grid}]) AS grid, count(DISTINCT c) AS cases
FROM (SELECT {", ".join([*first, "e", "since", "c"])} FROM o) WHERE since IS NOT NULL GROUP BY ALL""")
    if not len(found):
        return found.assign(wait=[], wait_low=[], wait_high=[]).drop(columns=["grid", "cases"])
    values = np.array([list(g) for g in found["grid"]])
    half = (
        t_value(level, np.fmax(found["cases"].to_numpy(float) - 1, 1)) * 0.5 / np.sqrt(found["cases"].to_numpy(float))
    )
    out = found.drop(columns=["grid", "cases"])
    middle = np.full(len(out), 0.5)
    return out.assign(
        wait=_at(values, middle), wait_low=_at(values, middle - half), wait_high=_at(values, middle + half)
    )


def _weighted_waits(log: EventLog, level: float) -> pd.DataFrame:
    """As `_waits`, a case counting by its weight; n is the effective number of cases, (sum w)² / sum w²."""
    chosen = ", ".join([*_first(log), "e", "since", "c", "w"])
    rows = log.ask(f"SELECT {log.listed('e')}, since, w, c FROM (SELECT {chosen} FROM o) WHERE since IS NOT NULL")
    by, out = [*log.groups, "e"], []
    for group, mine in rows.groupby(by, sort=False, dropna=False):
        mine = mine.sort_values("since", kind="stable")
        w, x, each = mine["w"].to_numpy(float), mine["since"].to_numpy(float), mine.drop_duplicates("c")["w"]
        size = each.sum() ** 2 / (each**2).sum()
        half = float(t_value(level, max(size - 1, 1))) * 0.5 / np.sqrt(size)
        at = (np.cumsum(w) - w / 2 - w.mean() / 2) / max(w.sum() - w.mean(), w.mean())
        read = [float(np.interp(p, at, x)) if 0 < p < 1 else np.nan for p in (0.5, 0.5 - half, 0.5 + half)]
        out.append((*group, *read))
    return pd.DataFrame(out, columns=[*by, "wait", "wait_low", "wait_high"])


def _at(values: NDArray, p: NDArray) -> NDArray:
    """The quantile ``p`` of each row of ``values`` (rows, grid); nan beyond the grid."""
    return np.array([np.interp(q, GRID, v, left=np.nan, right=np.nan) for q, v in zip(p, values, strict=True)])


def _described(table: pd.DataFrame, log: EventLog, book: registers.Register | None) -> pd.DataFrame:
    """Add stage and owner, and bring the touchpoints into the order of the register, else of first meeting."""
    places = log.ask("SELECT e, avg(place) AS place FROM o GROUP BY e ORDER BY place, e")["e"].tolist()
    rank = registers.ordered(book, places)
    table = table.assign(touchpoint=table["e"])
    known = {} if book is None else book.set_index("touchpoint").to_dict("index")
    if book is not None and "stage" in book:
        table["stage"] = [known.get(e, {}).get("stage", "") for e in table["e"]]
    if book is not None and "owner" in book:
        table["owner"] = [known.get(e, {}).get("owner", "") for e in table["e"]]
    elif "owner" in log.relation.columns:
        usual = log.ask(f"SELECT e, {USUAL} FROM o GROUP BY e").set_index("e")["owner"]
        found = table["e"].map(usual).fillna("")
        table = table.assign(owner=found) if (found != "").any() else table
    order = pd.Series([rank[e] for e in table["e"]], table.index)
    groups = (
        table[log.groups].astype(str).agg(tuple, axis=1) if log.groups else pd.Series([()] * len(table), table.index)
    )
    return table.iloc[sorted(range(len(table)), key=lambda i: (groups.iloc[i], order.iloc[i]))]


def _said(book: registers.Register | None, table: pd.DataFrame, log: EventLog) -> list[str]:
    said = [] if book is None else registers.problems(book, table["touchpoint"].tolist())
    if book is None and "owner" in table:
        said.append("owner: the one that most of a touchpoint's events have")
    return said
