"""Satisfaction ratio beats NPS.

R² of the mean of all items minus that of the recommendation item; and at equal length.
"""

from __future__ import annotations

import numpy as np

from cxlab.hypotheses.case import Case, Evidence
from cxlab.hypotheses.cross_validation import HOW, validate
from cxlab.hypotheses.estimation import about, answered, filled, row
from cxlab.hypotheses.naive import unguarded
from cxlab.hypotheses.rule import from_t
from cxlab.hypotheses.simulated_answers import Made, Truth, scores
from cxlab.stats.fits.folds import corrected

TRUTH = Truth(claimed=0.2, boundary=0.0, value=None)


def test(case: Case) -> Evidence:
    """CX-13: R² of the mean of all items minus that of the recommendation item; and at equal length."""
    sample = case.sample
    y, rec = (sample.points("outcome", outcome=True), sample.points("recommendation"))
    items = sample.points("items")
    rows = answered(case, y, rec) & np.isfinite(items).any(axis=1)
    rows = answered(case, np.where(rows, y, np.nan))
    with np.errstate(invalid="ignore"):
        mean = np.nanmean(np.where(rows[:, None], np.column_stack([rec, items]), 0.0), axis=1)
    touch, notes = filled(items)
    k = items.shape[1]
    columns = np.column_stack([rec - 50, mean - 50, touch])
    marks = {
        j: [2 + i for i in range(k, touch.shape[1]) if np.array_equal(touch[:, i], np.isnan(items[:, j]))]
        for j in range(k)
    }
    singles = {f"item {j}": [2 + j, *marks[j]] for j in range(k)}
    v = validate(case, rows, y, columns, {"rec": [0], "ratio": [1]} | singles)
    carry = about(case, rows, y)
    gain = from_t(
        "R² of the satisfaction ratio minus that of the recommendation item",
        *v.gain("ratio", "rec"),
        level=case.level,
        **carry,
    )
    one = np.mean([v.r2[s] for s in singles], axis=0) - v.r2["rec"]
    equal = from_t(
        "at equal length: R² of one average item minus that of the recommendation item",
        *corrected(one, v.tests),
        level=case.level,
        **carry | {"sesoi": 0.0, "trivial": 0.0},
    )
    shown = (
        row(case, "R² out of sample: recommendation", *v.level("rec"), carry["n"]),
        row(case, "R² out of sample: ratio", *v.level("ratio"), carry["n"]),
    )
    return Evidence((gain, equal), None, shown, method=HOW, notes=(*notes, f"the ratio is the mean of {k + 1} items"))


def simulate(effect: float, n: int, rng: np.random.Generator, threat: str | None = None) -> Made:
    """Equally good items (only length favours the composite); with an effect the recommendation item is worse."""
    loyal = rng.standard_normal(n)
    noise = 1.0 + 8 * effect
    rec = scores((loyal + noise * rng.standard_normal(n)) / np.hypot(1, noise))
    count = 6 if threat else 3
    items = (loyal[:, None] + rng.standard_normal((n, count))) / np.sqrt(2)
    later = scores((loyal + rng.standard_normal(n)) / np.sqrt(2))
    return Made({"outcome": later, "recommendation": rec, "items": scores(items)}, measures={"outcome": "loyalty"})


naive = unguarded
