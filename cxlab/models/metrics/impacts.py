"""What each topic adds to or takes from the overall score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlab.columns import Column, difference
from cxlab.data import small_cells
from cxlab.data.arguments import public
from cxlab.data.study import Study
from cxlab.models.metrics import contrasts, registry, result_words, scores
from cxlab.models.metrics import estimates as metrics
from cxlab.models.metrics.groups import Groups, covariance, estimated, grouped
from cxlab.models.metrics.scores import Score
from cxlab.problem import DataProblem
from cxlab.result import Result
from cxlab.stats.inference import multiple, proportions, shared_clusters
from cxlab.stats.inference.trinomial import z_value

ALONE = (
    "judged alone: the corrected p counts these {count} topics and nothing else on a page "
    "(cx.metrics.together judges a page)"
)
NO_CAUSE = "an impact describes who answered what; it does not say that the topic caused the score"


@public
def impact(
    study: Study,
    topics: str | Sequence[str],
    *,
    metric: str = "nps",
    of: str | None = None,
    value: object = 1,
    correction: str = "holm",
    level: float = 0.95,
    **question: Any,
) -> Result:
    """Return by how much each topic moves the overall score: the score minus the score without the topic.

    The identity n_t (NPS_t - NPS) / (N - n_t) = NPS - NPS without the topic holds exactly, with weights for counts.
    It describes this sample; it does not say that the topic caused the answers.

    Parameters
    ----------
    topics : one column whose values are the topics; or a multiple-response question, or several columns that flag one
        topic each.
    metric, of, question : as in `cxlab.compare`, with one question.
    value : of options and flag columns, what says that the topic was named; default 1.
    correction : correction over the topics, as in `cxlab.compare`.
    level : confidence of the intervals, between 0 and 1.

    Returns
    -------
    Result, one row a topic: ``topic, estimate, low, high, se, n, share`` (of the answers), ``score`` (of the topic),
    ``without`` (the overall score without it), ``p, p_adjusted``. The standard error counts that the answers of the
    topic are part of the whole. The impact is the topic's share times its distance from the others: the interval has
    MOVER's limits of that distance, p belongs to it, so it is below 1 - level exactly where the interval leaves out 0.

    Raises
    ------
    DataProblem : a column or metric is not there, the metric has several questions and ``of=`` names none, or no
        answer has the topic.

    Examples
    --------
    >>> import cxlab as cx
    >>> cx.metrics.impact(cx.load("brand-tracker"), "mode", value="phone").unit
    'points'
    """
    metrics.check_level(level)
    study, columns = scores.unfolded(study, topics)
    if not columns:
        raise DataProblem("topics names no column; give one column of topics, or the columns that flag them")
    score = registry.score(study, metric, of, [], **question)
    if len(score.items) > 1:
        raise DataProblem(f"{metric} has {len(score.items)} questions ({', '.join(score.items)}); name one with of=")
    parts = [_topics(study, score, column, value if len(columns) > 1 else None, level) for column in columns]
    table = pd.DataFrame([row for rows, _, _ in parts for row in rows])
    if not len(table):
        raise DataProblem(
            f"no answer of {study.name} has {value!r} in {', '.join(columns)}; say with value= what names a topic"
        )
    groups = parts[-1][1]
    told = np.array([hide for _, _, hides in parts for hide in hides], bool)
    table, hidden = small_cells.blanked(
        table, metrics.SMALL, [c for c in table if c not in ("topic", "n")], ["topic"] if len(columns) == 1 else [],
        also=told,
    )  # fmt: skip
    table["p_adjusted"] = multiple.adjusted(table["p"], correction)
    table = table.sort_values("estimate", ignore_index=True)
    tests = [f"impact {score.method} {columns!r} {topic}" for topic in table["topic"]]
    count = int(table["p"].notna().sum())
    return Result(
        kind="impact",
        title=f"{score.title}: what each topic adds or takes",
        table=table,
        unit=difference(score.unit),
        level=level,
        method=f"{score.method}; score minus score without the topic, interval and p from its distance to the others; "
        f"{result_words.design_name(study, groups.simple)}; "
        f"p-values: {multiple.NAMES[correction]}",
        notes=(*groups.notes, *hidden, ALONE.format(count=count), NO_CAUSE),
        parts={"metric": score.metric, "tests": tests, "family": count, "correction": correction},
        columns=(
            Column("estimate", "estimate", difference(score.unit), "Difference"),
            Column("score", "estimate", score.unit, "Score"),
            Column("without", "estimate", score.unit, "Without"),
        ),
        better=score.better,
    )


def _topics(study: Study, score: Score, column: str, value: object, level: float) -> tuple[list[dict], Groups, list]:
    """The topics that are the values of ``column``, or the one that ``value`` flags in it; which others would tell."""
    groups = grouped(study, score, [column], level)
    names = [str(x) for x in groups.labels.iloc[:, -1]]
    if value is not None:
        names = [study.field(column).label if k[-1] == value else "" for k in groups.keys]
    there = [i for i, name in enumerate(names) if name]
    told = np.zeros(len(names), bool) if groups.withheld is None else groups.withheld
    return [_without(groups, i, names[i], score, level) for i in there], groups, [told[i] for i in there]


def _without(groups: Groups, i: int, name: str, score: Score, level: float) -> dict:
    """Overall score minus the score without group i, from the sums of all, of the others and of the group."""
    k = len(groups.keys)
    own = np.eye(k)[i]
    unions = np.vstack([np.ones(k), 1 - own, own])
    m = shared_clusters.united(groups.moments, unions)
    labels = pd.DataFrame({"part": ["all", "without", "topic"]})
    cov = covariance(m, score, groups.simple, exact=groups.exact, unions=unions, apart=groups.apart)
    parts = replace(estimated([], labels, m, cov, score, level, (), groups.simple), apart=groups.apart)
    t, n, w = parts.table["estimate"].to_numpy(float), m.n.sum(0), m.w.sum(0)
    var = parts.cov[0, 0] + parts.cov[1, 1] - 2 * parts.cov[0, 1]
    d, se = t[0] - t[1], float(np.sqrt(max(var, 0))) if n[1] else np.nan
    apart = contrasts.pairs_of(parts, np.array([2]), np.array([1]), score)
    share, size = w[2] / w[0], w[0] ** 2 / m.w2.sum(0)[0]
    low, high = _of_all(apart, share, size, np.array([z_value(level)])) if n[1] else (np.nan, np.nan)
    return {
        "topic": name, "estimate": d, "low": low, "high": high, "se": se, "n": int(n[2]), "share": share,
        "score": groups.moments.mean[i] * score.factor, "without": t[1],
        "p": float(contrasts.two_sided(apart)[0]) if n[1] else np.nan,
    }  # fmt: skip


def _of_all(apart: contrasts.Contrast, share: float, size: float, z: NDArray) -> tuple[float, float]:
    """The interval of share * (topic - others), which touches 0 together with that of the difference.

    The reaches of the difference and of the share add as squares (MOVER); the share's counts at the difference's limit.
    """
    d, (low, high) = float(apart.estimate[0]), (float(x[0]) for x in apart.limits(z))
    least, most = (float(x[0]) for x in proportions.wilson_at(np.array([share * size]), np.array([size]), z))
    reach = lambda end, other: float(np.hypot(share * (d - end), end * (other - share)))  # noqa: E731
    return share * d - reach(low, least if low > 0 else most), share * d + reach(high, most if high > 0 else least)
