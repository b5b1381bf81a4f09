"""The end decides: weights and errors of statsmodels, recovered, and not fooled by mood, memory or a peak."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.stats import binom, t

import cxlab as cx

REPS = 40
STAGES = [f"touchpoints{j}" for j in (1, 2, 3, 4, 5)]
WORLD = ("positive peak", "trough", "end", "mean", "trend")


def verdict(study: cx.Study) -> cx.Result:
    return cx.verdict("CX-06", study, robust=False, ledger=None)


def z(x: pd.DataFrame | pd.Series) -> pd.DataFrame | pd.Series:
    return (x - x.mean()) / x.std(ddof=0)


def test_it_is_the_contrast_of_statsmodels() -> None:
    study = cx.simulated("CX-06", 0.25, n=400, seed=2)
    made = z(study.table[[*STAGES, "overall"]].astype(float))
    fit = sm.OLS(made["overall"], sm.add_constant(made[STAGES])).fit(cov_type="HC3")
    a = np.array([0, -0.25, -0.25, -0.25, -0.25, 1])
    value, half = a @ fit.params, np.sqrt(a @ fit.cov_params() @ a) * t.ppf(0.975, 394)
    e = verdict(study).estimate
    assert [e.value, e.low, e.high] == pytest.approx([value, value - half, value + half], rel=1e-8)


def test_it_is_the_models_number() -> None:
    """Weights are the slopes of `cx.ols` in standard deviations."""
    study = cx.simulated("CX-06", 0.25, n=400, seed=2)
    model = cx.ols(study, "overall ~ " + " + ".join(STAGES), errors="HC3").table.set_index("term")
    weight = model.loc[STAGES, "estimate"] * study.table[STAGES].std() / study.table["overall"].std()
    v = verdict(study)
    assert v.estimate.value == pytest.approx(weight.iloc[4] - weight.iloc[:4].mean(), rel=1e-8)
    shown = v.parts["shown"]["estimate"].to_numpy()
    assert shown[:5] == pytest.approx(weight.to_numpy(), rel=1e-8)
    assert shown[5] == pytest.approx(weight.to_numpy() @ [-0.2, -0.1, 0, 0.1, 0.2], rel=1e-8)  # least squares on 1 to 5


def test_its_interval_is_the_models() -> None:
    """With a quarter of the end added to every other stage, the slope of the end is the difference itself."""
    study = cx.simulated("CX-06", 0.25, n=400, seed=2)
    made = z(study.table[[*STAGES, "overall"]].astype(float))
    made = made.assign(**{s: made[s] + made[STAGES[4]] / 4 for s in STAGES[:4]})
    fields = tuple(cx.Field(c, type="number", role="operation") for c in made)
    turned = cx.Study(made, cx.Codebook("turned", fields))
    model = cx.ols(turned, "overall ~ " + " + ".join(STAGES), errors="HC3").table.set_index("term").loc[STAGES[4]]
    e = verdict(study).estimate
    assert [e.value, e.low, e.high] == pytest.approx(model[["estimate", "low", "high"]].tolist(), rel=1e-8)


def test_peak_trough_end_and_trend_are_those_of_statsmodels() -> None:
    study = cx.simulated("CX-06", 0.25, n=400, seed=3)
    x = study.table[STAGES].astype(float)
    parts = pd.DataFrame({
        "mean": x.mean(axis=1), "positive peak": x.max(axis=1), "trough": x.min(axis=1), "end": x[STAGES[4]],
        "trend": x.to_numpy() @ [-0.2, -0.1, 0, 0.1, 0.2],
    })  # fmt: skip
    fit = sm.OLS(z(study.table["overall"].astype(float)), sm.add_constant(z(parts))).fit(cov_type="HC3")
    shown = verdict(study).parts["shown"].set_index("label")
    for name in parts:
        row = shown.loc[f"weight of the {name}, given the others"]
        half = fit.bse[name] * t.ppf(0.975, 394)
        expected = [fit.params[name], fit.params[name] - half, fit.params[name] + half]
        assert row[["estimate", "low", "high"]].tolist() == pytest.approx(expected, rel=1e-7)


def journeys(count: str, seed: int) -> cx.Study:
    """Five stages of which one part alone is remembered; how long it lasted says nothing."""
    rng = np.random.default_rng(seed)
    x = np.clip(np.round(50 + 15 * rng.standard_normal((3000, 5))), 0, 100)
    said = {"positive peak": x.max(axis=1), "trough": x.min(axis=1), "end": x[:, 4]}[count]
    table = pd.DataFrame(x, columns=STAGES).assign(
        overall=np.clip(np.round(said + 6 * rng.standard_normal(3000)), 0, 100), minutes=rng.integers(5, 90, 3000)
    )
    score = {"scale": cx.Scale(0, 100), "measure": "satisfaction"}
    stages = cx.simulated("CX-06", 0.0, n=50).codebook
    fields = (
        *(cx.Field(c, role="touchpoint", stage=stages[c].stage, **score) for c in STAGES),
        cx.Field("overall", role="outcome", **score),
        cx.Field("minutes", type="integer", role="operation"),
    )
    return cx.Study(table, cx.Codebook("journeys", fields))


@pytest.mark.parametrize("count", ["positive peak", "trough", "end"])
def test_the_part_that_counts_has_the_weight(count: str) -> None:
    shown = verdict(journeys(count, 1)).parts["shown"].set_index("label")
    weight = {k: shown.loc[f"weight of the {k}, given the others", "estimate"] for k in WORLD}
    assert weight[count] > 0.7
    assert all(abs(w) < 0.1 for k, w in weight.items() if k != count)
    length = shown.loc["weight of the duration (nothing: within 0.05 of 0), given the others"]
    assert -0.05 < length["low"] < 0 < length["high"] < 0.05


@pytest.mark.parametrize("effect", [0.25, 0.15])
def test_the_weight_is_recovered_and_covered(replicates, effect: float) -> None:
    found = replicates("CX-06", effect, n=800, reps=REPS, seed=1)
    assert found["value"].mean() == pytest.approx(effect, abs=0.03)
    assert (found["low"].le(effect) & found["high"].ge(effect)).sum() >= binom.ppf(0.0005, REPS, 0.93)
    if effect == 0.25:
        assert found["direction"].eq("SUPPORTED").mean() > 0.8


@pytest.mark.parametrize(
    ("effect", "threat"), [(0.0, None), (0.1, None), (0.0, "halo"), (0.0, "mood"), (0.0, "reliability")]
)
def test_what_is_too_small_or_not_the_end_is_not_supported(replicates, effect, threat) -> None:
    found = replicates("CX-06", effect, n=800, reps=REPS, threat=threat, seed=2)
    assert found["direction"].eq("SUPPORTED").sum() <= binom.ppf(0.9995, REPS, 0.025)
    if threat == "mood":
        assert found["association"].eq("SUPPORTED").mean() > 0.9 and found["direction"].eq("NOT-IDENTIFIED").all()


def test_threats_do_what_they_say() -> None:
    made = {
        x: cx.simulated("CX-06", 0.0, n=4000, seed=5, threat=x).table for x in (None, "halo", "mood", "reliability")
    }
    r = {k: m[[*STAGES, "overall"]].astype(float).corr() for k, m in made.items()}
    among = {k: c.loc[STAGES[0], STAGES[1]] for k, c in r.items()}
    assert among["halo"] > among[None] + 0.1 and among["reliability"] < among[None] - 0.1
    last = {k: c.loc[STAGES[4], "overall"] - c.loc[STAGES[0], "overall"] for k, c in r.items()}
    assert last["mood"] > 0.15 > abs(last[None]) and last["reliability"] > 0.08


def test_an_experiment_on_something_else_does_not_make_the_order_random() -> None:
    """A price test, and a column called order (which purchase it was): the last stage is still answered best."""
    study = cx.simulated("CX-06", 0.0, n=800, seed=6, threat="reliability")
    rng = np.random.default_rng(6)
    table = study.table.assign(order=rng.integers(1, 9, 800), price=rng.integers(0, 2, 800))
    own = (cx.Field("order", type="integer", role="operation"), cx.Field("price", type="integer", role="operation"))
    fields = (*study.codebook.fields, *own)
    told = lambda v: {c[0]: c[1] for c in v.parts["checks"]}  # noqa: E731
    v = verdict(cx.Study(table, cx.Codebook("price test", fields, design="experiment", assignment=("price",))))
    assert told(v)["the order of the stages"] == "the same for everybody"
    assert v.direction != "SUPPORTED"
    drawn = verdict(cx.Study(table, cx.Codebook("order test", fields, design="experiment", assignment=("order",))))
    assert told(drawn)["the order of the stages"] == "assigned at random"
