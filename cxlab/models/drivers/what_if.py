"""What the outcome would be, by the model, if one driver were a point better or its worst answers were fixed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from cxlab.columns import difference, show
from cxlab.data.arguments import public
from cxlab.data.study import Study
from cxlab.models.drivers import driver_data as driver_answers
from cxlab.models.drivers import streamed_answers
from cxlab.models.drivers.design_blocks import Block
from cxlab.models.drivers.driver_data import Answers
from cxlab.models.metrics.best_answers import usual_boxes
from cxlab.problem import DataProblem, one_of
from cxlab.result import Result

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
    answers = streamed_answers.read(study, outcome, drivers, distinct=True)
    if any(len(c) > 1 for c in answers.of):
        raise DataProblem("a driver can be a point better only on a scale from bad to good; leave out answers in words")
    score, unit, said = _score(study, answers, outcome, measure)
    driver_answers.enough(answers)
    groups = answers.groups(seed=seed)
    weights = np.vstack([np.ones(groups.size), groups.resampled(DRAWS, seed)])
    blocks = _blocks(study, answers)
    sums = answers.products(groups, blocks, score)
    rows = []
    for scenario, change in zip(SCENARIOS, _changes(answers, sums, weights), strict=True):
        rows.append(_rows(answers, scenario, change, _moved(answers, blocks, scenario), level))
    table = pd.concat(rows, ignore_index=True)
    now = float(sums[:, 0, -1].sum() / sums[:, 0, 0].sum())
    notes = [*answers.notes, *driver_answers.undeclared(study, answers)]
    notes += [f"now: {show(now, unit)}; {said}", driver_answers.cause_note(study)]
    return Result(
        kind="what_if", title=f"Predicted change in {said} of {answers.outcome}", table=table, unit=difference(unit),
        level=level,
        method=f"linear (probability) model with all drivers, not answered as a level of its own; {DRAWS:,} bootstrap "
        "replicates of the sampled units; an association, not the effect of a measure"
        if study.codebook.design != "experiment"
        else f"linear (probability) model with all drivers; {DRAWS:,} bootstrap replicates; the study is an experiment",
        notes=tuple(notes), parts={"now": now, "labels": dict(zip(answers.drivers, answers.labels, strict=True))},
    )  # fmt: skip


def _score(study: Study, answers: Answers, outcome: str | None, measure: str | None) -> tuple[Block, str, str]:
    """Return what an answer counts, its unit, and the measure in words."""
    name = outcome or study.codebook.role("outcome")[0]
    values = answers.values(-1)[0]
    if name not in study.codebook or len(values) == 2:
        return lambda y: (y == values[-1]).astype(float), "share", "share"
    field = study.field(name)
    eleven = field.scale is not None and (field.scale.minimum, field.scale.maximum) == (0, 10)
    if measure is None:
        measure = "nps" if eleven and field.measure == "recommendation" else "top"
    one_of("measure", measure, MEASURES)
    if measure == "mean":
        return lambda y: np.nan_to_num(y), "mean", "mean"
    if measure == "nps":
        if not eleven:
            raise DataProblem(
                f"NPS needs a question from 0 to 10; '{name}' runs {field.scale or 'on no declared scale'}"
            )
        return lambda y: 100.0 * ((y >= 9).astype(float) - (y <= 6)), "points", "NPS"
    if field.scale is None:
        raise DataProblem(
            f"'{name}' has no declared scale, so no best answers; use measure='mean' or declare the scale"
        )
    boxes = usual_boxes(field.scale)
    said = f"share of the best {boxes} answers" if boxes > 1 else "share of the best answer"
    least = field.scale.maximum - (boxes - 1) * field.scale.step
    return lambda y: (y >= least).astype(float), "share", said


PARTS = ("answer", "gone", "low", "high", "move")
"""What stands of each driver in the design, in this order."""


def _blocks(study: Study, answers: Answers) -> list[Block]:
    """Return what each driver's answers become: `PARTS`."""

    def block(bottom: float, top: float) -> Block:
        def columns(x: np.ndarray) -> np.ndarray:
            place = 100 * (x - bottom) / (top - bottom)
            low, high = place <= 100 * WORST + 1e-9, place >= 100 * (1 - WORST) - 1e-9
            move = np.clip(top - x, 0.0, 1.0)
            return np.column_stack([np.nan_to_num(x), np.isnan(x), low, high, np.nan_to_num(move)])

        return columns

    return [block(*ends) for ends in zip(*driver_answers.limits(study, answers), strict=True)]


def _moved(answers: Answers, blocks: Sequence[Block], scenario: str) -> np.ndarray:
    """Return the share of the rows whose answer to each driver moves."""
    part = PARTS.index("move" if scenario == "one point" else "low")
    out = []
    for j, block in enumerate(blocks):
        values, times = answers.values(j)
        out.append(times[block(values)[:, part] > 0].sum() / answers.n)
    return np.array(out)


def _changes(answers: Answers, sums: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the change by driver (B, q) of one point more, and of no worst answer, under each reweighting.

    ``sums`` : by group, of the products of [1, `PARTS` of each driver, score].
    """
    many = len(answers.of)
    at = {name: 1 + len(PARTS) * np.arange(many) + i for i, name in enumerate(PARTS)}
    gone = at["gone"][answers.answered() < answers.n]
    total = np.tensordot(weights, sums, 1)
    share = lambda part: total[:, 0, at[part]] / total[:, :1, 0]  # noqa: E731
    filled = np.eye(sums.shape[1])
    filled[at["gone"], at["answer"]] = answers.means()[:-1]  # not answered: the mean of those who did
    ridge = 1e-9 * sums[:, 0, 0].sum() / answers.n  # weights count by their ratio
    of_points = filled[:, np.concatenate([[0], at["answer"], gone, [-1]])]
    b = _coefficients(of_points.T @ total @ of_points, ridge)
    points = b[:, 1 : 1 + many] * share("move")
    of_ends = np.concatenate([[0], at["low"], at["high"], gone, [-1]])
    b = _coefficients(total[:, of_ends[:, None], of_ends], ridge)
    return points, -b[:, 1 : 1 + many] * share("low")


def _coefficients(total: np.ndarray, ridge: float) -> np.ndarray:
    """Return the least-squares coefficients of each reweighting, (B, k), from sums of products, the outcome last."""
    k = total.shape[1] - 1
    gram = total[:, :k, :k].copy()
    gram[:, np.arange(k), np.arange(k)] *= 1 + 1e-10
    gram[:, np.arange(k), np.arange(k)] += ridge
    return np.linalg.solve(gram, total[:, :k, k:])[..., 0]


def _rows(answers: Answers, scenario: str, change: np.ndarray, moved: np.ndarray, level: float) -> pd.DataFrame:
    tail = (1 - level) / 2
    low, high = np.quantile(change[1:], [tail, 1 - tail], axis=0)
    table = pd.DataFrame({
        "driver": answers.drivers, "scenario": scenario, "estimate": change[0], "low": low, "high": high,
        "se": change[1:].std(axis=0, ddof=1), "moved": moved, "n": answers.answered(),
    })  # fmt: skip
    return table.sort_values("estimate", ascending=False, ignore_index=True)
