"""`variation`: how much days, agents, shops or brands truly differ, beyond what sampling alone makes of them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cxlab.data.arguments import public
from cxlab.data.study import Study
from cxlab.models.metrics import estimates as metrics
from cxlab.models.metrics import registry
from cxlab.models.metrics.result_words import NO_ANSWER
from cxlab.problem import DataProblem, one_of
from cxlab.result import Result
from cxlab.stats.inference.heterogeneity import between, exceeds, profile, successive, successive_exceeds

ORDERED = ("date", "datetime", "integer", "number")
"""Types of columns whose groups follow one another."""


@public
def variation(
    study: Study, metric: str = "nps", *, of: str | None = None, by: str, course: bool = False, least_n: int = 20,
    level: float = 0.95,
) -> Result:  # fmt: skip
    """Return the standard deviation of a metric between groups, split into truth and sampling.

    Each group's sampling variance is the pooled variance (sums of squares over n - 1) over its effective number of
    answers, so that it does not depend on its own luck. tau is REML with a Q-profile interval, the mean has a
    Hartung-Knapp-Sidik-Jonkman interval.

    Parameters
    ----------
    metric : 'nps', 'csat', 'ces' or 'mean'. ``of`` : the question; default as in the metric itself.
    by : column whose groups are compared, e.g. the date, the agent, the shop.
    course : whether the groups follow one another by their date or code (days, weeks) and may rise, fall or wander
        slowly, which is no variation from one to the next: tau is then of the differences of neighbours alone (von
        Neumann et al. 1941). Rows without a group have no place and are left out.
    least_n : answers a group needs; smaller ones are left out and counted in the notes.
    level : confidence of the intervals, between 0 and 1.

    Returns
    -------
    Result: ``component, estimate, low, high, n``: what is seen, sampling alone, the true variation, the mean.

    Raises
    ------
    DataProblem : a column is not there, fewer than 3 groups have enough answers, all answers are the same, or
        groups that have no order are to follow one another.

    References
    ----------
    Viechtbauer, W. (2007). Confidence intervals for the amount of heterogeneity in meta-analysis.
        Statistics in Medicine 26, 37-52. doi:10.1002/sim.2514
    von Neumann, J., Kent, R. H., Bellinson, H. R. & Hart, B. I. (1941). The mean square successive difference.
        Annals of Mathematical Statistics 12, 153-162. doi:10.1214/aoms/1177731746

    Examples
    --------
    >>> import cxlab as cx
    >>> v = cx.variation(cx.load("brand-tracker"), by="date")
    >>> v.table["component"].tolist()[2]
    'true standard deviation'
    """
    one_of("course", course, (True, False))
    score = registry.score(study, metric, of, [by])
    if course and study.field(by).type not in ORDERED:
        raise DataProblem(
            f"{by} is of type {study.field(by).type}: such groups have no order in which they follow one another "
            f"(course=True); give a column of dates or numbers, or leave course away"
        )
    groups = metrics.estimate(study, score, [by], registry.metric(metric).interval, level, metrics.SMALL)
    placed = ~(groups.table[by] == NO_ANSWER) if course else np.ones(len(groups.table), bool)
    table = groups.table[placed & (groups.table["n"] >= least_n)].dropna(subset=["estimate"])
    lost, nowhere = int((groups.table["n"][placed] > 0).sum()) - len(table), int(groups.table["n"][~placed].sum())
    if len(table) < 3:
        many = {0: "no group", 1: "only 1 group"}.get(len(table), f"only {len(table)} groups")
        has = "have" if len(table) > 1 else "has"
        raise DataProblem(f"{many} of {by} in {study.name} {has} {least_n} answers; at least 3 are needed")
    spread = table["se"] ** 2 * table["n_eff"]
    if not (study.design.cluster or study.design.strata):
        spread *= table["n"] / (table["n"] - 1)  # a group's own error divides by n
    pooled = float(np.average(spread.fillna(spread.mean()), weights=table["n"]))
    if not pooled > 0:
        raise DataProblem(f"all answers of {study.name} are the same; there is no variation to split")
    v = pooled / table["n_eff"].fillna(table["n"]).to_numpy(float)
    label = study.field(by).label
    left = ((f"{lost} groups with fewer than {least_n} answers left out",) if lost else ()) + (
        (f"{nowhere:,} answers without {label} left out: they have no place in its course",) if nowhere else ()
    )
    return _split(table.assign(sampling=np.sqrt(v)), groups, label, left, level, course)


def limits(found: Result, level: float) -> tuple[float, float]:
    """Return the interval of the true standard deviation at another level.

    >>> import cxlab as cx
    >>> v = variation(cx.load("brand-tracker"), by="date")
    >>> limits(v, 0.95) == tuple(v.table[["low", "high"]].iloc[2])
    True
    """
    y, v = _groups(found)
    return successive(y, v, level)[1:] if found.parts["course"] else profile(y[:, None], v[:, None, None], level)


def beyond(found: Result, bar: float) -> float:
    """Return the p-value of the null that the true standard deviation is at most ``bar`` (one-sided)."""
    y, v = _groups(found)
    return successive_exceeds(y, v, bar) if found.parts["course"] else exceeds(y[:, None], v[:, None, None], bar)


def _groups(found: Result) -> tuple[np.ndarray, np.ndarray]:
    groups = found.parts["groups"]
    return groups["estimate"].to_numpy(float), groups["sampling"].to_numpy(float) ** 2


def _split(table: pd.DataFrame, groups: Result, by: str, left: tuple[str, ...], level: float, course: bool) -> Result:
    y, v = table["estimate"].to_numpy(float), table["sampling"].to_numpy(float) ** 2
    b = between(y, v, level)
    tau, low, high = successive(y, v, level) if course else (float(b.tau), b.low, b.high)
    n, nan = int(table["n"].sum()), float("nan")
    rows = [
        ("observed standard deviation of the groups", float(table["estimate"].std(ddof=1)), nan, nan),
        ("sampling alone", float(np.sqrt(v.mean())), nan, nan),
        ("true standard deviation", tau, low, high),
        ("mean of the groups", b.mean, b.mean_low, b.mean_high),
    ]
    result = pd.DataFrame(rows, columns=["component", "estimate", "low", "high"]).assign(n=n)
    notes = (f"{len(table)} groups, Q = {b.q:.1f} on {b.df} df, I² = {b.i2:.0%}", *left)
    notes += (f"a slow course over {by} is no variation: it stands in I² and Q, and not in the true one",) * course
    how = "differences of neighbours (mean square successive difference)" if course else "REML"
    method = f"{how} with Q-profile interval; mean with Hartung-Knapp-Sidik-Jonkman interval"
    parts = {"groups": table, "i2": b.i2, "mean": b.mean, "tau": tau, "course": course}
    title = f"{groups.title.split(' by ')[0]} between {by}"
    return Result("variation", title, result, groups.unit, level, method, notes, parts)
