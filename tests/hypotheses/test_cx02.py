"""One bad experience: by hand, equal to `cx.ols` with HC3, recovered, and not fooled by newcomers who meet failures."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.stats import binom, t

import cxlab as cx
from cxlab.hypotheses.estimation import _behind

REPS = 40
HAZARD = "hazard ratio of leaving with a failure, of the same tenure"
SAME = "leaving: with minus without a failure, of the same tenure"


def verdict(study: cx.Study) -> cx.Result:
    return cx.verdict("CX-02", study, robust=False, ledger=None)


def test_by_hand() -> None:
    """32 of 100 leave after a failure, 20 of 200 without: 22 points more; the number is the share of 32 %."""
    table = pd.DataFrame({"failure": np.repeat([1, 0], [100, 200]), "left": [1] * 32 + [0] * 68 + [1] * 20 + [0] * 180})
    fields = (
        cx.Field("failure", type="integer", role="operation"),
        cx.Field("left", type="integer", role="outcome", measure="churn"),
    )
    v = verdict(cx.Study(table, cx.Codebook("made", fields, design="experiment", assignment=("failure",))))
    se = np.sqrt(0.32 * 0.68 * 100 / 99**2 + 0.1 * 0.9 * 200 / 199**2)  # HC3
    half = se * t.ppf(0.975, 298)
    e = v.estimate
    assert [e.value, e.low, e.high] == pytest.approx([0.22, 0.22 - half, 0.22 + half], rel=1e-9)
    shares = v.parts["shown"].set_index("label")["estimate"]
    assert shares["leaving after a failure"] == pytest.approx(0.32)
    assert shares["leaving without a failure"] == pytest.approx(0.1)
    assert (v.direction, v.number) == ("SUPPORTED", "INCONCLUSIVE")


def test_it_is_the_models_number() -> None:
    study = cx.simulated("CX-02", 0.12, n=800, seed=2)
    model = cx.ols(study, "leave ~ failure", errors="HC3").table.set_index("term").loc["failure"]
    v = verdict(study)
    found = [v.estimate.value, v.estimate.low, v.estimate.high]
    assert found == pytest.approx(model[["estimate", "low", "high"]].tolist(), rel=1e-9)
    held = cx.ols(study, "leave ~ failure + tenure", errors="HC3").table.set_index("term").loc["failure"]
    same = v.parts["shown"].set_index("label").loc[SAME]
    assert same[["estimate", "low", "high"]].tolist() == pytest.approx(
        held[["estimate", "low", "high"]].tolist(), rel=1e-9
    )


def test_the_hazard_ratio_is_that_of_a_complementary_log_log_fit() -> None:
    """Between customers of the same tenure, of statsmodels; one who never leaves without a failure has none."""
    study = tenured(3, 0.5, 0.3, effect=0.1)
    t = study.table
    x = sm.add_constant(t[["failure", "tenure"]].to_numpy(float))
    model = sm.GLM(t["left"], x, family=sm.families.Binomial(sm.families.links.CLogLog())).fit(cov_type="HC0")
    row = verdict(study).parts["shown"].set_index("label").loc[HAZARD]
    assert row["estimate"] == pytest.approx(np.exp(model.params.iloc[1]), rel=1e-5)
    half = 1.96 * model.bse.iloc[1]
    assert row["low"] == pytest.approx(row["estimate"] * np.exp(-half), rel=0.005)
    assert row["high"] == pytest.approx(row["estimate"] * np.exp(half), rel=0.005)
    never = cx.Study(t.assign(left=t["left"] * t["failure"]), study.codebook)
    assert HAZARD not in verdict(never).parts["shown"]["label"].tolist()


def test_the_hazard_ratio_is_that_of_the_model_with_one_period() -> None:
    study = tenured(3, 0.5, 0.3, effect=0.1)
    once = cx.Study(
        study.table.assign(time=1), replace(study.codebook, fields=(*study.codebook.fields, cx.Field("time")))
    )
    model = cx.hazard(once, "failure + tenure", time="time", event="left").table.iloc[0]
    row = verdict(study).parts["shown"].set_index("label").loc[HAZARD]
    assert row["estimate"] == pytest.approx(model["ratio"], rel=1e-6)
    assert row[["low", "high"]].tolist() == pytest.approx(model[["ratio_low", "ratio_high"]].tolist(), rel=0.01)


@pytest.mark.parametrize("effect", [0.12, 0.06])
def test_the_effect_is_recovered_and_covered(replicates, effect: float) -> None:
    found = replicates("CX-02", effect, n=1500, reps=REPS, seed=1)
    assert found["value"].mean() == pytest.approx(effect, abs=0.3 * effect)
    assert found["value"].mean() == pytest.approx(effect, abs=4 * found["value"].std() / np.sqrt(REPS))
    assert (found["low"].le(effect) & found["high"].ge(effect)).sum() >= binom.ppf(0.0005, REPS, 0.95)
    if effect == 0.12:
        assert found["direction"].eq("SUPPORTED").mean() > 0.8


@pytest.mark.parametrize(("effect", "threat"), [(0.0, None), (0.02, None), (0.0, "self-selection")])
def test_what_is_too_small_or_not_its_doing_is_not_supported(replicates, effect, threat) -> None:
    found = replicates("CX-02", effect, n=1500, reps=REPS, threat=threat, seed=2)
    assert found["direction"].eq("SUPPORTED").sum() <= binom.ppf(0.9995, REPS, 0.025)
    if threat:
        assert found["association"].eq("SUPPORTED").mean() > 0.9 and found["direction"].eq("NOT-IDENTIFIED").all()


def test_between_customers_of_the_same_tenure_the_pull_of_newcomers_is_gone() -> None:
    v = verdict(cx.simulated("CX-02", 0.0, n=6000, seed=4, threat="self-selection"))
    same = v.parts["shown"].set_index("label").loc[SAME]
    assert v.estimate.low > 0.05 > same["high"] and same["low"] < 0 < same["high"]
    assert "customers who meet failures would have left anyway" in v.sentence


def test_the_threat_is_in_the_data() -> None:
    def apart(threat: str | None) -> tuple[float, float]:
        made = cx.simulated("CX-02", 0.0, n=4000, seed=5, threat=threat).table
        groups = made.groupby("failure")
        return np.diff(groups["tenure"].mean())[0] / made["tenure"].std(), np.diff(groups["leave"].mean())[0]

    (even, none), (selected, some) = apart(None), apart("self-selection")
    assert abs(even) < 0.15 < 1 < abs(selected) and abs(none) < 0.05 < 0.08 < some


def tenured(seed: int, told: float, apart: float, effect: float = 0.0, n: int = 3000) -> cx.Study:
    """Who left had a short tenure (r .8), which the file knows as ``told``; failures met newcomers, by ``apart``."""
    rng = np.random.default_rng(seed)
    failure = np.arange(n) % 2
    tenure = rng.standard_normal(n) - apart * failure
    left = 0.6 * rng.standard_normal(n) - 0.8 * tenure + 3 * effect * failure > 0.8
    seen = np.round(10 * (told * tenure + np.sqrt(1 - told**2) * rng.standard_normal(n)))
    table = pd.DataFrame({"failure": failure, "left": left.astype(int), "tenure": seen})
    fields = (
        cx.Field("failure", type="integer", role="operation"),
        cx.Field("left", type="integer", role="outcome", measure="churn"),
        cx.Field("tenure", role="operation"),
    )
    return cx.Study(table, cx.Codebook("made", fields, design="quasi-experiment", assignment=("failure",)))


@pytest.mark.parametrize("told", [0.6, 0.3, 0.1, 0.0])
def test_a_tenure_that_tells_little_does_not_show_that_groups_were_alike(told: float) -> None:
    """Newcomers met the failures, half a deviation; with a tenure of r = .3 nine of twenty were SUPPORTED."""
    said = [verdict(tenured(seed, told, 0.5)) for seed in range(10)]
    assert {v.association for v in said} == {"SUPPORTED"}
    assert {v.direction for v in said} == {"NOT-IDENTIFIED"}
    assert "customers who meet failures would have left anyway" in said[0].sentence


def test_a_tenure_that_tells_much_and_does_not_differ_lets_a_quasi_experiment_speak() -> None:
    said = [verdict(tenured(seed, 1.0, 0.0, effect=0.3)).direction for seed in range(10)]
    assert said.count("SUPPORTED") >= 9


def test_a_yes_or_no_hides_a_part_of_what_goes_with_it() -> None:
    """The correlation with what lies behind a yes or no: biserial, r sqrt(pq) / phi(z_p)."""
    rng = np.random.default_rng(1)
    z = rng.standard_normal(200_000)
    behind = 0.6 * z + 0.8 * rng.standard_normal(len(z))
    yes = (behind > 1).astype(float)
    factor = _behind(yes, np.ones(len(z)))
    assert np.corrcoef(z, yes)[0, 1] * factor == pytest.approx(0.6, abs=0.01)
    assert _behind(behind, np.ones(len(z))) == 1
