"""Leaders exceed their goals: share that exceeded its goal, leaders minus mainstream; the ratio for the number."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cxlab.hypotheses.case import Case, Evidence
from cxlab.hypotheses.design import recorded
from cxlab.hypotheses.estimation import answered, coefficient, finding, mean, side_means, two_groups
from cxlab.hypotheses.simulated_answers import Made, Truth, once_each
from cxlab.hypotheses.without_guards import unguarded
from cxlab.models.regression.risk_ratio import log_ratio

TRUTH = Truth(claimed=0.24)
INDUSTRIES = 12
"""Under 'common-factor'."""


def test(case: Case) -> Evidence:
    """CX-07: share that exceeded its goal, leaders minus mainstream; the ratio for the number."""
    sample = case.sample
    y, leader = (sample.binary("exceeded"), sample.binary("leader"))
    rows = answered(case, y, leader)
    two_groups(case, rows, leader, "leaders")
    found = coefficient(case, rows, y, leader, name="goal exceeded: leaders minus mainstream")
    led, rest = (mean(case, rows & (leader == k), y) for k in (1, 0))
    ratio = None
    if led[0] > 0 and rest[0] > 0:
        back = lambda v: float(np.exp(v))  # noqa: E731
        ratio = finding(case, rows, y, "ratio of the shares", *log_ratio(led, rest), transform=back, unit="")
    shown = side_means(case, rows, y, leader, {1: "leaders", 0: "mainstream"})
    outside = recorded(case.study, {"leader": case.slots["leader"]})
    said = "recorded from outside" if outside else "an answer of the firms themselves"
    check = ("who leads is told from outside", said, outside, "self-classification")
    checks = (check, _before(case, rows, y, leader))
    return Evidence((found,), ratio, shown, checks, method="Difference and ratio of shares, robust errors")


def _before(case: Case, rows: NDArray, y: NDArray, leader: NDArray) -> tuple[str, str, bool | None, str]:
    """Whether leaders are ahead by more than they were before they led: what lasts, they had then as well."""
    what = "leaders are ahead by more than before they led"
    if "earlier" not in case.sample:
        return what, "no column says who exceeded the goal before", None, "common-factor"
    earlier = case.sample.binary("earlier")
    both = rows & ~np.isnan(earlier)
    if not 0 < leader[both].sum() < both.sum():
        return what, "nobody of one side has an earlier year", None, "common-factor"
    gain = coefficient(case, both, y - earlier, leader, name="")
    found = f"ahead by {gain.value:+.1%} more [{gain.low:+.1%}, {gain.high:+.1%}]"
    return what, found, bool(gain.low > case.card.sesoi), "common-factor"


def simulate(effect: float, n: int, rng: np.random.Generator, threat: str | None = None) -> Made:
    """``effect``: points of the share that leading adds, classed from outside; the year before nobody led.

    Under 'self-classification' firms call themselves leaders after a good year; under 'common-factor' firms of
    industries that boom lead, and exceed their goals in both years.
    """
    won, boom = rng.random(n), np.zeros(n)
    if threat == "self-classification":
        leader, exceeded = won + 0.7 * rng.random(n) > 1, won > 0.85
    else:
        if threat == "common-factor":
            boom = rng.standard_normal(INDUSTRIES)[np.arange(n) % INDUSTRIES]
        leader = rng.random(n) < 0.4 if threat is None else boom + rng.standard_normal(n) > 0
        exceeded = won < np.clip(0.12 + effect * leader + 0.1 * boom, 0, 1)
    earlier = rng.random(n) < np.clip(0.12 + 0.1 * boom, 0, 1)
    columns = {k: v.astype(float) for k, v in (("exceeded", exceeded), ("leader", leader), ("earlier", earlier))}
    own = "outcome" if threat == "self-classification" else "operation"
    return Made(columns | once_each(n), "panel", roles={"exceeded": "operation", "leader": own, "earlier": "operation"})


naive = unguarded
