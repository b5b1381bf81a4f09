"""Contacts are symptoms: share of contacts with a failure upstream."""

from __future__ import annotations

import numpy as np

from cxlab.hypotheses.case import Case, Evidence
from cxlab.hypotheses.estimation import answered, finding, mean
from cxlab.hypotheses.naive import unguarded
from cxlab.hypotheses.simulated_answers import Made, Truth

TRUTH = Truth(claimed=0.65)


def test(case: Case) -> Evidence:
    """CX-30: share of contacts with a failure upstream."""
    y = case.sample.binary("failure")
    rows = answered(case, y)
    found = finding(case, rows, y, "contacts with a failure upstream", *mean(case, rows, y))
    return Evidence((found,), found, method="Share of contacts, robust errors")


def simulate(effect: float, n: int, rng: np.random.Generator, threat: str | None = None) -> Made:
    cluster = np.arange(n) // (20 if threat else 1)
    shift = 0.25 * rng.standard_normal(cluster.max() + 1)[cluster] if threat else 0.0
    return Made(
        {"failure": (rng.random(n) < np.clip(effect + shift, 0, 1)).astype(float), "cluster": cluster}, "cross-section"
    )


naive = unguarded
