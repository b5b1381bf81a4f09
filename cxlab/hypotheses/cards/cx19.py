"""Closing the loop: score after, routed minus not, given the score before; without an arm, beyond regression."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cxlab.columns import show
from cxlab.hypotheses.case import Case, Evidence
from cxlab.hypotheses.estimation import answered, coefficient, finding, mean, row, side_means, told, two_groups
from cxlab.hypotheses.scored_answers import NotEstimable
from cxlab.hypotheses.simulated_answers import SPREAD, Made, Truth, scores
from cxlab.hypotheses.without_guards import exceeds_zero, flat
from cxlab.models.loop.before_and_after import beyond_line, silent_at_worst
from cxlab.models.regression.counted_answers import correlated

TRUTH = Truth(n=2000)
WORST = 0.10
"""Those who did not answer again may have been as the worst (or best) tenth of those of the other arm who did."""
CHANCE = 3.3
"""Standard errors by which arms drawn at random differ one time in a thousand."""
AGAIN = 0.6
SIDES = {1: "change, routed", 0: "change, not routed: regression to the mean and the rest"}


def test(case: Case) -> Evidence:
    """Score after, routed minus not, given the score before; without an arm, the change beyond regression."""
    sample = case.sample
    before, after = sample.points("before"), sample.points("after")
    if "arm" not in sample:
        return _beyond_regression(case, before, after)
    arm = sample.binary("arm")
    rows = answered(case, after, before, arm)
    two_groups(case, rows, arm, "routing")
    found = coefficient(case, rows, after, arm, before, name="score after: routed minus not routed")
    check, bound = _silent(case, before, after, arm, found.value)
    shown = (*side_means(case, rows, after - before, arm, SIDES), bound)
    checks = (check, _alike(case, arm, before))
    return Evidence((found,), None, shown, checks, "Analysis of covariance with the score before (intention to treat)")


def _alike(case: Case, arm: NDArray, before: NDArray) -> tuple:
    """Whether the arms had the same scores before, as arms drawn at random have but for one time in a thousand."""
    asked = np.isfinite(before) & np.isfinite(arm)
    apart = coefficient(case, asked, before, arm, name="before")
    found = f"score before, routed minus not routed: {show(apart.value)} [{show(apart.low)}, {show(apart.high)}]"
    holds = not abs(apart.value) > CHANCE * apart.se
    return "the arms were alike before", found, holds, "regression-to-the-mean"


def _silent(case: Case, before: NDArray, after: NDArray, arm: NDArray, value: float) -> tuple:
    """The effect where those who did not answer again, given their score before, ended like the worst tenth of the
    answers (if routed), or like the best (if not): who answers may be who was appeased.

    The same share answering in both arms does not help: others may answer in the one than in the other.
    """
    sample = case.sample
    asked = np.isfinite(before) & np.isfinite(arm)
    rows = asked & np.isfinite(after)
    lost = [float(1 - sample.n[rows & (arm == k)].sum() / sample.n[asked & (arm == k)].sum()) for k in (0, 1)]
    filled = np.full(len(after), np.nan)
    people = sample.counted(asked)
    filled[asked] = silent_at_worst(before[asked], after[asked], arm[asked], people, worst=WORST)
    bound = coefficient(case, asked, filled, arm, before, name="at worst for those who did not answer again")
    found = (
        f"{1 - lost[1]:.0%} routed and {1 - lost[0]:.0%} not routed answered again; at worst {show(bound.value)} "
        f"[{show(bound.low)}, {show(bound.high)}]"
    )
    holds = bool(bound.inner_low > 0 if value > 0 else bound.inner_high < 0)
    return ("the effect stays, whoever did not answer again", found, holds, "selective-answers"), told(case, bound)


def _beyond_regression(case: Case, before: NDArray, after: NDArray) -> Evidence:
    """The change of the dissatisfied beyond what the line of all others expects of them."""
    sample = case.sample
    rows = answered(case, after, before)
    low = rows & (before < 50)
    if sample.n[low].sum() < 30:
        raise NotEstimable(f"only {int(sample.n[low].sum())} dissatisfied answers before; this test needs at least 30")
    rest = rows & ~low
    beyond = beyond_line(before, after, low, rest, sample.counted())
    name = "dissatisfied: score after beyond expected regression to the mean"
    found = finding(case, low, beyond.gap, name, *beyond.told)
    mass = sample.counted().mass
    alone = float(np.average((beyond.expected - before)[low], weights=mass[low]))
    shown = (
        row(case, "change of the dissatisfied, raw", *mean(case, low, after - before), sample.n[low].sum()),
        row(case, "expected by regression to the mean alone", alone),
    )
    r, centre = correlated(before[rest], after[rest], mass[rest]), np.average(before[rows], weights=mass[rows])
    notes = (f"expected from those who were not dissatisfied (r = {r:.2f}, mean before {centre:.1f})",)
    check = ("a random arm", "there is none", False)
    return Evidence((found,), None, shown, (check,), "Change beyond regression to the mean", notes)


def simulate(effect: float, n: int, rng: np.random.Generator, threat: str | None = None) -> Made:
    """``effect``: what routing at random adds to the later score of the alerted (below the middle before).

    Under 'regression-to-the-mean' nobody was routed and everybody is asked; under 'selective-answers' six of ten answer
    again in both arms: by chance where not routed, the more satisfied where routed.
    """
    true = rng.standard_normal(n)
    r = np.sqrt(0.6)
    before = scores(1.5 * (r * true + np.sqrt(0.4) * rng.standard_normal(n)))
    arm = (rng.random(n) < 0.5).astype(float)
    after = scores(1.5 * (r * true + np.sqrt(0.4) * rng.standard_normal(n)) + effect / SPREAD * arm)
    if threat == "regression-to-the-mean":
        return Made({"before": before, "after": after, "arm": np.where(before < 50, 1.0, 0.0)}, "experiment")
    low = before < 50
    before, after, arm = before[low], after[low], arm[low]
    if threat == "selective-answers":
        rank = np.argsort(np.argsort(after + 4 * rng.standard_normal(len(after)))) / len(after)
        again = np.where(arm == 1, rank >= 1 - AGAIN, rng.random(len(after)) < AGAIN)
        after = np.where(again, after, np.nan)
    return Made({"before": before, "after": after, "arm": arm}, "experiment")


def naive(case: Case) -> bool:
    """Dissatisfied customers have a higher score the second time (paired t-test)."""
    sample = case.sample
    before, after = (flat(sample.points(s), sample.n) for s in ("before", "after"))
    low = (before < 50) & np.isfinite(after)
    return exceeds_zero((after - before)[low])
