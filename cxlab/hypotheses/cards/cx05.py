"""One failure spoils the whole: gain of the worst touchpoint over all of them; exponent of the generalised mean."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cxlab.hypotheses.case import Case, Evidence
from cxlab.hypotheses.cross_validation import HOW, beyond_curves, validate
from cxlab.hypotheses.estimation import about, answered, fit, row
from cxlab.hypotheses.rule import Finding, from_t
from cxlab.hypotheses.simulated_answers import SPREAD, Made, Truth, scores, touchpoints
from cxlab.hypotheses.without_guards import flat, larger
from cxlab.models.drivers.one_failure import one_failure
from cxlab.stats.fits.marked_gaps import filled

TRUTH = Truth(claimed=0.06, loss=0.55)
EXPONENT = "1 minus the exponent of the generalised mean (above 0: nearer the worst than the mean)"
MOST = 1.5
"""A bad half of a touchpoint's scale may cost so many times what its good half brings before it is called a penalty."""


def test(case: Case) -> Evidence:
    """R² out of sample gained by the worst answer; the exponent of `cx.one_failure`; penalties against rewards."""
    y, answers = case.sample.points("overall", outcome=True), case.sample.points("touchpoints")
    enough = np.isfinite(answers).sum(axis=1) >= 2
    rows = answered(case, np.where(enough, y, np.nan))
    touch, notes = filled(answers)
    worst = np.where(enough, np.fmin.reduce(answers, axis=1), 50.0) - 50
    best = np.where(enough, np.fmax.reduce(answers, axis=1), 50.0) - 50
    t = list(range(touch.shape[1]))
    models = {"touchpoints": t, "worst": [*t, len(t)], "best": [*t, len(t) + 1]}
    v = validate(case, rows, y, np.column_stack([touch, worst, best]), models)
    carry = about(case, rows, y)
    gain = v.gained(case, "R² gained by the worst touchpoint over all touchpoints", "worst", "touchpoints", carry)
    model = one_failure(
        case.specified,
        case.column("overall"),
        drivers=list(case.slots["touchpoints"]),
        level=case.level,
        seed=case.seed,
    )
    rising, falling, check = _penalty(case, rows, y, answers)
    shown = (
        row(case, "R² out of sample: all touchpoints", *v.level("touchpoints"), carry["n"]),
        row(case, "R² gained by the best touchpoint", *v.gain("best", "touchpoints"), carry["n"]),
        row(case, "points per 10 points of a touchpoint below the middle of its scale (mean)", *falling, carry["n"]),
        row(case, "points per 10 points of a touchpoint above the middle of its scale (mean)", *rising, carry["n"]),
    )
    exponent = _exponent(case, model.table.iloc[0], carry)
    what = "a curve of each touchpoint could not feign it"
    curve = beyond_curves(case, gain, rows, y, touch, worst[:, None], what=what)
    return Evidence(
        (gain, exponent), None, shown, (check, curve), f"{HOW}; {model.method}", (*notes, *model.notes[:-1])
    )


def _exponent(case: Case, found: object, carry: dict) -> Finding:
    """One minus the exponent of `cx.one_failure`, with its interval; p is one-sided."""
    value, low, high = 1 - found.estimate, 1 - found.high, 1 - found.low
    p = found.p / 2 if value > 0 else 1 - found.p / 2
    return Finding(EXPONENT, value, low, high, low, high, p=p, **carry | {"sesoi": 0.0, "trivial": 0.0})


def _penalty(case: Case, rows: NDArray, y: NDArray, answers: NDArray) -> tuple:
    """Mean slopes of the touchpoints above and below the middle of their scales, and whether penalties are ruled out.

    One line for each half of each touchpoint (Brandt 1987), not answered a level of its own. Ruled out: the bad half
    costs surely less than `MOST` times what the good half brings.
    """
    gaps = np.isnan(answers)
    bad, good = np.fmin(answers - 50, 0) / 10, np.fmax(answers - 50, 0) / 10
    marks = gaps[:, gaps[rows].any(axis=0)].astype(float)
    model = fit(case, rows, y, *np.where(gaps, 0, bad).T, *np.where(gaps, 0, good).T, *marks.T)
    k = answers.shape[1]
    below, above = np.zeros((2, len(model.b)))
    below[1 : 1 + k], above[1 + k : 1 + 2 * k] = 1 / k, 1 / k
    apart = from_t("", *model.contrast(below - MOST * above), level=case.level)
    down, up = model.contrast(below), model.contrast(above)
    said = f"10 points below the middle of the scale cost {down[0]:.1f}, 10 points above it bring {up[0]:.1f}"
    holds = bool(apart.inner_high < 0)
    what = f"bad answers cost less than {MOST:g} times what good ones bring"
    return up, down, (what, said, holds, "penalty")


def simulate(effect: float, n: int, rng: np.random.Generator, threat: str | None = None) -> Made:
    """``effect``: share of the outcome's variance that the worst touchpoint adds to all of them.

    Under 'penalty' bad answers cost three times what good ones bring and the worst adds nothing of its own; under
    'ceiling' the outcome, under 'top-answers' the touchpoints hardly leave their best answers; under 'curve' each
    touchpoint brings less the better it is.
    """
    t, _ = touchpoints(n, rng, 4, 0.2)
    low = t.min(axis=1)
    x = np.column_stack([np.ones(n), t])
    extra = low - x @ np.linalg.lstsq(x, low, rcond=None)[0]
    base = np.where(t < 0, 3 * t, t).sum(axis=1) if threat == "penalty" else t.mean(axis=1)
    base = -np.exp(-0.8 * t).sum(axis=1) if threat == "curve" else base
    y = np.sqrt(0.5) * (base - base.mean()) / base.std() + np.sqrt(0.5 - effect) * rng.standard_normal(n)
    y = y + np.sqrt(effect) * extra / extra.std()
    overall = np.clip(np.round(50 + SPREAD * y), 0, 62 if threat == "ceiling" else 100)
    touch = np.clip(np.round(85 + 2 * SPREAD * t), 0, 100) if threat == "top-answers" else scores(t)
    return Made({"overall": overall, "touchpoints": touch})


def naive(case: Case) -> bool:
    """The overall score is lower where any touchpoint is bad."""
    sample = case.sample
    y, t = flat(sample.points("overall"), sample.n), flat(sample.points("touchpoints"), sample.n)
    bad = np.nanmin(t, axis=1) < np.nanmedian(np.nanmin(t, axis=1))
    return larger(y[~bad], y[bad])
