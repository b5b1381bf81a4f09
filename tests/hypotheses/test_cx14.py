"""Several metrics see more: against plain least squares, recovered, and no gain from metrics that say nothing new."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

import cxlab as cx

REPS = 30


def verdict(study: cx.Study) -> cx.Result:
    return cx.verdict("CX-14", study, robust=False, ledger=None)


def r2(y: np.ndarray, *x: np.ndarray) -> float:
    d = np.column_stack([np.ones(len(y)), *x])
    return 1 - (y - d @ np.linalg.lstsq(d, y, rcond=None)[0]).var() / y.var()


def test_the_gain_is_that_of_least_squares() -> None:
    """With 4,000 answers R² out of sample and in sample differ by less than 0.001 for two columns."""
    study = cx.simulated("CX-14", 0.08, n=4000, seed=1)
    t = study.table
    y, a, b = (t[c].to_numpy() for c in ("outcome", "metrics1", "metrics2"))
    v = verdict(study)
    assert v.estimate.value == pytest.approx(r2(y, a, b) - max(r2(y, a), r2(y, b)), abs=0.001)
    shown = v.parts["shown"].set_index("label")["estimate"]
    assert shown["R² out of sample: metrics1"] == pytest.approx(r2(y, a), abs=0.001)
    assert shown["R² out of sample: all"] == pytest.approx(r2(y, a, b), abs=0.001)


@pytest.mark.parametrize("effect", [0.08, 0.04])
def test_the_truth_is_recovered(replicates, effect: float) -> None:
    found = replicates("CX-14", effect, n=1500, reps=REPS, seed=1)
    truth = effect - 0.55 / 1500
    assert found["value"].mean() == pytest.approx(truth, abs=0.008)
    assert found["low"].le(truth).mul(found["high"].ge(truth)).sum() >= binom.ppf(0.0005, REPS, 0.95)
    if effect == 0.08:
        assert found["direction"].eq("SUPPORTED").sum() >= binom.ppf(0.0005, REPS, 0.9)


@pytest.mark.parametrize("threat", [None, "useless-metrics"])
def test_nothing_is_not_supported(replicates, threat) -> None:
    found = replicates("CX-14", 0.0, n=1500, reps=REPS, threat=threat, seed=2)
    assert found["direction"].isin(["TRIVIAL", "INCONCLUSIVE", "CONTRADICTED"]).all()
    assert abs(found["value"]).max() < 0.01 and found["value"].mean() <= 0


def test_the_threat_is_in_the_data() -> None:
    """Ten metrics instead of two; the eight more say nothing that the first does not."""
    t = cx.simulated("CX-14", 0.0, n=4000, threat="useless-metrics").table
    metrics = [c for c in t if c.startswith("metrics")]
    assert len(metrics) == 10
    y, first = t["outcome"].to_numpy(), t["metrics1"].to_numpy()
    assert r2(y, t[metrics].to_numpy()) - r2(y, first) < 0.004
    in_sample = cx.simulated("CX-14", 0.0, n=4000).table
    assert [c for c in in_sample if c.startswith("metrics")] == ["metrics1", "metrics2"]


def test_a_gain_at_the_smallest_that_matters_is_covered_and_not_called_trivial(replicates) -> None:
    """Close to 0 a gain is a square: its estimated error is small where it is; 11 % were missed on one side."""
    found = replicates("CX-14", 0.005, n=666, reps=REPS, seed=3)
    truth = 0.005 - 0.55 / 666
    assert found["high"].lt(truth).sum() <= binom.ppf(0.9995, REPS, 0.025)
    assert found["low"].gt(truth).sum() <= binom.ppf(0.9995, REPS, 0.025)
    assert found["direction"].eq("TRIVIAL").sum() <= binom.ppf(0.9995, REPS, 0.05)


def same(v: cx.Result, model: cx.Result) -> None:
    """The verdict's gain, its interval and what it shows are the model's."""
    rows = model.table.set_index("metric")
    gain = rows.loc["all together", ["gain", "gain_low", "gain_high"]].tolist()
    assert [v.estimate.value, v.estimate.low, v.estimate.high] == pytest.approx(gain, abs=1e-9)
    shown = v.parts["shown"].set_index("label")[["estimate", "low", "high"]]
    for name, row in rows.iterrows():
        label = f"R² out of sample: {'all' if name == 'all together' else name}"
        assert shown.loc[label].tolist() == pytest.approx(row[["estimate", "low", "high"]].tolist(), abs=1e-9)
    assert v.estimate.n_eff == pytest.approx(model.parts["n_eff"], rel=1e-9)


@pytest.mark.parametrize("name", ["abc", "brand-tracker", "customers"])
def test_it_is_the_models_number_on_shipped_data(name: str) -> None:
    """Answers with gaps (abc), weights and clusters (brand-tracker): `cx.loyalty.best_metric` on the same columns."""
    study = cx.load(name)
    v = cx.verdict("CX-14", study, robust=False, ledger=None, seed=3)
    used = v.parts["columns"]
    same(v, cx.loyalty.best_metric(study, used["outcome"][0], metrics=used["metrics"], seed=3))
