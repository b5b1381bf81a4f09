"""`EventLog`: the events of a study, in the order in which each case met them, as one relation of DuckDB."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import duckdb
import narwhals as nw
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlab.data import engine, small_cells
from cxlab.data.answer_codes import answer
from cxlab.data.row_order import numbered
from cxlab.data.sample import check_weights, weight_notes
from cxlab.data.study import CELLS, Study
from cxlab.models.metrics import estimates as metrics
from cxlab.models.metrics import result_words, scan, scores
from cxlab.problem import DataProblem, unknown
from cxlab.stats.counts.fetched import fetched
from cxlab.stats.counts.names import free, key
from cxlab.stats.inference.design_variance import linearised

DAY = 86_400e6
"""Microseconds a day: times are counted in days."""

CLOCK = 1e8
"""Days that no log reaches; seconds since 1970 passed it in 1973."""

END = "(end)"
"""What follows the last event of a case."""

ORDERED = """WITH timed AS (SELECT * REPLACE ({days} AS t) FROM log),
visited AS (SELECT *{visit} FROM timed WHERE c IS NOT NULL AND e IS NOT NULL AND t IS NOT NULL),
placed AS (SELECT *, row_number() OVER way AS place, lead(e) OVER way AS b, lead(t) OVER way - t AS wait,
t - lag(t) OVER way AS since, lag(t) OVER way = t AS tie, first_value(w0) OVER way AS w,
first_value(t) OVER way AS start{back}
FROM visited WINDOW way AS (PARTITION BY c ORDER BY t, k)),
o AS (SELECT * FROM placed WHERE w > 0 AND isfinite(w))
"""
"""Every event with the next one of its case. Ties in time keep the order of the file. A case has its first weight."""


VISIT = (
    ", row_number() OVER (PARTITION BY c, e ORDER BY t, k) AS visit",
    ", coalesce(lead(visit) OVER way > 1, false) AS back",
)
"""The visits of a case to each event, counted; and whether the next event is no first visit."""


@dataclass(frozen=True)
class EventLog:
    """The events of a study.

    Parameters
    ----------
    study : where they come from.
    relation : columns ``c`` case, ``e`` event, ``t`` time, ``k`` number of the row, ``w0`` weight, ``h`` stratum,
        ``u`` cluster (the case itself, if the study has none), ``g0, g1, ...`` groups, and further ones as asked.
    days : SQL that makes days of ``t``.
    by : the group columns. ``notes`` : what was left out. ``drawn`` : how many clusters each stratum has: ``h,
        clusters``.
    """

    study: Study
    relation: duckdb.DuckDBPyRelation
    days: str
    by: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    drawn: pd.DataFrame | None = None

    def ask(self, sql: str) -> pd.DataFrame:
        """Return the answer to a query on ``o``: the events with place, next event ``b``, ``wait`` until it, time
        ``since`` the one before, weight ``w`` and ``start`` of the case; ``back``, if the query asks for it, says
        whether the case had been at ``b`` before."""
        visit, back = VISIT if "back" in sql else ("", "")
        text = ORDERED.replace("{days}", self.days).replace("{visit}", visit).replace("{back}", back)
        return self.relation.query("log", text + sql).to_df()

    def counted(self) -> EventLog:
        """Return the log with the clusters of each stratum and what is to be said of it."""
        drawn, notes = _looked_at(self, own=bool(self.study.codebook.role("cluster")))
        return self.told(drawn, notes)

    def told(self, drawn: pd.DataFrame, notes: Sequence[str]) -> EventLog:
        """Return the log with clusters and notes that were counted elsewhere."""
        return replace(self, notes=(*self.study.caveats, *weight_notes(self.study), *notes), drawn=drawn)

    @property
    def groups(self) -> list[str]:
        """The group columns as they are called in the relation."""
        return [f"g{i}" for i in range(len(self.by))]

    def listed(self, *names: str) -> str:
        """Return names with the groups before them, as SQL lists them."""
        return ", ".join([*self.groups, *names])

    def cells(self, sums: pd.DataFrame, labels: Sequence[str]) -> pd.DataFrame:
        """Return ratio means A / B with their variance under the design, as `linearised`, by groups and ``labels``.

        Parameters
        ----------
        sums : by ``h``, groups and labels: ``n, w, w2, a, q, aa, ab, bb, m``, as `score_sums` counts them.
        """
        sums = sums.merge(self.drawn, on="h", how="left").rename(columns={"h": "stratum"})
        return linearised(sums.assign(shift=0.0), [*self.groups, *labels])

    def measured(self, cells: pd.DataFrame, shape: str, level: float) -> tuple[pd.DataFrame, list[str]]:
        """Return cells with ``estimate, low, high, se, n``: the interval of Wilson on the effective size for a 'share',
        that of Student's t for a 'mean'; and what must be said of them."""
        score = scores.Score("", "", shape, shape, {}, "")
        interval = "wilson" if shape == "share" else "t"
        return metrics.measured(cells, score, interval, level, simple=False)

    def named(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return the table with the groups in words instead of ``g0, g1, ...``."""
        if not self.by:
            return table
        keyed = table.rename(columns=dict(zip(self.groups, map(key, self.by), strict=True)))
        words = result_words.labelled_groups(self.study, list(self.by), keyed)
        return pd.concat([words, table.drop(columns=self.groups)], axis=1)

    def gone(self, least_n: int) -> pd.DataFrame:
        """Return the groups that are not shown, with ``said`` of them: of few cases, or that would tell such a one.

        Raises
        ------
        DataProblem : none is left, or this part of a log would tell a smaller one.
        """
        case = self.study.codebook.role("case")[0]
        if not self.by:
            small_cells.refuse_part(self.study, [case], least_n, unit=case)
            return pd.DataFrame({"said": []})
        sizes = self.ask(f"SELECT {self.listed('count(DISTINCT c) AS n')} FROM o GROUP BY ALL")
        keyed = sizes.rename(columns=dict(zip(self.groups, map(key, self.by), strict=True)))
        hide, said = small_cells.gone(self.study, case, self.by, keyed, least_n, unit=case)
        if hide.all():
            raise DataProblem(f"no group of {self.study.name} has {least_n} cases; least_n=0 shows them all the same")
        return sizes[hide].assign(said=" ".join(said))[[*self.groups, "said"]]

    def without(self, table: pd.DataFrame, least_n: int) -> tuple[pd.DataFrame, list[str]]:
        """Return a table by groups without those that are `gone`, and what is said of them."""
        out = self.gone(least_n)
        if not len(out):
            return table, []
        there = table.merge(out, on=self.groups, how="left")["said"].isna().to_numpy()
        return table[there].reset_index(drop=True), [out["said"].iloc[0]]

    @property
    def group_names(self) -> list[str]:
        """How the group columns are called in a result."""
        return scan.shown(list(self.by))


def small_events(table: pd.DataFrame, n: str, groups: list[str], least_n: int) -> NDArray[np.bool_]:
    """Return which rows of a table by groups and events ``e`` rest on few cases, or would tell such a row of a group.

    >>> small_events(pd.DataFrame({"g0": [1, 2, 3], "e": "call", "n": [3, 20, 90]}), "n", ["g0"], 10).tolist()
    [True, True, False]
    """
    one = table.drop_duplicates([*groups, "e"])[[*groups, "e"]].assign(n=table[n])
    hide = one.assign(hide=small_cells.hidden(one, least_n, groups, within=["e"]))
    return table[[*groups, "e"]].merge(hide, on=[*groups, "e"], how="left")["hide"].to_numpy(bool)


def unmet(n: int, what: str, least_n: int) -> str:
    """Return what is said of the touchpoints or events that few cases met.

    >>> unmet(1, "event", 10)
    '1 event that fewer than 10 cases met, or that would tell them, is not shown (least_n=0 shows them)'
    """
    s, are = ("", "is") if n == 1 else ("s", "are")
    few = f"{n} {what}{s} that fewer than {least_n} cases met, or that would tell them"
    return f"{few}, {are} not shown (least_n=0 shows them)"


def event_log(
    study: Study, *, by: Sequence[str] = (), more: Mapping[str, str] | None = None, look: bool = True
) -> EventLog:
    """Read the events of a study.

    Parameters
    ----------
    study : a row an event, with columns of the roles 'case', 'event' and 'time'.
    by : columns of groups. ``more`` : further columns, our name → the study's.
    look : whether the log is counted; without, `EventLog.counted` does it.

    Raises
    ------
    DataProblem : a role is missing, the time is text, or no row has all three.
    """
    groups = scan.grouping(study, by)
    case, event, time = (_role(study, r) for r in ("case", "event", "time"))
    check_weights(study)
    row = free("_row", study.columns)
    frame = numbered(study.table, row)
    d, cluster = study.design, next(iter(study.codebook.role("cluster")), "")
    told = lambda name: answer(study.field(name)) if name in study.codebook else nw.col(name)  # noqa: E731
    chosen = {
        "c": told(case), "e": told(event).cast(nw.String), "t": told(time), "k": nw.col(row),
        "w0": told(d.weight).cast(nw.Float64) if d.weight else nw.lit(1.0),
        "h": told(d.strata).cast(nw.String) if d.strata else nw.lit(""),
        "u": told(cluster) if cluster else told(case),
    }  # fmt: skip
    chosen |= {f"g{i}": told(b) for i, b in enumerate(groups)}
    chosen |= {name: told(column) for name, column in (more or {}).items()}
    days = _days(study, time, frame)
    frame = frame.select(**chosen)
    relation = _relation(frame, study.name)
    log = EventLog(study, relation, days, tuple(by))
    return log.counted() if look else log


def _relation(frame: nw.LazyFrame, name: str) -> duckdb.DuckDBPyRelation:
    """The events as a relation: in memory, where they are few enough to be read once and asked often."""
    if frame.implementation.is_duckdb():
        most = CELLS // len(frame.collect_schema())
        rows = frame.head(most + 1).collect("pyarrow")
        if len(rows) > most:
            return frame.to_native()
    else:
        rows = fetched(frame, name, to="pyarrow")
    engine.settle()
    return duckdb.from_arrow(rows.to_native())


def owners_column(study: Study) -> str | None:
    """Return the column of owners where somebody said that it is one; a guess would print names of people unasked."""
    return next(
        (c for c in study.codebook.role("owner")
         if not any(n.startswith(f"inferred {c}: ") for n in study.codebook.notes)), None,
    )  # fmt: skip


USUAL = "mode(coalesce(regexp_replace(CAST(owner AS VARCHAR), '\\.0$', ''), '')) AS owner"
"""SQL for who has an event most often, '' where most often nobody is named; a number that names somebody is one without
decimals."""


def _role(study: Study, role: str) -> str:
    found = study.codebook.role(role)
    if len(found) == 1:
        return found[0]
    what = {
        "case": "what an event belongs to: an order, a ticket, a visit",
        "event": "what happened",
        "time": "when it happened",
    }[role]
    came = f"has {len(found)} of them ({', '.join(found)})" if found else "has none"
    raise DataProblem(
        f"an event log needs one column of role '{role}' ({what}); {study.name} {came}. "
        f"Say it with study.set('COLUMN', role='{role}'), or `cxlab codebook set FILE COLUMN role={role}`; "
        f"its columns: {', '.join(study.columns[:12])}"
    )


def _days(study: Study, name: str, frame: nw.LazyFrame) -> str:
    """SQL for the days since 1970, or for the number itself where time is a number."""
    if name not in study.columns:
        raise unknown("column", name, study.name, study.columns)
    kind = frame.collect_schema()[name]
    if kind.is_numeric():
        least = frame.select(nw.col(name).min()).collect("pyarrow").item()
        if least is not None and float(least) >= CLOCK:
            raise DataProblem(
                f"'{name}' of {study.name} is the time of the events and holds numbers from {float(least):.0f}: they "
                "look like seconds or milliseconds since 1970, and would count as days. Make dates of them, as "
                f"pandas.to_datetime(table['{name}'], unit='s')"
            )
        return "CAST(t AS DOUBLE)"
    if kind.is_temporal():
        return f"epoch_us(t) / {DAY}"
    raise DataProblem(
        f"'{name}' of {study.name} is the time of the events and holds text: make dates of it, as "
        f"pandas.to_datetime(table['{name}']) with dayfirst=True where the day stands first, or load the file, whose "
        "dates are read"
    )


def _looked_at(log: EventLog, *, own: bool) -> tuple[pd.DataFrame, list[str]]:
    """The clusters of each stratum, and what is to be said of the log: events left out, ties, one event a case.

    ``own`` : whether the clusters are others than the cases. Refuses an empty log.
    """
    lost = log.relation.query(
        "log",
        "SELECT count(*) FILTER (c IS NULL) AS c, count(*) FILTER (e IS NULL) AS e, count(*) FILTER (t IS NULL) AS t "
        "FROM log",
    ).to_df().iloc[0]  # fmt: skip
    clusters = "count(DISTINCT u)" if own else "count(*) FILTER (place = 1)"
    parts = log.ask(
        "SELECT h, count(*) AS n, count(*) FILTER (tie) AS ties, count(*) FILTER (place = 1) AS cases, "
        f"{clusters} AS clusters FROM o GROUP BY h ORDER BY h"
    )
    known = parts[["n", "ties", "cases"]].sum()
    notes = said(log.study, (lost["c"], lost["e"], lost["t"]), *(int(known[k]) for k in ("cases", "n", "ties")))
    return parts[["h", "clusters"]], notes


def end_word(events: Iterable[str]) -> str:
    """Return what the end of a case is called where no event is called so.

    >>> end_word(["pay"]), end_word(["pay", "(end)"])
    ('(end)', '(end of the case)')
    """
    there, word = set(events), END
    while word in there:
        word = "(end of the case)" if word == END else f"({word})"
    return word


def said(study: Study, lost: Sequence[int], cases: int, events: int, ties: int) -> list[str]:
    """Return what is to be said of a log: events without a case, an event or a time, ties, one event a case.

    Raises
    ------
    DataProblem : no event has all three.
    """
    if not events:
        raise DataProblem(f"{study.name} has no row with a case, an event and a time")
    left = [(int(k), w) for k, w in zip(lost, ("a case", "an event", "a time"), strict=True) if k]
    notes = [f"{n:,} row{'s' * (n > 1)} without {what} {'do' if n > 1 else 'does'} not count" for n, what in left]
    notes += [f"{cases:,} case{'s' * (cases != 1)}, {events:,} event{'s' * (events != 1)}"]
    if ties:
        have = "event has" if ties == 1 else "events have"
        notes.append(f"{ties:,} {have} the time of the one before: they keep the order of the file")
    if events == cases:
        notes.append("every case has one event: nothing follows anything. Is the column of role 'case' the right one?")
    return notes


__all__ = ["EventLog", "end_word", "event_log", "said"]
