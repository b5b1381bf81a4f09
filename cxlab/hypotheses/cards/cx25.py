"""Transitions hurt: points of the journey score per switch of channel."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cxlab.hypotheses.case import Case, Evidence
from cxlab.hypotheses.estimation import alike, answered, coefficient, group_means, told, varies
from cxlab.hypotheses.simulated_answers import SPREAD, Made, Truth, scores
from cxlab.hypotheses.trials import unanswered
from cxlab.hypotheses.without_guards import unguarded
from cxlab.stats.fits.marked_gaps import filled

HELD = "the number of events is held fixed: longer journeys have more switches, and are worse for other reasons"
TRUTH = Truth(value=lambda effect: -effect)


def test(case: Case) -> Evidence:
    """Points of the journey score per switch of channel, beyond the touchpoints where they are rated."""
    sample = case.sample
    y, switches = (sample.points("score", outcome=True), sample.number("switches"))
    rows = answered(case, y, switches)
    varies("the number of switches", switches[rows])
    touch, notes = (), ("no touchpoint is rated: the loss is not held apart from the quality of the touchpoints",)
    if "touchpoints" in sample:
        columns, notes = filled(sample.points("touchpoints"))
        touch = tuple(columns.T)
    if "events" in sample:
        touch, notes = (*touch, sample.number("events")), (*notes, HELD)
        rows = rows & ~np.isnan(touch[-1])
    found = coefficient(case, rows, y, switches, *touch, name="score per switch")
    gone, bounds = unanswered(case, found, y, ~np.isnan(switches), switches, *touch, threat="truncation")
    checks = (gone, alike(case, rows, switches, "difficulty", "hard-cases", y))
    shown = (*group_means(case, rows, y, switches), *bounds, *_kinds(case, rows, y, switches, touch))
    return Evidence((found,), None, shown, checks, "Slope per switch, robust errors", notes)


def _kinds(
    case: Case, rows: NDArray, y: NDArray, switches: NDArray, touch: tuple[NDArray, ...]
) -> list[dict[str, Any]]:
    """Uneven touchpoints, one channel against several, what a switch that was not smooth costs beyond a smooth one."""
    sample, out = case.sample, []
    if touch and len(touch) > 1:
        uneven = np.std(np.column_stack(touch), axis=1)
        if np.ptp(uneven[rows]) > 0:
            name = "score per point by which touchpoints are uneven, beyond their level"
            found = coefficient(case, rows, y, uneven, switches, *touch, name=name)
            out.append(told(case, found))
    any_ = (switches > 0).astype(float)
    if 0 < any_[rows].sum() < rows.sum():
        found = coefficient(case, rows, y, any_, *touch, name="score: several channels minus one")
        out.append(told(case, found))
    if "rough" in sample:
        rough = sample.number("rough")
        both = rows & ~np.isnan(rough)
        if np.ptp(rough[both]) > 0:
            found = coefficient(
                case, both, y, rough, switches, *touch, name="score per rough switch, beyond a smooth one"
            )
            out.append(told(case, found))
    return out


def simulate(effect: float, n: int, rng: np.random.Generator, threat: str | None = None) -> Made:
    """Under 'hard-cases' the hard ones switch; under 'truncation' who switched and is unhappy gives no score."""
    hard = rng.standard_normal(n)
    switches = rng.poisson(np.exp(0.5 * hard) if threat == "hard-cases" else 1.0, n).astype(float)
    good = rng.standard_normal((n, 2))
    y = -effect / SPREAD * switches - 0.6 * hard + 0.3 * good.sum(axis=1) + 0.7 * rng.standard_normal(n)
    score = scores(y, 60)
    if threat == "truncation":
        score = np.where((switches > 1) & (score < 58), np.nan, score)
    columns = {"score": score, "switches": switches, "difficulty": np.round(hard, 1), "touchpoints": scores(good)}
    return Made(columns, "quasi-experiment" if threat == "hard-cases" else "experiment")


naive = unguarded
