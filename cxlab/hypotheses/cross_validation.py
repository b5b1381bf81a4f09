"""Cross-validated R² of linear models on subsets of a card's columns, on moments of random blocks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cxlab.hypotheses.case import Case
from cxlab.hypotheses.estimation import about, unfeigned
from cxlab.hypotheses.rule import Finding, from_t
from cxlab.models.drivers.beyond_others import compared
from cxlab.stats.fits.curves import bends
from cxlab.stats.fits.validation import HOW, Validated

__all__ = ["HOW", "Validation", "beyond_curves", "validate"]


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
        found = from_t(name, *self.told(change), level=case.level, **carry)
        tail = 1 - case.level
        high, inner = (self.at_most(more, less, n=carry["n_eff"], p=p) for p in (tail / 2, tail))
        return replace(found, high=max(found.high, high), inner_high=max(found.inner_high, inner))


def validate(case: Case, rows: NDArray, y: NDArray, columns: NDArray, models: dict[str, list[int]]) -> Validation:
    """Cross-validate linear models of y on subsets of the columns (controls are in every model).

    ``models`` maps a name to indices of ``columns``; clusters are kept together.
    """
    found = compared(y[rows], columns[rows], case.sample.counted(rows), models, case.rng)
    return Validation(**vars(found))


def beyond_curves(
    case: Case, found: Finding, rows: NDArray, y: NDArray, base: NDArray, own: NDArray, *, what: str
) -> tuple[str, str, bool, str]:
    """Return the check that a gain stays where the columns of the smaller model may each act by a curve.

    Where the outcome is a curve of what the smaller model has, whatever repeats that curve gains over straight lines.

    Parameters
    ----------
    found : the gain of ``own`` (rows, columns) over straight lines of ``base`` (rows, columns), that was tested.
    """

    def again() -> Finding:
        columns = np.column_stack([base, bends(base, case.sample.n), own])
        k = columns.shape[1]
        models = {"curves": range(k - own.shape[1]), "both": range(k)}
        rng = np.random.default_rng(case.seed)
        v = Validation(**vars(compared(y[rows], columns[rows], case.sample.counted(rows), models, rng)))
        return v.gained(case, found.name, "both", "curves", about(case, rows, y))

    return unfeigned(found, again, what, "curve")
