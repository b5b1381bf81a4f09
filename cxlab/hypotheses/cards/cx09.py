"""90 % are influenced by reviews.

Share influenced among all (nobody asked = not influenced), and among those asked.
"""

from __future__ import annotations

import numpy as np

from cxlab.hypotheses.case import Case, Evidence
from cxlab.hypotheses.estimation import answered, finding, mean, row
from cxlab.hypotheses.naive import unguarded
from cxlab.hypotheses.simulated_answers import Made, Truth

TRUTH = Truth(claimed=0.9)


def test(case: Case) -> Evidence:
    """CX-09: share influenced among all (nobody asked = not influenced), and among those asked."""
    sample = case.sample
    y = sample.binary("influenced")
    everybody = np.ones(len(y), bool)
    whole = np.where(np.isnan(y), 0.0, y)
    rows = answered(case, whole)
    found = finding(case, rows, whole, "influenced, of all buyers", *mean(case, everybody, whole))
    asked = ~np.isnan(y)
    shown = (row(case, "influenced, of those asked", *mean(case, asked, y), sample.n[asked].sum()),)
    gap = 1 - float(sample.n[asked].sum() / sample.n.sum())
    notes = (f"{gap:.0%} were not asked (read no reviews) and count as not influenced",) if gap else ()
    return Evidence((found,), found, shown, method="Design-weighted share, robust errors", notes=notes)


def simulate(effect: float, n: int, rng: np.random.Generator, threat: str | None = None) -> Made:
    y = (rng.random(n) < (effect / 0.66 if threat else effect)).astype(float)
    return Made({"influenced": np.where(rng.random(n) < 0.66, y, np.nan) if threat else y}, "cross-section")


naive = unguarded
