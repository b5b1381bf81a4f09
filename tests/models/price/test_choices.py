"""Choices between offers: the published tables of R's mlogit (Heating, Electricity) and statsmodels."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from statsmodels.discrete.conditional_models import ConditionalLogit

import cxlab as cx


def offers(persons: int = 60, seed: int = 2) -> pd.DataFrame:
    """Return four choices among three offers a person; truth: price -0.5, fast 1, brand b 0.5."""
    rng = np.random.default_rng(seed)
    sets = persons * 4
    table = pd.DataFrame({"set": np.repeat(np.arange(sets), 3), "who": np.repeat(np.arange(persons), 12)})
    table = table.assign(price=rng.integers(1, 6, len(table)), fast=rng.integers(0, 2, len(table)))
    table["brand"] = np.array(["a", "b"])[rng.integers(0, 2, len(table))]
    v = -0.5 * table["price"] + table["fast"] + 0.5 * (table["brand"] == "b") + rng.gumbel(size=len(table))
    table["taken"] = (v == v.groupby(table["set"]).transform("max")).astype(int)
    return table


def test_coefficients_equal_statsmodels() -> None:
    table = offers()
    x = table[["price", "fast"]].assign(b=(table["brand"] == "b").astype(float))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        peer = ConditionalLogit(table["taken"], x, groups=table["set"]).fit(disp=0, gtol=1e-10)
    found = cx.prices.choice(cx.load(table), "price + fast + brand", chosen="taken", among="set")
    np.testing.assert_allclose(found.table["estimate"], peer.params, rtol=1e-3)  # it stops early
    assert found.parts["fit"]["loglik"] == pytest.approx(peer.llf, rel=1e-6)
    assert found.parts["fit"]["loglik"] >= peer.llf


def test_travel_has_greenes_published_coefficients() -> None:
    """Greene, Econometric Analysis (5th edition, table 21.11): 210 travellers between Sydney and Melbourne."""
    import statsmodels.api as sm

    d = sm.datasets.modechoice.load_pandas().data
    table = pd.DataFrame({
        "set": d["individual"].astype(int), "taken": d["choice"].astype(int), "gc": d["gc"], "ttme": d["ttme"],
        "by": d["mode"].map({1: "air", 2: "train", 3: "bus", 4: "a car"}), "income": (d["mode"] == 1) * d["hinc"],
    })  # fmt: skip
    found = cx.prices.choice(cx.load(table), "gc + ttme + C(by) + income", chosen="taken", among="set")
    published = [-0.015501, -0.096125, 5.2074, 3.1632, 3.8690, 0.013287]  # air, bus, train, against the car
    np.testing.assert_allclose(found.table["estimate"], published, atol=6e-5)
    assert found.parts["fit"]["loglik"] == pytest.approx(-199.1284, abs=5e-5)


@pytest.mark.mirror
def test_heating_has_the_published_coefficients(mirror: Path) -> None:
    wide = pd.read_csv(mirror / "stated_choice/Heating.csv")
    kinds = ["gc", "gr", "ec", "er", "hp"]
    rows = pd.concat([
        pd.DataFrame({"set": wide["idcase"], "kind": ("0" if k == "hp" else k), "ic": wide[f"ic.{k}"],
                      "oc": wide[f"oc.{k}"], "taken": (wide["depvar"] == k).astype(int)}) for k in kinds
    ], ignore_index=True)  # fmt: skip
    plain = cx.prices.choice(cx.load(rows), "ic + oc", chosen="taken", among="set")
    np.testing.assert_allclose(plain.table["estimate"], [-0.006231869335, -0.004580082961], atol=5e-12)
    assert plain.parts["fit"]["loglik"] == pytest.approx(-1095.237125, abs=5e-7)
    full = cx.prices.choice(cx.load(rows), "ic + oc + C(kind)", chosen="taken", among="set")
    expected = [-0.001533153111, -0.006996367888, 1.658845943538, 1.853436967360, 1.710979300177, 0.308263247773]
    np.testing.assert_allclose(full.table["estimate"], expected, atol=5e-10)
    assert full.parts["fit"]["loglik"] == pytest.approx(-1008.228722, abs=5e-7)
    plain_ratio, ratio = (f.table["estimate"][1] / f.table["estimate"][0] for f in (plain, full))
    assert plain_ratio == pytest.approx(0.7349453, abs=5e-8) and ratio == pytest.approx(4.563385, abs=5e-7)
    worth = cx.prices.willingness_to_pay(full, "ic").table.set_index("term")["estimate"]
    assert worth["oc"] == pytest.approx(-ratio)  # what a dollar a year less is worth today
    b = full.table.set_index("term")["estimate"]
    cheaper = rows["ic"] * np.where(rows["kind"] == "0", 0.9, 1)  # a rebate of a tenth on heat pumps
    own = rows["kind"].map({k: b.filter(like=f" {k} ").iloc[0] for k in kinds[:4]} | {"0": 0.0})
    v = np.exp(b["ic"] * cheaper + b["oc"] * rows["oc"] + own)
    shares = (v / v.groupby(rows["set"]).transform("sum")).groupby(rows["kind"]).mean()
    published = {"0": 0.06446230, "ec": 0.07045486, "er": 0.09247026, "gc": 0.63064443, "gr": 0.14196814}
    assert shares.to_dict() == pytest.approx(published, abs=5e-9)


@pytest.mark.mirror
def test_electricity_has_the_clustered_errors_of_r_and_fiellers_interval(mirror: Path) -> None:
    wide = pd.read_csv(mirror / "stated_choice/Electricity.csv")
    names = ["pf", "cl", "loc", "wk", "tod", "seas"]
    rows = pd.concat([
        pd.DataFrame({"set": wide.index, "who": wide["id"], "taken": (wide["choice"] == k).astype(int)}
                     | {c: wide[f"{c}{k}"] for c in names}) for k in range(1, 5)
    ], ignore_index=True)  # fmt: skip
    found = cx.prices.choice(cx.load(rows), " + ".join(names), chosen="taken", among="set", person="who")
    b = [-0.6252277653, -0.1082990902, 1.4422428711, 0.9955040043, -5.4627586549, -5.8400308336]
    se = np.array([0.0334436415, 0.0139973057, 0.0787594158, 0.0637821683, 0.2777694413, 0.2723385114])
    np.testing.assert_allclose(found.table["estimate"], b, atol=5e-10)
    np.testing.assert_allclose(found.table["se"], se * np.sqrt(361 / 360), rtol=1e-7)  # R's have no G / (G - 1)
    assert found.parts["fit"]["loglik"] == pytest.approx(-4958.649119, abs=5e-7)
    worth = cx.prices.willingness_to_pay(found, "pf").table.set_index("term").loc["loc"]
    assert worth["estimate"] == pytest.approx(2.306748, abs=5e-7)
    np.testing.assert_allclose(worth[["low", "high"]].astype(float), [1.9632, 2.7092], atol=0.004)
    np.testing.assert_allclose(worth[["delta_low", "delta_high"]].astype(float), [1.9369, 2.6766], atol=0.004)


def test_intervals_of_worth_hold_the_truth() -> None:
    hits = 0
    for seed in range(30):
        found = cx.prices.choice(
            cx.load(offers(60, seed)), "price + fast + brand", chosen="taken", among="set", person="who"
        )
        row = cx.prices.willingness_to_pay(found, "price").table.iloc[0]
        hits += row["low"] <= 2 <= row["high"]
    assert hits >= 25  # binomial, 30 draws at 95 %


def test_a_price_that_may_be_zero_gives_no_bounds() -> None:
    table = offers(30).assign(price=np.random.default_rng(9).integers(1, 6, 360))
    found = cx.prices.willingness_to_pay(
        cx.prices.choice(cx.load(table), "price + fast", chosen="taken", among="set"), "price"
    )
    assert found.table["low"].isna().all()
    assert (
        "the interval of 'price' holds 0: what an attribute is worth has no bounds, and none are given" in found.notes
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"taken": 0},
            "240 choice sets of table have no offer taken and 0 more than one (first: 'set' = 0); each set needs one: "
            "where nothing was taken add 'none' as an offer, or leave the set out",
        ),
        (
            {"fast": 1},
            "fast: the same for all offers of every set, so choices say nothing about it; leave it out",
        ),
        ({"taken": 2}, "'taken' of table holds 2; 1 is the offer that was taken, 0 the others"),
    ],
)
def test_bad_choices_are_said(change: dict, message: str) -> None:
    with pytest.raises(cx.DataProblem) as said:
        cx.prices.choice(cx.load(offers().assign(**change)), "price + fast", chosen="taken", among="set")
    assert str(said.value) == message


def test_perfect_prediction_and_a_wrong_price_are_said() -> None:
    table = offers().assign(fast=lambda t: t["taken"])
    with pytest.raises(cx.DataProblem) as said:
        cx.prices.choice(cx.load(table), "fast", chosen="taken", among="set")
    assert str(said.value) == (
        "'fast' predicts the choices perfectly somewhere; no finite worth fits: merge levels, or leave an attribute out"
    )
    found = cx.prices.choice(cx.load(offers()), "price + fast", chosen="taken", among="set")
    with pytest.raises(cx.DataProblem) as said:
        cx.prices.willingness_to_pay(found, "pryce")
    assert str(said.value) == "term 'pryce' is not in the result; did you mean 'price'? There are: price, fast"
    assert len(found.plot().texts) == 2 and len(cx.prices.willingness_to_pay(found, "price").plot().texts) == 1


def test_an_attribute_made_of_others_is_refused() -> None:
    """Halved worths with small errors were told of a price in two units."""
    table = offers().assign(cents=lambda t: 100 * t["price"])
    with pytest.raises(cx.DataProblem) as said:
        cx.prices.choice(cx.load(table), "price + fast + cents", chosen="taken", among="set")
    assert str(said.value) == (
        "'cents' follows from 'price' in the 240 choice sets: what is due to which cannot be told; leave one out"
    )


def test_a_perfect_attribute_is_said_in_money_too() -> None:
    table = offers().assign(fast=lambda t: t["taken"])
    with pytest.raises(cx.DataProblem) as said:
        cx.prices.worth_in_money(
            cx.load(table), "price + fast", price="price", chosen="taken", among="set", person="who", random=["fast"]
        )
    assert str(said.value) == (
        "'price + fast' predicts the choices perfectly somewhere; no finite worth fits: merge levels, or leave an "
        "attribute out"
    )
