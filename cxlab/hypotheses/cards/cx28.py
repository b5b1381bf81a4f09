"""Effects multiply company-wide: interaction of two measures, clustered by unit."""

from __future__ import annotations

import numpy as np

from cxlab.hypotheses.case import Case, Evidence
from cxlab.hypotheses.estimation import answered, coefficient, fit, row, two_groups
from cxlab.hypotheses.naive import unguarded
from cxlab.hypotheses.simulated_answers import SPREAD, Made, Truth, scores

TRUTH = Truth(claimed=6.0)


def test(case: Case) -> Evidence:
    """CX-28: interaction of two measures, clustered by unit."""
    sample = case.sample
    y, a, b = (sample.points("score", outcome=True), sample.binary("a"), sample.binary("b"))
    rows = answered(case, y, a, b)
    two_groups(case, rows, a * b, "both measures")
    found = coefficient(case, rows, y, a * b, a, b, name="both minus the sum of each")
    model = fit(case, rows, y, a * b, a, b)
    shown = tuple(
        (
            row(case, f"effect of {name} alone", *model.contrast(np.eye(len(model.b))[i]), sample.n[rows].sum())
            for name, i in (("A", 2), ("B", 3))
        )
    )
    return Evidence(
        (found,), None, shown, _clusters(case, rows), "Interaction in a factorial trial, cluster-robust errors"
    )


def _clusters(case: Case, rows) -> tuple[tuple[str, str, bool | None], ...]:
    if case.sample.c is None:
        return (("the unit is the cluster", "no cluster is declared; every answer counts on its own", False),)
    m = len(np.unique(case.sample.c[rows]))
    return (("number of clusters", f"{m}", m >= 20),)


def simulate(effect: float, n: int, rng: np.random.Generator, threat: str | None = None) -> Made:
    units = max(n // 25, 24)
    unit = np.arange(n) % units
    four = (rng.permutation(units) % 4)[unit]
    a, b = ((four // 2).astype(float), (four % 2).astype(float))
    shared = rng.standard_normal(units)[unit] * (0.5 if threat else 0.1)
    y = (2 * a + 2 * b + effect * a * b) / SPREAD + shared + rng.standard_normal(n)
    return Made({"score": scores(y), "a": a, "b": b, "cluster": unit}, "experiment")


naive = unguarded
