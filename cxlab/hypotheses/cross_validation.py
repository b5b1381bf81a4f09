"""Cross-validated R² of linear models on subsets of a card's columns, on moments of random blocks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cxlab.hypotheses.case import Case
from cxlab.hypotheses.rule import Finding, from_t
from cxlab.hypotheses.scored_answers import NotEstimable
from cxlab.stats.fits.folds import block_moments, corrected, deal, fold_r2, gain_at_most, splits

FOLDS, REPEATS, BLOCKS = 10, 10, 100
PER_COLUMN = 5
"""Answers that a column of a cross-validated model needs."""
HOW = f"{FOLDS}-fold cross-validation repeated {REPEATS} times on block moments, Nadeau-Bengio errors"


@dataclass(frozen=True)
class Validation:
    """Block moments of the columns (constant first, outcome last), test splits, R² and columns of models by name."""

    moments: NDArray
    tests: NDArray
    r2: dict[str, NDArray]
    columns: dict[str, list[int]]

    def gain(self, more: str, less: str) -> tuple[float, float, float]:
        """Return mean, standard error and degrees of freedom of R²(more) - R²(less)."""
        return corrected(self.r2[more] - self.r2[less], self.tests)

    def gained(
        self, case: Case, name: str, more: str, less: str, carry: dict[str, Any], r2: NDArray | None = None
    ) -> Finding:
        """Return the finding of what a model gains over one that it holds: no upper limit is below `gain_at_most`.

        ``r2`` : the smaller model's R² where it is another in each split.
        """
        change = self.r2[more] - (self.r2[less] if r2 is None else r2)
        found = from_t(name, *corrected(change, self.tests), level=case.level, **carry)
        whole, columns = self.moments.sum(0), (self.columns[more], self.columns[less])
        tail = 1 - case.level
        high, inner = (gain_at_most(whole, *columns, n=carry["n_eff"], p=p) for p in (tail / 2, tail))
        return replace(found, high=max(found.high, high), inner_high=max(found.inner_high, inner))

    def level(self, name: str) -> tuple[float, float, float]:
        return corrected(self.r2[name], self.tests)


def validate(case: Case, rows: NDArray, y: NDArray, columns: NDArray, models: dict[str, list[int]]) -> Validation:
    """Cross-validate linear models of y on subsets of the columns (controls are in every model).

    ``models`` maps a name to indices of ``columns``; clusters are kept together.
    """
    s = case.sample
    x = columns if s.controls is None else np.column_stack([columns, s.controls])
    extra = list(range(columns.shape[1], x.shape[1]))
    centred = y[rows] - np.average(y[rows], weights=(s.n * s.w)[rows])
    z = np.column_stack([np.ones(rows.sum()), x[rows], centred])
    cluster, _ = s.units(rows)
    answers = int(s.n[rows].sum())
    units = answers if cluster is None else len(np.unique(cluster))
    if units < 2 * FOLDS:
        raise NotEstimable(f"only {units} independent units; cross-validation needs at least {2 * FOLDS}")
    if z.shape[1] - 2 > answers / PER_COLUMN:
        raise NotEstimable(
            f"{z.shape[1] - 2} columns (touchpoints, marks of gaps) and {answers} answers; "
            f"this test needs at least {PER_COLUMN} answers a column"
        )
    blocks = min(BLOCKS, units // 2)
    moments = block_moments(z, s.w[rows], deal(s.n[rows], blocks, case.rng, cluster))
    tests = splits(blocks, FOLDS, REPEATS, case.rng)
    chosen = [[0, *(1 + i for i in (*cols, *extra))] for cols in models.values()]
    r2 = fold_r2(moments, chosen, z.shape[1] - 1, tests)
    return Validation(moments, tests, dict(zip(models, r2.T, strict=True)), dict(zip(models, chosen, strict=True)))
