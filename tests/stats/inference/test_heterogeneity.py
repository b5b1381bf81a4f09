"""Variation between groups and robust errors against R's metafor and sandwich, and by simulation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom, chi2
from statsmodels.stats.oneway import anova_oneway

from cxlab.stats.fits import robust
from cxlab.stats.fits.robust import least_squares, newey_west
from cxlab.stats.inference.heterogeneity import between, exceeds, profile, quadratic, successive, successive_exceeds

REFERENCE = pd.read_csv(Path(__file__).parents[2] / "reference" / "heterogeneity.csv")


def values(topic: str) -> np.ndarray:
    return REFERENCE.loc[REFERENCE["topic"] == topic, "value"].to_numpy(float)


def test_metafor() -> None:
    b = between(values("yi"), values("vi"))
    want = REFERENCE[REFERENCE["topic"] == "bcg"].set_index("name")["value"]
    got = {"tau": b.tau, "low": b.low, "high": b.high, "mean": b.mean, "mean_low": b.mean_low, "mean_high": b.mean_high}
    for name, value in got.items():
        assert value == pytest.approx(want[name], abs=1e-4 if name in ("low", "high") else 1e-6), name
    assert b.q == pytest.approx(want["q"], abs=1e-6)


def test_sandwich(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(robust, "FEW", 2)  # R's vcovCL is CR1; so few clusters have CR2 (clubSandwich) otherwise
    x = np.column_stack([np.ones(32), values("wt"), values("hp")])
    y, one = values("mpg"), np.ones(32)
    plain = least_squares(x, y, one, one)
    assert plain.b == pytest.approx(values("b"), abs=1e-6)
    assert np.sqrt(np.diag(plain.v)) == pytest.approx(values("hc3"), abs=1e-6)
    clustered = least_squares(x, y, one, one, values("carb"))
    assert np.sqrt(np.diag(clustered.v)) == pytest.approx(values("cl"), abs=1e-6)
    assert np.sqrt(np.diag(newey_west(x, y).v)) == pytest.approx(values("nw"), abs=1e-6)


def test_counts_are_repeated_rows() -> None:
    rng = np.random.default_rng(0)
    x = np.column_stack([np.ones(40), rng.integers(1, 4, 40)])
    y, n = rng.integers(1, 6, 40).astype(float), rng.integers(1, 5, 40)
    some = least_squares(x, y, n.astype(float), np.ones(40))
    rows = np.repeat(np.arange(40), n)
    every = least_squares(x[rows], y[rows], np.ones(len(rows)), np.ones(len(rows)))
    assert some.b == pytest.approx(every.b)
    assert some.v == pytest.approx(every.v)
    assert some.df == every.df


def test_the_limits_are_where_q_is_the_quantile() -> None:
    rng = np.random.default_rng(1)
    v = np.array([np.diag(s) for s in rng.uniform(0.5, 1.5, (8, 3))])
    y = rng.normal(0, 3, (8, 3))
    low, high = profile(y, v, 0.9)
    assert quadratic(y, v, high**2) == pytest.approx(11.591305, abs=1e-4)  # chi², 21 df, 5 % (tables)
    assert quadratic(y, v, low**2) == pytest.approx(32.670573, abs=1e-4)  # 95 %
    assert exceeds(y, v, low) == pytest.approx(0.05, abs=1e-6)


def test_the_interval_covers() -> None:
    rng = np.random.default_rng(2)
    v = rng.uniform(1, 9, 20)
    inside = 0
    for _ in range(400):
        b = between(rng.normal(0, 2, 20) + rng.normal(0, np.sqrt(v)), v)
        inside += b.low <= 2 <= b.high
    assert binom.ppf(0.001, 400, 0.95) <= inside <= binom.ppf(0.999, 400, 0.95)


def test_estimated_variances_make_welchs_test() -> None:
    """Means of groups with their own variances: Johansen's approximation is Welch's F of statsmodels."""
    rng = np.random.default_rng(1)
    groups = [rng.normal(0.6 * i, 1 + i, 8 + 3 * i) for i in range(4)]
    y, v = np.array([g.mean() for g in groups]), np.array([g.var(ddof=1) / len(g) for g in groups])
    expected = anova_oneway(groups, use_var="unequal", welch_correction=True).pvalue
    assert exceeds(y[:, None], v[:, None, None], 0.0, [len(g) - 1 for g in groups]) == pytest.approx(
        expected, rel=1e-10
    )


def test_many_degrees_of_freedom_are_known_variances() -> None:
    rng = np.random.default_rng(2)
    y, v = 2 * rng.normal(size=(6, 3)), np.array([np.diag(rng.uniform(0.2, 0.6, 3)) for _ in range(6)])
    assert profile(y, v, 0.95, 1e9) == pytest.approx(profile(y, v, 0.95), rel=1e-6)
    assert 0 < profile(y, v, 0.95, 20)[0] < profile(y, v, 0.95)[0]


def test_neighbours_by_hand() -> None:
    """Equal errors: T = sum of squared steps is 2 (v + tau²) of a sum of chi-squares with f = (k - 1)² / tr R².

    R, the correlations of steps, has 1 beside -1/2: tr R² = (k - 1) + (k - 2) / 2.
    """
    y, v, k = np.array([10.0, 16.0, 9.0, 17.0, 12.0, 20.0, 8.0]), 4.0, 7
    t, f = float((np.diff(y) ** 2).sum()), 36 / (6 + 5 / 2)
    tau, low, high = successive(y, np.full(k, v), 0.9)
    assert tau == pytest.approx(np.sqrt(t / 12 - v), rel=1e-9)
    limits = [np.sqrt(t / (2 * 6 / f * chi2.ppf(p, f)) - v) for p in (0.95, 0.05)]
    assert [low, high] == pytest.approx(limits, rel=1e-9)
    assert successive_exceeds(y, np.full(k, v), 1.5) == pytest.approx(
        chi2.sf(t / (2 * (v + 2.25)) * f / 6, f), rel=1e-9
    )


def test_neighbours_of_unequal_errors_by_matrices() -> None:
    """Q = d' W d of d = Dy: mean and variance of Q by its covariance matrix, not by sums over neighbours."""
    rng = np.random.default_rng(3)
    y, v = rng.normal(0, 4, 9), rng.uniform(1, 6, 9)
    steps = np.diff(np.eye(9), axis=0)
    cov = steps @ np.diag(v + 2.0**2) @ steps.T
    q = np.diff(y) @ np.diag(1 / np.diag(cov)) @ np.diff(y)
    r = cov / np.sqrt(np.outer(np.diag(cov), np.diag(cov)))
    f = 8**2 / np.trace(r @ r)
    assert successive_exceeds(y, v, 2.0) == pytest.approx(chi2.sf(q * f / 8, f), rel=1e-9)


@pytest.mark.parametrize("course", [0.0, 30.0])
@pytest.mark.parametrize("k", [8, 40])
def test_a_slow_course_is_no_variation_of_neighbours(k: int, course: float) -> None:
    """400 series each: the interval holds tau as often as it says, with and without a rise of 30 over 40 groups."""
    rng = np.random.default_rng(4)
    v = rng.uniform(4, 16, k)
    for tau in (0.0, 6.0):
        made = rng.normal(0, np.sqrt(v + tau**2), (400, k)) + course / 40 * np.arange(k)
        held = [low <= tau <= high for _, low, high in (successive(y, v, 0.95) for y in made)]
        assert binom.ppf(0.0005, 400, 0.95) <= sum(held) <= (400 if tau == 0 else binom.ppf(0.9995, 400, 0.97))
