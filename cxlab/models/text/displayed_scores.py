"""`displayed_score`: the score that a platform shows, worked out from the reviews, newer ones weighing more."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlab.columns import Column
from cxlab.data.arguments import public
from cxlab.data.sample import sample
from cxlab.data.small_cells import SMALL
from cxlab.data.study import Study
from cxlab.models.metrics import estimates as metrics
from cxlab.models.text.review_scores import levels_of
from cxlab.problem import DataProblem, one_of
from cxlab.result import Result
from cxlab.stats.counts.names import shown
from cxlab.stats.text import star_scores

HALF_LIVES = (90.0, 180.0, 365.0, np.inf)
"""Days in which the weight of a review may halve, where nobody says: a platform does not tell its own."""


@public
def displayed_score(
    study: Study,
    rating: str,
    *,
    unit: str,
    date: str = "",
    rule: str = "trustpilot",
    half_life: float | Sequence[float] | None = None,
    least: float | None = None,
) -> Result:
    """Return the score that a platform's rule makes of each unit's reviews, under one or several ageings of them.

    A score on the page that no ageing gives tells a change of the formula, or reviews that are not in these data.

    Parameters
    ----------
    rating : stars in whole numbers. ``unit`` : whose reviews they are. ``date`` : when each was written.
    rule : 'trustpilot' (seven reviews of 3.5 added to 1 to 5 stars, newer ones weigh more, half stars shown) or 'imdb'
        (v / (v + m) R + m / (v + m) C).
    half_life : days in which the weight of a review halves, one or several; infinite: all weigh alike. Without a date
        only that; with one 90, 180, 365 and infinite if not given.
    least : m of IMDb's rule, reviews that the overall mean C counts for; the median unit's number if not given.

    Returns
    -------
    Result, a row a unit and half-life: ``half_life, estimate`` (the score), ``stars`` (as shown; Trustpilot), ``n``,
    ``weighs`` (reviews of today that all of these weigh), ``to_next`` (best reviews of today to the next half star),
    ``luck`` (chance that 20 more like those so far reach it).

    Raises
    ------
    DataProblem : stars that are no whole numbers of one scale (of 1 to 5 for Trustpilot), a half-life of 0 or less or
        without a date, no unit with ten reviews.

    Notes
    -----
    Trustpilot says that newer reviews weigh more and not by how much; the half-lives show what depends on it. IMDb
    publishes its formula for the top 250 and not how it filters votes.

    Examples
    --------
    >>> import pandas as pd, cxlab as cx
    >>> days = ["2025-01-01"] * 10 + ["2024-01-02"] * 10
    >>> rows = pd.DataFrame({"shop": "a", "stars": [5] * 10 + [1] * 10, "day": days})
    >>> found = cx.text.displayed_score(cx.load(rows), "stars", unit="shop", date="day", half_life=[365, float("inf")])
    >>> found.table[["half_life", "estimate", "stars"]].round(3).to_numpy().tolist()
    [[365.0, 3.614, 3.5], [inf, 3.13, 3.0]]
    """
    one_of("rule", rule, ("trustpilot", "imdb"))
    lives = _half_lives(half_life, date)
    if least is not None and not (np.isfinite(least) and least > 0):
        raise DataProblem(f"least is {least!r}; it is a number of reviews above 0")
    name, whose = study.field(rating).name, study.field(unit).name
    found = sample(study, [name], other=[whose, *([study.field(date).name] if date else [])])
    units = pd.Series(found.other[whose], dtype=object)
    there = np.isfinite(found.answers[name]) & units.notna().to_numpy()
    age = np.zeros(len(there))
    if date:
        when = pd.to_datetime(pd.Series(found.other[study.field(date).name]), errors="coerce")
        there &= when.notna().to_numpy()
        age = (when[there].max() - when).dt.total_seconds().to_numpy() / 86_400 if there.any() else age
    stars = levels_of(study, name, found.answers[name][there])
    if rule == "trustpilot" and (stars[0], stars[-1]) != (1, 5):
        raise DataProblem(
            f"'{name}' of {study.name} goes from {stars[0]:g} to {stars[-1]:g}; Trustpilot's rule is one of 1 to 5 "
            "stars"
        )
    names = sorted(units[there].unique(), key=lambda v: (str(type(v)), v))
    at = pd.Categorical(units[there], categories=names).codes.astype(int)
    level, w = np.searchsorted(stars, found.answers[name][there]), found.w[there]
    w = w / w.sum() * len(w)  # weights that sum to the reviews
    counts = _counts(at, level, w, len(names), stars)
    kept = counts.sum(1) >= SMALL
    if not kept.any():
        raise DataProblem(f"no {unit} of {study.name} has {SMALL} reviews; use a coarser unit")
    tables = []
    for life in lives:
        weighed = _counts(at, level, w * 0.5 ** (age[there] / life), len(names), stars)
        table = pd.DataFrame({"unit": names, "half_life": life, **_scored(rule, counts, weighed, stars, least)})
        tables.append(table.assign(n=np.bincount(at, minlength=len(names)), weighs=weighed.sum(1))[kept])
    made = pd.concat(tables).sort_index(kind="stable").reset_index(drop=True)
    called = shown([unit], list(made.columns[1:]))[0]
    few = int((~kept).sum())
    notes = [*study.caveats, *found.notes]
    notes += [f"{few} of {len(kept)} units have fewer than {SMALL} reviews and are not shown"] if few else []
    notes += [] if date else ["without dates all reviews weigh alike"]
    return Result(
        "displayed_score", f"Score shown: {study.field(name).label}", made.rename(columns={"unit": called}), "mean",
        0.95, METHODS[rule], tuple(notes), {"unit": called, "rule": rule},
        (Column(called, "label", "", study.field(unit).label), *COLUMNS), better="up",
    )  # fmt: skip


METHODS = {
    "trustpilot": "Trustpilot's rule: seven reviews of 3.5 added, weights halved in the days said, shown as half stars",
    "imdb": "IMDb's rule: v / (v + m) R + m / (v + m) C",
}
COLUMNS = (
    Column("half_life", "number", "", "Weight halves in days"),
    Column("stars", "number", "", "Stars shown"),
    Column("weighs", "number", "", "Reviews of today"),
    Column("to_next", "count", "", "Best reviews to the next half star"),
    Column("luck", "probability", "", "Chance that 20 more reach it"),
)


def _half_lives(given: float | Sequence[float] | None, date: str) -> list[float]:
    if given is None:
        return list(HALF_LIVES) if date else [np.inf]
    lives = [float(v) for v in metrics.listed(given)] if not np.isscalar(given) else [float(given)]  # type: ignore[arg-type]
    for v in lives:
        if not v > 0:
            raise DataProblem(f"half_life is {v:g}; it is a number of days above 0, infinite where all weigh alike")
        if np.isfinite(v) and not date:
            raise DataProblem(f"half_life is {v:g} days; name the column that dates the reviews with date=")
    return lives


def _counts(at: NDArray, level: NDArray, w: NDArray, units: int, stars: NDArray) -> NDArray:
    k = len(stars)
    return np.bincount(at * k + level, w, units * k).reshape(units, k)


def _scored(rule: str, counts: NDArray, weighed: NDArray, stars: NDArray, least: float | None) -> dict[str, NDArray]:
    n, total = weighed.sum(1), weighed @ stars
    if rule == "imdb":
        m = float(np.median(n)) if least is None else least
        score = star_scores.imdb(total / n, n, least=m, overall=float(total.sum() / n.sum()))
        return {"estimate": np.asarray(score), "stars": np.full(len(n), np.nan)}
    made = star_scores.displayed(counts, stars, n, total, trustpilot=True)
    return {"estimate": made.pop("platform"), **made}
