"""Generalised means of rows that come in pieces: rows with the same answers, in any order, have the same means."""

from __future__ import annotations

import numpy as np

from cxlab.stats.counts.replicates import Groups
from cxlab.stats.fits.power_means import GRID, power_mean, profiles

FEW = 4096
"""Patterns that are summed by group before their means are worked out."""


class PowerSums:
    """Sums over the rows of each group of the means M_rho, their squares, and their products with the outcome.

    Parameters
    ----------
    groups : how many. ``values`` : (V,) what an answer can be, positive. ``drivers`` : how many answers a row has.
    """

    def __init__(self, groups: int, values: np.ndarray, drivers: int) -> None:
        self.size, self.values, self.base = groups, values, drivers + 1
        self.sums = np.zeros((3, groups, len(GRID)))
        self.outcome = np.zeros((3, groups))
        self.steps = _steps(len(values), self.base)
        self.known: dict[int, int] = {}
        self.patterns: list[np.ndarray] = []
        self.of_patterns = np.zeros((2, FEW * groups))

    def add(self, at: np.ndarray, y: np.ndarray, w: np.ndarray, code: np.ndarray) -> None:
        """Add rows: which value each answer is (n, K), -1 for none; outcomes less their mean; weights; groups."""
        self.outcome += np.stack([np.bincount(code, x, self.size) for x in (w, w * y, w * y * y)])
        key = np.append(self.steps, 0)[at].sum(axis=1)
        there, first, back = np.unique(key, return_index=True, return_inverse=True)
        if len(there) > FEW:
            self._add_rows(at[first], back, y, w, code)
            return
        new = [i for i, k in enumerate(there.tolist()) if k not in self.known]
        if len(self.known) + len(new) > FEW:
            self._settle()
            new = list(range(len(there)))
        for i in new:
            self.known[int(there[i])] = len(self.patterns)
            self.patterns.append(at[first[i]])
        place = np.array([self.known[k] for k in there.tolist()])[back] * self.size + code
        np.add.at(self.of_patterns[0], place, w)
        np.add.at(self.of_patterns[1], place, w * y)

    def exponents(self, groups: Groups, *, draws: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """Return what `power_means.exponents` does."""
        self._settle()
        weights = np.vstack([np.ones(groups.size), groups.resampled(draws, seed)])
        r2 = profiles(*(weights @ x for x in self.sums), *(weights @ x[:, None] for x in self.outcome))
        return r2[0], GRID[r2[1:].argmax(axis=1)]

    def _means(self, at: np.ndarray) -> np.ndarray:
        u = np.append(self.values, np.nan)[at]
        return np.column_stack([power_mean(u, rho) for rho in GRID])

    def _settle(self) -> None:
        if not self.patterns:
            return
        m, used = self._means(np.array(self.patterns)), len(self.patterns) * self.size
        w, wy = (x[:used].reshape(-1, self.size).T for x in self.of_patterns)
        self.sums += np.stack([w @ m, w @ (m * m), wy @ m])
        self.of_patterns[:, :used] = 0
        self.known, self.patterns = {}, []

    def _add_rows(self, at: np.ndarray, back: np.ndarray, y: np.ndarray, w: np.ndarray, code: np.ndarray) -> None:
        """Add rows that hardly repeat each other: the means of each pattern once, then row by row."""
        order = np.argsort(code, kind="stable")
        start = np.flatnonzero(np.diff(code[order], prepend=-1))
        m = self._means(at)[back[order]]
        w, y, own = w[order, None], y[order, None], code[order][start]
        for i, x in enumerate((w * m, w * m * m, w * y * m)):
            self.sums[i, own] += np.add.reduceat(x, start, axis=0)


def _steps(values: int, base: int) -> np.ndarray:
    """Return what each value adds to the number of a pattern; patterns with the same counts have the same number.

    Too many values for a number system are given large odd numbers: two patterns meet once in 10^13 pairs or less.
    """
    if values * np.log2(base) < 62:
        return base ** np.arange(values, dtype=np.int64)
    return np.random.default_rng(0).integers(-(2**62), 2**62, values) * 2 + 1
