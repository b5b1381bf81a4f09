"""The scorecard: every metric that a study's codebook allows, and which of its segments can be compared."""

from __future__ import annotations

from dataclasses import dataclass

import narwhals as nw
import pandas as pd

from cxlab.data.arguments import public
from cxlab.data.codebook import Field
from cxlab.data.study import Study
from cxlab.models.metrics import estimates as metrics
from cxlab.models.metrics import registry, scan
from cxlab.models.metrics.best_answers import box_share, usual_boxes
from cxlab.models.metrics.scores import Score
from cxlab.problem import DataProblem
from cxlab.result import Result

MOST = 12
"""Segments with more groups are not compared unless asked: a table of that length hides what it should show."""

RANGE = 0.02
"""Without a scale, the smallest difference of means that matters is this part of the range of the answers."""


@dataclass(frozen=True)
class Row:
    """One metric of one question: how it is called, what it is of, and which range it can take."""

    name: str
    metric: str
    of: str | list[str]
    ends: tuple[float, float]
    options: dict

    @property
    def question(self) -> dict:
        """What `compare` and `trend` take to compare this metric."""
        return {"metric": self.metric, "of": self.of, **self.options}

    def score(self, study: Study, by: list[str]) -> Score:
        """Return how the answers count."""
        rules = {name: value for name, value in self.options.items() if name != "smallest"}
        return registry.score(study, self.metric, self.of, by, **rules)


def rows(study: Study) -> list[Row]:
    """Return the metrics that the codebook allows, the most telling first: NPS, CSAT, CES, means, shares."""
    outcomes = [study.field(n) for n in study.codebook.role("outcome") if n in study.columns]
    found = [row for f in outcomes if f.scale for row in rated(f)]
    found += measured(study, [f for f in outcomes if not f.scale])
    touch = [n for n in study.codebook.role("touchpoint") if study.field(n).scale and n in study.columns]
    if not found and touch:
        found = [Row("CSAT", "csat", touch, (0, 1), {})]
    order = {name: k for k, name in enumerate(registry.METRICS)}
    main = ("recommendation", "satisfaction")
    return sorted(
        found, key=lambda r: (order[r.metric], isinstance(r.of, str) and study.field(r.of).measure not in main)
    )


def rated(f: Field) -> list[Row]:
    """Return the metrics of a question with a scale."""
    shown = {name: m for name, m in registry.METRICS.items() if m.heading(f)}
    return [Row(m.heading(f), name, f.name, m.ends(f), {}) for name, m in shown.items()]


def measured(study: Study, fields: list[Field]) -> list[Row]:
    """Return the metrics of outcomes without a scale: the share of 1 where they are 0 or 1, else the mean."""
    schema = study.lazy.collect_schema()
    fields = [f for f in fields if schema[f.name].is_numeric() or schema[f.name] == nw.Boolean]
    if not fields:
        return []
    x = {f.name: nw.col(f.name).cast(nw.Float64) for f in fields}
    ends = study.frame.select(
        *(x[n].min().alias(f"{n} min") for n in x), *(x[n].max().alias(f"{n} max") for n in x)
    ).collect().to_pandas().iloc[0]  # fmt: skip
    found = []
    for f in fields:
        low, high = float(ends[f"{f.name} min"]), float(ends[f"{f.name} max"])
        if f.type in ("integer", "boolean") and low >= 0 and high <= 1:
            value = True if schema[f.name] == nw.Boolean else 1
            name = f"Share {f.labels.get('1', 'yes')}"
            found.append(Row(name, "share", f.name, (0, 1), {"value": value}))
        elif low < high:
            matters = {"smallest": RANGE * (high - low)}
            found.append(Row("Mean", "mean", f.name, (low, high), matters))
    return found


