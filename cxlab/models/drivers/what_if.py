"""What the outcome would be, by the model, if one driver were a point better or its worst answers were fixed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from cxlab.columns import show
from cxlab.data.arguments import public
from cxlab.data.study import Study
from cxlab.models.drivers import driver_data as driver_answers
from cxlab.models.drivers.driver_data import Answers
from cxlab.problem import DataProblem, one_of
from cxlab.result import Result
from cxlab.stats.counts import replicates
from cxlab.stats.counts.replicates import Groups
from cxlab.stats.fits import replicated_ols

SCENARIOS = {
    "one point": "everybody who can answers one point better",
    "fix worst": "the lowest answers become middling",
}
MEASURES = {"nps": "points", "top": "share", "mean": "mean"}
DRAWS = 1000
WORST = 0.3
"""Answers in the lowest 30 % of the scale are the worst ones: 1 of four, 1 and 2 of five, 0 to 3 of eleven."""


@public
def what_if(
    study: Study,
    outcome: str | None = None,
    *,
    drivers: Sequence[str] | None = None,
    measure: str | None = None,
    level: float = 0.95,
    seed: int = 0,
) -> Result:
    """Return the change of NPS, top-box share or mean that goes with improving each driver, all others as they are.

    'one point': b_j times the mean possible move (who gave the best answer cannot move), b_j from the regression of the
    score on all drivers. 'fix worst': minus the penalty of a low answer beside all drivers' low and high answers, times
    the share of low answers. Not answered stays not answered.

    Parameters
    ----------
    measure : 'nps' (9-10 minus 0-6, for questions from 0 to 10), 'top' (best two answers; best one of three or fewer)
    or
        'mean'; default: 'nps' for a recommendation question from 0 to 10, else 'top'. A condition as outcome
        ('overall >= 4') is a share of its own.
    outcome : what is explained; default: the study's first outcome.
    drivers : what may explain it; default: the touchpoints of the codebook.
    level : confidence of the intervals, between 0 and 1.
    seed : where random draws start: the same seed, the same numbers.

    Returns
    -------
    Result in points, share or mean: ``driver, scenario, estimate, low, high, se, moved`` (share of answers that move),
    ``n``; ``parts['now']``: the measure as it is.

    Raises
    ------
    DataProblem : a column is not there, a driver has answers in words, or the measure does not fit the scale of
        the outcome.

    Notes
    -----
    A linear probability model: changes are averages over everybody and small against the scale. It is an association
    unless the study is an experiment: the result says which.

    Examples
    --------
    >>> import cxlab as cx
    >>> cx.importance.what_if(cx.load("brand-tracker")).table["scenario"].unique().tolist()
    ['one point', 'fix worst']
    """
    answers = driver_answers.read(study, outcome, drivers)
    if any(len(c) > 1 for c in answers.of):
        raise DataProblem("a driver can be a point better only on a scale from bad to good; leave out answers in words")
    score, unit, said = _score(study, answers, outcome, measure)
    place, move = _moves(study, answers)
    groups = answers.groups(seed=seed)
    weights = np.vstack([np.ones(groups.size), groups.resampled(DRAWS, seed)])
    rows = []
    for scenario, change in (
        ("one point", _one_point(answers, score, move, groups, weights)),
        ("fix worst", _fix_worst(answers, score, place, groups, weights)),
    ):
        moved = (move > 0) if scenario == "one point" else (place <= 100 * WORST + 1e-9)
        rows.append(_rows(answers, scenario, change, moved, level))
    table = pd.concat(rows, ignore_index=True)
    now = float(np.average(score, weights=answers.w))
    notes = [*answers.notes, *driver_answers.undeclared(study, answers)]
    notes += [f"now: {show(now, unit)}; {said}", driver_answers.cause_note(study)]
    return Result(
        kind="what_if", title=f"Predicted change in {said} of {answers.outcome}", table=table, unit=unit, level=level,
        method=f"linear (probability) model with all drivers, not answered as a level of its own; {DRAWS:,} bootstrap "
        "replicates of the sampled units; an association, not the effect of a measure"
        if study.codebook.design != "experiment"
        else f"linear (probability) model with all drivers; {DRAWS:,} bootstrap replicates; the study is an experiment",
        notes=tuple(notes), parts={"now": now, "labels": dict(zip(answers.drivers, answers.labels, strict=True))},
    )  # fmt: skip


def _score(
    study: Study, answers: Answers, outcome: str | None, measure: str | None
) -> tuple[np.ndarray, str, str] | None:
    """Return what each answer counts, its unit, and the measure in words."""
    name = outcome or study.codebook.role("outcome")[0]
    values = np.unique(answers.y)
    if name not in study.codebook or len(values) == 2:
        return (answers.y == values[-1]).astype(float), "share", "share"
    field = study.field(name)
    eleven = field.scale is not None and (field.scale.minimum, field.scale.maximum) == (0, 10)
    if measure is None:
        measure = "nps" if eleven and field.measure == "recommendation" else "top"
    one_of("measure", measure, MEASURES)
    if measure == "mean":
        return answers.y, "mean", "mean"
    if measure == "nps":
        if not eleven:
            raise DataProblem(
                f"NPS needs a question from 0 to 10; '{name}' runs {field.scale or 'on no declared scale'}"
            )
        return 100.0 * ((answers.y >= 9).astype(float) - (answers.y <= 6)), "points", "NPS"
    if field.scale is None:
        raise DataProblem(
            f"'{name}' has no declared scale, so no best answers; use measure='mean' or declare the scale"
        )
    boxes = 2 if field.scale.points >= 4 else 1
    said = f"share of the best {boxes} answers" if boxes > 1 else "share of the best answer"
    return (answers.y >= field.scale.maximum - (boxes - 1) * field.scale.step).astype(float), "share", said


def _moves(study: Study, answers: Answers) -> tuple[np.ndarray, np.ndarray]:
    """Return each answer's place on its scale (0 to 100), and how far it can move up, at most one point."""
    low, high = driver_answers.limits(study, answers)
    place = 100 * (answers.X - low) / (high - low)
    _, top = driver_answers.limits(study, answers)
    return place, np.clip(top - answers.X, 0.0, 1.0)


