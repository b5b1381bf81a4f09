"""Trial of further products: probability of a new category on the standardised score."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cxlab.hypotheses.case import Case, Evidence
from cxlab.hypotheses.estimation import answered, coefficient, standardised, told
from cxlab.hypotheses.simulated_answers import Made, Truth, once_each, scores
from cxlab.hypotheses.without_guards import unguarded

TRUTH = Truth(claimed=0.03, n=20000)


def test(case: Case) -> Evidence:
    """Share of new categories per standard deviation of the score; with the earlier purchase held, and as a placebo."""
    sample = case.sample
    y, score = sample.binary("adopted"), sample.points("score")
    earlier = sample.binary("earlier") if "earlier" in sample else None
    rows = answered(case, y, score, *([] if earlier is None else [earlier]))
    z = standardised(np.where(rows, score, np.nan), sample.n * sample.w)
    held = [] if earlier is None else [earlier]
    found = coefficient(case, rows, y, z, *held, name="new category per standard deviation of the score")
    method = "Linear probability model, robust errors (average marginal effect)"
    if earlier is None:
        check = ("the score does not go with what was bought before it", "no earlier purchase is known", None)
        return Evidence((found,), checks=((*check, "self-selection"),), method=method)
    lead = coefficient(case, rows, earlier, z, name="bought before the score, per standard deviation of it (placebo)")
    often = _often(case, rows, y) / _often(case, rows, earlier) if earlier[rows].any() else np.inf
    most = case.card.sesoi / max(often, 1.0)
    small = -most < lead.inner_low and lead.inner_high < most
    said = f"{lead.value:+.1%} [{lead.low:+.1%}, {lead.high:+.1%}] per standard deviation of the score"
    if 1 < often < np.inf:
        said += f", where {often:.1f} times fewer bought than after it"
    check = ("the score does not go with what was bought before it", said, bool(small), "self-selection")
    shown = (told(case, lead),)
    return Evidence((found,), None, shown, (check,), method + ", given the earlier purchase")


def _often(case: Case, rows: NDArray, bought: NDArray) -> float:
    """How many bought: a placebo of rare purchases is judged in proportion."""
    return float(np.average(bought[rows], weights=(case.sample.n * case.sample.w)[rows]))


def simulate(effect: float, n: int, rng: np.random.Generator, threat: str | None = None) -> Made:
    """``effect``: points of probability per standard deviation; under 'self-selection' heavy users like us and buy."""
    trait = rng.standard_normal(n)
    heavy = 0.7 if threat == "self-selection" else 0.0
    z = heavy * trait + np.sqrt(1 - heavy**2) * rng.standard_normal(n)
    pull = 0.05 * trait if heavy else 0.0
    buys = lambda p: (rng.random(n) < np.clip(0.15 + p, 0, 1)).astype(float)  # noqa: E731
    columns = {"score": scores(z), "adopted": buys(effect * z + pull), "earlier": buys(pull + 0 * z), **once_each(n)}
    return Made(columns, "panel", roles={"adopted": "operation", "earlier": "operation"})


naive = unguarded
