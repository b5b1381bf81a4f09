"""Sums of products by replicate group, from pieces of rows: what `replicates.group_moments` does of all rows."""

from __future__ import annotations

import numpy as np

from cxlab.stats.counts.replicates import ReplicatedMoments

TOGETHER = 1 << 17
"""Rows that are sorted by group at a time."""
NUMBERS = 1 << 23
"""Numbers that are multiplied at a time, at most, unless `TOGETHER` rows are fewer."""
GONE = -128
"""No answer, among answers of one byte."""
LEVELS = np.arange(-128.0, 128.0)
"""What an answer of one byte can be; the first means that there is none."""
EXACT = 2.0**24
"""Whole numbers up to this are exact in single precision, and so are their sums."""


class GroupProducts:
    """Moments of q columns in G groups, from pieces; NaN is a missing answer, or `GONE` in answers of one byte.

    Answers of one byte without weights are multiplied in single precision, where their sums are exact.

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
        self.buffers: dict[tuple, np.ndarray] = {}

    def add(self, z: np.ndarray, w: np.ndarray | None, code: np.ndarray) -> None:
        """Add rows: columns (n, q), floats or bytes, weights (n,) or None for 1 each, groups (n,)."""
        self.waiting.append((z, w, code))
        self.rows += len(z)
        if self.rows >= min(TOGETHER, max(NUMBERS // self.q, self.size)):
            self._merge()

    def moments(self) -> ReplicatedMoments:
        """Return the moments of all rows added; complete columns broadcast."""
        self._merge()
        if not self.sums:
            d = 1
            return ReplicatedMoments(
                *(np.zeros((self.size, *s)) for s in ((d, d), (self.q, d), (self.q, d), (self.q, self.q)))
            )
        return ReplicatedMoments(*self.sums)

    def _merge(self) -> None:
        if not self.rows:
            return
        z, w, code = (None if x[0] is None else np.concatenate(x) for x in zip(*self.waiting, strict=True))
        self.waiting, self.rows = [], 0
        order = np.argsort(code.astype(np.int16) if self.size < 2**15 else code, kind="stable")
        z, code = z[order], code[order]
        v = None if w is None else w[order]
        gone = z == GONE if z.dtype == np.int8 else np.isnan(z)
        whole = not gone.any()
        if self.complete and not whole:
            self._widen()
        z[gone] = 0
        bounds = np.searchsorted(code, np.arange(self.size + 1))
        made = self._sums(z, None if self.complete else ~gone, v, bounds)
        self.together += len(z) if whole else (~gone).astype(np.float32).T @ (~gone).astype(np.float32)
        if not self.sums:
            self.sums = [a.astype(float) for a in made]
        else:
            for a, b in zip(self.sums, made, strict=True):
                a += b

    def _widen(self) -> None:
        """From now on columns have missing answers."""
        self.complete, q = False, self.q
        self.sums = [np.broadcast_to(a, (self.size, q, q)).copy() for a in self.sums]

    def _sums(
        self, z: np.ndarray, there: np.ndarray | None, v: np.ndarray | None, bounds: np.ndarray
    ) -> list[np.ndarray]:
        most = int(np.diff(bounds).max())
        far = float(np.abs(z.astype(np.int16)).max()) if z.dtype == np.int8 and v is None else EXACT
        kind = np.float32 if most * max(far, 1.0) ** 2 < EXACT else float
        if most * self.size > 4 * len(z):  # groups of very different sizes: one after the other
            cut = lambda x, a, b: None if x is None else x[None, a:b].astype(kind)  # noqa: E731
            parts = [
                self._products(cut(z, a, b), cut(there, a, b), cut(v, a, b))
                for a, b in zip(bounds[:-1], bounds[1:], strict=True)
            ]
            return [np.concatenate(p) for p in zip(*parts, strict=True)]
        at = np.repeat(np.arange(self.size) * most - bounds[:-1], np.diff(bounds)) + np.arange(len(z))
        wide = lambda k, x: None if x is None else self._placed(k, x, at, most, kind)  # noqa: E731
        if v is None:
            bounds = np.diff(bounds)[:, None, None]
        return self._products(wide("z", z), wide("t", there), wide("v", v), bounds)

    def _products(
        self, z: np.ndarray, there: np.ndarray | None, v: np.ndarray | None, rows: np.ndarray | None = None
    ) -> list[np.ndarray]:
        """Sums of groups that stand side by side: z (g, m, q), there (g, m, q), v (g, m); ``rows`` of each."""
        wz = z if v is None else v[..., None] * z
        if there is None:
            products = wz.swapaxes(1, 2) @ z
            squares = np.einsum("gii->gi", products)[..., None].copy()
            if v is not None:
                rows = v.sum(axis=1)[:, None, None]
            elif rows is None:
                rows = np.full((len(z), 1, 1), z.shape[1])
            return [rows, np.einsum("gmq->gq", wz)[..., None], squares, products]
        count = (there if v is None else v[..., None] * there).swapaxes(1, 2) @ there
        return [count, wz.swapaxes(1, 2) @ there, (wz * z).swapaxes(1, 2) @ there, wz.swapaxes(1, 2) @ z]

    def _placed(self, name: str, x: np.ndarray, at: np.ndarray, most: int, kind: type) -> np.ndarray:
        """Rows sorted by group as a table a group, filled up with zeros."""
        shape = (self.size * most, *x.shape[1:])
        size = int(np.prod(shape))
        kept = self.buffers.get((name, kind))
        if kept is None or len(kept) < size:
            kept = self.buffers[name, kind] = np.empty(size + size // 8, kind)
        out = kept[:size].reshape(shape)
        out.fill(0)
        out[at] = x
        return out.reshape(self.size, most, *x.shape[1:])
