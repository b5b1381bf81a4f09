"""Cross-validated R² of linear models on subsets of a card's columns, on moments of random blocks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cxlab.hypotheses.case import Case
from cxlab.hypotheses.rule import Finding, from_t
from cxlab.stats.fits.folds import corrected
from cxlab.stats.fits.validation import BLOCKS, FOLDS, HOW, REPEATS, Validated, cross_validated

__all__ = ["BLOCKS", "FOLDS", "HOW", "REPEATS", "Validation", "validate"]


@dataclass(frozen=True)
class Validation(Validated):
    """What a card's models explain out of sample, and findings of what one gains."""

    def gained(
        self, case: Case, name: str, more: str, less: str, carry: dict[str, Any], r2: NDArray | None = None
    ) -> Finding:
        """Return the finding of what a model gains over one that it holds: no upper limit is below `gain_at_most`.

        ``r2`` : the smaller model's R² where it is another in each split.
        """
        change = self.r2[more] - (self.r2[less] if r2 is None else r2)
        found = from_t(name, *corrected(change, self.tests), level=case.level, **carry)
        tail = 1 - case.level
        high, inner = (self.at_most(more, less, n=carry["n_eff"], p=p) for p in (tail / 2, tail))
        return replace(found, high=max(found.high, high), inner_high=max(found.inner_high, inner))


def validate(case: Case, rows: NDArray, y: NDArray, columns: NDArray, models: dict[str, list[int]]) -> Validation:
    """Cross-validate linear models of y on subsets of the columns (controls are in every model).

    ``models`` maps a name to indices of ``columns``; clusters are kept together.
    """
    s = case.sample
    x = columns if s.controls is None else np.column_stack([columns, s.controls])
    extra = list(range(columns.shape[1], x.shape[1]))
    held = {name: [*chosen, *extra] for name, chosen in models.items()}
    found = cross_validated(x[rows], y[rows], s.n[rows], s.w[rows], s.units(rows)[0], held, case.rng)
    return Validation(**vars(found))
