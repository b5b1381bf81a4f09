"""Cheaper to support: against statsmodels, recovered within people, not fooled by who the people are."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.stats import binom

import cxlab as cx

REPS = 25


def verdict(study: cx.Study) -> cx.Result:
    return cx.verdict("CX-22", study, robust=False, ledger=None)


def test_the_change_is_the_one_of_statsmodels() -> None:
    """Poisson on the score and its means by person and period; clusters: persons."""
    study = cx.simulated("CX-22", 0.1, n=1500, seed=2)
    t = study.table
    z = (t["score"] - t["score"].mean()) / t["score"].std(ddof=0)
    means = [z.groupby(t[c]).transform("mean") for c in ("person", "period")]
    x = sm.add_constant(np.column_stack([z, *means]))
    fit = sm.GLM(t["cost"], x, family=sm.families.Poisson()).fit(
        cov_type="cluster", cov_kwds={"groups": t["person"].to_numpy()}
    )
    e = verdict(study).estimate
    assert e.value == pytest.approx(np.expm1(fit.params.iloc[1]), rel=1e-7)
    assert e.se == pytest.approx(fit.bse.iloc[1], rel=0.02)


def test_it_is_the_models_number() -> None:
    study = cx.simulated("CX-22", 0.1, n=1500, seed=3)
    sd = float(study.table["score"].std(ddof=0))
    by = {"score": "score", "person": "person", "period": "period"}
    row = cx.loyalty.within_person(study, "cost", per=sd, **by).table.iloc[0]
    e = verdict(study).estimate
    assert [e.value, e.low, e.high] == pytest.approx(row[["estimate", "low", "high"]].tolist(), rel=1e-9)


def test_the_truth_is_recovered(replicates) -> None:
    found = replicates("CX-22", 0.1, n=3000, reps=REPS, seed=1)
    assert found["value"].mean() == pytest.approx(-0.1, abs=0.006)
    assert found["low"].le(-0.1).mul(found["high"].ge(-0.1)).sum() >= binom.ppf(0.0005, REPS, 0.95)
    assert found["direction"].eq("SUPPORTED").sum() >= binom.ppf(0.0005, REPS, 0.8)


@pytest.mark.parametrize("threat", [None, "self-selection", "common-factor", "reverse-causation"])
def test_nothing_is_not_supported(replicates, threat) -> None:
    found = replicates("CX-22", 0.0, n=3000, reps=REPS, threat=threat, seed=2)
    assert found["direction"].eq("SUPPORTED").sum() <= binom.ppf(0.9995, REPS, 0.025)
    assert found["direction"].eq("CONTRADICTED").sum() <= binom.ppf(0.9995, REPS, 0.025)
    if threat in (None, "self-selection"):
        assert found["value"].mean() == pytest.approx(0, abs=0.007)
        assert found["low"].le(0).mul(found["high"].ge(0)).sum() >= binom.ppf(0.0005, REPS, 0.95)
    else:
        assert found["direction"].eq("NOT-IDENTIFIED").mean() > 0.8


def test_one_row_a_person_carries_nothing() -> None:
    study = cx.simulated("CX-22", 0.1, n=6000, seed=3)
    v = verdict(study.where(period=2))
    assert v.direction == "NOT-IDENTIFIED" and v.association == "SUPPORTED"
    assert v.sentence.endswith(
        "whether it is an effect these data cannot say (easy customers are satisfied and cheap anyway; people are "
        "compared with themselves: 0 people are seen in 3 periods or more; at least 20 are needed)."
    )


def test_the_threats_are_in_the_data() -> None:
    means, after = {}, {}
    for threat in (None, "self-selection", "common-factor", "reverse-causation"):
        t = cx.simulated("CX-22", 0.0, n=6000, threat=threat).table
        means[threat] = t.groupby("person")[["score", "cost"]].mean().corr().iloc[0, 1]
        after[threat] = t["cost"].corr(t.groupby("person")["score"].shift(-1))
    assert abs(means[None]) < 0.09 and abs(after[None]) < 0.05
    assert means["self-selection"] < -0.4 and after["common-factor"] < -0.1 and after["reverse-causation"] < -0.2
