"""Replicates under weights that were fitted to margins: every reweighting of the groups is raked anew.

What the margins explain of an answer does not vary from sample to sample, since the weights of every sample are fitted
to the same margins. Rows are summed by group and cell of the margins, so that raking touches sums, never a row.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

ROUNDS = 200
"""Rounds of raking a replicate; it ends when no factor is off by more than `CLOSE`."""
CLOSE = 1e-7


@dataclass(frozen=True)
class Margins:
    """Where the rows of each group stand in the margins.

    ``owner``, ``cell`` (S,): group and cell of each sub-group that rows are summed by. ``total`` (G, C): weight of the
    whole sample by group and cell, the rows that are not analysed included. ``levels`` (M, C): the category of each
    cell in each margin, -1 for none.
    """

    owner: np.ndarray
    cell: np.ndarray
    total: np.ndarray
    levels: np.ndarray

    def raked(self, weights: np.ndarray) -> np.ndarray:
        """Return the weights (B, S) of the sub-groups whose margins are those of the sample, for ``weights`` (B, G).

        Iterative proportional fitting of every replicate; a category that a replicate has nobody of stays empty.
        """
        sums, target = weights @ self.total, self.total.sum(axis=0)
        factor = np.ones_like(sums)
        for _ in range(ROUNDS):
            worst = 0.0
            for levels in self.levels:
                known = np.flatnonzero(levels >= 0)
                one = np.zeros((len(known), levels.max() + 1))
                one[np.arange(len(known)), levels[known]] = 1.0
                there = (sums[:, known] * factor[:, known]) @ one
                with np.errstate(divide="ignore", invalid="ignore"):
                    step = np.where(there > 0, (target[known] @ one) / there, 1.0)
                factor[:, known] *= step[:, levels[known]]
                worst = max(worst, float(np.abs(step - 1).max()))
            if worst < CLOSE:
                break
        return weights[:, self.owner] * factor[:, self.cell]

    def residual(self, change: np.ndarray) -> np.ndarray:
        """Return the influence (G, k) of each group with the margins known, from those of the sub-groups (S, k).

        The linearisation of `raked`: u - x'B, B from the weighted regression of the influence on the categories x.
        """
        x = np.vstack([(levels == k) for levels in self.levels for k in range(levels.max() + 1)]).T.astype(float)
        by_cell = np.zeros((len(x), change.shape[1]))
        np.add.at(by_cell, self.cell, change)
        beta = np.linalg.pinv(x.T @ (x * self.total.sum(axis=0)[:, None]), hermitian=True) @ (x.T @ by_cell)
        out = -(self.total @ x) @ beta
        np.add.at(out, self.owner, change)
        return out
