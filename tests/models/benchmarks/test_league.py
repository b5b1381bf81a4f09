"""League tables: what is ranked, how sure the ranks are, case-mix, waves, and bad input."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

import cxlab as cx
from cxlab.models.benchmarks.league import _shrunken_limits
from cxlab.problem import DataProblem
from cxlab.stats.units.posterior import posterior
from cxlab.stats.units.ranks import rank_sets
from cxlab.stats.units.steadied import steadied


def study(means, n=80, seed=1, unit="shop", **columns):
    """Answers on 0 to 10 of ``n`` customers of each unit, around the unit's mean."""
    rng = np.random.default_rng(seed)
    sizes = np.broadcast_to(n, len(means))
    names = np.repeat([chr(65 + i) for i in range(len(means))], sizes)
    mu = np.repeat(np.asarray(means, float), sizes)
    answers = np.clip(np.round(mu + 2 * rng.standard_normal(len(mu))), 0, 10)
    data = pd.DataFrame({unit: names, "ltr": answers, **columns})
    fields = [cx.Field(unit, type="string", role="brand"),
              cx.Field("ltr", role="outcome", measure="recommendation", scale=cx.Scale(0, 10))]  # fmt: skip
    roles = {"respondent": "cluster", "wave": "wave", "weight": "weight", "wait": "operation"}
    more = [
        cx.Field(c, type="string" if data[c].dtype == object else "number", role=roles.get(c, "segment"))
        for c in columns
    ]
    return cx.Study(data, cx.Codebook("shops", (*fields, *more)))


def message(call, *args, **options):
    with pytest.raises(DataProblem) as caught:
        call(*args, **options)
    return str(caught.value)


def test_the_best_comes_first_and_clear_differences_are_certain():
    table = cx.league(study([3, 9, 6], n=400)).table
    assert table["shop"].tolist() == ["B", "C", "A"]
    assert table["rank_low"].tolist() == table["rank_high"].tolist() == [1, 2, 3]
    assert table["all_low"].tolist() == [1, 2, 3]
    assert table["group"].tolist() == ["a", "b", "c"]
    assert table["may_be_top"].tolist() == [True, False, False]
    assert "May be among the best: B." in cx.league(study([3, 9, 6], n=400)).notes


def test_equal_units_share_all_ranks():
    base = study([7]).table
    same = pd.concat([base.assign(shop=s) for s in "ABCDE"], ignore_index=True)
    result = cx.league(cx.Study(same, study([7]).codebook))
    assert (result.table["rank_low"] == 1).all()
    assert (result.table["rank_high"] == 5).all()
    assert (result.table["group"] == "a").all()
    assert result.parts["tau"] == 0
    assert "The units differ no more than chance alone explains: all are shrunken to the mean." in result.notes
    assert "Every unit may be among the best." in result.notes
    assert "0 of 10 pairs of units differ for real, over the whole table." in result.notes


def test_estimates_are_those_of_the_metric_and_more_data_narrows():
    shops = study([6, 6.4, 6.8, 5.8])
    by = cx.nps(shops, by="shop").table.set_index("shop")["estimate"]
    table = cx.league(shops).table.set_index("shop")
    np.testing.assert_allclose(table["estimate"], by[table.index])
    many = cx.Study(pd.concat([shops.table] * 20, ignore_index=True), shops.codebook)
    wide, narrow = (t["rank_high"] - t["rank_low"] for t in (table, cx.league(many).table.set_index("shop")))
    assert (narrow <= wide[narrow.index]).all()
    assert narrow.sum() < wide.sum()


def test_rank_sets_of_nps_hold_the_true_ranks():
    """Six shops of 60 customers near each other, 400 samples: all sets at once hold all true ranks.

    The bound is binomial, once in 10,000 worlds; estimates and variances as `league` makes them.
    """
    means = np.array([6.5, 6.6, 6.7, 7.0, 7.3, 7.4])
    p = np.exp(-((np.arange(11) - means[:, None]) ** 2) / 8)
    p /= p.sum(axis=1, keepdims=True)
    score = np.array([-1] * 7 + [0] * 2 + [1] * 2)
    true_rank = 1 + ((p @ score)[None, :] > (p @ score)[:, None]).sum(axis=1)
    rng, held = np.random.default_rng(3), 0
    for seed in range(400):
        counts = np.stack([rng.multinomial(60, row) for row in p]) / 60
        t = counts @ score
        spread = counts @ score**2 - t**2
        cov = steadied(np.full(6, 60.0), spread, np.diag(spread / 60)).covariance
        low, high = rank_sets(t, np.diag(cov), kind="simultaneous", level=0.9, draws=400, seed=seed)
        held += ((low <= true_rank) & (true_rank <= high)).all()
    assert held >= binom.ppf(1e-4, 400, 0.9)


