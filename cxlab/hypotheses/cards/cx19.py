"""Closing the loop.

Score after, routed minus not, given the score before; without an arm, the change beyond regression.
"""

from __future__ import annotations

import numpy as np

from cxlab.hypotheses.case import Case, Evidence
from cxlab.hypotheses.estimation import answered, coefficient, finding, mean, row, varies
from cxlab.hypotheses.naive import exceeds_zero, flat
from cxlab.hypotheses.sample import NotEstimable
from cxlab.hypotheses.simulated_answers import SPREAD, Made, Truth, scores
from cxlab.stats.fits.robust import least_squares

TRUTH = Truth()


def test(case: Case) -> Evidence:
    """CX-19: score after, routed minus not, given the score before; without an arm, the change beyond regression."""
    sample = case.sample
    before, after = (sample.points("before"), sample.points("after"))
    if "arm" not in sample:
        return _beyond_regression(case, before, after)
    arm = sample.binary("arm")
    rows = answered(case, after, before, arm)
    varies("the arm", arm[rows])
    found = coefficient(case, rows, after, arm, before, name="score after: routed minus not routed")
    shown = tuple(
        (
            row(
                case,
                f"change, {said}",
                *mean(case, rows & (arm == k), after - before),
                sample.n[rows & (arm == k)].sum(),
            )
            for k, said in ((1, "routed"), (0, "not routed: regression to the mean and the rest"))
        )
    )
    lost = [float(sample.n[(arm == k) & np.isnan(after)].sum() / max(sample.n[arm == k].sum(), 1)) for k in (0, 1)]
    checks = (
        (
            "the same share answers again",
            f"{1 - lost[1]:.0%} routed, {1 - lost[0]:.0%} not",
            abs(lost[0] - lost[1]) < 0.05,
        ),
    )
    return Evidence((found,), None, shown, checks, "Analysis of covariance with the score before (intention to treat)")


def _beyond_regression(case: Case, before, after) -> Evidence:
    sample = case.sample
    rows = answered(case, after, before)
    nw = sample.n * sample.w
    low = rows & (before < 50)
    if sample.n[low].sum() < 30:
        raise NotEstimable(f"only {int(sample.n[low].sum())} dissatisfied answers before; this test needs at least 30")
    rest = rows & ~low
    model = least_squares(
        np.column_stack([np.ones(rest.sum()), before[rest]]), after[rest], sample.n[rest], sample.w[rest]
    )
    centre = np.average(before[rows], weights=nw[rows])
    r = np.corrcoef(np.repeat(before[rest], 1), np.repeat(after[rest], 1))[0, 1]
    expected = model.b[0] + model.b[1] * before
    gap = np.where(low, after - expected, np.nan)
    value, se, df = mean(case, low, gap)
    lever = np.array([1.0, np.average(before[low], weights=nw[low])])
    found = finding(
        case,
        low,
        gap,
        "dissatisfied: score after beyond expected regression to the mean",
        value,
        float(np.hypot(se, np.sqrt(lever @ model.v @ lever))),
        df,
    )
    shown = (
        row(case, "change of the dissatisfied, raw", *mean(case, low, after - before), sample.n[low].sum()),
        row(
            case,
            "expected by regression to the mean alone",
            float(np.average((expected - before)[low], weights=nw[low])),
        ),
    )
    notes = (f"expected from those who were not dissatisfied (r = {r:.2f}, mean before {centre:.1f})",)
    return Evidence(
        (found,),
        None,
        shown,
        (("a random arm", "there is none", False),),
        "Change beyond regression to the mean",
        notes,
    )


def simulate(effect: float, n: int, rng: np.random.Generator, threat: str | None = None) -> Made:
    true = rng.standard_normal(n)
    r = np.sqrt(0.6)
    before = scores(1.5 * (r * true + np.sqrt(0.4) * rng.standard_normal(n)))
    arm = (rng.random(n) < 0.5).astype(float)
    lift = 0 if threat else effect / SPREAD * arm
    after = scores(1.5 * (r * true + np.sqrt(0.4) * rng.standard_normal(n)) + lift)
    if threat:
        return Made({"before": before, "after": after}, "cross-section")
    low = before < 50
    return Made({"before": before[low], "after": after[low], "arm": arm[low]}, "experiment")


def naive(case: Case) -> bool:
    """Dissatisfied customers have a higher score the second time (paired t-test)."""
    sample = case.sample
    before, after = (flat(sample.points(s), sample.n) for s in ("before", "after"))
    low = before < 50
    return exceeds_zero((after - before)[low])
