"""Groups of texts that are there again when other texts of the same kind are drawn.

References
----------
Hennig, C. (2007). Cluster-wise assessment of cluster stability. Computational Statistics & Data Analysis 52, 258-271.
    doi:10.1016/j.csda.2006.11.025
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from cxlab.stats.text.tfidf import WORD

STABLE, PATTERN = 0.75, 0.6
"""Mean Jaccard index over bootstraps from which a group is stable, or a pattern; below it is not shown."""

STARTS, ROUNDS = 3, 50


def k_means(x: NDArray, k: int, rng: np.random.Generator) -> NDArray:
    """Return the centres (k, dimensions) of the best of three starts far apart (k-means++).

    Examples
    --------
    >>> x = np.array([[0.0], [0.1], [5.0], [5.1]])
    >>> sorted(k_means(x, 2, np.random.default_rng(0))[:, 0].round(2).tolist())
    [0.05, 5.05]
    """
    best, least = None, np.inf
    square = (x**2).sum(1)
    for _ in range(STARTS):
        centres = _start(x, square, k, rng)
        for _ in range(ROUNDS):
            group = nearest(x, centres)
            size = np.bincount(group, minlength=k)
            sums = csr_matrix((np.ones(len(x)), (group, np.arange(len(x)))), (k, len(x))) @ x
            new = np.where(size[:, None] > 0, sums / np.fmax(size, 1)[:, None], centres)
            if np.abs(new - centres).max() < 1e-6:
                break
            centres = new
        loss = float(((x - centres[nearest(x, centres)]) ** 2).sum())
        if loss < least:
            best, least = centres, loss
    return best if best is not None else x[:k]


def nearest(x: NDArray, centres: NDArray) -> NDArray:
    """Return the nearest centre of each row.

    Examples
    --------
    >>> nearest(np.array([[0.0], [9.0]]), np.array([[1.0], [8.0]])).tolist()
    [0, 1]
    """
    return np.argmin((centres**2).sum(1)[None, :] - 2 * x @ centres.T, axis=1)


def _start(x: NDArray, square: NDArray, k: int, rng: np.random.Generator) -> NDArray:
    chosen = [int(rng.integers(len(x)))]
    far = np.full(len(x), np.inf)
    for _ in range(k - 1):
        c = x[chosen[-1]]
        far = np.fmax(np.fmin(far, square - 2 * x @ c + c @ c), 0)
        p = far / far.sum() if far.sum() > 0 else np.full(len(x), 1 / len(x))
        chosen.append(int(rng.choice(len(x), p=p)))
    return x[chosen].astype(float)


def stability(x: NDArray, k: int, *, draws: int = 10, seed: int = 0) -> tuple[NDArray, NDArray]:
    """Return the group of each row, and for each group how like it is to the most like group of a bootstrap (Jaccard).

    Parameters
    ----------
    x : (rows, dimensions). ``k`` : groups. ``draws`` : bootstraps. ``seed`` : of all chance.

    Examples
    --------
    >>> x = np.repeat([[0.0, 0.0], [9.0, 0.0], [0.0, 9.0]], 30, axis=0) + np.random.default_rng(0).normal(0, 1, (90, 2))
    >>> group, like = stability(x, 3)
    >>> bool((like > 0.95).all())
    True
    """
    rng = np.random.default_rng(seed)
    group = nearest(x, k_means(x, k, rng))
    like = np.zeros((draws, k))
    for b in range(draws):
        rows = rng.integers(0, len(x), len(x))
        other = nearest(x, k_means(x[rows], k, rng))
        both = np.zeros((k, k))
        np.add.at(both, (group, other), 1)
        union = both.sum(1)[:, None] + both.sum(0)[None, :] - both
        like[b] = np.where(union > 0, both / np.fmax(union, 1), 0).max(1)
    return group, like.mean(0)


def telling(texts: Sequence[str], group: NDArray, k: int, most: int = 6) -> list[list[str]]:
    """Return the words that tell each group: share of its words times log(1 + mean words of a group / all of the word).

    Examples
    --------
    >>> telling(["good staff", "kind staff", "long wait", "wait wait"], np.array([0, 0, 1, 1]), 2, most=1)
    [['staff'], ['wait']]
    """
    bags = [Counter() for _ in range(k)]
    for text, g in zip(texts, group, strict=True):
        bags[g].update(w for w in WORD.findall(text.lower()) if len(w) > 2 or not w.isascii())
    everywhere: Counter = sum(bags, Counter())
    mean = sum(everywhere.values()) / k
    out = []
    for bag in bags:
        size = max(sum(bag.values()), 1)
        score = {w: n / size * np.log(1 + mean / everywhere[w]) for w, n in bag.items() if n > 1}
        out.append(sorted(score, key=lambda w: (-score[w], w))[:most])
    return out
