"""Features and fits are those of scikit-learn; no label has a part in the prediction of its own text."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from cxlab.data.simulate_comments import simulate_comments
from cxlab.stats.text import cross_fit, ridge_logistic, tfidf

ODD = ["", "a", "A b", "日本語 テスト", "день «добрый» день", "👍 ok 👍", "it's  a\ttest\nhere", "x_y 12.5% ÄÖ ß"]


@pytest.fixture(scope="module")
def comments() -> tuple[list[str], np.ndarray]:
    found = simulate_comments(240, seed=4, languages={"en": 0.6, "de": 0.4})
    return found.to_pandas()["comment"].tolist(), found.truth["coded"].astype(float)


def test_features_are_those_of_scikit_learn(comments: tuple[list[str], np.ndarray]) -> None:
    texts = comments[0] + ODD
    ours = tfidf.learned(texts).features(texts)
    peers = [
        TfidfVectorizer(sublinear_tf=True, min_df=2, ngram_range=(1, 2)),
        TfidfVectorizer(sublinear_tf=True, min_df=2, ngram_range=(2, 5), analyzer="char_wb"),
    ]
    theirs = hstack([p.fit_transform(texts) for p in peers])
    assert ours.shape == theirs.shape
    assert abs(ours - theirs).max() < 1e-12


@pytest.mark.parametrize("penalty", [0.01, 1.0, 10.0])
def test_the_fit_is_that_of_scikit_learn(penalty: float, comments: tuple[list[str], np.ndarray]) -> None:
    texts, y = comments
    x = tfidf.learned(texts).features(texts)
    a, b = ridge_logistic.fitted((x @ x.T).toarray(), y, penalty)
    peer = LogisticRegression(C=penalty, class_weight="balanced", tol=1e-10, max_iter=5000).fit(x, y)
    ours = ridge_logistic.probability((x @ x.T) @ a + b)
    assert np.abs(ours - peer.predict_proba(x)[:, 1]).max() < 1e-4


def test_one_class_alone_is_that_class() -> None:
    a, b = ridge_logistic.fitted(np.eye(3), np.ones(3), 1.0)
    assert not a.any() and ridge_logistic.probability(np.array([b]))[0] > 0.99


def test_a_label_has_no_part_in_the_prediction_of_its_text_or_of_its_copies() -> None:
    rng = np.random.default_rng(1)
    words = [f"w{k}" for k in range(40)]
    texts = [" ".join(rng.choice(words, 6)) for _ in range(60)] * 2  # the second half are copies
    y = np.full((120, 1), np.nan)
    y[:60, 0] = rng.random(60) < 0.5
    one = cross_fit.predicted(texts, texts, y).probability[:, 0]
    assert one[:60] == pytest.approx(one[60:])
    for k in range(0, 60, 25):
        other = y.copy()
        other[k] = 1 - other[k]
        changed = cross_fit.predicted(texts, texts, other).probability[:, 0]
        assert changed[k] == pytest.approx(one[k]) and changed[60 + k] == pytest.approx(one[k])
        assert np.abs(changed - one).max() > 1e-4


def test_random_labels_are_not_predicted() -> None:
    """Would a model see its own test texts, it would find the labels of pure noise again."""
    found = []
    for k in range(6):
        rng = np.random.default_rng(k)
        texts = [" ".join(rng.choice([f"w{i}" for i in range(200)], 8)) for _ in range(90)]
        y = (rng.random((90, 1)) < 0.5).astype(float)
        found.append(np.corrcoef(cross_fit.predicted(texts, texts, y).probability[:, 0], y[:, 0])[0, 1])
    assert np.mean(found) < 0.2


def test_embeddings_alone_and_beside_words(comments: tuple[list[str], np.ndarray]) -> None:
    texts, y = comments
    rng = np.random.default_rng(0)
    numbers = {t: rng.standard_normal(8) + 3 * v for t, v in zip(texts, y, strict=True)}
    embed = lambda some: np.array([numbers[t] for t in some])  # noqa: E731
    seen = np.where(np.arange(240) < 120, y, np.nan)[:, None]
    for words in (False, True):
        found = cross_fit.predicted(texts, texts, seen, embed=embed, words=words)
        assert cross_fit.macro_f1(y[120:], found.probability[120:, 0]) > 0.9


def test_pieces_of_work_change_nothing(monkeypatch: pytest.MonkeyPatch, comments: tuple[list[str], np.ndarray]) -> None:
    texts = comments[0] * 5
    seen = np.full((1200, 1), np.nan)
    seen[:60, 0] = comments[1][:60]
    whole = cross_fit.predicted(texts, texts, seen)
    monkeypatch.setattr(cross_fit, "CHUNK", 1000)
    assert cross_fit.predicted(texts, texts, seen).probability == pytest.approx(whole.probability)