def test_unanimous_units_are_not_certain():
    """Ten customers who all answered 10 have NPS 100 with an error; a unit of 500 at 75 is not certainly behind."""
    good = pd.DataFrame({"shop": "A", "ltr": [10.0] * 10})
    base = pd.DataFrame({"shop": "B", "ltr": [10.0] * 400 + [7.0] * 75 + [3.0] * 25})
    rest = pd.DataFrame({"shop": "C", "ltr": [10.0] * 100 + [7.0] * 100 + [3.0] * 300})
    result = cx.league(cx.Study(pd.concat([good, base, rest], ignore_index=True), study([1, 1]).codebook))
    at = result.table.set_index("shop")
    assert at.loc["A", "estimate"] == 100
    assert at.loc["A", "se"] > 5
    assert at.loc["A", "rank_high"] == 2
    assert at.loc["A", "shrunken"] < 100
    assert at.loc["A", "shrunken_high"] <= 100


def test_small_units_are_listed_not_ranked():
    shops = study([6, 7, 8, 6], n=[50, 50, 4, 7])
    result = cx.league(shops)
    assert result.table["shop"].tolist() == ["B", "A"]
    assert result.parts["small"].map(str).to_dict("list") == {"shop": ["C", "D"], "n": ["fewer than 10"] * 2}
    assert "Not ranked, fewer than 10 answers: C, D." in result.notes


def test_the_lowest_is_best_where_the_codebook_says_so():
    shops = study([3, 9, 6], n=300)
    book = shops.codebook.replace("ltr", measure="satisfaction", scale=cx.Scale(0, 10, best="low"))
    result = cx.league(cx.Study(shops.table, book), metric="mean")
    assert result.table["shop"].tolist() == ["A", "C", "B"]
    assert result.table["rank"].tolist() == [1, 2, 3]
    assert "The lowest value is best here: rank 1 is the lowest." in result.notes


def test_case_mix_is_the_regression_with_a_constant_for_each_unit():
    """Adjusted means and coefficients equal statsmodels' least squares with unit dummies."""
    import statsmodels.formula.api as smf

    rng = np.random.default_rng(4)
    shops = study([6, 7, 8], n=300)
    old = rng.random(900) < np.repeat([0.2, 0.5, 0.8], 300)
    data = shops.table.assign(age=np.where(old, "old", "young"), ltr=np.clip(shops.table["ltr"] + 1.5 * old, 0, 10))
    book = cx.Codebook("shops", (*shops.codebook.fields, cx.Field("age", type="string", role="segment")))
    book = book.replace("ltr", measure="satisfaction")
    result = cx.league(cx.Study(data, book), metric="mean", case_mix="age")
    fit = smf.ols("ltr ~ C(shop) + C(age, Treatment('young'))", data).fit()
    slope = fit.params.iloc[-1]
    ours = result.parts["case_mix"].iloc[0]
    sign = 1 if ours["category"] == "old" else -1
    assert ours["estimate"] == pytest.approx(sign * slope)
    assert ours["se"] == pytest.approx(fit.bse.iloc[-1], rel=1e-3)
    at = result.table.set_index("shop")
    for shop, rows in data.groupby("shop"):
        expected = rows["ltr"].mean() - slope * ((rows["age"] == "old").mean() - (data["age"] == "old").mean())
        assert at.loc[shop, "estimate"] == pytest.approx(expected)
        assert at.loc[shop, "raw"] == pytest.approx(rows["ltr"].mean())
    assert 0 < result.parts["explained_between"] < 1


def test_a_balanced_mix_changes_nothing():
    shops = study([6, 7, 8], n=200)
    data = shops.table.assign(age=np.tile(["old", "young"], 300))
    book = cx.Codebook("shops", (*shops.codebook.fields, cx.Field("age", type="string", role="segment")))
    at = cx.league(cx.Study(data, book), case_mix=["age"]).table
    np.testing.assert_allclose(at["estimate"], at["raw"], atol=1e-9)


def test_respondents_shared_by_units_tighten_the_sets():
    """The same 60 people rate both shops, B always a little better: certain as pairs, not as strangers."""
    rng = np.random.default_rng(8)
    a = np.clip(np.round(6 + 2.5 * rng.standard_normal(60)), 0, 9)
    data = pd.DataFrame({"shop": np.repeat(["A", "B"], 60), "ltr": np.concatenate([a, a + (np.arange(60) % 3 == 0)])})
    book = study([1, 1]).codebook.replace("ltr", measure="satisfaction")
    apart = cx.league(cx.Study(data, book), metric="mean").table
    assert apart["rank_high"].tolist() == [2, 2]
    paired = cx.Codebook("shops", (*book.fields, cx.Field("respondent", role="cluster")))
    result = cx.league(cx.Study(data.assign(respondent=np.tile(np.arange(60), 2)), paired), metric="mean")
    assert result.table["rank_high"].tolist() == [1, 2]
    assert "Some respondents rate several units; rank sets use the covariance of the units." in result.notes


