"""Cheaper to support: relative change of cost per standard deviation (Poisson pseudo-likelihood)."""

from __future__ import annotations

import numpy as np

from cxlab.hypotheses.case import Case, Evidence
from cxlab.hypotheses.estimation import answered, design, finding, standardised
from cxlab.hypotheses.naive import unguarded
from cxlab.hypotheses.sample import NotEstimable
from cxlab.hypotheses.simulated_answers import Made, Truth, once_each, scores
from cxlab.stats.fits.glm import glm

TRUTH = Truth(value=lambda effect: -effect)


def test(case: Case) -> Evidence:
    """CX-22: relative change of cost per standard deviation (Poisson pseudo-likelihood)."""
    sample = case.sample
    cost, score = (sample.number("cost"), sample.points("score"))
    rows = answered(case, cost, score)
    if (cost[rows] < 0).any():
        raise NotEstimable("some costs are negative; a relative change needs costs of zero or more")
    z = standardised(np.where(rows, score, np.nan), sample.n * sample.w)
    fit = glm(design(case, rows, z), cost[rows], sample.n[rows], sample.w[rows], *sample.units(rows), model="poisson")
    if not fit.converged:
        raise NotEstimable("the relative change of cost has no maximum in these data")
    b, se, df = fit.contrast(np.eye(len(fit.b))[1])
    found = finding(
        case,
        rows,
        cost,
        "cost per standard deviation of the score, relative change",
        b,
        se,
        df,
        transform=lambda v: float(np.expm1(v)),
    )
    return Evidence((found,), method="Poisson pseudo-maximum likelihood, robust errors")


def simulate(effect: float, n: int, rng: np.random.Generator, threat: str | None = None) -> Made:
    z = rng.standard_normal(n)
    mean = np.exp(3 + np.log1p(-0.1 if threat else -effect) * z)
    columns = {"score": scores(z), "cost": mean * rng.gamma(4.0, 0.25, n), **once_each(n)}
    return Made(columns, "cross-section" if threat else "panel")


naive = unguarded
