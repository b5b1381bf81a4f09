"""The satisfied review more readily: two lines, below and above the middle of the scale (per 10 points)."""

from __future__ import annotations

import numpy as np

from cxlab.hypotheses.case import Case, Evidence
from cxlab.hypotheses.estimation import answered, coefficient, varies
from cxlab.hypotheses.scored_answers import NotEstimable
from cxlab.hypotheses.simulated_answers import Made, Truth, scores
from cxlab.hypotheses.without_guards import unguarded

TRUTH = Truth(n=8000)


def test(case: Case) -> Evidence:
    """CX-10: two lines, below and above the middle of the scale (per 10 points)."""
    y, score = (case.sample.binary("posted"), case.sample.points("score"))
    rows = answered(case, y, score)
    varies("the score", score[rows])
    low, high = (np.fmin(score - 50, 0) / 10, np.fmax(score - 50, 0) / 10)
    if not (low[rows] < 0).any() or not (high[rows] > 0).any():
        raise NotEstimable("all scores lie in one half of the scale; the curve cannot be seen")
    up = coefficient(case, rows, y, high, low, name="posting per 10 points, upper half")
    margin = case.card.sesoi
    down = coefficient(
        case, rows, y, low, high, name=f"posting per 10 points, lower half: no fall of {margin:.0%} or more",
        null=-margin, sesoi=0.0, trivial=0.0,
    )  # fmt: skip
    note = (
        ("the lower half falls: a U-shape, so 'the more satisfied the likelier' fails there",) if down.high < 0 else ()
    )
    return Evidence((up, down), method="Two lines split at the middle of the scale (Simonsohn 2018)", notes=note)


def simulate(effect: float, n: int, rng: np.random.Generator, threat: str | None = None) -> Made:
    s = scores(1.5 * rng.standard_normal(n))
    up, down = (np.fmax(s - 50, 0) / 10, np.fmax(50 - s, 0) / 10)
    p = np.clip(0.25 + effect * up - (-0.06 if threat == "polarity" else 0.0) * down, 0, 1)
    return Made({"score": s, "posted": (rng.random(n) < p).astype(float)}, "cross-section")


naive = unguarded
