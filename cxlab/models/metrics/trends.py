"""A metric wave by wave, and which of its changes are real."""

from __future__ import annotations

from typing import Any

import pandas as pd

from cxlab.data.arguments import public
from cxlab.data.study import Study
from cxlab.data.waves import as_wave
from cxlab.models.metrics import estimates as metrics
from cxlab.models.metrics import registry, result_words, scan
from cxlab.models.metrics.comparisons import family, pairwise, rules
from cxlab.models.metrics.contrasts import Rule
from cxlab.models.metrics.groups import UNORDERED, grouped, order_of, published, unordered_note
from cxlab.problem import one_of
from cxlab.stats.inference import multiple
from cxlab.typed_results import Trend

VALUES = ("estimate", "low", "high", "se", "n", "n_eff", "detractors", "passives", "promoters")


@public
def trend(
    study: Study,
    metric: str,
    *,
    wave: str = "",
    smallest: float | None = None,
    correction: str = "holm",
    level: float = 0.95,
    **question: Any,
) -> Trend:
    """Return a metric wave by wave, with each change against the wave before and whether it is real.

    Parameters are those of `compare`; ``wave`` is by default the study's. The table holds the metric with its
    interval, then ``change, change_low, change_high, p_adjusted, detectable, verdict``. Several questions
    (``of=[...]``) give one series each, and one family of tests.

    Parameters
    ----------
    metric : 'nps', 'csat', 'ces', 'mean' or 'share'; what it needs beside is given by its own name.
    smallest : the smallest difference that matters, in the unit of the metric.
    correction : of p-values over several comparisons: 'holm', 'bh' or 'none'.
    level : confidence of the intervals, between 0 and 1.
    question : what the metric takes beside: ``of=``, ``boxes=``, ``show=``, ``value=``.

    Raises
    ------
    DataProblem : no wave is declared, known or named, the metric or a column is not there, or the correction is
        unknown.

    Examples
    --------
    >>> import cxlab as cx
    >>> cx.trend(cx.load("brand-tracker"), "nps").table["wave"].tolist()
    ['2024 Q1', '2024 Q2', '2024 Q3', '2024 Q4', '2025 Q1', '2025 Q2', '2025 Q3', '2025 Q4']
    """
    wave = wave or study.design.wave
    if not wave:
        study.need("wave", "a trend")
    study = as_wave(study, wave)
    metrics.check_level(level)
    one_of("correction", correction, multiple.NAMES)
    score = registry.score(study, metric, question.pop("of", None), [wave], **question)
    smallest = registry.smallest_of(score, smallest)
    groups = grouped(study, score, [wave], level)
    order = order_of(study, wave, groups)
    rule = Rule(smallest, correction, level, score.better)
    changes, _, tests = pairwise(groups, [wave], "consecutive", score, rule)
    names = {"estimate": "change", "low": "change_low", "high": "change_high"}
    same = ["p", "p_adjusted", "detectable", "verdict", "p_equivalent", "test"]
    labels = groups.labels if "item" in groups.labels else groups.labels.assign(item=next(iter(score.items)))
    (called,) = scan.shown([wave])
    values = published(groups)[[c for c in VALUES if c in groups.table]].reset_index(drop=True)
    keys = list(groups.labels.columns)
    changes["verdict"] = changes["verdict"] if order.known else UNORDERED
    found = changes.assign(test=tests).rename(columns=names)[[*keys, *names.values(), *same]]
    table = pd.concat([labels[[called, "item"]], values], axis=1).merge(found, on=keys, how="left")
    said = family(table, table["test"].fillna(""), smallest, correction)
    table = table.drop(columns=["test", "p_equivalent"])
    interval = result_words.interval_name(score.shape, registry.INTERVALS[score.shape])
    return Trend(
        kind="trend",
        title=result_words.titled(study, score, [wave]),
        table=table.assign(verdict=table["verdict"].fillna("")),
        unit=score.unit,
        level=level,
        method=f"{score.method}; {interval}; {result_words.design_name(study, groups.simple)}; "
        f"changes against the wave before: {multiple.NAMES[correction]}",
        notes=(*groups.notes, *unordered_note(order, wave), *rules(score, smallest, level)),
        parts={"metric": score.metric, "over": "item", "by": [called], "wave": called,
               "labels": result_words.worded(study, score, [wave]), **said},
        better=score.better,
    )  # fmt: skip
