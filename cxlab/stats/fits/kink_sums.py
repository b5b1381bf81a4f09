"""Bends of a line from sums by interval of x, a piece of the rows at a time: what `kink` does with a column a bend.

Between two places of a bend every bend is a straight line in x, so sums of 1, x and x**2 by interval hold the products
of all bends; a cluster's sums of 1 and x by interval hold its scores.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

ROWS = 1 << 17
"""Rows of a piece."""
SHORT = 1e-10
"""A bend whose square is less than this share of the longest is a straight line in the data."""

Columns = tuple[NDArray, NDArray, NDArray, NDArray]


class Bends:
    """Sums of a line with bends at ``places``: x and y, one row a pattern of ``n`` answers of weight ``w``.

    Attributes
    ----------
    places : those at which the data bend. ``fall`` : by how much each bend lowers the sum of squares of the line,
    ``left`` : what it leaves.
    """

    def __init__(self, x: NDArray, y: NDArray, n: NDArray, w: NDArray, places: NDArray) -> None:
        self.rows: Columns = (x, y, n, w)
        total = sum(float(np.dot(m, v)) for *_, m, v in self._pieces())
        self.x0 = sum(float(np.dot(m * v, a)) for a, _, m, v in self._pieces()) / total
        self.y0 = sum(float(np.dot(m * v, b)) for _, b, m, v in self._pieces()) / total
        self._take(places)

    def _pieces(self) -> Iterator[Columns]:
        for low in range(0, len(self.rows[0]), ROWS):
            x, y, n, w = (np.asarray(c[low : low + ROWS], float) for c in self.rows)
            yield x, y, n, w

    def _take(self, places: NDArray) -> None:
        self.places, k = places, len(places)
        by_interval, square = np.zeros((5, k + 1)), 0.0
        for x, y, n, w in self._pieces():
            at, v = np.searchsorted(places, x), n * w
            x, y = x - self.x0, y - self.y0
            square += float(np.dot(v, y * y))
            by_interval += [np.bincount(at, s, k + 1) for s in (v, v * x, v * x * x, v * y, v * x * y)]
        self.gram, self.of_y = _products(by_interval[:3], self._at()), _firsts(by_interval[3:], self._at())
        base, cross = self.gram[:2, :2], self.gram[:2, 2:]
        self.line = np.linalg.pinv(base, hermitian=True) @ self.of_y[:2]
        straight = np.linalg.pinv(base, hermitian=True) @ cross
        length = np.diag(self.gram)[2:] - (cross * straight).sum(axis=0)
        kept = length > SHORT * length.max()
        if not kept.all() and kept.any():
            self._take(places[kept])
            return
        self.turn = np.vstack([-straight, np.eye(k)]) / np.sqrt(length)
        self.fall = (self.turn.T @ self.of_y) ** 2
        self.left = square - float(self.line @ self.of_y[:2]) - self.fall

    def _at(self) -> NDArray:
        return self.places - self.x0

    def slopes(self, best: int) -> tuple[float, float]:
        """Return the slopes before and after the bend number ``best``."""
        some = [0, 1, 2 + best]
        b = np.linalg.pinv(self.gram[np.ix_(some, some)], rcond=1e-14, hermitian=True) @ self.of_y[some]
        return float(b[1]), float(b[1] + b[2])

    def noise(self, cluster: NDArray | None) -> NDArray:
        """Return the covariance of what the noise of answers, or of clusters (codes), makes of each bend."""
        products = self._of_answers() if cluster is None else self._of_clusters(cluster)
        return self.turn.T @ products @ self.turn

    def _of_answers(self) -> NDArray:
        k = len(self.places)
        by_interval = np.zeros((3, k + 1))
        for x, y, n, w in self._pieces():
            at, e = np.searchsorted(self.places, x), self._left_over(x, y)
            x, v = x - self.x0, n * (w * e) ** 2
            by_interval += [np.bincount(at, s, k + 1) for s in (v, v * x, v * x * x)]
        return _products(by_interval, self._at())

    def _left_over(self, x: NDArray, y: NDArray) -> NDArray:
        """Residuals of the straight line."""
        return y - self.y0 - self.line[0] - self.line[1] * (x - self.x0)

    def _of_clusters(self, cluster: NDArray) -> NDArray:
        """Products of the scores of clusters; rows of a cluster stand together, the last one of a piece may go on."""
        if (cluster[1:] < cluster[:-1]).any():
            order = np.argsort(cluster, kind="stable")
            self.rows, cluster = tuple(c[order] for c in self.rows), cluster[order]
        k, low = len(self.places), 0
        out, last, open_scores = np.zeros((k + 2, k + 2)), -1, np.zeros((1, k + 2))
        for x, y, n, w in self._pieces():
            own = cluster[low : low + len(x)]
            low += len(x)
            first = np.append(0, np.flatnonzero(own[1:] != own[:-1]) + 1)
            number = np.repeat(np.arange(len(first)), np.diff(np.append(first, len(own))))
            scores = self._scores(x, n * w * self._left_over(x, y), number, len(first))
            if own[0] == last:
                scores[0] += open_scores[0]
            else:
                out += open_scores.T @ open_scores
            last, open_scores, scores = own[-1], scores[-1:].copy(), scores[:-1]
            out += scores.T @ scores
        return out + open_scores.T @ open_scores

    def _scores(self, x: NDArray, u: NDArray, number: NDArray, many: int) -> NDArray:
        """Sums of u, u x and u times each bend by cluster, (many, 2 + bends)."""
        size = len(self.places) + 1
        at = number * size + np.searchsorted(self.places, x)
        by = [np.bincount(at, s, many * size).reshape(many, size) for s in (u, u * (x - self.x0))]
        return _firsts(np.stack(by), self._at())


def _firsts(by_interval: NDArray, at: NDArray) -> NDArray:
    """Sums of v, v x and v times each bend from sums of v and v x by interval, (2, ..., intervals)."""
    above = by_interval[..., ::-1].cumsum(axis=-1)[..., ::-1]
    bends = above[1][..., 1:] - at * above[0][..., 1:]
    return np.concatenate([above[0][..., :1], above[1][..., :1], bends], axis=-1)


def _products(by_interval: NDArray, at: NDArray) -> NDArray:
    """Sums of products of 1, x and the bends from sums of v, v x and v x**2 by interval."""
    above = by_interval[:, ::-1].cumsum(axis=1)[:, ::-1]
    later = np.maximum.outer(np.arange(len(at)), np.arange(len(at))) + 1
    out = np.empty((len(at) + 2, len(at) + 2))
    zero, one, two = above
    out[:2, :2] = [[zero[0], one[0]], [one[0], two[0]]]
    out[0, 2:] = out[2:, 0] = one[1:] - at * zero[1:]
    out[1, 2:] = out[2:, 1] = two[1:] - at * one[1:]
    out[2:, 2:] = two[later] - np.add.outer(at, at) * one[later] + np.multiply.outer(at, at) * zero[later]
    return out
