"""Empirical Bayes against R's metafor, robust intervals against the authors' package ebci, and their coverage."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom, norm

from cxlab.problem import DataProblem
from cxlab.stats.units import shrinkage

Y = np.array([28.4, 7.9, -2.8, 6.8, -0.6, 0.6, 18.0, 12.2, 31.5, 3.3])
V = np.array([14.9, 10.2, 16.3, 11.0, 9.4, 11.4, 10.4, 17.6, 6.1, 25.0]) ** 2 / 9
X = np.column_stack([np.ones(10), np.arange(1, 11)])
R = pd.read_csv(Path(__file__).parents[2] / "reference/shrinkage.csv").set_index("what")["value"]
"""Written by tests/reference/shrinkage.R with R 4.2.2 and metafor 3.8.1."""


def test_between_variance_equals_metafor():
    assert shrinkage.paule_mandel(Y, V) == pytest.approx(R["tau2_PM"], rel=1e-8)
    assert shrinkage.paule_mandel(Y, V, X) == pytest.approx(R["tau2_x_PM"], rel=1e-8)
    assert shrinkage.reml(Y, V) == pytest.approx(R["tau2_REML"], rel=1e-5)
    assert shrinkage.reml(Y, V, X) == pytest.approx(R["tau2_x_REML"], rel=1e-5)


def test_heterogeneity_and_shrunken_estimates_equal_metafor():
    q, p = shrinkage.q_test(Y, V)
    assert q == pytest.approx(R["q"], rel=1e-10)
    assert p == pytest.approx(R["q_p"], rel=1e-8)
    np.testing.assert_allclose(shrinkage.shrink(Y, V).estimate, [R[f"blup_{j}"] for j in range(1, 11)], rtol=1e-8)


@pytest.mark.parametrize(
    "bias, kurtosis, level, printed",
    [(5, 3, 0.95, 11.88358367), (1, 3, 0.8, 1.8494683), (10, 3, 0.95, 24.86172217), (2.8, 8, 0.9, 7.0779747158)],
)
def test_critical_values_equal_ebci(bias, kurtosis, level, printed):
    """Expected values in the tests of the authors' R package (github.com/kolesarm/ebci, tests/testthat/test-cv.R)."""
    assert shrinkage.critical_value(bias**2, kurtosis, level) == pytest.approx(printed, abs=2e-8)


def test_worst_noncoverage_equals_ebci():
    """test-cv.R: rho(1, 3, 11.96996...) = 6.0216e-05; rho(2.8^2, 8, 7.13243...) = .09805099."""
    assert shrinkage.worst_noncoverage(1, 3, 11.9699639845401) == pytest.approx(6.0216e-05, abs=1e-8)
    assert shrinkage.worst_noncoverage(2.8**2, 8, 7.132429014783828) == pytest.approx(0.09805099, abs=1e-8)


def test_no_bias_is_the_normal_quantile_and_kurtosis_one_a_fixed_bias():
    assert shrinkage.critical_value(0, 3) == pytest.approx(norm.ppf(0.975))
    chi = shrinkage.critical_value(4, 1.0)
    assert norm.sf(chi - 2) + norm.cdf(-chi - 2) == pytest.approx(0.05, abs=1e-8)


def test_the_worst_case_is_never_beaten():
    """Random two- and three-point distributions of the squared bias within both moments lie below the bound."""
    rng = np.random.default_rng(2)
    m2, kurtosis, chi = 2.0, 4.0, 4.5
    bound = shrinkage.worst_noncoverage(m2, kurtosis, chi)
    tried = 0
    for _ in range(4000):
        p = rng.dirichlet(np.ones(3))
        t = rng.exponential(1, 3) * np.array([0.1, 1, 10]) ** rng.integers(0, 2)
        t *= m2 / (p @ t)
        if p @ t**2 <= kurtosis * m2**2:
            tried += 1
            miss = norm.sf(chi - np.sqrt(t)) + norm.cdf(-chi - np.sqrt(t))
            assert p @ miss <= bound + 1e-9
    assert tried > 500


def test_units_that_differ_by_chance_only_go_to_the_mean():
    found = shrinkage.shrink([5.0, 5.1, 4.9, 5.0], [1.0, 1.0, 1.0, 1.0])
    assert found.tau2 == 0
    np.testing.assert_allclose(found.estimate, 5.0)
    assert np.isnan(found.half).all()


def test_shrinkage_lies_between_estimate_and_mean_and_moves_small_units_most():
    found = shrinkage.shrink(Y, V)
    assert ((found.estimate - Y) * (found.estimate - found.prior) <= 1e-12).all()
    assert (np.argsort(found.factor) == np.argsort(-V)).all()


def test_robust_intervals_cover_where_the_normal_ones_fail():
    """The worst case for Morris's intervals at tau^2 = 0.1: 13.9 % of the units at +-0.848, all others equal.

    Average non-coverage of 200,000 units: by theory 0.139 P(|Z + 8.5| > 6.5) or so for Morris, at most 0.05 for the
    robust ones; bounds binomial, once in 10,000 worlds.
    """
    rng = np.random.default_rng(11)
    n = 200_000
    theta = (rng.random(n) < 0.139) * rng.choice([-1, 1], n) * 0.848
    found = shrinkage.shrink(theta + rng.standard_normal(n), np.ones(n))
    assert (np.abs(found.estimate - theta) <= found.half).sum() >= binom.ppf(1e-4, n, 0.95)
    assert (np.abs(found.estimate - theta) <= found.parametric).sum() < binom.ppf(1e-4, n, 0.9)


def test_many_critical_values_are_interpolated_closely():
    m2 = np.geomspace(0.01, 50, 200)
    many = shrinkage._critical_values(m2, 5.0, 0.95)
    np.testing.assert_allclose(many[::20], [shrinkage.critical_value(m, 5.0) for m in m2[::20]], atol=1e-3)


def test_precision_dependence_is_found_and_not_invented():
    rng = np.random.default_rng(5)
    s = rng.uniform(0.5, 2, 300)
    theta = rng.standard_normal(300)
    _, none = shrinkage.precision_dependence(theta + s * rng.standard_normal(300), s**2)
    slope, p = shrinkage.precision_dependence(theta - 2 * s + s * rng.standard_normal(300), s**2)
    assert none > 0.01
    assert slope < -1
    assert p < 1e-6


def test_not_finite_is_an_error():
    with pytest.raises(DataProblem) as caught:
        shrinkage.shrink([1.0, np.nan], [1.0, 1.0])
    assert str(caught.value) == "every unit needs a finite estimate to be shrunken; leave the others out"