@public
def scorecard(study: Study, *, by: str | None = None, level: float = 0.95) -> Result:
    """Return all metrics of a study in one table, each in its own unit, and say what the codebook does not allow.

    ``by`` is a segment or wave column; with it there is one row a group and metric.

    Parameters
    ----------
    level : confidence of the intervals, between 0 and 1.

    Returns
    -------
    Result, one row a metric: ``[by], question, metric, estimate, low, high, se, n, n_eff, unit``. ``parts['ends']`` are
    the least and largest value each can take, ``parts['questions']`` the metrics (but means) as `compare` and `trend`
    take them, ``parts['headline']`` the first of them: NPS where there is one, else CSAT.

    Raises
    ------
    DataProblem : the study has neither numeric outcomes nor touchpoints with a scale.

    Examples
    --------
    >>> import cxlab as cx
    >>> cx.scorecard(cx.load("airline-survey")).parts["headline"]
    {'metric': 'csat', 'of': 'o_experience'}
    """
    groups = metrics.listed(by)
    wanted, asked, lost = counted(study, rows(study), groups)
    if not wanted:
        raise DataProblem(
            f"a scorecard needs a numeric column with role 'outcome', or one with role 'touchpoint' and a scale; "
            f"{study.name} declares none. {study.advice('outcome')}"
        )
    found = metrics.estimates(study, asked, groups, [None] * len(asked), level, metrics.SMALL)
    made = list(zip(wanted, found, strict=True))
    table = pd.concat([_one(study, row, result, by) for row, result in made], ignore_index=True)
    ends = [row.ends for row, result in made for _ in range(len(result.table))]
    if by:
        places = pd.factorize(table.iloc[:, 0], use_na_sentinel=False)[0].argsort(kind="stable")
        table, ends = table.iloc[places].reset_index(drop=True), [ends[k] for k in places]
    head = next((row for row, result in made if result.table["n"].sum()), wanted[0])  # a wave may not ask all questions
    return Result(
        kind="scorecard",
        title="All metrics" + (f" by {study.codebook.label(by)}" if by else ""),
        table=table,
        level=level,
        method="; ".join(dict.fromkeys(f"{row.name}: {result.method}" for row, result in made)),
        notes=(*dict.fromkeys(n for _, r in made for n in r.notes), *lost, *(() if by else _absent(study))),
        parts={
            "ends": ends,
            "hides": True,
            "headline": head.question,
            "question": {k: v for k, v in head.question.items() if k != "smallest"},
            "questions": [r.question for r in wanted if r.metric != "mean" or wanted[0].metric == "mean"],
            "missing": list(missing(study)),
            "labels": {scan.shown([by])[0]: study.codebook.label(by)} if by else {},
        },
    )


def counted(study: Study, found: list[Row], groups: list[str]) -> tuple[list[Row], list[Score], list[str]]:
    """Return the rows that can be made with how their answers count, and why the others cannot; one at least is made.

    Raises
    ------
    DataProblem : none can.
    """
    made: list[Row] = []
    asked: list[Score] = []
    lost: list[str] = []
    problem = None
    for row in found:
        try:
            asked.append(row.score(study, groups))
            made.append(row)
        except DataProblem as error:
            problem = problem or error
            of = study.codebook.label(row.of) if isinstance(row.of, str) else "touchpoints"
            lost.append(f"{row.name} of {of} is not shown: {str(error).partition('. ')[0]}")
    if problem is not None and not made:
        raise problem
    return made, asked, lost


def _one(study: Study, row: Row, result: Result, by: str | None) -> pd.DataFrame:
    shown = [*scan.shown(metrics.listed(by)), "item", "estimate", "low", "high", "se", "n", "n_eff"]
    table = result.table[shown].rename(columns={"item": "question"})
    table["question"] = [study.field(n).label if n in study.codebook else n for n in table["question"]]
    table.insert(table.columns.get_loc("question") + 1, "metric", row.name)
    return table.assign(unit=result.unit)


def _absent(study: Study) -> tuple[str, ...]:
    """Return what a scorecard cannot show, for those who read a page; `missing` says to its makers what to declare."""
    said = missing(study)
    bare = [s.partition(": no ")[0] for s in said if ": no " in s]
    return (*(s for s in said if ": no " not in s), *([f"this study has {', '.join(bare)}"] if bare else []))


def missing(study: Study) -> tuple[str, ...]:
    """Return what a scorecard cannot show because the codebook declares no question for it."""
    book, said = study.codebook, []
    asked = [book[n].scale for n in book.measure("recommendation")]
    if not asked:
        said.append("no NPS: no outcome has measure 'recommendation'")
    elif not any(s and (s.minimum, s.maximum) == (0, 10) for s in asked):
        boxes = box_share(usual_boxes(asked[0]) if asked[0] else 1)
        said.append(
            f"no NPS: recommendation was not asked from 0 to 10 but from {asked[0]}; "
            f"its {boxes[0].lower()}{boxes[1:]} is shown"
        )
    if not book.measure("satisfaction"):
        said.append("no overall CSAT: no outcome has measure 'satisfaction'")
    if not (book.measure("effort-v1") or book.measure("effort-v2")):
        said.append("no CES: no outcome has measure 'effort-v1' or 'effort-v2'")
    for role, what in (("wave", "no trend"), ("touchpoint", "no touchpoints"), ("segment", "no segments")):
        if not book.role(role):
            said.append(f"{what}: no column has role '{role}'")
    return tuple(said)


@public
def segments(study: Study, *, most: int = MOST) -> list[str]:
    """Return the segment and brand columns with at least two and at most ``most`` groups, in order.

    Raises
    ------
    DataProblem : ``most`` is no whole number from 1.

    >>> import cxlab as cx
    >>> cx.metrics.segments(cx.load("abc"))
    ['country', 'seniority']
    """
    names = [n for role in ("brand", "segment") for n in study.codebook.role(role) if n in study.columns]
    if not names:
        return []
    counts = study.frame.select(*[nw.col(n).n_unique().alias(n) for n in names]).collect().to_pandas().iloc[0]
    return [n for n in names if 2 <= counts[n] <= most]
