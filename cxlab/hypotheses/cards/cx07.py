"""Leaders exceed their goals: share that exceeded its goal, leaders minus mainstream; the ratio for the number."""

from __future__ import annotations

import numpy as np

from cxlab.hypotheses.case import Case, Evidence
from cxlab.hypotheses.design import recorded
from cxlab.hypotheses.estimation import answered, coefficient, finding, mean, side_means, two_groups
from cxlab.hypotheses.simulated_answers import Made, Truth, once_each
from cxlab.hypotheses.without_guards import unguarded
from cxlab.models.regression.risk_ratio import log_ratio

TRUTH = Truth(claimed=0.24)


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
    return Evidence((found,), ratio, shown, (check,), method="Difference and ratio of shares, robust errors")


def simulate(effect: float, n: int, rng: np.random.Generator, threat: str | None = None) -> Made:
    won = rng.random(n)
    leader = (won + 0.7 * rng.random(n) > 1).astype(float) if threat else (rng.random(n) < 0.4).astype(float)
    exceeded = won > 0.85 if threat else rng.random(n) < 0.12 + effect * leader
    columns = {"exceeded": exceeded.astype(float), "leader": leader, **once_each(n)}
    own = "outcome" if threat else "operation"
    return Made(columns, "panel", roles={"exceeded": "operation", "leader": own})


naive = unguarded
