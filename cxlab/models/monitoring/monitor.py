"""`monitor`: did it change? Charts of a metric over time that keep to a budget of false alarms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from cxlab.columns import Column, difference, show
from cxlab.data.arguments import public
from cxlab.data.study import Study
from cxlab.models.metrics import estimates as metrics
from cxlab.models.metrics import registry, result_words
from cxlab.models.metrics.scores import Score
from cxlab.models.monitoring import alarms, expectation, standstill, time_series
from cxlab.models.monitoring.chart import KINDS, LAST_YEAR, Budget, Chart, budget_of
from cxlab.models.monitoring.expectation import Watched
from cxlab.models.monitoring.time_series import Periods
from cxlab.problem import DataProblem
from cxlab.result import Result
from cxlab.stats.monitoring import chart_rules, run_length

LEAST = 8
"""Periods with answers that a baseline needs."""
SMALL_SHIFT = 0.2
"""Of amounts without a scale the delay is said for a fall of a fifth of the standard deviation of answers."""
LONGEST = 120
"""The baseline is the first half of the periods, at most so many, where none is named."""


@public
def monitor(
    study: Study,
    metric: str,
    *,
    by: metrics.By = None,
    every: str = "",
    budget: float | Sequence = 1.0,
    baseline: int | Sequence | None = None,
    chart: Chart = Chart(),  # noqa: B008
    level: float = 0.95,
    **question: Any,
) -> Result:
    """Return a metric period by period, held against what the periods before it let expect; real changes are alarms.

    The limits follow from an alarm budget over all charts together: K charts of T looks a year and B false alarms
    allowed give an average run length of K T / B without a change, and that the limits. It is the expected number,
    whatever the charts have to do with each other. Each period is judged against its own prediction (`Chart`): that a
    metric truly differs from day to day, and one day resembles the day before, raises no alarm.

    Parameters
    ----------
    metric : 'nps', 'csat', 'ces', 'mean' or 'share'; ``question`` takes what that metric takes: ``of``, ``boxes``, ...
    by : column(s) whose groups have a chart each.
    every : 'day', 'week', 'month', 'quarter' or 'year' for dates; '' takes the shortest with 30 answers in half of the
        cells. Waves that are no dates are taken as they come.
    budget : false alarms allowed over all charts: a number a year, or with its time: (1, 'quarter').
    baseline : the phase that is known to be in order: its number of periods, or (first, last) as dates or waves. None
        takes the first half, at most 120 periods. It must not hold the change that is looked for.
    chart : kind of chart, rule, column of dates, mix, season (`Chart`).

    Returns
    -------
    Result, one row a series and period: group columns, ``period, n, estimate``, ``expected`` and the limits
    ``low, high`` of a single period, ``z`` (standard normal without a change), ``statistic`` (of the rule, in its own
    units), ``alarm``: 'lower', 'higher', '' (quiet), 'baseline', 'incomplete' (a period that had not ended), 'none'
    (no or too few answers). ``parts``: ``alarms`` (each with ``since``, from when on a step fits best, ``shift`` and
    its interval at ``level``, from the run that was chosen for being far out, so rather too large), ``charts`` (day
    effect, delay until a fall is noticed), ``limit``, ``arl``, ``looks``.

    Raises
    ------
    DataProblem : nothing says when, or too few periods.

    Examples
    --------
    >>> import cxlab as cx
    >>> found = cx.monitor(cx.load("brand-tracker"), "nps", every="day", baseline=300)
    >>> found.parts["alarms"][["side", "since"]].values.tolist()
    []
    """
    metrics.check_level(level)
    groups = metrics.listed(by)
    score = registry.score(study, metric, question.pop("of", None), [], **question)
    column = time_series.time_column(study, chart.wave, score)
    chart = replace(chart, wave=column)
    p = time_series.read(study, score, groups, column, every)
    if said := standstill.standing(p, score.metric, study.name):
        raise DataProblem(f"{said}, so nothing can be watched")
    p = p.against_last_year() if chart.season == LAST_YEAR else p
    p, base, phase = _baseline(p, baseline, study.name)
    w = expectation.watched(study, score, groups, p, base, chart)
    drawn = np.flatnonzero(w.usable)
    if not len(drawn):
        raise DataProblem(_too_few(p, phase, study.name))
    share = float((w.there[drawn][:, :base]).mean())
    bought = budget_of(budget, p.every, max(len(p.names) - base, 1))
    looks, arl = bought.run_length(len(drawn), p.every, share)
    if arl < 2:
        raise DataProblem(
            f"budget is {budget!r}: {bought.said} over {len(drawn)} charts of {looks:.0f} looks each is more than one "
            "alarm every second look; allow fewer"
        )
    limit = run_length.limit_for(float(arl), chart.rule, float(chart.weight))
    single = run_length.limit_for(float(arl), "shewhart")
    signals = chart_rules.signals(w.z, base, chart.rule, chart.weight, limit)
    table = _table(p, w, signals, base, single)
    table[["low", "high"]] = table[["low", "high"]].clip(*score.limits)
    shift = _shift(score, p, chart)
    found = alarms.listed(p, w, signals, base, level)
    charts = alarms.charts(p, w, drawn, chart, limit, shift)
    facts = (bought, looks, arl, len(drawn))
    return Result(
        kind="monitor",
        title=f"{result_words.titled(study, score, groups)} by {p.every}: what changed",
        table=table,
        unit=score.unit,
        level=level,
        method=f"{score.method}; {KINDS[chart.kind]}; {_rule(chart, limit)}; {_budget(facts)}; {phase}",
        notes=(*p.notes, *w.notes, *_said(p, w, found, charts, (score.unit, shift, base))),
        parts={
            "metric": score.metric, "by": list(p.labels), "every": p.every, "alarms": found, "charts": charts,
            "limit": limit, "single_limit": single, "arl": arl, "looks": looks, "rule": chart.rule, "baseline": base,
            "budget": bought.said, "labels": result_words.worded(study, score, groups),
        },
        columns=_columns(score.unit),
        better=score.better,
    )  # fmt: skip


def _too_few(p: Periods, phase: str, name: str) -> str:
    """Why nothing can be watched: no series has answers both in its baseline and after it."""
    few = (
        f"no series of {name} has {LEAST} {p.every}s with enough answers in its {phase}, and one after it; take longer "
        "periods with every=, fewer groups, or more of baseline="
    )
    return ". ".join([few, *p.alone])


def _shift(score: Score, p: Periods, chart: Chart) -> float:
    """The fall whose delay is said."""
    if chart.shift is None and score.unit == "mean" and not np.isfinite(score.limits).all():
        return SMALL_SHIFT * float(np.sqrt(np.nanmean(p.spread)))
    return registry.smallest_of(score, None) if chart.shift is None else float(chart.shift)


def _columns(unit: str) -> tuple[Column, ...]:
    return (
        Column("period", "label", "", "Period"), Column("expected", "estimate", unit, "Expected"),
        Column("alarm", "text", "", "Alarm"),
    )  # fmt: skip


def _baseline(p: Periods, given: Any, name: str) -> tuple[Periods, int, str]:
    """The periods from the first of the baseline on, how many it has, and that in words."""
    first, there = 0, len(p.names)
    if given is None:
        base = min(LONGEST, there // 2)
    elif isinstance(given, (tuple, list)) and len(given) == 2:
        first, last = (_place(p, g) for g in given)
        base = last - first + 1
    elif isinstance(given, (int, np.integer)) and not isinstance(given, bool):
        base = int(given)
    else:
        raise DataProblem(
            f"baseline is {given!r}; give a number of periods, or its first and last, as ('2024-01-01', '2024-03-31')"
        )
    if base < LEAST or first + base >= there:
        many = f"{there} {p.every}{'s' * (there != 1)}"
        raise DataProblem(
            f"a chart needs at least {LEAST} {p.every}s of baseline and one after it; {name} has {many} "
            f"({p.names[0]} to {p.names[-1]}), and the baseline would have {max(base, 0)}. Take shorter periods with "
            "every=, or cx.trend and cx.changes, which need no baseline"
        )
    said = "chosen" if given is None else "as asked"
    return (
        p.since(first),
        base,
        f"baseline ({said}): {p.names[first]} to {p.names[first + base - 1]}, {base} {p.every}s",
    )


def _place(p: Periods, given: Any) -> int:
    """The place of a period that somebody named."""
    if len(p.dates):
        when = pd.to_datetime(str(given), errors="coerce")
        k = int(p.dates.searchsorted(when, side="right")) - 1 if pd.notna(when) else -1
        if k < 0 or pd.isna(when):
            raise DataProblem(f"baseline names {given!r}; the {p.every}s run from {p.names[0]} to {p.names[-1]}")
        return k
    names = [str(n) for n in p.names]
    if str(given) not in names:
        raise DataProblem(f"baseline names {given!r}; there are: {', '.join(names[:20])}")
    return names.index(str(given))


def _table(p: Periods, w: Watched, s: chart_rules.Signals, base: int, single: float) -> pd.DataFrame:
    """One row a series and period."""
    k, t = p.y.shape
    alarm = np.where(s.side > 0, "higher", np.where(s.side < 0, "lower", "")).astype(object)
    alarm = np.where(np.arange(t) < base, "baseline", alarm)
    alarm = np.where(~w.there, "none", alarm)
    if p.last_incomplete:
        alarm[:, -1] = np.where(p.n[:, -1] > 0, "incomplete", "none")
    alarm[~w.usable] = "none"
    table = p.labels.loc[p.labels.index.repeat(t)].reset_index(drop=True)
    flat = lambda x: np.asarray(x).ravel()  # noqa: E731
    return table.assign(
        period=p.names * k, n=p.told(), estimate=flat(p.y), expected=flat(w.expected),
        low=flat(w.expected - single * w.sd), high=flat(w.expected + single * w.sd), z=flat(w.z),
        statistic=flat(s.statistic), alarm=flat(alarm),
    )  # fmt: skip


def _rule(chart: Chart, limit: float) -> str:
    return {
        "ewma": f"EWMA of weight {chart.weight:g}, limit {limit:.3f} of its standard deviations",
        "cusum": f"two-sided CUSUM, reference value {run_length.REFERENCE}, limit {limit:.3f}",
        "shewhart": f"single periods beyond {limit:.3f} standard deviations",
    }[chart.rule]


def _budget(facts: tuple[Budget, float, float, int]) -> str:
    bought, looks, arl, k = facts
    return (
        f"{bought.said} over {k} chart{'s' * (k != 1)} of {looks:.0f} looks each, so each runs {arl:,.0f} looks on "
        "average without one"
    )


def _said(
    p: Periods, w: Watched, found: pd.DataFrame, charts: pd.DataFrame, asked: tuple[str, float, int]
) -> list[str]:
    """What the charts say, in sentences."""
    unit, shift, base = asked
    watched = int(w.there[w.usable, base:].any(0).sum())
    out = [alarms.sentence(row, p, unit) for _, row in found.head(10).iterrows()]
    if not len(found):
        out.append(
            f"No alarm in {watched} {p.every}{'s' * (watched != 1)} with answers after the baseline: nothing here is "
            "more than chance and its season"
        )
    elif len(found) > 10:
        out.append(f"{len(found) - 10} more alarms; parts['alarms'] has all {len(found)}")
    size, slow = show(shift, difference(unit)), charts["delay"].max()
    which = f" ({p.called(int(charts['delay'].idxmax()))}: {slow:.1f})" if len(charts) > 1 else ""
    middle = charts["delay"].median()
    out.append(f"A fall of {size} that lasts is noticed after {middle:.1f} {p.every}s with answers, on average{which}")
    if p.last_incomplete:
        out.append(f"The last {p.every}, from {p.names[-1]}, had not ended with the last answer: it is not judged")
    return out
