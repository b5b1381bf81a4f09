"""`transitions`: what follows what on a journey, how often, with intervals that know who made several steps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from cxlab.columns import Column
from cxlab.data.arguments import public
from cxlab.data.study import Study
from cxlab.models.journeys import step_counts
from cxlab.models.journeys.event_log import EventLog, end_word, event_log, small_events, unmet
from cxlab.models.metrics import estimates as metrics
from cxlab.result import Result

COLUMNS = (
    Column("from", "label", "", "From"),
    Column("to", "label", "", "To"),
    Column("back", "share", "", "Of these, back to where the case had been"),
    Column("times", "count", "", "Steps"),
    Column("cases", "count", "", "Cases"),
    Column("wait", "number", "", "Mean days until then"),
)

STEPS = """, unit AS (SELECT {keys}, u, e, b, sum(w) AS x, sum(w * w) AS x2, count(*) AS k, sum(w * wait) AS waited,
sum(w) FILTER (back) AS returned, {cases} AS cases FROM o GROUP BY ALL),
whole AS (SELECT *, sum(x) OVER one AS m, sum(x2) OVER one AS m2, sum(k) OVER one AS n,
row_number() OVER one = 1 AS head
FROM unit WINDOW one AS (PARTITION BY {keys}, u, e)),
met AS (SELECT {keys}, e, sum(m) AS w, sum(m2) AS w2, sum(m * m) AS bb, count(*) AS m, sum(n) AS n
FROM whole WHERE head GROUP BY ALL),
pair AS (SELECT {keys}, e, b, sum(x) AS a, sum(x * x) AS aa, sum(x * m) AS ab, sum(k) AS times, sum(cases) AS cases,
sum(waited) AS waited, sum(returned) AS returned FROM whole GROUP BY ALL)
"""
"""Steps of each cluster and, over them, what `linearised` needs. Steps of a case are counted once for its cluster."""


@public
def transitions(
    study: Study, *, by: str | Sequence[str] | None = None, least_n: int = metrics.SMALL, level: float = 0.95
) -> Result:
    """Return what comes next after each event, as a share of all times that event happened, with its interval.

    With n_ab the times that case c goes from a to b and n_a the times it was at a, the share is
    p = sum n_ab / sum n_a and, with G clusters (the cases, unless the study has a column of role 'cluster'),
    V = G / (G - 1) sum_c (n_ab,c - p n_a,c)² / (sum n_a)²: steps of one case are not independent. The interval is that
    of Wilson on the effective size p (1 - p) / V. After the last event of a case comes '(end)'; a journey that is still
    under way ends there too: `drop_off` tells them apart.

    Parameters
    ----------
    study : a row an event, with columns of the roles 'case', 'event' and 'time'; events at the same time keep the order
        of the file.
    by : columns that form the groups, as the channel: each event counts in its own group.
    least_n : events that fewer cases met are not shown.
    level : of confidence.

    Returns
    -------
    Result in shares, one row a step, the commonest first: ``*by, from, to, estimate, low, high, se, n`` (times that
    ``from`` happened), ``times`` (that ``to`` followed), ``cases`` (that made the step), ``wait`` (mean days until
    ``to``), ``back`` (share of the steps that lead to an event at which the case had been before).

    Raises
    ------
    DataProblem : a role is missing, or the time is text.

    References
    ----------
    Korn, E. L. & Graubard, B. I. (1998). Confidence intervals for proportions with small expected number of positive
        counts estimated from survey data. Survey Methodology 24, 193-201.

    Examples
    --------
    >>> import cxlab as cx
    >>> steps = cx.transitions(cx.simulate_events(200, seed=1)).table
    >>> steps["from"].iloc[0], round(float(steps["estimate"].iloc[0]), 2) > 0
    ('order', True)
    """
    metrics.check_level(level)
    log = event_log(study, by=metrics.listed(by), look=False)
    quick = step_counts.steps(log)
    if quick is None:
        log = log.counted()
        found = _balanced(_by_sql(log), log)
    else:
        log = log.told(pd.DataFrame({"h": [""], "clusters": [quick.cases]}), quick.notes)
        found = quick.table
    cells, steps = _cells(log, found.assign(b=_objects(found["b"])))
    table, _ = log.measured(cells, "share", level)
    table["b"] = _objects(table["b"])
    table = table.merge(steps, on=[*log.groups, "e", "b"], how="left")
    end = end_word(table["e"])
    table["b"] = _objects(table["b"], end)
    table, told = log.without(table, least_n)
    notes = [*log.notes, *told]
    few = small_events(table, "met", log.groups, least_n)
    if few.any():
        lost = table[few].drop_duplicates([*log.groups, "e"])
        notes.append(unmet(len(lost), "event", least_n))
    first = ["n", *log.groups, "e"]
    table = table[~few].sort_values([*first, "times", "b"], ascending=[False, *[True] * (len(first) - 1), False, True])
    table = log.named(table.reset_index(drop=True)).rename(columns={"e": "from", "b": "to"})
    own = ["from", "to", "estimate", "low", "high", "se", "n", "times", "cases", "wait", "back"]
    return Result(
        "transitions",
        "What comes next" + (f" by {study.codebook.label(*log.by)}" if log.by else ""),
        table[[*log.group_names, *own]],
        "share",
        level,
        "share of all times the first event happened; Wilson interval on the effective size, linearised over clusters "
        "of cases",
        tuple(notes),
        {"by": log.group_names, "end": end},
        columns=COLUMNS,
    )


def _objects(column: pd.Series, nothing: str | None = None) -> pd.Series:
    """A column of texts with ``nothing`` where there is none, whatever type pandas gave it."""
    return pd.Series([nothing if pd.isna(v) else v for v in column], column.index, dtype=object)


def _by_sql(log: EventLog) -> pd.DataFrame:
    """Sums of each step by stratum and group."""
    keys = log.listed("h")
    cases = "count(DISTINCT c)" if log.study.codebook.role("cluster") else "1"
    same = lambda c: f"p.{c} IS NOT DISTINCT FROM f.{c}"  # noqa: E731
    join = " AND ".join(map(same, [*log.groups, "h", "e"]))
    named = ", ".join(f"p.{g}" for g in [*log.groups, "h", "e"])
    return log.ask(
        STEPS.replace("{keys}", keys).replace("{cases}", cases)
        + f"SELECT {named}, p.b AS b, p.a, p.a AS q, p.aa, p.ab, f.bb, f.w, f.w2, f.m, f.n, times, "
        f"cases, waited, coalesce(returned, 0) AS returned FROM pair AS p JOIN met AS f ON {join}"
    )


def _cells(log: EventLog, found: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Ratio means by step with their variance; and times, cases, waits and returns of each step."""
    cells = log.cells(found, ["e", "b"])
    by = [*log.groups, "e", "b"]
    total = found.groupby(by, sort=False, dropna=False)[["times", "cases", "waited", "returned", "a", "m"]].sum()
    total = total.assign(wait=total["waited"] / total["a"], back=total["returned"] / total["a"]).reset_index()
    total.loc[total["b"].isna(), ["wait", "back"]] = np.nan
    total["b"] = _objects(total["b"])
    total = total.astype({"times": int, "cases": int})
    total = total.rename(columns={"m": "met"})
    return cells, total[[*by, "times", "cases", "wait", "back", "met"]]


def _balanced(found: pd.DataFrame, log: EventLog) -> pd.DataFrame:
    """Add, for each step, the strata in which its first event happened and the step did not."""
    if found["h"].nunique() < 2:
        return found
    first = ["w", "w2", "bb", "m", "n"]
    met = found.drop_duplicates([*log.groups, "h", "e"])[[*log.groups, "h", "e", *first]]
    pairs = found[[*log.groups, "e", "b"]].drop_duplicates()
    whole = met.merge(pairs, on=[*log.groups, "e"])
    rest = [c for c in found.columns if c not in first]
    return whole.merge(found[rest], on=[*log.groups, "h", "e", "b"], how="left").fillna(
        dict.fromkeys(["a", "q", "aa", "ab", "times", "cases", "waited", "returned"], 0.0)
    )
