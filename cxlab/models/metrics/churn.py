"""Churn and retention rates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from cxlab.data.arguments import public
from cxlab.data.study import Study
from cxlab.models.metrics import estimates as metrics
from cxlab.models.metrics import scores
from cxlab.problem import DataProblem
from cxlab.result import Result

SAME_TIME = "a rate over one period: everybody must have been observed for the same time; else use a survival model"


@public
def churn(
    study: Study,
    of: str | None = None,
    *,
    by: metrics.By = None,
    value: object = None,
    interval: str = "wilson",
    level: float = 0.95,
    least_n: int = metrics.SMALL,
    population: Mapping | float | None = None,
) -> Result:
    """Return the share of customers who left during the period.

    Parameters
    ----------
    of : the column that says who left; default: the outcome with measure 'churn'.
    value : the answer that means "left"; default 1 or True. A text column needs it.
    by : segment column(s) that form groups; null is a group of its own.
    interval : 'wilson' (default) or 'wald', as for `csat`.
    level : confidence of the intervals, between 0 and 1.
    least_n : groups with fewer answers are counted but not estimated.
    population : how many there are in all (by stratum, if there are strata), where the sample is a large part of it.

    Other parameters and the columns of the result are those of `cxlab.csat`.

    Raises
    ------
    DataProblem : no churn is declared or the column is not there, or it holds text and ``value=`` is not given.

    Examples
    --------
    >>> import cxlab as cx
    >>> cx.churn(cx.load("brand-tracker"), by="customer").table["customer"].tolist()
    ['new', 'repeat']
    """
    groups = metrics.listed(by)
    found = metrics.estimate(study, left(study, of, groups, value=value), groups, interval, level, least_n, population)
    return replace(found, notes=(*found.notes, SAME_TIME))


@public
def retention(
    study: Study,
    of: str | None = None,
    *,
    by: metrics.By = None,
    value: object = None,
    interval: str = "wilson",
    level: float = 0.95,
    least_n: int = metrics.SMALL,
    population: Mapping | float | None = None,
) -> Result:
    """Return the share of customers who stayed: 1 - `churn`. Parameters as there.

    Parameters
    ----------
    of : the column that says who left; default: the outcome with measure 'churn'.
    by : segment column(s) that form groups; null is a group of its own.
    value : the answer that means "left"; default 1 or True.
    interval : how the interval is made, as for `nps` and `csat`.
    level : confidence of the intervals, between 0 and 1.
    least_n : groups with fewer answers are counted but not estimated.
    population : how many there are in all (by stratum, if there are strata), where the sample is a large part of it.

    Raises
    ------
    DataProblem : no churn is declared or the column is not there, or it holds text and ``value=`` is not given.

    Examples
    --------
    >>> import cxlab as cx
    >>> cx.metrics.retention(cx.load("brand-tracker"), by="mode").table["mode"].tolist()
    ['online', 'phone']
    """
    gone = churn(study, of, by=by, value=value, interval=interval, level=level, least_n=least_n, population=population)
    table = gone.table.copy()
    table["estimate"], table["low"], table["high"] = 1 - table["estimate"], 1 - table["high"], 1 - table["low"]
    return replace(
        gone,
        title=gone.title.replace("Churn", "Retention"),
        table=table,
        method=gone.method.replace("share who left", "share who stayed"),
        parts={**gone.parts, "metric": "retention"},
        better={"up": "down", "down": "up"}.get(gone.better, gone.better),
    )


def left(study: Study, of: str | Sequence[str] | None, by: Sequence[str], *, value: object = None) -> scores.Score:
    """Return the score of churn: 1 for who left, 0 for who stayed."""
    columns = [of] if isinstance(of, str) else list(of or study.codebook.measure("churn"))
    if not columns:
        raise DataProblem(
            f"churn needs an outcome with measure 'churn'; {study.name} declares none. "
            "Name the column with of=, and declare it in its datapackage.json"
        )
    schema = study.lazy.collect_schema()
    for name in columns:
        study.field(name)
        if value is None and name in schema and not (schema[name].is_numeric() or str(schema[name]) == "Boolean"):
            raise DataProblem(f"'{name}' of {study.name} holds text; say with value= which answer means that one left")
    marks = {n: (value if value is not None else 1 if schema[n].is_numeric() else True) for n in columns if n in schema}
    made = scores.fraction(study, columns, by, value=next(iter(marks.values()), 1))
    title = "Churn" + (f": {study.field(columns[0]).label}" if len(columns) == 1 else "")
    return replace(made, metric="churn", better="down", title=title, method=f"share who left ({made.method})")
