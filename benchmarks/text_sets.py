"""Public comments that people have coded, whole: airline tweets, patients, buyers in Brazil, hotel guests.

They lie in the mirror of public data (``CXLAB_MIRROR``); the notes of each folder there name source and licence.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

LANGUAGES = ("en", "de", "es", "fr", "pt", "ru", "zh", "ja", "tr", "ar")


@dataclass(frozen=True)
class Coded:
    """Comments, what each is about (1 or 0 a theme), and a score where there is one."""

    name: str
    comment: list[str]
    themes: pd.DataFrame
    score: np.ndarray | None = None

    def part(self, n: int, seed: int = 1) -> Coded:
        """Return ``n`` of the comments, drawn at random."""
        rows = np.random.default_rng(seed).permutation(len(self.comment))[:n]
        score = None if self.score is None else self.score[rows]
        return Coded(self.name, [self.comment[i] for i in rows], self.themes.iloc[rows].reset_index(drop=True), score)


def folder() -> Path:
    """Return the folder of the mirror."""
    return Path(os.environ["CXLAB_MIRROR"])


def airline() -> Coded:
    """Return tweets on airlines: sentiment, and the two most frequent complaints."""
    table = pd.read_csv(folder() / "airline_tweets" / "airline_tweets.csv").drop_duplicates("tweet_id")
    themes = pd.DataFrame({k: (table["airline_sentiment"] == k) for k in ("negative", "neutral", "positive")})
    for name, reason in (("service", "Customer Service Issue"), ("late", "Late Flight")):
        themes[name] = table["negativereason"] == reason
    return Coded("airline tweets", table["text"].astype(str).tolist(), themes.astype(int).reset_index(drop=True))


def patients() -> Coded:
    """Return patients of English hospitals: sentiment and the most frequent themes, score 0 to 100 (best)."""
    table = pd.read_csv(folder() / "patient_feedback_text" / "fft_feedback_labelled_v6.csv")
    table = table[table["Comment sentiment"].notna() & table["FFT answer"].notna()]
    told = table["Comment sentiment"]
    themes = pd.DataFrame({"negative": told >= 4, "neutral": told == 3, "positive": told <= 2})
    named = {
        "staff": "Staff manner & personal attributes", "time": "Timeliness of care",
        "thanks": "Positive experience & gratitude",
    }  # fmt: skip
    for name, column in named.items():
        themes[name] = table[column] == 1
    answer = table["FFT categorical answer"].to_numpy(float)
    score = np.where((answer >= 1) & (answer <= 5), (5 - answer) * 25, np.nan)
    return Coded("patients", table["FFT answer"].astype(str).tolist(), themes.astype(int).reset_index(drop=True), score)


def olist() -> Coded:
    """Return buyers of Olist (Portuguese) with a comment: whether the parcel was late by the orders, few stars."""
    at = folder() / "olist_sample"
    table = pd.read_csv(at / "olist_order_reviews_dataset.csv").drop_duplicates("order_id")
    orders = pd.read_csv(at / "olist_orders_dataset.csv")
    table = table.merge(orders, on="order_id")
    table = table[table["review_comment_message"].fillna("").str.strip().str.len() > 1]
    came = pd.to_datetime(table["order_delivered_customer_date"])
    late = came.isna() | (came > pd.to_datetime(table["order_estimated_delivery_date"]))
    stars = table["review_score"].to_numpy(float)
    themes = pd.DataFrame({"late": late.to_numpy().astype(int), "few_stars": (stars <= 2).astype(int)})
    return Coded("Olist", table["review_comment_message"].astype(str).tolist(), themes, stars)


def guests(language: str = "en") -> Coded:
    """Return sentences of hotel guests that liked or disliked something (score 1 or 0), and what they are about.

    The sentences are the same in all ten `LANGUAGES`; ``themes`` has their number as its index.
    """
    table = pd.read_csv(folder() / "hotel_reviews_multilingual" / "mabsa_hotel_test_flat.csv")
    by = table[table["lang"] == language].groupby("i")
    told = by["polarity"].agg(set)
    kept = told.index[told.map(lambda s: s in ({"positive"}, {"negative"}))]
    about = by["category"].agg(lambda c: " ".join(map(str, c)))[kept]
    themes = pd.DataFrame({name: about.str.contains(name).astype(int) for name in ("service", "location", "rooms")})
    score = told[kept].map(lambda s: float(s == {"positive"})).to_numpy()
    return Coded(f"hotel guests ({language})", by["text"].first()[kept].astype(str).tolist(), themes, score)


SETS: dict[str, Callable[[], Coded]] = {"airline": airline, "patients": patients, "olist": olist, "guests": guests}
