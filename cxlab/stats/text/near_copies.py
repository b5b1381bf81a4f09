"""Texts that are nearly the same: equal shares of pieces of five letters, found by min-hashing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

PIECE, BANDS, ROWS = 5, 16, 4
LIKE = 0.8
"""Jaccard index of the pieces from which two texts are near copies."""

MOST_OF_A_BAND = 200
LONGEST = 5_000
AT_ONCE = 1_000_000
"""Letters whose pieces are worked out at once."""


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
    group = np.arange(len(keys))
    pieces: list[NDArray] = []
    bands: list[NDArray] = []
    for part in _parts(keys):
        flat, starts = _pieces(part)
        pieces += np.split(flat, starts[1:])
        bands.append(_signed(flat, starts))
    for band in np.concatenate(bands).T if bands else ():
        for members in _buckets(band):
            for x, i in enumerate(members[:MOST_OF_A_BAND]):
                for j in members[x + 1 : MOST_OF_A_BAND]:
                    if _root(group, i) != _root(group, j) and _jaccard(pieces[i], pieces[j]) >= like:
                        group[_root(group, j)] = _root(group, i)
    return np.array([_root(group, i) for i in range(len(keys))])


def _parts(keys: Sequence[str]) -> Iterator[list[str]]:
    """The texts in lots of few letters, each as long as is looked at."""
    part: list[str] = []
    size = 0
    for key in keys:
        part.append(key[:LONGEST])
        size += len(part[-1])
        if size >= AT_ONCE:
            yield part
            part, size = [], 0
    if part:
        yield part


def _pieces(texts: list[str]) -> tuple[NDArray, NDArray]:
    """The different pieces of each text as numbers, in order, one text after the other, and where each text begins."""
    padded = [t.ljust(PIECE, "\0") for t in texts]  # a shorter text is one piece
    length = np.array([len(t) for t in padded])
    letters = np.frombuffer("".join(padded).encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64)
    windows = len(letters) - PIECE + 1
    value = np.zeros(windows, np.uint64)
    for k in range(PIECE):  # 64 bits for five letters of 21: mixed, so that no alphabet is worse than another
        value = _mixed(value ^ letters[k : k + windows])
    text = np.repeat(np.arange(len(padded)), length)[:windows]
    inside = np.repeat(np.cumsum(length), length)[:windows] - np.arange(windows) >= PIECE
    value, text = value[inside], text[inside]
    order = np.lexsort((value, text))
    value, text = value[order], text[order]
    new = np.r_[True, (value[1:] != value[:-1]) | (text[1:] != text[:-1])]
    value, text = value[new], text[new]
    return value, np.searchsorted(text, np.arange(len(padded)))


def _mixed(x: NDArray) -> NDArray:
    x = (x ^ (x >> np.uint64(31))) * np.uint64(0x9E3779B97F4A7C15)
    return x ^ (x >> np.uint64(29))


def _signed(flat: NDArray, starts: NDArray) -> NDArray:
    """(texts, bands) a number that texts with the same least hashes of a band share."""
    rng = np.random.default_rng(0)
    a = rng.integers(1, 1 << 62, BANDS * ROWS, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    b = rng.integers(0, 1 << 62, BANDS * ROWS, dtype=np.uint64)
    out = np.zeros((len(starts), BANDS), np.uint64)
    for k in range(BANDS * ROWS):
        least = np.minimum.reduceat((a[k] * flat + b[k]) >> np.uint64(20), starts)
        out[:, k // ROWS] = _mixed(out[:, k // ROWS] ^ least)
    return out


def _buckets(band: NDArray) -> Iterator[list[int]]:
    """The texts, in their order, that share a number."""
    order = np.argsort(band, kind="stable")
    ends = np.flatnonzero(np.diff(band[order])) + 1
    for members in np.split(order, ends) if len(ends) < len(band) - 1 else ():
        if len(members) > 1:
            yield members.tolist()


def _jaccard(a: NDArray, b: NDArray) -> float:
    both = len(np.intersect1d(a, b, assume_unique=True))
    return both / (len(a) + len(b) - both)


def _root(group: NDArray, i: int) -> int:
    while group[i] != i:
        group[i] = group[group[i]]
        i = int(group[i])
    return i
