"""Label 200 comments of the simulated brand tracker, drawn at random, by the themes they were made of.

    python datasets/brand-tracker/label.py

writes ``labels.csv`` beside this script: what two honest coders would have filled in. The same seed gives the
same bytes.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

THEMES = {
    "checkout": "the checkout", "staff": "staff in the shop", "website": "the website", "product": "the product",
    "price": "the price", "delivery": "the delivery",
}  # fmt: skip
HERE = Path(__file__).parent

if __name__ == "__main__":
    comments = pd.read_csv(HERE / "brand-tracker.csv", usecols=["comment"])["comment"].dropna()
    drawn = comments.sample(200, random_state=18)
    low = drawn.str.lower()
    codes = {theme: low.str.contains(words, regex=False).astype(int) for theme, words in THEMES.items()}
    pd.DataFrame({"comment": drawn, **codes}).to_csv(HERE / "labels.csv", index=False)
