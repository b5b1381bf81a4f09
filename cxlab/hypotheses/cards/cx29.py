"""Outcome goals and champions: difference of unit means between arms (Welch), the unit being what was randomised."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cxlab.hypotheses.case import Case, Evidence
from cxlab.hypotheses.estimation import answered, finding, told, two_groups
from cxlab.hypotheses.rule import Finding
from cxlab.hypotheses.simulated_answers import SPREAD, Made, Truth, scores
from cxlab.hypotheses.trials import unanswered
from cxlab.hypotheses.without_guards import larger
from cxlab.models.pilots.arms_of_units import difference

TRUTH = Truth()


def test(case: Case) -> Evidence:
    """Welch's t of unit means, and what customers without a score could make of it."""
    sample = case.sample
    y, arm = (sample.points("score", outcome=True), sample.binary("arm"))
    unit = sample.names("unit")
    there = ~np.isnan(arm) & (unit != "")
    rows = answered(case, np.where(there, y, np.nan), arm)
    two_groups(case, rows, arm, "the arm")
    found, units = _difference(case, rows, y, arm, unit)
    again = lambda filled: _difference(case, there, filled, arm, unit)[0]  # noqa: E731
    chosen, bounds = unanswered(case, found, y, there, arm, threat="gaming", again=again)
    asked = _asked(case, there, y, arm, unit)
    checks = (chosen, ("number of units", f"{units[0]} and {units[1]}", sum(units) >= 20))
    return Evidence((found,), None, (*bounds, *asked), checks, "Welch's t on unit means (cluster-randomised)")


def _asked(case: Case, there: NDArray, y: NDArray, arm: NDArray, unit: NDArray) -> tuple[dict[str, Any], ...]:
    """Whether units with the goal have scores of fewer customers: a sign that they choose whom they ask."""
    answered_ = (~np.isnan(y)).astype(float)
    if not np.ptp(answered_[there]) > 0:
        return ()
    f, _ = _difference(case, there, answered_, arm, unit)
    return (told(case, replace(f, name="share of customers with a score: units with the goal minus without")),)


def _difference(case: Case, rows: NDArray, y: NDArray, arm: NDArray, unit: NDArray) -> tuple[Finding, tuple[int, int]]:
    """Mean of the units with the goal minus mean of those without, and how many there are."""
    arms = difference(y[rows], arm[rows], unit[rows], case.sample.counted(rows).mass)
    many = arms.treated, arms.others
    name = "score: units with the outcome goal minus without"
    return finding(case, rows, y, name, *arms.told, n_eff=float(sum(many))), many


def simulate(effect: float, n: int, rng: np.random.Generator, threat: str | None = None) -> Made:
    """Under 'clustering' customers of a unit resemble each other; under 'gaming' units with the goal do not ask the
    discontent.
    """
    units = max(n // 50, 10)
    unit = np.arange(n) % units
    arm = (rng.permutation(units) % 2)[unit].astype(float)
    alike = 0.5 if threat == "clustering" else 0.1
    score = scores(effect / SPREAD * arm + alike * rng.standard_normal(units)[unit] + rng.standard_normal(n))
    if threat == "gaming":
        score = np.where((arm == 1) & (score < 46), np.nan, score)
    return Made({"score": score, "arm": arm, "unit": unit}, "experiment")


def naive(case: Case) -> bool:
    """Customers with the goal score higher in a t-test that counts each customer."""
    s = case.sample
    y, arm = np.repeat(s.points("score"), s.n.astype(int)), np.repeat(s.binary("arm"), s.n.astype(int))
    there = ~np.isnan(y)
    return larger(y[there & (arm == 1)], y[there & (arm == 0)])
