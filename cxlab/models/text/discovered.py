"""`discover`: themes that come back in other comments of the same kind, as a draft of a code frame."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cxlab.data.arguments import public
from cxlab.data.study import Study
from cxlab.models.text import embedded
from cxlab.models.text.code_frame import CodeFrame, Theme
from cxlab.models.text.coded import engine_for
from cxlab.models.text.label_sheets import shown
from cxlab.models.text.languages import languages
from cxlab.models.text.written import FEW, written
from cxlab.problem import DataProblem
from cxlab.stats.text import stable_clusters
from cxlab.stats.text.tfidf import learned

MOST = 5_000
"""Comments that themes are looked for in; of more, so many at random."""

TRIED = (12, 9, 7, 5, 4, 3, 2)
QUOTED = 5
SMALLEST = 0.01
DIMENSIONS = 100


@public
def discover(
    study: Study, column: str | None = None, *, k: int | None = None, engine: str = "auto", seed: int = 0
) -> CodeFrame:
    """Return a draft of a code frame: themes that are there again in bootstraps, to be named and labelled by people.

    A draft, never a result: it has no shares. k-means on embeddings; a group is kept where its mean Jaccard index with
    the most like group of ten bootstraps is .6 or more ('pattern'), .75 ('stable'; Hennig 2007), and where 1 % of the
    comments and ten of them are in it. Titles are the words that tell it; its examples are the comments nearest to its
    centre, masked.

    Parameters
    ----------
    column : of comments; that with role 'text' in which most is written if not given.
    k : groups; the largest of 12, 9, 7, 5, 4, 3 and 2 whose mean stability is .75 if not given.
    engine : as in `cxlab.code`; 'words' takes the main dimensions of words and pieces of words.
    seed : of all chance.

    Raises
    ------
    DataProblem : fewer than a hundred comments, or no group that comes back.

    Examples
    --------
    >>> import numpy as np, pandas as pd, cxlab as cx
    >>> rng = np.random.default_rng(0)
    >>> told = {"rude kind desk adviser polite people": 90, "late parcel box damaged courier early": 60}
    >>> rows = [" ".join(rng.permutation(words.split())[:4]) + f" {k}" for words, n in told.items() for k in range(n)]
    >>> data = cx.load(pd.DataFrame({"comment": rows})).set("comment", role="text")
    >>> frame = cx.text.discover(data, k=2, engine="words")
    >>> [sorted(t.title.split(", "))[0] for t in frame]
    ['adviser', 'box']
    """
    said = written(study, column, "discover")
    rng = np.random.default_rng(seed)
    rows = np.flatnonzero(said.wrote)
    keys = np.array(said.keys, object)[rows]
    rows = rows[np.unique(keys.astype(str), return_index=True)[1]]
    if len(rows) < 100:
        raise DataProblem(
            f"'{said.column}' of {study.name} holds {len(rows)} different comments; at least 100 are needed to look "
            "for "
            "themes"
        )
    rows = np.sort(rng.permutation(rows)[:MOST])
    texts = [said.texts[i] for i in rows]
    x, how = _numbers(texts, engine, said.column, study)
    group, like = _groups(x, k, seed)
    size = np.bincount(group, minlength=len(like))
    kept = np.flatnonzero((like >= stable_clusters.PATTERN) & (size >= max(FEW, SMALLEST * len(rows))))
    if not len(kept):
        raise DataProblem(
            f"no group of the {len(rows):,} comments comes back in bootstraps (the best: {like.max():.2f}, "
            f"{stable_clusters.PATTERN} is needed); write the frame by reading: cx.comments"
        )
    words = stable_clusters.telling(texts, group, len(like))
    themes = [
        _theme(n + 1, texts, x, group == g, words[g], float(like[g]), how)
        for n, g in enumerate(sorted(kept, key=lambda g: -size[g]))
    ]
    return CodeFrame(tuple(themes), "(draft)")


def _numbers(texts: list[str], engine: str, column: str, study: Study) -> tuple[NDArray, str]:
    embed, _ = engine_for(engine, texts, column, study)
    if embed is not None:
        x = np.asarray(embed(texts), float)
        embed.keep()
        return x - x.mean(0), embedded.title(embed.name)
    from scipy.sparse.linalg import svds

    f = learned(texts).features(texts)
    rank = min(DIMENSIONS, min(f.shape) - 1)
    u, s, _ = svds(f, k=rank, v0=np.ones(min(f.shape)))
    return u * s, "words and pieces of words"


def _groups(x: NDArray, k: int | None, seed: int) -> tuple[NDArray, NDArray]:
    if k is not None:
        if not 2 <= k <= len(x) // FEW:
            raise DataProblem(f"k is {k}; allowed: 2 to {len(x) // FEW} groups, ten comments each")
        return stable_clusters.stability(x, k, seed=seed)
    best: Any = None
    for tried in (t for t in TRIED if t <= len(x) // FEW):
        found = stable_clusters.stability(x, tried, seed=seed)
        if found[1].mean() >= stable_clusters.STABLE:
            return found
        if best is None or found[1].mean() > best[1].mean():
            best = found
    return best


def _theme(n: int, texts: list[str], x: NDArray, of: NDArray, words: list[str], like: float, how: str) -> Theme:
    centre = x[of].mean(0)
    near = np.flatnonzero(of)[np.argsort(((x[of] - centre) ** 2).sum(1), kind="stable")][:QUOTED]
    quoted = [shown(texts[i])[:300] for i in near]
    by: dict[str, list[str]] = {}
    for text, language in zip(quoted, languages(quoted), strict=True):
        by.setdefault(language.replace(" ", "-"), []).append(text)
    kind = "stable" if like >= stable_clusters.STABLE else "a pattern"
    return Theme(
        f"theme_{n}", ", ".join(words),
        f"draft, to be named: {kind} (comes back by {like:.2f}, from {how})",
        examples={k: tuple(v) for k, v in by.items()},
    )  # fmt: skip
