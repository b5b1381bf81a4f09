"""Effects multiply company-wide: interaction of two measures, clustered by unit."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cxlab.hypotheses.case import Case, Evidence
from cxlab.hypotheses.estimation import answered, coefficient, fit, mean, row, two_groups
from cxlab.hypotheses.simulated_answers import SPREAD, Made, Truth, scores
from cxlab.hypotheses.trials import by_unit, few_units, unanswered
from cxlab.hypotheses.without_guards import unguarded

TRUTH = Truth(claimed=6.0)
MOST = 0.15
"""Answers at one end of the scale, beyond which it has a floor or a ceiling."""
ALONE = 2.0
"""What each measure alone brings in simulated studies."""


def test(case: Case) -> Evidence:
    """The interaction of `cx.ols`, clustered by the unit that was assigned, if every arm rests on enough units."""
    case = by_unit(case, "unit")
    sample = case.sample
    y, a, b = (sample.points("score", outcome=True), sample.binary("a"), sample.binary("b"))
    rows = answered(case, y, a, b)
    two_groups(case, rows, a * b, "both measures")
    columns = (a * b, a, b)
    arms = {
        "with both": a * b,
        "with A alone": a * (1 - b),
        "with B alone": b * (1 - a),
        "with none": (1 - a) * (1 - b),
    }
    enough = few_units({k: v == 1 for k, v in arms.items()}, rows, sample.raw["unit"], "few-units")
    found = coefficient(case, rows, y, *columns, name="both minus the sum of each")
    silent, bounds = unanswered(case, found, y, ~np.isnan(a + b), *columns, threat="silence")
    model = fit(case, rows, y, *columns)
    alone = tuple(
        row(case, f"effect of {name} alone", *model.contrast(np.eye(len(model.b))[i]), sample.n[rows].sum())
        for name, i in (("A", 2), ("B", 3))
    )
    method = "Interaction in a factorial trial, errors clustered by unit"
    checks = (enough, silent, _ends(case, rows, y))
    return Evidence((found,), None, (*alone, *bounds), checks, method)


def _ends(case: Case, rows: NDArray, y: NDArray) -> tuple[str, str, bool, str]:
    """Whether few answers stand at an end of the scale: there a measure alone does not show, or both together no more.

    More than 15 % are called a floor or a ceiling (Terwee et al. 2007, doi:10.1016/j.jclinepi.2006.03.012).
    """
    share = [mean(case, rows, (y == end).astype(float))[0] for end in (0.0, 100.0)]
    said = f"{share[0]:.0%} at the worst end, {share[1]:.0%} at the best"
    return f"at most {MOST:.0%} of the answers stand at an end of the scale", said, max(share) <= MOST, "floor"


def simulate(effect: float, n: int, rng: np.random.Generator, threat: str | None = None) -> Made:
    """Under 'clustering' customers of a unit resemble each other, under 'few-units' there are only eight such units;
    under 'silence' the discontent of units with both measures do not answer; under 'floor' most give the worst score,
    and either measure alone lifts few of them.
    """
    units = 8 if threat == "few-units" else max(n // 25, 24)
    unit = np.arange(n) % units
    four = (rng.permutation(units) % 4)[unit]
    a, b = ((four // 2).astype(float), (four % 2).astype(float))
    alike = 0.5 if threat in ("clustering", "few-units") else 0.1
    y = (ALONE * (a + b) + effect * a * b) / SPREAD + alike * rng.standard_normal(units)[unit] + rng.standard_normal(n)
    score = scores(y + 10 * (a + b) / SPREAD, -10.0) if threat == "floor" else scores(y)
    if threat == "silence":
        score = np.where((a * b == 1) & (score < 48), np.nan, score)
    return Made({"score": score, "a": a, "b": b, "unit": unit}, "experiment")


naive = unguarded
