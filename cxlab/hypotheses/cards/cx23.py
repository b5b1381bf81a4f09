"""Promises and notices: satisfaction with the notice (or the promise kept) minus without."""

from __future__ import annotations

import numpy as np

from cxlab.hypotheses.case import Case, Evidence
from cxlab.hypotheses.estimation import answered, coefficient, mean, row, two_groups
from cxlab.hypotheses.naive import unguarded
from cxlab.hypotheses.simulated_answers import SPREAD, Made, Truth, chosen, scores

TRUTH = Truth()


def test(case: Case) -> Evidence:
    """CX-23: satisfaction with the notice (or the promise kept) minus without."""
    sample = case.sample
    y, arm = (sample.points("satisfaction", outcome=True), sample.binary("arm"))
    broken = sample.fields["arm"][0].name.lower() in ("failure", "late")
    good = 1 - arm if broken else arm
    rows = answered(case, y, good)
    two_groups(case, rows, good, "a kept promise" if broken else "a notice")
    said = ("promise kept", "promise broken") if broken else ("notice", "no notice")
    found = coefficient(case, rows, y, good, name=f"satisfaction: {said[0]} minus {said[1]}")
    shown = tuple(
        row(case, said[k], *mean(case, rows & (good == 1 - k), y), sample.n[rows & (good == 1 - k)].sum())
        for k in (0, 1)
    )
    notes = ("no notice was assigned here; the contrast is a promise kept or broken",) if broken else ()
    return Evidence((found,), None, shown, _baseline(case, rows, good), "Difference of means, robust errors", notes)


def _baseline(case: Case, rows, arm) -> tuple[tuple[str, str, bool | None], ...]:
    share = float((case.sample.n * arm)[rows].sum() / case.sample.n[rows].sum())
    return (
        (
            "both groups are large enough",
            f"{share:.0%} and {1 - share:.0%} of the answers",
            min(share, 1 - share) > 0.02,
        ),
    )


def simulate(effect: float, n: int, rng: np.random.Generator, threat: str | None = None) -> Made:
    arm, other, design = chosen(n, rng, threat)
    y = (0 if threat else effect / SPREAD) * arm + other + rng.standard_normal(n)
    return Made({"satisfaction": scores(y), "arm": arm}, design)


naive = unguarded
