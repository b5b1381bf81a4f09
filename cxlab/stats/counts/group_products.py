"""Sums of products by replicate group, from pieces of rows: what `replicates.group_moments` does of all rows."""

from __future__ import annotations

import numpy as np

from cxlab.stats.counts.replicates import Moments

TOGETHER = 1 << 17
"""Rows that are sorted by group at a time."""


class GroupProducts:
    """Moments of q columns in G groups, from pieces; NaN is a missing answer.

    Attributes
    ----------
    together : (q, q) rows that answered both of two columns.
    """

    def __init__(self, groups: int, q: int) -> None:
        self.size, self.q = groups, q
        self.sums: list[np.ndarray] = []
        self.together = np.zeros((q, q))
        self.complete = True
        self.waiting: list[tuple] = []
        self.rows = 0

    def add(self, z: np.ndarray, w: np.ndarray | None, code: np.ndarray) -> None:
        """Add rows: columns (n, q), weights (n,) or None for 1 each, groups (n,)."""
        self.waiting.append((z, w, code))
        self.rows += len(z)
        if self.rows >= TOGETHER:
            self._merge()

    def moments(self) -> Moments:
        """Return the moments of all rows added; complete columns broadcast."""
        self._merge()
        if not self.sums:
            d = 1
            return Moments(*(np.zeros((self.size, *s)) for s in ((d, d), (self.q, d), (self.q, d), (self.q, self.q))))
        return Moments(*self.sums)

    def _merge(self) -> None:
        if not self.rows:
            return
        z, w, code = (None if x[0] is None else np.concatenate(x) for x in zip(*self.waiting, strict=True))
        self.waiting, self.rows = [], 0
        order = np.argsort(code.astype(np.int16) if self.size < 2**15 else code, kind="stable")
        z, code = z[order], code[order]
        v = np.ones(len(z)) if w is None else w[order]
        gone = np.isnan(z)
        whole = not gone.any()
        if self.complete and not whole:
            self._widen()
        bounds = np.searchsorted(code, np.arange(self.size + 1))
        made = self._sums(z, None if self.complete else ~gone, v, bounds)
        self.together += len(z) if whole else (~gone).astype(np.float32).T @ (~gone).astype(np.float32)
        self.sums = made if not self.sums else [a + b for a, b in zip(self.sums, made, strict=True)]

    def _widen(self) -> None:
        """From now on columns have missing answers."""
        self.complete, q = False, self.q
        shapes = ((q, q), (q, q), (q, q), (q, q))
        self.sums = [np.broadcast_to(a, (self.size, *s)).copy() for a, s in zip(self.sums, shapes, strict=False)]

    def _sums(self, z: np.ndarray, there: np.ndarray | None, v: np.ndarray, bounds: np.ndarray) -> list[np.ndarray]:
        most = int(np.diff(bounds).max())
        if most * self.size > 4 * len(z):  # groups of very different sizes: one after the other
            parts = [
                self._products(z[None, a:b], None if there is None else there[None, a:b], v[None, a:b])
                for a, b in zip(bounds[:-1], bounds[1:], strict=True)
            ]
            return [np.concatenate(p) for p in zip(*parts, strict=True)]
        at = np.repeat(np.arange(self.size) * most - bounds[:-1], np.diff(bounds)) + np.arange(len(z))
        wide = lambda x: _placed(x, at, self.size, most)  # noqa: E731
        return self._products(wide(z), None if there is None else wide(there), wide(v))

    def _products(self, z: np.ndarray, there: np.ndarray | None, v: np.ndarray) -> list[np.ndarray]:
        """Sums of groups that stand side by side: z (g, m, q), there (g, m, q), v (g, m)."""
        if there is None:
            wz = v[..., None] * z
            products = wz.swapaxes(1, 2) @ z
            squares = np.einsum("gii->gi", products)[..., None]
            return [v.sum(axis=1)[:, None, None], wz.sum(axis=1)[..., None], squares, products]
        t = there.astype(float)
        z = np.where(there, z, 0.0)
        wz = v[..., None] * z
        count = (v[..., None] * t).swapaxes(1, 2) @ t
        return [count, wz.swapaxes(1, 2) @ t, (wz * z).swapaxes(1, 2) @ t, wz.swapaxes(1, 2) @ z]


def _placed(x: np.ndarray, at: np.ndarray, groups: int, most: int) -> np.ndarray:
    """Rows sorted by group as a table a group, filled up with zeros."""
    out = np.zeros((groups * most, *x.shape[1:]), x.dtype)
    out[at] = x
    return out.reshape(groups, most, *x.shape[1:])