def test_weights_equal_repeated_customers():
    shops = study([5, 7, 8], n=60, weight=np.tile([1.0, 2.0], 90))
    twice = shops.table.loc[shops.table.index.repeat(shops.table["weight"].astype(int))].assign(weight=1.0)
    one, two = cx.league(shops).table, cx.league(cx.Study(twice, shops.codebook)).table
    np.testing.assert_allclose(one["estimate"], two["estimate"])


def test_the_funnel_names_the_stranger():
    result = cx.leagues.funnel(cx.league(study([7] * 12 + [2], n=200, seed=5)))
    assert result.table["shop"].iloc[0] == "M"
    assert result.table["outside"].iloc[0] == "99.8 %"
    assert result.kind == "funnel"


def test_an_index_can_be_ranked():
    shops = study([5, 7, 8], n=100)
    rng = np.random.default_rng(1)
    data = shops.table.assign(
        s1=np.clip(shops.table["ltr"] + rng.integers(-1, 2, 300), 0, 10), s2=shops.table["ltr"], q1=shops.table["ltr"],
        q2=np.clip(shops.table["ltr"] + rng.integers(-1, 2, 300), 0, 10),
    )  # fmt: skip
    fields = [cx.Field(c, role="outcome", scale=cx.Scale(0, 10)) for c in ("s1", "s2", "q1", "q2")]
    several = cx.Study(data, cx.Codebook("shops", (*shops.codebook.fields, *fields)))
    model = cx.indices.path_model("Q =~ q1 + q2\nSatisfaction =~ s1 + s2\nSatisfaction ~ Q")
    ranked = cx.league(several, metric="index", model=model)
    frozen = cx.indices.index_by(several, "shop", model=model, draws=20).table.set_index("shop")["estimate"]
    assert ranked.unit == "index"
    np.testing.assert_allclose(ranked.table["estimate"], frozen[ranked.table["shop"]])


def test_errors_say_what_to_do():
    shops = study([6, 7], wait=np.arange(160) % 3)
    assert message(cx.league, shops, case_mix="wait") == (
        "adjust names 'wait', which has role 'operation' in shops: the units cause it, and adjusting for it would take "
        "away what is compared. Adjust for what customers bring with them (age, route, mode)"
    )
    assert message(cx.league, shops, case_mix="shop") == (
        "adjust names 'shop', the column of the units; name what their customers differ in"
    )
    assert message(cx.league, study([6])) == ("a league table needs at least two units with 10 answers; 'shop' has 1")
    assert message(cx.league, study([6, 7, 7, 7], n=[30, 1, 3, 8])) == (
        "a league table needs at least two units with 10 answers; 'shop' has 1 (3 with fewer)"
    )
    flat = cx.Study(shops.table.assign(ltr=9.0), shops.codebook)
    assert message(cx.league, flat) == "everybody gave the same answer; there is nothing to rank"
    assert (
        message(cx.league, shops, top=3) == "top is 3; allowed: a whole number from 1 to the number of ranked units, 2"
    )
    assert message(cx.league, shops, metric="npz") == (
        "metric is 'npz'; did you mean 'nps'? allowed: 'nps', 'csat', 'ces', 'mean', 'share', 'index'"
    )
    one = shops.table.assign(mode="online")
    book = cx.Codebook("shops", (*shops.codebook.fields, cx.Field("mode", type="string", role="segment")))
    assert message(cx.league, cx.Study(one, book), case_mix="mode") == (
        "adjust names mode, and every answer has the same value; there is nothing to adjust for"
    )


def waves(first, second, n=150, seed=2, **options):
    a, b = study(first, n, seed, **options).table, study(second, n, seed + 1, **options).table
    data = pd.concat([a.assign(wave=1), b.assign(wave=2)], ignore_index=True)
    return cx.Study(data, cx.Codebook("shops", (*study([1, 1]).codebook.fields, cx.Field("wave", role="wave"))))


def test_a_real_change_is_found_and_the_gap_change_sums_to_zero():
    result = cx.leagues.league_change(waves([6, 6, 6, 6], [6, 6, 6, 9]))
    at = result.table.set_index("shop")
    assert at.loc["D", "low"] > 0
    assert at.loc["D", "p_adjusted"] < 0.01
    assert at["gap_change"].sum() == pytest.approx(0)
    assert at.loc["D", "surprise_low"] > 0
    by = cx.nps(waves([6, 6, 6, 6], [6, 6, 6, 9]), by=["shop", "wave"]).table
    d = by[by["shop"] == "D"].set_index("wave")["estimate"]
    assert at.loc["D", "estimate"] == pytest.approx(d[2] - d[1])


