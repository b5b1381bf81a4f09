"""`within_person`: what goes with a score when people are compared with themselves, and whether it can be its doing."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import t as student

from cxlab.columns import Column, show
from cxlab.data.arguments import public
from cxlab.data.sample import sample
from cxlab.data.study import Study
from cxlab.data.yes_no import yes_no
from cxlab.models.loyalty.spells import there
from cxlab.problem import DataProblem, one_of
from cxlab.result import Result
from cxlab.stats.fits.glm import glm
from cxlab.stats.fits.robust import RobustFit, least_squares
from cxlab.stats.fits.unit_means import following, lasting, persistence, unit_means
from cxlab.stats.inference.design_variance import t_value

SEEN, PEOPLE = 3, 20
"""Periods a person needs to be compared with herself (two, and a later score), and people who have so many."""
TWICE = 2.0
"""So often the slope of a later score is taken off: what lasts tells of before as of after, and more."""
MODELS = {"hazard": "cloglog", "amount": "poisson", "linear": "linear"}
SAID = {
    "linear": "Linear slope",
    "cloglog": "Log hazard (complementary log-log)",
    "poisson": "Poisson pseudo-maximum likelihood",
}
Contrast = tuple[float, float, float]


class People(NamedTuple):
    """Rows of persons in periods: outcome, score, codes from 0 (periods in order), counts, weights, design, more."""

    y: NDArray
    x: NDArray
    person: NDArray
    period: NDArray
    n: NDArray
    w: NDArray
    cluster: NDArray | None
    strata: NDArray | None
    controls: NDArray | None = None

    def keep(self, rows: NDArray) -> People:
        return People(*(None if a is None else a[rows] for a in self))


class Told(NamedTuple):
    """What a panel tells: estimate, error and degrees of freedom of each contrast.

    ``own`` : the slope within people and periods. ``later`` : the slope of the person's next score beside it, and
    ``left`` : the slope less `TWICE` that; None where who left gives no later score. ``lasts`` : the correlation of a
    person's deviations in successive periods and its error. ``people``, ``answers`` : how many.
    """

    own: Contrast
    later: Contrast | None
    left: Contrast | None
    lasts: tuple[float, float]
    people: int
    answers: int


def often(people: People) -> int:
    """Return how many people are seen in `SEEN` periods or more."""
    cells = np.unique(np.column_stack([people.person, people.period]), axis=0)
    return int((np.bincount(cells[:, 0]) >= SEEN).sum())


def told(people: People, model: str) -> Told:
    """Return the slope of the outcome on the score within people, with what a later score tells of before.

    Parameters
    ----------
    people : rows without gaps. ``model`` : 'linear', 'cloglog' or 'poisson'.
    """
    weight = people.n * people.w
    fit = fitted(people, [people.x, *_means(people.x, people)], model)
    last = model == "cloglog" and lasting(people.person, people.y, people.period)
    later, left = (None, None) if last else _later(people, model)
    codes = [np.unique(c, return_inverse=True)[1] for c in (people.person, people.period)]
    return Told(
        fit.contrast(_at(fit, 1)), later, left, persistence(people.x, *codes, weight), len(np.unique(people.person)),
        int(people.n.sum()),
    )  # fmt: skip


def _later(people: People, model: str) -> tuple[Contrast, Contrast]:
    """The slope of the person's next score with the present one beside it, and the present one's less twice that."""
    later = following(people.x, people.person, people.period, people.n * people.w)
    seen = np.isfinite(later)
    if not seen.any():
        raise DataProblem("nobody gives a score after what was done; people cannot be compared with themselves")
    both, later = people.keep(seen), later[seen]
    fit = fitted(both, [later, both.x, *_means(later, both), *_means(both.x, both)], model)
    lead, own = _at(fit, 1), _at(fit, 2)
    return fit.contrast(lead), fit.contrast(own - TWICE * lead)


def _at(fit: RobustFit, k: int) -> NDArray:
    return np.eye(len(fit.b))[k]


def _means(x: NDArray, people: People) -> list[NDArray]:
    """The means of x by person and by period."""
    weight = people.n * people.w
    return [
        unit_means(x, np.unique(c, return_inverse=True)[1], weight) for c in (people.person, people.period)
    ]  # fmt: skip


def fitted(people: People, columns: list[NDArray], model: str) -> RobustFit:
    """Return the fit of the outcome on a constant, the columns and the controls.

    Raises
    ------
    DataProblem : the fit has no maximum.
    """
    more = () if people.controls is None else (people.controls,)
    x = np.column_stack([np.ones(len(people.y)), *columns, *more])
    given = (x, people.y, people.n, people.w, people.cluster, people.strata)
    if model == "linear":
        return least_squares(*given)
    fit = glm(*given, model=model)
    if not fit.converged:
        raise DataProblem(
            "the slope has no maximum: everybody above (or below) some score did it, or nobody did"
            if model == "cloglog"
            else "the relative change has no maximum in these data"
        )
    return fit


@public
def within_person(
    study: Study,
    outcome: str,
    *,
    score: str,
    person: str,
    period: str,
    per: float = 1.0,
    kind: str = "",
    level: float = 0.95,
) -> Result:
    """Return how what people do goes with their score when each is compared with herself in other periods.

    Parameters
    ----------
    outcome : what was done in the period: 1 who left or stayed away, 0 who did not (two labels that say it); an amount
        of 0 or more; or an answer on a scale.
    score, person, period : the score of the period, who gave it, and when (sorted as it is).
    per : points of the score, on its own scale, that the slopes are for.
    kind : 'hazard' (yes or no), 'amount' or 'linear'; default: as the outcome is.
    level : confidence of the intervals, between 0 and 1.

    Returns
    -------
    Result, one row a slope: ``term, estimate`` (log hazard ratio, relative change of the amount, or points of the
    outcome), ``low, high, se, p, n``: of the score; of the person's next score beside it (a placebo: it cannot have
    moved what was done before); and of the score less twice that. ``parts``: ``lasts`` (correlation of a person's
    deviations in successive periods, with its error), ``people``, ``model``.

    Raises
    ------
    DataProblem : the columns are not four of the study, the outcome does not vary or is a negative amount, fewer than
        20 people are seen in three periods, or the slope has no maximum.

    Notes
    -----
    Regression on the score and its means by person and period (in a balanced linear panel the two-way within
    estimator), errors clustered by person or the design's clusters. The claims CX-15 and CX-22 are tested by it.

    References
    ----------
    Mundlak (1978), doi:10.2307/1913646; Wooldridge (2010), Econometric Analysis of Panel Data, 10.7.1.

    Examples
    --------
    >>> import numpy as np, pandas as pd, cxlab as cx
    >>> rng = np.random.default_rng(0)
    >>> kind, own = np.repeat(rng.normal(size=200), 4), rng.normal(size=800)
    >>> table = {"who": np.repeat(np.arange(200), 4), "wave": np.tile(np.arange(4), 200), "score": kind + own}
    >>> study = cx.load(pd.DataFrame(table | {"spent": np.exp(2 + 3 * kind + 0.1 * own)}))
    >>> found = cx.loyalty.within_person(study, "spent", score="score", person="who", period="wave")
    >>> bool(abs(found.table["estimate"][0] - 0.105) < 0.05)
    True
    """
    one_of("kind", kind, ("", *MODELS))
    columns = (outcome, score, person, period)
    for name in columns:
        there(study, name)
    if len(set(columns)) < 4:
        raise DataProblem(f"outcome, score, person and period are {', '.join(columns)}; name four different columns")
    if not (isinstance(per, (int, float)) and np.isfinite(per) and per):
        raise DataProblem(f"per is {per!r}; allowed: a number of points of the score that is not 0")
    people, lost, notes, kind = _people(study, columns, float(per), kind)
    found = told(people, MODELS[kind])
    rows = [("score", found.own)]
    if found.later and found.left:
        rows += [("the next score (placebo)", found.later), ("score, less twice the next", found.left)]
    table = _table(rows, kind, level, found.answers)
    said = (*study.caveats, *notes, *([f"{lost:,} rows without all four do not count"] * bool(lost)), *_said(found))
    return Result(
        "within_person", f"{study.field(outcome).label} with {study.field(score).label}, the same person", table,
        "share" if kind == "amount" else "", level,
        f"{SAID[MODELS[kind]]} given the means of person and period; errors clustered by "
        f"{'person' if study.design.cluster in ('', person) else study.design.cluster}", said,
        {"lasts": found.lasts, "people": found.people, "model": MODELS[kind]},
        (Column("term", "label", "", "Term"),), better="none",
    )  # fmt: skip


def _people(
    study: Study, columns: tuple[str, str, str, str], per: float, kind: str
) -> tuple[People, int, tuple[str, ...], str]:
    """The rows that have all four, how many have not, what else was left out, and what kind of outcome it is."""
    outcome, score, person, period = columns
    words = not study.lazy.collect_schema()[outcome].is_numeric()
    found = sample(study, [score, *([] if words else [outcome])], other=[person, period, *([outcome] * words)],
                   patterns=True)  # fmt: skip
    y = yes_no(found.other[outcome], study.field(outcome)) if words else found.answers[outcome]
    whole = np.isfinite(y) & np.isfinite(found.answers[score])
    whole &= pd.notna(found.other[person]) & pd.notna(found.other[period])
    lost, found, y = int(found.n[~whole].sum()), found.keep(whole), y[whole]
    x = found.answers[score] / per
    for name, values in ((outcome, y), (score, x)):
        if not (len(values) and np.ptp(values) > 0):
            raise DataProblem(f"'{name}' of {study.name} does not vary; there is nothing to compare")
    two = set(np.unique(y)) <= {0.0, 1.0}
    kind = kind or ("hazard" if two else "linear" if study.field(outcome).scale or (y < 0).any() else "amount")
    if kind == "hazard" and not two:
        raise DataProblem(f"'{outcome}' of {study.name} holds more than 0 and 1; a hazard is of yes or no")
    if kind == "amount" and (y < 0).any():
        raise DataProblem(f"{int(found.n[y < 0].sum()):,} rows of {study.name} have a negative '{outcome}'; a relative "
                          "change needs amounts of zero or more: correct them, or say kind='linear'")  # fmt: skip
    who, when = (pd.factorize(pd.Series(found.other[c]), sort=True)[0] for c in (person, period))
    cluster = who if found.cluster is None else found.cluster
    people = People(y, x, who, when, found.n, found.w, cluster, found.strata)
    if (seen := often(people)) < PEOPLE:
        raise DataProblem(f"{seen} people of {study.name} are seen in {SEEN} periods or more; {PEOPLE} are needed")
    return people, lost, found.notes, kind


def _table(rows: list[tuple[str, Contrast]], kind: str, level: float, n: int) -> pd.DataFrame:
    out = []
    for name, (value, se, df) in rows:
        half = float(t_value(level, df)) * se
        p = float(2 * student.sf(abs(value / se), df if np.isfinite(df) else 1e9)) if se > 0 else np.nan
        ends = {"estimate": value, "low": value - half, "high": value + half, "se": se}
        if kind == "amount":
            ends = {k: float(np.expm1(ends[k])) for k in ("estimate", "low", "high")} | {"se": np.exp(value) * se}
        out.append({"term": name, **ends, "p": p, "n": n})
    return pd.DataFrame(out)


def _said(found: Told) -> list[str]:
    r, se = found.lasts
    out = [f"{found.people:,} people, {found.answers:,} answers"]
    out.append(f"what moves the score keeps {show(r)} of itself from one period to the next (error {show(se)}): where "
               "something lasts, it can move both")  # fmt: skip
    if found.later is None:
        out.append("who left gives no later score: the placebo cannot be looked at")
    return [*out, "an association within people: what changes in a person's period may move both"]
