"""Satisfied customers come back: hazard of leaving, spend, or loyalty score, per 10 points of satisfaction."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cxlab.hypotheses import within_people
from cxlab.hypotheses.case import Case, Evidence
from cxlab.hypotheses.estimation import coefficient, finding, group_means, told, varies
from cxlab.hypotheses.scored_answers import NotEstimable
from cxlab.hypotheses.simulated_answers import Made, Truth, in_periods, lasting_mood, scores

TRUTH = Truth(claimed=0.3, boundary=0.0943, n=6000)
HAZARD, MONEY = 0.0943, 0.03
"""The smallest effects that matter where the outcome is not an intention: a hazard ratio of 0.91; 3 % of the spend."""
PERIODS = 5


def test(case: Case) -> Evidence:
    """Behaviour per 10 points of satisfaction: within people in a panel; and the curve."""
    sample = case.sample
    x = sample.points("satisfaction") / 10
    y, about = _outcome(case)
    found = within_people.slope(case, y, x, model=about["model"], bar=about["bar"], sign=about["sign"])
    rows = found.rows
    varies("satisfaction", x[rows])
    headline = finding(
        case, rows, y, about["name"], found.value, found.se, found.df, transform=about["transform"],
        sesoi=about["sesoi"], unit=about["unit"],
    )  # fmt: skip
    centred = x - 5
    bend = coefficient(case, rows, y, centred**2, centred, name="curvature (negative: decreasing returns)", sesoi=0.0)
    shown = (
        told(case, bend),
        *group_means(case, rows, y, 10 * x),
    )
    notes = () if about["recorded"] else ("the outcome is an intention, from the same questionnaire",)
    return Evidence((headline,), None, shown, found.checks, found.method, notes)


def _outcome(case: Case) -> tuple[NDArray, dict]:
    """The outcome as its model takes it: leaving or not, an amount of money, or a score from 0 to 100."""
    sample, field = case.sample, case.sample.fields["behaviour"][0]
    raw = sample.points("behaviour")
    recorded = field.measure in ("churn", "spend") or field.role == "operation"
    said = {"recorded": recorded, "transform": None, "sign": 1, "unit": ""}
    if set(np.unique(raw[np.isfinite(raw)])) == {0.0, 100.0}:
        name = "minus log hazard ratio of leaving per 10 points of satisfaction"
        return 1 - raw / 100, said | {"model": "cloglog", "sign": -1, "name": name, "bar": HAZARD, "sesoi": HAZARD}
    if field.scale:
        name, sesoi = "loyalty (0 to 100) per 10 points of satisfaction", case.card.sesoi
        return sample.points("behaviour", outcome=True), said | {
            "model": "linear", "name": name, "bar": max(sesoi, 1e-9), "sesoi": sesoi,
        }  # fmt: skip
    if np.nanmin(raw, initial=0.0) < 0:
        raise NotEstimable("some amounts are negative; a relative change needs amounts of zero or more")
    more = {"transform": lambda v: float(np.expm1(v)), "unit": "share", "sesoi": MONEY, "bar": float(np.log1p(MONEY))}
    return raw, said | more | {"model": "poisson", "name": "amount per 10 points of satisfaction, relative change"}


def simulate(effect: float, n: int, rng: np.random.Generator, threat: str | None = None) -> Made:
    """``effect``: minus the log hazard ratio of staying away for a period, per 10 points; five periods a person.

    Half of the score is the person, half the period. Under 'self-selection' people who stay are satisfied anyway; under
    'common-factor' something that lasts for some periods moves both.
    """
    people = max(n // PERIODS, 12)
    person, own = rng.standard_normal((people, 1)), rng.standard_normal((people, PERIODS))
    part = np.sqrt(0.5)
    mood = lasting_mood(people, PERIODS, rng)
    latent = part * (mood if threat == "common-factor" else person) + part * own
    s = scores(1.5 * latent)
    moved = {"self-selection": 0.6 * person, "common-factor": 0.6 * mood}.get(threat or "", 0.0)
    rate = 0.3 * np.exp(-effect * (s - 50) / 10 - moved)
    away = (rng.random(s.shape) >= np.exp(-rate)).astype(float)
    return Made({"satisfaction": s.ravel(), "behaviour": away.ravel(), **in_periods(people, PERIODS)}, "panel")


naive = within_people.pooled
