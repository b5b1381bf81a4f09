"""What customers write: coding comments from few labels, shares of many themes by many brands."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks import Job

THEMES, LABELS, BRANDS = 12, 300, 40


def written(folder: Path, n: int) -> None:
    """Write comments of words in Zipf's order; theme t is there where one of its words is."""
    rng = np.random.default_rng(1)
    letters = np.array(list("abcdefghijklmnoprstuvwz"))
    words = np.array(["".join(rng.choice(letters, rng.integers(3, 10))) for _ in range(4000)])
    p = 1 / np.arange(5, 4005)
    picks = rng.choice(4000, (n, 16), p=p / p.sum())
    y = np.column_stack([(picks % THEMES == t).sum(1) > 2 for t in range(THEMES)])
    np.savez(folder / "written.npz", texts=np.array([" ".join(words[row]) for row in picks]), y=y.astype(float))


def _read(folder: Path):
    made = np.load(folder / "written.npz")
    texts, y = made["texts"].tolist(), made["y"]
    seen = np.full(y.shape, np.nan)
    seen[:LABELS] = y[:LABELS]
    return texts, seen


def coding_own(folder: Path, n: int):
    from cxlab.stats.text.cross_fit import predicted

    texts, seen = _read(folder)
    return lambda: {"p": predicted(texts, texts, seen).probability[LABELS:].mean(0)}


def coding_sklearn(folder: Path, n: int):
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_union

    texts, seen = _read(folder)

    def run():
        known = texts[:LABELS]
        union = make_union(
            TfidfVectorizer(sublinear_tf=True, min_df=2, ngram_range=(1, 2)),
            TfidfVectorizer(sublinear_tf=True, min_df=2, ngram_range=(2, 5), analyzer="char_wb"),
        ).fit(known)
        x, rest = union.transform(known).tocsr(), union.transform(texts[LABELS:]).tocsr()
        fold = np.arange(LABELS) % 5
        p = np.zeros((len(texts) - LABELS, THEMES))
        for t in range(THEMES):
            for k in range(5):
                m = LogisticRegression(C=10, class_weight="balanced", max_iter=500)
                p[:, t] += m.fit(x[fold != k], seen[:LABELS][fold != k, t]).predict_proba(rest)[:, 1] / 5
        return {"p": p.mean(0)}

    return run


def shares_own(folder: Path, n: int):
    from cxlab.stats.text import prediction_powered as pp

    rng = np.random.default_rng(2)
    y = (rng.random((n, THEMES)) < 0.2).astype(float)
    f = np.clip(0.2 + 0.5 * y + 0.1 * rng.standard_normal(y.shape), 0, 1)
    there = rng.random(n) < 0.12
    data = pp.Labelled(f, np.where(there[:, None], y, np.nan), np.ones(n), there / 0.12)
    brand = np.arange(n) % BRANDS

    def run():
        found, own, labels, _ = pp.grouped(data, brand)
        return {"shares": np.array([s.estimate for s in found]), "se": np.array([s.se for s in found])}

    return run


JOBS = [
    Job(
        "coding", "coding 10,000 comments by 12 themes from 300 labels (words), beside scikit-learn", n=10_000,
        data=written, own=coding_own, peers={"scikit-learn": coding_sklearn}, targets={"scikit-learn": 1.5},
        tolerance=0.05,
    ),
    Job("theme-shares", "shares of 12 themes in 40 brands from 10,000 comments", n=10_000, own=shares_own),
]  # fmt: skip
