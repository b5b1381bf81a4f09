"""Recovery paradox: recovered customers against their own behaviour before, and against customers without a failure.

Given a score before that measures badly, customers who were better all along still differ; a comparison of changes
errs to the other side where the failure met who was low in that score alone (Ding & Li 2019, Political Analysis
27:605, doi:10.1017/pan.2019.25). So both have to say it, and the score before has to tell the one after.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cxlab.hypotheses.case import Case, Evidence
from cxlab.hypotheses.estimation import FEW as LEAST
from cxlab.hypotheses.estimation import answered, coefficient, finding, side_means, was_recorded
from cxlab.hypotheses.scored_answers import NotEstimable
from cxlab.hypotheses.simulated_answers import SPREAD, Made, Truth, scores
from cxlab.hypotheses.without_guards import exceeds_zero, flat
from cxlab.models.loop.before_and_after import beyond_mean, by_change

TRUTH = Truth()
FEW = 20
"""Customers that each side needs."""
WEAK = 0.5
"""A score before that is correlated less with the score after hardly says who was well disposed all along."""


def test(case: Case) -> Evidence:
    """Recovered customers against their own score before, and against customers without a failure, given it."""
    sample = case.sample
    after, failed = sample.points("after", outcome=True), sample.binary("failure")
    handled = sample.points("handling")
    well = np.where(np.isnan(handled), 0.0, handled >= _well(case)) * (failed == 1)
    has_before = "before" in sample
    before = sample.points("before") if has_before else np.zeros(len(after))
    rows = answered(case, after, failed, before) & ((failed == 0) | (well == 1))
    for group, said in ((well == 1, "well recovered"), (failed == 0, "without a failure")):
        if (k := int(sample.n[rows & group].sum())) < FEW:
            raise NotEstimable(f"only {k} customers {said}; this test needs at least {FEW}")
    columns = (before,) if has_before else ()
    control = coefficient(case, rows, after, well, *columns, name="recovered minus customers without a failure")
    behaviour = was_recorded(case, "after", "the outcome is behaviour", "words", "an answer")
    shown, checks = _means(case, rows, well, failed, after), (behaviour, _recorded(case))
    if not has_before:
        notes = ("there is no score before: the customer's own change cannot be seen, only the second control",)
        own = ("own score before", "missing", False, "regression-to-the-mean")
        return Evidence((control,), None, shown, (own, *checks), "Difference of means, robust errors", notes)
    people, mine, others = sample.counted(), rows & (well == 1), rows & (failed == 0)
    own = beyond_mean(before, after, mine, others, people)
    change = finding(case, mine, own.gap, "recovered minus own expected score before", *own.told)
    by, told = by_change(before[rows], after[rows], well[rows], people.keep(rows))
    changed = finding(case, rows, after, "recovered minus customers without a failure, by change", *by)
    holds = told >= WEAK and changed.verdict in ("SUPPORTED", control.verdict)
    said = f"r = {told:.2f}, by change {changed.value:.1f} points [{changed.low:.1f}, {changed.high:.1f}]"
    weak = (f"the score before tells the later one (r of {WEAK} or more), and the change says the same", said, holds)
    seen = ("own score before", "seen, and corrected for regression to the mean", True, "regression-to-the-mean")
    method = "Own change corrected for regression to the mean; control given the score before"
    return Evidence((change, control), None, shown, (seen, *checks, (*weak, "weak-before")), method)


def _recorded(case: Case) -> tuple:
    """Who rates the handling well may be who is well disposed; a record of what was done is not."""
    f = case.sample.fields["handling"][0]
    holds = f.role == "operation"
    return "how the failure was handled was recorded", f"{f.label}: {'recorded' if holds else 'rated'}", holds, "mood"


def _means(case: Case, rows: NDArray, well: NDArray, failed: NDArray, after: NDArray) -> tuple[dict, ...]:
    shown = side_means(case, rows, after, well, {1: "recovered, after", 0: "no failure, after"})
    bad = (failed == 1) & (well == 0) & ~np.isnan(after)
    if case.sample.n[bad].sum() < LEAST:
        return shown
    return (*shown, *side_means(case, bad, after, well, {0: "failed, not recovered, after"}))


def _well(case: Case) -> float:
    """The two best answers of the handling scale count as handled well."""
    f = case.sample.fields["handling"][0]
    k = f.scale.points if f.scale else 2
    return 100.0 * max(k - 2, 1) / (k - 1) if k > 2 else 100.0


def simulate(effect: float, n: int, rng: np.random.Generator, threat: str | None = None) -> Made:
    """``effect``: points that a recovered failure, handled well or not by chance, adds to recorded behaviour.

    Under 'regression-to-the-mean' failures meet those who were low before; under 'mood' handling is rated, in the mood
    of what is seen after; under 'words' the outcome is what people say after, five points above what they do; under
    'weak-before' those who were better all along are handled well, and the score before hardly knows who they were.
    """
    true = rng.standard_normal(n)
    r, own = np.sqrt(0.6), np.sqrt(0.4)
    known = 0.4 if threat == "weak-before" else r
    before, later = known * true + np.sqrt(1 - known**2) * rng.standard_normal(n), rng.standard_normal(n)
    unlucky = before + 0.5 * rng.standard_normal(n) < -0.3
    failure = (unlucky if threat == "regression-to-the-mean" else rng.random(n) < 0.3).astype(float)
    decides = {"mood": later, "weak-before": true}.get(threat or "")
    liked = rng.random(n) < 0.6 if decides is None else 0.8 * decides + 0.6 * rng.standard_normal(n) > -0.25
    well = failure * liked
    kind = 5 / SPREAD * well if threat == "words" else 0.0
    after = r * true + own * later + effect / SPREAD * well + kind - 0.5 * failure * (1 - well)
    handling = np.where(failure == 1, np.where(well == 1, 100.0, 20.0), np.nan)
    columns = {"before": scores(before), "after": scores(after), "failure": failure, "handling": handling}
    roles = {
        "before": "operation", "after": "outcome" if threat == "words" else "operation",
        "handling": "outcome" if threat == "mood" else "operation",
    }  # fmt: skip
    return Made(columns, "quasi-experiment", roles=roles)


def naive(case: Case) -> bool:
    """Recovered customers have a higher score after than before (paired t-test)."""
    sample = case.sample
    before, after, handled = (flat(sample.points(s), sample.n) for s in ("before", "after", "handling"))
    return exceeds_zero((after - before)[handled > 50])
