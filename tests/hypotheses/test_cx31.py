"""Modes are alike: equal to `cx.compare`, right at its bound, and not fooled by who chooses and who answers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom
from scipy.stats import t as student

import cxlab as cx

REPS = 20


def verdict(study: cx.Study) -> cx.Result:
    return cx.verdict("CX-31", study, robust=False, ledger=None)


def modes(means: dict[str, float], n: int = 400) -> cx.Study:
    rows = [(m, mean + (10 if i % 2 else -10)) for m, mean in means.items() for i in range(n)]
    fields = (
        cx.Field("score", role="outcome", measure="satisfaction", scale=cx.Scale(0, 100)),
        cx.Field("mode", type="string", role="segment"),
    )
    table = pd.DataFrame(rows, columns=["mode", "score"])
    return cx.Study(table, cx.Codebook("modes", fields, design="experiment", assignment=("mode",)))


def test_by_hand() -> None:
    """Scores 10 above and below the mean, 400 a mode: error sqrt(2 · 100 / 399), 1.645 of it for equivalence."""
    v = verdict(modes({"online": 60.0, "phone": 60.5}))
    se = np.sqrt(2 * 100 * 400 / 399**2)
    assert (v.estimate.value, v.estimate.se) == (pytest.approx(0.5), pytest.approx(se))
    assert v.estimate.high == pytest.approx(0.5 + student.ppf(0.975, 798) * se)
    assert 0.5 + student.ppf(0.95, 798) * se < 2 and v.direction == "SUPPORTED"
    assert verdict(modes({"online": 60.0, "phone": 61.0})).direction == "INCONCLUSIVE"
    assert verdict(modes({"online": 60.0, "phone": 64.0})).direction == "CONTRADICTED"


def test_all_pairs_must_be_alike() -> None:
    assert verdict(modes({"app": 60.0, "online": 60.0, "phone": 60.0}, 1000)).direction == "SUPPORTED"
    v = verdict(modes({"app": 60.0, "online": 60.0, "phone": 65.0}, 1000))
    assert v.direction == "CONTRADICTED" and abs(v.estimate.value) == pytest.approx(5.0)


@pytest.mark.parametrize("name", ["simulated", "brand-tracker"])
def test_it_is_the_models_number(name: str) -> None:
    study = cx.simulated("CX-31", 1.0, n=800, seed=1) if name == "simulated" else cx.load(name)
    v = verdict(study)
    score, mode = v.parts["columns"]["score"][0], v.parts["columns"]["mode"][0]
    model = cx.compare(study, "mean", by=mode, of=score, pairs="all").table
    scale = study.codebook[score].scale
    points = 100 / (scale.maximum - scale.minimum)
    assert abs(v.estimate.value) == pytest.approx(points * model["estimate"].abs().max(), rel=1e-9)
    widest = model.loc[model["estimate"].abs().idxmax()]
    assert v.estimate.se == pytest.approx(points * widest["se"], rel=0.02)


def test_the_difference_is_recovered_and_covered(replicates) -> None:
    for effect in (4.0, -4.0, 0.0):
        found = replicates("CX-31", effect, n=1000, reps=REPS, seed=1)
        assert found["value"].mean() == pytest.approx(effect, abs=0.5)
        assert found["low"].le(effect).mul(found["high"].ge(effect)).sum() >= binom.ppf(0.0005, REPS, 0.95)
    assert replicates("CX-31", 0.0, n=2000, reps=20)["direction"].eq("SUPPORTED").mean() >= 0.8
    assert replicates("CX-31", 6.0, n=1000, reps=20)["direction"].eq("CONTRADICTED").mean() >= 0.9


def test_at_the_bound_alike_is_said_at_its_level(replicates) -> None:
    found = replicates("CX-31", 2.0, n=1500, reps=60, seed=4)
    assert found["direction"].eq("SUPPORTED").sum() <= binom.ppf(0.9995, 60, 0.05)


@pytest.mark.parametrize("threat", [None, "self-selection", "silence"])
def test_modes_that_differ_are_not_called_alike(replicates, threat) -> None:
    found = replicates("CX-31", 4.0, n=1000, reps=REPS, threat=threat, seed=2)
    assert found["direction"].eq("SUPPORTED").sum() <= binom.ppf(0.9995, REPS, 0.05)
    if threat == "self-selection":
        assert abs(found["value"].mean()) < 0.5 and found["direction"].isin(["NOT-IDENTIFIED", "INCONCLUSIVE"]).all()
        assert found["association"].eq("SUPPORTED").mean() > 0.4
    if threat == "silence":
        assert found["value"].mean() < 2.5 and found["direction"].eq("INCONCLUSIVE").all()


def test_threats_stand_in_the_sentence() -> None:
    chose, silent = (verdict(cx.simulated("CX-31", 4.0, n=1000, threat=t)) for t in ("self-selection", "silence"))
    assert "people chose how to answer; the groups were alike before: assigned at random; before differs by" in (
        chose.sentence
    )
    assert "who would show the difference does not answer in one mode; people without a score could" in silent.sentence


def test_threats_do_what_they_say() -> None:
    data = {t: cx.simulated("CX-31", 4.0, n=3000, threat=t).table for t in (None, "self-selection", "silence")}
    before = {t: d.groupby("mode")["before"].mean().diff().iloc[1] for t, d in data.items()}
    assert abs(before[None]) < 1.5 and before["self-selection"] > 9
    gone = data["silence"]["score"].isna().groupby(data["silence"]["mode"]).mean()
    assert gone["online"] == 0 and gone["phone"] > 0.1
