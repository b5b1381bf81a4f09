"""Prices: the golden values of R's pricesensitivitymeter, isotonic regression of scikit-learn, and known truth."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.isotonic import IsotonicRegression

import cxlab as cx
from cxlab.stats.pricing.price_curves import falling

NAMES = ["too_cheap", "cheap", "expensive", "too_expensive"]


def ladder(yes: list[int], prices: list[int], asked: int = 60) -> cx.Study:
    rows = [(p, int(k < y)) for p, y in zip(prices, yes, strict=True) for k in range(asked)]
    return cx.load(pd.DataFrame(rows, columns=["price", "buys"]))


def named(n: int, seed: int = 1, **changes: object) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    prices = 50 * np.exp(0.25 * rng.standard_normal((n, 1)) + np.array([-0.8, -0.3, 0.3, 0.8]))
    return pd.DataFrame(prices.round(), columns=NAMES).assign(**changes)


@pytest.mark.mirror
@pytest.mark.parametrize(
    ("crossing", "points"),
    [("interpolated", [39.10891089, 97.6, 66.5, 69.0, 61, 76]), ("price", [40, 98, 67, 70, 61, 76])],
)
def test_both_rules_give_the_golden_values_of_r(crossing: str, points: list[float]) -> None:
    found = cx.prices.price_sensitivity(
        cx.load("price-sensitivity"), intent=["intent_cheap", "intent_expensive"], crossing=crossing, draws=50
    )
    np.testing.assert_allclose(found.table["estimate"], points, atol=5e-9)
    assert found.table["n"].iloc[0] == 991
    assert "9 of 1,000 answers (0.9%) have prices that do not rise and are left out" in found.notes
    reach = found.parts["reach"]
    assert reach["reach"].max() == pytest.approx(0.3297878, abs=5e-8)
    assert reach["revenue"].max() == pytest.approx(22.74436, abs=5e-6)


@pytest.mark.mirror
def test_the_best_price_is_a_set_and_intervals_are_those_of_a_peer_bootstrap() -> None:
    found = cx.prices.price_sensitivity(
        cx.load("price-sensitivity"), intent=["intent_cheap", "intent_expensive"], draws=1000
    )
    best = found.parts["best"].set_index("price")["probability"]
    assert set(best.index[:3]) == {75.0, 76.0, 79.0} and best.loc[76.0] == pytest.approx(0.29, abs=0.06)
    ends = found.table.loc[[0, 2, 3], ["low", "high"]].to_numpy()
    np.testing.assert_allclose(ends, [[37.4, 39.5], [64.3, 69.0], [65.4, 69.8]], atol=0.6)


def test_equal_weights_change_nothing_and_doubled_rows_are_a_weight_of_two() -> None:
    rows = named(80)
    plain = cx.prices.price_sensitivity(cx.load(rows), draws=10).table["estimate"]
    weights = np.where(np.arange(80) % 2, 2.0, 1.0)
    fields = (*(cx.Field(c, type="number") for c in NAMES), cx.Field("w", type="number", role="weight"))
    weighted = cx.Study(rows.assign(w=weights), cx.Codebook("s", fields))
    twice = cx.load(rows.loc[np.repeat(np.arange(80), weights.astype(int))])
    found = cx.prices.price_sensitivity(weighted, draws=10).table["estimate"]
    np.testing.assert_allclose(found, cx.prices.price_sensitivity(twice, draws=10).table["estimate"], rtol=1e-12)
    equal = cx.Study(rows.assign(w=3.0), cx.Codebook("s", fields))
    np.testing.assert_allclose(cx.prices.price_sensitivity(equal, draws=10).table["estimate"], plain, rtol=1e-12)


def test_narrow_and_original_ends_are_told_apart_in_the_method() -> None:
    wide, narrow = (cx.prices.price_sensitivity(cx.load(named(200)), span=s, draws=10) for s in ("original", "narrow"))
    assert "not cheap x too cheap" in wide.method and "expensive x too cheap" in narrow.method
    w, n = wide.table["estimate"], narrow.table["estimate"]
    assert w[0] < n[0] or w[1] > n[1]


@pytest.mark.parametrize(
    ("table", "options", "message"),
    [
        (
            named(50).rename(columns={"cheap": "expensive", "expensive": "cheap"}), {},
            "the columns are probably swapped: their order is too_cheap < expensive < cheap < too_expensive",
        ),
        (named(50, too_cheap=-1.0), {}, "50 rows of table name a price below 0; correct them, or leave the rows out"),
        (
            named(50, **dict.fromkeys(NAMES, 9.0)), {},
            "the four prices of table take 1 values in all; where nothing differs no curves can cross",
        ),
        (
            named(50), {"intent": ["cheap"]},
            "intent names 1 columns; give two: how likely at the cheap and at the expensive price",
        ),
    ],
)  # fmt: skip
def test_bad_prices_are_said(table: pd.DataFrame, options: dict, message: str) -> None:
    with pytest.raises(cx.DataProblem) as said:
        cx.prices.price_sensitivity(cx.load(table), **options)
    assert str(said.value).endswith(message)


def test_a_question_that_was_not_understood_is_said() -> None:
    rows = named(100)
    rows.loc[:30, "cheap"] = rows.loc[:30, "too_cheap"] - 1
    found = cx.prices.price_sensitivity(cx.load(rows), draws=10)
    assert "31 of 100 answers (31.0%) have prices that do not rise and are left out" in found.notes
    assert any(
        n.startswith("so many answers out of order mean that the question was not understood") for n in found.notes
    )


def test_a_ladder_has_the_shares_and_revenue_of_isotonic_regression() -> None:
    found = cx.prices.gabor_granger(
        ladder([46, 44, 47, 30, 22, 10], [10, 12, 14, 16, 18, 20]), price="price", buys="buys"
    )
    share = [0.766667, 0.758333, 0.758333, 0.5, 0.366667, 0.166667]
    np.testing.assert_allclose(found.table["estimate"], share, atol=5e-7)
    np.testing.assert_allclose(found.table["revenue"], [7.6667, 9.1, 10.6167, 8, 6.6, 3.3333], atol=5e-5)
    assert found.table["best"][2] == pytest.approx(0.97, abs=0.03)
    assert found.table["best"].sum() == pytest.approx(1)


def test_falling_shares_equal_scikit_learn() -> None:
    rng = np.random.default_rng(3)
    for _ in range(30):
        y, w = rng.random(12), rng.random(12) + 0.1
        peer = IsotonicRegression(increasing=False).fit(np.arange(12), y, w).predict(np.arange(12))
        np.testing.assert_allclose(falling(y, w), peer, atol=1e-12)


def test_persons_who_saw_several_prices_are_drawn_as_wholes() -> None:
    """Everybody answers the same at all prices: two rows a person are no more than one."""
    rng = np.random.default_rng(4)
    buys = rng.integers(0, 2, 200)
    one = pd.DataFrame({"price": np.tile([10, 12], 100), "buys": buys, "who": np.arange(200)})
    many = pd.concat([one.assign(price=p) for p in (10, 12)] * 4, ignore_index=True)
    plain, whole = (
        cx.prices.gabor_granger(cx.load(many), price="price", buys="buys", person=p).table for p in ("", "who")
    )  # fmt: skip
    width = lambda t: float((t["high"] - t["low"]).iloc[0])  # noqa: E731
    assert width(whole) > 1.7 * width(plain)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"price": [5] * 20, "buys": [0, 1] * 10}, "'price' of table has 1 value; a curve needs two prices or more"),
        (
            {"price": [5, 6] * 10, "buys": [1, 2] * 10},
            "'buys' of table holds 1, 2; 1 is who would buy, 0 who would not: make it so with study.derive",
        ),
        (
            {"price": [5] * 19 + [6], "buys": [0, 1] * 10},
            "the price 6 has 1 answers; 10 are needed, or least_n=0",
        ),
    ],
)  # fmt: skip
def test_a_bad_ladder_is_said(table: dict, message: str) -> None:
    with pytest.raises(cx.DataProblem) as said:
        cx.prices.gabor_granger(cx.load(pd.DataFrame(table)), price="price", buys="buys")
    assert str(said.value) == message


def test_pictures_show_range_and_best() -> None:
    ax = cx.prices.price_sensitivity(cx.load(named(100)), draws=20).plot()
    assert len(ax.lines) >= 4
    ax = cx.prices.gabor_granger(ladder([50, 40, 10], [10, 12, 14]), price="price", buys="buys", draws=50).plot()
    assert any("best" in t.get_text() for t in ax.texts)


def test_a_price_that_nobody_pays_earns_nothing_and_the_highest_may_not_be_the_best() -> None:
    ladder = pd.DataFrame({"price": np.tile([5, 6, 7, 8], 50), "buys": 0})
    with pytest.raises(cx.DataProblem) as said:
        cx.prices.gabor_granger(cx.load(ladder), price="price", buys="buys")
    assert str(said.value) == (
        "nobody of table would buy at any of the prices ('buys' is 0 throughout); no price earns anything: show lower "
        "ones"
    )
    all_ = cx.prices.gabor_granger(cx.load(ladder.assign(buys=1)), price="price", buys="buys", draws=20)
    assert "8 is the highest price shown: what a higher one earns these data cannot say" in all_.notes
    with pytest.raises(cx.DataProblem) as said:
        cx.prices.price_sensitivity(cx.load(ladder), too_cheap="price", cheap="price", expensive="buys",
                                    too_expensive="buys")  # fmt: skip
    assert str(said.value) == (
        "too_cheap, cheap, expensive and too_expensive are price, price, buys, buys; name four columns"
    )


PRICES = (10, 12, 14, 16, 18)


def stopped(way: str, persons: int = 400) -> pd.DataFrame:
    """A ladder that goes up until a price is refused, down until one is taken, from the middle, or two at random."""
    rng = np.random.default_rng(1)
    rows = []
    for who, most in enumerate(rng.normal(14, 2.5, persons)):
        takes = [int(most >= p) for p in PRICES]
        last = sum(takes)
        shown = {"whole": range(5), "up": range(min(last + 1, 5)), "down": range(max(last - 1, 0), 5),
                 "middle": range(2, min(last + 1, 5)) if takes[2] else range(max(last - 1, 0), 3),
                 "random": np.sort(rng.choice(5, 2, replace=False))}[way]  # fmt: skip
        rows += [(who, PRICES[k], takes[k]) for k in shown]
    return pd.DataFrame(rows, columns=["who", "price", "buys"])


def demand(way: str, person: str) -> cx.Result:
    return cx.prices.gabor_granger(cx.load(stopped(way)), price="price", buys="buys", person=person, draws=40)


@pytest.mark.parametrize("way", ["up", "down", "middle"])
def test_a_ladder_that_stopped_at_the_answer_gives_the_demand_of_the_whole_one(way: str) -> None:
    """Shares of those who were shown a price say 20 % at 18 where 5 % would buy."""
    whole, found = demand("whole", "who"), demand(way, "who")
    assert found.table["estimate"].tolist() == pytest.approx(whole.table["estimate"].tolist())
    assert found.table["n"].tolist() == [400] * 5
    follow = "answers to prices that were not shown follow from those given: who refuses one refuses a dearer one"
    assert f"{2000 - len(stopped(way)):,} {follow}" in found.notes
    alone = demand(way, "")
    assert any(n.endswith("the shares are not those of all: name person=") for n in alone.notes)
    assert abs(alone.table["estimate"] - whole.table["estimate"]).max() > 0.1
    assert not any("not shown" in n or "those of all" in n for n in whole.notes)


def test_prices_left_out_at_random_are_not_filled() -> None:
    """Whose answers happen to follow are no sample of all."""
    found = demand("random", "who")
    shown = stopped("random").groupby("price")["buys"]
    assert found.table["raw"].tolist() == pytest.approx(shown.mean().tolist())
    assert found.table["n"].tolist() == shown.size().tolist() and not any("not shown" in n for n in found.notes)


def test_all_and_none_have_intervals_and_a_rise_is_called_the_wrong_way() -> None:
    ladder = pd.DataFrame({"price": np.tile([10, 12, 14], 40), "buys": np.tile([1, 0, 0], 40)})
    found = cx.prices.gabor_granger(cx.load(ladder), price="price", buys="buys", draws=40).table
    assert found["low"].iloc[0] == pytest.approx(0.025 ** (1 / 40)) and found["high"].iloc[0] == 1  # exact, 40 of 40
    assert found["high"].iloc[1] == pytest.approx(1 - 0.025 ** (1 / 40)) and found["low"].iloc[1] == 0
    turned = ladder.assign(buys=1 - ladder["buys"])
    notes = cx.prices.gabor_granger(cx.load(turned), price="price", buys="buys", draws=40).notes
    assert notes[0] == (
        "WRONG WAY: 100% would buy at 14 and 0% at 10: is 1 who would NOT buy? Nothing below holds if it is"
    )
