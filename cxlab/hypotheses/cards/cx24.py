"""Waits drive satisfaction: satisfaction per doubling of the wait, and its curve."""

from __future__ import annotations

import numpy as np

from cxlab.hypotheses.case import Case, Evidence
from cxlab.hypotheses.estimation import answered, coefficient, group_means, varies
from cxlab.hypotheses.naive import unguarded
from cxlab.hypotheses.sample import NotEstimable
from cxlab.hypotheses.simulated_answers import SPREAD, Made, Truth, scores
from cxlab.stats.counts.quantiles import quantile

TRUTH = Truth(value=lambda effect: -effect)


def test(case: Case) -> Evidence:
    """CX-24: satisfaction per doubling of the wait, and its curve."""
    sample = case.sample
    y, wait = (sample.points("satisfaction", outcome=True), sample.number("wait"))
    rows = answered(case, y, wait)
    if (wait[rows] < 0).any():
        raise NotEstimable("some waits are negative; declare their code as missing")
    varies("the wait", wait[rows])
    some = rows & (wait > 0)
    unit = float(quantile(wait[some], sample.n[some], 0.5)) / 8
    doubled = np.log2(np.fmax(wait, unit))
    found = coefficient(case, rows, y, doubled, name="satisfaction per doubling of the wait")
    lost = int(sample.n[np.isnan(y) & ~np.isnan(wait)].sum())
    checks = (("every contact with a wait has a score", f"{lost} have none (abandoned or did not answer)", lost == 0),)
    note = f"waits below {unit:.3g} (an eighth of the median) count as {unit:.3g}"
    return Evidence(
        (found,), None, group_means(case, rows, y, wait), checks, "Slope on log2 of the wait, robust errors", (note,)
    )


def simulate(effect: float, n: int, rng: np.random.Generator, threat: str | None = None) -> Made:
    log = rng.normal(5, 1, n)
    trait = 0.5 * (log - 5) if threat else 0.0
    y = -(0 if threat else effect / SPREAD) * (log - 5) - trait + rng.standard_normal(n)
    return Made({"satisfaction": scores(y), "wait": 2.0**log}, "cross-section" if threat else "experiment")


naive = unguarded
