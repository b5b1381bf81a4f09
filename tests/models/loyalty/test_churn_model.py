"""Chances of leaving that are judged on customers the model has not seen."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.stats import t as student
from sklearn.metrics import brier_score_loss, roc_auc_score

import cxlab as cx
from cxlab.models.loyalty.churn_model import _ranked


def table(n: int, seed: int, noise: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    score = rng.integers(0, 11, n)
    rows = {"score": score, "left": (rng.random(n) < 1 / (1 + np.exp(0.4 * (score - 3)))).astype(int)}
    rows |= {"month": rng.integers(1, 5, n)} | {f"z{j}": rng.normal(size=n) for j in range(noise)}
    return pd.DataFrame(rows)


def test_a_right_model_has_a_slope_of_one_within_its_interval() -> None:
    hits = 0
    for seed in range(20):
        row = cx.loyalty.churn_model(cx.load(table(600, seed)), "score", left="left").table.iloc[3]
        hits += row["low"] <= 1 <= row["high"]
    assert hits >= 16  # binomial of 20 at 95 %


def test_a_model_of_noise_is_too_extreme_and_saves_nothing() -> None:
    data = cx.load(table(150, 2, noise=12).drop(columns="score"))
    model = cx.loyalty.churn_model(data, " + ".join(f"z{j}" for j in range(12)), left="left")
    found = model.table.set_index("measure")
    assert model.parts["tenths"]["n"].tolist() == [15] * 10
    assert found.loc["share of it saved", "estimate"] < 0
    assert found.loc["calibration slope (1 is right)", "estimate"] < 0.6


def test_brier_and_ranks_are_those_of_scikit_learn() -> None:
    rows = table(900, 4).assign(month=lambda t: np.arange(len(t)) % 2)
    found = cx.loyalty.churn_model(cx.load(rows), "score", left="left", period="month")
    train, unseen = rows[rows["month"] == 0], rows[rows["month"] == 1]
    fit = sm.Logit(train["left"], sm.add_constant(train["score"].astype(float))).fit(disp=0)
    p = fit.predict(sm.add_constant(unseen["score"].astype(float)))
    t = found.table.set_index("measure")["estimate"]
    assert t["Brier score (0 is best)"] == pytest.approx(brier_score_loss(unseen["left"], p), abs=1e-9)
    assert t["leaver ranked above stayer"] == pytest.approx(roc_auc_score(unseen["left"], p.round(12)), abs=1e-9)
    assert t["leaver ranked above stayer"] == pytest.approx(roc_auc_score(unseen["left"], -unseen["score"]), abs=1e-9)
    assert t["share of it saved"] == pytest.approx(
        1 - t["Brier score (0 is best)"] / ((unseen["left"] - train["left"].mean()) ** 2).mean()
    )
    slope = sm.Logit(unseen["left"], sm.add_constant(np.log(p / (1 - p)))).fit(disp=0).params.iloc[1]
    assert t["calibration slope (1 is right)"] == pytest.approx(slope, abs=1e-6)
    assert found.parts["periods"]["period"].tolist() == ["1"] and found.parts["tenths"]["n"].sum() == len(unseen)
    assert found.plot() is not None


def test_the_error_of_ranks_is_that_of_resampling() -> None:
    rng = np.random.default_rng(0)
    y, p = np.repeat([0.0, 1.0], [120, 80]), np.r_[rng.beta(2, 4, 120), rng.beta(3, 3, 80)]
    area, u = _ranked(y, p, np.ones(200), np.zeros(200))
    drawn = [rng.integers(0, 200, 200) for _ in range(600)]
    again = np.std([roc_auc_score(y[i], p[i]) for i in drawn])
    assert area == pytest.approx(roc_auc_score(y, p)) and np.sqrt((u**2).sum()) == pytest.approx(again, rel=0.1)


def judged(y: np.ndarray, p: np.ndarray, plain: float, w: np.ndarray) -> np.ndarray:
    """The five measures of stated chances, by other programs."""
    brier, rate = np.average((y - p) ** 2, weights=w), np.average((y - plain) ** 2, weights=w)
    x = sm.add_constant(np.log(p / (1 - p)))
    slope = sm.GLM(y, x, family=sm.families.Binomial(), freq_weights=w).fit(tol=1e-12).params[1]
    return np.array([brier, rate, 1 - brier / rate, slope, roc_auc_score(y, p.round(12), sample_weight=w)])


def test_errors_are_those_of_what_each_cluster_moves() -> None:
    """Households of 1 to 7, weights: every measure's error from its derivative by the weight of each household."""
    rng = np.random.default_rng(8)
    home = np.repeat(np.arange(220), rng.integers(1, 8, 220))
    rows = table(len(home), 11).assign(home=home, month=rng.integers(0, 2, len(home)), w=rng.integers(1, 4, len(home)))
    fields = [cx.Field(c) for c in ("score", "left", "month")]
    book = cx.Codebook("homes", (*fields, cx.Field("home", role="cluster"), cx.Field("w", role="weight")))
    found = cx.loyalty.churn_model(cx.Study(rows, book), "score", left="left", period="month")
    train, late = rows[rows["month"] == 0], rows[rows["month"] == 1]
    x = sm.add_constant(train["score"].astype(float))
    fit = sm.GLM(train["left"], x, family=sm.families.Binomial(), freq_weights=train["w"]).fit(tol=1e-12)
    p = fit.predict(sm.add_constant(late["score"].astype(float))).to_numpy()
    y, w, homes = (late[c].to_numpy(float) for c in ("left", "w", "home"))
    value = lambda v: judged(y, p, np.average(train["left"], weights=train["w"]), v)  # noqa: E731
    names, at = np.unique(homes, return_inverse=True)
    moved = [(value(w * (1 + 1e-4 * (at == g))) - value(w * (1 - 1e-4 * (at == g)))) / 2e-4 for g in range(len(names))]
    se = np.sqrt(220 / 219 * np.square(moved).sum(0))  # households without a late row were drawn, too
    np.testing.assert_allclose(found.table["estimate"], value(w), rtol=1e-6)
    half = (found.table["high"] - found.table["low"]) / 2 / student.ppf(0.975, 219)
    np.testing.assert_allclose(half, se, rtol=1e-4)
    period = found.parts["periods"].iloc[0]
    by_hand = [np.average(v, weights=w) for v in ((y - p) ** 2, p, y)]
    assert period[["estimate", "expected", "left"]].tolist() == pytest.approx(by_hand, rel=1e-6)