def test_stars_of_equal_units_regress_as_expected():
    """Forty equal shops in both waves: the best quarter falls back, and the expectation says by how much."""
    equal = waves([7] * 26, [7] * 26, n=60, seed=9)
    stars = cx.leagues.league_change(equal).parts["stars"].iloc[0]
    assert stars["expected"] < -5
    assert abs(stars["observed"] - stars["expected"]) < 3.5 * stars["se"]
    every = cx.leagues.league_change(equal).table
    best = every.nlargest(6, "before")  # a quarter of all: how they changed, beside how all did
    assert stars["units"] == "stars (6)"
    assert stars["observed"] == pytest.approx(best["estimate"].mean() - every["estimate"].mean(), abs=1e-9)


def test_changes_of_rank_hold_both_sets():
    at = cx.leagues.league_change(waves([5, 6, 7, 8], [5, 6, 7, 8])).table
    change = at["rank_after"] - at["rank_before"]
    assert ((at["rank_change_low"] <= change) & (change <= at["rank_change_high"])).all()


def test_errors_of_waves():
    assert message(cx.leagues.league_change, study([6, 7])) == (
        "a change of ranks needs a column with role 'wave'; shops declares none"
    )
    assert message(cx.leagues.league_change, waves([6, 7], [6, 7]), waves=(1, 3)) == "waves is (1, 3); give two of 1, 2"
    assert message(cx.leagues.league_change, waves([6, 7], [6, 7], n=5)) == (
        "a change of ranks needs at least two units with 10 answers in both waves; 'shop' has 0"
    )


@pytest.mark.parametrize("backend", ["polars", "duckdb"])
def test_every_backend_gives_the_same_table(backend):
    """Case-mix with a missing category, through pandas, polars and DuckDB."""
    import duckdb
    import polars

    shops = study([6, 7, 8], n=100)
    rng = np.random.default_rng(1)
    data = shops.table.assign(age=rng.choice(np.array(["old", "young", None], object), 300))
    book = cx.Codebook("shops", (*shops.codebook.fields, cx.Field("age", type="string", role="segment")))
    other = polars.from_pandas(data).lazy() if backend == "polars" else duckdb.from_df(data)
    one = cx.league(cx.Study(data, book), case_mix="age").table
    two = cx.league(cx.Study(other, book), case_mix="age").table
    assert one["shop"].tolist() == two["shop"].tolist()
    numbers = ["estimate", "low", "high", "raw", "shrunken", "rank_low", "rank_high"]
    np.testing.assert_allclose(one[numbers].to_numpy(float), two[numbers].to_numpy(float), rtol=1e-9)


def test_pairs_over_the_whole_table_hold_with_four_clusters_a_unit():
    """No unit differs: a pair was called apart in 30 % of tables of 12 units with 4 clusters each, promised 5."""
    rng, tables, wrong = np.random.default_rng(3), 40, 0
    b = np.repeat(np.arange(12), 60)
    for _ in range(tables):
        c = b * 4 + rng.integers(0, 4, len(b))
        z = np.sqrt(0.2) * rng.normal(size=48)[c] + np.sqrt(0.8) * rng.normal(size=len(b))
        table = pd.DataFrame({"b": b, "c": c, "ltr": np.where(z > 0, 10, np.where(z > -0.84, 8, 3))})
        ltr = cx.Field("ltr", type="integer", role="outcome", measure="recommendation", scale=cx.Scale(0, 10))
        roles = (cx.Field("b", type="integer", role="brand"), cx.Field("c", type="integer", role="cluster"))
        wrong += cx.league(cx.Study(table, cx.Codebook("s", (ltr, *roles)))).parts["separated_pairs"] > 0
    assert wrong <= binom.ppf(0.999, tables, 0.05)


@pytest.mark.parametrize(("units", "tau2", "robust"), [(21, 0.5, True), (20, 0.5, False), (21, 0.0, False)])
def test_few_units_or_none_that_differ_have_intervals_that_know_tau_badly(
    units: int, tau2: float, robust: bool
) -> None:
    y, v = np.linspace(-1, 1, units), np.full(units, 0.4)
    found = SimpleNamespace(estimate=y / 2, half=np.full(units, 0.01), tau2=tau2)
    low, high = _shrunken_limits(found, y, v, 0.9)
    known = posterior(y, v).interval(0.9)
    want = (y / 2 - 0.01, y / 2 + 0.01) if robust else (np.fmin(known[0], y / 2), np.fmax(known[1], y / 2))
    np.testing.assert_allclose([low, high], want)
