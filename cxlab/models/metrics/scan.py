"""The score sums that metrics are estimated from: one scan of the data for several scores."""

from __future__ import annotations

from collections.abc import Sequence

import narwhals as nw
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlab.data import waves
from cxlab.data.naming import option_labels
from cxlab.data.sample import negative_weights
from cxlab.data.study import Study
from cxlab.models.metrics.scores import GROUPINGS, Score, unfolded
from cxlab.problem import DataProblem, unknown
from cxlab.stats.counts import names, tally

FIGURES = ("estimate", "low", "high", "se", "n_eff", "detractors", "passives", "promoters")
"""What a result says of a group beside its size."""
OWN = (
    *FIGURES, "n", "item", "against", "n_against", "shared", "p", "p_adjusted", "p_equivalent",
    "p_not_worse", "detectable", "verdict", "value", "benchmark", "tipping_se", "tipping_n", "change", "change_low",
    "change_high", "answer", "label", "total", "side", "question", "metric", "unit", "difference", "half_width",
)  # fmt: skip
"""Columns of the results of metrics: a group column of that name gets an underscore at its end (`names.shown`)."""


def grouping(study: Study, by: Sequence[str]) -> list[str]:
    """Return the columns among ``by`` (the others pool touchpoints), which must exist."""
    columns = [b for b in by if not (b in GROUPINGS and b not in study.codebook)]
    for name in columns:
        if not study.field(name).columns and name not in study.columns:
            raise unknown("column", name, study.name, study.columns)
    return columns


def shown(columns: Sequence[str]) -> list[str]:
    """Return how group columns are called in the results of metrics."""
    return names.shown(columns, OWN)


def scored(study: Study, score: Score, by: Sequence[str]) -> tuple[list[str], pd.DataFrame, dict[str, int]]:
    """Return the group columns among ``by``, the score sums and the counted problems; refuse negative weights."""
    columns = grouping(study, by)
    return columns, *scans(study, [score], columns)[0]


def scans(study: Study, scores: Sequence[Score], columns: Sequence[str]) -> list[tuple[pd.DataFrame, dict[str, int]]]:
    """Return for each score its sums by group, as `cxlab.stats.counts.tally.score_sums`, and its counted problems.

    All come from one scan of the data; grouped by a question with several answers, from one an option, since its groups
    overlap: whoever ticked two options is in both.

    Raises
    ------
    DataProblem : a weight is negative, or two questions with several answers are to group.
    """
    if not (name := several(study, columns)):
        return _scans(study, scores, columns)
    wide, options = unfolded(study, name)
    called, parts = dict(zip(options, option_labels(study, name), strict=True)), []
    for option, label in called.items():
        each = _scans(wide, scores, [option if c == name else c for c in columns])
        parts.append([(_ticked(sums, option, name, label), found) for sums, found in each])
    return [(pd.concat([part[k][0] for part in parts], ignore_index=True), parts[0][k][1]) for k in range(len(scores))]


def several(study: Study, by: Sequence[str]) -> str:
    """Return the question with several answers among the groups ``by``, '' where there is none.

    Raises
    ------
    DataProblem : there are two.
    """
    found = [b for b in by if b in study.codebook and study.field(b).columns]
    if len(found) > 1:
        raise DataProblem(
            f"{' and '.join(found)} of {study.name} are questions with several answers; group by one of them, or by "
            f"options as columns of their own: {', '.join(study.field(found[1]).columns[:4])}"
        )
    return found[0] if found else ""


def overlap(study: Study, by: Sequence[str]) -> tuple[str, ...]:
    """Return the note on groups that overlap, none where they do not."""
    name = several(study, by)
    return (f"groups overlap: whoever chose several options of '{study.field(name).label}' is in each",) if name else ()


def _ticked(sums: pd.DataFrame, option: str, name: str, label: str) -> pd.DataFrame:
    """The sums of those who ticked an option, as the group ``label`` of the question ``name``."""
    key = names.key(option)
    mine = sums[pd.to_numeric(sums[key], errors="coerce") == 1]
    return mine.assign(**{key: label}).rename(columns={key: names.key(name)})


