"""Recovery paradox.

Recovered customers against their own score before, and against matched customers without a failure.
"""

from __future__ import annotations

import numpy as np

from cxlab.hypotheses.case import Case, Evidence
from cxlab.hypotheses.estimation import answered, coefficient, finding, mean, row
from cxlab.hypotheses.naive import exceeds_zero, flat
from cxlab.hypotheses.sample import NotEstimable
from cxlab.hypotheses.simulated_answers import SPREAD, Made, Truth, scores
from cxlab.stats.fits.robust import least_squares

TRUTH = Truth()


def test(case: Case) -> Evidence:
    """CX-20: recovered customers against their own score before, and against matched customers without a failure."""
    sample = case.sample
    after, failed = (sample.points("after", outcome=True), sample.binary("failure"))
    handled = sample.points("handling")
    well = np.where(np.isnan(handled), 0.0, handled >= _well(case)) * (failed == 1)
    has_before = "before" in sample
    before = sample.points("before") if has_before else np.zeros(len(after))
    rows = answered(case, after, failed, before) & ((failed == 0) | (well == 1))
    for group, said in ((well == 1, "well recovered"), (failed == 0, "without a failure")):
        if (k := int(sample.n[rows & group].sum())) < 20:
            raise NotEstimable(f"only {k} customers {said}; this test needs at least 20")
    columns = (before,) if has_before else ()
    control = coefficient(case, rows, after, well, *columns, name="recovered minus customers without a failure")
    shown = [
        row(case, said, *mean(case, rows & g, after), sample.n[rows & g].sum())
        for g, said in ((well == 1, "recovered, after"), (failed == 0, "no failure, after"))
    ]
    bad = (failed == 1) & (well == 0) & ~np.isnan(after)
    if sample.n[bad].sum() >= 10:
        shown.append(row(case, "failed, not recovered, after", *mean(case, bad, after), sample.n[bad].sum()))
    if not has_before:
        notes = ("there is no score before: the customer's own change cannot be seen, only the second control",)
        return Evidence(
            (control,),
            None,
            tuple(shown),
            (("own score before", "missing", False),),
            "Difference of means, robust errors",
            notes,
        )
    own = _own_change(case, rows & (well == 1), rows & (failed == 0), before, after)
    return Evidence(
        (own, control), None, tuple(shown), (), "Own change corrected for regression to the mean; matched control"
    )


def _own_change(case: Case, mine, never, before, after):
    """Mean of after minus mu + rho (before - mu), mu the mean before of all, rho from customers without a failure."""
    sample = case.sample
    nw = sample.n * sample.w
    everybody = ~np.isnan(before)
    centre = np.average(before[everybody], weights=nw[everybody])
    slope = least_squares(
        np.column_stack([np.ones(never.sum()), before[never]]), after[never], sample.n[never], sample.w[never]
    )
    gap = after - (centre + slope.b[1] * (before - centre))
    value, se, df = mean(case, mine, gap)
    distance = np.average(before[mine], weights=nw[mine]) - centre
    spread = mean(case, everybody, before)[1] * abs(1 - slope.b[1])
    error = float(np.sqrt(se**2 + slope.v[1, 1] * distance**2 + spread**2))
    return finding(case, mine, gap, "recovered minus own expected score before", value, error, df)


def _well(case: Case) -> float:
    """The two best answers of the handling scale count as handled well."""
    f = case.sample.fields["handling"][0]
    k = f.scale.points if f.scale else 2
    return 100.0 * max(k - 2, 1) / (k - 1) if k > 2 else 100.0


def simulate(effect: float, n: int, rng: np.random.Generator, threat: str | None = None) -> Made:
    true = rng.standard_normal(n)
    r = np.sqrt(0.6)
    before = r * true + np.sqrt(0.4) * rng.standard_normal(n)
    failure = (before + 0.5 * rng.standard_normal(n) < -0.3 if threat else rng.random(n) < 0.3).astype(float)
    well = failure * (rng.random(n) < 0.6)
    after = r * true + np.sqrt(0.4) * rng.standard_normal(n) + effect / SPREAD * well - 0.5 * failure * (1 - well)
    handling = np.where(failure == 1, np.where(well == 1, 100.0, 20.0), np.nan)
    return Made(
        {"before": scores(before), "after": scores(after), "failure": failure, "handling": handling}, "quasi-experiment"
    )


def naive(case: Case) -> bool:
    """Recovered customers have a higher score after than before (paired t-test)."""
    sample = case.sample
    before, after, handled = (flat(sample.points(s), sample.n) for s in ("before", "after", "handling"))
    return exceeds_zero((after - before)[handled > 50])
