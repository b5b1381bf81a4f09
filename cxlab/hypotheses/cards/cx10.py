"""The satisfied review more readily: two lines, below and above the middle of the scale (per 10 points)."""

from __future__ import annotations

import numpy as np

from cxlab.hypotheses.case import Case, Evidence
from cxlab.hypotheses.estimation import answered, coefficient, varies
from cxlab.hypotheses.simulated_answers import Made, Truth, scores
from cxlab.hypotheses.without_guards import unguarded
from cxlab.models.text.posting import GATING, METHOD, halves, two_lines

TRUTH = Truth(n=8000)


def test(case: Case) -> Evidence:
    """The two lines of `cx.text.posting`, below and above the middle of the scale (per 10 points)."""
    y, score = (case.sample.binary("posted"), case.sample.points("score"))
    rows = answered(case, y, score)
    varies("the score", score[rows])
    sample, margin = case.sample.keep(rows), case.card.sesoi
    lines = two_lines(y[rows], score[rows], n=sample.n, w=sample.w, cluster=sample.c, strata=sample.h,
                      controls=sample.controls)  # fmt: skip
    high, low = halves(score)
    up = coefficient(case, rows, y, high, low, name="posting per 10 points, upper half", model=lines)
    down = coefficient(
        case, rows, y, high, low, name=f"posting per 10 points, lower half: no fall of {margin:.0%} or more",
        null=-margin, sesoi=0.0, trivial=0.0, model=lines, at=2,
    )  # fmt: skip
    note = (
        ("the lower half falls: a U-shape, so 'the more satisfied the likelier' fails there",) if down.high < 0 else ()
    )
    return Evidence((up, down), method=METHOD, notes=(*note, GATING))


def simulate(effect: float, n: int, rng: np.random.Generator, threat: str | None = None) -> Made:
    s = scores(1.5 * rng.standard_normal(n))
    up, down = (np.fmax(s - 50, 0) / 10, np.fmax(50 - s, 0) / 10)
    p = np.clip(0.25 + effect * up - (-0.06 if threat == "polarity" else 0.0) * down, 0, 1)
    return Made({"score": s, "posted": (rng.random(n) < p).astype(float)}, "cross-section")


naive = unguarded
