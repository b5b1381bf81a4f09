"""Peers of the same kind: by hand, equal to `cx.leagues.matching`, recovered; few peers are no contradiction."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

import cxlab as cx
from cxlab.stats.units.nearest_units import prediction_errors

REPS = 12


def verdict(study: cx.Study, **more) -> cx.Result:
    return cx.verdict("CX-27", study, robust=False, ledger=None, **more)


def test_a_prediction_by_hand() -> None:
    """Without the first: 12 in its kind, 20 and 24 in the other. Within: ((20 - 22)² + (24 - 22)²) / 1 = 8; between
    mean squares (12 - 56/3)² + 2 (22 - 56/3)² = 200/3, n0 = 3 - 5/3 = 4/3, tau² = (200/3 - 8) / (4/3) = 44.
    """
    errors = prediction_errors(np.array([10.0, 12, 20, 24]), np.zeros(4), np.array([0, 0, 1, 1]))
    weight = np.array([1 / (44 + 8), 1 / (44 + 4)])
    everybody = weight @ [12, 22] / weight.sum()
    assert errors[0] == pytest.approx(10 - (everybody + 44 / 52 * (12 - everybody)))


def test_kinds_that_do_not_differ_are_all_firms() -> None:
    y, same = np.array([1.0, 5, 1, 5, 3, 3]), np.zeros(6, int)
    kind = np.array([0, 0, 1, 1, 2, 2])
    assert prediction_errors(y, np.zeros(6), kind) == pytest.approx(prediction_errors(y, np.zeros(6), same))


def test_it_is_the_models_number() -> None:
    study = cx.simulated("CX-27", 0.3, n=1000, seed=1)
    units = study.table.rename(columns={"score": "estimate"})[["firm", "estimate", "industry", "size"]]
    model = cx.leagues.matching(units, industry="industry", size="size").table.set_index("rule").loc["both"]
    e = verdict(study).estimate
    expected = [1 - model["estimate"], 1 - model["high"], 1 - model["low"]]
    assert [e.value, e.low, e.high] == pytest.approx(expected, rel=1e-9)


def test_respondents_of_firms_are_firms_with_errors() -> None:
    firms = cx.simulated("CX-27", 0.3, n=600, seed=1)
    rng = np.random.default_rng(0)
    rows = firms.table.loc[firms.table.index.repeat(12)].reset_index(drop=True)
    rows["score"] += rng.normal(0, 10, len(rows))
    units = rows.groupby("firm").agg(
        estimate=("score", "mean"), se=("score", "sem"), industry=("industry", "first"), size=("size", "first")
    )
    model = (
        cx.leagues.matching(units.reset_index(), industry="industry", size="size").table.set_index("rule").loc["both"]
    )
    e = verdict(cx.Study(rows, firms.codebook)).estimate
    assert e.value == pytest.approx(1 - model["estimate"], abs=0.002) and e.n == 60


def test_the_cut_is_recovered_and_covered(replicates) -> None:
    for effect in (0.3, 0.15):
        found = replicates("CX-27", effect, n=2000, reps=REPS, seed=1)
        assert found["value"].mean() == pytest.approx(effect, abs=0.03)
        assert found["low"].le(effect).mul(found["high"].ge(effect)).sum() >= binom.ppf(0.0005, REPS, 0.95)
        assert found["direction"].eq("SUPPORTED").mean() >= (0.9 if effect == 0.3 else 0.5)


@pytest.mark.parametrize("threat", [None, "few-peers"])
def test_kinds_without_meaning_are_not_supported_and_few_peers_contradict_nothing(replicates, threat) -> None:
    found = replicates("CX-27", 0.0, n=600, reps=25, threat=threat, seed=2)
    assert found["direction"].eq("SUPPORTED").sum() == 0
    assert found["direction"].eq("CONTRADICTED").sum() <= 4
    assert found["value"].abs().max() < 0.06


def test_kinds_that_seem_alike_may_yet_differ_by_the_smallest_cut(replicates) -> None:
    """A bootstrap of firms alone held the truth in 75 of 100 and said TRIVIAL in 30."""
    found = replicates("CX-27", 0.05, n=660, reps=30, seed=3)
    assert found["low"].le(0.05).mul(found["high"].ge(0.05)).sum() >= binom.ppf(0.0005, 30, 0.95)
    assert found["direction"].isin(["TRIVIAL", "CONTRADICTED"]).sum() <= binom.ppf(0.9995, 30, 0.05)
    found = replicates("CX-27", 0.0, n=660, reps=30, seed=4)
    assert found["low"].le(0).mul(found["high"].ge(0)).sum() >= binom.ppf(0.0005, 30, 0.95)


def test_few_peers_are_few() -> None:
    plain, few = (cx.simulated("CX-27", 0.0, n=2000, threat=t).table for t in (None, "few-peers"))
    assert plain.groupby(["industry", "size"]).size().min() >= 16
    assert few.groupby(["industry", "size"]).size().max() <= 3


@pytest.mark.mirror
def test_states_by_region_of_the_hospitals() -> None:
    """States as firms: by region peers are many and differ, so the shrunken cut is near the plain leave-one-out one."""
    study = cx.load("hcahps")
    v = verdict(study, columns=["score=top", "firm=state", "industry=region", "size=hospitals"])
    raw = study.frame.select("state", "region", "top").collect().to_pandas()
    firm = raw.groupby("state").agg(score=("top", "mean"), region=("region", "first"))
    out = lambda s: s - (s.sum() - s) / (len(s) - 1)  # noqa: E731
    everybody, region = out(firm["score"]), firm.groupby("region")["score"].transform(out)
    cut = 1 - np.sqrt((region**2).mean() / (everybody**2).mean())
    own = v.parts["shown"].set_index("label").loc["error cut by industry alone", "estimate"]
    assert own == pytest.approx(cut, abs=0.05) and isinstance(raw, pd.DataFrame)
