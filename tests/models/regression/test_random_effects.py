"""Mixed models against R's lme4 (tests/reference/regression.R) and against analysis of variance."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import cxlab as cx

REFERENCE = Path(__file__).parents[2] / "reference"
DATA = pd.read_csv(REFERENCE / "regression_data.csv")
TRUTH = pd.read_csv(REFERENCE / "regression.csv")
F = "overall ~ care + wait + channel"


def study(data: pd.DataFrame = DATA, **roles: str) -> cx.Study:
    """Return a study whose columns have the given roles."""
    fields = tuple(cx.Field(c, role=next((r for r, name in roles.items() if name == c), "")) for c in data.columns)
    return cx.Study(data, cx.Codebook("clinics", fields))


def same(result: cx.Result, model: str, rtol: float = 2e-6, *, mean_weight: float = 1.0) -> None:
    """Check fixed effects, errors, variances and criterion against lme4, whose residual is that of weight 1."""
    rows = TRUTH[TRUTH["model"] == model].copy()
    rows["term"] = rows["term"].str.replace(r"channel([a-z]+)", r"channel[T.\1]", regex=True)
    fixed = rows[rows["errors"] == "REML"].set_index("term")
    found = result.table.set_index("term").loc[fixed.index]
    np.testing.assert_allclose(found["estimate"], fixed["estimate"], rtol=rtol)
    np.testing.assert_allclose(found["se"], fixed["se"], rtol=rtol)
    variance = rows[rows["errors"] == "variance"].set_index("term")["estimate"].rename({"Residual": "residual"})
    variance["residual"] /= mean_weight
    ours = result.parts["variances"].set_index("group")["variance"]
    np.testing.assert_allclose(ours.loc[variance.index], variance, rtol=1e-5)
    criterion = rows[rows["errors"] == "criterion"]["estimate"].iloc[0]
    assert result.parts["fit"]["criterion"] <= criterion + 1e-8 * abs(criterion)
    assert result.parts["fit"]["criterion"] == pytest.approx(criterion, rel=1e-8)


def test_a_random_intercept_is_that_of_lme4():
    same(cx.regressions.mixed(study(cluster="clinic"), F), "mixed")
    used = DATA.dropna(subset=["overall", "care", "wait", "channel", "weight"])["weight"]
    weighted = cx.regressions.mixed(study(cluster="clinic", weight="weight"), F)
    same(weighted, "mixed-weighted", mean_weight=used[used > 0].mean())


@pytest.mark.parametrize("unit", [1e-3, 1000, 40_000])
def test_weights_count_by_their_ratio_alone(unit):
    one = cx.regressions.mixed(study(cluster="clinic", weight="weight"), F)
    other = cx.regressions.mixed(study(DATA.assign(weight=unit * DATA["weight"]), cluster="clinic", weight="weight"), F)
    for found, wanted in ((other.table, one.table), (other.parts["variances"], one.parts["variances"])):
        np.testing.assert_allclose(found.select_dtypes("number"), wanted.select_dtypes("number"), rtol=1e-5)


def test_clusters_whose_numbers_start_anew_in_every_stratum_are_different_ones():
    rng = np.random.default_rng(2)
    data = pd.DataFrame({"h": np.repeat(np.arange(30), 12), "c": np.tile(np.repeat(np.arange(3), 4), 30)})
    data["own"] = data["h"] * 3 + data["c"]
    data["x"] = rng.normal(size=90)[data["own"]] + rng.normal(size=360)
    data["y"] = rng.normal(size=90)[data["own"]] + rng.normal(size=360)
    data["k"] = rng.integers(0, 5, 360)
    for crossed in ("", "k"):
        nested = cx.regressions.mixed(study(data, cluster="c", strata="h"), "y ~ x", crossed=crossed)
        unique = cx.regressions.mixed(study(data), "y ~ x", by="own", crossed=crossed)
        pd.testing.assert_frame_equal(nested.table, unique.table, rtol=1e-6)


def test_crossed_intercepts_are_those_of_lme4():
    same(cx.regressions.mixed(study(), F, by="clinic", crossed="agent"), "mixed-crossed")
    turned = cx.regressions.mixed(study(), F, by="agent", crossed="clinic")
    same(turned, "mixed-crossed")


def test_a_balanced_layout_is_the_analysis_of_variance():
    """Textbook: var(u) = (MSB - MSW) / m, the mean has standard error sqrt(MSB / N) with G - 1 degrees of freedom."""
    rng = np.random.default_rng(1)
    g, m = 9, 7
    y = rng.normal(0, 2, g)[:, None] + rng.normal(0, 1, (g, m))
    data = pd.DataFrame({"y": y.ravel(), "g": np.repeat(np.arange(g), m)})
    between = m * np.var(y.mean(1), ddof=1)
    within = np.sum((y - y.mean(1, keepdims=True)) ** 2) / (g * (m - 1))
    result = cx.regressions.mixed(study(data), "y ~ 1", by="g", least_n=0)
    assert result.parts["variances"]["variance"].tolist() == pytest.approx([(between - within) / m, within], rel=1e-8)
    row = result.table.iloc[0]
    assert row["se"] == pytest.approx(np.sqrt(between / (g * m)), rel=1e-8)
    assert row["df"] == pytest.approx(g - 1, rel=1e-5)
    shrunk = (y.mean(1) - y.mean()) * (1 - within / between)
    np.testing.assert_allclose(result.parts["groups"]["estimate"], shrunk, rtol=1e-7)


@pytest.mark.parametrize("numbered", [lambda k: k - 20, lambda k: k * 10**9, lambda k: "g" + k.astype(str)])
@pytest.mark.parametrize("fixed", ["overall ~ care", "overall ~ care + flat", "far ~ care + late"])
def test_groups_are_the_same_however_they_are_numbered(numbered, fixed):
    """Against Henderson's equations solved with every row and group, at the variances found."""
    rng = np.random.default_rng(6)
    data = pd.DataFrame({"who": rng.integers(0, 40, 900), "care": rng.integers(1, 6, 900), "flat": 3})
    data["overall"] = data["care"] + data["who"] % 3 + rng.integers(0, 4, 900)
    data["far"], data["late"] = data["overall"] + 10**7, 10**6 + rng.integers(0, 5, 900)  # far from zero
    data.loc[::50, "care"] = np.nan
    rows = data.dropna()
    names = [c for c in ("care", "late") if c in fixed]
    x = np.column_stack([np.ones(len(rows)), rows[names] - [10**6 * (c == "late") for c in names]])
    z = (rows["who"].to_numpy()[:, None] == np.arange(40)).astype(float)
    y = rows["overall"].to_numpy(float)
    found = cx.regressions.mixed(study(data.assign(who=numbered(data["who"]))), fixed, by="who")
    variance = found.parts["variances"].set_index("group")["variance"]
    v = variance["who"] * z @ z.T + variance["residual"] * np.eye(len(rows))
    inverse = np.linalg.inv(v)
    covariance = np.linalg.inv(x.T @ inverse @ x)
    table = found.table.set_index("term").loc[names]
    np.testing.assert_allclose(table["estimate"], (covariance @ x.T @ inverse @ y)[1:], rtol=1e-6)
    np.testing.assert_allclose(table["se"], np.sqrt(np.diag(covariance))[1:], rtol=1e-6)
    groups = found.parts["groups"]
    assert groups["n"].sum() == len(rows) and len(groups) == 40
    shift = y - x @ covariance @ x.T @ inverse @ y
    effects = dict(zip(groups["who"], groups["estimate"], strict=True))
    expected = variance["who"] * z.T @ inverse @ shift
    assert [effects[k] for k in numbered(pd.Series(np.arange(40)))] == pytest.approx(expected, abs=1e-5)