def _coefficients(D: np.ndarray, y: np.ndarray, answers: Answers, groups: Groups, weights: np.ndarray) -> np.ndarray:
    """Return the least-squares coefficients of each reweighting, (B, k)."""
    k = D.shape[1]
    moments = replicated_ols.outer_moments(np.column_stack([D, y]), answers.w, groups)
    total = np.tensordot(weights, moments, 1)
    gram = total[:, :k, :k].copy()
    gram[:, np.arange(k), np.arange(k)] *= 1 + 1e-10
    gram[:, np.arange(k), np.arange(k)] += 1e-9 * answers.w.mean()  # weights count by their ratio
    return np.linalg.solve(gram, total[:, :k, k:])[..., 0]


def _share(values: np.ndarray, answers: Answers, groups: Groups, weights: np.ndarray) -> np.ndarray:
    """Return the mean of each column over all rows (not answered counts 0) under each reweighting."""
    rows = np.column_stack([np.nan_to_num(values), np.ones(answers.n)]) * answers.w[:, None]
    total = weights @ replicates.group_sums(rows, groups)
    return total[:, :-1] / total[:, -1:]


def _one_point(
    answers: Answers, score: np.ndarray, move: np.ndarray, groups: Groups, weights: np.ndarray
) -> np.ndarray:
    settled, _ = driver_answers.settle(answers, "indicator")
    D = np.column_stack([np.ones(answers.n), settled.X])
    b = _coefficients(D, score, answers, groups, weights)
    lead = [1 + own[0] for own in settled.of]
    return b[:, lead] * _share(move, answers, groups, weights)


def _fix_worst(
    answers: Answers, score: np.ndarray, place: np.ndarray, groups: Groups, weights: np.ndarray
) -> np.ndarray:
    low = place <= 100 * WORST + 1e-9
    high = place >= 100 * (1 - WORST) - 1e-9
    gone = np.isnan(place)
    D = np.column_stack([np.ones(answers.n), low, high, gone[:, gone.any(axis=0)]]).astype(float)
    b = _coefficients(D, score, answers, groups, weights)
    return -b[:, 1 : 1 + low.shape[1]] * _share(low.astype(float), answers, groups, weights)


def _rows(answers: Answers, scenario: str, change: np.ndarray, moved: np.ndarray, level: float) -> pd.DataFrame:
    tail = (1 - level) / 2
    low, high = np.quantile(change[1:], [tail, 1 - tail], axis=0)
    table = pd.DataFrame({
        "driver": answers.drivers, "scenario": scenario, "estimate": change[0], "low": low, "high": high,
        "se": change[1:].std(axis=0, ddof=1), "moved": moved.mean(axis=0), "n": answers.answered(),
    })  # fmt: skip
    return table.sort_values("estimate", ascending=False, ignore_index=True)
