"""What a panel must show before it speaks of an effect: people compared with themselves, and a lead that says nothing.

A score that only tells who people are goes with what they do; compared with themselves it no longer does. Where
something that lasts moves both, the score lasts too, and a score given later tells what was done before (the lead
placebo); so does one that what was done has changed. The slopes are those of `cx.loyalty.within_person`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cxlab.columns import show
from cxlab.hypotheses.case import Case
from cxlab.hypotheses.design import kind
from cxlab.hypotheses.estimation import answered
from cxlab.hypotheses.rule import from_t
from cxlab.hypotheses.without_guards import unguarded
from cxlab.models.loyalty.within_person import PEOPLE, SAID, SEEN, Contrast, People, Told, fitted, often, told

COMPARED = "people are compared with themselves"
LEAD = "twice what a score given later tells of what was done before leaves the slope beyond the bar"
BACK = "what was done does not move the next score"
LASTS = "what moves the score does not last"
LASTING = 0.10
"""The correlation of a score's deviations in successive periods surely lies below."""


class Slope(NamedTuple):
    """The slope of the score with its error, the rows it comes from, how, and what was checked."""

    value: float
    se: float
    df: float
    rows: NDArray
    method: str
    checks: tuple[tuple[str, str, bool | None, str], ...]


def slope(case: Case, y: NDArray, x: NDArray, *, model: str, bar: float, sign: int = 1) -> Slope:
    """Return the slope of y on x: within people in a panel, else over all rows.

    Parameters
    ----------
    y, x : (rows,) outcome and score of the sample. ``model`` : 'linear', or one of `cxlab.stats.fits.glm.MODELS`.
    bar : the smallest slope that matters: the lead must surely lie within it. ``sign`` : -1 turns the slope round.
    """
    rows = answered(case, y, x)
    if kind(case.study) == "experiment":
        checks = tuple((what, "assigned", True, t) for what, t in _threats())
        return _plain(case, y, x, rows, model, sign, checks)
    if kind(case.study) != "panel" or not {"person", "period"} <= case.slots.columns.keys():
        found = "each person has one score" if kind(case.study) != "panel" else "no column says who, or when"
        return _plain(case, y, x, rows, model, sign, tuple((what, found, None, t) for what, t in _threats()))
    who, when = (case.sample.codes(slot) for slot in ("person", "period"))
    rows &= (who >= 0) & (when >= 0)
    people = _people(case, y, x, rows, (who, when))
    if (seen := often(people)) < PEOPLE:
        found = f"{seen} people are seen in {SEEN} periods or more; at least {PEOPLE} are needed"
        return _plain(case, y, x, rows, model, sign, tuple((what, found, None, t) for what, t in _threats()))
    found = told(people, model)
    method = f"{_said(model)}, given the means of person and period, errors clustered by person"
    return Slope(*_turned(found.own, sign), rows, method, _checks(case, found, bar, sign))


def pooled(case: Case) -> bool:
    """What decks do with a panel: all rows at once, as if each were another person's."""
    flat = replace(case.study.codebook, design="cross-section", assignment=())
    return unguarded(replace(case, study=replace(case.study, codebook=flat)))


def _threats() -> tuple[tuple[str, str], ...]:
    return (COMPARED, "self-selection"), (LEAD, "common-factor"), (BACK, "reverse-causation")


def _people(case: Case, y: NDArray, x: NDArray, rows: NDArray, who: tuple[NDArray, NDArray] | None) -> People:
    s = case.sample
    person, period = who or (np.zeros(len(y), int), np.zeros(len(y), int))
    cluster = person if s.c is None and who else s.c
    return People(y, x, person, period, s.n, s.w, cluster, s.h, s.controls).keep(rows)


def _plain(case: Case, y: NDArray, x: NDArray, rows: NDArray, model: str, sign: int, checks: tuple) -> Slope:
    people = _people(case, y, x, rows, None)
    fit = fitted(people, [people.x], model)
    return Slope(*_turned(fit.contrast(np.eye(len(fit.b))[1]), sign), rows, _said(model), checks)


def _turned(found: Contrast, sign: int) -> Contrast:
    return sign * found[0], found[1], found[2]


def _checks(case: Case, found: Told, bar: float, sign: int) -> tuple:
    """Whether the slope less twice that of the person's next score lies beyond the bar; whether that one is small."""
    compared = (COMPARED, f"{found.people} people, {found.answers} answers", True, "self-selection")
    if found.later is None or found.left is None:
        later: tuple = ((LEAD, "who left gives no later score", None, "common-factor"),)
    else:
        lead = from_t("", *_turned(found.later, sign), level=case.level)
        left = from_t("", *_turned(found.left, sign), level=case.level)
        said = f"slope of the later score {show(lead.value)} [{show(lead.low)}, {show(lead.high)}]"
        small = -bar < lead.inner_low and lead.inner_high < bar
        later = (LEAD, said, bool(left.inner_low > bar), "common-factor"), (BACK, said, small, "reverse-causation")
    r = from_t("", *found.lasts, level=case.level)
    said = f"correlation from one period to the next, within people, {show(r.value)} [{show(r.low)}, {show(r.high)}]"
    return compared, *later, (LASTS, said, bool(r.inner_high < LASTING), "common-factor")


def _said(model: str) -> str:
    return f"{SAID[model]}, robust errors"
