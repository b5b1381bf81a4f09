"""A metric wave by wave, and which of its changes are real."""

from __future__ import annotations

from cxlab.data.study import Study
from cxlab.models import metrics, scores
from cxlab.models.comparisons import compare, smallest_of
from cxlab.result import Result
from cxlab.stats import multiple


def trend(
    study: Study,
    metric: str,
    *,
    wave: str = "",
    smallest: float | None = None,
    adjust: str = "holm",
    level: float = 0.95,
    **question,
) -> Result:
    """Return a metric wave by wave, with each change against the wave before and whether it is real.

    Parameters are those of `compare`; ``wave`` is by default the study's. The table holds the metric with its
    interval, then ``change, change_low, change_high, p_adjusted, detectable, verdict``. Several questions
    (``of=[...]``) give one series each, and one family of tests.
    """
    wave = wave or study.design.wave
    if not wave:
        study.need("wave", "a trend")
    of = question.pop("of", None)
    score = scores.score(study, metric, of, [wave], **question)
    single = metrics.estimate(study, score, [wave], None, level, metrics.SMALL)
    changes = compare(
        study, metric, wave, pairs="consecutive", smallest=smallest, adjust=adjust, level=level, of=of, **question
    )
    names = {"estimate": "change", "low": "change_low", "high": "change_high"}
    same = ["p", "p_adjusted", "detectable", "verdict"]
    found = changes.table.rename(columns=names)
    keys = [wave] if len(score.items) == 1 else ["item", wave]
    table = single.table.merge(found[[*keys, *names.values(), *same]], on=keys, how="left")
    table["verdict"] = table["verdict"].fillna("")
    return Result(
        kind="trend",
        title=f"{score.title} by {wave}",
        table=table,
        unit=score.unit,
        level=level,
        method=f"{single.method}; changes against the wave before: {multiple.NAMES[adjust]}",
        notes=(*single.notes, *changes.notes[-2:]),
        parts={**single.parts, "wave": wave, "smallest": smallest_of(score, smallest)},
    )