@pytest.mark.mirror
def test_telco_is_calibrated(mirror: Path) -> None:
    found = cx.loyalty.churn_model(cx.load("telco-churn"), "tenure + MonthlyCharges + C(Contract)", left="Churn")
    t = found.table.set_index("measure")
    assert t.loc["share of it saved", "low"] > 0.2 and t.loc["leaver ranked above stayer", "estimate"] > 0.8
    slope = t.loc["calibration slope (1 is right)"]
    assert slope["low"] < 1 < slope["high"]


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        ({"left": 0}, {}, "0 of 200 in table have left; 10 leavers and as many stayers are needed"),
        ({"left": 1}, {}, "200 of 200 in table have left; 10 leavers and as many stayers are needed"),
        ({"score": 3}, {}, "'score' does not vary among the 200 rows used; leave it out"),
        ({"month": 1}, {"period": "month"}, "'month' of table has 1 period; a forecast needs two or more"),
    ],
)
def test_what_cannot_be_forecast_is_said(change: dict, options: dict, message: str) -> None:
    with pytest.raises(cx.DataProblem) as said:
        cx.loyalty.churn_model(cx.load(table(200, 1).assign(**change)), "score", left="left", **options)
    assert str(said.value) == message


def test_perfect_prediction_is_said() -> None:
    rows = table(200, 1).assign(left=lambda t: (t["score"] > 5).astype(int))
    with pytest.raises(cx.DataProblem) as said:
        cx.loyalty.churn_model(cx.load(rows), "score", left="left")
    wrong = "'score' predicts who leaves perfectly somewhere; no finite odds fit: merge levels, or leave the column out"
    assert str(said.value) == wrong
