"""Predictions for all texts from labels of some, so that no label has a part in the prediction of its own text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from cxlab.stats.text import ridge_logistic
from cxlab.stats.text.tfidf import learned

FOLDS = 5
CHUNK = 20_480
"""Texts that are turned into features at once."""

PENALTY = {"words": 10.0, "embeddings": 0.01, "both": 3.0}
"""C of each set of features: words as they are, embeddings standardised, both with the embeddings three times."""

Embed = Callable[[Sequence[str]], NDArray]


@dataclass(frozen=True)
class Fitted:
    """Predictions (texts, themes), the fold of each labelled text, and macro-F1 of the predictions of the labelled."""

    probability: NDArray
    fold: NDArray
    macro_f1: NDArray


def predicted(
    texts: Sequence[str],
    keys: Sequence[str],
    labels: NDArray,
    *,
    embed: Embed | None = None,
    words: bool = True,
    folds: int = FOLDS,
    seed: int = 0,
) -> Fitted:
    """Return the probability of each theme for each text, cross-fitted.

    A labelled text, and every text of the same normal form, is scored by the model that saw neither; the others by the
    mean of the models.

    Parameters
    ----------
    texts : what was written. ``keys`` : their normal forms.
    labels : (texts, themes) 0 to 1, nan without a label.
    embed : gives numbers (texts, k) for texts; None: words alone. ``words`` : whether words count as well.
    folds, seed : of the cross-fitting.

    Examples
    --------
    >>> texts = ["rude staff", "friendly staff", "long wait", "short wait"] * 30
    >>> y = np.array([[1.0], [1.0], [0.0], [0.0]] * 30); y[60:] = np.nan
    >>> found = predicted(texts, [f"{t} {k // 4}" for k, t in enumerate(texts)], y)
    >>> (found.probability[60:64, 0] > 0.5).tolist()
    [True, True, False, False]
    """
    known = np.flatnonzero(np.isfinite(labels).all(1))
    y = labels[known]
    fold = _folds([keys[i] for i in known], folds, seed)
    own = {keys[i]: f for i, f in zip(known, fold, strict=True)}
    space = _Space([texts[i] for i in known], embed, words)
    models = [[_model(space.gram, fold != k, y[:, t], space.penalty) for k in range(folds)] for t in range(y.shape[1])]
    a = np.array([[m[0] for m in theme] for theme in models]).reshape(-1, len(known)).T
    b = np.array([[m[1] for m in theme] for theme in models])
    out = np.empty((len(texts), y.shape[1]))
    for start, products in space.of(texts):
        rows = slice(start, start + len(products))
        p = ridge_logistic.probability((products @ a).reshape(len(products), y.shape[1], folds) + b)
        which = np.array([own.get(key, -1) for key in keys[rows]])
        alone = np.take_along_axis(p, np.fmax(which, 0)[:, None, None], axis=2)[:, :, 0]
        out[rows] = np.where(which[:, None] >= 0, alone, p.mean(2))
    return Fitted(out, fold, np.array([macro_f1(y[:, t], out[known, t]) for t in range(y.shape[1])]))


def macro_f1(y: NDArray, probability: NDArray) -> float:
    """Return the mean F1 of yes and no at a cut of one half.

    Examples
    --------
    >>> macro_f1(np.array([1.0, 0.0, 1.0, 0.0]), np.array([0.9, 0.1, 0.4, 0.2])).__round__(3)
    0.733
    """
    true, said = y > 0.5, probability > 0.5
    parts = []
    for side in (True, False):
        hit = float(((true == side) & (said == side)).sum())
        size = float((true == side).sum() + (said == side).sum())
        parts.append(2 * hit / size if size else 1.0)
    return float(np.mean(parts))


def rank_sum(x: NDArray, some: NDArray) -> float:
    """Return by how many standard errors the ranks of some values are higher than chance has them (Wilcoxon).

    Parameters
    ----------
    x : (rows,) values. ``some`` : (rows,) which of them.

    Examples
    --------
    >>> round(rank_sum(np.arange(10.0), np.arange(10) >= 5), 3)
    2.611
    """
    n, total = int(some.sum()), len(x)
    if not 0 < n < total:
        return 0.0
    _, code, size = np.unique(x, return_inverse=True, return_counts=True)
    rank = (np.cumsum(size) - (size - 1) / 2)[np.ravel(code)]
    spread = rank.var() * total / (total - 1) * (total - n) / total / n
    return float((rank[some].mean() - rank.mean()) / np.sqrt(spread)) if spread > 0 else 0.0


class _Space:
    """Products of any text with the labelled texts, in the features that an engine has."""

    def __init__(self, known: Sequence[str], embed: Embed | None, words: bool) -> None:
        self.embed, self.words = embed, learned(known) if words or embed is None else None
        self.penalty = PENALTY["words" if embed is None else "both" if words else "embeddings"]
        self.base = self.words.features(known) if self.words else None
        if embed is not None:
            e = embed(known)
            self.mean, self.scale = e.mean(0), np.where(e.std(0) > 0, e.std(0), 1.0)
            self.known = self._embedded(e)
        self.gram = self._products(self.base, self.known if embed is not None else None)

    def _embedded(self, e: NDArray) -> NDArray:
        return 3.0 * e if self.words else (e - self.mean) / self.scale

    def _products(self, features: csr_matrix | None, e: NDArray | None) -> NDArray:
        out = np.zeros((1, 1))
        if features is not None:
            out = out + (features @ self.base.T).toarray()
        return out + e @ self.known.T if e is not None else out

    def of(self, texts: Sequence[str]) -> Iterator[tuple[int, NDArray]]:
        """Yield the place of the first text of each piece, and its products (texts, labelled)."""
        size = max(1000, min(CHUNK, 40_000_000 // max(len(self.gram), 1)))
        for start in range(0, len(texts), size):
            part = texts[start : start + size]
            e = self._embedded(self.embed(part)) if self.embed is not None else None
            yield start, self._products(self.words.features(part) if self.words else None, e)


def _folds(keys: Sequence[str], folds: int, seed: int) -> NDArray:
    """Folds of equal size; texts of one normal form share theirs."""
    rng = np.random.default_rng(seed)
    distinct = list(dict.fromkeys(keys))
    order = rng.permutation(len(distinct))
    of = {distinct[i]: k % folds for k, i in enumerate(order)}
    return np.array([of[key] for key in keys])


def _model(gram: NDArray, kept: NDArray, y: NDArray, penalty: float) -> tuple[NDArray, float]:
    a = np.zeros(len(y))
    a[kept], b = ridge_logistic.fitted(gram[np.ix_(kept, kept)], y[kept], penalty)
    return a, b
