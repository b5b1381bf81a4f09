"""What each period of each series is held against: level, weekday, season, mix, day effect and sampling error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlab.data.study import Study
from cxlab.models.metrics import scan
from cxlab.models.metrics.scores import Score
from cxlab.models.monitoring import standstill, time_series
from cxlab.models.monitoring.chart import Chart
from cxlab.models.monitoring.time_series import PERIOD, Periods
from cxlab.problem import DataProblem
from cxlab.stats.counts.names import key
from cxlab.stats.inference import design_variance
from cxlab.stats.monitoring import chart_rules, innovations
from cxlab.stats.monitoring.innovations import Stream

WEEKS = 4
"""Weeks of days that a baseline needs before weekdays count as expected."""
HARMONICS = 2
LEAST = 8
BRIDGE = 0.01
"""A baseline is restless where its largest cumulative deviation has a probability below this, over all charts."""


@dataclass(frozen=True)
class Watched:
    """What is expected of every period, (series, periods).

    ``there`` : periods that are judged (or are the baseline). ``usable`` : (series,) with a baseline.
    ``v`` : variance of a single period without the day effect. ``tau2``, ``rho`` : the day effect of each series.
    """

    expected: NDArray
    sd: NDArray
    z: NDArray
    v: NDArray
    there: NDArray
    usable: NDArray
    tau2: NDArray
    rho: NDArray
    notes: tuple[str, ...]


def watched(study: Study, score: Score, by: Sequence[str], p: Periods, base: int, chart: Chart) -> Watched:
    """Return what is expected of every period."""
    there = standstill.judged(p)
    ago, error = np.zeros(p.y.shape), np.zeros(p.y.shape)
    if p.year_ago is not None:
        ago, error = p.year_ago
        there &= np.isfinite(ago) & np.isfinite(error)
        ago = np.where(there, ago, 0.0)
    usable = (there[:, :base].sum(1) >= LEAST) & there[:, base:].any(1)
    v = np.where(there, p.v + error, np.inf)
    x, notes = _columns(p, base, chart, there[usable])
    moved, said = _mix(study, score, by, p, base, chart)
    notes += said
    if p.year_ago is not None:
        moved = moved + ago
        notes.append(f"the same {p.every} last year counts as expected, with its sampling error")
    y = np.where(there, p.y - moved, 0.0)
    if chart.kind == "innovation":
        x = np.broadcast_to(x, (*y.shape, x.shape[-1]))
        found = innovations.judge(Stream(y[usable], v[usable], x[usable]), base)
        parts = (found.expected, found.sd, found.z, found.tau2, found.rho)
        expected, sd, z, tau2, rho = (_spread(a, usable) for a in parts)
    else:
        expected, sd, z, v = _classic(y, v, there, base, chart.kind)
        tau2, rho = np.zeros(len(y)), np.zeros(len(y))
    notes += _restless(p, z, there, base, usable)
    wander = usable & (rho >= innovations.MOST)
    if wander.any():
        notes.append(
            f"{int(wander.sum())} of {len(usable)} baselines do not exclude that a {p.every} resembles the one before "
            f"by {innovations.MOST:g}: changes are noticed late there, with a longer baseline sooner"
        )
    still = standstill.still(p)
    lost, same = int((~usable & ~still).sum()), int((~usable & still).sum())
    if lost and usable.any():
        notes.append(f"{lost} of {len(usable)} series have too few {p.every}s with answers and are not watched")
    if same and usable.any():
        notes.append(f"{same} of {len(usable)} series have one value throughout: nothing varies, nothing is watched")
    blank = lambda a: np.where(there & usable[:, None], a, np.nan)  # noqa: E731
    return Watched(blank(expected + moved), blank(sd), blank(z), v, there, usable, tau2, rho, tuple(notes))


def _spread(a: NDArray, usable: NDArray) -> NDArray:
    """Values of the usable series at their place among all."""
    out = np.full((len(usable), *a.shape[1:]), np.nan)
    out[usable] = a
    return out


def _classic(y: NDArray, v: NDArray, there: NDArray, base: int, kind: str) -> tuple[NDArray, ...]:
    """Expected value, standard deviation, z and variance of the charts people know."""
    z, centre = chart_rules.plain(np.where(there, y, np.nan), v, base)
    factor = chart_rules.moving_range(z[:, :base]) if kind == "laney" else np.ones(len(z))
    v = v * (factor**2)[:, None]
    return np.broadcast_to(centre[:, None], y.shape), np.sqrt(v), z / factor[:, None], v


def _columns(p: Periods, base: int, chart: Chart, there: NDArray) -> tuple[NDArray, list[str]]:
    """The columns of the expected value, (periods, columns), and what is said of them."""
    columns, notes = [np.ones(len(p.names))], []
    if chart.kind != "innovation":
        return np.column_stack(columns), notes
    if p.every == "day" and base >= 7 * WEEKS:
        weekday = p.dates.day_of_week.to_numpy()
        seen = np.array([there[:, :base][:, weekday[:base] == d].any() for d in range(7)])
        if seen.sum() > 1:
            kept = np.flatnonzero(seen)
            columns += [(weekday == d).astype(float) for d in kept[1:]]
            notes.append(f"weekdays count as expected (their effects on {base} days of baseline)")
    if chart.season is True:
        if not len(p.dates) or base * time_series.DAYS[p.every] < 365:
            raise DataProblem(
                "season is asked for and the baseline is shorter than a year; a season can be told from a change only "
                "with a whole year before: lengthen baseline=, or leave season out"
            )
        angle = 2 * np.pi * p.dates.day_of_year.to_numpy() / 365.25
        columns += [f(k * angle) for k in range(1, HARMONICS + 1) for f in (np.sin, np.cos)]
        notes.append(f"the season counts as expected ({HARMONICS} harmonics of the year, from the baseline)")
    return np.column_stack(columns), notes


def _mix(
    study: Study, score: Score, by: Sequence[str], p: Periods, base: int, chart: Chart
) -> tuple[NDArray, list[str]]:
    """What the changed shares of the mix columns alone do to the metric, from levels of the baseline."""
    if not chart.mix:
        return np.zeros(p.y.shape), []
    for name in chart.mix:
        study.field(name)
    column = time_series.time_column(study, chart.wave)
    cut, _ = time_series.cut(study, column, p.every)
    columns, sums, _ = scan.scored(cut, score, [*by, PERIOD, *chart.mix])
    cells = design_variance.linearised(sums, ["item", *map(key, columns)])
    cells = cells[(cells["n"] > 0) & cells[key(PERIOD)].notna()].reset_index(drop=True)
    series, place = time_series.placed(cut, by, cells, p)
    inside = (series >= 0) & (place >= 0) & (place < len(p.names))
    cells, series, place = cells[inside], series[inside], place[inside]
    group = pd.MultiIndex.from_frame(cells[[key(c) for c in chart.mix]].astype(str)).factorize()[0]
    t, w = cells["estimate"].to_numpy(float) * score.factor, cells["w"].to_numpy(float)
    shape = (*p.y.shape, group.max() + 1)
    weights, totals = np.zeros(shape), np.zeros(shape)
    np.add.at(weights, (series, place, group), w)
    np.add.at(totals, (series, place, group), w * t)
    first = slice(0, base)
    with np.errstate(invalid="ignore", divide="ignore"):
        level = totals[:, first].sum(1) / weights[:, first].sum(1)  # (series, groups)
        usual = weights[:, first].sum(1) / weights[:, first].sum((1, 2))[:, None]
        share = weights / weights.sum(2, keepdims=True)
    mean = np.nansum(usual * np.nan_to_num(level), axis=1)
    gap = np.where(np.isfinite(level), level - mean[:, None], 0)
    moved = np.einsum("stg,sg->st", np.nan_to_num(share - usual[:, None, :]), gap)
    there = weights.sum(2) > 0
    said = f"the mix of {' and '.join(chart.mix)} counts as expected: its levels are those of the baseline"
    return np.where(there, moved, 0), [said]


def _restless(p: Periods, z: NDArray, there: NDArray, base: int, usable: NDArray) -> list[str]:
    """Whether a baseline seems to hold a change itself."""
    first = np.where(there[:, :base], z[:, :base], 0.0)
    n = there[:, :base].sum(1)
    mean = first.sum(1) / np.fmax(n, 1)
    path = np.cumsum(np.where(there[:, :base], first - mean[:, None], 0), axis=1) / np.sqrt(np.fmax(n, 1))[:, None]
    far = np.sqrt(-0.5 * np.log(BRIDGE / 2 / max(int(usable.sum()), 1)))
    worst = np.fmax.reduce(np.abs(path), axis=1)
    odd = usable & (worst > far)
    out = []
    for s in np.flatnonzero(odd)[:5]:
        where = p.names[int(np.abs(path[s]).argmax())]
        who = f" of {p.called(s)}" if len(p.labels.columns) else ""
        out.append(f"The baseline{who} seems to hold a change itself, about {where}; choose another with baseline=")
    return out
