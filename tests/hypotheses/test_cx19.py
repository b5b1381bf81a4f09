"""Closing the loop: analysis of covariance by hand, recovered, and not fooled by who answers again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.stats import binom

import cxlab as cx
from cxlab.data.codebook import Codebook, Field, Scale

REPS = 30


def verdict(study: cx.Study, **more) -> cx.Result:
    return cx.verdict("CX-19", study, robust=False, ledger=None, **more)


def test_the_effect_is_the_one_of_statsmodels() -> None:
    study = cx.simulated("CX-19", 5.0, n=800, seed=1)
    t = study.table
    fit = sm.OLS(t["after"], sm.add_constant(t[["arm", "before"]])).fit(cov_type="HC3")
    e = verdict(study).estimate
    assert (e.value, e.se) == (pytest.approx(fit.params["arm"]), pytest.approx(fit.bse["arm"], rel=1e-6))


def test_it_is_the_models_number() -> None:
    """Of `cx.loop_effect`, the way of a draw."""
    study = cx.simulated("CX-19", 5.0, n=800, seed=2, threat="selective-answers")
    model = cx.loop_effect(study, "after", before="before", called="arm")
    assert model.parts["way"] == "random"
    e = verdict(study).estimate
    limits = model.table.iloc[0][["estimate", "low", "high"]].tolist()
    assert [e.value, e.low, e.high] == pytest.approx(limits, rel=1e-9)


def test_the_worst_for_the_silent_is_by_hand() -> None:
    """Twelve routed, twelve not, nobody moves with the score before: two silent routed end at the worst tenth."""
    table = pd.DataFrame({
        "before": np.tile([10.0, 20.0, 30.0, 40.0], 20),
        "arm": np.repeat([1.0, 0.0], 40),
        "after": np.concatenate([np.full(40, 60.0), np.tile(np.repeat([20.0, 30.0, 40.0, 50.0, 60.0], 4), 2)]),
    })  # fmt: skip
    table.loc[[0, 1, 2, 3], "after"] = np.nan
    scale = Scale(0, 100)
    fields = (
        Field("before", role="outcome", measure="satisfaction", scale=scale),
        Field("after", role="outcome", measure="satisfaction", scale=scale),
        Field("arm", role="operation"),
    )
    v = verdict(cx.Study(table, Codebook("alerts", fields, design="experiment", assignment=("arm",))),
                columns={"before": "before", "after": "after"})  # fmt: skip
    assert v.estimate.value == pytest.approx(20.0)
    shown = v.parts["shown"].set_index("label")["estimate"]
    assert shown["at worst for those who did not answer again"] == pytest.approx((36 * 60 + 4 * 20) / 40 - 40)
    assert v.direction == "SUPPORTED"


def test_the_truth_is_recovered(replicates) -> None:
    found = replicates("CX-19", 5.0, n=2000, reps=REPS, seed=1)
    assert found["value"].mean() == pytest.approx(5.0, abs=0.8)
    assert found["low"].le(5).mul(found["high"].ge(5)).sum() >= binom.ppf(0.0005, REPS, 0.95)
    assert found["direction"].eq("SUPPORTED").sum() >= binom.ppf(0.0005, REPS, 0.75)


@pytest.mark.parametrize("n", [1000, 6000])
@pytest.mark.parametrize("threat", [None, "regression-to-the-mean", "selective-answers"])
def test_nothing_is_not_supported(replicates, threat, n: int) -> None:
    found = replicates("CX-19", 0.0, n=n, reps=REPS, threat=threat, seed=2)
    assert found["direction"].eq("SUPPORTED").sum() <= binom.ppf(0.9995, REPS, 0.025)
    if threat is None:
        assert found["low"].le(0).mul(found["high"].ge(0)).sum() >= binom.ppf(0.0005, REPS, 0.95)
        assert found["value"].mean() == pytest.approx(0, abs=1.3)
    if threat == "selective-answers":
        assert found["value"].mean() > 5 and found["direction"].eq("INCONCLUSIVE").all()


def test_the_silent_stand_in_the_sentence() -> None:
    v = verdict(cx.simulated("CX-19", 0.0, n=3000, seed=3, threat="selective-answers"))
    assert v.direction == "INCONCLUSIVE"
    assert "(who answers again may be who was appeased; the effect stays, whoever did not answer again: " in v.sentence


def test_an_arm_that_does_not_say_who_was_routed_is_refused() -> None:
    study = cx.simulated("CX-19", 5.0, n=800, seed=1)
    other = cx.Study(study.table.assign(arm=2 - study.table["arm"]), study.codebook)
    assert verdict(other).parts["reason"] == (
        "'arm' holds 1, 2; which of them is yes cannot be known. Label two values in the codebook, e.g. "
        '"labels": {"1": "yes", "2": "no"}'
    )
    book = study.codebook.replace("arm", labels={"1": "routed", "2": "not routed"})
    assert verdict(cx.Study(other.table, book)).estimate.value == pytest.approx(verdict(study).estimate.value)


def test_a_score_without_a_scale_is_refused() -> None:
    study = cx.simulated("CX-19", 5.0, n=800, seed=1)
    fields = tuple(replace(f, scale=None) if f.name == "after" else f for f in study.codebook)
    with pytest.raises(cx.DataProblem, match="it lacks the scale of 'after'"):
        verdict(cx.Study(study.table, replace(study.codebook, fields=fields)))


def test_without_an_arm_the_correlation_is_of_people() -> None:
    """On five points many people give the same two answers."""
    rng = np.random.default_rng(7)
    true = rng.standard_normal(900)
    answer = lambda: np.clip(np.round(3.4 + 0.9 * true + 0.8 * rng.standard_normal(900)), 1, 5)  # noqa: E731
    table = pd.DataFrame({"before": answer(), "after": answer()})
    five = Scale(1, 5)
    fields = tuple(Field(c, role="outcome", measure="satisfaction", scale=five) for c in table)
    v = verdict(cx.Study(table, Codebook("two", fields)))
    rest = table[table["before"] >= 3]
    assert f"(r = {rest.corr().iloc[0, 1]:.2f}, " in " ".join(v.notes)
    assert v.direction == "NOT-IDENTIFIED"


def test_the_threats_are_in_the_data() -> None:
    tables = {t: cx.simulated("CX-19", 0.0, n=4000, threat=t).table
              for t in (None, "regression-to-the-mean", "selective-answers")}  # fmt: skip
    routed = lambda t: t[t["arm"] == 1]  # noqa: E731
    assert (
        routed(tables["regression-to-the-mean"])["before"].max()
        < 50
        <= tables["regression-to-the-mean"]["before"].max()
    )
    missing = {t: x["after"].isna().groupby(x["arm"]).mean() for t, x in tables.items()}
    assert missing[None].max() == 0 and missing["selective-answers"].to_numpy() == pytest.approx(0.4, abs=0.05)
    assert routed(tables["selective-answers"])["after"].mean() > routed(tables[None])["after"].mean() + 5


@pytest.mark.parametrize(("errors", "alike"), [(0.0, True), (2.5, True), (4.5, False), (-2.5, True), (-4.5, False)])
def test_arms_are_alike_but_for_one_draw_in_a_thousand(errors: float, alike: bool) -> None:
    """The scores before are moved apart by so many standard errors: 3.3 is what one draw in a thousand exceeds."""
    study = cx.simulated("CX-19", 5.0, n=800, seed=1)
    t = study.table
    arms = [t["before"][t["arm"] == k] for k in (1, 0)]
    error = np.sqrt(sum(x.var() / len(x) for x in arms))
    apart = errors * error - (arms[0].mean() - arms[1].mean())
    moved = t["before"] + np.where(t["arm"] == (1 if apart > 0 else 0), abs(apart), 0.0)
    checks = verdict(cx.Study(t.assign(before=moved), study.codebook)).parts["checks"]
    assert [c.holds for c in checks if c.what == "the arms were alike before"] == [alike]
