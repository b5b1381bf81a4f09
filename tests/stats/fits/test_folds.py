"""Cross-validation on block moments equals cross-validation on rows."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.stats import binom, ncx2

from cxlab.stats.fits.folds import block_moments, corrected, deal, fold_r2, gain_at_most, jackknife, splits


def data(n: int = 300, seed: int = 0):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, 3))
    return rng, x, x @ [1.0, 0.5, 0.0] + rng.standard_normal(n)


def test_moments_give_what_rows_give() -> None:
    rng, x, y = data()
    y = y - y.mean()
    w = rng.uniform(0.5, 2, len(y))
    dealt = deal(np.ones(len(y)), 20, rng)
    tests = splits(20, 5, 2, rng)
    moments = block_moments(np.column_stack([np.ones(len(y)), x, y]), w, dealt)
    got = fold_r2(moments, [[0, 1, 2]], 4, tests)[:, 0]
    block = dealt.argmax(axis=1)
    variance = np.average((y - np.average(y, weights=w)) ** 2, weights=w)
    for test, r2 in zip(tests, got, strict=True):
        out = test[block]
        d = np.column_stack([np.ones(len(y)), x[:, :2]])
        root = np.sqrt(w[~out])
        b = np.linalg.lstsq(d[~out] * root[:, None], y[~out] * root, rcond=None)[0]
        error = (w[out] * (y[out] - d[out] @ b) ** 2).sum()
        assert r2 == pytest.approx(1 - error / w[out].sum() / variance, abs=1e-9)


def test_clusters_stay_together() -> None:
    cluster = np.repeat(np.arange(50), 4)
    dealt = deal(np.ones(200), 10, np.random.default_rng(0), cluster)
    for c in range(50):
        assert len(np.unique(dealt[cluster == c].argmax(axis=1))) == 1


def test_every_answer_is_dealt_once() -> None:
    n = np.array([5.0, 1.0, 17.0])
    assert deal(n, 7, np.random.default_rng(0)).sum(axis=1).tolist() == n.tolist()
    big = np.array([400_000.0, 300_000.0])
    assert deal(big, 7, np.random.default_rng(0)).sum(axis=1).tolist() == big.tolist()


def test_nadeau_bengio_by_hand() -> None:
    tests = np.zeros((4, 8), bool)
    for i in range(4):
        tests[i, 2 * i : 2 * i + 2] = True
    mean, se, df = corrected(np.array([1.0, 2.0, 3.0, 6.0]), tests)
    assert (mean, df) == (3.0, 3.0)
    assert se == pytest.approx(np.sqrt((1 / 4 + 1 / 3) * 14 / 3))  # S² = (4 + 1 + 0 + 9) / 3


def test_jackknife_of_a_mean_is_its_standard_error() -> None:
    rng = np.random.default_rng(3)
    y = rng.standard_normal(40)
    moments = block_moments(np.column_stack([np.ones(40), y]), np.ones(40), np.eye(40))
    value, se, df = jackknife(moments, lambda m: m[:, 0, 1] / m[:, 0, 0])
    assert (value, se, df) == (pytest.approx(y.mean()), pytest.approx(y.std(ddof=1) / np.sqrt(40)), 39)


def test_noise_gains_nothing() -> None:
    gains = []
    for seed in range(40):
        rng, x, y = data(200, seed)
        z = np.column_stack([np.ones(200), x, rng.standard_normal(200), y - y.mean()])
        tests = splits(50, 10, 3, rng)
        r2 = fold_r2(block_moments(z, np.ones(200), deal(np.ones(200), 50, rng)), [[0, 1, 2], [0, 1, 2, 4]], 5, tests)
        value, se, df = corrected(r2[:, 1] - r2[:, 0], tests)
        gains.append(value / se > 2.0)
    assert sum(gains) <= 4  # P(X >= 5) = 0.003 for X ~ Binomial(40, 0.025)


def test_the_largest_gain_that_agrees_with_a_small_one() -> None:
    """Two further columns of a regression of statsmodels: the noncentrality at which scipy's F-like sum is so rare."""
    rng = np.random.default_rng(3)
    x = rng.standard_normal((200, 4))
    y = x @ [0.5, 0.3, 0.1, 0.05] + rng.standard_normal(200)
    z = np.column_stack([np.ones(200), x, y])
    whole, less = sm.OLS(y, z[:, :5]).fit(), sm.OLS(y, z[:, :3]).fit()
    top = gain_at_most(z.T @ z, [0, 1, 2, 3, 4], [0, 1, 2], n=200, p=0.025)
    beyond = top * 200 / (1 - whole.rsquared) + 2
    seen = 200 * (whole.rsquared - less.rsquared) / (1 - whole.rsquared)
    assert ncx2.cdf(seen, 2, beyond) == pytest.approx(0.025, rel=1e-6)


def test_the_limit_of_a_small_gain_is_kept() -> None:
    """One further column, its gain .01 of 1: the limit at 2.5 % lies below in no more than about so many of 1,000."""
    rng = np.random.default_rng(4)
    below = 0
    for _ in range(1000):
        x = rng.standard_normal((300, 2))
        z = np.column_stack([np.ones(300), x, x @ [0.5, 0.1] + np.sqrt(0.74) * rng.standard_normal(300)])
        below += gain_at_most(z.T @ z, [0, 1, 2], [0, 1], n=300, p=0.025) < 0.01 - 0.74 / 300
    assert binom.ppf(0.001, 1000, 0.015) <= below <= binom.ppf(0.999, 1000, 0.025)
