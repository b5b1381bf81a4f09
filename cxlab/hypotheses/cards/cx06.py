"""The end decides: standardised weight of the last stage minus the mean weight of the others."""

from __future__ import annotations

import numpy as np

from cxlab.hypotheses.case import Case, Evidence
from cxlab.hypotheses.estimation import answered, finding, fit, row, standardised
from cxlab.hypotheses.naive import unguarded
from cxlab.hypotheses.simulated_answers import Made, Truth, scores, touchpoints

TRUTH = Truth()


def test(case: Case) -> Evidence:
    """CX-06: standardised weight of the last stage minus the mean weight of the others."""
    sample = case.sample
    y, touch = (sample.points("overall", outcome=True), sample.points("touchpoints"))
    rows = answered(case, y) & (np.isfinite(touch).sum(axis=1) >= 2)
    rows = answered(case, np.where(rows, y, np.nan))
    nw = sample.n * sample.w
    k = touch.shape[1]
    z = np.column_stack([standardised(np.where(rows, touch[:, j], np.nan), nw) for j in range(k)])
    gaps = np.isnan(z)
    marks = [gaps[:, j].astype(float) for j in range(k) if gaps[rows, j].any()]
    target = standardised(np.where(rows, y, np.nan), nw)
    model = fit(case, rows, target, *np.where(gaps, 0.0, z).T, *marks)
    last = np.zeros(len(model.b))
    last[k], last[1:k] = (1.0, -1.0 / (k - 1))
    found = finding(
        case, rows, target, "weight of the end minus mean weight of the other stages", *model.contrast(last)
    )
    fields = sample.fields["touchpoints"]
    shown = [
        row(case, f"weight of {f.label}", *model.contrast(np.eye(len(model.b))[j + 1]), found.n)
        for j, f in enumerate(fields)
    ]
    position = np.arange(k) - (k - 1) / 2
    trend = np.zeros(len(model.b))
    trend[1 : k + 1] = position / (position @ position)
    shown.append(row(case, "change of weight per stage (recency)", *model.contrast(trend), found.n))
    notes = (
        f"order of the journey: {', '.join(f.stage or f.name for f in fields)}",
        "the last stage is also another subject than the earlier ones; only a random order separates the two",
    )
    return Evidence(
        (found,), None, tuple(shown), method="Standardised regression on all stages, robust errors", notes=notes
    )


def simulate(effect: float, n: int, rng: np.random.Generator, threat: str | None = None) -> Made:
    """``effect``: standardised weight of the last stage minus the mean of the others."""
    t, h = touchpoints(n, rng, 5, 0.5 if threat else 0.3)
    b = np.full(5, 0.15) + np.array([0, 0, 0, 0, effect])
    y = t @ b + (0.3 * h if threat else 0)
    noise = np.sqrt(max(1 - y.var(), 0.05))
    y = y + noise * rng.standard_normal(n)
    return Made({"overall": scores(y), "touchpoints": scores(t)})


naive = unguarded
