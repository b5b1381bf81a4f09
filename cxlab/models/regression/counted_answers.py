"""Least squares of answers that were read already: what `cx.ols` estimates, on arrays of distinct rows with counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cxlab.stats.fits import robust
from cxlab.stats.fits.robust import RobustFit

Told = tuple[float, float, float]
"""A value, its standard error, its degrees of freedom."""


@dataclass(frozen=True)
class Counted:
    """Rows that stand for ``n`` answers of weight ``w`` each; codes of ``cluster`` and ``strata``; controls (columns).

    Examples
    --------
    >>> one = np.ones(4)
    >>> fit = Counted(one, one).regressed(np.array([1.0, 2, 3, 4]), [np.array([0.0, 0, 1, 1])])
    >>> fit.b.round(6).tolist()
    [1.5, 2.0]
    """

    n: NDArray
    w: NDArray
    cluster: NDArray | None = None
    strata: NDArray | None = None
    controls: NDArray | None = None

    @property
    def mass(self) -> NDArray:
        """Answers times weight of each row."""
        return self.n * self.w

    @property
    def units(self) -> int:
        """How many answers, or clusters, there are."""
        return int(self.n.sum()) if self.cluster is None else len(np.unique(self.cluster))

    def keep(self, rows: NDArray) -> Counted:
        """Return some of the rows."""
        given = (self.n, self.w, self.cluster, self.strata, self.controls)
        return Counted(*(None if a is None else a[rows] for a in given))  # type: ignore[arg-type]

    def design(self, columns: Sequence[NDArray]) -> NDArray:
        """Return the design matrix: a constant, the columns, the controls."""
        more = () if self.controls is None else (self.controls,)
        return np.column_stack([np.ones(len(self.n)), *columns, *more])

    def regressed(self, y: NDArray, columns: Sequence[NDArray]) -> RobustFit:
        """Return the fit of y on a constant, the columns and the controls: HC3, or errors by cluster or stratum."""
        return robust.least_squares(self.design(columns), y, self.n, self.w, self.cluster, self.strata)

    def average(self, y: NDArray) -> Told:
        """Return the weighted mean of y, its standard error and degrees of freedom."""
        one = np.ones((len(self.n), 1))
        return robust.least_squares(one, y, self.n, self.w, self.cluster, self.strata).contrast(np.ones(1))

    def effective(self, y: NDArray) -> float:
        """Return how many independent answers would know the mean of y as exactly."""
        return robust.effective(y, self.n, self.w, self.cluster, self.strata)


def correlated(a: NDArray, b: NDArray, weight: NDArray) -> float:
    """Return the weighted correlation of two variables; 0 where one of them does not vary.

    >>> round(correlated(np.array([1.0, 2, 3]), np.array([1.0, 2, 4]), np.ones(3)), 4)
    0.982
    """
    a, b = a - np.average(a, weights=weight), b - np.average(b, weights=weight)
    spread = float(weight @ a**2) * float(weight @ b**2)
    return float(weight @ (a * b)) / float(np.sqrt(spread)) if spread > 0 else 0.0
