"""The metrics of customer experience with their intervals: NPS, CSAT, CES, means, shares, churn and retention.

Every metric is a mean of scores, estimated from sums of one scan of the data (`cxlab.stats.counts.tally`), under the
study's weights, clusters and strata (`cxlab.stats.inference.design_variance`). Nothing pulls rows into memory.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlab.data import small_cells
from cxlab.data.arguments import public
from cxlab.data.small_cells import SMALL
from cxlab.data.study import Study
from cxlab.models.metrics import fitted_weights, registry, scan, scores
from cxlab.models.metrics.result_words import (
    caveats,
    design_name,
    heavy,
    interval_name,
    labelled_groups,
    problems,
    titled,
    worded,
)
from cxlab.models.metrics.scores import Score
from cxlab.problem import DataProblem, one_of
from cxlab.result import Result
from cxlab.stats.counts.names import keys
from cxlab.stats.inference import design_variance, proportions, trinomial

By = str | Sequence[str] | None
SAID_REACH = 1.1
"""Intervals so many times as wide as their standard error says are mentioned."""
ALLOWED = {"net": tuple(trinomial.INTERVALS), "share": tuple(proportions.INTERVALS), "mean": ("t",)}


@public
def nps(
    study: Study,
    of: str | Sequence[str] | None = None,
    *,
    by: By = None,
    interval: str = "score",
    level: float = 0.95,
    least_n: int = SMALL,
    population: Mapping | float | None = None,
) -> Result:
    """Return the Net Promoter Score: 100 (promoters 9-10 minus detractors 0-6) / answers.

    Parameters
    ----------
    of : the recommendation question(s), answered from 0 to 10; default: outcomes with measure 'recommendation'.
        Eleven codes from 1 are accepted only if the codebook labels the lowest '0' and the highest '10'; any other
        scale is refused, because promoters and detractors have no agreed place on it.
    by : segment column(s) that form groups; null is a group of its own. Each is a domain of the whole sample: variances
        have n / (n - 1) of the whole (of its clusters), as in R's survey package, not of the group.
    interval : 'score' (default; May & Johnson 1997, Tango 1998), 'adjusted-wald', 'wald' or 'goodman' (simultaneous
        for NPS and the three shares). Under weights, clusters or strata it uses the effective sample size, corrected
        for few clusters (Korn & Graubard 1998).
    least_n : groups with fewer answers are counted but not estimated.
    population : how many there are in all (by stratum, if there are strata), for a sample that is a large part of it;
        clusters, if the study has clusters.
    level : confidence of the intervals, between 0 and 1.

    Returns
    -------
    Result in points (-100 to 100), one row a group: ``*by, item, estimate, low, high, se, n, n_eff`` and the shares
    ``detractors, passives, promoters``.

    Raises
    ------
    DataProblem : the question is no 0 to 10 recommendation question, holds text, or a weight is negative.

    Examples
    --------
    >>> import pandas as pd, cxlab as cx
    >>> scale = cx.Scale(0, 10)
    >>> book = cx.Codebook("six", (cx.Field("ltr", role="outcome", measure="recommendation", scale=scale),))
    >>> cx.nps(cx.Study(pd.DataFrame({"ltr": [0, 7, 7, 9, 9, 9]}), book), least_n=0)["ltr"].value.__round__(4)
    33.3333
    """
    groups = listed(by)
    return estimates(study, [scores.net_promoter(study, of, groups)], groups, [interval], level, least_n, population)[0]


@public
def csat(
    study: Study,
    of: str | Sequence[str] | None = None,
    *,
    by: By = None,
    boxes: int | None = None,
    interval: str = "wilson",
    level: float = 0.95,
    least_n: int = SMALL,
    population: Mapping | float | None = None,
) -> Result:
    """Return customer satisfaction as the share of the best ``boxes`` answers (top-box share).

    Parameters
    ----------
    of : question(s) with a scale; default: outcomes with measure 'satisfaction', else the touchpoints.
    by : segment column(s); 'stage' or 'owner' pools the touchpoints as the codebook groups them, the answers of one
        respondent being one cluster.
    boxes : how many answers at the good end count; default 2 on scales of four and more points, else 1. On a reverse
        scale these are the lowest codes. ``method`` names scale and boxes.
    interval : 'wilson' (default), 'clopper-pearson', 'jeffreys' or 'wald'; under a design on the effective size.
    level, least_n, population : as for `csat`.

    Other parameters and the columns of the result are those of `nps`; unit: share.

    Raises
    ------
    DataProblem : no question of satisfaction is declared or the column is not there, a weight is negative, or the
        interval, boxes or population is not allowed.

    Examples
    --------
    >>> import cxlab as cx
    >>> cx.csat(cx.load("airline-survey"), "o_experience").unit
    'share'
    """
    groups = listed(by)
    return estimate(study, scores.top_box(study, of, groups, top=boxes), groups, interval, level, least_n, population)


@public
def ces(
    study: Study,
    of: str | Sequence[str] | None = None,
    *,
    by: By = None,
    show: str = "easy",
    interval: str | None = None,
    level: float = 0.95,
    least_n: int = SMALL,
    population: Mapping | float | None = None,
) -> Result:
    """Return the Customer Effort Score: the share that found it easy, the mean, or easy minus difficult.

    The direction follows from the codebook's measure: 'effort-v1' asks how much effort it took (low is good; Dixon,
    Freeman & Toman, Harvard Business Review, July 2010), 'effort-v2' whether the company made it easy (1 to 7, high is
    good; CEB 2013). Easy are the answers on the good side of the middle: 1-2 of 1 to 5 in version 1, 5-7 of 1 to 7 in
    version 2. Effort is asked after a contact: do not compare it with a relationship NPS.

    Parameters
    ----------
    show : 'easy' (share), 'mean' (on the scale as coded) or 'net' (points). The other two stand in ``parts``.
    of : the question(s) on effort; default: outcomes with a measure of effort.
    by, interval, level, least_n, population : as for `csat`.

    Raises
    ------
    DataProblem : no question of effort is declared or the column is not there, a weight is negative, or the
        interval or population is not allowed.

    Examples
    --------
    >>> import cxlab as cx
    >>> cx.ces(cx.load("brand-tracker"), by="mode").table["mode"].tolist()
    ['online', 'phone']
    """
    groups = listed(by)
    shows = [show, *(s for s in ("easy", "mean", "net") if s != show)]
    asked = [scores.effort(study, of, groups, show=s) for s in shows]
    shown, *others = estimates(study, asked, groups, [interval, None, None], level, least_n, population)
    more = {s: made.table for s, made in zip(shows[1:], others, strict=True)}
    return replace(shown, parts={**shown.parts, **more})


@public
def mean(
    study: Study,
    of: str | Sequence[str] | None = None,
    *,
    by: By = None,
    level: float = 0.95,
    least_n: int = SMALL,
    population: Mapping | float | None = None,
) -> Result:
    """Return the mean answer with Student's t interval, on the scale as it is coded (``method`` states direction).

    ``of`` is by default the outcomes with measure 'satisfaction', else the touchpoints. ``by``, ``level``,
    ``least_n`` and ``population`` are those of `csat`.

    Raises
    ------
    DataProblem : a column is not there or has answers in words, a weight is negative, or the population is not
        allowed.

    >>> import cxlab as cx
    >>> cx.mean(cx.load("brand-tracker"), "satisfaction").unit
    'mean'
    """
    groups = listed(by)
    return estimates(study, [scores.average(study, of, groups)], groups, ["t"], level, least_n, population)[0]


@public
def share(
    study: Study,
    of: str | Sequence[str],
    *,
    value: object = None,
    by: By = None,
    interval: str = "wilson",
    level: float = 0.95,
    least_n: int = SMALL,
    population: Mapping | float | None = None,
) -> Result:
    """Return the share of the answers to ``of`` that equal ``value``: a code, its label, or a list of them.

    Works on text columns as well. Of a multiple-response question it is the share that ticked each option. ``by``,
    ``interval``, ``level``, ``least_n`` and ``population`` are those of `csat`.

    Raises
    ------
    DataProblem : a column is not there, ``value`` is missing or a word that answers in numbers do not have, a weight is
        negative, or the interval or population is not allowed.

    >>> import cxlab as cx
    >>> cx.share(cx.load("brand-tracker"), "mode", value="phone").title
    'Share of Interview mode = phone'
    """
    groups = listed(by)
    score = scores.fraction(study, of, groups, value=value)
    found = estimate(study, score, groups, interval, level, least_n, population)
    if value is None or not len(found.table) or not (found.table["estimate"] == 0).all():
        return found
    return replace(found, notes=(*found.notes, f"no answer equals {value!r}: is it written as in the data?"))


def estimate(
    study: Study,
    score: Score,
    by: Sequence[str],
    interval: str | None,
    level: float,
    small: int = 0,
    population: Mapping | float | None = None,
) -> Result:
    """Return the metric that ``score`` describes for every item and group."""
    return estimates(study, [score], by, [interval], level, small, population)[0]


def estimates(
    study: Study,
    asked: Sequence[Score],
    by: Sequence[str],
    intervals: Sequence[str | None],
    level: float,
    small: int = 0,
    population: Mapping | float | None = None,
) -> list[Result]:
    """Return the metrics that several scores describe, each with its own interval, from one scan of the data."""
    intervals = [interval or registry.INTERVALS[score.shape] for score, interval in zip(asked, intervals, strict=True)]
    for score, interval in zip(asked, intervals, strict=True):
        one_of("interval", interval, ALLOWED[score.shape])
    check_level(level)
    sizes = population.values() if isinstance(population, Mapping) else [] if population is None else [population]
    if not all(size > 0 for size in sizes):
        raise DataProblem(f"population is {population!r}; it is how many there are in all, above 0")
    columns = scan.grouping(study, by)
    out = []
    for score, interval, (sums, counts) in zip(asked, intervals, scan.scans(study, asked, columns), strict=True):
        cells = design_variance.linearised(sums, ["item", *keys(columns)], population=population)
        known = fitted_weights.applies(study, score) and not scan.several(study, columns)
        if known:
            units = list(cells[["item", *keys(columns)]].itertuples(index=False, name=None))
            joint = fitted_weights.covariance(study, score, columns, units, population=population)
            cells["var"] = np.where(np.isnan(cells["var"]), np.nan, np.diag(joint))
        cells["fitted"] = known
        d = study.design
        simple = not (d.weight or d.cluster or d.strata or pooled(score) or population)
        options = {"simple": simple, "census": population is not None}
        table, notes = measured(cells, score, interval, level, **options)
        also = small_cells.withheld(study, score.items, columns, table, small)
        table, hidden = suppressed(table, small, keys(columns), ["item"], also)
        hide = small_cells.is_hidden(table["n"])
        notes = measured(cells[~hide], score, interval, level, **options)[1] if hide.any() else notes
        groups = labelled_groups(study, columns, table)
        shares = ["detractors", "passives", "promoters"] if score.metric == "nps" else []
        own = table[["item", "estimate", "low", "high", "se", "n", "n_eff", *shares]]
        out.append(Result(
            kind="metric",
            title=titled(study, score, by),
            table=pd.concat([groups, own.rename(columns={"item": score.over})], axis=1),
            unit=score.unit,
            level=level,
            method=f"{score.method}; {interval_name(score.shape, interval)}; {design_name(study, simple)}",
            notes=(
                *study.caveats, *scan.overlap(study, columns), *problems(counts), *hidden, *notes,
                *([fitted_weights.SAID] if known else []),
            ),
            parts={"metric": score.metric, "over": score.over, "by": list(groups), "labels": worded(study, score, by)},
            better=score.better,
        ))  # fmt: skip
    return out


def measured(
    cells: pd.DataFrame, score: Score, interval: str, level: float, *, simple: bool, census: bool = False
) -> tuple[pd.DataFrame, list[str]]:
    """Return the cells with estimate, interval, se and effective size in the unit of the score, and the notes; with
    ``census`` the sizes of the population are known, so that a variance may be 0."""
    t, spread, n, df = (cells[c].to_numpy(float) for c in ("estimate", "spread", "n", "df"))
    centre = t - (cells["shift"].to_numpy(float) if "shift" in cells else 0.0)
    flat = (spread <= 1e-12 * np.fmax(1, centre * centre)) & (n > 0)
    still = ~flat & (not census) & (cells["var"].to_numpy(float) <= 1e-12 * spread / np.fmax(n, 1))  # alike by chance
    if simple:
        n_eff = n.copy()
        var = spread / np.where(n > 0, n, np.nan) if score.shape != "mean" else cells["var"].to_numpy(float)
        size = n
    else:
        var = np.where(still, np.nan, cells["var"].to_numpy(float))
        n_eff = design_variance.effective_n(spread, var, cells["base"])
        size = design_variance.adjusted_n(n_eff, n, df, level)
        few = np.fmin(cells["kish"], cells["m"]).to_numpy(float)
        n_eff, size = np.where(flat, few, n_eff), np.where(flat, few, size)
    se = np.sqrt(np.where(flat & (not simple), 0.0, var))
    cells = cells.assign(**_weight_reach(cells, n_eff, score.shape))
    reach, df = cells["reach"].to_numpy(float), cells["df"].to_numpy(float)
    if score.shape == "mean":
        half = np.where(df >= 1, design_variance.t_value(level, df), np.nan) * reach * se
        low, high = t - half, t + half
    else:
        size = np.where((df < 1) & ~flat & (not simple), np.nan, size / reach**2)
        low, high = limits(score.shape, interval, t, spread, size, level)
    if census:  # everybody is in the sample: the estimate itself
        whole = cells["census"].to_numpy(bool)
        se, low, high = np.where(whole, 0.0, se), np.where(whole, t, low), np.where(whole, t, high)
    f = score.factor
    table = cells.assign(estimate=t * f, low=low * f, high=high * f, se=se * f, n=n.astype(int), n_eff=n_eff)
    if score.metric == "nps":
        strong = spread + t * t
        table = table.assign(detractors=(strong - t) / 2, passives=1 - strong, promoters=(strong + t) / 2)
    wider = [heavy(reach)] if (reach > SAID_REACH).any() else []
    return table, [*caveats(cells, score, flat, still, simple), *wider]


def _weight_reach(cells: pd.DataFrame, n_eff: NDArray, shape: str) -> dict[str, NDArray]:
    """Return ``reach``, how much wider intervals are than their standard errors, and the ``df`` of their limits.

    Under very unequal weights few answers carry the variance, and its estimate is too small when these happen to agree.
    Without clusters and strata Kish's size is what weights that say nothing of the answers leave: an interval counts no
    more (`design_variance.heavy_weights`). Weights fitted to margins have an error of their own.
    """
    kish, n = cells["kish"].to_numpy(float), cells["n"].to_numpy(float)
    fitted = cells["fitted"].to_numpy(bool) if "fitted" in cells else False
    plain = (cells["m"] == n) & (cells["df"] == n - 1) & (kish < n * (1 - 1e-9)) & ~np.asarray(fitted)
    reach, df = design_variance.heavy_weights(n_eff, kish, cells["df"])
    return {"reach": np.where(plain, reach, 1.0), "df": np.where(plain & (shape == "mean"), df, cells["df"])}


def limits(
    shape: str, interval: str, t: NDArray, spread: NDArray, size: NDArray, level: float
) -> tuple[NDArray, NDArray]:
    """Return the interval of a net score or a share on a sample of effective ``size``."""
    t = np.clip(t, -1 if shape == "net" else 0, 1)
    if shape == "share":
        return proportions.INTERVALS[interval](t * size, size, level)
    strong = np.clip(spread + t * t, np.abs(t), 1)
    low, high = trinomial.INTERVALS[interval](
        size * (strong - t) / 2, size * (1 - strong), size * (strong + t) / 2, level
    )
    return np.where(np.isnan(size), np.nan, low), np.where(np.isnan(size), np.nan, high)


def suppressed(
    table: pd.DataFrame, small: int, by: Sequence[str] = (), within: Sequence[str] = (),
    also: NDArray[np.bool_] | None = None,
) -> tuple[pd.DataFrame, list[str]]:  # fmt: skip
    """Return the table without the rows that `cxlab.data.small_cells.blanked` hides, and the notes."""
    empty = int((table["n"] == 0).sum())
    notes = [f"{empty} of {len(table)} groups have no answers: not estimable"] if empty else []
    table, said = small_cells.blanked(table, small, scan.FIGURES, by, within, also)
    return table, [*notes, *said]


def listed(by: By) -> list[str]:
    """Return ``by`` as a list of names."""
    return [by] if isinstance(by, str) else list(by or ())


def pooled(score: Score) -> bool:
    """Whether an item pools several columns, so that a respondent counts several answers."""
    return any(len(e) > 1 for e in score.items.values())


def check_level(level: float) -> None:
    """Raise unless ``level`` lies between 0 and 1."""
    if not 0 < level < 1:
        raise DataProblem(f"level is {level}; a confidence level lies between 0 and 1, usually 0.95")
