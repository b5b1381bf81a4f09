"""What platforms show, months, copies, half stars: hand calculations, outside programs, and how often chance sounds."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.stats import binom, brunnermunzel, fisher_exact
from statsmodels.stats.proportion import proportion_confint

import cxlab as cx
from cxlab.models.text import review_hints, star_jump
from cxlab.models.text.review_streams import months, superiority
from cxlab.stats.inference.multiple import adjusted
from cxlab.stats.text import laney, star_scores

STARS = [1, 2, 3, 4, 5]


def test_newer_reviews_weigh_more_by_hand() -> None:
    """Ten fives of today, ten ones of 100 days ago that weigh half: (50 + 5 + 24.5) / (10 + 5 + 7) = 3.61."""
    days = ["2025-05-01"] * 10 + ["2025-01-21"] * 10
    rows = pd.DataFrame({"shop": "a", "stars": [5] * 10 + [1] * 10, "day": days})
    study = cx.load(rows)
    found = cx.text.displayed_score(study, "stars", unit="shop", date="day", half_life=[100, np.inf]).table
    assert found["estimate"].tolist() == pytest.approx([79.5 / 22, 84.5 / 27])
    assert found["stars"].tolist() == [3.5, 3.0] and found["weighs"].tolist() == pytest.approx([15, 20])
    ages = [0] * 10 + [100] * 10
    assert found["estimate"][0] == pytest.approx(star_scores.trustpilot(rows["stars"], ages, 100)[0])
    more = found["to_next"][0]  # fives of today until 4 stars are shown, at 3.75
    assert (79.5 + 5 * more) / (22 + more) >= 3.75 > (79.5 + 5 * (more - 1)) / (22 + more - 1)
    rng = np.random.default_rng(0)
    drawn = rng.choice([1, 5], (40_000, 20)).sum(1)
    assert found["luck"][0] == pytest.approx(((79.5 + drawn) / 42 >= 3.75).mean(), abs=0.01)
    plain = cx.reviews(study, "stars", unit="shop").table
    assert plain["platform"][0] == pytest.approx(found["estimate"][1]) and plain["to_next"][0] == found["to_next"][1]


def test_imdb_draws_to_the_overall_mean() -> None:
    rows = pd.DataFrame({"film": ["a"] * 30 + ["b"] * 10, "stars": [9, 10] * 15 + [1, 2] * 5})
    study = cx.load(rows).set("stars", role="outcome", scale=cx.Scale(1, 10))
    found = cx.text.displayed_score(study, "stars", unit="film", rule="imdb", least=10).table
    overall = (9.5 * 30 + 1.5 * 10) / 40
    assert found["estimate"].tolist() == pytest.approx([(30 * 9.5 + 10 * overall) / 40, (10 * 1.5 + 10 * overall) / 20])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"rule": "yelp"}, "rule is 'yelp'; allowed: 'trustpilot', 'imdb'"),
        ({"half_life": 0}, "half_life is 0; it is a number of days above 0, infinite where all weigh alike"),
        ({"half_life": 30}, "half_life is 30 days; name the column that dates the reviews with date="),
        ({"least": -1}, "least is -1; it is a number of reviews above 0"),
    ],
)
def test_a_rule_that_is_none_is_said(given: dict, said: str) -> None:
    rows = pd.DataFrame({"shop": ["a"] * 20, "stars": [1, 5] * 10})
    with pytest.raises(cx.DataProblem) as problem:
        cx.text.displayed_score(cx.load(rows), "stars", unit="shop", **given)
    assert str(problem.value) == said


def test_scores_of_many_units_are_those_of_each() -> None:
    rng = np.random.default_rng(0)
    counts = rng.integers(0, 40, (30, 5)).astype(float)
    shape = star_scores.shape(counts, STARS)
    tips = star_scores.tipping(counts[:-1], counts[1:], STARS)
    assert np.isfinite(tips).sum() > 5
    for k, c in enumerate(counts):
        assert star_scores.lower_bound(counts, STARS)[1][k] == pytest.approx(star_scores.lower_bound(c, STARS)[1])
        assert {m: v[k] for m, v in shape.items()} == pytest.approx(star_scores.shape(c, STARS))
        if k < 29 and np.isfinite(tips[k]):
            gap = star_scores.selected(c, STARS, tips[k]) - star_scores.selected(counts[k + 1], STARS, tips[k])
            assert abs(gap) < 1e-9


def test_means_of_units_follow_weights_and_clusters() -> None:
    """Equal to the mean of each unit by itself."""
    rng = np.random.default_rng(1)
    rows = pd.DataFrame({"shop": rng.choice(list("abc"), 300), "stars": rng.integers(1, 6, 300),
                         "w": rng.uniform(0.5, 2, 300), "day": rng.integers(0, 40, 300)})  # fmt: skip
    plain = cx.load(rows).set("w", role="weight")
    for study in (plain, plain.set("day", role="cluster")):
        found = cx.reviews(study, "stars", unit="shop").table.set_index("shop")
        for shop in "abc":
            alone = cx.mean(study.where(shop=[shop]), "stars").table.iloc[0]
            assert found.loc[shop, "estimate"] == pytest.approx(alone["estimate"])
            assert found.loc[shop, "se"] == pytest.approx(alone["se"], rel=1e-6)


def test_laney_by_hand_and_its_false_alarms() -> None:
    """z = -2, 1, 1, -1, 1, 0 about .5 with errors of .1: moving ranges 3, 0, 2, 2, 1, mean 1.6, sigma 1.418."""
    y = 0.5 + 0.1 * np.array([-2, 1, 1, -1, 1, 0.0])
    low, high, z, sigma = laney.limits(y, np.full(6, 0.01))
    assert sigma == pytest.approx(1.6 / 1.128) and high - low == pytest.approx(np.full(6, 0.6 * sigma))
    assert z[0] == pytest.approx(-2 / sigma)
    tries, hits = 300, 0
    for k in range(tries):
        rng = np.random.default_rng(k)
        y = 0.5 + rng.normal(0, 0.05, 24) + rng.normal(0, 0.02, 24)
        low, high, _, _ = laney.limits(y, np.full(24, 0.02**2))
        hits += bool(((y < low) | (y > high)).any())
    rate = laney.false_alarms(24)
    assert binom.ppf(0.001, tries, rate) <= hits <= binom.ppf(0.999, tries, rate)


def stream(seed: int, odd: bool) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    day = rng.integers(0, 720, 1500)
    kind = np.where(rng.random(1500) < np.where(day > 690, 0.95, 0.2), "asked", "organic")
    stars = np.clip(np.round(3.2 + (kind == "asked") + rng.normal(0, 1, 1500)), 1, 5)
    if odd:
        stars[(day >= 360) & (day < 390)] = 5
    return pd.DataFrame({"shop": "a", "stars": stars, "day": pd.Timestamp("2024-01-01") + pd.to_timedelta(day, "D"),
                         "kind": kind})  # fmt: skip


def test_a_month_of_another_mix_is_no_other_month_and_one_of_fives_is() -> None:
    plain = cx.reviews(cx.load(stream(1, odd=False)), "stars", unit="shop", date="day").parts["months"]
    mixed = cx.reviews(cx.load(stream(1, odd=False)), "stars", unit="shop", date="day", verified="kind").parts["months"]
    last = [t[(t["measure"] == "mean of the stars") & (t["month"] == "2025-12")].iloc[0] for t in (plain, mixed)]
    assert last[0]["outside"] and not last[1]["outside"]
    found = cx.reviews(cx.load(stream(2, odd=True)), "stars", unit="shop", date="day", verified="kind")
    out = found.parts["months"].query("outside")
    assert set(out["measure"]) == {"mean of the stars", "share of the best"} and set(out["month"]) <= {
        "2024-12",
        "2025-01",
    }
    said = next(n for n in found.notes if "outside Laney's limits" in n)
    assert "no verdict" in said and f"up to {laney.false_alarms(24):.1%} have one" in said


def test_a_months_mean_is_that_of_its_mix() -> None:
    """Half of all reviews of each kind; a month with 3 of one (mean 2) and 9 of the other (mean 5) has 3.5."""
    day = pd.Series(np.repeat(pd.date_range("2025-01-15", periods=8, freq="MS"), 12))
    kind = pd.Series(([*"aaabbbbbbbbb"] + [*"aaaaaaaaabbb"]) * 4)
    score = np.where(kind == "a", 2.0, 5.0) + np.tile([-0.5, 0, 0.5], 32)
    found = months(score, day, np.zeros(96, int), np.ones(96, bool), np.ones(96), kind, ["x"])
    means = found[found["measure"] == "mean of the stars"]["estimate"]
    assert means.to_numpy() == pytest.approx(np.full(8, 3.5))


def test_superiority_is_brunner_and_munzels() -> None:
    rng = np.random.default_rng(4)
    a, b = rng.integers(1, 5, 60).astype(float), rng.integers(2, 6, 45).astype(float)
    p, se, df = superiority(a, b)
    outside = brunnermunzel(a, b)
    assert abs((p - 0.5) / se) == pytest.approx(abs(outside.statistic))
    rows = pd.DataFrame({"shop": "a", "stars": np.r_[a, b], "kind": ["a"] * 60 + ["b"] * 45})
    found = cx.reviews(cx.load(rows), "stars", unit="shop", verified="kind").parts["kinds"].iloc[-1]
    assert found["kind"] == "chance that b is better" and found["estimate"] == pytest.approx(p)
    assert found["p"] == pytest.approx(outside.pvalue) and df > 50


def test_copies_and_authors_of_one_review() -> None:
    long = "the room was clean and the staff at the desk were friendly to us number "
    own = lambda k, letters: " ".join(np.random.default_rng(k).choice(list(letters), 60))  # noqa: E731
    text = [f"{long}{k % 2}" for k in range(12)] + [own(k, "bcdfghklmnpq") for k in range(8)]
    text += [own(100 + k, "rstvwxyzaeio") for k in range(20)]
    rows = pd.DataFrame({"shop": ["a"] * 20 + ["b"] * 20, "text": text, "who": [*range(18), 50, 51, *[50, 51] * 10]})
    found = cx.text.review_hints(cx.load(rows), unit="shop", author="who", column="text").table
    first = found[found["shop"] == "a"].set_index("sign")
    assert first.loc["near copy of another review", "estimate"] == pytest.approx(12 / 20)
    assert first.loc["only review of its author", ["estimate", "others"]].tolist() == pytest.approx([0.9, 0])
    p = fisher_exact([[1, 8], [0, 20]], "greater")[1]  # one text stands twelve times: that is one event
    assert first.loc["near copy of another review", ["p", "most"]].tolist() == pytest.approx([p, 12])
    squares = 144 * 0.4**2 + 8 * 0.6**2  # texts are clusters
    low, high = proportion_confint(0.6 * (n_eff := 400 * 0.24 / squares), n_eff, method="wilson")
    assert first.loc["near copy of another review", ["low", "high"]].tolist() == pytest.approx([low, high])
    with pytest.raises(cx.DataProblem) as problem:
        cx.text.review_hints(cx.load(rows), unit="shop")
    assert str(problem.value) == "name who wrote the reviews with author=, or their texts with column=, or both"


def test_who_posts_twice_makes_no_unit_unusual() -> None:
    """Thirty shops alike, in each some who post their text twice: a hint in at most 5 % of data sets, and chance."""
    rng, sounded = np.random.default_rng(2), 0
    for _ in range(60):
        twice = rng.poisson(3, 30)
        shop = np.concatenate([np.repeat(np.arange(30), 100), np.repeat(np.arange(30), twice)])
        text = np.concatenate([np.arange(3000), *(100 * s + np.arange(k) for s, k in enumerate(twice))])
        y = (np.bincount(text)[text] > 1) * 1.0
        rows = pd.DataFrame(review_hints._rows("copy", y, text, pd.Series(shop, dtype=object), 0.95))
        sounded += bool((adjusted(rows["p"], "bh") < 0.05).any())
    assert sounded <= binom.ppf(0.999, 60, 0.05)


def places(seed: int, n: int = 3000, effect: float = 0.0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    score = np.round(rng.uniform(1.5, 4.99, n), 2)
    shown = np.floor(score * 2 + 0.5 + 1e-9) / 2
    return pd.DataFrame({"score": score, "sales": 20 + 6 * score + effect * 2 * shown + rng.normal(0, 4, n)})


def test_the_jump_at_half_stars_is_found_covered_and_absent_where_there_is_none() -> None:
    held, sounded, found = 0, 0, []
    for seed in range(15):
        for effect in (0.0, 5.0):
            row = cx.text.star_jump(cx.load(places(seed, effect=effect)), "sales", score="score").table.iloc[0]
            held += row["low"] <= effect <= row["high"]
            sounded += effect == 0 and not row["low"] <= 0 <= row["high"]
            found += [row["estimate"] - effect]
    assert held >= binom.ppf(0.001, 30, 0.95) and sounded <= binom.ppf(0.999, 15, 0.05)
    assert abs(np.mean(found)) < 0.6


def test_edges_with_unlike_numbers_on_their_sides_pull_nothing() -> None:
    """Without noise the jump is 5 whatever the levels of the edges and who stands where; levels by least squares."""
    rng = np.random.default_rng(3)
    edge = rng.integers(0, 4, 4000)
    above = rng.random(4000) < np.array([0.1, 0.9, 0.2, 1.0])[edge]  # the last edge has nobody below
    away = np.where(above, rng.integers(0, 25, 4000), -rng.integers(1, 26, 4000))
    score = 2.25 + 0.5 * edge + away / 100
    sales = 5.0 * above + np.array([0.0, 40, -20, 7])[edge]
    found = cx.text.star_jump(cx.load(pd.DataFrame({"score": score, "sales": sales})), "sales", score="score", bend=0.0)
    assert found.table["estimate"][0] == pytest.approx(5, abs=1e-8)
    assert f"{int((edge == 3).sum()):,} rows at edges that have rows on one side only do not count" in found.notes
    assert found.table["n"][0] == (edge != 3).sum()
    kept = edge < 3
    y, place, level = (sales + rng.normal(0, 3, 4000))[kept], away[kept], edge[kept]
    mean, v, _, _ = star_jump._means(y, place, level, np.ones(len(y)), None, None)
    of_place, of_edge = (pd.get_dummies(x).to_numpy(float) for x in (place, level))
    fit = sm.OLS(y, np.hstack([of_place, of_edge[:, 1:]])).fit(cov_type="HC2")
    apart = np.zeros(len(fit.params))
    apart[[0, 49]] = -1, 1
    assert mean[49] - mean[0] == pytest.approx(apart @ fit.params)
    assert apart[:50] @ v @ apart[:50] == pytest.approx(apart @ fit.cov_params() @ apart)


def test_places_that_put_themselves_above_an_edge_are_seen() -> None:
    rows = places(1)
    below = (rows["score"] * 100 % 50).round().between(22, 24)
    rows.loc[below, "score"] += 0.03
    found = cx.text.star_jump(cx.load(rows), "sales", score="score")
    assert found.table["low"][1] > 0.2
    assert (
        "scores crowd on one side of the edges: places may put themselves there; the jump is no effect" in found.notes
    )
    with pytest.raises(cx.DataProblem) as problem:
        cx.text.star_jump(cx.load(rows.assign(score=rows["score"].round(0))), "sales", score="score")
    assert str(problem.value) == (
        "'score' of table has 1 hundredths of a star below the edges and 0 above; 6 on each side are needed: give the "
        "score before it is rounded, with two decimals"
    )
    with pytest.raises(cx.DataProblem) as problem:
        cx.text.star_jump(cx.load(rows.head(50)), "sales", score="score")
    assert str(problem.value) == "50 rows of table have 'sales' and 'score'; at least 100 are needed"
