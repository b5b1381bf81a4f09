"""Reviews: published bounds, hand calculations, selection, and bursts whose false alarms are counted."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

import cxlab as cx
from cxlab.stats.text import bursts, star_scores

STARS = [1, 2, 3, 4, 5]
BOUNDS = {
    (0, 0, 0, 0, 1): (3.333333, 2.403664), (0, 0, 0, 0, 10): (4.333333, 3.818855),
    (1, 1, 2, 10, 36): (4.436364, 4.214819), (10, 5, 10, 50, 200): (4.517857, 4.423023),
}  # fmt: skip
"""Miller's multinomial bound at z = 1.65, calculated by hand with a calculator of 30 digits."""


@pytest.mark.parametrize("counts", BOUNDS)
def test_the_bound_to_rank_by(counts: tuple[int, ...]) -> None:
    assert star_scores.lower_bound(counts, STARS) == pytest.approx(BOUNDS[counts], abs=1e-6)


def test_a_score_shown_is_decoded() -> None:
    assert star_scores.trustpilot([5] * 10) == (pytest.approx((50 + 24.5) / 17), 4.5)
    assert star_scores.trustpilot([1, 5], [1000, 0], half_life=10)[0] == pytest.approx((5 + 24.5) / 8, abs=1e-6)
    assert star_scores.imdb(9, 1000, least=3000, overall=7) == pytest.approx(7.5)
    sums, n = 4.0 * 10 + 24.5, 17
    target, more = star_scores.to_next(sums, n, 5)
    assert target == 4.5 - 0.5 + 0.0 or target in (4.0, 4.5)
    assert star_scores.half_stars((sums + 5 * more) / (n + more)) >= target
    assert star_scores.half_stars((sums + 5 * (more - 1)) / (n + more - 1)) < target
    assert star_scores.to_next(5 * 100, 100, 5) == (5.5, -1)


def test_luck_is_that_of_drawing() -> None:
    counts = [3, 1, 2, 10, 14]
    rng = np.random.default_rng(1)
    drawn = rng.choice(STARS, (40_000, 20), p=np.array(counts) / 30).sum(1)
    hit = (np.dot(counts, STARS) + drawn) / 50 >= 4.2
    assert star_scores.luck(counts, STARS, 4.2, score_sum=np.dot(counts, STARS), weight=30) == pytest.approx(
        hit.mean(), abs=0.01
    )


def test_bimodality_of_two_peaks_and_of_one() -> None:
    rng = np.random.default_rng(0)
    x = rng.choice(STARS, 300, p=[0.4, 0.05, 0.1, 0.05, 0.4])
    counts = np.bincount(x, minlength=6)[1:]
    from scipy.stats import kurtosis, skew

    n = len(x)
    g, k = skew(x, bias=False), kurtosis(x, bias=False)
    by_hand = (g**2 + 1) / (k + 3 * (n - 1) ** 2 / ((n - 2) * (n - 3)))
    assert star_scores.shape(counts, STARS)["bimodality"] == pytest.approx(by_hand)
    assert by_hand > 0.555 > star_scores.shape([1, 10, 50, 10, 1], STARS)["bimodality"]


def test_selection_is_undone_and_two_units_swap_where_it_says() -> None:
    private = np.array([100, 100, 200, 300, 300.0])
    wrote = private * np.array([4, 1, 1, 1, 4]) / 10
    assert star_scores.selected(wrote, STARS, 4.0) == pytest.approx(star_scores.mean(private, STARS))
    assert star_scores.corrected(private, wrote, STARS) == pytest.approx(star_scores.mean(private, STARS))
    a, b = [10, 0, 30, 0, 60], [0, 10, 20, 55, 15]
    r = star_scores.tipping(a, b, STARS)
    assert star_scores.selected(a, STARS, r) == pytest.approx(star_scores.selected(b, STARS, r))
    assert np.isnan(star_scores.tipping([0, 0, 0, 0, 9], [9, 0, 0, 0, 0], STARS))


