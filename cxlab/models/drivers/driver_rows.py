"""The answers of a driver analysis as rows, and the sums by replicate group that its models ask for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from cxlab.models.drivers import known_margins
from cxlab.models.drivers.design_blocks import Block
from cxlab.stats.counts.replicates import Groups, ReplicatedMoments, group_moments, replicate_groups, reweighted_means
from cxlab.stats.fits.replicated_ols import outer_moments
from cxlab.stats.importance import sampled_shares


@dataclass(frozen=True)
class Answers:
    """Outcome and drivers of the rows that answered the outcome.

    ``y`` (n,), ``X`` (n, K) with NaN where there is no answer; both rise with satisfaction, reverse scales are turned.
    ``columns``: what each column of X is. ``of``: the columns of each driver (several for answers in words and for
    not-used indicators). ``blocks``: drivers of each block, by position; empty without blocks.
    """

    outcome: str
    y: np.ndarray
    X: np.ndarray
    columns: tuple[str, ...]
    drivers: tuple[str, ...]
    labels: tuple[str, ...]
    of: tuple[tuple[int, ...], ...]
    blocks: Mapping[str, tuple[int, ...]]
    w: np.ndarray
    cluster: np.ndarray | None
    strata: np.ndarray | None
    drawn: np.ndarray | None
    extra: pd.DataFrame
    notes: tuple[str, ...]
    margins: known_margins.KnownMargins | None = None

    @property
    def n(self) -> int:
        """Rows that answered the outcome."""
        return len(self.y)

    @property
    def n_eff(self) -> float:
        """Kish's effective number of answers, from the weights alone."""
        return float(self.w.sum() ** 2 / (self.w**2).sum())

    @property
    def width(self) -> int:
        """How many columns there are."""
        return self.X.shape[1]

    @property
    def complete(self) -> bool:
        """Whether every row answered every driver."""
        return not np.isnan(self.X).any()

    def moments(self, groups: Groups, *, filled: bool = False) -> ReplicatedMoments:
        """Return the moments of the standardized columns and the outcome, last, by group; ``filled``: missing as 0."""
        Z = np.column_stack([np.nan_to_num(self.X) if filled else self.X, self.y])
        return group_moments(sampled_shares.standardized(Z, self.w)[0], self.w, groups)

    def values(self, column: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the answers to a column (-1: the outcome), sorted, and how many gave each."""
        x = self.y if column < 0 else self.X[:, column]
        return np.unique(x[~np.isnan(x)], return_counts=True)

    def means(self) -> np.ndarray:
        """Return the weighted means of the answers to each column, the outcome last."""
        Z = np.column_stack([self.X, self.y])
        there = ~np.isnan(Z) * self.w[:, None]
        return (np.nan_to_num(Z) * there).sum(axis=0) / there.sum(axis=0)

    def products(
        self, groups: Groups, blocks: Sequence[Block], outcome: Block, across: Block | None = None,
        *, weighted: bool = True,
    ) -> np.ndarray:  # fmt: skip
        """Return the sums of products of [1, block of each driver, across, outcome] in every group, (G, k, k)."""
        D = [np.ones(self.n), *(b(x) for b, x in zip(blocks, self.X.T, strict=True))]
        D += [] if across is None else [across(self.X)]
        return outer_moments(
            np.column_stack([*D, outcome(self.y)]).astype(float), self.w if weighted else np.ones(self.n), groups
        )

    def coded_by(self, column: str) -> tuple[np.ndarray, pd.Index]:
        """Return an extra column as codes, in the order in which its values come, and the values."""
        code, labels = pd.factorize(self.extra[column], use_na_sentinel=False)
        return code, pd.Index(labels)

    def whole(self) -> int:
        """Return how many rows answered every driver."""
        return int(self.whole_rows().sum())

    def whole_rows(self) -> np.ndarray:
        """Return which rows answered every driver, (n,)."""
        return (~np.isnan(self.X)).all(axis=1)

    def answers_each(self) -> np.ndarray:
        """Return how many drivers each row answered, (n,)."""
        return (~np.isnan(self.X)).sum(axis=1)

    def deviations(self) -> np.ndarray:
        """Return the weighted standard deviations of the answers to each column, the outcome last."""
        Z, mean = np.column_stack([self.X, self.y]), self.means()
        there = ~np.isnan(Z) * self.w[:, None]
        return np.sqrt((np.nan_to_num(Z - mean) ** 2 * there).sum(axis=0) / there.sum(axis=0))

    def together(self) -> np.ndarray:
        """Return how many rows answered both of two columns, (K, K)."""
        there = (~np.isnan(self.X)).astype(float)
        return there.T @ there

    def ends(self, column: int) -> tuple[float, float]:
        """Return the least and the largest answer of a column."""
        return float(np.nanmin(self.X[:, column])), float(np.nanmax(self.X[:, column]))

    def place_means(self, low: np.ndarray, high: np.ndarray, groups: Groups, weights: np.ndarray) -> np.ndarray:
        """Return the means of the columns as places from 0 (``low``) to 100 (``high``), under reweightings (B, G)."""
        return reweighted_means(100 * (self.X - low) / (high - low), self.w, groups, weights)

    def answered(self) -> np.ndarray:
        """Return how many rows answered each driver (and the outcome)."""
        return np.array([int((~np.isnan(self.X[:, list(c)])).all(axis=1).sum()) for c in self.of])

    def rows(self, keep: np.ndarray) -> Answers:
        """Return only the rows where ``keep`` is true."""
        cut = lambda a: None if a is None else a[keep]  # noqa: E731
        return replace(
            self, y=self.y[keep], X=self.X[keep], w=self.w[keep], cluster=cut(self.cluster), strata=cut(self.strata),
            extra=self.extra[keep].reset_index(drop=True), margins=self.margins and self.margins.rows(self, keep),
        )  # fmt: skip

    def groups(self, *, limit: int = 1000, seed: int = 0) -> Groups:
        """Return the replicate groups of the design: clusters within strata, those without a row among them."""
        if self.margins is not None:
            return self.margins.groups(self, limit=limit, seed=seed)
        drawn = self.drawn
        if drawn is not None and self.strata is not None:
            drawn = drawn[np.unique(self.strata)]
        return replicate_groups(self.cluster, self.strata, self.n, limit=limit, seed=seed, drawn=drawn)
