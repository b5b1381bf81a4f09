"""Few treated clusters: false effects are no more common than promised, or there is no error at all."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom
from scipy.stats import t as student

import cxlab as cx
from cxlab.stats.fits.robust import least_squares
from cxlab.stats.inference import few_treated
from cxlab.stats.inference.design_variance import t_value

RUNS = 40
SCALE = cx.Scale(0, 10)


def trial(rng: np.random.Generator, treated: int, clusters: int = 20, each: int = 25) -> pd.DataFrame:
    """Return answers of locations of which some are treated, without any effect."""
    where = np.repeat(np.arange(clusters), each)
    lean = rng.normal(0, 0.5, clusters)[where]
    answer = np.clip(np.round(7.5 + lean + rng.normal(0, 2, len(where))), 0, 10).astype(int)
    return pd.DataFrame({"ltr": answer, "arm": (where < treated).astype(int), "place": where, "zone": where % 2})


def study(data: pd.DataFrame, strata: str = "") -> cx.Study:
    fields = (
        cx.Field("ltr", type="integer", role="outcome", measure="recommendation", scale=SCALE),
        cx.Field("arm", type="integer", role="segment"),
        cx.Field("place", type="integer", role="cluster"),
        cx.Field("zone", type="integer", role="strata" if strata else ""),
    )
    return cx.Study(data, cx.Codebook("pilot", fields))


@pytest.mark.parametrize("treated", [1, 19])
@pytest.mark.parametrize("strata", ["", "zone"])
def test_one_treated_or_control_cluster_has_no_error(treated: int, strata: str) -> None:
    asked = study(trial(np.random.default_rng(1), treated), strata)
    for model, formula in (
        (cx.ols, "ltr ~ arm"),
        (cx.regressions.logit, "I(ltr >= 9) ~ arm"),
        (cx.regressions.ordinal, "ltr ~ arm"),
    ):
        result = model(asked, formula)
        row = result.table.set_index("term").loc["arm"]
        assert np.isfinite(row["estimate"])
        assert row[["low", "high", "se", "p"]].isna().all()
        note = next(n for n in result.notes if n.startswith("not estimable: "))
        assert "rests on a single cluster of 20 (place), whose own noise cannot be told from an effect" in note
        assert "arm" in note


def test_a_difference_in_differences_rests_on_the_treated_clusters() -> None:
    data = trial(np.random.default_rng(2), 1)
    data["post"] = np.arange(len(data)) % 2
    table = cx.ols(study(data), "ltr ~ arm * post").table.set_index("term")
    assert table.loc["arm:post", ["low", "high", "p"]].isna().all()
    assert np.isfinite(table.loc["post", "se"])


@pytest.mark.parametrize("treated", [2, 3, 5, 10])
def test_false_effects_are_as_rare_as_promised(treated: int) -> None:
    rng = np.random.default_rng(treated)
    hits = {"ols": 0, "robust": 0}
    for _ in range(RUNS):
        data = trial(rng, treated)
        hits["ols"] += cx.ols(study(data), "ltr ~ arm").table["p"].iloc[1] < 0.05
        x = np.column_stack([np.ones(len(data)), data["arm"]])
        one = np.ones(len(data))
        value, se, df = least_squares(x, data["ltr"].to_numpy(float), one, one, data["place"].to_numpy()).contrast(
            [0, 1]
        )
        hits["robust"] += abs(value) > se * t_value(0.95, df)
    assert max(hits.values()) <= binom.ppf(0.999, RUNS, 0.05), hits


def test_few_treated_of_many_clusters_have_the_errors_of_few() -> None:
    """60 clusters have CR1 by themselves, whose false effects with two treated are 14 % and more."""
    rng = np.random.default_rng(6)
    results = [cx.ols(study(trial(rng, 2, clusters=60, each=4)), "ltr ~ arm") for _ in range(20)]
    assert all("CR2" in r.method for r in results)
    assert sum(r.table["p"].iloc[1] < 0.05 for r in results) <= binom.ppf(0.999, 20, 0.05)


def test_few_treated_clusters_are_said() -> None:
    result = cx.ols(study(trial(np.random.default_rng(3), 3)), "ltr ~ arm")
    said = (
        "arm rests on 3 of 20 clusters (place): errors with the degrees of freedom of so few, and rough; "
        "cx.regressions.permutation compares with other assignments of the clusters"
    )
    assert said in result.notes
    assert "CR2" in result.method
    assert not any("rests on" in n for n in cx.ols(study(trial(np.random.default_rng(3), 10)), "ltr ~ arm").notes)


def test_degrees_of_freedom_are_those_of_bell_and_mccaffrey() -> None:
    """By hand for two equal groups of clusters: T clusters a side have 2 (T - 1)."""
    assert few_treated.satterthwaite_df(6, 6) == pytest.approx(10)
    data = trial(np.random.default_rng(4), 3)
    df = cx.ols(study(data), "ltr ~ arm").table["df"].iloc[1]
    assert df == pytest.approx(few_treated.satterthwaite_df(3, 17), rel=1e-6)


def test_a_comparison_of_arms_says_on_how_many_clusters_it_rests() -> None:
    one = cx.compare(study(trial(np.random.default_rng(5), 1)), "nps", by="arm")
    assert one.table[["low", "high", "p"]].isna().all(axis=None)
    assert (
        "not estimable: 1 rests on a single cluster of 20 (place), whose own noise cannot be told from an effect; "
        "treat more clusters, or compare with other assignments: cx.regressions.permutation"
    ) in one.notes
    three = cx.compare(study(trial(np.random.default_rng(5), 3)), "nps", by="arm")
    assert any(n.startswith("1 rests on 3 of 20 clusters (place)") for n in three.notes)
    ten = cx.compare(study(trial(np.random.default_rng(5), 10)), "nps", by="arm")
    assert not any("rests on" in n for n in ten.notes)


@pytest.mark.parametrize("treated", [2, 3, 5, 10])
@pytest.mark.parametrize("metric", ["nps", "mean"])
def test_false_differences_of_arms_are_as_rare_as_promised(treated: int, metric: str) -> None:
    """300 pilots of 20 locations without effect in one study; at the nominal rate 999 of 1,000 seeds pass."""
    rng, runs = np.random.default_rng(20 + treated), 300
    parts = [trial(rng, treated).assign(pilot=k) for k in range(runs)]
    data = pd.concat(parts, ignore_index=True)
    data["place"] += 20 * data["pilot"]
    fields = (*study(data).codebook.fields, cx.Field("pilot", type="integer", role="segment"))
    asked = cx.Study(data, cx.Codebook("pilots", fields))
    of = {"of": "ltr"} if metric == "mean" else {}
    table = cx.compare(asked, metric, by=["pilot", "arm"], correction="none", **of).table
    assert len(table) == runs
    assert (table["p"] < 0.05).sum() <= binom.ppf(0.999, runs, 0.05)


def test_few_clusters_of_an_arm_have_their_own_k_over_k_minus_1() -> None:
    """By hand: three clusters of 25 answers each, their means' variance with divisor 2, over 3."""
    data = trial(np.random.default_rng(8), 3)
    means = data.groupby("place")["ltr"].mean()
    by_hand = means[:3].var(ddof=1) / 3 + means[3:].var(ddof=0) / 17 * 20 / 19
    row = cx.compare(study(data), "mean", by="arm", of="ltr").table.iloc[0]
    assert row["se"] == pytest.approx(np.sqrt(by_hand), rel=1e-9)
    assert row["p"] == pytest.approx(2 * student.sf(abs(row["estimate"]) / row["se"], 2), rel=1e-9)


def test_a_logit_of_few_treated_clusters_has_their_degrees_of_freedom() -> None:
    table = cx.regressions.logit(study(trial(np.random.default_rng(9), 6)), "I(ltr >= 9) ~ arm").table.set_index("term")
    assert table.loc["arm", "df"] == 5
    rng, runs = np.random.default_rng(55), 40
    found = [
        cx.regressions.logit(study(trial(rng, 5)), "I(ltr >= 9) ~ arm").table["p"].iloc[1] < 0.05 for _ in range(runs)
    ]
    assert sum(found) <= binom.ppf(0.999, runs, 0.05)
