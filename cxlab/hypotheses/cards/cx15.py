"""Satisfied customers come back: hazard of leaving, or loyalty score, per 10 points of satisfaction; and the curve."""

from __future__ import annotations

import numpy as np

from cxlab.hypotheses.case import Case, Evidence
from cxlab.hypotheses.estimation import answered, coefficient, design, finding, group_means, row, varies
from cxlab.hypotheses.naive import unguarded
from cxlab.hypotheses.rule import Finding
from cxlab.hypotheses.simulated_answers import Made, Truth, once_each, scores

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


def _hazard(case: Case, rows, left, x) -> Finding:
    """Complementary log-log regression of leaving by Fisher scoring; minus the log hazard ratio, robust errors."""
    sample = case.sample

    n, w, c = (sample.n[rows], sample.w[rows], None if sample.c is None else sample.c[rows])
    d, y = (design(case, rows, x), left[rows])
    share = np.clip(np.average(y, weights=n * w), 1e-06, 1 - 1e-06)
    b = np.zeros(d.shape[1])
    b[0] = np.log(-np.log1p(-share))
    for _ in range(60):
        rate = np.exp(np.clip(d @ b, -30, 4))
        p = np.clip(-np.expm1(-rate), 1e-10, 1 - 1e-10)
        slope = rate * (1 - p)
        curve = n * w * slope**2 / (p * (1 - p))
        bread = np.linalg.pinv(d.T @ (d * curve[:, None]), hermitian=True)
        step = bread @ (d.T @ (n * w * slope * (y - p) / (p * (1 - p))))
        b = b + np.clip(step, -2, 2)
        if np.abs(step).max() < 1e-10:
            break
    u = d * (w * slope * (y - p) / (p * (1 - p)))[:, None]
    if c is None:
        h = np.fmin(curve / n * np.einsum("ij,jk,ik->i", d, bread, d), 0.999)
        u = u / (1 - h)[:, None]
        meat, df = ((u * n[:, None]).T @ u, n.sum() - d.shape[1])
    else:
        sums = np.zeros((c.max() + 1, d.shape[1]))
        np.add.at(sums, c, u * n[:, None])
        m = len(np.unique(c))
        meat, df = (sums.T @ sums * m / (m - 1), m - 1)
    v = bread @ meat @ bread
    return finding(
        case,
        rows,
        left,
        "minus log hazard ratio of leaving per 10 points of satisfaction",
        -float(b[1]),
        float(np.sqrt(v[1, 1])),
        float(df),
        sesoi=HAZARD,
        unit="",
    )


def simulate(effect: float, n: int, rng: np.random.Generator, threat: str | None = None) -> Made:
    """``effect``: minus the log hazard ratio of leaving per 10 points."""
    s = scores(1.5 * rng.standard_normal(n))
    rate = 0.1 * np.exp(-(0.2 if threat else effect) * (s - 50) / 10)
    columns = {"satisfaction": s, "behaviour": (rng.random(n) < -np.expm1(-rate)).astype(float), **once_each(n)}
    return Made(columns, "cross-section" if threat else "panel")


naive = unguarded
