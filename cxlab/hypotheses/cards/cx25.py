"""Transitions hurt: points of the journey score per switch of channel."""

from __future__ import annotations

import numpy as np

from cxlab.hypotheses.case import Case, Evidence
from cxlab.hypotheses.estimation import answered, coefficient, group_means, varies
from cxlab.hypotheses.naive import unguarded
from cxlab.hypotheses.simulated_answers import SPREAD, Made, Truth, scores

TRUTH = Truth(value=lambda effect: -effect)


def test(case: Case) -> Evidence:
    """CX-25: points of the journey score per switch of channel."""
    y, switches = (case.sample.points("score", outcome=True), case.sample.number("switches"))
    rows = answered(case, y, switches)
    varies("the number of switches", switches[rows])
    found = coefficient(case, rows, y, switches, name="score per switch")
    return Evidence((found,), None, group_means(case, rows, y, switches), method="Slope per switch, robust errors")


def simulate(effect: float, n: int, rng: np.random.Generator, threat: str | None = None) -> Made:
    hard = rng.standard_normal(n)
    switches = rng.poisson(np.exp(0.5 * hard) if threat else 1.0, n).astype(float)
    y = -(0 if threat else effect / SPREAD) * switches - (0.6 * hard if threat else 0) + rng.standard_normal(n)
    return Made({"score": scores(y, 60), "switches": switches}, "cross-section" if threat else "experiment")


naive = unguarded
