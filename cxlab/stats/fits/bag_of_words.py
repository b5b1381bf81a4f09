"""What the words of comments add to a prediction, learned and judged on different comments.

A term's effect is the shrunken mean of the outcome's residual over the comments that hold it; a comment's score is the
mean effect of its terms. Scores of the training part are themselves out of sample (terms learned without the block the
comment is in), so the regression on the score is not fooled by words it has seen.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags

WORD = re.compile(r"[^\W\d_]{3,}")
SHRINK = 5.0
"""A term's effect is multiplied by count / (count + SHRINK)."""


def terms(texts: Sequence[str], *, least: int = 5, most: int = 3000) -> tuple[csr_matrix, list[str]]:
    """Return which text holds which term (1 or 0, sparse), and the terms: words of three letters or more.

    Only terms in at least ``least`` texts, the ``most`` frequent of them. Works for any language that spaces its words.

    >>> m, t = terms(["good staff", "Good food"], least=2)
    >>> t, m.toarray().tolist()
    (['good'], [[1.0], [1.0]])
    """
    bags = [set(WORD.findall(t.lower())) for t in texts]
    counts = Counter(w for bag in bags for w in bag)
    kept = sorted(
        w for w, _ in sorted(((w, k) for w, k in counts.items() if k >= least), key=lambda i: (-i[1], i[0]))[:most]
    )
    index = {w: i for i, w in enumerate(kept)}
    pairs = [(r, index[w]) for r, bag in enumerate(bags) for w in sorted(bag) if w in index]
    r, c = np.array(pairs, int).reshape(-1, 2).T
    return csr_matrix((np.ones(len(r)), (r, c)), shape=(len(bags), len(kept))), kept


def effects(residual_sums: NDArray, counts: NDArray) -> NDArray:
    """Return the shrunken mean residual of each term."""
    return residual_sums / (counts + SHRINK)


def gain(
    m: csr_matrix, x: NDArray, y: NDArray, w: NDArray, block: NDArray, blocks: int
) -> tuple[NDArray, NDArray, NDArray]:
    """Return by test block: R² of the ratings ``x`` (constant first), R² with the words as well, share of the weight.

    The denominator of both is the variance of the whole sample.
    """
    average = diags(1 / np.fmax(np.asarray(m.sum(axis=1)).ravel(), 1)) @ m
    parts = [np.flatnonzero(block == b) for b in range(blocks)]
    variance = np.average((y - np.average(y, weights=w)) ** 2, weights=w)
    own, spoken = [m[p].T for p in parts], [average[p] for p in parts]
    counts = np.array([said @ w[p] for said, p in zip(own, parts, strict=True)])
    base, more = np.empty(blocks), np.empty(blocks)
    for b, test in enumerate(parts):
        train = np.setdiff1d(np.arange(len(y)), test)
        residual = y - x @ _fit(x[train], y[train], w[train])
        sums = np.array([said @ (w[p] * residual[p]) for said, p in zip(own, parts, strict=True)])
        score = np.zeros(len(y))
        for a, part in enumerate(parts):
            used = [i for i in range(blocks) if i not in (a, b)]
            score[part] = spoken[a] @ effects(sums[used].sum(0), counts[used].sum(0))
        both = np.column_stack([x, score])
        fit = both @ _fit(both[train], y[train], w[train])
        size = w[test].sum() * variance
        base[b] = 1 - (w[test] * residual[test] ** 2).sum() / size
        more[b] = 1 - (w[test] * (y[test] - fit[test]) ** 2).sum() / size
    return base, more, np.array([w[p].sum() for p in parts]) / w.sum()


def _fit(x: NDArray, y: NDArray, w: NDArray) -> NDArray:
    return np.linalg.lstsq(x * np.sqrt(w)[:, None], y * np.sqrt(w), rcond=1e-10)[0]
