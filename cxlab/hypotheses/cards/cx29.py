"""Outcome goals and champions: difference of unit means between arms (Welch), the unit being what was randomised."""

from __future__ import annotations

import numpy as np

from cxlab.hypotheses.case import Case, Evidence
from cxlab.hypotheses.estimation import answered, finding, two_groups
from cxlab.hypotheses.naive import unguarded
from cxlab.hypotheses.sample import NotEstimable
from cxlab.hypotheses.simulated_answers import SPREAD, Made, Truth, scores

TRUTH = Truth()


def test(case: Case) -> Evidence:
    """CX-29: difference of unit means between arms (Welch), the unit being what was randomised."""
    sample = case.sample
    y, arm = (sample.points("score", outcome=True), sample.binary("arm"))
    unit = np.array([str(u) for u in sample.raw["unit"]])
    rows = answered(case, y, arm)
    two_groups(case, rows, arm, "the arm")
    means: dict[float, list[float]] = {0.0: [], 1.0: []}
    for u in np.unique(unit[rows]):
        mine = rows & (unit == u)
        if np.ptp(arm[mine]) > 0:
            raise NotEstimable(f"unit {u} has both arms; this test needs the unit to be what was assigned")
        means[arm[mine][0]].append(float(np.average(y[mine], weights=(sample.n * sample.w)[mine])))
    one, none = (np.array(means[1.0]), np.array(means[0.0]))
    if min(len(one), len(none)) < 3:
        raise NotEstimable(f"{len(one)} and {len(none)} units in the arms; this test needs at least 3 in each")
    v1, v0 = (one.var(ddof=1) / len(one), none.var(ddof=1) / len(none))
    df = (v1 + v0) ** 2 / (v1**2 / (len(one) - 1) + v0**2 / (len(none) - 1))
    found = finding(
        case,
        rows,
        y,
        "score: units with the outcome goal minus without",
        float(one.mean() - none.mean()),
        float(np.sqrt(v1 + v0)),
        df,
        n_eff=float(len(one) + len(none)),
    )
    checks = (("number of units", f"{len(one)} and {len(none)}", len(one) + len(none) >= 20),)
    return Evidence((found,), None, (), checks, "Welch's t on unit means (cluster-randomised)")


def simulate(effect: float, n: int, rng: np.random.Generator, threat: str | None = None) -> Made:
    units = max(n // 50, 10)
    unit = np.arange(n) % units
    arm = (rng.permutation(units) % 2)[unit].astype(float)
    y = effect / SPREAD * arm + rng.standard_normal(units)[unit] * (0.5 if threat else 0.1) + rng.standard_normal(n)
    return Made({"score": scores(y), "arm": arm, "unit": unit}, "experiment")


naive = unguarded
