"""Slow where contacts are rare: elasticity of the time to effect to the contact cycle."""

from __future__ import annotations

import numpy as np

from cxlab.hypotheses.case import Case, Evidence
from cxlab.hypotheses.estimation import answered, coefficient, finding, mean, told, varies
from cxlab.hypotheses.simulated_answers import Made, Truth
from cxlab.hypotheses.without_guards import unguarded

TRUTH = Truth(claimed=1.0, n=100)

RIVAL = "time to 90 % over the contact cycle (2.30 if people notice at a contact by chance, 0.9 if by the clock)"
"""The mechanistic rival: an effect that each customer sees at the next contact; ln 10 for exponential intervals."""


def test(case: Case) -> Evidence:
    """CX-18: elasticity of the time to effect to the contact cycle."""
    with np.errstate(invalid="ignore", divide="ignore"):
        y, x = (np.log(case.sample.number("t90")), np.log(case.sample.number("cycle")))
    rows = answered(case, y, x, least=20, what="units")
    varies("the contact cycle", x[rows])
    found = coefficient(case, rows, y, x, name="elasticity of the time to 90 % to the contact cycle")
    ratio = finding(case, rows, y, RIVAL, *mean(case, rows, y - x), transform=lambda v: float(np.exp(v)))
    return Evidence((found,), shown=(told(case, ratio),), method="Log-log slope across units, robust errors")


def simulate(effect: float, n: int, rng: np.random.Generator, threat: str | None = None) -> Made:
    log = rng.normal(3, 1, n)
    noise = 0.5 * (np.exp(0.4 * (log - 3)) if threat else 1.0)
    return Made(
        {"t90": np.exp(0.8 + effect * log + noise * rng.standard_normal(n)), "cycle": np.exp(log)}, "experiment"
    )


naive = unguarded
