"""Linear models of the same outcome compared out of sample: what each explains and what one gains over another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cxlab.problem import DataProblem
from cxlab.stats.fits.folds import block_moments, corrected, deal, fold_r2, gain_at_most, solve, splits

FOLDS, REPEATS, BLOCKS = 10, 10, 100
PER_COLUMN = 5
"""Answers that a column of a cross-validated model needs."""
HOW = f"{FOLDS}-fold cross-validation repeated {REPEATS} times on block moments, Nadeau-Bengio errors"


@dataclass(frozen=True)
class Validated:
    """Block moments of the columns (constant first, outcome last), test splits, R² and columns of models by name."""

    moments: NDArray
    tests: NDArray
    r2: dict[str, NDArray]
    columns: dict[str, list[int]]

    def level(self, name: str) -> tuple[float, float, float]:
        """Return mean R² of a model over the splits, its standard error and degrees of freedom."""
        return corrected(self.r2[name], self.tests)

    def gain(self, more: str, less: str) -> tuple[float, float, float]:
        """Return mean, standard error and degrees of freedom of R²(more) - R²(less)."""
        return corrected(self.r2[more] - self.r2[less], self.tests)

    def told(self, change: NDArray) -> tuple[float, float, float]:
        """Return mean, standard error and degrees of freedom of something by split, e.g. a difference of R²."""
        return corrected(change, self.tests)

    def at_most(self, more: str, less: str, *, n: float, p: float) -> float:
        """Return the largest gain that the answers leave possible, as `gain_at_most` with ``n`` effective answers."""
        return gain_at_most(self.moments.sum(0), self.columns[more], self.columns[less], n=n, p=p)

    def inside(self, name: str) -> NDArray:
        """Return the share of the outcome's squares that a model takes up inside each training part, (splits,)."""
        train = self.moments.sum(0) - np.tensordot(self.tests.astype(float), self.moments, axes=1)
        x, y = self.columns[name], train.shape[-1] - 1
        return (solve(train, x, y) * train[..., x, y]).sum(-1) / train[..., y, y]


def cross_validated(
    x: NDArray, y: NDArray, n: NDArray, w: NDArray, cluster: NDArray | None,
    models: Mapping[str, Sequence[int]], rng: np.random.Generator,
) -> Validated:  # fmt: skip
    """Return linear models of ``y`` on subsets of the columns of ``x``, cross-validated; clusters stay together.

    Parameters
    ----------
    x : (rows, columns). ``y`` : (rows,). ``n, w`` : (rows,) answers of a row and their weight.
    models : name → columns of ``x``; a constant is in each.

    Raises
    ------
    DataProblem : there are too few independent units or answers.

    Examples
    --------
    >>> a = np.tile([0.0, 1.0, 2.0, 3.0], 50)
    >>> one = np.ones(200)
    >>> found = cross_validated(a[:, None], a % 2, one, one, None, {"a": [0]}, np.random.default_rng(0))
    >>> abs(round(found.level("a")[0], 2))  # a correlation of 1 / sqrt(5)
    0.19
    """
    z = np.column_stack([np.ones(len(y)), x, y - np.average(y, weights=n * w)])
    answers = int(n.sum())
    units = answers if cluster is None else len(np.unique(cluster))
    if units < 2 * FOLDS:
        raise DataProblem(f"only {units} independent units; cross-validation needs at least {2 * FOLDS}")
    if x.shape[1] > answers / PER_COLUMN:
        raise DataProblem(
            f"{x.shape[1]} columns (touchpoints, marks of gaps) and {answers} answers; "
            f"this test needs at least {PER_COLUMN} answers a column"
        )
    blocks = min(BLOCKS, units // 2)
    moments = block_moments(z, w, deal(n, blocks, rng, cluster))
    tests = splits(blocks, FOLDS, REPEATS, rng)
    chosen = [[0, *(1 + i for i in columns)] for columns in models.values()]
    r2 = fold_r2(moments, chosen, z.shape[1] - 1, tests)
    return Validated(moments, tests, dict(zip(models, r2.T, strict=True)), dict(zip(models, chosen, strict=True)))
