"""`reviews`: what stars say of a unit, what a platform makes of them, and what who writes may do to them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlab.columns import Column
from cxlab.data.arguments import public
from cxlab.data.sample import Sample, sample
from cxlab.data.small_cells import SMALL
from cxlab.data.study import Study, key
from cxlab.models.text import review_streams
from cxlab.models.text.posting import GATING
from cxlab.problem import DataProblem, one_of
from cxlab.result import Result
from cxlab.stats.counts.names import shown
from cxlab.stats.inference.influences import covariance
from cxlab.stats.text import selection_band, star_scores

RULES = ("trustpilot", "imdb", "none")
LEVELS = 11
MIXED = 0.1
"""Share of the stars above 5, of ten, below which scales of 5 and 10 may be mixed."""

COLUMNS = (
    Column("estimate", "estimate", "mean", "Mean of the stars"),
    Column("platform", "estimate", "mean", "Score by the platform's rule"),
    Column("stars", "number", "", "Stars shown"),
    Column("bound", "estimate", "mean", "Lower bound to rank by"),
    Column("rank", "rank", "", "Rank by the bound"),
    Column("selected_low", "bound", "mean", "If who writes is selected, low"),
    Column("selected_high", "bound", "mean", "If who writes is selected, high"),
    Column("all", "estimate", "mean", "All customers"),
    Column("to_next", "count", "", "Best reviews to the next half star"),
    Column("luck", "probability", "", "Chance that 20 more reach it"),
    Column("polarity", "share", "", "At the two ends"),
    Column("bimodality", "number", "", "Bimodality"),
)


@public
def reviews(
    study: Study,
    rating: str,
    *,
    unit: str,
    date: str = "",
    verified: str = "",
    posted: str = "",
    rule: str = "trustpilot",
    readier: float = 3.0,
) -> Result:
    """Return what the stars of each unit say: mean, what a platform shows, a bound to rank by, a selection band.

    Parameters
    ----------
    rating : stars, in whole numbers of a scale of at most eleven levels.
    unit : whose reviews they are (a brand, a shop).
    date : when each was written: adds the drift over months and review order, and unusual bursts.
    verified : column of two kinds of reviews (solicited or not, verified or not): adds their comparison.
    posted : 1 who posted a review, 0 who did not, where the rows are all customers with a private ``rating``: adds the
        share that posts at each score, and the mean of all customers beside that of the reviews.
    rule : of the platform: 'trustpilot' (seven reviews of 3.5 added, half stars), 'imdb' (drawn to the overall mean by
        as many reviews as the median unit has), 'none'.
    readier : how many times as readily customers of one score may write as those of any other: the selection band,
        limits of the mean of all customers under any such pattern (the ends write more, the unhappy, only the happy are
        asked). In six such worlds it held the truth in 97 % of 3,000 studies or more, of ten reviews as of a thousand.

    Returns
    -------
    Result, a row a unit: ``estimate, low, high, n, platform, stars`` (as shown), ``bound, rank, selected_low,
    selected_high, to_next`` (reviews of the best level to the next half star), ``luck`` (chance that 20 more reviews
    reach it), ``polarity, bimodality``, with ``posted`` also ``all``. ``parts``: ``counts`` (units by stars), ``swaps``
    (neighbours by mean: ``overlap``, from how many times as ready on their order is open, whoever it is that writes
    more in either of them, 1 where it is open already; ``tipping``, how many times as readily the two ends must write,
    in both alike, for the means to change places; nan: never, or not told apart), ``drift``, ``months`` (Laney's
    limits of each unit's months), ``bursts``, ``kinds``, ``posting``.

    Raises
    ------
    DataProblem : stars that are no whole numbers of one scale, fewer than two levels, no unit with ten reviews.

    References
    ----------
    Schoenmueller, V., Netzer, O. & Stahl, F. (2020). The polarity of online reviews. Journal of Marketing Research 57,
        853-877. doi:10.1177/0022243720941832

    Examples
    --------
    >>> import pandas as pd, cxlab as cx
    >>> rows = pd.DataFrame({"shop": ["a"] * 50 + ["b"] * 50, "stars": [5] * 36 + [4] * 10 + [3, 3, 2, 1] + [4] * 50})
    >>> found = cx.reviews(cx.load(rows), "stars", unit="shop").table
    >>> found[["shop", "estimate", "stars", "bound"]].round(4).to_numpy().tolist()
    [['a', 4.58, 4.5, 4.2148], ['b', 4.0, 4.0, 3.7957]]
    """
    one_of("rule", rule, RULES)
    if not np.isfinite(readier) or readier < 1:
        raise DataProblem(f"readier is {readier:g}; it is 1 (nobody is selected) or more")
    others = [study.field(c).name for c in (unit, date, verified) if c]
    score = study.field(rating).name
    found = sample(study, [score, *([study.field(posted).name] if posted else [])], other=others)
    all_scores = found.answers[score]
    units = pd.Series(found.other[study.field(unit).name], dtype=object)
    there = np.isfinite(all_scores) & units.notna().to_numpy()
    wrote = there & (found.answers[study.field(posted).name] == 1) if posted else there
    stars = levels_of(study, score, all_scores[there])
    if rule == "trustpilot" and (stars[0], stars[-1]) != (1, 5):
        rule = "none"  # its rule is one of five stars
    names = sorted(units[there].unique(), key=lambda v: (str(type(v)), v))
    code = pd.Categorical(units, categories=names).codes.astype(int)
    reviews_each = found.w / max(float(found.w[there].sum()), 1e-300) * there.sum()  # weights that sum to the reviews
    counts = _counts(code, all_scores, wrote, len(names), stars, reviews_each)
    kept = counts.sum(1) >= SMALL
    if not kept.any():
        raise DataProblem(f"no {unit} of {study.name} has {SMALL} reviews; use a coarser unit")
    table = _table(names, counts, stars, (found, all_scores, code, wrote, study.drawn), rule, readier)
    table = table[kept].sort_values("rank", ignore_index=True)
    table["rank"] = np.arange(1, len(table) + 1)
    called = shown([unit], [c.name for c in COLUMNS])[0]
    parts: dict[str, Any] = {"counts": pd.DataFrame(counts[kept], [names[k] for k in np.flatnonzero(kept)], stars)}
    parts |= {"swaps": _swaps(table, parts["counts"], stars), "rule": rule, "unit": called, "readier": readier}
    parts["mixed"] = _mixed(parts["counts"])
    table = table.drop(columns=["size", "df"])
    notes = [*study.caveats, *found.notes, *_said(kept, readier, rule, parts["swaps"])]
    notes += [parts["mixed"]] if parts["mixed"] else []
    if posted:
        parts["posting"] = _posting(all_scores, there, wrote, stars, found)
        private = _counts(code, all_scores, there, len(names), stars, reviews_each)[kept]
        everybody = dict(zip(parts["counts"].index, star_scores.mean(private, stars), strict=True))
        table["all"] = table["unit"].map(everybody)
        notes.append(GATING)
    parts |= review_streams.parts(study, found, all_scores, code, wrote, names, date, verified)
    notes += review_streams.notes(parts)
    table = table.rename(columns={"unit": called})
    return Result(
        "reviews", f"Reviews: {study.field(score).label}", table, "mean", 0.95,
        "means with Student's t under the design, half a review at either end added where that is wider; bound of the "
        "multinomial with one review of each level added, z = 1.65",
        tuple(dict.fromkeys(notes)), parts, (Column(called, "label", "", study.field(unit).label), *COLUMNS),
        better="up",
    )  # fmt: skip


def _mixed(counts: pd.DataFrame) -> str:
    """Say that two scales may be mixed: few reviews above 5 of a scale that goes to 10."""
    above = counts.loc[:, counts.columns > 5].to_numpy().sum()
    total = counts.to_numpy().sum()
    if counts.columns.max() != 10 or not 0 < above <= MIXED * total:
        return ""
    return (
        f"{above:,.0f} of {total:,.0f} stars are above 5: scales of 5 and of 10 may be mixed; means of units with such "
        "reviews are no means of one scale. Bring them to one scale, or leave some out (study.where)"
    )


def levels_of(study: Study, rating: str, values: NDArray) -> NDArray:
    """Return the levels of stars, those that nobody gave included.

    Raises
    ------
    DataProblem : they are no whole numbers of one scale.
    """
    seen = levels = np.unique(values)
    field = study.field(rating)
    if field.scale and field.scale.maximum - field.scale.minimum < LEVELS:
        levels = np.unique(np.r_[levels, np.arange(field.scale.minimum, field.scale.maximum + 1)])
    elif len(levels) > 1 and levels.min() >= 1 and levels.max() <= 5:
        levels = np.unique(np.r_[levels, np.arange(1.0, 6.0)])
    if len(levels) < 2 or len(levels) > LEVELS or (levels != np.round(levels)).any():
        few = ", ".join(key(v) for v in seen[:6]) or "nothing"
        raise DataProblem(
            f"'{rating}' of {study.name} holds {few}{', ...' if len(seen) > 6 else ''} ({len(seen)} levels); stars "
            f"are whole numbers of a scale of 2 to {LEVELS} levels"
        )
    if field.scale and field.scale.best == "low":
        raise DataProblem(f"'{rating}' is best at its low end; stars are best at the high one: turn it round first")
    return levels


def _counts(code: NDArray, score: NDArray, rows: NDArray, k: int, stars: NDArray, w: NDArray) -> NDArray:
    at = np.searchsorted(stars, score[rows])
    return np.bincount(code[rows] * len(stars) + at, w[rows], k * len(stars)).reshape(k, len(stars))


def _table(
    names: list, counts: NDArray, stars: NDArray, rows_of: tuple, rule: str,
    readier: float,
) -> pd.DataFrame:  # fmt: skip
    """A row a unit; those without a review have no figures."""
    there = counts.sum(1) > 0
    c = counts[there]
    code, wrote = rows_of[2:4]
    n = np.bincount(code[wrote], minlength=len(names))[there]
    value, se, df = _means(*rows_of, len(names))
    size = selection_band.effective(c, stars, n, se[there])
    low, high = selection_band.limits(c, stars, size=size, df=df[there])
    band = selection_band.band(c, stars, readier, size=size, df=df[there])
    overall, least = star_scores.mean(counts.sum(0), stars), float(np.median(c.sum(1)))
    spread = star_scores.shape(c, stars)
    table = pd.DataFrame({"unit": names, "estimate": value})
    own = pd.DataFrame({
        "low": low, "high": high, "se": se[there], "n": n, **_platform(rule, c, stars, overall, least),
        "bound": star_scores.lower_bound(c, stars)[1],
        "selected_low": band[0], "selected_high": band[1], "bimodality": spread["bimodality"],
        "polarity": spread["polarity"], "size": size, "df": df[there],
    }, index=np.flatnonzero(there))  # fmt: skip
    table = table.join(own)
    table["n"] = table["n"].fillna(0).astype(int)
    table["rank"] = table["bound"].rank(ascending=False, method="first")
    return table


def _means(
    found: Sample, score: NDArray, code: NDArray, wrote: NDArray, drawn: pd.DataFrame | None, k: int
) -> tuple[NDArray, NDArray, NDArray]:
    """The mean of each unit's stars, its standard error under the design, and the degrees of freedom."""
    at, y, w = code[wrote], score[wrote], found.w[wrote]
    size, n = np.bincount(at, w, k), np.bincount(at, minlength=k).astype(float)
    with np.errstate(invalid="ignore", divide="ignore"):
        value = np.bincount(at, w * y, k) / size
        u = w / size[at] * (y - value[at])
        if found.cluster is None and found.strata is None:
            return value, np.sqrt(np.bincount(at, u**2, k) * np.where(n > 1, n / (n - 1), np.nan)), n - 1
    se, df = np.full(k, np.nan), np.full(k, np.nan)
    order = np.argsort(at, kind="stable")
    ends = np.searchsorted(at[order], np.arange(k + 1))
    cut = [None if a is None else a[wrote] for a in (found.cluster, found.strata)]
    for g in np.flatnonzero(n):
        rows = order[ends[g] : ends[g + 1]]
        part = (None if a is None else a[rows] for a in cut)
        v, df[g] = covariance(u[rows][:, None], np.ones(len(rows)), *part, names=found.strata_names, drawn=drawn)
        se[g] = np.sqrt(v[0, 0])
    return value, se, df


def _platform(rule: str, c: NDArray, stars: NDArray, overall: float, least: float) -> dict[str, Any]:
    """What the platform computes and shows of each unit, and how far the next half star is."""
    n, total = c.sum(1), c @ stars
    if rule == "imdb":
        return {"platform": star_scores.imdb(total / n, n, least=least, overall=overall), "stars": np.nan}
    return star_scores.displayed(c, stars, n, total, trustpilot=rule == "trustpilot")


def _swaps(table: pd.DataFrame, counts: pd.DataFrame, stars: NDArray) -> pd.DataFrame:
    """Neighbours by mean: from which readiness on their order is open, and where the ends alone, alike, turn it."""
    order = table.sort_values("estimate", ascending=False, kind="stable")
    names = order["unit"].tolist()
    if len(names) < 2:
        return pd.DataFrame({"first": [], "second": [], "overlap": [], "tipping": []})
    c, size, df = counts.loc[names].to_numpy(float), order["size"].to_numpy(), order["df"].to_numpy()
    open_ = selection_band.overlap((c[:-1], size[:-1], df[:-1]), (c[1:], size[1:], df[1:]), stars)
    r = np.where(open_ == 1, np.nan, star_scores.tipping(c[:-1], c[1:], stars))
    return pd.DataFrame({"first": names[:-1], "second": names[1:], "overlap": open_, "tipping": r})


def _posting(score: NDArray, there: NDArray, wrote: NDArray, stars: NDArray, found: Sample) -> pd.DataFrame:
    """The share that posts at each private score."""
    at = np.searchsorted(stars, score[there])
    all_ = np.bincount(at, found.w[there], len(stars))
    post = np.bincount(at, (found.w * wrote)[there], len(stars))
    with np.errstate(invalid="ignore"):
        return pd.DataFrame({"score": stars, "customers": all_, "posted": post, "share": post / all_})


def _said(kept: NDArray, readier: float, rule: str, swaps: pd.DataFrame) -> list[str]:
    notes = []
    if (~kept).any():
        notes.append(f"{int((~kept).sum())} of {len(kept)} units have fewer than {SMALL} reviews and are not shown")
    notes.append(
        f"selection band: 95 % limits of the mean of all customers, if those of no score write more than {readier:g} "
        "times as readily as those of any other"
    )
    if unsettled := int((swaps["overlap"] == 1).sum()):
        apart = "are not told apart whoever writes (overlap 1): no tipping point"
        notes.append(f"{unsettled} of {len(swaps)} pairs of neighbours {apart}")
    if rule == "trustpilot":
        notes.append("stars as Trustpilot describes its rule, all reviews weighing alike: newer ones weigh more there")
    return notes
