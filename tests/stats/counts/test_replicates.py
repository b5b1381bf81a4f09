"""Replicate groups, their moments, resampling, imputation and least squares."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cxlab.stats.counts import replicates
from cxlab.stats.fits import impute, replicated_ols

REFERENCE = Path(__file__).parents[2] / "reference"


def data(n: int = 300, p: int = 4, gaps: float = 0.2) -> np.ndarray:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, p)) + rng.normal(size=(n, 1))
    X[rng.random((n, p)) < gaps] = np.nan
    return X


def test_pairwise_correlations_equal_pandas():
    X = data()
    groups = replicates.replicate_groups(None, None, len(X), limit=50)
    found = replicates.group_moments(X, np.ones(len(X)), groups).combined(np.ones((1, len(groups.stratum))))
    np.testing.assert_allclose(found.correlation()[0], pd.DataFrame(X).corr().to_numpy(), atol=1e-12)


def test_weights_equal_repeated_rows():
    X = data(100)
    times = np.random.default_rng(1).integers(1, 4, 100)
    one = replicates.replicate_groups(None, None, 100)
    many = replicates.replicate_groups(None, None, times.sum())
    weighted = replicates.group_moments(X, times.astype(float), one).combined(np.ones((1, 100)))
    repeated = replicates.group_moments(np.repeat(X, times, axis=0), np.ones(times.sum()), many)
    repeated = repeated.combined(np.ones((1, len(many.stratum))))
    np.testing.assert_allclose(weighted.correlation(), repeated.correlation(), atol=1e-12)


def test_clusters_stay_together_and_within_strata():
    rng = np.random.default_rng(2)
    strata, cluster = rng.integers(0, 3, 5000), rng.integers(0, 400, 5000)
    groups = replicates.replicate_groups(cluster, strata, 5000, limit=90)
    table = pd.DataFrame({"s": strata, "c": cluster, "g": groups.code})
    assert table.groupby(["s", "c"]).g.nunique().max() == 1
    assert table.groupby("g").s.nunique().max() == 1
    assert groups.merged and len(groups.stratum) == 90


def test_bootstrap_variance_of_a_mean_is_the_stratified_one():
    """Rao and Wu: the variance of the replicates estimates sum over strata of s² / n."""
    rng = np.random.default_rng(3)
    stratum = np.repeat([0, 1], [12, 40])
    y = rng.normal(size=52) + 3 * stratum
    weights = replicates.resampling_weights(stratum, 20_000, 1)
    totals = weights @ y
    expected = sum((stratum == h).sum() * y[stratum == h].var(ddof=1) for h in (0, 1))
    assert totals.var() == pytest.approx(expected, rel=0.05)  # relative error of a variance: sqrt(2 / 20,000) = 1 %
    jack, factor = replicates.jackknife_weights(stratum)
    e = jack @ y - (jack @ y).mean()
    change = np.array([(jack @ y)[stratum == h] for h in (0, 1)], dtype=object)
    exact = sum(((v - v.mean()) ** 2).sum() * (len(v) - 1) / len(v) for v in change)
    assert exact == pytest.approx(expected, rel=1e-12)
    assert factor.shape == e.shape


def test_influence_is_the_derivative_of_the_correlation():
    X = data(60, 3, gaps=0)
    groups = replicates.replicate_groups(None, None, 60)
    moments = replicates.group_moments(X, np.ones(60), groups)
    at = lambda w: moments.combined(w[None]).correlation()[0]  # noqa: E731
    h, up = 1e-6, np.ones(60)
    up[7] += h
    down = np.ones(60)
    down[7] -= h
    change = replicates.influence(at(np.ones(60)), moments)
    np.testing.assert_allclose(change[7], (at(up) - at(down)) / (2 * h), atol=1e-8)
    np.testing.assert_allclose(change.sum(axis=0), 0, atol=1e-12)


def test_an_improper_matrix_is_repaired():
    R = np.array([[[1, 0.9, -0.9], [0.9, 1, 0.9], [-0.9, 0.9, 1]]])
    fixed, least = replicates.proper(R)
    assert least == pytest.approx(np.linalg.eigvalsh(R[0])[0])
    assert np.linalg.eigvalsh(fixed[0])[0] > -1e-12
    np.testing.assert_allclose(np.diag(fixed[0]), 1)


def test_imputation_recovers_the_correlation_that_complete_cases_miss():
    """y decides whether x is answered: complete cases shrink the correlation, imputation from y restores it."""
    rng = np.random.default_rng(4)
    y = rng.normal(size=4000)
    x = 0.8 * y + 0.6 * rng.normal(size=4000)
    x[y > 0.3] = np.nan
    Z = np.column_stack([x, y])
    found = [np.corrcoef(full.T)[0, 1] for full in impute.imputations(Z, m=10)]
    assert np.mean(found) == pytest.approx(0.8, abs=0.02)
    assert pd.DataFrame(Z).dropna().corr().iloc[0, 1] < 0.7
    assert np.std(found) > 0


def test_rubin_by_hand():
    mean, total, df = impute.rubin(np.array([[1.0], [3.0]]), np.array([[[0.5]], [[0.7]]]))
    assert mean[0] == 2
    assert total[0, 0] == pytest.approx(0.6 + 1.5 * 2)  # within .6, between 2, m = 2
    assert df[0] == pytest.approx((1 + 0.6 / 3) ** 2)


def test_clustered_least_squares_equals_survey():
    """R survey 4.1.1, svyglm on apiclus1 (15 districts, weighted)."""
    a = pd.read_csv(REFERENCE / "apiclus1.csv")
    known = pd.read_csv(REFERENCE / "drivers.csv")
    D = np.column_stack([np.ones(len(a)), a[["ell", "meals", "mobility"]]])
    groups = replicates.replicate_groups(a.dnum.to_numpy(), None, len(a))
    fit = replicated_ols.least_squares(D, a.api00.to_numpy(float), a.pw.to_numpy(float), groups)
    np.testing.assert_allclose(fit.coef, known[known.quantity == "svyglm coef"].value, rtol=1e-8)
    np.testing.assert_allclose(np.sqrt(np.diag(fit.covariance)), known[known.quantity == "svyglm se"].value, rtol=1e-8)


def test_monotone_least_squares_keeps_what_rises_and_flattens_what_falls():
    rng = np.random.default_rng(5)
    level = rng.integers(0, 4, 2000)
    y = np.array([0.0, 2.0, 1.0, 3.0])[level] + rng.normal(size=2000) * 0.1
    D = np.column_stack([np.ones(2000), level[:, None] >= [1, 2, 3], y]).astype(float)
    b = replicated_ols.monotone(D.T @ D, np.array([False, True, True, True]))
    pooled = y[(level == 1) | (level == 2)].mean()
    np.testing.assert_allclose(np.cumsum(b), [y[level == 0].mean(), pooled, pooled, y[level == 3].mean()], atol=1e-4)
