"""What a panel must show before it speaks of an effect: people compared with themselves, and a lead that says nothing.

A score that only tells who people are goes with what they do; compared with themselves it no longer does. Where
something that lasts moves both, the score lasts too, and a score given later tells what was done before (the lead
placebo); so does one that what was done has changed.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlab.columns import show
from cxlab.hypotheses.case import Case
from cxlab.hypotheses.design import kind
from cxlab.hypotheses.estimation import answered
from cxlab.hypotheses.naive import unguarded
from cxlab.hypotheses.rule import from_t
from cxlab.hypotheses.sample import NotEstimable
from cxlab.stats.fits.glm import glm
from cxlab.stats.fits.robust import Fit, least_squares
from cxlab.stats.fits.unit_means import following, lasting, persistence, unit_means

SEEN, PEOPLE = 3, 20
"""Periods a person needs to be compared with herself (two, and a later score), and people who have so many."""
COMPARED = "people are compared with themselves"
LEAD = "twice what a score given later tells of what was done before leaves the slope beyond the bar"
BACK = "what was done does not move the next score"
LASTS = "what moves the score does not last"
TWICE, LASTING = 2.0, 0.10
"""The lead is taken off so often; the correlation of a score's deviations in successive periods surely lies below."""


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
    unit, period = (_codes(case, slot) for slot in ("person", "period"))
    rows &= (unit >= 0) & (period >= 0)
    often = int((np.bincount(np.unique(np.column_stack([unit, period])[rows], axis=0)[:, 0]) >= SEEN).sum())
    if often < PEOPLE:
        found = f"{often} people are seen in {SEEN} periods or more; at least {PEOPLE} are needed"
        return _plain(case, y, x, rows, model, sign, tuple((what, found, None, t) for what, t in _threats()))
    return _within(case, y, x, rows, (unit, period), (model, bar, sign))


def pooled(case: Case) -> bool:
    """What decks do with a panel: all rows at once, as if each were another person's."""
    flat = replace(case.study.codebook, design="cross-section", assignment=())
    return unguarded(replace(case, study=replace(case.study, codebook=flat)))


def _threats() -> tuple[tuple[str, str], ...]:
    return (COMPARED, "self-selection"), (LEAD, "common-factor"), (BACK, "reverse-causation")


def _codes(case: Case, slot: str) -> NDArray:
    """Codes in order, -1 where there is none."""
    values = pd.Series(case.sample.raw[slot])
    return pd.factorize(values, sort=True)[0]


def _plain(case: Case, y: NDArray, x: NDArray, rows: NDArray, model: str, sign: int, checks: tuple) -> Slope:
    found = _fitted(case, y, [x], rows, case.sample.c, model)
    return Slope(*found.contrast(_first(found, sign)), rows, _said(model), checks)


def _first(fit: Fit, sign: int, at: int = 1) -> NDArray:
    return sign * np.eye(len(fit.b))[at]


def _within(case: Case, y: NDArray, x: NDArray, rows: NDArray, who: tuple, how: tuple) -> Slope:
    """The slope given the means of person and period, and the same with the person's next score beside it."""
    (unit, period), (model, _, sign), s = who, how, case.sample
    nw = s.n * s.w
    cluster = unit if s.c is None else s.c
    fit = _fitted(case, y, [x, *_means(x, rows, who, nw)], rows, cluster, model)
    value = fit.contrast(_first(fit, sign))
    compared = (
        COMPARED,
        f"{len(np.unique(unit[rows]))} people, {int(s.n[rows].sum())} answers",
        True,
        "self-selection",
    )
    said = f"{_said(model)}, given the means of person and period, errors clustered by person"
    if model == "cloglog" and lasting(unit[rows], y[rows], period[rows]):
        later = ((LEAD, "who left gives no later score", None, "common-factor"),)
    else:
        later = _later(case, y, x, rows, who, how)
    return Slope(*value, rows, said, (compared, *later, _lasts(case, x, rows, who)))


def _later(case: Case, y: NDArray, x: NDArray, rows: NDArray, who: tuple, how: tuple) -> tuple:
    """Whether the slope less twice that of the person's next score lies beyond the bar; whether that one is small."""
    (unit, period), (model, bar, sign), s = who, how, case.sample
    nw = s.n * s.w
    later = np.full(len(x), np.nan)
    later[rows] = following(x[rows], unit[rows], period[rows], nw[rows])
    both = rows & np.isfinite(later)
    columns = [later, x, *_means(later, both, who, nw), *_means(x, both, who, nw)]
    fit = _fitted(case, y, columns, both, unit if s.c is None else s.c, model)
    lead, own = _first(fit, sign), _first(fit, sign, 2)
    told = from_t("", *fit.contrast(lead), level=case.level)
    left = from_t("", *fit.contrast(own - TWICE * lead), level=case.level)
    found = f"slope of the later score {show(told.value)} [{show(told.low)}, {show(told.high)}]"
    small = -bar < told.inner_low and told.inner_high < bar
    return (LEAD, found, bool(left.inner_low > bar), "common-factor"), (BACK, found, small, "reverse-causation")


def _lasts(case: Case, x: NDArray, rows: NDArray, who: tuple) -> tuple:
    s = case.sample
    codes = [np.unique(c[rows], return_inverse=True)[1] for c in who]
    r, se = persistence(x[rows], *codes, (s.n * s.w)[rows])
    told = from_t("", r, se, level=case.level)
    found = f"correlation from one period to the next, within people, {show(r)} [{show(told.low)}, {show(told.high)}]"
    return LASTS, found, bool(told.inner_high < LASTING), "common-factor"


def _means(x: NDArray, rows: NDArray, who: tuple, nw: NDArray) -> list[NDArray]:
    """The means of x by person and by period over the rows; 0 elsewhere."""
    out = []
    for codes in who:
        column = np.zeros(len(x))
        column[rows] = unit_means(x[rows], np.unique(codes[rows], return_inverse=True)[1], nw[rows])
        out.append(column)
    return out


def _fitted(case: Case, y: NDArray, columns: list, rows: NDArray, cluster: NDArray | None, model: str) -> Fit:
    s = case.sample
    controls = () if s.controls is None else (s.controls[rows],)
    x = np.column_stack([np.ones(int(rows.sum())), *(c[rows] for c in columns), *controls])
    units = (None if cluster is None else cluster[rows], None if s.h is None else s.h[rows])
    if model == "linear":
        return least_squares(x, y[rows], s.n[rows], s.w[rows], *units)
    fit = glm(x, y[rows], s.n[rows], s.w[rows], *units, model=model)
    if not fit.converged:
        raise NotEstimable(
            "the slope has no maximum: everybody above (or below) some score did it, or nobody did"
            if model == "cloglog"
            else "the relative change has no maximum in these data"
        )
    return fit


def _said(model: str) -> str:
    names = {
        "linear": "Linear slope",
        "cloglog": "Log hazard (complementary log-log)",
        "poisson": "Poisson pseudo-maximum likelihood",
    }
    return f"{names[model]}, robust errors"
