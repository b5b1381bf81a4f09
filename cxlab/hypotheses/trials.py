"""What experiments of several cards share: people without a score, and arms that rest on few units."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cxlab.columns import show
from cxlab.hypotheses.case import Case
from cxlab.hypotheses.estimation import coefficient, told
from cxlab.hypotheses.rule import Finding
from cxlab.hypotheses.scored_answers import NotEstimable
from cxlab.stats.inference import few_treated
from cxlab.stats.inference.missing_scores import extremes

Again = Callable[[NDArray], Finding]
Bounds = tuple[tuple[str, str, bool | None, str], tuple[dict[str, Any], ...]]


def unanswered(
    case: Case, found: Finding, y: NDArray, there: NDArray, *columns: NDArray, threat: str, again: Again | None = None
) -> Bounds:
    """Return the check that people without a score cannot change the verdict, and the slope's bounds as further facts.

    The slope of the first column is estimated again with the scores that are not there put where they lower it most,
    and where they raise it most (`cxlab.stats.inference.missing_scores.extremes`).

    Parameters
    ----------
    found : the headline, from the people with a score. ``y`` : (rows,) scores of 0 to 100, nan where there is none.
    there : (rows,) whose predictors are known. ``columns`` : predictors, the first is the one that counts.
    threat : the card's threat that the check guards. ``again`` : the headline of filled scores; None: the slope of the
        first column by least squares.
    """
    what = "people without a score could not change the verdict"
    s = case.sample
    gone = there & np.isnan(y)
    lost, all_ = int(s.n[gone].sum()), int(s.n[there].sum())
    if not lost:
        return (what, f"all {all_:,} have one", True, threat), ()
    counted = s.counted(there)
    x = counted.design([c[there] for c in columns])
    low, high = extremes(x, y[there], counted.mass, at=1, limits=(0.0, 100.0))
    bounds = []
    for word, filled in (("lowest", low), ("highest", high)):
        whole = np.full(len(y), np.nan)
        whole[there] = filled
        name = f"{word} it could be, whatever those without a score would have said"
        found_again = again(whole) if again else coefficient(case, there, whole, *columns, name=name)
        bounds.append(replace(found_again, name=name))
    ends = sorted(b.value for b in bounds)
    said = f"{lost:,} of {all_:,} have none; with theirs it lies anywhere from {show(ends[0])} to {show(ends[1])}"
    holds = all(b.verdict == found.verdict for b in bounds)
    return (what, said, holds, threat), tuple(told(case, b) for b in bounds)


def by_unit(case: Case, slot: str) -> Case:
    """Return the case with the column of ``slot`` as clusters: what was assigned is what errors are counted by."""
    if case.column(slot) == case.study.design.cluster:
        return case
    codes = case.sample.codes(slot, sort=False)
    other = replace(case)
    vars(other)["sample"] = replace(case.sample, c=codes).keep(codes >= 0, f"no {slot} given")
    return other


def few_units(arms: dict[str, NDArray], rows: NDArray, unit: NDArray, threat: str) -> tuple[str, str, bool | None, str]:
    """Return the check that every arm rests on enough units.

    Parameters
    ----------
    arms : whether a row belongs to the arm, by its name. ``rows`` : (rows,) in the test. ``unit`` : (rows,) codes.

    Raises
    ------
    NotEstimable : an arm rests on a single unit, whose own noise cannot be told from an effect.
    """
    counts = {name: len(np.unique(unit[rows & mine])) for name, mine in arms.items()}
    said = ", ".join(f"{k} {name}" for name, k in counts.items())
    if min(counts.values()) < few_treated.LEAST:
        raise NotEstimable(
            f"an arm rests on a single unit, whose own noise cannot be told from an effect (units: {said}); "
            f"this test needs at least {few_treated.LEAST} in each, and {few_treated.FEW} to speak"
        )
    what = f"at least {few_treated.FEW} units in each arm"
    return what, said, min(counts.values()) >= few_treated.FEW, threat
