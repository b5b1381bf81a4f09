"""Calibration: how often the verdicts are wrong where the truth is known, and how often a naive analysis would be.

For every card the test runs on simulated data under four truths: nothing there (null), exactly the smallest effect of
interest (boundary), an effect as large as claimed (claimed), and nothing there but the card's main threat at work
(threat). A SUPPORTED is false in all but 'claimed'; its rate must not exceed (1 - level) / 2 (1 - level for claims of
equivalence, which are judged by two one-sided tests).
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from scipy.special import bdtrc

from cxlab.data.arguments import public
from cxlab.hypotheses import rule
from cxlab.hypotheses.card import Card, card, cards
from cxlab.hypotheses.design import identified
from cxlab.hypotheses.evidence import run
from cxlab.hypotheses.naive import naive
from cxlab.hypotheses.sample import Spec, scored
from cxlab.hypotheses.simulators import THREATS, simulated
from cxlab.hypotheses.slots import require
from cxlab.result import Result

SCENARIOS = ("null", "boundary", "claimed", "threat")
CLAIMED = {
    "CX-01": 0.16, "CX-02": 0.12, "CX-04": 0.45, "CX-05": 0.06, "CX-07": 0.24, "CX-08": 0.0135, "CX-09": 0.90,
    "CX-12": 12.0, "CX-13": 0.2, "CX-15": 0.19, "CX-16": 0.5, "CX-17": 0.7, "CX-18": 1.0, "CX-27": 0.3, "CX-28": 6.0,
    "CX-30": 0.65, "CX-31": 0.0, "CX-32": 0.1,
}  # fmt: skip
"""The truth of the scenario 'claimed' where it is not 2.5 times the smallest effect."""
SMALLEST = {"CX-15": 0.0943, "CX-13": 0.0, "CX-04": 0.01}
"""The truth at the boundary where it is not the card's smallest effect from its null."""
UNCOVERED = ("CX-04", "CX-13", "CX-32", "CX-27", "CX-05", "CX-14")
"""Cards whose effect has no closed form in the simulation (or an out-of-sample estimate, always a little lower)."""
SIZES = {"CX-08": 360, "CX-18": 100, "CX-27": 2000, "CX-12": 3000, "CX-32": 1200, "CX-11": 2000, "CX-21": 1200}
"""Answers (months, units) of a simulated study where it is not 1,000."""
ALARM = 0.001
"""A false rate is a defect when a rate at the level would give so many or more with no more than this probability."""


def truth(chosen: Card, scenario: str) -> float:
    """Return the true effect of a scenario, as the simulator takes it."""
    null = chosen.null if chosen.side != "inside" else chosen.null + 2 * chosen.sesoi
    if scenario in ("null", "threat"):
        return null
    if scenario == "boundary":
        return SMALLEST.get(chosen.id, chosen.null + chosen.sesoi)
    return CLAIMED.get(chosen.id, chosen.null + 2.5 * chosen.sesoi)


@public
def calibrate(
    claims: Sequence[str] | None = None,
    *,
    reps: int = 200,
    n: int = 1000,
    level: float = 0.95,
    seed: int = 0,
    scenarios: Sequence[str] = SCENARIOS,
    progress: bool = False,
) -> Result:
    """Return how the verdicts of cards behave on simulated data, one row a card and scenario.

    Columns: ``supported`` = share of SUPPORTED, ``limit`` = the level's share where it would be false, ``p`` =
    probability of so many false ones at the limit, ``defect``, ``coverage`` of the headline interval, ``naive`` = share
    in which a naive analysis of the raw export would have said yes, ``not_identified``.

    Parameters
    ----------
    claims : ids; None: all cards. ``reps`` : simulated studies a scenario. ``n`` : answers a study (see `SIZES`).
    """
    from tqdm import tqdm

    chosen = [card(c) for c in claims] if claims else list(cards().values())
    jobs = [(c, s) for c in chosen for s in scenarios]
    rows = [
        _scenario(c, s, reps, SIZES.get(c.id, n), level, seed)
        for c, s in tqdm(jobs, disable=not progress, unit="scenario")
    ]
    table = pd.DataFrame(rows)
    bad = table[table["defect"]]
    title = f"{len(chosen)} cards, {reps} studies a scenario: " + (
        f"{len(bad)} scenarios with too many false SUPPORTED"
        if len(bad)
        else "no scenario has too many false SUPPORTED"
    )
    return Result(
        "calibration", title, table, "share", level,
        "Simulation; a false rate is a defect when it is this high with probability 0.1 % at the limit",
        ("A SUPPORTED is right only in the scenario 'claimed'.",
         "Naive: a test of the raw export at 5 %, no smallest effect, no clusters, no design."),
        {"reps": reps, "seed": seed},
    )  # fmt: skip


def _scenario(chosen: Card, scenario: str, reps: int, n: int, level: float, seed: int) -> dict:
    effect, threat = truth(chosen, scenario), scenario == "threat"
    supported = covered = said = unknown = estimated = 0
    real = -effect if chosen.side == "less" and chosen.test != "constructs" else effect
    for i in range(reps):
        study = simulated(chosen, effect, n=n, seed=seed * 1_000_003 + i, threat=threat)
        slots = require(chosen, study)
        sample = scored(study.table.assign(_n=1.0), study, chosen, slots, Spec())
        found = run(chosen, sample, level=level, seed=i)
        causes, _ = identified(chosen, study, slots.columns)
        if not found.reason:
            estimated += 1
            covered += found.findings[0].low <= real <= found.findings[0].high
            supported += causes and rule.weakest([f.verdict for f in found.findings]) == "SUPPORTED"
            said += naive(chosen, sample)
        unknown += (not causes) or bool(found.reason)
    limit = (1 - level) * (1 if chosen.side == "inside" else 0.5) if scenario != "claimed" else float("nan")
    p = float(bdtrc(supported - 1, reps, limit)) if scenario != "claimed" and supported else 1.0
    shown = chosen.id not in UNCOVERED and not (threat and not causes) and estimated
    return {
        "card": chosen.id, "scenario": scenario, "threat": THREATS[chosen.id] if threat else "", "truth": real, "n": n,
        "reps": reps, "supported": supported / reps, "limit": limit, "p": p, "defect": p < ALARM,
        "coverage": covered / estimated if shown else float("nan"), "naive": said / reps,
        "not_identified": unknown / reps,
    }  # fmt: skip