def test_a_clean_stream_seldom_sounds_and_a_burst_does() -> None:
    tries = 60
    for mean, spread, days in ((2.0, 0.0, 364), (2.0, 0.3, 364), (0.05, 0.0, 728), (0.1, 1.0, 1456), (1.0, 1.0, 728)):
        alarms = 0
        for k in range(tries):
            rng = np.random.default_rng(k)
            rate = np.repeat(rng.gamma(1 / spread, mean * spread, days // 7), 7) if spread else np.full(days, mean)
            alarms += bool(bursts.scan(rng.poisson(rate)))
        assert alarms <= binom.ppf(0.999, tries, 0.05), (mean, spread, alarms)
    rng = np.random.default_rng(1)
    days = rng.poisson(2.0, 364)
    days[200:203] += 12
    (found,) = bursts.scan(days)
    assert 199 <= found[0] <= 202 and found[2] > 30
    few = rng.poisson(0.1, 1000)
    few[500:503] += 4
    assert [d for d, *_ in bursts.scan(few)][0] in range(495, 503), "twelve in three days where one comes in ten"


def test_the_spread_of_weeks_is_found_without_the_highest() -> None:
    """A gamma rate a week; a burst of three weeks changes little. Without any spread, about one standard error."""
    for spread in (0.0, 0.3, 1.0, 2.0):
        made = []
        for seed in range(20):
            rng = np.random.default_rng(seed)
            rate = np.repeat(rng.gamma(1 / spread, 3 * spread, 104), 7) if spread else np.full(728, 3.0)
            made.append(bursts.dispersion(rng.poisson(rate)))
        error = np.sqrt(2 / 104) * (1 / 21 + spread)
        assert np.median(made) == pytest.approx(spread + error, abs=max(0.2 * spread, 0.02))
    rng = np.random.default_rng(0)
    days = rng.poisson(3.0, 728)
    clean = bursts.dispersion(days)
    days[350:360] += 30
    assert bursts.dispersion(days) < clean + 0.05


def stream(seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    parts = []
    for shop, p in {
        "Alba": [0.1, 0.05, 0.1, 0.25, 0.5],
        "Brio": [0.02, 0.08, 0.3, 0.4, 0.2],
        "Cima": [0.2] * 5,
    }.items():
        day = rng.integers(0, 365, 250)
        if shop == "Cima":
            day = np.r_[day, np.full(40, 180)]
        stars = rng.choice(STARS, len(day), p=p)
        stars[250:] = 5
        parts.append(pd.DataFrame({"shop": shop, "stars": stars,
                                   "day": pd.Timestamp("2025-01-01") + pd.to_timedelta(day, unit="D"),
                                   "asked": rng.choice(["asked", "organic"], len(day))}))  # fmt: skip
    few = pd.DataFrame({"shop": "Dora", "stars": [5, 5, 5], "day": pd.Timestamp("2025-02-01"), "asked": "organic"})
    return pd.concat([*parts, few], ignore_index=True)


def test_reviews_of_units_whole() -> None:
    table = stream()
    found = cx.reviews(cx.load(table), "stars", unit="shop", date="day", verified="asked")
    rows = found.table.set_index("shop")
    assert rows["rank"].tolist() == [1, 2, 3] and set(rows.index) == {"Alba", "Brio", "Cima"}
    for shop, group in table[table["shop"] != "Dora"].groupby("shop"):
        counts = np.bincount(group["stars"], minlength=6)[1:]
        assert rows.loc[shop, "estimate"] == pytest.approx(group["stars"].mean())
        assert rows.loc[shop, "bound"] == pytest.approx(star_scores.lower_bound(counts, STARS)[1])
        assert rows.loc[shop, "stars"] == star_scores.trustpilot(group["stars"])[1]
        assert rows.loc[shop, "selected_low"] <= rows.loc[shop, "estimate"] <= rows.loc[shop, "selected_high"]
    assert found.parts["bursts"]["unit"].tolist() == ["Cima"] and found.parts["bursts"]["from"][0] == "2025-06-30"
    assert found.parts["bursts"]["best_inside"][0] > 0.9 > found.parts["bursts"]["best_outside"][0]
    assert found.parts["drift"]["term"].tolist() == ["per year", "per doubling of the number of reviews"]
    kinds = ["asked", "organic", "organic less asked", "chance that organic is better"]
    assert found.parts["kinds"]["kind"].tolist() == kinds
    assert any("1 of 4 units has fewer than 10 reviews" in n for n in found.notes)
    assert any("no verdict: of simulated clean streams" in n for n in found.notes)
    assert type(found.plot()).__name__ == "Axes"


def test_many_units_keep_their_own_stars() -> None:
    shops = np.repeat([f"s{k:03d}" for k in range(60)], 12)
    rows = pd.DataFrame({"shop": shops, "stars": np.repeat(1 + np.arange(60) % 5, 12)})
    found = cx.reviews(cx.load(rows), "stars", unit="shop").table.set_index("shop")
    assert (found["estimate"].sort_index().to_numpy() == 1 + np.arange(60) % 5).all()


def test_all_customers_beside_who_posted() -> None:
    rng = np.random.default_rng(2)
    score = rng.choice(STARS, 4000, p=[0.1, 0.1, 0.3, 0.3, 0.2])
    posted = (rng.random(4000) < np.array([0.5, 0.2, 0.05, 0.1, 0.4])[score - 1]).astype(int)
    rows = pd.DataFrame({"shop": np.where(np.arange(4000) % 2, "a", "b"), "score": score, "posted": posted})
    found = cx.reviews(cx.load(rows), "score", unit="shop", posted="posted")
    real = rows.groupby("shop")["score"].mean()
    for _, row in found.table.iterrows():
        assert row["all"] == pytest.approx(real[row["shop"]]) and row["n"] < 700
    assert found.parts["posting"]["share"].to_numpy() == pytest.approx([0.5, 0.2, 0.05, 0.1, 0.4], abs=0.05)
    assert "asking only the happy for reviews breaks the terms of platforms, and the law in places" in found.notes


def test_drift_finds_a_fall_with_time() -> None:
    rng = np.random.default_rng(3)
    day = rng.integers(0, 730, 3000)
    unit = rng.integers(0, 20, 3000)
    stars = np.clip(np.round(4.5 - 0.8 * day / 365.25 + rng.normal(0, 0.8, 3000)), 1, 5)
    from cxlab.models.text.review_streams import drift

    found = drift(stars, day, unit).set_index("term")
    assert found.loc["per year", "high"] < -0.4 and found.loc["per year", "p"] < 0.001


NULLS = {"many units": (30, 20, 0.2, False), "few units": (9, 50, 0.2, False), "two units": (2, 120, 0.0, False),
         "persons in many units": (30, 20, 0.0, True)}  # fmt: skip


@pytest.mark.parametrize("kind", NULLS)
def test_units_that_wander_are_no_drift(kind: str) -> None:
    """Errors by review called 11 to 19 in a hundred of such streams a drift."""
    from cxlab.models.text.review_streams import drift

    units, each, step, persons = NULLS[kind]
    tries, hits = 80, np.zeros(2)
    for seed in range(tries):
        rng = np.random.default_rng(seed)
        unit = np.repeat(np.arange(units), rng.poisson(each, units) + 3)
        day = rng.integers(0, 720, len(unit))
        stars = 4 + np.cumsum(rng.normal(0, step, (units, 24)), 1)[unit, day // 30] + rng.normal(0, 1, len(unit))
        person = rng.integers(0, len(unit) // 6, len(unit))
        stars += rng.normal(0, 1, len(unit))[person] if persons else 0
        found = drift(stars, day, unit, person=person if persons else None)
        hits += (found["p"] < 0.05).to_numpy()
    assert (hits <= binom.ppf(0.999, tries, 0.05)).all(), hits / tries


def test_errors_of_the_drift_are_those_of_clusters_as_statsmodels_has_them() -> None:
    import statsmodels.api as sm

    from cxlab.models.text.review_streams import drift

    rng = np.random.default_rng(4)
    unit, day = np.repeat(np.arange(60), 15), rng.integers(0, 700, 900)
    w, stars = rng.uniform(0.5, 2, 900), rng.integers(1, 6, 900).astype(float)
    order = np.lexsort((day, unit))
    dummies = (unit[order][:, None] == np.arange(60)).astype(float)
    x = np.column_stack([day[order] / 365.25, np.log2(np.tile(np.arange(15), 60) + 1), dummies])
    fit = sm.WLS(stars[order], x, w[order]).fit(
        cov_type="cluster", cov_kwds={"groups": unit[order], "use_correction": False}
    )
    found = drift(stars, day, unit, w=w)
    assert found["estimate"].to_numpy() == pytest.approx(fit.params[:2])
    assert found["se"].to_numpy() == pytest.approx(fit.bse[:2] * np.sqrt(60 / 59))
    assert found["errors"].tolist() == ["units", "units"]


def test_two_kinds_of_reviews_by_persons_have_the_errors_of_persons() -> None:
    rng = np.random.default_rng(5)
    person = rng.integers(0, 60, 600)
    kind = np.where(person % 2, "asked", "organic")
    stars = np.clip(np.round(3 + rng.normal(0, 1.2, 60)[person] + rng.normal(0, 0.4, 600)), 1, 5)
    rows = pd.DataFrame({"shop": np.arange(600) % 3, "stars": stars, "kind": kind, "who": person})
    plain = cx.reviews(cx.load(rows), "stars", unit="shop", verified="kind").parts["kinds"]
    study = cx.load(rows).set("who", role="cluster")
    kinds = cx.reviews(study, "stars", unit="shop", verified="kind").parts["kinds"]
    for k, level in enumerate(("asked", "organic")):
        alone = cx.mean(study.where(kind=[level]), "stars").table.iloc[0]
        assert kinds["se"][k] == pytest.approx(alone["se"], rel=1e-6)
        assert kinds["estimate"][k] == pytest.approx(alone["estimate"])
    assert kinds["se"][2] > 2 * plain["se"][2] and kinds["p"][2] > plain["p"][2]


def test_what_is_no_stars_is_said() -> None:
    rows = stream().assign(half=2.5, many=np.arange(793))
    study = cx.load(rows)
    with pytest.raises(
        cx.DataProblem, match=r"^'half' of .* holds 2\.5 \(1 levels\); stars are whole numbers of a scale of 2 to 11"
    ):
        cx.reviews(study, "half", unit="shop")
    with pytest.raises(
        cx.DataProblem, match=r"^'many' of .* \(793 levels\); stars are whole numbers of a scale of 2 to"
    ):
        cx.reviews(study, "many", unit="shop")
    with pytest.raises(cx.DataProblem, match=r"^readier is 0\.5; it is 1 \(nobody is selected\) or more$"):
        cx.reviews(study, "stars", unit="shop", readier=0.5)
    with pytest.raises(cx.DataProblem, match=r"^rule is 'yelp'; allowed: 'trustpilot', 'imdb', 'none'$"):
        cx.reviews(study, "stars", unit="shop", rule="yelp")
    with pytest.raises(cx.DataProblem, match=r"^no many of .* has 10 reviews; use a coarser unit$"):
        cx.reviews(study, "stars", unit="many")
    with pytest.raises(cx.DataProblem, match=r"^'shop' of .* has 3 kinds of reviews; two are compared$|has 4 kinds"):
        cx.reviews(study, "stars", unit="asked", verified="shop")
