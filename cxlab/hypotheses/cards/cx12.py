"""NPS varies from one day to the next: standard deviation of the true daily NPS around its course, beyond sampling."""

from __future__ import annotations

from dataclasses import replace

import narwhals as nw
import numpy as np

from cxlab.data.study import Study
from cxlab.hypotheses.case import Case, Evidence
from cxlab.hypotheses.rule import Finding
from cxlab.hypotheses.scored_answers import NotEstimable
from cxlab.hypotheses.simulated_answers import Made, Truth
from cxlab.hypotheses.without_guards import flat, larger
from cxlab.models.journeys.variation import beyond, limits, variation

TRUTH = Truth(claimed=12.0, n=3000)
DAY, DAYS = 20, 10
"""Answers a day needs, and days the test needs."""


def test(case: Case) -> Evidence:
    """The standard deviation between days of `cx.variation`, of neighbouring days alone: a trend is none."""
    day, asked = case.column("day"), case.column("recommendation")
    study, card = _by_day(case.specified, day), case.card
    found = variation(study, "nps", of=asked, by=day, course=True, least_n=DAY, level=case.level)
    days = found.parts["groups"]
    if len(days) < DAYS:
        raise NotEstimable(f"only {len(days)} days have {DAY} answers; this test needs at least {DAYS} such days")
    component = found.table.set_index("component")
    true = component.loc["true standard deviation"]
    finding = Finding(
        "standard deviation of the true NPS between days", true["estimate"], true["low"], true["high"],
        *limits(found, 1 - 2 * (1 - case.level)), side=card.side, sesoi=card.sesoi, trivial=card.trivial,
        p=beyond(found, card.sesoi), n=int(true["n"]), n_eff=float(days["n_eff"].sum()), unit=card.unit,
    )  # fmt: skip
    said = {
        "observed standard deviation of the groups": "what a dashboard shows: standard deviation of the daily NPS",
        "sampling alone": "of which sampling alone",
        "mean of the groups": "mean NPS of the days",
    }
    shown = tuple({"label": label, **component.loc[k].to_dict()} for k, label in said.items())
    return Evidence((finding,), None, shown, method=found.method, notes=found.notes)


def _by_day(study: Study, column: str) -> Study:
    """Times of day do not count."""
    if study.field(column).type != "datetime":
        return study
    return replace(study, table=study.lazy.with_columns(nw.col(column).dt.truncate("1d")).to_native())


def simulate(effect: float, n: int, rng: np.random.Generator, threat: str | None = None) -> Made:
    days = max(n // 100, 10)
    day = np.arange(n) % days
    bad, good = (0.04, 0.8) if threat == "skew" else (0.25, 0.45)
    course = 0.15 * np.linspace(-1, 1, days) if threat == "trend" else 0.0
    move = np.clip(effect / 200 * rng.standard_normal(days) + course, -bad * 0.95, min(1 - good, bad) * 0.95)[day]
    u = rng.random(n)
    score = np.where(
        u < bad - move,
        rng.integers(0, 7, n),
        np.where(u > 1 - good - move, rng.integers(9, 11, n), rng.integers(7, 9, n)),
    )
    dates = np.datetime64("2026-01-01") + day.astype("timedelta64[D]")
    return Made({"recommendation": score.astype(float), "day": dates.astype("datetime64[ns]")}, "cross-section")


def naive(case: Case) -> bool:
    """The best and the worst day differ in a t-test."""
    sample = case.sample
    score = sample.number("recommendation")
    y = flat(np.where(score >= 9, 1.0, np.where(score <= 6, -1.0, 0.0)), sample.n)
    day = np.unique(np.repeat(sample.raw["day"], sample.n.astype(int)), return_inverse=True)[1]
    means = np.bincount(day, y) / np.bincount(day)
    return larger(y[day == means.argmax()], y[day == means.argmin()])
