"""The scorecard: every metric that a study's codebook allows, and which of its segments can be compared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import narwhals as nw
import pandas as pd

from cxlab.data.codebook import Field
from cxlab.data.study import Study
from cxlab.models import metrics
from cxlab.problem import DataProblem
from cxlab.result import Result

MOST = 12
"""Segments with more groups are not compared unless asked: a table of that length hides what it should show."""


@dataclass(frozen=True)
class Row:
    """One metric of one question: how it is called, computed and which range it can take."""

    name: str
    metric: str
    of: str | list[str]
    make: Callable[..., Result]
    ends: tuple[float, float]
    options: dict

    @property
    def question(self) -> dict:
        """What `compare` and `trend` take to compare this metric."""
        return {"metric": self.metric, "of": self.of, **self.options}


def rows(study: Study) -> list[Row]:
    """Return the metrics that the codebook allows, the most telling first: NPS, CSAT, CES, others, touchpoints."""
    found = []
    for f in (study.field(n) for n in study.codebook.role("outcome") if n in study.columns):
        if f.measure == "recommendation" and f.scale and f.scale.points == 11:
            found.append(Row("NPS", "nps", f.name, metrics.nps, (-100, 100), {}))
        elif f.measure in ("effort-v1", "effort-v2") and f.scale:
            found.append(Row("CES, share easy", "ces", f.name, metrics.ces, (0, 1), {}))
        elif f.measure == "churn":
            found.append(_churn(study, f))
        elif f.scale:
            found.append(Row("CSAT", "csat", f.name, metrics.csat, (0, 1), {}))
            if f.scale.points > 2:
                found.append(Row("Mean", "mean", f.name, metrics.mean, (f.scale.minimum, f.scale.maximum), {}))
    touch = [n for n in study.codebook.role("touchpoint") if study.field(n).scale and n in study.columns]
    if not found and touch:
        found.append(Row("CSAT", "csat", touch, metrics.csat, (0, 1), {}))
    order = {"nps": 0, "csat": 1, "ces": 2}
    first = {"recommendation": 0, "satisfaction": 0}
    rank = lambda r: (  # noqa: E731
        order.get(r.metric, 3),
        0 if isinstance(r.of, list) else first.get(study.field(r.of).measure, 1),
    )
    return sorted(found, key=rank)


def _churn(study: Study, f: Field) -> Row:
    numeric = study.lazy.collect_schema()[f.name].is_numeric()
    value = 1 if numeric else True
    return Row("Share who left", "share", f.name, partial(metrics.share, value=value), (0, 1), {"value": value})


def scorecard(study: Study, *, by: str | None = None, level: float = 0.95) -> Result:
    """Return all metrics of a study in one table, each in its own unit, and say what the codebook does not allow.

    ``by`` is a segment or wave column; with it there is one row a group and metric.

    Returns
    -------
    Result, one row a metric: ``[by], question, metric, estimate, low, high, se, n, n_eff, unit``. ``parts['ends']`` are
    the least and largest value each can take, ``parts['questions']`` the metrics (but means) as `compare` and `trend`
    take them, ``parts['headline']`` the first of them: NPS where there is one, else CSAT.

    Raises
    ------
    DataProblem : the study has neither outcomes nor touchpoints with a scale.

    Examples
    --------
    >>> import cxlab as cx
    >>> cx.scorecard(cx.load("airline-survey")).parts["headline"]
    {'metric': 'csat', 'of': 'o_experience'}
    """
    wanted = rows(study)
    if not wanted:
        raise DataProblem(
            f"a scorecard needs a column with role 'outcome' or 'touchpoint' and a scale; {study.name} declares none. "
            "Declare them in its datapackage.json"
        )
    made = [(row, row.make(study, row.of, by=by, level=level)) for row in wanted]
    table = pd.concat([_one(study, row, result, by) for row, result in made], ignore_index=True)
    if by:
        order = {name: k for k, name in enumerate(dict.fromkeys(table[by]))}
        table = table.sort_values(by, key=lambda c: c.map(order), kind="stable", ignore_index=True)
    head = wanted[0]
    return Result(
        kind="scorecard",
        title="All metrics" + (f" by {study.field(by).label}" if by else ""),
        table=table,
        level=level,
        method="; ".join(dict.fromkeys(f"{row.name}: {result.method}" for row, result in made)),
        notes=(*dict.fromkeys(n for _, r in made for n in r.notes), *missing(study)),
        parts={
            "ends": [row.ends for row, result in made for _ in range(len(result.table))],
            "headline": head.question,
            "questions": [r.question for r in wanted if r.metric != "mean"],
            "missing": list(missing(study)),
        },
    )


def _one(study: Study, row: Row, result: Result, by: str | None) -> pd.DataFrame:
    table = result.table[[*([by] if by else []), "item", "estimate", "low", "high", "se", "n", "n_eff"]].rename(
        columns={"item": "question"}
    )
    table["question"] = [study.field(n).label if n in study.codebook else n for n in table["question"]]
    table.insert(table.columns.get_loc("question") + 1, "metric", row.name)
    return table.assign(unit=result.unit)


def missing(study: Study) -> tuple[str, ...]:
    """Return what a scorecard cannot show because the codebook declares no question for it."""
    book, said = study.codebook, []
    asked = [book[n].scale for n in book.measure("recommendation")]
    if not asked:
        said.append("no NPS: no outcome has measure 'recommendation'")
    elif not any(s and s.points == 11 for s in asked):
        said.append(
            f"no NPS: recommendation was not asked from 0 to 10 but from {asked[0]}; its top-box share is shown"
        )
    if not book.measure("satisfaction"):
        said.append("no overall CSAT: no outcome has measure 'satisfaction'")
    if not (book.measure("effort-v1") or book.measure("effort-v2")):
        said.append("no CES: no outcome has measure 'effort-v1' or 'effort-v2'")
    for role, what in (("wave", "no trend"), ("touchpoint", "no touchpoints"), ("segment", "no segments")):
        if not book.role(role):
            said.append(f"{what}: no column has role '{role}'")
    return tuple(said)


def segments(study: Study, *, most: int = MOST) -> list[str]:
    """Return the segment and brand columns with at least two and at most ``most`` groups, in order.

    >>> import cxlab as cx
    >>> segments(cx.load("abc"))
    ['country', 'seniority']
    """
    names = [n for role in ("brand", "segment") for n in study.codebook.role(role) if n in study.columns]
    if not names:
        return []
    counts = study.frame.select(*[nw.col(n).n_unique().alias(n) for n in names]).collect().to_pandas().iloc[0]
    return [n for n in names if 2 <= counts[n] <= most]
