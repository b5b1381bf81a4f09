"""Waits drive satisfaction: equal to `cx.journeys.dose_response`, recovered, and not fooled by those who hang up."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

import cxlab as cx

REPS = 40


def verdict(study: cx.Study) -> cx.Result:
    return cx.verdict("CX-24", study, robust=False, ledger=None)


def test_by_hand() -> None:
    """Waits of 1, 2, 4, 8 minutes, 15 calls each, scores 80, 74, 70, 64: 5.2 points lost a doubling."""
    wait, score = np.repeat([1.0, 2, 4, 8], 15), np.repeat([80.0, 74, 70, 64], 15)
    table = pd.DataFrame({"sat": score + np.tile([-2.0, 0, 2], 20), "wait": wait})
    fields = (
        cx.Field("sat", role="outcome", measure="satisfaction", scale=cx.Scale(0, 100)),
        cx.Field("wait", role="operation", measure="wait"),
    )
    v = verdict(cx.Study(table, cx.Codebook("calls", fields, design="experiment", assignment=("wait",))))
    slope = (-3 * 80 - 74 + 70 + 3 * 64) / 20 * 2
    assert v.estimate.value == pytest.approx(slope) == -5.2
    assert v.direction == "SUPPORTED"


def test_it_is_the_models_number() -> None:
    study = cx.load("brand-tracker")
    model = cx.journeys.dose_response(study).table.iloc[0]
    e = verdict(study).estimate
    assert [e.value, e.low, e.high] == pytest.approx([25 * model[c] for c in ("estimate", "low", "high")], rel=1e-9)
    assert e.n == model["n"]


@pytest.mark.mirror
@pytest.mark.parametrize("name", ["call-centre", "olist"])
def test_it_is_the_models_number_on_public_data(name: str) -> None:
    study = cx.load(name)
    scale = study.codebook[study.codebook.measure("satisfaction")[0]].scale
    model = cx.journeys.dose_response(study).table.iloc[0]
    e, points = verdict(study).estimate, 100 / (scale.maximum - scale.minimum)
    assert [e.value, e.low, e.high] == pytest.approx([points * model[c] for c in ("estimate", "low", "high")], rel=1e-9)


def test_the_effect_is_recovered_and_covered(replicates) -> None:
    for effect in (5.0, 3.0):
        found = replicates("CX-24", effect, n=1000, reps=REPS, seed=1)
        assert found["value"].mean() == pytest.approx(-effect, abs=0.3)
        assert found["low"].le(-effect).mul(found["high"].ge(-effect)).sum() >= binom.ppf(0.0005, REPS, 0.95)
    assert replicates("CX-24", 5.0, n=1000, reps=REPS)["direction"].eq("SUPPORTED").mean() >= 0.9


@pytest.mark.parametrize("threat", [None, "self-selection", "hang-ups"])
def test_nothing_is_not_supported(replicates, threat) -> None:
    found = replicates("CX-24", 0.0, n=1000, reps=20, threat=threat, seed=2)
    assert found["direction"].eq("SUPPORTED").sum() <= binom.ppf(0.9995, 20, 0.025)
    if threat == "self-selection":
        assert found["association"].eq("SUPPORTED").all() and found["direction"].eq("NOT-IDENTIFIED").all()
    if threat == "hang-ups":
        assert found["value"].min() > 1 and found["direction"].eq("INCONCLUSIVE").all()


def hang_ups(seed: int) -> cx.Study:
    """Four points lost a doubling; a third, the unhappy who wait long, hang up."""
    rng = np.random.default_rng(seed)
    log = rng.normal(5, 1, 3000)
    score = np.clip(np.round(60 - 4 * (log - 5) + 12 * rng.standard_normal(3000)), 0, 100)
    upset = (log > 4.6) & (score < 62)
    table = pd.DataFrame({"sat": np.where(upset, np.nan, score), "wait": 2.0**log})
    fields = (
        cx.Field("sat", role="outcome", measure="satisfaction", scale=cx.Scale(0, 100)),
        cx.Field("wait", role="operation", measure="wait"),
    )
    return cx.Study(table, cx.Codebook("calls", fields, design="experiment", assignment=("wait",)))


def test_a_true_effect_is_not_called_trivial_because_the_unhappy_hang_up() -> None:
    """Among those who stayed it looks harmless: their interval lies above the bar, or on the other side of zero."""
    for seed in range(5):
        v = verdict(hang_ups(seed))
        assert v.estimate.low > -2 and v.direction == "INCONCLUSIVE"
        assert "(who waits long and is unhappy gives up and has no score; people without a score could" in v.sentence
        ends = v.parts["shown"].set_index("label")["estimate"].filter(like="it could be").tolist()
        assert ends[0] < -4 < ends[1]


def test_a_few_without_a_score_change_nothing() -> None:
    study = cx.simulated("CX-24", 6.0, n=2000, seed=3)
    table = study.table.assign(satisfaction=study.table["satisfaction"].mask(np.arange(2000) % 100 == 0))
    v = verdict(cx.Study(table, study.codebook))
    assert v.direction == "SUPPORTED"
    assert next(c.found for c in v.parts["checks"] if c.threat == "hang-ups").startswith("20 of 2,000 have none")


def test_threats_do_what_they_say() -> None:
    data = {t: cx.simulated("CX-24", 0.0, n=2000, threat=t).table for t in (None, "self-selection", "hang-ups")}
    before = {t: np.corrcoef(np.log2(d["wait"]), d["before"])[0, 1] for t, d in data.items()}
    assert abs(before[None]) < 0.08 and before["self-selection"] < -0.4
    long = {t: d["satisfaction"].isna().groupby(d["wait"] > 32).mean().tolist() for t, d in data.items()}
    assert long[None] == [0, 0] and long["hang-ups"][0] == 0 and long["hang-ups"][1] > 0.2


def test_those_who_give_up_are_a_hazard() -> None:
    """Patience of 8 minutes, answered after 4 on average: a rate of 1/8 a minute, though only a third gives up."""
    rng = np.random.default_rng(6)
    patience, answered = rng.exponential(8, 4000), rng.exponential(4, 4000)
    wait, gone = np.minimum(patience, answered), patience < answered
    table = pd.DataFrame(
        {"sat": np.where(gone, np.nan, rng.integers(30, 90, 4000)), "wait": wait, "abandoned": gone * 1}
    )
    fields = (
        cx.Field("sat", role="outcome", measure="satisfaction", scale=cx.Scale(0, 100)),
        cx.Field("wait", role="operation", measure="wait"),
        cx.Field("abandoned", type="integer", role="operation"),
    )
    shown = verdict(cx.Study(table, cx.Codebook("calls", fields))).parts["shown"].set_index("label")
    row = shown.loc["given up per unit of the wait (hazard)"]
    assert row["estimate"] == pytest.approx(gone.sum() / wait.sum(), rel=1e-9)
    assert row["low"] < 1 / 8 < row["high"]
    assert row["high"] - row["low"] == pytest.approx(2 * 1.96 * np.sqrt(gone.sum()) / wait.sum(), rel=0.06)  # Poisson


@pytest.mark.parametrize("bend", [0.0, -4.0])
def test_the_slope_beyond_the_median_wait_is_that_of_the_regression(bend: float) -> None:
    """A wait of 32 is the median; beyond it a doubling costs four points more, or no more."""
    rng = np.random.default_rng(11)
    doubled = np.linspace(3, 7, 801)
    table = pd.DataFrame({"wait": 2.0**doubled, "d": doubled, "beyond": np.fmax(doubled - 5, 0)})
    table["sat"] = np.clip(80 - 3 * doubled + bend * table["beyond"] + rng.normal(0, 8, 801), 0, 100)
    fields = (
        cx.Field("sat", role="outcome", measure="satisfaction", scale=cx.Scale(0, 100)),
        cx.Field("wait", role="operation", measure="wait"),
        cx.Field("d"),
        cx.Field("beyond"),
    )
    study = cx.Study(table, cx.Codebook("waits", fields, design="experiment", assignment=("wait",)))
    v = cx.verdict("CX-24", study, robust=False, ledger=None)
    shown = v.parts["shown"].set_index("label").loc["per doubling beyond a wait of 32, less that before it"]
    model = cx.ols(study, "sat ~ beyond + d", errors="HC3").table.set_index("term").loc["beyond"]
    limits = ["estimate", "low", "high"]
    assert shown[limits].tolist() == pytest.approx(model[limits].tolist(), rel=1e-6)
    assert shown["low"] < bend < shown["high"] and (bend == 0 or shown["high"] < 0)
