"""Leaders exceed their goals: share that exceeded its goal, leaders minus mainstream; the ratio for the number."""

from __future__ import annotations

import numpy as np

from cxlab.hypotheses.case import Case, Evidence
from cxlab.hypotheses.design import recorded
from cxlab.hypotheses.estimation import answered, coefficient, finding, mean, row, two_groups
from cxlab.hypotheses.simulated_answers import Made, Truth, once_each
from cxlab.hypotheses.without_guards import unguarded

TRUTH = Truth(claimed=0.24)


def test(case: Case) -> Evidence:
    """CX-07: share that exceeded its goal, leaders minus mainstream; the ratio for the number."""
    sample = case.sample
    y, leader = (sample.binary("exceeded"), sample.binary("leader"))
    rows = answered(case, y, leader)
    two_groups(case, rows, leader, "leaders")
    found = coefficient(case, rows, y, leader, name="goal exceeded: leaders minus mainstream")
    p1, s1, df = mean(case, rows & (leader == 1), y)
    p0, s0, _ = mean(case, rows & (leader == 0), y)
    ratio = None
    if p1 > 0 and p0 > 0:
        error = float(np.hypot(s1 / p1, s0 / p0))
        ratio = finding(
            case,
            rows,
            y,
            "ratio of the shares",
            float(np.log(p1 / p0)),
            error,
            df,
            transform=lambda v: float(np.exp(v)),
            unit="",
        )
    shown = (
        row(case, "leaders", p1, s1, df, sample.n[rows & (leader == 1)].sum()),
        row(case, "mainstream", p0, s0, df, sample.n[rows & (leader == 0)].sum()),
    )
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
