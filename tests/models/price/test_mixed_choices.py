"""Tastes that differ: mlogit's published mixed logit, known truth, worth in money, designs, stated premiums."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

import cxlab as cx
from cxlab.stats.pricing import mixed_logit
from tests.models.price.test_choices import offers

SETS = {"chosen": "taken", "among": "set"}


@pytest.mark.mirror
def test_electricity_has_the_published_mixed_logit_and_errors_of_persons(mirror: Path) -> None:
    wide = pd.read_csv(mirror / "stated_choice/Electricity.csv")
    names = ["pf", "cl", "loc", "wk", "tod", "seas"]
    rows = pd.concat([
        wide[[f"{n}{j}" for n in names]].set_axis(names, axis=1).assign(
            set=np.arange(len(wide)), who=wide["id"], taken=(wide["choice"] == j).astype(int)) for j in range(1, 5)
    ], ignore_index=True)  # fmt: skip
    found = cx.prices.choice(cx.load(rows), " + ".join(names), person="who", random=names[1:], **SETS)
    published = [-0.879902, -0.217059, 2.092298, 1.490902, -8.581835, -8.583281,
                 0.373477, 1.558857, 1.050810, 2.694660, 1.950728]  # fmt: skip
    np.testing.assert_allclose(found.table["estimate"], published, atol=3e-4)
    assert found.parts["fit"]["loglik"] == pytest.approx(-3961.7, abs=0.05)
    assert found.table["se"][1] == pytest.approx(0.0295, abs=1e-4)  # not mlogit's .01367
    worth = cx.prices.willingness_to_pay(found, "pf").table.set_index("term")
    assert worth.loc["wk", "estimate"] == pytest.approx(1.69, abs=0.005)
    assert worth.loc["wk", "se"] == pytest.approx(0.135, abs=1e-3)
    assert worth.loc["loc", "se"] == pytest.approx(0.187, abs=1e-3)
    assert 1 - worth.loc["cl", "positive"] == pytest.approx(0.72, abs=0.005)  # dislike long contracts


def persons(seed: int, n: int = 250, times: int = 6) -> pd.DataFrame:
    """Choices between two offers; the worth of speed is 3 (sd 2) in money, the weight of money is .6."""
    rng = np.random.default_rng(seed)
    sets = n * times
    table = pd.DataFrame({"set": np.repeat(np.arange(sets), 2), "who": np.repeat(np.arange(n), 2 * times)})
    table = table.assign(price=rng.integers(1, 8, len(table)), fast=rng.integers(0, 2, len(table)))
    worth = 3 + 2 * rng.standard_normal(n)
    v = 0.6 * (worth[table["who"]] * table["fast"] - table["price"]) + rng.gumbel(size=len(table))
    table["taken"] = (v == v.groupby(table["set"]).transform("max")).astype(int)
    return table


def test_worth_in_money_is_found_and_is_the_same_model_as_worth() -> None:
    study = cx.load(persons(1))
    money = cx.prices.worth_in_money(study, "price + fast", price="price", person="who", random=["fast"], **SETS)
    row = money.table.iloc[0]
    assert row["low"] <= 3 <= row["high"] and row["spread"] == pytest.approx(2, abs=0.6)
    assert row["positive"] == pytest.approx(0.933, abs=0.06)
    plain = cx.prices.choice(study, "price + fast", person="who", random=["fast"], **SETS)
    assert plain.parts["fit"]["loglik"] == pytest.approx(money.parts["fit"]["loglik"], abs=1e-4)
    ratio = cx.prices.willingness_to_pay(plain, "price").table.iloc[0]
    assert ratio["estimate"] == pytest.approx(row["estimate"], abs=1e-3)
    assert ratio["se"] == pytest.approx(row["se"], rel=1e-2)
    assert plain.plot() is not None and money.plot() is not None


def test_a_log_normal_term_is_worth_what_the_median_person_says() -> None:
    """A minute of waiting costs exp(-0.7) / 0.6 = 0.83 in the median; nobody is ready to pay for one."""
    rng = np.random.default_rng(1)
    table = pd.DataFrame({"who": np.repeat(np.arange(120), 18), "set": np.repeat(np.arange(720), 3)})
    table = table.assign(price=rng.integers(1, 6, 2160), wait=rng.integers(0, 4, 2160), fast=rng.integers(0, 2, 2160))
    cost = np.exp(rng.normal(-0.7, 0.5, 120))[table["who"]]
    v = table["fast"] - 0.6 * table["price"] - cost * table["wait"] + rng.gumbel(size=2160)
    table["taken"] = (v == v.groupby(table["set"]).transform("max")).astype(int)
    tastes = {"wait": "lognormal", "fast": "normal"}
    found = cx.prices.choice(cx.load(table), "price + wait + fast", person="who", random=tastes, **SETS)
    b, se = (found.table.set_index("term")[c] for c in ("estimate", "se"))
    worth = cx.prices.willingness_to_pay(found, "price")
    row = worth.table.set_index("term").loc["wait"]
    assert row["estimate"] == pytest.approx(np.exp(b["wait (log)"]) / b["price"])
    assert row["low"] < -np.exp(-0.7) / 0.6 < row["high"] < 0 and row["positive"] == 0
    v2 = found.parts["covariance"]
    apart = se["wait (log)"] ** 2 + (se["price"] / b["price"]) ** 2 - 2 * v2[1, 0] / b["price"]
    assert row["se"] == pytest.approx(abs(row["estimate"]) * np.sqrt(apart))  # delta method on the logarithm
    assert row["robb_low"] == pytest.approx(row["low"], abs=0.05)
    likes = b["fast"] / b["sd of fast between persons"]
    assert worth.table["positive"].iloc[1] == pytest.approx(norm.cdf(likes))
    assert "worth of the median person: wait is log-normal" in worth.notes


def test_intervals_of_worth_hold_the_truth() -> None:
    hits = 0
    for seed in range(12):
        study = cx.load(persons(seed, 120, 5))
        row = cx.prices.worth_in_money(
            study, "price + fast", price="price", person="who", random=["fast"], **SETS
        ).table.iloc[0]
        hits += row["low"] <= 3 <= row["high"]
    assert hits >= 9  # binomial of 12 at 95 %


def test_without_random_terms_worth_in_money_is_the_ratio_with_its_delta_interval() -> None:
    study = cx.load(offers())
    money = cx.prices.worth_in_money(study, "price + fast + brand", price="price", person="who", **SETS).table
    found = cx.prices.choice(study, "price + fast + brand", person="who", **SETS)
    ratio = cx.prices.willingness_to_pay(found, "price").table
    np.testing.assert_allclose(money["estimate"], ratio["estimate"], atol=1e-4)
    np.testing.assert_allclose(money["low"], ratio["delta_low"], rtol=1e-3)
    assert (np.abs(ratio["robb_low"] - ratio["low"]) < 0.1 * (ratio["high"] - ratio["low"])).all()


def test_scores_are_the_slopes_of_the_likelihood() -> None:
    table = persons(3, 30)
    x = table[["price", "fast"]].to_numpy(float)
    draws = mixed_logit.halton(30, 2, 50)
    base = mixed_logit.Problem(x, table["taken"].to_numpy() == 1, table["set"].to_numpy(), table["who"].to_numpy(),
                               np.ones(30), np.array([True, True]), np.zeros(2, bool), None, draws)  # fmt: skip
    for problem in (base, replace(base, log=np.array([True, False])), replace(base, price=0)):
        theta = np.array([-0.5, 0.8, 0.3, 0.4])
        _, scores = mixed_logit.likelihood(problem, theta)
        for k in range(4):
            step = np.eye(4)[k] * 1e-6
            up, down = (mixed_logit.likelihood(problem, theta + s)[0] for s in (step, -step))
            np.testing.assert_allclose(scores[:, k], (up - down) / 2e-6, atol=1e-6)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"random": ["wait"]}, "term 'wait' is not in the formula. There are: price, fast"),
        ({"random": {"fast": "uniform"}},
         "random['fast'] is 'uniform'; did you mean 'normal'? allowed: 'normal', 'lognormal'"),
        ({"random": {"fast": "lognormal"}},
         "a log-normal term has a positive coefficient in the plain logit; it must lower the worth of an offer, as a "
         "price does: let it be normal, or turn its sign"),
    ],
)  # fmt: skip
def test_tastes_that_cannot_be_are_said(options: dict, message: str) -> None:
    with pytest.raises(cx.DataProblem) as said:
        cx.prices.choice(cx.load(persons(1, 40)), "price + fast", person="who", **SETS, **options)
    assert str(said.value) == message


def test_a_random_price_has_no_ratio() -> None:
    found = cx.prices.choice(cx.load(persons(1)), "price + fast", person="who", random={"price": "lognormal"}, **SETS)
    with pytest.raises(cx.DataProblem) as said:
        cx.prices.willingness_to_pay(found, "price")
    assert str(said.value) == (
        "'price' differs between persons in this result; its ratios have no mean: let it be fixed, or fit in the "
        "space of money with cx.prices.worth_in_money"
    )


def test_the_design_check_finds_what_is_wrong() -> None:
    table = pd.DataFrame({"set": np.repeat(np.arange(8), 2), "fast": [1, 0] * 8, "near": [1, 0] * 8,
                          "price": [5, 3, 4, 4, 3, 5, 6, 2] * 2})  # fmt: skip
    found = cx.prices.choice_design(cx.load(table), "fast + near + price", among="set", price="price")
    assert found.table["alone"].round(6).tolist()[:2] == [0, 0]
    wrong = "the offers cannot tell fast, near apart from the others: no number of choices helps; change the design"
    assert wrong in found.notes
    problems = found.parts["problems"].set_index("problem")["n"]
    assert problems["sets that repeat an earlier one"] == 4 and problems["dominated offers"] == 4
    good = offers()
    design = cx.prices.choice_design(cx.load(good), "price + fast + brand", among="set", price="price", detect=0.5)
    fit = cx.prices.choice(cx.load(good), "price + fast + brand", **SETS)
    sd = good.assign(b=(good["brand"] == "b"))[["price", "fast", "b"]].astype(float).std(ddof=0)
    power = (1.959964 + 0.841621) ** 2 * np.diag(fit.parts["covariance"]) * 240 * sd.to_numpy() ** 2 / 0.5**2
    np.testing.assert_allclose(design.table["choices"], power, rtol=0.45)  # at no preference, the fit at its own
    assert design.plot() is not None


def test_stated_premiums_by_hand_and_what_cannot_be() -> None:
    bids = pd.DataFrame({"plain": [10.0, 20, 40] * 10, "great": [11.0, 24, 60] * 10})
    found = cx.prices.stated_premium(cx.load(bids), ordinary="plain", great="great")
    mean = (1.1 * 1.2 * 1.5) ** (1 / 3) - 1
    np.testing.assert_allclose(found.table["estimate"], [mean, mean / 1.2, mean / 1.4])
    logs = np.log(bids["great"] / bids["plain"])
    half = 2.04523 * logs.std() / np.sqrt(30)
    assert found.table["high"][0] == pytest.approx(np.exp(logs.mean() + half) - 1, rel=1e-5)
    with pytest.raises(cx.DataProblem) as said:
        cx.prices.stated_premium(cx.load(bids.assign(plain=0)), ordinary="plain", great="great")
    assert str(said.value) == (
        "30 rows of table have an amount of 0 or below; a ratio needs amounts above 0: leave the rows out with "
        "study.where"
    )


def shown(**more) -> cx.Study:
    return cx.load(pd.DataFrame({"paid": [8.0, 12.5, 10.0, 14.4] * 10, "arm": [0, 0, 1, 1] * 10} | more))


def test_a_premium_between_arms_is_that_of_the_claim_in_words_and_weights() -> None:
    """Geometric means of 10 and 12; labels say which arm is which, prices of 0 are counted, not used."""
    by = {"price": "paid", "arm": "arm"}
    plain = cx.prices.stated_premium(shown(), **by)
    np.testing.assert_allclose(plain.table["estimate"], [0.2, 0.2 / 1.2, 0.2 / 1.4])
    words = cx.prices.stated_premium(shown(arm=["control", "control", "great", "great"] * 10), **by)
    pd.testing.assert_frame_equal(words.table, plain.table)
    zero = cx.prices.stated_premium(shown(paid=[8.0, 12.5, 10.0, 14.4] * 9 + [8.0, 12.5, 10.0, 0.0]), **by)
    assert "1 price of zero has no logarithm and is left out" in zero.notes and zero.table["n"].eq(39).all()


@pytest.mark.parametrize(
    ("more", "by", "said"),
    [
        ({}, {"price": "paid"}, "name ordinary and great (two amounts of one person), or price and arm (which of the "
         "two was shown)"),
        ({}, {}, "name ordinary and great (two amounts of one person), or price and arm (which of the two was shown)"),
        ({}, {"price": "paid", "arm": "paid"}, "price and arm are both 'paid'; name two columns"),
        ({"arm": [1, 1, 2, 2] * 10}, {"price": "paid", "arm": "arm"},
         "'arm' holds 1, 2; which of them is yes cannot be known. Label two values in the codebook, e.g. "
         '"labels": {"1": "yes", "2": "no"}'),
        ({"arm": [1] * 40}, {"price": "paid", "arm": "arm"},
         "0 of table were shown the ordinary and 40 the great experience and named a price above 0; 10 of either are "
         "needed"),
        ({"paid": [-8.5, 12.5, 10.0, 14.4] * 10}, {"price": "paid", "arm": "arm"},
         "10 rows of table have a 'paid' below 0; a price is 0 or more: correct them, or leave the rows out with "
         "study.where"),
    ],
)  # fmt: skip
def test_a_premium_between_arms_that_cannot_be(more: dict, by: dict, said: str) -> None:
    with pytest.raises(cx.DataProblem) as why:
        cx.prices.stated_premium(shown(**more), **by)
    assert str(why.value) == said