def _scans(study: Study, scores: Sequence[Score], columns: Sequence[str]) -> list[tuple[pd.DataFrame, dict[str, int]]]:
    """Do what `scans` says for groups that do not overlap."""
    d = study.design
    counts = tally.weight_problems(d.weight) if d.weight else {}
    counts |= {f"cluster:{d.cluster}": nw.col(d.cluster).is_null()} if d.cluster else {}
    items = {f"{k} {name}": rules for k, score in enumerate(scores) for name, rules in score.items.items()}
    problems = {name: rule for score in scores for name, rule in score.counts.items()} | counts
    where = {"weight": d.weight, "cluster": d.cluster, "strata": d.strata}
    drawn = study.drawn if study.whole else (lambda: study.drawn) if d.cluster and columns else None
    frame = answered(study, scores, columns)
    sums, found = tally.score_sums(frame, items, by=columns, counts=problems, drawn=drawn, **where)
    if far := far_from_zero(sums):
        near = {i: [e - far[i] for e in rules] if i in far else rules for i, rules in items.items()}
        sums, found = tally.score_sums(frame, near, by=columns, counts=problems, drawn=drawn, **where)
        sums["shift"] = [far.get(i, 0.0) for i in sums["item"]]
    if found.get("weight:negative"):
        raise negative_weights(study, found["weight:negative"])
    sums, out = in_order(study, sums, columns), []
    for k, score in enumerate(scores):
        called = {f"{k} {name}": name for name in score.items}
        if len(items) == 1:
            own = sums.assign(item=next(iter(score.items)))
        else:
            own = sums[sums["item"].isin(called)]
            own = own.assign(item=own["item"].map(called)).reset_index(drop=True)
        out.append((own, {name: found[name] for name in (*score.counts, *counts)}))
    return out


FAR, LEAST = 1e6, 1e4
"""When mean**2 exceeds FAR times the variance (and the mean LEAST), sums of squares lose the digits that make it."""


def far_from_zero(sums: pd.DataFrame) -> dict[str, float]:
    """Return the mean of every item whose scores vary little beside it, to take it off before squares are summed."""
    out = {}
    for item, rows in sums.groupby("item", sort=False):
        w, a, q = (float(rows[c].sum()) for c in ("w", "a", "q"))
        mean = a / w if w > 0 else 0.0
        if abs(mean) > LEAST and mean * mean > FAR * max(q / w - mean * mean, 0.0):
            out[str(item)] = mean
    return out


def near_zero(score: Score, sums: pd.DataFrame) -> dict[str, list[nw.Expr]]:
    """Return the scores of every item with that taken off which `scans` took off before it summed them."""
    shift = dict(zip(sums["item"], sums["shift"], strict=True)) if "shift" in sums else {}
    return {i: [e - shift[i] for e in rules] if shift.get(i) else list(rules) for i, rules in score.items.items()}


def in_order(study: Study, sums: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Return score sums with waves in the order of time (`cxlab.data.waves`), other groups as they stand."""
    keys = {c: names.key(c) for c in columns}
    timed = {c: _timed(study, c, sums[k].unique()) for c, k in keys.items()}
    timed = {c: o for c, o in timed.items() if o is not None}
    if not timed or not len(sums):
        return sums
    at = [pd.factorize(sums["item"])[0]]
    for c, k in keys.items():
        codes, values = pd.factorize(sums[k], use_na_sentinel=False)
        order = list(timed[c].values) if c in timed else sorted_values(values)
        place = {v: i for i, v in enumerate(order)}
        at.append(np.array([place.get(v, len(order)) for v in values])[codes])
    if _ordered(at):
        return sums
    return sums.iloc[np.lexsort(at[::-1])].reset_index(drop=True)


def _ordered(at: Sequence[NDArray]) -> bool:
    """Whether rows stand in the order of several codes, the first of which counts most."""
    place = np.zeros(len(at[0]), np.int64)
    for code in at:
        place = np.unique(place, return_inverse=True)[1] if place.max(initial=0) > 2**31 else place
        place = place * (int(code.max(initial=0)) + 1) + code
    return bool((place[1:] >= place[:-1]).all())


def _timed(study: Study, column: str, values: NDArray) -> waves.Order | None:
    """The values of a wave, or of a column that the calendar knows, in the order of time; None for any other."""
    field = study.field(column)
    if field.role == "wave":
        return waves.order_of(study, column, values)
    return waves.in_calendar(values[~pd.isna(values)].tolist(), field)


def sorted_values(values: pd.Index) -> list:
    """Return the values of a group in the order of their kind, missing ones left out."""
    return pd.Series(values).dropna().sort_values().tolist()


def answered(study: Study, scores: Sequence[Score], by: Sequence[str]) -> nw.LazyFrame:
    """Return the columns that scores, groups and the design need, with missing codes as null."""
    if not all(score.columns for score in scores):
        return study.frame
    d = study.design
    return study.answers(
        [c for s in scores for c in s.columns] + [*by, *(c for c in (d.weight, d.cluster, d.strata) if c)]
    )
