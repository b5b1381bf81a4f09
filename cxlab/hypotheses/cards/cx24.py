"""Waits drive satisfaction: satisfaction per doubling of the wait, and its curve."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cxlab.hypotheses.case import Case, Evidence
from cxlab.hypotheses.estimation import alike, answered, coefficient, group_means, row, told, varies
from cxlab.hypotheses.scored_answers import NotEstimable
from cxlab.hypotheses.simulated_answers import SPREAD, Made, Truth, scores
from cxlab.hypotheses.trials import unanswered
from cxlab.hypotheses.without_guards import unguarded
from cxlab.models.journeys.dose_response import doublings, given_up
from cxlab.stats.counts.quantiles import quantile

TRUTH = Truth(value=lambda effect: -effect)
STAY = 35.0
"""Under 'hang-ups' those less satisfied than this, and so far from the middle as they waited, are gone."""


def test(case: Case) -> Evidence:
    """The slope of `cx.journeys.dose_response` in points of 100, and what those who hung up could make of it."""
    sample = case.sample
    y, wait = (sample.points("satisfaction", outcome=True), sample.number("wait"))
    rows = answered(case, y, wait)
    if (wait[rows] < 0).any():
        raise NotEstimable("some waits are negative; declare their code as missing")
    varies("the wait", wait[rows])
    _, floor = doublings(wait[rows], sample.n[rows])
    doubled = np.log2(np.fmax(wait, floor))
    found = coefficient(case, rows, y, doubled, name="satisfaction per doubling of the wait")
    gone, bounds = unanswered(case, found, y, wait >= 0, doubled, threat="hang-ups")
    checks = (gone, alike(case, rows, doubled, "before", "self-selection", y))
    note = f"waits below {floor:.3g} (an eighth of the median) count as {floor:.3g}"
    shown = (*group_means(case, rows, y, wait), *_bend(case, rows, y, doubled, wait), *bounds, *_given_up(case, wait))
    return Evidence((found,), None, shown, checks, "Slope on log2 of the wait, robust errors", (note,))


def _bend(case: Case, rows: NDArray, y: NDArray, doubled: NDArray, wait: NDArray) -> tuple[dict[str, Any], ...]:
    """By how much the slope differs beyond the median wait: 0 where there is no threshold near it."""
    middle = float(quantile(doubled[rows], case.sample.n[rows], np.array([0.5]))[0])
    beyond = np.fmax(doubled - middle, 0.0)
    if not (doubled[rows] < middle).any() or not np.ptp(beyond[rows]) > 0:
        return ()
    at = float(quantile(wait[rows], case.sample.n[rows], np.array([0.5]))[0])
    f = coefficient(case, rows, y, beyond, doubled, name=f"per doubling beyond a wait of {at:.3g}, less that before it")
    return (told(case, f),)


def _given_up(case: Case, wait: NDArray) -> tuple[dict[str, Any], ...]:
    """How many give up in a unit of the wait: abandonments over all that was waited, the hazard of leaving."""
    sample = case.sample
    if "abandoned" not in sample:
        return ()
    gone = sample.binary("abandoned")
    rows = ~np.isnan(gone) & (wait >= 0)
    hazard = given_up(gone[rows], wait[rows], sample.counted(rows))
    if hazard is None:
        return ()
    return (row(case, "given up per unit of the wait (hazard)", *hazard, sample.n[rows].sum()),)


def simulate(effect: float, n: int, rng: np.random.Generator, threat: str | None = None) -> Made:
    """Under 'self-selection' a queue's load was no accident: the unhappy called when it was long. Under 'hang-ups' who
    waits long and is unhappy gives no score.
    """
    log, trait = rng.normal(5, 1, n), rng.standard_normal(n)
    if threat == "self-selection":
        log = 5 + 0.6 * trait + 0.8 * rng.standard_normal(n)
    y = -effect / SPREAD * (log - 5) - 0.6 * trait + 0.8 * rng.standard_normal(n)
    score = scores(y)
    if threat == "hang-ups":
        score = np.where((log > 5) & (score < STAY + 12 * (log - 5)), np.nan, score)
    columns = {"satisfaction": score, "wait": 2.0**log, "before": scores(-trait + 0.5 * rng.standard_normal(n))}
    return Made(columns, "quasi-experiment" if threat == "self-selection" else "experiment")


naive = unguarded
