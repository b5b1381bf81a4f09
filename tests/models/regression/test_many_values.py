"""Resampling of columns with as many distinct answers as rows: against scipy, formulas and resampled rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import cxlab as cx
from cxlab.models.regression import resampled_units
from cxlab.stats.counts import resample

N = 12_000


@pytest.fixture(scope="module")
def spend() -> cx.Study:
    rng = np.random.default_rng(4)
    table = pd.DataFrame({
        "spend": rng.lognormal(size=N), "left": rng.random(N) < 0.3, "weight": rng.uniform(0.5, 2, N),
        "account": np.arange(N) // 2, "region": np.arange(N) // 2 % 4,
    })  # fmt: skip
    kinds = {"spend": "number", "left": "boolean", "weight": "number", "account": "integer", "region": "integer"}
    return cx.Study(table, cx.Codebook("spend", tuple(cx.Field(c, type=kind) for c, kind in kinds.items())))


def designed(study: cx.Study) -> cx.Study:
    return study.set("weight", role="weight").set("account", role="cluster").set("region", role="strata")


def test_the_error_of_a_mean_is_that_of_the_formula_and_its_interval_that_of_scipy(spend: cx.Study) -> None:
    x = spend.table["spend"].to_numpy()
    row = cx.bootstrap(spend, "spend", draws=2000).table.iloc[0]
    known = stats.bootstrap((x,), np.mean, method="BCa", n_resamples=2000, batch=100, rng=1).confidence_interval
    se = x.std() / np.sqrt(N)
    assert row["estimate"] == pytest.approx(x.mean())
    assert row["se"] == pytest.approx(se, rel=0.07)
    assert (row["low"], row["high"]) == (
        pytest.approx(known.low, abs=0.25 * se),
        pytest.approx(known.high, abs=0.25 * se),
    )


def test_the_median_draws_are_those_of_resampled_rows() -> None:
    rng = np.random.default_rng(6)
    x = np.sort(rng.normal(size=300))
    for n in (299, 300):
        direct = np.median(x[rng.integers(0, n, (8000, n))], axis=1)
        fast = resample.median_draws(x[:n], np.ones(n, int), replicates=8000, seed=2)
        assert stats.ks_2samp(direct, fast).pvalue > 1e-3


def test_medians_without_one_answer_are_those_of_the_others() -> None:
    rng = np.random.default_rng(8)
    for n in (2, 3, 8, 31):
        values, counts = np.unique(rng.integers(0, 12, n), return_counts=True)
        rows = np.repeat(values, counts).astype(float)
        known = [np.median(np.delete(rows, np.flatnonzero(rows == v)[0])) for v in values]
        np.testing.assert_allclose(resample.median_left_out(values.astype(float), counts), known)


def test_the_jackknife_of_a_mean_is_the_formula(spend: cx.Study) -> None:
    x = spend.table["spend"].to_numpy()
    row = cx.regressions.jackknife(spend, "spend").table.iloc[0]
    assert row["se"] == pytest.approx(x.std(ddof=1) / np.sqrt(N), rel=1e-9)


def test_under_a_design_many_clusters_are_resampled_in_groups(spend: cx.Study) -> None:
    study = designed(spend)
    found, formula = cx.bootstrap(study, "spend", draws=2000), cx.mean(study, "spend").table.iloc[0]
    assert found.table["estimate"].iloc[0] == pytest.approx(formula["estimate"])
    assert found.table["se"].iloc[0] == pytest.approx(formula["se"], rel=0.08)
    assert "6,000 units are resampled in 2,000 random groups" in found.notes
    exact = cx.regressions.jackknife(study, "spend").table["se"].iloc[0]
    assert exact == pytest.approx(formula["se"], rel=0.01)


@pytest.mark.parametrize("statistic", ["median", lambda v, c: c @ v / c.sum(axis=1)])
def test_statistics_of_all_answers_stand_on_classes_of_them(spend: cx.Study, statistic: object) -> None:
    for study in (spend, designed(spend)):
        found = cx.bootstrap(study, "spend", statistic=statistic, draws=400)
        row, exact = found.table.iloc[0], np.median if statistic == "median" else np.average
        weight = {} if study is spend or statistic == "median" else {"weights": study.table["weight"]}
        assert row["estimate"] == pytest.approx(exact(study.table["spend"], **weight), rel=0.02)
        assert row["low"] < row["estimate"] < row["high"]


def test_a_function_of_ones_own_of_too_many_clusters_is_refused_by_the_jackknife(spend: cx.Study) -> None:
    with pytest.raises(cx.DataProblem) as told:
        cx.regressions.jackknife(designed(spend), "spend", statistic=lambda v, c: c @ v / c.sum(axis=1))
    assert str(told.value) == (
        "a function of your own needs the answers of each of 6,000 units, too many; use 'mean', 'nps' or 'sd', or "
        "filter the study with where(...)"
    )


def test_permutation_of_many_values_has_the_spread_of_the_formula(spend: cx.Study) -> None:
    table = spend.table
    found = cx.regressions.permutation(spend, "spend", by="left", draws=2000)
    x, g = table["spend"].to_numpy(), table["left"].to_numpy()
    row, draws = found.table.iloc[0], found.parts["draws"]
    assert row["groups"] == "False − True"
    assert row["estimate"] == pytest.approx(x[~g].mean() - x[g].mean(), rel=1e-9)
    assert draws.std() == pytest.approx(x.std(ddof=1) * np.sqrt(1 / g.sum() + 1 / (~g).sum()), rel=0.06)


def test_classes_keep_the_mean_and_nearly_the_spread() -> None:
    x = np.sort(np.random.default_rng(1).lognormal(sigma=1.5, size=30_000))
    mean, at, said = resampled_units.classes(x, np.arange(len(x)), np.ones(len(x)))
    assert mean[at].mean() == pytest.approx(x.mean(), rel=1e-9)
    assert mean[at].std() == pytest.approx(x.std(), rel=1e-3)
    assert said == (f"30,000 distinct answers are put into {len(mean):,} classes of neighbours",)
