"""One bad experience: share leaving with a failure (number), and minus the share without one (direction)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cxlab.hypotheses.case import Case, Evidence
from cxlab.hypotheses.estimation import (
    alike,
    answered,
    coefficient,
    design,
    finding,
    mean,
    row,
    standardised,
    two_groups,
)
from cxlab.hypotheses.simulated_answers import Made, Truth
from cxlab.hypotheses.without_guards import unguarded
from cxlab.stats.fits.glm import glm

TRUTH = Truth(claimed=0.12)


def test(case: Case) -> Evidence:
    """CX-02: share leaving with a failure (number), and minus the share without one (direction)."""
    sample = case.sample
    failed, left = (sample.binary("failure"), sample.binary("leave"))
    rows = answered(case, left, failed)
    two_groups(case, rows, failed, "a failure")
    difference = coefficient(case, rows, left, failed, name="leaving: with minus without a failure")
    with_, without = (rows & (failed == 1), rows & (failed == 0))
    share = finding(case, with_, left, "share leaving after a failure", *mean(case, with_, left))
    shown = [
        row(case, "leaving after a failure", *mean(case, with_, left), sample.n[with_].sum()),
        row(case, "leaving without a failure", *mean(case, without, left), sample.n[without].sum()),
        *_matched(case, rows, left, failed),
    ]
    intention = sample.fields["leave"][0].measure != "churn"
    notes = ("leaving is an answer in the lower half of the intention scale, not behaviour",) if intention else ()
    return Evidence(
        (difference,),
        share,
        tuple(shown),
        (alike(case, rows, failed, "tenure", "self-selection", left),),
        method="Difference of shares, linear probability model, robust errors",
        notes=notes,
    )


def _matched(case: Case, rows: NDArray, left: NDArray, failed: NDArray) -> list[dict[str, Any]]:
    """The difference between customers of the same tenure: what it is where failures meet newcomers."""
    if "tenure" not in case.sample:
        return []
    tenure = case.sample.number("tenure")
    both = rows & ~np.isnan(tenure)
    if not np.ptp(tenure[both]) > 0:
        return []
    z = standardised(np.where(both, tenure, np.nan), case.sample.n * case.sample.w)
    held = coefficient(case, both, left, failed, z, name="leaving: with minus without a failure, of the same tenure")
    return [row(case, held.name, held.value, held.se, held.df, held.n), *_hazard(case, both, left, failed, z)]


def _hazard(case: Case, rows: NDArray, left: NDArray, failed: NDArray, tenure: NDArray) -> list[dict[str, Any]]:
    """How many times as fast customers of the same tenure leave after a failure, where a maximum exists."""
    s = case.sample
    x = design(case, rows, failed, tenure)
    found = glm(x, left[rows], s.n[rows], s.w[rows], *s.units(rows), model="cloglog")
    if not found.converged:
        return []
    value, se, df = found.contrast(np.eye(len(found.b))[1])
    label = "hazard ratio of leaving with a failure, of the same tenure"
    return [row(case, label, value, se, df, s.n[rows].sum(), transform=math.exp)]


def simulate(effect: float, n: int, rng: np.random.Generator, threat: str | None = None) -> Made:
    """Failures that chance assigned; under 'self-selection', in a quasi-experiment, newcomers meet failures, and leave
    anyway.
    """
    tenure = rng.standard_normal(n)
    pull = -1.0 if threat == "self-selection" else 0.0
    failure = (pull * tenure + rng.standard_normal(n) > 0).astype(float)
    p = np.clip(0.25 + effect * failure - (0.1 if threat == "self-selection" else 0.0) * tenure, 0, 1)
    columns = {"failure": failure, "leave": (rng.random(n) < p).astype(float), "tenure": np.round(10 * tenure)}
    return Made(columns, "quasi-experiment" if threat else "experiment")


naive = unguarded
