"""Slow where contacts are rare: against statsmodels, recovered, and not fooled by units measured badly."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.stats import binom
from scipy.stats import t as student

import cxlab as cx

REPS = 60


def verdict(study: cx.Study) -> cx.Result:
    return cx.verdict("CX-18", study, robust=False, ledger=None)


def test_the_elasticity_is_the_one_of_statsmodels() -> None:
    study = cx.simulated("CX-18", 1.0, n=100, seed=1, threat="unequal-noise")
    t = np.log(study.table[["t90", "cycle"]])
    fit = sm.OLS(t["t90"], sm.add_constant(t["cycle"])).fit(cov_type="HC3", use_t=True)
    e = verdict(study).estimate
    assert (e.value, e.se) == (pytest.approx(fit.params["cycle"]), pytest.approx(fit.bse["cycle"], rel=1e-6))
    assert (e.low, e.high) == pytest.approx(tuple(fit.conf_int().loc["cycle"]), rel=1e-6)


def test_it_is_the_models_number() -> None:
    study = cx.simulated("CX-18", 1.0, n=100, seed=2)
    row = cx.ols(study, "log(t90) ~ log(cycle)", errors="HC3").table.iloc[-1]
    e = verdict(study).estimate
    assert [e.value, e.low, e.high] == pytest.approx(row[["estimate", "low", "high"]].tolist(), rel=1e-9)


@pytest.mark.parametrize("threat", [None, "unequal-noise"])
@pytest.mark.parametrize("effect", [1.0, 0.5, 0.0])
def test_the_truth_is_recovered(replicates, effect: float, threat) -> None:
    found = replicates("CX-18", effect, n=100, reps=REPS, threat=threat, seed=1)
    assert found["value"].mean() == pytest.approx(effect, abs=0.06)
    assert found["low"].le(effect).mul(found["high"].ge(effect)).sum() >= binom.ppf(0.0005, REPS, 0.95)
    if effect == 1.0:
        assert found["direction"].eq("SUPPORTED").sum() >= binom.ppf(0.0005, REPS, 0.9)
    else:
        assert found["direction"].eq("SUPPORTED").sum() == 0


@pytest.mark.parametrize("threat", [None, "unequal-noise"])
def test_at_its_bound_it_is_rarely_supported(replicates, threat) -> None:
    for effect in (0.7, 1.3):
        found = replicates("CX-18", effect, n=100, reps=REPS, threat=threat, seed=2)
        assert found["direction"].eq("SUPPORTED").sum() <= binom.ppf(0.9995, REPS, 0.05)


def test_units_looked_at_over_time_were_not_given_their_cycle() -> None:
    study = cx.simulated("CX-18", 1.0, n=100, seed=3)
    for design in ("panel", "quasi-experiment", "cross-section"):
        v = verdict(replace(study, codebook=replace(study.codebook, design=design, assignment=())))
        assert (v.direction, v.association) == ("NOT-IDENTIFIED", "SUPPORTED"), design


def test_the_threat_is_in_the_data() -> None:
    t = np.log(cx.simulated("CX-18", 1.0, n=4000, threat="unequal-noise").table)
    rest = t["t90"] - 0.8 - t["cycle"]
    rare = t["cycle"] > 3
    assert rest[rare].std() > 1.5 * rest[~rare].std()
    t = np.log(cx.simulated("CX-18", 1.0, n=4000).table)
    rest = t["t90"] - 0.8 - t["cycle"]
    assert rest[t["cycle"] > 3].std() == pytest.approx(rest[t["cycle"] <= 3].std(), rel=0.1)


def test_whether_people_simply_notice_at_their_next_contact() -> None:
    """Contacts by chance: 90 % have come after ln 10 = 2.303 cycles; the geometric mean ratio and its t interval."""
    rng = np.random.default_rng(4)
    study = cx.simulated("CX-18", 1.0, n=80, seed=4)
    t90 = np.log(10) * study.table["cycle"] * np.exp(0.1 * rng.standard_normal(80))
    shown = verdict(cx.Study(study.table.assign(t90=t90), study.codebook)).parts["shown"].iloc[0]
    log = np.log(t90 / study.table["cycle"])
    half = log.std() * np.sqrt(80) / 79 * student.ppf(0.975, 79)  # HC3 of a mean
    expected = np.exp([log.mean(), log.mean() - half, log.mean() + half])
    assert shown[["estimate", "low", "high"]].tolist() == pytest.approx(expected.tolist(), rel=2e-2)
    assert shown["estimate"] == pytest.approx(np.exp(log.mean()), rel=1e-9) and shown["low"] < 2.3026 < shown["high"]
