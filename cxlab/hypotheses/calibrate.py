"""Calibration: how often the verdicts are wrong where the truth is known, and how often a naive analysis would be.

For every card the test runs on simulated data at two sizes under five truths: nothing there (null), exactly the
smallest effect of interest (boundary), an effect as large as claimed and half of it (claimed, half), and nothing there
but one of the card's threats at work (threat). A SUPPORTED is false where the effect is no larger than the smallest
that matters; at most (1 - level) / 2 of the studies may say it (1 - level for claims of equivalence, which are judged
by two one-sided tests). A CONTRADICTED is false where the effect is on the claimed side, a TRIVIAL where it matters.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from scipy.special import bdtrc, betaincinv

from cxlab.data.arguments import public
from cxlab.hypotheses.card import Card, card, cards
from cxlab.hypotheses.case import Case, run
from cxlab.hypotheses.ruling import ruled
from cxlab.hypotheses.simulated_answers import Truth
from cxlab.hypotheses.simulators import simulated
from cxlab.hypotheses.slots import require
from cxlab.problem import one_of
from cxlab.result import Result

SCENARIOS = ("null", "boundary", "half", "claimed", "threat")
ALARM = 0.005
"""A false rate is a defect when a rate at its limit would give so many or more with no more than this probability."""
SMALLER = 3
"""The second size is the card's own number of answers divided by this."""
FALSE = {"SUPPORTED": "supported", "CONTRADICTED": "contradicted", "TRIVIAL": "trivial"}


def truth(chosen: Card, scenario: str) -> float:
    """Return the true effect of a scenario, as the simulator takes it; under a threat there is none."""
    known: Truth = chosen.module.TRUTH
    claimed = chosen.null + 2.5 * chosen.sesoi if known.claimed is None else known.claimed
    if scenario == "boundary":
        return chosen.null + chosen.sesoi if known.boundary is None else known.boundary
    if scenario == "claimed":
        return claimed
    if scenario == "half":
        return chosen.null + (claimed - chosen.null) / 2
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
    """Return how the verdicts of cards behave on simulated data, one row a card, scenario, threat and size.

    Parameters
    ----------
    claims : ids; None: all cards.
    reps : simulated studies a row; 800 see a rate of twice the limit, 40 one of six times.
    n : answers a study; None: two sizes, the card's own and a third of it.
    level : level of the intervals.
    seed : seed of the simulations.
    scenarios : some of 'null', 'boundary', 'half', 'claimed', 'threat'.
    progress : whether to show a bar.

    Returns
    -------
    Result: ``supported, contradicted, trivial, not_identified`` (shares), ``false`` (the verdict that would be wrong
    here), ``rate, low, high`` (how often it fell, Clopper-Pearson at 95 %), ``limit, p`` (probability of so many at the
    limit), ``defect``, ``coverage`` of the headline interval, ``naive`` (share in which a naive analysis of the raw
    export would have said yes).

    Raises
    ------
    DataProblem : there is no such claim or scenario.

    Examples
    --------
    >>> import cxlab as cx
    >>> cx.evidence.calibrate(["CX-23"], reps=2, n=100, scenarios=["null"]).table["card"].tolist()
    ['CX-23']
    """
    from tqdm import tqdm

    for scenario in scenarios:
        one_of("scenarios", scenario, SCENARIOS)
    chosen = [card(c) for c in claims] if claims else list(cards().values())
    jobs = [
        (c, s, t, size)
        for c in chosen
        for s in scenarios
        for t in (c.threats if s == "threat" else [""])
        for size in ([n] if n else [c.module.TRUTH.n, max(c.module.TRUTH.n // SMALLER, 60)])
    ]
    rows = [tried(*job, reps, level, seed) for job in tqdm(jobs, disable=not progress, unit="scenario")]
    return shown(pd.DataFrame(rows), level, {"reps": reps, "seed": seed})


def shown(table: pd.DataFrame, level: float, parts: dict[str, Any]) -> Result:
    """Return a table of calibration as a result."""
    bad = table[table["defect"]]
    found = f"{len(bad)} with too many false verdicts" if len(bad) else "none with too many false verdicts"
    title = f"{table['card'].nunique()} cards, {len(table)} scenarios: {found}"
    return Result(
        "calibration", title, table, "share", level,
        "Simulation; a false rate is a defect when it is this high with probability 0.5 % at the limit",
        ("'false' is the verdict that would be wrong in a scenario; 'rate' is how often it fell.",
         "Naive: a test of the raw export at 5 %, no smallest effect, no clusters, no design."),
        parts,
    )  # fmt: skip


def tried(chosen: Card, scenario: str, threat: str, n: int, reps: int, level: float, seed: int) -> dict[str, Any]:
    """Return one row of the calibration: ``reps`` simulated studies of a card in one scenario."""
    effect = truth(chosen, scenario)
    real = chosen.module.TRUTH.estimand(effect, n)
    counts = dict.fromkeys(("SUPPORTED", "CONTRADICTED", "TRIVIAL", "NOT-IDENTIFIED"), 0)
    covered = said = estimated = 0
    for i in range(reps):
        study = simulated(chosen, effect, n=n, seed=seed * 1_000_003 + i, threat=threat or None)
        case = Case(chosen, study, require(chosen, study), level=level, seed=i)
        found = run(case)
        verdict = ruled(case, found).direction
        counts[verdict] = counts.get(verdict, 0) + 1
        if not found.reason:
            estimated += 1
            covered += found.findings[0].low <= real <= found.findings[0].high
            said += chosen.module.naive(case)
    wrong, limit = _wrong(chosen, scenario, level)
    k = sum(counts[v] for v in wrong)
    p = float(bdtrc(k - 1, reps, limit)) if wrong and k else 1.0
    return {
        "card": chosen.id, "scenario": scenario, "threat": threat, "truth": real, "n": n, "reps": reps,
        **{FALSE[v]: counts[v] / reps for v in FALSE}, "not_identified": counts["NOT-IDENTIFIED"] / reps,
        "false": " or ".join(wrong), "rate": k / reps if wrong else float("nan"),
        "low": float(betaincinv(k, reps - k + 1, 0.025)) if k else 0.0,
        "high": float(betaincinv(k + 1, reps - k, 0.975)) if k < reps else 1.0,
        "limit": limit, "p": p, "defect": p < ALARM,
        "coverage": covered / estimated if estimated and real == real and not threat else float("nan"),
        "naive": said / reps,
    }  # fmt: skip


def _wrong(chosen: Card, scenario: str, level: float) -> tuple[tuple[str, ...], float]:
    """The verdicts that are false in a scenario, and how often they may fall."""
    if scenario == "claimed":
        return ("CONTRADICTED", "TRIVIAL"), 1 - level
    if scenario == "half":
        return (), float("nan")
    return ("SUPPORTED",), (1 - level) * (1 if chosen.side == "inside" else 0.5)
