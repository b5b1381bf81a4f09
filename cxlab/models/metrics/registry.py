"""The metrics and what all that use them must know: one row a metric. A new metric is its score and a row here.

Comparisons, trends, plans, variation, league tables, scorecard, panel, sentences and pictures read this table.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cxlab.data.codebook import Field
from cxlab.data.study import Study
from cxlab.models.metrics import scores
from cxlab.models.metrics.best_answers import box_share, usual_boxes
from cxlab.models.metrics.scores import Score
from cxlab.problem import DataProblem, nearest, one_of

SHAPES = {"points": "net", "share": "share", "mean": "mean"}
"""How the scores of each unit lie: -1, 0, 1; 0, 1; or as the answers are coded."""
INTERVALS = {"net": "score", "share": "wilson", "mean": "t"}
"""The interval of each shape where none is asked for."""
SMALLEST = {"points": 5.0, "share": 0.03}
"""The smallest difference that matters, by unit; of a mean it is `OF_RANGE` of the scale."""
OF_RANGE = 0.02


@dataclass(frozen=True)
class Metric:
    """A metric and how it is called.

    Parameters
    ----------
    score : ``f(study, of, by, **options)``, how its answers count.
    label : in sentences ('NPS'). ``axis`` : at the axis of a picture.
    unit : 'points', 'share' or 'mean': of its results, where its options do not say otherwise.
    applies : whether it can be asked of a question with a scale.
    heading : how a scorecard calls it for a question; '' where it is not shown.
    measure : the measure of the questions that it is asked of first.
    smallest : the smallest difference that matters in its unit; None for that of the unit.
    parts : what the answers to -1, 0 and 1 are called.
    """

    score: Callable[..., Score]
    label: str
    axis: str
    unit: str
    applies: Callable[[Field], bool]
    heading: Callable[[Field], str]
    measure: str = "satisfaction"
    smallest: float | None = None
    parts: tuple[str, str, str] = ("the worst", "the middle", "the best answers")

    @property
    def shape(self) -> str:
        """'net', 'share' or 'mean'."""
        return SHAPES[self.unit]

    @property
    def interval(self) -> str:
        """The interval it has by default."""
        return INTERVALS[self.shape]

    def ends(self, field: Field) -> tuple[float, float]:
        """Return the least and the largest value it can take of a question with a scale."""
        of_scale = (field.scale.minimum, field.scale.maximum) if field.scale else (float("-inf"), float("inf"))
        return {"points": (-100.0, 100.0), "share": (0.0, 1.0)}.get(self.unit, of_scale)


def recommended(f: Field) -> bool:
    """Whether a question is answered as that of the NPS."""
    return bool(f.measure == "recommendation" and f.scale and (f.scale.minimum, f.scale.maximum) == (0, 10))


def _effort(f: Field) -> bool:
    return f.scale is not None and f.measure in ("effort-v1", "effort-v2")


def rated(f: Field) -> bool:
    """Whether a question has a scale and is neither that of the NPS nor one of effort."""
    return f.scale is not None and not recommended(f) and not _effort(f)


def _box(f: Field) -> str:
    if not rated(f):
        return ""
    return "CSAT" if f.measure in ("satisfaction", "") else box_share(usual_boxes(f.scale))


METRICS: dict[str, Metric] = {
    "nps": Metric(
        scores.net_promoter, "NPS", "Net Promoter Score", "points", recommended,
        lambda f: "NPS" if recommended(f) else "", "recommendation", parts=("detractors", "passives", "promoters"),
    ),
    "csat": Metric(scores.top_box, "CSAT", "top-box share", "share", rated, _box),
    "ces": Metric(
        scores.effort, "CES", "customer effort", "share", _effort, lambda f: "CES, share easy" if _effort(f) else ""
    ),
    "mean": Metric(
        scores.average, "mean", "mean answer", "mean", lambda f: f.scale is not None,
        lambda f: "Mean" if rated(f) and f.scale.points > 2 else "",
    ),
    "share": Metric(scores.fraction, "share", "share", "share", lambda f: False, lambda f: ""),
}  # fmt: skip
"""Every metric by name, the most telling first."""


def metric(name: str) -> Metric:
    """Return a metric by name, or say which there are."""
    one_of("metric", name, METRICS)
    return METRICS[name]


def score(study: Study, name: str, of: str | Sequence[str] | None, by: Sequence[str], /, **options: object) -> Score:
    """Return the score of a metric by name; ``options`` are those of the metric (``top``, ``value``, ``show``)."""
    make = metric(name).score
    known = [n for n in inspect.signature(make).parameters if n not in ("study", "of", "by")]
    for option in options:
        if option not in known:
            raise DataProblem(
                f"{name} has no option '{option}'{nearest(option, known) or ';'} it takes: {', '.join(known) or 'none'}"
            )
    return make(study, of, by, **options)


def label(name: str) -> str:
    """Return what a metric is called in sentences; other measures are called as they are."""
    return METRICS[name].label if name in METRICS else name


def metrics_of(field: Field) -> tuple[str, ...]:
    """Return the metrics that apply to a question, the usual one first.

    >>> from cxlab.data.codebook import Scale
    >>> metrics_of(Field("ltr", measure="recommendation", scale=Scale(0, 10)))
    ('nps', 'mean')
    """
    return tuple(name for name, m in METRICS.items() if m.applies(field))


def smallest_of(found: Score, given: float | None) -> float:
    """Return the smallest difference that matters: the given one, else that of the metric or of its unit.

    Raises
    ------
    DataProblem : it is not positive, there is no default, or means of questions on different scales have none in
        common: two points of 0 to 100 are half of 1 to 5.
    """
    first, *others = found.kinds.items() or [("", "")]
    for name, kind in others if found.unit == "mean" else ():
        if kind.partition(" (")[0] != first[1].partition(" (")[0]:
            raise DataProblem(
                f"'{first[0]}' and '{name}' have no smallest difference in common: one is measured on {first[1]}, the "
                f"other on {kind}; take them one at a time with of="
            )
    if given is not None:
        if not given > 0:
            raise DataProblem(f"smallest is {given}; the smallest difference that matters is positive")
        return float(given)
    known = METRICS.get(found.metric)
    if known and known.smallest is not None and known.unit == found.unit:
        return known.smallest
    if found.unit in SMALLEST:
        return SMALLEST[found.unit]
    width = found.limits[1] - found.limits[0]
    if not width < float("inf"):
        raise DataProblem("smallest= is needed: without a scale in the codebook there is no default for a mean")
    return OF_RANGE * width
