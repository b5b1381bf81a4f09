"""How the answers to a question are spread over its scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from cxlab.data.arguments import public
from cxlab.data.codebook import Field
from cxlab.data.study import Study
from cxlab.models.metrics import estimates as metrics
from cxlab.models.metrics import result_words, scores
from cxlab.problem import DataProblem
from cxlab.result import Result


@public
def answers(
    study: Study,
    of: str | Sequence[str] | None = None,
    *,
    by: metrics.By = None,
    level: float = 0.95,
    least_n: int = metrics.SMALL,
) -> Result:
    """Return the share of every answer on the scale, from worst to best.

    Parameters
    ----------
    of : questions with a scale of at most 11 answers; default: outcomes with measure 'satisfaction', else touchpoints.
    by : segment column(s).
    level : confidence of the intervals, between 0 and 1.
    least_n : groups with fewer answers are counted but not estimated.

    Returns
    -------
    Result, one row a group, item and answer: ``*by, item, answer`` (code), ``label``, ``estimate, low, high, se,
    total`` (answers to the question), ``n_eff``, ``side`` (-1 worst to 1 best). Wilson intervals, one by one.

    Raises
    ------
    DataProblem : a column is not there, or the codebook gives it no scale of at most 11 answers.

    Examples
    --------
    >>> import cxlab as cx
    >>> cx.answers(cx.load("brand-tracker"), "satisfaction").table["answer"].tolist()
    [1, 2, 3, 4, 5]
    """
    metrics.check_level(level)
    groups = metrics.listed(by)
    base = scores.average(study, of, groups)
    items, fields = {}, {}
    for name in base.items if base.over == "item" else []:
        f = study.field(name)
        if f.scale is None or f.scale.points > 11:
            raise DataProblem(
                f"the answers to '{name}' of {study.name} cannot be laid out: the codebook gives it no scale of at "
                "most 11 answers"
            )
        codes = np.linspace(f.scale.minimum, f.scale.maximum, f.scale.points)
        for c in codes if f.scale.best == "high" else codes[::-1]:
            items[f"{name}\n{c:g}"] = [scores.chosen(f, float(c))]
            fields[f"{name}\n{c:g}"] = (name, float(c))
    if not items:
        raise DataProblem(f"answers are laid out question by question; by is {groups}, leave out 'stage' and 'owner'")
    score = replace(base, shape="share", unit="share", items=items, limits=(0.0, 1.0), method="share of each answer")
    made = metrics.estimate(study, score, groups, "wilson", level, least_n)
    return replace(
        made,
        kind="answers",
        title=result_words.titled(study, replace(score, title="Answers"), groups),
        table=_laid_out(study, made.table, fields),
        parts={
            "metric": "answers",
            "over": "item",
            "by": made.parts["by"],
            "labels": made.parts["labels"] | dict(base.labels),
        },
    )


def _side(f: Field, answer: float, place: float) -> float:
    """Where an answer lies between worst (-1) and best (1); of a recommendation question, passives are the middle."""
    toward = place if f.scale.best == "high" else -place
    if f.measure != "recommendation" or f.scale.points != 11:
        return toward
    step = round(5 * (toward + 1))
    return 0.0 if step in (7, 8) else (step - 8.6) / 1.4 if step > 8 else step / 10 - 1


def _laid_out(study: Study, table: pd.DataFrame, fields: dict[str, tuple[str, float]]) -> pd.DataFrame:
    """One row an answer: its code, wording, count and place between worst (-1) and best (1)."""
    name = [fields[k][0] for k in table["item"]]
    answer = [fields[k][1] for k in table["item"]]
    scales = [study.field(n).scale for n in name]
    place = [2 * (a - s.minimum) / (s.maximum - s.minimum) - 1 for a, s in zip(answer, scales, strict=True)]
    side = [_side(study.field(n), a, p) for n, a, p in zip(name, answer, place, strict=True)]
    out = table.assign(
        item=name,
        answer=[int(a) for a in answer],
        label=[s.labels.get(f"{a:g}", f"{a:g}") for a, s in zip(answer, scales, strict=True)],
        total=table["n"],
        side=side,
    )
    before = list(table.columns[: list(table.columns).index("estimate")])
    places = [pd.factorize(out[c], use_na_sentinel=False)[0] for c in before]
    out = out.iloc[np.lexsort([side, *places[::-1]])].reset_index(drop=True)
    return out[[*before, "answer", "label", "estimate", "low", "high", "se", "total", "n_eff", "side"]]
