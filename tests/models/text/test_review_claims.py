"""Who posts, who is influenced, what words tell beyond ratings: by hand, and in words where it cannot be told."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t

import cxlab as cx
from cxlab.problem import DataProblem


def customers(rates: dict[int, float], each: int = 400, **more) -> cx.Study:
    score = np.repeat(list(rates), each)
    did = np.concatenate([np.arange(each) < round(each * p) for p in rates.values()]).astype(int)
    return cx.load(pd.DataFrame({"score": score, "posted": did, **more})).set(
        "score", role="outcome", scale=cx.Scale(0, 10)
    )


def test_posting_by_hand() -> None:
    """30, 10, 50 % at 0, 5, 10: 4 points a ten less below the middle, 8 more above; three saturated cells."""
    found = cx.text.posting(customers({0: 0.3, 5: 0.1, 10: 0.5}), "score", posted="posted")
    var = lambda p: p * (1 - p) * 400 / 399**2  # noqa: E731  # HC3 of a cell's share
    half = t.ppf(0.975, 1197) * np.sqrt([var(0.1) + var(0.5), var(0.1) + var(0.3)]) / 5
    assert found.table["estimate"].tolist() == pytest.approx([0.08, -0.04])
    assert (found.table["high"] - found.table["estimate"]).to_numpy() == pytest.approx(half, rel=1e-9)
    assert found.parts["all"] == pytest.approx(50) and found.parts["reviews"] == pytest.approx((0.05 + 0.5) / 0.9 * 100)
    assert found.parts["curve"]["share"].tolist() == pytest.approx([0.3, 0.1, 0.5])


def test_posting_counts_the_best_end_and_weights() -> None:
    turned = customers({0: 0.3, 5: 0.1, 10: 0.5}).set("score", scale=cx.Scale(0, 10, best="low"))
    assert cx.text.posting(turned, "score", posted="posted").table["estimate"].tolist() == pytest.approx([0.04, -0.08])
    weighted = customers({0: 0.25, 5: 0.1, 10: 0.5}, w=np.r_[[3.0] * 100, [1.0] * 1100]).set("w", role="weight")
    found = cx.text.posting(weighted, "score", posted="posted")
    assert found.table["estimate"].tolist() == pytest.approx([0.08, (0.1 - 0.5) / 5])
    assert found.parts["curve"]["share"][0] == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("study", "said"),
    [
        (customers({0: 0.3, 5: 0.1}), "all scores lie in one half of the scale; the curve cannot be seen"),
        (customers({0: 0.0, 10: 0.0}), "of 800 customers of table with an answer to 'score' nobody posted in 'posted'; "
         "the rows must be all customers, those who posted and those who did not"),
        (customers({0: 1.0, 10: 1.0}), "of 800 customers of table with an answer to 'score' everybody posted in "
         "'posted'; the rows must be all customers, those who posted and those who did not"),
        (customers({0: 0.3, 10: 0.1}).set("score", role="outcome", scale=None), "'score' of table has no scale; "
         "declare from where to where it goes"),
    ],
)  # fmt: skip
def test_posting_says_what_it_cannot_tell(study: cx.Study, said: str) -> None:
    with pytest.raises(DataProblem) as problem:
        cx.text.posting(study, "score", posted="posted")
    assert str(problem.value) == said


def test_influence_by_hand() -> None:
    """90 yes, 10 no, 50 who read none, 30 silent: 60 % of 150; 50 to 67 % of all 180; 90 % of the readers."""
    values = [1.0] * 90 + [0.0] * 10 + [9.0] * 50 + [np.nan] * 30
    field = cx.Field("swayed", role="outcome", missing={"9": "reads no reviews"})
    study = cx.Study(pd.DataFrame({"swayed": values}), cx.Codebook("buyers", (field,)))
    found = cx.text.influence(study, "swayed")
    assert found.table["estimate"].tolist() == pytest.approx([90 / 150, 0.9, 90 / 180, 120 / 180])
    assert found.table["n"].tolist() == [150, 100, 180, 180] and found.parts["silent"] == pytest.approx(30 / 180)
    half = t.ppf(0.975, 149) * np.sqrt(0.6 * 0.4 * 150) / 149
    assert found.table["high"][0] - 0.6 == pytest.approx(half, rel=1e-9)
    assert "not asked, so not influenced: reads no reviews" in found.notes
    with pytest.raises(DataProblem) as problem:
        cx.text.influence(cx.Study(pd.DataFrame({"swayed": [np.nan] * 30}), study.codebook), "swayed")
    assert str(problem.value) == "nobody answers 'swayed' of buyers; its filters: none"


def told(n: int = 300, **more) -> cx.Study:
    rng = np.random.default_rng(1)
    words = np.array([f"w{chr(97 + i)}{chr(97 + j)}" for i in range(6) for j in range(5)])
    table = {"nps": rng.integers(0, 11, n), "staff": rng.integers(1, 6, n)}
    table["comment"] = [" ".join(rng.choice(words, 6, replace=False)) for _ in range(n)]
    study = cx.load(pd.DataFrame(table | more)).set("comment", role="text").set("nps", role="outcome",
                                                                                scale=cx.Scale(0, 10))  # fmt: skip
    return study.set("staff", role="touchpoint", scale=cx.Scale(1, 5))


def test_words_that_say_nothing_gain_nothing_and_ratings_need_not_be_named() -> None:
    found = cx.text.beyond_ratings(told(), "nps")
    assert found.table["low"][0] < 0 < found.table["high"][0] and found.table["n"].tolist() == [300] * 3
    named = cx.text.beyond_ratings(told(), "nps", ratings=["staff"])
    assert named.table.equals(found.table)


@pytest.mark.parametrize(
    ("study", "given", "said"),
    [
        (told(150), {}, "150 answers to 'nps' of table have a comment of three words or more in 'comment'; at least "
         "200 are needed"),
        (told(comment=["fine and good"] * 300), {}, "only 3 words occur in five comments or more; this test needs at "
         "least 20: take more comments, or a language that puts blanks between its words"),
        (told(nps=[7] * 300), {}, "'nps' of table is the same wherever a comment stands; there is nothing to tell"),
        (told(), {"ratings": ["nps"]}, "ratings of table beside 'nps' are nps; name one or more columns with a scale, "
         "not the outcome itself, with ratings="),
    ],
)  # fmt: skip
def test_beyond_ratings_says_what_it_cannot_tell(study: cx.Study, given: dict, said: str) -> None:
    with pytest.raises(DataProblem) as problem:
        cx.text.beyond_ratings(study, "nps", **given)
    assert str(problem.value) == said
