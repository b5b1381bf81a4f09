"""Outcome goals and champions: against scipy, recovered, and not fooled by units that choose whom they ask."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom, ttest_ind

import cxlab as cx

REPS = 20


def verdict(study: cx.Study) -> cx.Result:
    return cx.verdict("CX-29", study, robust=False, ledger=None)


def test_it_is_welchs_test_of_unit_means() -> None:
    study = cx.simulated("CX-29", 3.0, n=900, seed=4, threat="clustering")
    means = study.table.groupby(["unit", "arm"])["score"].mean().reset_index()
    one, none = (means.loc[means["arm"] == k, "score"] for k in (1, 0))
    outside = ttest_ind(one, none, equal_var=False)
    e, limits = verdict(study).estimate, outside.confidence_interval(0.95)
    assert [e.value, e.low, e.high] == pytest.approx([one.mean() - none.mean(), limits.low, limits.high], rel=1e-9)
    assert e.value > 0


def test_the_effect_is_recovered_and_covered(replicates) -> None:
    for effect, threat in ((5.0, None), (3.0, None), (5.0, "clustering")):
        found = replicates("CX-29", effect, n=1000, reps=REPS, threat=threat, seed=1)
        assert found["value"].mean() == pytest.approx(effect, abs=0.6 if threat is None else 1.8)
        assert found["low"].le(effect).mul(found["high"].ge(effect)).sum() >= binom.ppf(0.0005, REPS, 0.95)
    assert replicates("CX-29", 5.0, n=2000, reps=20)["direction"].eq("SUPPORTED").mean() >= 0.8


@pytest.mark.parametrize("threat", [None, "clustering", "gaming"])
def test_nothing_is_not_supported(replicates, threat) -> None:
    for n in (1000, 400):
        found = replicates("CX-29", 0.0, n=n, reps=REPS, threat=threat, seed=2)
        assert found["direction"].eq("SUPPORTED").sum() <= binom.ppf(0.9995, REPS, 0.025)
        if threat == "gaming":
            assert found["value"].mean() > 5 and found["direction"].eq("INCONCLUSIVE").all()
    if threat == "gaming":
        v = verdict(cx.simulated("CX-29", 0.0, n=1000, threat="gaming"))
        assert "(units with a goal do not ask the discontent; people without a score could not change the" in v.sentence


def test_the_bounds_by_hand() -> None:
    """The unit means with every score that is missing at 0 where the goal is, at 100 where it is not; and reversed."""
    study = cx.simulated("CX-29", 0.0, n=1000, threat="gaming", seed=1)
    t = study.table
    at = []
    for fill in ((0.0, 100.0), (100.0, 0.0)):
        full = t["score"].fillna(t["arm"].map({1.0: fill[0], 0.0: fill[1]}))
        means = full.groupby([t["arm"], t["unit"]]).mean().groupby("arm").mean()
        at.append(means[1] - means[0])
    shown = verdict(study).parts["shown"].iloc[:2]
    assert shown["estimate"].tolist() == pytest.approx(at) and shown["label"].str.contains("it could be").all()


def test_units_with_both_arms_and_too_few_units_are_refused() -> None:
    study = cx.simulated("CX-29", 3.0, n=500)
    mixed = study.table.assign(arm=np.arange(500) % 2.0, unit=np.arange(500) // 50)
    assert verdict(cx.Study(mixed, study.codebook)).parts["reason"] == (
        "unit 0 has both arms; this test needs the unit to be what was assigned"
    )
    few = study.table[study.table["unit"].isin(study.table.groupby("arm")["unit"].unique().map(lambda u: u[:2]).sum())]
    v = verdict(cx.Study(few.reset_index(drop=True), study.codebook))
    assert v.direction == "NOT-IDENTIFIED"


def test_units_with_long_numbers_stay_apart() -> None:
    """Where one is missing they are floats, of which six digits were told apart."""
    study = cx.simulated("CX-29", 4.0, n=2000, seed=1)
    plain = study.table.assign(unit=study.table["unit"].astype(float))
    plain.loc[0, "unit"] = np.nan
    short, long = (verdict(cx.Study(plain.assign(unit=plain["unit"] + b), study.codebook)) for b in (0, 4006381333000))
    assert short.estimate.n_eff == long.estimate.n_eff == 40
    assert long.estimate.value == pytest.approx(short.estimate.value, rel=1e-12)


def test_threats_do_what_they_say() -> None:
    data = {t: cx.simulated("CX-29", 0.0, n=3000, threat=t).table for t in (None, "clustering", "gaming")}
    spread = {t: d.groupby("unit")["score"].mean().std() for t, d in data.items()}
    assert spread["clustering"] > 1.8 * spread[None]
    gone = data["gaming"]["score"].isna().groupby(data["gaming"]["arm"]).mean()
    assert gone[0.0] == 0 and gone[1.0] > 0.2 and data[None]["score"].notna().all()


def test_units_that_ask_fewer_are_shown() -> None:
    """The share of customers with a score, a unit at a time: Welch's t of scipy."""
    study = cx.simulated("CX-29", 0.0, n=1000, threat="gaming", seed=1)
    study.table.loc[::9, "score"] = np.nan
    unit = study.table.assign(asked=study.table["score"].notna()).groupby("unit")[["asked", "arm"]].mean()
    test = ttest_ind(unit["asked"][unit["arm"] == 1], unit["asked"][unit["arm"] == 0], equal_var=False)
    limits = test.confidence_interval(0.95)
    row = (
        verdict(study)
        .parts["shown"]
        .set_index("label")
        .loc["share of customers with a score: units with the goal minus without"]
    )
    assert row[["low", "high"]].tolist() == pytest.approx([limits.low, limits.high], rel=1e-8)
    assert row["high"] < -0.2


def test_it_is_the_models_number() -> None:
    """With every unit at 50 before, changes are means: `cx.pilot` has the same difference, interval and units."""
    study = cx.simulated("CX-29", 3.0, n=900, seed=4)
    t = study.table
    before = pd.concat([t.drop_duplicates("unit").assign(score=50.0, post=0)] * 12)
    both = pd.concat([t.assign(post=1), before]).assign(start=lambda d: np.where(d["arm"] == 1, 1.0, np.nan))
    fields = (*study.codebook.fields, cx.Field("post", type="integer", role="wave"), cx.Field("start"))
    waves = cx.Study(both, cx.Codebook("pilot", fields, design="experiment", assignment=("arm",)))
    model = cx.pilot(waves, "mean", of="score", unit="unit", start="start", wave="post").table.iloc[0]
    e = verdict(study).estimate
    expected = model[["estimate", "low", "high", "units"]].tolist()
    assert [e.value, e.low, e.high, e.n_eff] == pytest.approx(expected, rel=1e-9)
