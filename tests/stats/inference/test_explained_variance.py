"""The interval of R²: its distribution against drawn normal samples, its limit in closed form, its coverage."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from cxlab.stats.inference import explained_variance


def drawn(n: int, columns: int, rho2: float, sets: int, seed: int) -> np.ndarray:
    """R² of least squares in normal samples; the first column carries all of rho2."""
    rng = np.random.default_rng(seed)
    out = np.empty(sets)
    for r in range(sets):
        x = rng.standard_normal((n, columns))
        y = np.sqrt(rho2) * x[:, 0] + np.sqrt(1 - rho2) * rng.standard_normal(n)
        D = np.column_stack([np.ones(n), x])
        e = y - D @ np.linalg.lstsq(D, y, rcond=None)[0]
        out[r] = 1 - e @ e / ((y - y.mean()) ** 2).sum()
    return out


@pytest.mark.parametrize(("n", "columns", "rho2"), [(60, 4, 0.3), (200, 10, 0.1), (30, 2, 0.8)])
def test_the_distribution_is_that_of_drawn_samples(n: int, columns: int, rho2: float) -> None:
    found = drawn(n, columns, rho2, 1500, 1)
    at = np.array([explained_variance.at_most(r, rho2, n, columns) for r in found])
    assert stats.kstest(at, "uniform").pvalue > 0.001


def test_without_any_effect_it_is_the_beta_of_the_f_test() -> None:
    for r2, n, columns in ((0.1, 41, 2), (0.3, 25, 6)):
        f = r2 / columns / ((1 - r2) / (n - columns - 1))
        assert explained_variance.at_most(r2, 0.0, n, columns) == pytest.approx(
            stats.f.cdf(f, columns, n - columns - 1), rel=1e-10
        )


def test_the_interval_covers_where_most_columns_do_nothing() -> None:
    """Nine null drivers, R² .1, 200 answers: percentiles of replicates hold the truth in 46 %."""
    limits = [explained_variance.interval(r, 200, 10) for r in drawn(200, 10, 0.1, 400, 2)]
    hits = sum(low <= 0.1 <= high for low, high in limits)
    assert stats.binom.ppf(1e-3, 400, 0.95) <= hits <= stats.binom.ppf(1 - 1e-3, 400, 0.95)


def test_few_terms_of_the_mixture_give_what_all_give(monkeypatch: pytest.MonkeyPatch) -> None:
    few = [explained_variance.interval(r2, n, 5) for r2, n in ((0.25, 100), (0.9, 1e6))]
    monkeypatch.setattr(explained_variance, "NODES", 5_000)
    every = [explained_variance.interval(r2, n, 5) for r2, n in ((0.25, 100), (0.9, 1e6))]
    np.testing.assert_allclose(few, every, atol=1e-7)


def test_too_few_answers_have_no_interval() -> None:
    assert all(np.isnan(explained_variance.interval(0.5, 6, 5)))
    assert np.isnan(explained_variance.adjusted(0.5, 6, 5))


def test_a_perfect_fit_reaches_one() -> None:
    low, high = explained_variance.interval(1 - 1e-12, 200, 3)
    assert 0.999 < low <= high == 1.0
