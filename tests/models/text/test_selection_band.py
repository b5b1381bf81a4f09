"""The selection band against worlds in which who writes depends on satisfaction, and the tipping point against luck."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

import cxlab as cx
from cxlab.models.metrics.kind_sentences import said
from cxlab.models.metrics.text_sentences import certainty
from cxlab.stats.text import selection_band as sb
from cxlab.stats.text import star_scores

STARS = np.arange(1.0, 6)
PEOPLE = {"many fives": [0.12, 0.03, 0.08, 0.19, 0.58], "nearly all": [0.01, 0.01, 0.02, 0.06, 0.9], "flat": [0.2] * 5}
READY = {
    "nobody selected": [1, 1, 1, 1, 1], "the ends": [3, 1, 1, 1, 3], "the middle": [1, 3, 3, 3, 1],
    "the unhappy": [3, 2.5, 2, 1.5, 1], "only the happy are asked": [1, 1, 1.5, 3, 3],
    "Olist": [0.777, 0.653, 0.389, 0.309, 0.372],
}  # fmt: skip
STUDIES = 1000


def drawn(people: list[float], ready: list[float], n: int, seed: int = 0, size: int = STUDIES) -> np.ndarray:
    p = np.array(people) * ready
    return np.random.default_rng(seed).multinomial(n, p / p.sum(), size).astype(float)


def facts(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    n = counts.sum(1)
    m = counts @ STARS / n
    se = np.sqrt((counts @ STARS**2 / n - m**2) / (n - 1))
    return counts, sb.effective(counts, STARS, n, se), n - 1


@pytest.mark.parametrize("n", [10, 50, 1000])
@pytest.mark.parametrize("people", PEOPLE)
@pytest.mark.parametrize("ready", READY)
def test_the_band_holds_the_mean_of_all_customers(ready: str, people: str, n: int) -> None:
    """Before, the band of the two ends, without errors, held it in 0 to 77 % of most of these worlds."""
    counts, size, df = facts(drawn(PEOPLE[people], READY[ready], n))
    truth = np.array(PEOPLE[people]) @ STARS
    low, high = sb.band(counts, STARS, 3.0, size=size, df=df)
    assert ((low <= truth) & (truth <= high)).sum() >= binom.ppf(0.001, STUDIES, 0.95)
    ends = np.array([star_scores.selected(counts, STARS, np.full(STUDIES, r)) for r in (1 / 3, 1.0, 3.0)])
    assert (low <= ends.min(0) + 1e-9).all() and (high >= ends.max(0) - 1e-9).all(), "the ends are one such pattern"
    if ready == "nobody selected":
        low, high = sb.limits(counts, STARS, size=size, df=df)
        assert ((low <= truth) & (truth <= high)).sum() >= binom.ppf(0.001, STUDIES, 0.95), "of few reviews, too"


def test_the_band_is_the_worst_of_all_patterns() -> None:
    """By brute force over readiness 1 or 3 at each level; no pattern between gives more (the mean is a ratio)."""
    counts = drawn(PEOPLE["many fives"], READY["the ends"], 10**9, size=1)
    found = sb.band(counts, STARS, 3.0, size=np.array([1e15]), df=np.array([1e15]))
    patterns = np.array(np.meshgrid(*[[1.0, 3.0]] * 5)).reshape(5, -1).T
    means = [(counts[0] * v) @ STARS / (counts[0] @ v) for v in patterns]
    assert [float(x[0]) for x in found] == pytest.approx([min(means), max(means)], abs=1e-5)


@pytest.mark.parametrize("ready", READY)
def test_equal_units_have_no_tipping_point(ready: str) -> None:
    """Before, of two units that are alike nearly half had a tipping point, and the others were said never to swap."""
    wrong = 0
    for n in (50, 300):
        pairs = [drawn(PEOPLE["many fives"], READY[ready], n, seed) for seed in (1, 2)]
        up = (pairs[0] @ STARS >= pairs[1] @ STARS)[:, None]
        first, second = np.where(up, *pairs), np.where(up, *pairs[::-1])
        wrong = int((sb.overlap(facts(first), facts(second), STARS) != 1).sum())
        assert wrong <= binom.ppf(0.999, STUDIES, 0.05)


def test_an_order_that_is_wrong_is_never_called_certain_at_what_made_it() -> None:
    """One unit asks only the happy (up to 3 times), the other nobody: the worse one stands first in all studies."""
    better, worse = [0.08, 0.04, 0.1, 0.25, 0.53], [0.12, 0.03, 0.08, 0.19, 0.58]
    first = drawn(worse, READY["only the happy are asked"], 2000, 1)
    second = drawn(better, READY["nobody selected"], 2000, 2)
    assert (first @ STARS > second @ STARS).all()
    found = sb.overlap(facts(first), facts(second), STARS)
    assert (found <= 3).all() and (found > 1).mean() > 0.9


def test_reviews_say_band_overlap_and_what_is_told_apart() -> None:
    rows = []
    for shop, people in (("Alba", [0.01, 0.01, 0.02, 0.06, 0.9]), ("Brio", [0.3, 0.3, 0.2, 0.1, 0.1]),
                         ("Cima", [0.29, 0.31, 0.2, 0.1, 0.1])):  # fmt: skip
        stars = np.repeat([1, 2, 3, 4, 5], np.round(np.array(people) * 200).astype(int))
        rows.append(pd.DataFrame({"shop": shop, "stars": stars}))
    found = cx.reviews(cx.load(pd.concat(rows, ignore_index=True)), "stars", unit="shop")
    swaps = found.parts["swaps"].set_index("first")
    assert swaps.loc["Alba", "overlap"] > 3 and np.isnan(swaps["tipping"].iloc[-1])
    assert swaps["overlap"].iloc[-1] == 1
    assert any(n.startswith("1 of 2 pairs of neighbours is not told apart whoever writes") for n in found.notes)
    alba = found.table.set_index("shop").loc["Alba"]
    assert said(found)[0].headline == "Alba has the highest mean of stars: 4.83"
    assert certainty(found)[0].headline == (
        "If customers of no score write more than 3 times as readily as others, all customers of Alba have a mean of "
        f"{alba['selected_low']:.2f} to {alba['selected_high']:.2f}; of 2 pairs of neighbours 1 is told apart by the "
        "reviews"
    )


def test_ten_reviews_of_five_stars_are_not_certain_and_mixed_scales_are_told() -> None:
    rows = pd.DataFrame({"shop": ["a"] * 10, "stars": [5] * 10}).assign(stars=lambda d: d["stars"])
    rows = pd.concat([rows, pd.DataFrame({"shop": ["b"] * 95, "stars": [1, 2, 3, 4, 5] * 19})])
    table = cx.reviews(cx.load(rows), "stars", unit="shop").table.set_index("shop")
    assert table.loc["a", "low"] == pytest.approx(4.22, abs=0.005) and table.loc["a", "high"] == 5
    more = pd.concat([rows, pd.DataFrame({"shop": ["b"] * 5, "stars": [9, 10, 8, 7, 6]})])
    found = cx.reviews(cx.load(more), "stars", unit="shop")
    assert "5 of 110 stars are above 5: scales of 5 and of 10 may be mixed" in found.parts["mixed"]
    assert found.parts["mixed"] in found.notes and said(found)[0].headline.endswith("; two scales may be mixed")
