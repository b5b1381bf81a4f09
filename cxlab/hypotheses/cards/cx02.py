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
    finding,
    mean,
    row,
    side_means,
    standardised,
    told,
    two_groups,
)  # fmt: skip
from cxlab.hypotheses.simulated_answers import Made, Truth
from cxlab.hypotheses.without_guards import unguarded
from cxlab.models.loyalty.within_person import People, fitted
from cxlab.problem import DataProblem

TRUTH = Truth(claimed=0.12)


def test(case: Case) -> Evidence:
    """CX-02: share leaving with a failure (number), and minus the share without one (direction)."""
    sample = case.sample
    failed, left = (sample.binary("failure"), sample.binary("leave"))
    rows = answered(case, left, failed)
    two_groups(case, rows, failed, "a failure")
    difference = coefficient(case, rows, left, failed, name="leaving: with minus without a failure")
    after = rows & (failed == 1)
    share = finding(case, after, left, "share leaving after a failure", *mean(case, after, left))
    sides = {1: "leaving after a failure", 0: "leaving without a failure"}
    shown = (*side_means(case, rows, left, failed, sides), *_matched(case, rows, left, failed))
    intention = sample.fields["leave"][0].measure != "churn"
    notes = ("leaving is an answer in the lower half of the intention scale, not behaviour",) if intention else ()
    check = alike(case, rows, failed, "tenure", "self-selection", left)
    method = "Difference of shares, linear probability model, robust errors"
    return Evidence((difference,), share, shown, (check,), method, notes)


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
    return [told(case, held), *_hazard(case, both, left, failed, z)]


def _hazard(case: Case, rows: NDArray, left: NDArray, failed: NDArray, tenure: NDArray) -> list[dict[str, Any]]:
    """How many times as fast customers of the same tenure leave after a failure, where a maximum exists."""
    s = case.sample
    nobody = np.zeros(len(left), int)
    people = People(left, failed, nobody, nobody, s.n, s.w, s.c, s.h, s.controls).keep(rows)
    try:
        found = fitted(people, [failed[rows], tenure[rows]], "cloglog")
    except DataProblem:  # no maximum
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
