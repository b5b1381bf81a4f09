"""Cheaper to support: relative change of cost per standard deviation of the score, within people."""

from __future__ import annotations

import numpy as np

from cxlab.hypotheses import within_people
from cxlab.hypotheses.case import Case, Evidence
from cxlab.hypotheses.estimation import answered, finding, standardised
from cxlab.hypotheses.scored_answers import NotEstimable
from cxlab.hypotheses.simulated_answers import Made, Truth, in_periods, lasting_mood, scores

TRUTH = Truth(claimed=0.1, n=6000, value=lambda effect: -effect)
PERIODS = 5


def test(case: Case) -> Evidence:
    """Relative change of the next period's cost per standard deviation (Poisson pseudo-likelihood, within people)."""
    sample = case.sample
    cost, score = sample.number("cost"), sample.points("score")
    rows = answered(case, cost, score)
    if (cost[rows] < 0).any():
        raise NotEstimable("some costs are negative; a relative change needs costs of zero or more")
    z = standardised(np.where(rows, score, np.nan), sample.n * sample.w)
    bar = -float(np.log1p(-min(case.card.sesoi, 0.99)))
    found = within_people.slope(case, cost, z, model="poisson", bar=bar, sign=-1)
    headline = finding(
        case, found.rows, cost, "cost per standard deviation of the score, relative change",
        -found.value, found.se, found.df, transform=lambda v: float(np.expm1(v)),
    )  # fmt: skip
    return Evidence((headline,), checks=found.checks, method=found.method)


def simulate(effect: float, n: int, rng: np.random.Generator, threat: str | None = None) -> Made:
    """``effect``: the share by which cost falls per standard deviation; half of the score is the person, half not.

    Under 'self-selection' easy customers are satisfied and cheap; under 'reverse-causation' what a person's trouble
    costs lowers her next score; under 'common-factor' trouble that lasts moves both.
    """
    people = max(n // PERIODS, 12)
    person, own = rng.standard_normal((people, 1)), rng.standard_normal((people, PERIODS))
    noise = rng.gamma(9.0, 1 / 9, (people, PERIODS))
    mood = lasting_mood(people, PERIODS, rng)
    part = np.sqrt(0.5)
    z = part * (mood if threat == "common-factor" else person) + part * own
    moved = {"self-selection": -0.2 * person, "common-factor": -0.2 * mood}.get(threat or "", 0.0)
    mean = np.exp(3 + np.log1p(-effect) * z + moved)
    if threat == "reverse-causation":
        z[:, 1:] -= 1.5 * np.log(noise[:, :-1])
    columns = {"score": scores(z).ravel(), "cost": (mean * noise).ravel(), **in_periods(people, PERIODS)}
    return Made(columns, "panel")


naive = within_people.pooled
