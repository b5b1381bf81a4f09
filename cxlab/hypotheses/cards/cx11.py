"""Reviews raise the search rank: difference in differences of the top-3 share, clustered by location."""

from __future__ import annotations

import numpy as np

from cxlab.hypotheses.case import Case, Evidence
from cxlab.hypotheses.estimation import answered, coefficient, two_groups, varies
from cxlab.hypotheses.simulated_answers import Made, Truth
from cxlab.hypotheses.without_guards import unguarded

TRUTH = Truth(n=2000)


def test(case: Case) -> Evidence:
    """CX-11: difference in differences of the top-3 share, clustered by location."""
    sample = case.sample
    y, treated, after = (sample.binary("top3"), sample.binary("treated"), sample.binary("post"))
    rows = answered(case, y, treated, after)
    two_groups(case, rows, treated, "treated locations")
    varies("before and after", after[rows])
    found = coefficient(case, rows, y, treated * after, treated, after, name="top-3 share: difference in differences")
    random = case.study.codebook.design == "experiment"
    said = "the order of the roll-out was random" if random else "not testable with one period before"
    place = case.study.design.cluster
    counted = f"by {place}" if place else "no column says which location a week is of (role 'cluster')"
    checks = (
        ("parallel trends before the roll-out", said, True if random else None, "trends"),
        ("errors are counted by location", counted, True if place else None, "clustering"),
    )
    return Evidence((found,), None, (), checks, "Two-by-two difference in differences, clustered by location")


def simulate(effect: float, n: int, rng: np.random.Generator, threat: str | None = None) -> Made:
    """Under 'clustering' the weeks of a location move together; under 'trends' rising locations asked for reviews."""
    units = max(n // 20, 20)
    unit = np.arange(n) % units
    treated = (rng.permutation(units) % 2)[unit].astype(float)
    after = (np.arange(n) // units % 2).astype(float)
    shock = (0.15 if threat == "clustering" else 0.02) * rng.standard_normal((units, 2))[unit, after.astype(int)]
    rise = 0.15 * treated * after if threat == "trends" else 0.0
    p = np.clip(0.4 + effect * treated * after + rise + shock, 0, 1)
    columns = {"top3": (rng.random(n) < p).astype(float), "treated": treated, "post": after, "cluster": unit}
    return Made(columns, "quasi-experiment" if threat == "trends" else "experiment")


naive = unguarded
