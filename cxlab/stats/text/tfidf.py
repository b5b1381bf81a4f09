"""Weighted words and pieces of words of texts, sparse; the vocabulary is that of the texts it was learned from.

Words and pairs of words beside pieces of 2 to 5 letters within a word, each (1 + log count) (log((1 + n)/(1 + df)) +
1) and of length one: scikit-learn's TfidfVectorizer (sublinear_tf, min_df=2) twice, without the library and faster,
because the pieces of a word are looked up once.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from cxlab.stats.text.plain_text import LONGEST

WORD = re.compile(r"\b\w\w+\b")
PIECES = (2, 3, 4, 5)
LEAST = 2
"""Texts that a word or piece must stand in to count."""


@dataclass(frozen=True)
class Vocabulary:
    """Words and pieces with their place and weight, made by `learned`."""

    words: dict[str, int]
    pieces: dict[str, int]
    word_weight: NDArray
    piece_weight: NDArray

    def features(self, texts: Sequence[str]) -> csr_matrix:
        """Return the features of texts (texts, words + pieces): both halves of length one.

        Examples
        --------
        >>> learned(["good staff", "good food"]).features(["good", "other"]).sum(axis=1).A1.round(3).tolist()
        [4.742, 0.0]
        """
        return _beside(
            _weighed(_counted(map(_words, texts), self.words), self.word_weight),
            _weighed(self._pieces(texts), self.piece_weight),
        )

    def _pieces(self, texts: Sequence[str]) -> csr_matrix:
        """How often each piece stands in each text: words of the texts by pieces of the words."""
        index: dict[str, int] = {}
        columns, ends = [], [0]
        for text in texts:
            columns += [index.setdefault(word, len(index)) for word in text[:LONGEST].lower().split()]
            ends.append(len(columns))
        said = csr_matrix((np.ones(len(columns)), columns, ends), (len(ends) - 1, len(index)))
        said.sum_duplicates()
        return said @ _counted(map(_within, index), self.pieces)


def _counted(bags: Iterable[list[str]], index: dict[str, int]) -> csr_matrix:
    """How often each entry of ``index`` stands in each bag."""
    columns, ends = [], [0]
    for bag in bags:
        columns += [k for k in map(index.get, bag) if k is not None]
        ends.append(len(columns))
    x = csr_matrix((np.ones(len(columns)), columns, ends), (len(ends) - 1, len(index)))
    x.sum_duplicates()
    return x


def _weighed(x: csr_matrix, weight: NDArray) -> csr_matrix:
    """(1 + log count) times the weight of the entry, each row of length one."""
    x.sort_indices()
    x.data = (1 + np.log(x.data)) * weight[x.indices]
    length = np.sqrt(np.asarray(x.multiply(x).sum(axis=1)).ravel())
    x.data /= np.repeat(np.where(length > 0, length, 1.0), np.diff(x.indptr))
    return x


def learned(texts: Sequence[str]) -> Vocabulary:
    """Return the vocabulary of texts: what stands in two of them or more.

    Examples
    --------
    >>> sorted(learned(["good staff", "good food"]).words)
    ['good']
    """
    halves = []
    for bags in (map(_words, texts), (_text_pieces(t) for t in texts)):
        counts = Counter(k for bag in bags for k in set(bag))
        kept = sorted(k for k, n in counts.items() if n >= LEAST)
        df = np.array([counts[k] for k in kept], float)
        halves.append(({k: i for i, k in enumerate(kept)}, np.log((1 + len(texts)) / (1 + df)) + 1))
    (words, ww), (pieces, pw) = halves
    return Vocabulary(words, pieces, ww, pw)


def _words(text: str) -> list[str]:
    found = WORD.findall(text[:LONGEST].lower())
    return found + [f"{a} {b}" for a, b in zip(found, found[1:], strict=False)]


def _text_pieces(text: str) -> list[str]:
    return [piece for word in text[:LONGEST].lower().split() for piece in _within(word)]


def _within(word: str) -> list[str]:
    """The pieces of a word with a space on both sides; of a word shorter than a piece, the whole once."""
    padded = f" {word} "
    found: list[str] = []
    for n in PIECES:
        if len(padded) <= n:
            found.append(padded)
            break
        found += [padded[i : i + n] for i in range(len(padded) - n + 1)]
    return found


def _beside(left: csr_matrix, right: csr_matrix) -> csr_matrix:
    from scipy.sparse import hstack

    return hstack([left, right], format="csr")
