"""Comparisons: groups, waves, paired questions, a benchmark; each with interval, tests and a verdict in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlab.data.arguments import public
from cxlab.data.small_cells import is_hidden
from cxlab.data.study import Study
from cxlab.data.waves import as_wave
from cxlab.models.metrics import contrasts, registry, result_words
from cxlab.models.metrics import estimates as metrics
from cxlab.models.metrics.contrasts import Contrast, Rule
from cxlab.models.metrics.groups import (
    UNORDERED,
    Groups,
    grouped,
    order_of,
    paired,
    published,
    sizes,
    tests,
    unordered_note,
)  # fmt: skip
from cxlab.models.metrics.scores import Score
from cxlab.problem import DataProblem, one_of
from cxlab.stats.inference import differences, multiple
from cxlab.typed_results import Comparison

"""Smallest difference that matters unless told: 5 NPS points, 3 percentage points, 2 % of the scale for means."""
ELSEWHERE = "a benchmark of another questionnaire, mode or population differs for reasons no error shows"


@public
def compare(
    study: Study,
    metric: str,
    *,
    by: str | Sequence[str],
    pairs: str | None = None,
    smallest: float | None = None,
    correction: str = "holm",
    level: float = 0.95,
    **question: Any,
) -> Comparison:
    """Return the differences of a metric between groups, waves or questions, with a verdict on each.

    Respondents who answered in both groups (the study's clusters) or both questions (its rows) make the estimates
    correlated; the covariance is estimated from those shared, so independent, paired and partly overlapping waves
    are one case. A group of fewer than ten clusters that no other group shares has its own k / (k - 1) in its variance,
    not the sample's; with fewer than five a mean is judged with the degrees of freedom of the smaller group.

    Parameters
    ----------
    metric : 'nps', 'csat', 'ces', 'mean' or 'share'; ``question`` takes what that metric takes: ``of``, ``top``,
        ``show``, ``value``.
    by : what to compare: a segment, wave or brand column; 'item' for the questions in ``of``; 'stage' or 'owner'.
        Of several columns the last is compared within each group of the others; several questions likewise.
    pairs : 'consecutive' (each with the one before; default for the study's wave), 'ends' (the last with the first
        that were asked), 'all' (default otherwise), 'first' (each with the first), 'rest' (each with the others
        together), or the label of a reference group.
    smallest : the smallest difference that matters, in the unit of the result; default 5 NPS points, 3 percentage
        points, 2 % of the scale for a mean.
    correction : 'holm' (default), 'bh', 'by', 'romano-wolf' or 'none', over all rows of the table.
    level : confidence of the intervals, between 0 and 1.

    Returns
    -------
    Result with one row a pair: group columns, ``against``, ``estimate`` = group - against, ``low, high`` (MOVER from
    the single score or Wilson intervals; t for means), ``se``, ``n``, ``n_against``, ``shared`` (clusters in both),
    ``p`` (two-sided: the interval of level 1 - p just touches 0), ``p_adjusted``, ``p_equivalent`` (TOST with
    +-smallest), ``p_not_worse`` (non-inferiority with margin smallest, towards the better end; `nan` where neither end
    is better), ``detectable`` (found with 80 % power, the correction counted), ``verdict``.

    Raises
    ------
    DataProblem : no such column or reference group, or fewer than two groups.

    Examples
    --------
    >>> import cxlab as cx
    >>> cx.compare(cx.load("brand-tracker"), "nps", by="mode").table[["against", "verdict"]].values.tolist()
    [['phone', 'real']]
    """
    metrics.check_level(level)
    one_of("correction", correction, multiple.NAMES)
    by = metrics.listed(by)
    of = question.pop("of", None)
    pairs = pairs or ("consecutive" if by and by[-1] == study.design.wave else "all")
    if by and pairs in ("consecutive", "ends"):
        study = as_wave(study, by[-1])
    score = registry.score(study, metric, of, by, **question)
    groups = grouped(study, score, by, level)
    smallest = registry.smallest_of(score, smallest)
    order = order_of(study, by[-1], groups) if pairs in ("consecutive", "ends") and by[-1] in study.codebook else None
    table, groups, names = pairwise(groups, by, pairs, score, Rule(smallest, correction, level, score.better))
    if order is not None and not order.known:
        table["verdict"] = UNORDERED
    compared = groups.labels.columns[-1]
    interval = "t interval and test" if score.shape == "mean" else "MOVER interval of two score intervals, p from it"
    return Comparison(
        kind="comparison",
        title=f"{result_words.titled(study, score, [compared])}: differences, {_pair_words(pairs)}",
        table=table,
        unit=score.unit,
        level=level,
        method=f"{score.method}; {interval}; {result_words.design_name(study, groups.simple)}; "
        f"p-values: {multiple.NAMES[correction]}, {len(table)} comparison{'s' * (len(table) != 1)}",
        notes=(*groups.notes, *(unordered_note(order, by[-1]) if order else ()), *rules(score, smallest, level)),
        parts={
            "metric": score.metric,
            "compared": compared,
            "groups": published(groups),
            "labels": result_words.worded(study, score, by),
            **family(table, names, smallest, correction),
        },
        better=score.better,
    )


@public
def against(
    study: Study,
    metric: str,
    *,
    benchmark: float | Mapping,
    by: metrics.By = None,
    se: float | None = None,
    n: float | None = None,
    smallest: float | None = None,
    level: float = 0.95,
    **question: Any,
) -> Comparison:
    """Return a metric's differences from a benchmark whose own error is known, or the error at which they tip over.

    The interval is MOVER's from those of the metric and of the benchmark, and p belongs to it. Without ``se`` or ``n``
    the benchmark counts as exact, which no published one
    is; ``tipping_se`` and ``tipping_n`` say how imprecise it may be before the difference stops being significant.

    Parameters
    ----------
    metric, by, smallest, question : as for `compare` (with ``correction``, default 'holm'); ``by`` may be left out.
    benchmark : the value in the unit of the metric (NPS in points, shares from 0 to 1), or one for each label of the
        last group column.
    se : standard error of the benchmark, in the same unit.
    n : answers behind the benchmark, if its error is unknown; its answers are taken to vary as the study's do.
    level : confidence of the intervals, between 0 and 1.

    Returns
    -------
    Result with ``estimate`` = metric - benchmark, ``low, high, se, n, n_eff, value, benchmark, p, p_adjusted,
    p_equivalent, p_not_worse, tipping_se, tipping_n, verdict``.

    Raises
    ------
    DataProblem : the metric or a column is not there, there is no benchmark for a group, it lies outside the
        metric's range, or ``se`` and ``n`` are both given.

    Examples
    --------
    >>> import cxlab as cx
    >>> cx.against(cx.load("brand-tracker"), "nps", benchmark=60).table["verdict"].tolist()
    ['real']
    """
    metrics.check_level(level)
    by, of = metrics.listed(by), question.pop("of", None)
    correction = question.pop("correction", "holm")
    if se is not None and n is not None:
        raise DataProblem("se and n of the benchmark are both given; give the one that is known")
    score = registry.score(study, metric, of, by, **question)
    groups = grouped(study, score, by, level)
    smallest = registry.smallest_of(score, smallest)
    value = _benchmarks(benchmark, groups.labels.iloc[:, -1])
    _plausible(value, se, n, score.limits)
    variance = groups.table["spread"].to_numpy(float) * score.factor**2
    error = np.sqrt(variance / n) if n else np.full(len(value), 0.0 if se is None else se)
    rule = Rule(smallest, correction, level, score.better)
    table = _from_benchmark(groups, contrasts.from_benchmark(groups, value, error, score), value, rule)
    table.insert(table.columns.get_loc("tipping_se") + 1, "tipping_n", variance / table["tipping_se"] ** 2)
    known = (
        "the benchmark counts as exact; a tipping standard error of it would undo the difference"
        if se is None and n is None
        else f"standard error of the benchmark: {_given(se, n)}"
    )
    return Comparison(
        kind="comparison",
        title=f"{score.title} against a benchmark",
        table=table.reset_index(drop=True),
        unit=score.unit,
        level=level,
        method=f"{score.method}; {result_words.design_name(study, groups.simple)}; "
        f"p-values: {multiple.NAMES[correction]}",
        notes=(*groups.notes, known, *rules(score, smallest, level), ELSEWHERE),
        parts={"metric": score.metric, "compared": groups.labels.columns[-1],
               "labels": result_words.worded(study, score, by),
               **family(table, [f"{score.method}|{v:g}|{key!r}" for v, key in zip(value, groups.keys, strict=True)],
                        smallest, correction)},
        better=score.better,
    )  # fmt: skip


# Maths of the differences ------------------------------------------------------------------------------------------


def pairwise(
    groups: Groups, by: Sequence[str], pairs: str, score: Score, rule: Rule
) -> tuple[pd.DataFrame, Groups, list[str]]:
    """Return the differences of the pairs, labelled, the groups with those that 'rest' adds, and the tests' names."""
    first, second, groups = paired(groups, pairs, by, rule.level, score)
    contrast, names = contrasts.pairs_of(groups, first, second, score), tests(groups, first, second, score)
    joint = contrasts.pairwise_correlation(groups, first, second) if rule.correction == "romano-wolf" else None
    table = contrasts.tested(contrast, rule, names, joint)
    n, shared = sizes(groups).to_numpy(), groups.moments.shared[first, second].astype(int)
    if (gone := is_hidden(pd.Series(n[first])) | is_hidden(pd.Series(n[second]))).any():
        shared = np.where(gone, np.nan, shared)
    for k, (name, values) in enumerate({"n": n[first], "n_against": n[second], "shared": shared}.items()):
        table.insert(4 + k, name, values)
    labels = groups.labels.iloc[first].reset_index(drop=True)
    against = pd.Series([groups.labels.iloc[j, -1] for j in second], name="against")
    return pd.concat([labels, against, table], axis=1), groups, names


def family(table: pd.DataFrame, names: Sequence[str], smallest: float, correction: str) -> dict[str, object]:
    """Return what `together` needs to judge the comparisons of several results as one family."""
    known = table["p"].notna()
    return {"smallest": smallest, "correction": correction, "tests": list(names),
            "equivalent": table["p_equivalent"].tolist(),
            "family": len({name for name, k in zip(names, known, strict=True) if k})}  # fmt: skip


def _from_benchmark(g: Groups, contrast: Contrast, value: NDArray, rule: Rule) -> pd.DataFrame:
    """Each group minus its benchmark, with tests and the error of the benchmark that would undo the difference."""
    own = g.table.reset_index(drop=True)
    names = [f"{value[k]:g}|{key!r}" for k, key in enumerate(g.keys)]
    table = contrasts.tested(contrast, rule, names, contrasts.correlation(g.cov)).drop(columns="detectable")
    after = {"n": sizes(g).reset_index(drop=True), "n_eff": own["n_eff"], "value": own["estimate"], "benchmark": value}
    for k, (name, values) in enumerate(after.items()):
        table.insert(4 + k, name, values)
    reach = np.where(contrast.estimate > 0, own["estimate"] - own["low"], own["high"] - own["estimate"])
    table.insert(len(table.columns) - 1, "tipping_se", differences.tipping_error(contrast.estimate, reach, rule.level))
    return pd.concat([g.labels.reset_index(drop=True), table], axis=1)


def rules(score: Score, smallest: float, level: float) -> tuple[str, str]:
    """Return how the verdicts came about, in words."""
    return differences.RULE.format(alpha=1 - level), _matters(score, smallest)


def _benchmarks(benchmark: float | Mapping, labels: pd.Series) -> NDArray:
    if not isinstance(benchmark, Mapping):
        return np.full(len(labels), float(benchmark))
    known = {str(k): float(v) for k, v in benchmark.items()}
    missing = [str(x) for x in labels if str(x) not in known]
    if missing:
        raise DataProblem(f"no benchmark for {', '.join(missing)}; there are: {', '.join(known)}")
    return np.array([known[str(x)] for x in labels])


def _pair_words(pairs: str) -> str:
    words = {"consecutive": "each with the one before", "all": "all pairs", "first": "each with the first",
             "ends": "the last with the first", "rest": "each with the others together"}  # fmt: skip
    return words.get(pairs, f"each with {pairs}")


def _matters(score: Score, smallest: float) -> str:
    points = smallest * 100 if score.unit == "share" else smallest
    own = f"{registry.label(score.metric)} points" if score.metric == "nps" else "points"
    scale = "points of the scale" if score.limits[1] < float("inf") else "in the unit of the answers"
    unit = {"points": own, "share": "percentage points"}.get(score.unit, scale)
    return f"smallest difference that matters: {points:.3g} {unit}"


def _plausible(benchmark: NDArray, se: float | None, n: float | None, limits: tuple[float, float]) -> None:
    """Raise for a benchmark that the metric cannot take, or an error or number of answers that is none."""
    low, high = limits
    outside = benchmark[~((benchmark >= low) & (benchmark <= high))]
    if len(outside):
        raise DataProblem(
            f"benchmark is {outside[0]:g}; this metric runs from {low:g} to {high:g}, give it in that unit"
        )
    for name, given in (("se", se), ("n", n)):
        if given is not None and not given >= 0:
            raise DataProblem(f"{name} of the benchmark is {given}; it is a positive number")


def _given(se: float | None, n: float | None) -> str:
    return f"{se:g}" if se is not None else f"from {n:,.0f} answers that vary as the study's do"
