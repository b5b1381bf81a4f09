"""`change_explained`: what of a change is the groups' own, and what their mix."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlab.columns import Column, Hidden, difference, show
from cxlab.data import small_cells
from cxlab.data import waves as order
from cxlab.data.arguments import public
from cxlab.data.small_cells import SMALL
from cxlab.data.study import Study
from cxlab.models.metrics import estimates as metrics
from cxlab.models.metrics import registry, result_words, scan
from cxlab.models.metrics.scores import Score
from cxlab.problem import DataProblem
from cxlab.result import Result
from cxlab.stats.counts.names import key
from cxlab.stats.inference import shared_clusters
from cxlab.stats.inference.shared_clusters import ClusterMoments
from cxlab.stats.inference.trinomial import z_value
from cxlab.stats.monitoring import mix_within


@public
def change_explained(
    study: Study,
    metric: str,
    *,
    by: str | Sequence[str],
    waves: Sequence | None = None,
    wave: str = "",
    level: float = 0.95,
    **question: Any,
) -> Result:
    """Return a change between two waves split into what the groups did and what their mix did; it adds up exactly.

    Kitagawa's split: within = sum of (w1 + w0)/2 (m1 - m0), mix = sum of (m1 + m0)/2 (w1 - w0) over groups with shares
    w and scores m. A group's own part of the mix counts its distance from the average, so that only groups unlike the
    rest have one. The split says what adds up to the change, not why it came.

    Parameters
    ----------
    metric : 'nps', 'csat', 'ces', 'mean' or 'share'; ``question`` takes what that metric takes.
    by : segment column(s) that form the groups, as the channel.
    waves : the two waves, as (before, after); None takes the last two with answers.
    wave : column of the waves; '' takes the study's.
    level : confidence of the intervals, between 0 and 1.

    Returns
    -------
    Result: ``part`` ('change', 'within', 'mix'), ``group`` ('' for all), ``estimate, low, high, se`` in the unit of a
    difference (linearised, with what both waves share in clusters), ``share`` of the change, ``share_before,
    share_after``, ``n`` of both waves. A group that is not in one of the waves counts as mix alone, and is named.

    Raises
    ------
    DataProblem : the waves or a column are not there, or the metric has several questions and ``of=`` names none.

    References
    ----------
    Kitagawa, E. M. (1955). Components of a difference between two rates. Journal of the American Statistical
        Association 50, 1168-1194.

    Examples
    --------
    >>> import cxlab as cx
    >>> found = cx.change_explained(cx.load("brand-tracker"), "nps", by="mode").table
    >>> bool(abs(found["estimate"][0] - found["estimate"][1] - found["estimate"][2]) < 1e-9)
    True
    """
    metrics.check_level(level)
    groups = metrics.listed(by)
    if not groups:
        raise DataProblem("by is empty; name the segment column(s) whose mix may have changed")
    wave = wave or study.design.wave
    if not wave:
        study.need("wave", "a change between waves")
    score = registry.score(study, metric, question.pop("of", None), [wave, *groups], **question)
    if len(score.items) > 1:
        raise DataProblem(
            f"{len(score.items)} questions were given; a change is split for one: give one, as "
            f"of='{next(iter(score.items))}'"
        )
    called, m, keys, notes = _counted(study, score, groups, wave)
    if not keys:
        raise DataProblem(
            f"{study.name} has no answer to '{next(iter(score.items), score.title)}'; nothing can be split"
        )
    before, after = _two(study, wave, [k[1] for k in keys], waves)
    units = {(k[1] == after, tuple(map(str, k[2:]))): i for i, k in enumerate(keys) if k[1] in (before, after)}
    names = list(dict.fromkeys(g for _, g in units))
    place = np.array([[units.get((side, g), -1) for g in names] for side in (False, True)])
    table, more = _table(study, m, place, names, groups, called, (score, level))
    title = f"{result_words.titled(study, score, [])}: change from {_words(study, wave, before)} to "
    return Result(
        kind="change_explained",
        title=f"{title}{_words(study, wave, after)}, by {study.codebook.label(*groups)}",
        table=table,
        unit=score.unit,
        level=level,
        method=f"{score.method}; Kitagawa's split with mean weights; linearised errors, normal intervals",
        notes=(*study.caveats, *notes, *more),
        parts={"metric": score.metric, "waves": (str(before), str(after)), "by": groups},
        columns=(
            Column("part", "text", "", "Part"), Column("group", "label", "", study.codebook.label(*groups)),
            *(Column(c, k, difference(score.unit), h) for c, k, h in (
                ("estimate", "estimate", "Part of the change"), ("low", "bound", "Low"), ("high", "bound", "High"),
                ("se", "error", "Standard error"))),
            Column("share_before", "share", "", "Share before"), Column("share_after", "share", "", "Share after"),
            Column("share", "share", "", "Of the change"),
        ),
        better=score.better,
    )  # fmt: skip


def _counted(
    study: Study, score: Score, by: list[str], wave: str
) -> tuple[list[str], ClusterMoments, list[tuple], tuple[str, ...]]:
    """The sums of every wave and group, with what they share in clusters."""
    d = study.design
    where = {"weight": d.weight, "cluster": d.cluster, "strata": d.strata}
    columns, sums, counts = scan.scored(study, score, [wave, *by])
    shared = None
    if d.cluster:
        near = scan.near_zero(score, sums)
        shared = shared_clusters.across_groups(scan.answered(study, [score], columns), near, columns, **where)
    keys, m = shared_clusters.moments(sums, ["item", *map(key, columns)], shared)
    return columns, m, keys, tuple(result_words.problems(counts))


def _two(study: Study, wave: str, there: list, asked: Sequence | None) -> tuple:
    """The two waves that are compared."""
    found = order.order_of(study, wave, there)
    if asked is None:
        if not found.known:
            few = ", ".join(map(str, found.values[:4]))
            raise DataProblem(f"which of {few}, ... comes first is not known; give both, as waves=(before, after)")
        if len(found.values) < 2:
            raise DataProblem(
                f"a change needs two waves with answers; {study.name} has {len(found.values)} in '{wave}'"
            )
        return found.values[-2], found.values[-1]
    if isinstance(asked, str) or not isinstance(asked, (tuple, list)) or len(asked) != 2 or asked[0] == asked[1]:
        raise DataProblem(f"waves is {asked!r}; give two different waves, as (before, after)")
    by_name = {str(v): v for v in found.values} | {_words(study, wave, v): v for v in found.values}
    for one in asked:
        if str(one) not in by_name:
            raise DataProblem(
                f"wave {one!r} has no answers in {study.name}; there are: {', '.join(map(str, found.values))}"
            )
    return by_name[str(asked[0])], by_name[str(asked[1])]


def _words(study: Study, wave: str, value: object) -> str:
    return str(result_words.labelled(study, wave, pd.Series([value], dtype=object))[0])


def _table(
    study: Study, m: ClusterMoments, place: NDArray, names: list[tuple], by: list[str], columns: list[str], asked: tuple
) -> tuple[pd.DataFrame, list[str]]:
    """All parts of the change with their errors, and what has to be said."""
    score, level = asked
    f = score.factor
    pick = lambda x: np.where(place >= 0, x[place], 0.0)  # noqa: E731
    a, b, n = pick(m.a.sum(0)), pick(m.w.sum(0)), pick(m.n.sum(0))
    for side, said in enumerate(("before", "after")):
        if not b[side].sum() > 0:
            raise DataProblem(f"the wave {said} has no answers in {study.name}; nothing can be compared")
    est, se = mix_within.parts(a, b) * f, mix_within.errors(m, a, b, *place) * f
    k = len(names)
    order_ = [2 + 2 * k, 0, 1, *range(2, 2 + k), *range(2 + k, 2 + 2 * k)]
    labels = _labels(study, by, names)
    share = b / b.sum(1, keepdims=True)
    half = z_value(level) * se
    nan = np.nan
    table = pd.DataFrame({
        "part": ["change", "within", "mix", *["within"] * k, *["mix"] * k], "group": ["", "", "", *labels, *labels],
        "estimate": est[order_], "low": (est - half)[order_], "high": (est + half)[order_], "se": se[order_],
        "share": est[order_] / est[-1] if abs(est[-1]) > 3 * se[-1] else nan,
        "share_before": [nan] * 3 + [*share[0], *share[0]], "share_after": [nan] * 3 + [*share[1], *share[1]],
        "n": [int(n.sum())] * 3 + [int(x) for x in n.sum(0)] * 2,
    })  # fmt: skip
    least = np.where(n > 0, n, np.inf).min(0)
    small = small_cells.hidden(pd.DataFrame({"g": range(k), "n": least}), SMALL, ["g"])
    notes = []
    if small.any():
        hide = np.r_[[False] * 3, small, small]
        table.loc[hide, ["estimate", "low", "high", "se", "share", "share_before", "share_after"]] = nan
        size = np.r_[np.full(3, np.inf), least, least]
        table["n"] = small_cells.sizes(table["n"], hide & (size >= SMALL), 0)
        table["n"] = [Hidden(small_cells.few(SMALL)) if s < SMALL else v for s, v in zip(size, table["n"], strict=True)]
        notes.append(
            f"{int(small.sum())} of {k} groups are not shown, and counted: fewer than {SMALL} answers in a wave, or "
            "they would tell of those that have fewer"
        )
    gone = [str(g) for g, one in zip(labels, (place < 0).any(0), strict=True) if one]
    notes += [f"not in both waves, so counted as mix alone: {', '.join(gone)}"] if gone else []
    unit = difference(score.unit)
    whole, own, mixed = (show(x, unit) for x in (est[-1], est[0], est[1]))
    return table, [*notes, f"Of a change of {whole} the groups' own scores make {own}, their mix {mixed}"]


def _labels(study: Study, by: list[str], names: list[tuple]) -> list[str]:
    """What each group is called."""
    columns = [result_words.labelled(study, c, pd.Series([_value(g[i]) for g in names], dtype=object))
               for i, c in enumerate(by)]  # fmt: skip
    return [" · ".join(map(str, row)) for row in zip(*columns, strict=True)]


def _value(text: str) -> object:
    return None if text == "None" else text
