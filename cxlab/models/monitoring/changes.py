"""`changes`: how many changes of level are certain, when, and how large."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlab.columns import Column, difference, show, span
from cxlab.data.arguments import public
from cxlab.data.study import Study
from cxlab.models.metrics import estimates as metrics
from cxlab.models.metrics import registry, result_words
from cxlab.models.monitoring import standstill, time_series
from cxlab.models.monitoring.chart import LAST_YEAR
from cxlab.models.monitoring.time_series import YEAR, Periods
from cxlab.problem import DataProblem, one_of
from cxlab.result import Result
from cxlab.stats.inference.trinomial import z_value
from cxlab.stats.monitoring import level_changes
from cxlab.stats.monitoring.wandering import wanders

LEAST, MOST = 4, 400
"""Periods with answers that a series needs, and has at most: the search takes the square of them."""
NOISE = {
    "estimated": "sampling variance and the variation from period to period, with an autocorrelation up to .5",
    "sampling": "sampling variance alone",
}
"""What periods may differ by without a change of level."""


@public
def changes(
    study: Study,
    metric: str,
    *,
    by: metrics.By = None,
    wave: str = "",
    every: str = "",
    noise: str = "estimated",
    season: bool | str = False,
    level: float = 0.95,
    **question: Any,
) -> Result:
    """Return how many changes of level each series has for certain, where they lie and how large they are (SMUCE).

    Fewer changes than the result names are ruled out: where nothing changes, one is found with a probability of at most
    1 - ``level`` (for each series). More there may be, too small or too short to be seen. Periods need no baseline.

    Parameters
    ----------
    metric : 'nps', 'csat', 'ces', 'mean' or 'share'; ``question`` takes what that metric takes.
    by : column(s) whose groups are a series each.
    wave : column of dates or waves; '' takes the first date of the codebook, else the study's wave.
    every : length of a period, as in `cxlab.monitor`.
    noise : 'estimated' (default): periods differ by sampling and by a variation of their own that may resemble itself
        from one to the next: an autocorrelation up to .5 is allowed for; where more tells the series better than steps
        (BIC), no change is called certain. 'sampling': by sampling alone, as waves of one design do.
    season : 'last year': changes of the difference to the same period of the year before, so that a season is none;
        ``before, after`` and the series are then differences, from the second year on. False: of the metric itself.

    Returns
    -------
    Result, one row a change (and one with ``change`` 0 for a series without): group columns, ``change`` (its number),
    ``at`` (first period of the new level) and its interval ``at_low, at_high``, ``before, after`` (levels),
    ``estimate`` (the step) with ``low, high`` given the places, ``n``. ``parts``: ``series`` with the levels.

    Raises
    ------
    DataProblem : a column or metric is not there, the noise is unknown, or a series has too few or too many
        periods.

    References
    ----------
    Frick, K., Munk, A. & Sieling, H. (2014). Multiscale change point inference. Journal of the Royal Statistical
        Society B 76, 495-580. doi:10.1111/rssb.12047

    Examples
    --------
    >>> import cxlab as cx
    >>> cx.changes(cx.load("brand-tracker"), "nps", wave="wave").table["change"].tolist()
    [0]
    """
    metrics.check_level(level)
    one_of("noise", noise, NOISE)
    groups = metrics.listed(by)
    if season not in (False, LAST_YEAR):
        raise DataProblem(f"season is {season!r}; give False or '{LAST_YEAR}'")
    score = registry.score(study, metric, question.pop("of", None), [], **question)
    p = time_series.read(study, score, groups, time_series.time_column(study, wave, score), every)
    p = p.against_last_year().on_last_year() if season else p
    there, notes = _judged(p, score.metric, study.name, noise)
    enough = there.sum(1) >= LEAST
    rows, levels, wander = [], np.full(p.y.shape, np.nan), []
    for k in np.flatnonzero(enough):
        found, own, either = _one(p, k, there[k], noise, level)
        wander += either
        rows += [(k, *r) for r in found]
        levels[k] = own
    table = _table(p, rows)
    series = p.labels.loc[p.labels.index.repeat(len(p.names))].reset_index(drop=True)
    series = series.assign(period=p.names * len(p.labels), n=p.told(), estimate=p.y.ravel(),
                           level=levels.ravel())  # fmt: skip
    return Result(
        kind="changes",
        title=f"{result_words.titled(study, score, groups)} by {p.every}: changes of level"
        + (", against last year" if season else ""),
        table=table,
        unit=difference(score.unit) if season else score.unit,
        level=level,
        method=f"{score.method}; multiscale change points (SMUCE), {NOISE[noise]}; steps: normal interval "
        "given the places" + ("; each period minus the same of the year before" if season else ""),
        notes=(*p.notes, *notes, *_said(p, table, score.unit, level, wander), *(_echoes(p, table) if season else ())),
        parts={"metric": score.metric, "by": list(p.labels), "every": p.every, "series": series,
               "labels": result_words.worded(study, score, groups)},
        columns=(
            Column("change", "count", "", "Change"), Column("at", "label", "", "At"),
            Column("at_low", "label", "", "At, earliest"), Column("at_high", "label", "", "At, latest"),
            *(Column(c, "bound" if c in ("low", "high") else "estimate", difference(score.unit), h)
              for c, h in (("estimate", "Step"), ("low", "Low"), ("high", "High"))),
        ),
        better=score.better,
    )  # fmt: skip


def _judged(p: Periods, metric: str, name: str, noise: str) -> tuple[NDArray, list[str]]:
    """Which periods are looked at, and what has to be said of series that are short."""
    there = standstill.judged(p)
    enough = there.sum(1) >= LEAST
    if said := standstill.standing(p, metric, name):
        raise DataProblem(f"{said}, so there is no change to look for")
    if not enough.any():
        raise DataProblem(
            f"changes of level need {LEAST} {p.every}s with enough answers; {name} has at most "
            f"{there.sum(1).max()} of {len(p.names)} in a series" + "".join(f". {a}" for a in p.alone)
        )
    if there.sum(1).max() > MOST:
        raise DataProblem(
            f"{name} has {there.sum(1).max()} {p.every}s with answers; the search for changes takes at most "
            f"{MOST}: take longer periods with every="
        )
    notes = []
    still = standstill.still(p)
    if (few := ~enough & ~still).any():
        notes.append(f"{int(few.sum())} series have fewer than {LEAST} {p.every}s with enough answers")
    if still.any():
        notes.append(f"{int(still.sum())} series have one value throughout: nothing varies, no change to look for")
    if noise == "estimated" and there.sum(1)[enough].min() < level_changes.SPARE:
        notes.append(
            f"of fewer than {level_changes.SPARE} {p.every}s these data cannot tell a change from a variation of the "
            f"{p.every}s"
        )
    elif noise == "estimated" and there.sum(1)[enough].min() < level_changes.SHORT:
        notes.append(
            f"of fewer than {level_changes.SHORT} {p.every}s only large changes are certain, because a variation "
            f"of the {p.every}s that resembles itself is allowed for; noise='sampling' where there is none"
        )
    return there, notes


def variance(y: NDArray, v: NDArray, noise: str) -> NDArray:
    """Return by how much periods vary about their level without a change of it.

    Parameters
    ----------
    y, v : (periods,) metric and sampling variance. ``noise`` : as in `changes`.

    The variation of the periods themselves comes from the differences of neighbours (`level_changes.variation`).
    """
    return v if noise == "sampling" else v + level_changes.variation(y, v)


def _one(p: Periods, k: int, there: NDArray, noise: str, level: float) -> tuple[list[tuple], NDArray, list[str]]:
    """The changes of a series, its level in every period, and what to say where it may wander instead."""
    at = np.flatnonzero(there)
    y, v = p.y[k, at], variance(p.y[k, at], p.v[k, at], noise)
    found, either = level_changes.changes(y, v, alpha=round(1 - level, 12)), []
    if found.at and noise == "estimated" and wanders(y, p.v[k, at], found.at):
        either = [_either(p, k, [str(p.names[at[i]]) for i in found.at])]
        found = replace(found, at=())
    cuts = [0, *found.at, len(y)]
    w = 1 / v
    mean = [np.average(y[a:b], weights=w[a:b]) for a, b in zip(cuts, cuts[1:], strict=False)]
    error = [1 / w[a:b].sum() for a, b in zip(cuts, cuts[1:], strict=False)]
    own = np.full(p.y.shape[1], np.nan)
    for a, b, m in zip(cuts, cuts[1:], mean, strict=False):
        own[at[a] : (at[b] if b < len(at) else at[-1] + 1)] = m
    n, none, nan = int(p.n[k].sum()), "", float("nan")
    if not found.at:
        return [(0, none, none, none, mean[0], mean[0], nan, nan, nan, n)], own, either
    rows = []
    for j, (c, low, high) in enumerate(zip(found.at, found.low, found.high, strict=True)):
        step, half = mean[j + 1] - mean[j], z_value(level) * np.sqrt(error[j] + error[j + 1])
        named = [str(p.names[at[i]]) for i in (c, low, high)]
        rows.append((j + 1, *named, mean[j], mean[j + 1], step, step - half, step + half, n))
    return rows, own, either


def _either(p: Periods, k: int, at: list[str]) -> str:
    who = " ".join(str(v) for v in p.labels.iloc[k]) if len(p.labels.columns) else ""
    steps = f"steps at {', '.join(at[:5])}{', ...' if len(at) > 5 else ''}" if len(at) > 1 else f"a step at {at[0]}"
    return (
        f"{who + ': ' if who else ''}{steps} would fit, but a level that wanders (each {p.every} near the one before, "
        "an autocorrelation above .5) fits better: these data cannot tell, and no change is certain"
    )


def _table(p: Periods, rows: list[tuple]) -> pd.DataFrame:
    columns = ["change", "at", "at_low", "at_high", "before", "after", "estimate", "low", "high", "n"]
    table = pd.DataFrame(rows, columns=["_k", *columns])
    labels = p.labels.iloc[table["_k"].to_numpy(int)].reset_index(drop=True)
    return pd.concat([labels, table[columns]], axis=1)


def _said(p: Periods, table: pd.DataFrame, unit: str, level: float, wander: list[str]) -> list[str]:
    """What changed, in sentences."""
    out, found = [], table[table["change"] > 0]
    for _, r in found.head(10).iterrows():
        who = " ".join(str(r[c]) for c in p.labels)
        way = "rose" if r["estimate"] > 0 else "fell"
        low, high = sorted(float(r[c]) * (1 if r["estimate"] > 0 else -1) for c in ("low", "high"))
        size = show(abs(r["estimate"]), difference(unit))
        out.append(
            f"{who + ': ' if who else ''}the level {way} by {size} ({span(low, high, difference(unit))}) at {r['at']}, "
            f"for certain between {r['at_low']} and {r['at_high']}"
        )
    out += wander
    if still := int((table["change"] == 0).sum()) - len(wander):
        who = f" in {still} of {len(p.labels)} series" if len(p.labels) > 1 else ""
        out.append(
            f"No change of level is certain{who}: one level fits what was seen; smaller changes are not ruled out"
        )
    if len(p.labels) > 1:
        out.append(
            f"Each series is judged alone: of {len(p.labels)} without a change up to {1 - level:.0%} may show one"
        )
    return out


def _echoes(p: Periods, table: pd.DataFrame) -> list[str]:
    """What follows from each period being a difference to the year before."""
    names, lag = [str(n) for n in p.names], YEAR[p.every]
    out = [f"Levels are differences to the same {p.every} of the year before, with the sampling error of both"]
    for _, rows in table[table["change"] > 0].groupby([*p.labels] or "n", sort=False):
        steps = rows.to_dict("records")
        for a, b in ((a, b) for a in steps for b in steps if a["estimate"] * b["estimate"] < 0):
            first, last = (names.index(b[c]) - lag for c in ("at_low", "at_high"))
            if first <= names.index(a["at_high"]) and names.index(a["at_low"]) <= last:
                out.append(f"The step at {b['at']} is a year after that at {a['at']}, and turns it: a change that "
                           "lasted leaves the difference to last year again after a year")  # fmt: skip
    return out
