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
from cxlab.hypotheses.card import Card, card, cards
from cxlab.hypotheses.case import Case, run
from cxlab.hypotheses.ruling import ruled
from cxlab.hypotheses.simulated_answers import Truth
from cxlab.hypotheses.simulators import simulated
from cxlab.hypotheses.slots import require
from cxlab.result import Result

SCENARIOS = ("null", "boundary", "claimed", "threat")
ALARM = 0.001
"""A false rate is a defect when a rate at the level would give so many or more with no more than this probability."""


def truth(chosen: Card, scenario: str) -> float:
    """Return the true effect of a scenario, as the simulator takes it; under a threat there is none."""
    known: Truth = chosen.module.TRUTH
    if scenario == "boundary":
        return chosen.null + chosen.sesoi if known.boundary is None else known.boundary
    if scenario == "claimed":
        return chosen.null + 2.5 * chosen.sesoi if known.claimed is None else known.claimed
    return chosen.null if chosen.side != "inside" else chosen.null + 2 * chosen.sesoi


@public
def calibrate(
    claims: Sequence[str] | None = None,
    *,
    reps: int = 200,
    n: int | None = None,
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
    claims : ids; None: all cards.
    reps : simulated studies a scenario.
    n : answers a study; None: as the card's ``TRUTH`` says.
    """
    from tqdm import tqdm

    chosen = [card(c) for c in claims] if claims else list(cards().values())
    jobs = [(c, s, t) for c in chosen for s in scenarios for t in (c.threats if s == "threat" else [""])]
    rows = [
        _scenario(c, s, t, reps, n or c.module.TRUTH.n, level, seed)
        for c, s, t in tqdm(jobs, disable=not progress, unit="scenario")
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


def _scenario(chosen: Card, scenario: str, threat: str, reps: int, n: int, level: float, seed: int) -> dict:
    effect = truth(chosen, scenario)
    real = chosen.module.TRUTH.estimand(effect, n)
    supported = covered = said = unknown = estimated = 0
    for i in range(reps):
        study = simulated(chosen, effect, n=n, seed=seed * 1_000_003 + i, threat=threat or None)
        case = Case(chosen, study, require(chosen, study), level=level, seed=i)
        found = run(case)
        verdict = ruled(case, found)
        if not found.reason:
            estimated += 1
            covered += found.findings[0].low <= real <= found.findings[0].high
            supported += verdict.direction == "SUPPORTED"
            said += chosen.module.naive(case)
        unknown += verdict.direction == "NOT-IDENTIFIED"
    limit = (1 - level) * (1 if chosen.side == "inside" else 0.5) if scenario != "claimed" else float("nan")
    p = float(bdtrc(supported - 1, reps, limit)) if scenario != "claimed" and supported else 1.0
    shown = real == real and not threat and estimated
    return {
        "card": chosen.id, "scenario": scenario, "threat": threat, "truth": real, "n": n,
        "reps": reps, "supported": supported / reps, "limit": limit, "p": p, "defect": p < ALARM,
        "coverage": covered / estimated if shown else float("nan"), "naive": said / reps,
        "not_identified": unknown / reps,
    }  # fmt: skip
