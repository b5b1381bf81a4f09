"""Regression on predicted themes: least squares where all are labelled, then bias and coverage with known truth."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.stats import binom

from cxlab.stats.inference.design_variance import t_value
from cxlab.stats.text.surrogate_regression import corrected


def world(rng: np.random.Generator, n: int = 2000) -> tuple[np.ndarray, ...]:
    d = (rng.random((n, 2)) < [0.3, 0.15]).astype(float)
    y = 60 - 15 * d[:, 0] + 10 * d[:, 1] + 12 * rng.standard_normal(n)
    miss = rng.random((n, 2)) < [0.2, 0.3]
    guess = np.clip(
        np.where(miss, 0.5, 0.1 + 0.8 * d) + 0.1 * rng.standard_normal((n, 2)) - 0.002 * (y - 60)[:, None], 0, 1
    )
    one = np.ones((n, 1))
    return np.hstack([one, d]), np.hstack([one, guess]), y


def test_all_labelled_is_least_squares_with_robust_errors() -> None:
    x, guess, y = world(np.random.default_rng(1))
    b, v, df, _ = corrected(x, guess, y, weight=np.ones(2000), label=np.ones(2000), tuning=0.7)
    peer = sm.OLS(y, x).fit(cov_type="HC1")
    assert b == pytest.approx(peer.params) and df == 1997
    assert np.sqrt(np.diag(v)) == pytest.approx(peer.bse, rel=1e-3)


def test_predictions_alone_are_biased_and_the_corrected_coefficients_are_not() -> None:
    truth = np.array([60.0, -15.0, 10.0])
    hits, errors, naive = np.zeros(3, int), [], []
    for k in range(200):
        rng = np.random.default_rng(k)
        x, guess, y = world(rng)
        there = np.zeros(2000, bool)
        there[rng.permutation(2000)[:300]] = True
        seen = np.where(there[:, None], x, 0.0)
        b, v, df, lam = corrected(seen, guess, y, weight=np.ones(2000), label=there / 0.15)
        half = t_value(0.95, df) * np.sqrt(np.diag(v))
        hits += np.abs(b - truth) <= half
        errors.append(b - truth)
        naive.append(np.linalg.lstsq(guess, y, rcond=None)[0] - truth)
    mean, sd = np.mean(errors, 0), np.std(errors, 0)
    assert (np.abs(mean) < 4 * sd / np.sqrt(200)).all()
    assert (np.abs(np.mean(naive, 0)) > 1).all(), "regressing on predictions is wrong here"
    assert (hits >= binom.ppf(0.001, 200, 0.95)).all(), hits / 200


def test_clusters_widen_the_errors() -> None:
    x, guess, y = world(np.random.default_rng(2))
    label = (np.arange(2000) % 5 == 0) * 5.0
    one = {"weight": np.ones(2000), "label": label, "tuning": 0.5}
    twice = [np.repeat(a, 2, 0) for a in (x, guess, y)]
    b, v, _, _ = corrected(x, guess, y, **one)
    two = {"weight": np.ones(4000), "label": np.repeat(label, 2), "tuning": 0.5}
    b2, v2, _, _ = corrected(*twice, **two, cluster=np.repeat(np.arange(2000), 2))
    assert b2 == pytest.approx(b) and np.diag(v2) == pytest.approx(np.diag(v), rel=0.01)
