"""A coded study as arrays for shares and regressions of its themes: who wrote, predictions, labels, weights, scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlab.data.sample import Sample, sample
from cxlab.data.study import Study
from cxlab.models.text.coded import CHANCE, LABEL, PREDICTED, WROTE, Coded, coding_of
from cxlab.problem import DataProblem
from cxlab.stats.text.prediction_powered import Labelled

LEAST_IN_CELL = 5
"""Comments of one score below which its customers are put together with those of the next score."""


@dataclass(frozen=True)
class ThemeData:
    """Rows of a coded study.

    Parameters
    ----------
    coded : the study. ``names`` : its themes.
    found : all rows that count, with weights, clusters and strata; ``wrote`` : (rows,) who wrote a comment.
    p, y, chance : (rows, themes) predictions and labels, (rows,) probability of a label; nan where there is none.
    score : (rows,) score in the order of its codes, nan without one; None where none is used.
    """

    coded: Coded
    names: list[str]
    found: Sample
    wrote: NDArray
    p: NDArray
    y: NDArray
    chance: NDArray
    score: NDArray | None = None

    def only(self, names: Sequence[str]) -> ThemeData:
        """Return the same rows with these themes alone."""
        at = [self.names.index(n) for n in names]
        return replace(self, names=list(names), p=self.p[:, at], y=self.y[:, at])

    def labelled(self, rows: NDArray, weight: NDArray | None = None) -> Labelled:
        """Return these rows (those who wrote) for the maths; ``weight`` in place of the design's."""
        w = (self.found.w if weight is None else weight)[rows]
        cut = lambda a: None if a is None else a[rows]  # noqa: E731
        chance = self.chance[rows]
        label = np.where(np.isfinite(chance), w / np.where(np.isfinite(chance), chance, 1.0), 0.0)
        return Labelled(self.p[rows], self.y[rows], w, label, cut(self.found.cluster), cut(self.found.strata))


def theme_data(study: Study, by: Sequence[str] = (), score: str = "") -> ThemeData:
    """Return the rows of a coded study.

    Parameters
    ----------
    by : columns of groups, in ``found.other``. ``score`` : column of the score that customers gave, '' for none.

    Raises
    ------
    DataProblem : the comments are not coded, or none of these rows is labelled.
    """
    coded = coding_of(study)
    names = coded.themes.names
    numbers = [CHANCE, WROTE, *(n + PREDICTED for n in names), *(n + LABEL for n in names)]
    found = sample(coded, [*numbers, *([score] if score else [])], other=by)
    data = ThemeData(
        coded, names, found, found.answers[WROTE] == 1, found.matrix([n + PREDICTED for n in names]),
        found.matrix([n + LABEL for n in names]), found.answers[CHANCE], found.answers[score] if score else None,
    )  # fmt: skip
    if not np.isfinite(data.chance).any():
        raise DataProblem(
            f"none of the {int(data.wrote.sum()):,} comments of these rows is labelled: an error unknown. Label some "
            "of "
            "them, or use by= on the whole study"
        )
    return data


def standardised(data: ThemeData, group: NDArray) -> tuple[NDArray, float]:
    """Return the weights (rows,) under which those who wrote have the scores of all customers of their group, and the
    largest ratio to the weight of the design.

    Within each group customers of one score, written or not, are one cell; scores with fewer than five comments join
    the next one. Who wrote counts W(cell, all) / W(cell, wrote) times.
    """
    w, out, largest = data.found.w, np.zeros(len(group)), 1.0
    score = np.where(np.isnan(data.score), -np.inf, data.score)
    for g in np.unique(group):
        of = group == g
        cell = _cells(score[of], data.wrote[of])
        size = int(cell.max()) + 1
        all_ = np.bincount(cell, w[of], size)
        wrote = np.bincount(cell, w[of] * data.wrote[of], size)
        with np.errstate(invalid="ignore", divide="ignore"):
            ratio = np.where(wrote > 0, all_ / wrote, 0.0)
        out[of] = w[of] * ratio[cell] * data.wrote[of]
        largest = max(largest, float(ratio.max() / (all_.sum() / wrote.sum())) if wrote.sum() else 1.0)
    return out, largest


def _cells(score: NDArray, wrote: NDArray) -> NDArray:
    levels, code = np.unique(score, return_inverse=True)
    n = np.bincount(code, wrote, len(levels))
    cell, cells, so_far = np.zeros(len(levels), int), 0, 0.0
    for k in range(len(levels)):
        cell[k] = cells
        so_far += n[k]
        if so_far >= LEAST_IN_CELL and k < len(levels) - 1:
            cells, so_far = cells + 1, 0.0
    if so_far < LEAST_IN_CELL and cells:
        cell[cell == cells] = cells - 1
    return cell[code]


def score_of(study: Study) -> str:
    """Return the score that stands for a customer: the recommendation, else the first outcome in numbers; '' without.

    Examples
    --------
    >>> import cxlab as cx
    >>> score_of(cx.load("brand-tracker"))
    'recommendation'
    """
    schema = study.lazy.collect_schema()
    outcomes = [c for c in study.codebook.role("outcome") if c in schema.names() and schema[c].is_numeric()]
    for measure in ("recommendation", "satisfaction", ""):
        for c in outcomes:
            if not measure or study.field(c).measure == measure:
                return c
    return ""


def group_codes(data: ThemeData, by: Sequence[str]) -> tuple[NDArray, pd.DataFrame]:
    """Return the group of each row (-1 without one) and the groups' values, in their order."""
    if not by:
        return np.zeros(len(data.wrote), int), pd.DataFrame(index=[0])
    table = pd.DataFrame({b: data.found.other[b] for b in by})
    there = table.notna().all(axis=1).to_numpy()
    found = table[there].drop_duplicates()
    try:
        found = found.sort_values(list(by), ignore_index=True)
    except TypeError:
        found = found.sort_values(list(by), ignore_index=True, key=lambda s: s.map(str))
    keys = {k: i for i, k in enumerate(found.itertuples(index=False, name=None))}
    code = np.full(len(table), -1)
    code[there] = [keys[k] for k in table[there].itertuples(index=False, name=None)]
    return code, found
