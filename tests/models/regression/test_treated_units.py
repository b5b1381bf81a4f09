"""On how many clusters a coefficient rests: an arm however it is coded, its interactions, groups of a mixed model."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import cxlab as cx


def shops(treated: int, clusters: int = 60, strata: int = 0, each: int = 15) -> pd.DataFrame:
    rng = np.random.default_rng(treated)
    c = np.repeat(np.arange(clusters), each)
    t = pd.DataFrame({"c": c, "x": rng.standard_normal(len(c)) + 1000, "on": c < treated, "agent": c // 2})
    t["y"] = rng.standard_normal(clusters)[c] + rng.standard_normal(len(c))
    return t.assign(h=c % strata) if strata else t


def study(t: pd.DataFrame, arm: object, cluster: str = "c") -> cx.Study:
    roles = {"y": "outcome", "x": "touchpoint", "arm": "operation", cluster: "cluster", "h": "strata"}
    t = t.assign(arm=arm).drop(columns="on")
    kinds = {c: "string" if t[c].dtype == object or t[c].dtype == "str" else "number" for c in t}
    return cx.Study(t, cx.Codebook("shops", tuple(cx.Field(c, type=kinds[c], role=roles.get(c, "")) for c in t)))


CODED = {
    "0/1": lambda t: t["on"].astype(int),
    "1/0": lambda t: 1 - t["on"].astype(int),
    "1/2": lambda t: 1 + t["on"].astype(int),
    "a price": lambda t: 1e6 + 0.01 * t["on"],
    "words": lambda t: np.where(t["on"], "new", "old"),
    "a dose": lambda t: t["on"] * t["x"],
}
MODELS = {"ols": cx.ols, "mixed": cx.regressions.mixed}


@pytest.mark.parametrize("strata", [0, 3])
@pytest.mark.parametrize("coded", CODED)
@pytest.mark.parametrize("model", MODELS)
def test_one_treated_cluster_has_no_error_however_it_is_coded(model: str, coded: str, strata: int) -> None:
    t = shops(1, strata=strata)
    found = MODELS[model](study(t, CODED[coded](t)), "y ~ arm + x")
    row = found.table.iloc[1]
    assert np.isfinite(row["estimate"]) and row[["low", "high", "se", "p"]].isna().all()
    assert any("rests on a single cluster of 60 (c), whose own noise cannot be told from an effect" in n
               for n in found.notes)  # fmt: skip
    assert np.isfinite(found.table.set_index("term")["se"]["x"])


@pytest.mark.parametrize("coded", CODED)
@pytest.mark.parametrize("model", MODELS)
def test_three_treated_clusters_have_two_degrees_of_freedom_or_about(model: str, coded: str) -> None:
    t = shops(3)
    found = MODELS[model](study(t, CODED[coded](t)), "y ~ arm + x")
    assert found.table["df"].iloc[1] <= 2.6
    assert any("rests on 3 of 60 clusters (c)" in note for note in found.notes)


@pytest.mark.parametrize("model", MODELS)
def test_what_most_clusters_do_not_hold_rests_on_all(model: str) -> None:
    t = shops(30)
    found = MODELS[model](study(t, t["on"].astype(int)), "y ~ arm + x")
    assert found.table["df"].min() > 20 and not any("rests on" in note for note in found.notes)


def test_the_interaction_of_one_treated_cluster_has_no_error() -> None:
    t = shops(1)
    found = cx.ols(study(t, t["on"].astype(int)), "y ~ arm * x").table.set_index("term")
    assert found["se"][["arm", "arm:x"]].isna().all() and np.isfinite(found["se"]["x"])


def test_a_mixed_model_counts_the_clusters_too_where_its_groups_are_others() -> None:
    """Forty agents of one treated shop are one shop; one agent of a crossed grouping is one agent."""
    t = shops(1, clusters=20, each=40).assign(agent=np.tile(np.arange(100), 8))
    found = cx.regressions.mixed(study(t, t["on"].astype(int)), "y ~ arm", by="agent")
    assert found.table["se"].isna().tolist() == [False, True]
    assert any("arm rests on a single cluster of 20 (c)" in note for note in found.notes)
    other = cx.regressions.mixed(study(t, (t["agent"] == 0).astype(int)), "y ~ arm", crossed="agent")
    assert other.table["se"].isna().tolist() == [False, True]
    assert any("arm rests on a single cluster of 100 (agent)" in note for note in other.notes)


def test_a_finite_population_of_groups_leaves_its_share_of_the_variance() -> None:
    t = shops(10, clusters=20)
    s = study(t, t["on"].astype(int))
    plain, of_80, all_there = (cx.regressions.mixed(s, "y ~ arm", population=n).table for n in (None, 80, 20))
    assert of_80["se"].tolist() == pytest.approx((plain["se"] * np.sqrt(0.75)).tolist())
    assert of_80["df"].tolist() == plain["df"].tolist()
    assert all_there["se"].eq(0).all() and all_there["low"].eq(all_there["estimate"]).all()
    named = cx.regressions.mixed(s, "y ~ arm", by="agent", population=40).table
    assert named["se"].tolist() == pytest.approx(
        (cx.regressions.mixed(s, "y ~ arm", by="agent").table["se"] * np.sqrt(0.75)).tolist()
    )
    with pytest.raises(
        cx.DataProblem, match="population is 15, fewer than the 20 in the sample; it is how many there are in all"
    ):
        cx.regressions.mixed(s, "y ~ arm", population=15)


def test_a_population_by_stratum_counts_the_clusters_of_each() -> None:
    t = shops(30, strata=3)
    s = study(t, t["on"].astype(int))
    plain = cx.regressions.mixed(s, "y ~ arm").table
    found = cx.regressions.mixed(s, "y ~ arm", population={0: 40, 1: 40, 2: 40}).table
    assert found["se"].tolist() == pytest.approx((plain["se"] * np.sqrt(0.5)).tolist())
