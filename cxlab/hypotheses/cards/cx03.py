"""Trial of further products: probability of a new category on the standardised score."""

from __future__ import annotations

import numpy as np

from cxlab.hypotheses.case import Case, Evidence
from cxlab.hypotheses.estimation import answered, coefficient, standardised
from cxlab.hypotheses.naive import unguarded
from cxlab.hypotheses.simulated_answers import Made, Truth, once_each, scores

TRUTH = Truth()


def test(case: Case) -> Evidence:
    """CX-03: probability of a new category on the standardised score."""
    sample = case.sample
    y, score = (sample.binary("adopted"), sample.points("score"))
    rows = answered(case, y, score)
    z = standardised(np.where(rows, score, np.nan), sample.n * sample.w)
    found = coefficient(case, rows, y, z, name="new category per standard deviation of the score")
    return Evidence((found,), method="Linear probability model, robust errors (average marginal effect)")


def simulate(effect: float, n: int, rng: np.random.Generator, threat: str | None = None) -> Made:
    z = rng.standard_normal(n)
    p = np.clip(0.15 + (0.05 if threat else effect) * z, 0, 1)
    columns = {"score": scores(z), "adopted": (rng.random(n) < p).astype(float), **once_each(n)}
    return Made(columns, "cross-section" if threat else "panel", roles={"adopted": "operation"})


naive = unguarded
