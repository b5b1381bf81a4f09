"""Texts that are nearly the same: equal shares of pieces of five letters, found by min-hashing."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

PIECE, BANDS, ROWS = 5, 16, 4
LIKE = 0.8
"""Jaccard index of the pieces from which two texts are near copies."""

MOST_OF_A_BAND = 200


def near_copies(keys: Sequence[str], like: float = LIKE) -> NDArray:
    """Return for each text the number of the group of near copies that it is in; a text alone has a group of its own.

    Parameters
    ----------
    keys : normal forms of distinct texts. ``like`` : Jaccard index of their pieces of five letters.

    Examples
    --------
    >>> groups = near_copies(["the staff was very friendly here", "the staff was very friendly heree", "far too dear"])
    >>> bool(groups[0] == groups[1]), bool(groups[0] == groups[2])
    (True, False)
    """
    pieces = [_pieces(k) for k in keys]
    rng = np.random.default_rng(0)
    a, b = (
        rng.integers(1, 1 << 31, BANDS * ROWS, dtype=np.uint64),
        rng.integers(0, 1 << 31, BANDS * ROWS, dtype=np.uint64),
    )
    group = np.arange(len(keys))
    buckets: dict[tuple, list[int]] = {}
    for i, p in enumerate(pieces):
        if len(p):
            signs = ((a[:, None] * p[None, :] + b[:, None]) % np.uint64(4294967311)).min(1)
            for band in range(BANDS):
                buckets.setdefault((band, *signs[band * ROWS : (band + 1) * ROWS].tolist()), []).append(i)
    for members in buckets.values():
        for x, i in enumerate(members[:MOST_OF_A_BAND]):
            for j in members[x + 1 : MOST_OF_A_BAND]:
                if _root(group, i) != _root(group, j) and _jaccard(pieces[i], pieces[j]) >= like:
                    group[_root(group, j)] = _root(group, i)
    return np.array([_root(group, i) for i in range(len(keys))])


def _pieces(key: str) -> NDArray:
    text = key[:5000]
    found = {zlib.crc32(text[i : i + PIECE].encode()) for i in range(max(len(text) - PIECE + 1, 1))} if text else set()
    return np.array(sorted(found), np.uint64)


def _jaccard(a: NDArray, b: NDArray) -> float:
    both = len(np.intersect1d(a, b, assume_unique=True))
    return both / (len(a) + len(b) - both)


def _root(group: NDArray, i: int) -> int:
    while group[i] != i:
        group[i] = group[group[i]]
        i = int(group[i])
    return i
