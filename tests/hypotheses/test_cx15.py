"""Satisfied customers come back: against statsmodels, in the unit of the outcome, not fooled by traits and moods."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.stats import binom

import cxlab as cx
from cxlab.data.codebook import Codebook, Field, Scale
from cxlab.stats.fits.unit_means import persistence

REPS = 40


def verdict(study: cx.Study) -> cx.Result:
    return cx.verdict("CX-15", study, robust=False, ledger=None)


def panel(outcome: Field, values: np.ndarray, table: pd.DataFrame, design: str = "panel", **more) -> cx.Study:
    fields = (
        Field("sat", role="outcome", measure="satisfaction", scale=Scale(0, 10)),
        replace(outcome, name="y"),
        Field("who", type="integer", role="id"),
        Field("wave", type="integer", role="wave"),
    )
    return cx.Study(table.assign(y=values), Codebook("people", fields, design=design, **more))


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    rng = np.random.default_rng(2)
    trait = np.repeat(rng.standard_normal(300), 4)
    sat = np.clip(np.round(5 + 1.5 * trait + 2 * rng.standard_normal(1200)), 0, 10)
    return pd.DataFrame({"sat": sat, "who": np.repeat(np.arange(300), 4), "wave": np.tile(np.arange(4), 300)}).assign(
        trait=trait
    )


def test_an_intention_is_the_two_way_within_slope_by_hand(people) -> None:
    rng = np.random.default_rng(3)
    loyal = np.clip(np.round(5 + 0.3 * people["sat"] + people["trait"] + rng.standard_normal(1200)), 0, 10)
    v = verdict(panel(Field("y", role="outcome", measure="loyalty", scale=Scale(0, 10)), loyal, people))

    def within(c: pd.Series) -> pd.Series:
        return c - c.groupby(people["who"]).transform("mean") - c.groupby(people["wave"]).transform("mean") + c.mean()

    x, y = within(people["sat"]), within(loyal)
    assert v.estimate.value == pytest.approx(10 * (x @ y) / (x @ x), rel=1e-9)
    assert (
        v.estimate.value == pytest.approx(3.0, abs=0.4)
        and verdict(
            panel(Field("y", role="outcome", measure="loyalty", scale=Scale(0, 10)), loyal, people, "cross-section")
        ).estimate.value
        > 5
    )


def test_a_hazard_is_the_one_of_statsmodels(people) -> None:
    rng = np.random.default_rng(4)
    left = (rng.random(1200) < 0.3).astype(float)
    v = verdict(panel(Field("y", role="outcome", measure="churn"), left, people))
    mean = lambda by: people["sat"].groupby(people[by]).transform("mean")  # noqa: E731
    x = sm.add_constant(np.column_stack([people["sat"], mean("who"), mean("wave")]))
    link = sm.families.Binomial(sm.families.links.CLogLog())
    groups = {"groups": people["who"].to_numpy()}
    fit = sm.GLM(left, x, family=link).fit(cov_type="cluster", cov_kwds=groups)
    assert v.estimate.value == pytest.approx(-fit.params[1], rel=1e-6)
    assert v.estimate.se == pytest.approx(fit.bse[1], rel=0.03)


def test_it_is_the_models_number(people) -> None:
    """Ten of 100 points are one of 0 to 10; a hazard is of leaving, the claim of staying."""
    left = (np.random.default_rng(4).random(1200) < 0.3).astype(float)
    study = panel(Field("y", role="outcome", measure="churn"), left, people)
    e, model = verdict(study).estimate, cx.loyalty.within_person(study, "y", score="sat", person="who", period="wave")
    row = model.table.iloc[0]
    assert [e.value, e.low, e.high] == pytest.approx([-row["estimate"], -row["high"], -row["low"]], rel=1e-9)
    loyal = np.clip(np.round(5 + 0.3 * people["sat"] + people["trait"]), 0, 10)
    study = panel(Field("y", role="outcome", measure="loyalty", scale=Scale(0, 10)), loyal, people)
    e, model = verdict(study).estimate, cx.loyalty.within_person(study, "y", score="sat", person="who", period="wave")
    row = 10 * model.table.iloc[0][["estimate", "low", "high"]].to_numpy(float)
    assert [e.value, e.low, e.high] == pytest.approx(row.tolist(), rel=1e-9)


@pytest.mark.parametrize("unit", [1.0, 100.0, 0.001])
def test_money_is_a_relative_change_in_any_currency(people, unit: float) -> None:
    """An experiment: Poisson pseudo-likelihood of statsmodels, the same in euros, cents and thousands."""
    rng = np.random.default_rng(5)
    paid = unit * np.exp(3 + 0.15 * people["sat"] + 0.3 * rng.standard_normal(1200))
    study = panel(Field("y", role="outcome", measure="spend"), paid, people, "experiment", assignment=("sat",))
    fit = sm.GLM(paid / unit, sm.add_constant(people["sat"]), family=sm.families.Poisson()).fit()
    v = verdict(study)
    assert v.estimate.value == pytest.approx(np.expm1(fit.params["sat"]), rel=1e-6)
    assert (v.direction, v.estimate.unit) == ("SUPPORTED", "share")


def test_the_truth_is_recovered(replicates) -> None:
    found = replicates("CX-15", 0.3, n=6000, reps=REPS, seed=1)
    assert found["value"].mean() == pytest.approx(0.3, abs=0.015)
    assert found["low"].le(0.3).mul(found["high"].ge(0.3)).sum() >= binom.ppf(0.0005, REPS, 0.95)
    assert found["direction"].eq("SUPPORTED").sum() >= binom.ppf(0.0005, REPS, 0.8)


@pytest.mark.parametrize("threat", [None, "self-selection", "common-factor"])
def test_nothing_is_not_supported(replicates, threat) -> None:
    found = replicates("CX-15", 0.0, n=3000, reps=REPS, threat=threat, seed=2)
    assert found["direction"].eq("SUPPORTED").sum() <= binom.ppf(0.9995, REPS, 0.025)
    if threat == "common-factor":
        assert found["value"].mean() > 0.1 and found["direction"].eq("NOT-IDENTIFIED").mean() > 0.8
    else:
        assert found["value"].mean() == pytest.approx(0, abs=0.02)
        assert found["low"].le(0).mul(found["high"].ge(0)).sum() >= binom.ppf(0.0005, REPS, 0.95)


def test_a_threat_stands_in_the_sentence() -> None:
    v = verdict(cx.simulated("CX-15", 0.0, n=6000, seed=3, threat="common-factor"))
    assert v.direction == "NOT-IDENTIFIED" and v.association == "SUPPORTED"
    assert "(something that lasts moves satisfaction and behaviour together; " in v.sentence


def test_who_is_seen_once_is_not_compared_with_herself() -> None:
    """A trait moves the score and the later behaviour: 'panel' alone carries nothing."""
    rng = np.random.default_rng(6)
    trait = rng.standard_normal(2000)
    table = pd.DataFrame({"sat": np.clip(np.round(5 + 2 * trait), 0, 10), "who": np.arange(2000), "wave": 1})
    left = (rng.random(2000) < -np.expm1(-0.2 * np.exp(-0.7 * trait))).astype(float)
    v = verdict(panel(Field("y", role="outcome", measure="churn"), left, table))
    assert (v.direction, v.association) == ("NOT-IDENTIFIED", "SUPPORTED")
    assert v.parts["reason"] == (
        "loyal people are satisfied anyway; people are compared with themselves: 0 people are seen in 3 periods or "
        "more; at least 20 are needed"
    )


def test_who_leaves_for_good_gives_no_later_score() -> None:
    study = cx.simulated("CX-15", 0.3, n=6000, seed=4)
    gone = study.table.groupby("person")["behaviour"].transform(lambda b: (b == 1).cumsum().shift(fill_value=0))
    v = verdict(cx.Study(study.table[gone == 0], study.codebook))
    assert v.direction == "NOT-IDENTIFIED" and "who left gives no later score" in v.sentence


def test_the_threats_are_in_the_data() -> None:
    """The trait: people's own means go with what they do. The factor: scores last, within people."""
    means, lasts = {}, {}
    for threat in (None, "self-selection", "common-factor"):
        t = cx.simulated("CX-15", 0.0, n=6000, threat=threat).table
        own = t.groupby("person")[["satisfaction", "behaviour"]].mean()
        means[threat] = own.corr().iloc[0, 1]
        lasts[threat] = persistence(*(t[c].to_numpy() for c in ("satisfaction", "person", "period")), np.ones(6000))[0]
    assert abs(means[None]) < 0.09 and means["self-selection"] < -0.3
    assert abs(lasts[None]) < 0.05 < lasts["common-factor"]


def test_a_later_score_that_tells_as_much_is_no_effect(people) -> None:
    """What was spent goes with the score before it and, as much, with the one after it, though no score lasts."""
    later = people.groupby("who")["sat"].shift(-1).fillna(5)
    paid = np.exp(3 + 0.1 * people["sat"] + 0.1 * later)
    v = verdict(panel(Field("y", role="outcome", measure="spend"), paid, people))
    assert (v.direction, v.association) == ("NOT-IDENTIFIED", "SUPPORTED")
    assert "leaves the slope beyond the bar: slope of the later score 0.1" in v.sentence
