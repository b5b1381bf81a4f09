"""Satisfied customers come back: hazard of leaving, or loyalty score, per 10 points of satisfaction; and the curve."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cxlab.hypotheses.case import Case, Evidence
from cxlab.hypotheses.estimation import answered, coefficient, design, finding, group_means, row, varies
from cxlab.hypotheses.naive import unguarded
from cxlab.hypotheses.rule import Finding
from cxlab.hypotheses.sample import NotEstimable
from cxlab.hypotheses.simulated_answers import Made, Truth, once_each, scores
from cxlab.stats.fits.glm import glm

TRUTH = Truth(claimed=0.19, boundary=0.0943)


HAZARD = 0.0943


def test(case: Case) -> Evidence:
    """CX-15: hazard of leaving, or loyalty score, per 10 points of satisfaction; and the curve."""
    sample = case.sample
    satisfaction = sample.points("satisfaction") / 10
    field = sample.fields["behaviour"][0]
    y = sample.points("behaviour", outcome=True)
    rows = answered(case, y, satisfaction)
    varies("satisfaction", satisfaction[rows])
    if set(np.unique(y[rows])) == {0.0, 100.0} and sample.spec.scale == "linear":
        found = _hazard(case, rows, 1 - y / 100, satisfaction)
        method = "Log hazard of leaving (complementary log-log), robust errors"
    else:
        found = coefficient(case, rows, y, satisfaction, name="loyalty (0 to 100) per 10 points of satisfaction")
        method = "Linear slope, robust errors"
    centred = satisfaction - 5
    bend = coefficient(case, rows, y, centred**2, centred, name="curvature per 10 points squared", sesoi=0.0)
    shown = (
        row(case, "curvature (negative: decreasing returns)", bend.value, bend.se, bend.df, bend.n),
        *group_means(case, rows, y, 10 * satisfaction),
    )
    behaviour = field.measure in ("churn", "spend") or field.role == "operation"
    notes = () if behaviour else ("the outcome is an intention, from the same questionnaire",)
    return Evidence((found,), None, shown, method=method, notes=notes)


def _hazard(case: Case, rows: NDArray, left: NDArray, x: NDArray) -> Finding:
    """Complementary log-log regression of leaving; minus the log hazard ratio, robust errors."""
    s = case.sample
    fit = glm(design(case, rows, x), left[rows], s.n[rows], s.w[rows], *s.units(rows), model="cloglog")
    if not fit.converged:
        raise NotEstimable("the hazard has no maximum: everybody above (or below) some score left, or nobody did")
    value, se, df = fit.contrast(-np.eye(len(fit.b))[1])
    name = "minus log hazard ratio of leaving per 10 points of satisfaction"
    return finding(case, rows, left, name, value, se, df, sesoi=HAZARD, unit="")


def simulate(effect: float, n: int, rng: np.random.Generator, threat: str | None = None) -> Made:
    """``effect``: minus the log hazard ratio of leaving per 10 points."""
    s = scores(1.5 * rng.standard_normal(n))
    rate = 0.1 * np.exp(-(0.2 if threat else effect) * (s - 50) / 10)
    columns = {"satisfaction": s, "behaviour": (rng.random(n) < -np.expm1(-rate)).astype(float), **once_each(n)}
    return Made(columns, "cross-section" if threat else "panel")


naive = unguarded
