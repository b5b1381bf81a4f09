"""Promises and notices: satisfaction with the notice (or the promise kept) minus without."""

from __future__ import annotations

import numpy as np

from cxlab.hypotheses.case import Case, Evidence
from cxlab.hypotheses.estimation import alike, answered, coefficient, side_means, two_groups
from cxlab.hypotheses.simulated_answers import CONFOUNDED, SPREAD, Made, Truth, scores
from cxlab.hypotheses.trials import unanswered
from cxlab.hypotheses.without_guards import unguarded

TRUTH = Truth()


def test(case: Case) -> Evidence:
    """The difference of means of `cx.compare`, and what people without a score could make of it."""
    sample = case.sample
    y, arm = (sample.points("satisfaction", outcome=True), sample.binary("arm"))
    broken = sample.fields["arm"][0].name.lower() in ("failure", "late")
    good = 1 - arm if broken else arm
    rows = answered(case, y, good)
    two_groups(case, rows, good, "a kept promise" if broken else "a notice")
    said = ("promise kept", "promise broken") if broken else ("notice", "no notice")
    found = coefficient(case, rows, y, good, name=f"satisfaction: {said[0]} minus {said[1]}")
    silent, bounds = unanswered(case, found, y, ~np.isnan(good), good, threat="silence")
    means = side_means(case, rows, y, good, {1: said[0], 0: said[1]})
    checks = (silent, alike(case, rows, good, "before", "self-selection", y))
    notes = ("no notice was assigned here; the contrast is a promise kept or broken",) if broken else ()
    return Evidence((found,), None, (*means, *bounds), checks, "Difference of means, robust errors", notes)


def simulate(effect: float, n: int, rng: np.random.Generator, threat: str | None = None) -> Made:
    """Under 'self-selection' those content before asked for the notice; under 'silence' the discontent with a notice
    do not answer.
    """
    trait = rng.standard_normal(n)
    pull = 1.0 if threat == "self-selection" else 0.0
    arm = (pull * trait + rng.standard_normal(n) > 0).astype(float)
    y = effect / SPREAD * arm + CONFOUNDED * trait + 0.6 * rng.standard_normal(n)
    score = scores(y)
    if threat == "silence":
        score = np.where((arm == 1) & (score < 45), np.nan, score)
    columns = {"satisfaction": score, "arm": arm, "before": scores(trait + 0.5 * rng.standard_normal(n))}
    return Made(columns, "quasi-experiment" if pull else "experiment")


naive = unguarded
