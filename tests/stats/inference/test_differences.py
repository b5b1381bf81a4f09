"""Differences against the project's reference values, TOSTER's tests, scipy and statsmodels."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import confint_proportions_2indep
from statsmodels.stats.weightstats import ttost_ind

from cxlab.stats.inference import differences, proportions, trinomial

# Reference values of the project's methods notes (D, P, R of both, d, se, p, MOVER limits, Wald limits).
TWO = [
    ((20, 30, 50), (30, 40, 30), 0.30, 0.11, 0.006386, (0.079802, 0.508099), (0.08440, 0.51560)),
    ((5, 10, 35), (10, 15, 25), 0.30, 0.144914, 0.038434, (0.005844, 0.574514), (0.01597, 0.58403)),
]


def arm(x):
    t, v, n = trinomial.net(*x)
    return (t, *trinomial.score(*x)), float(v / n)


@pytest.mark.parametrize(("one", "two", "d", "se", "p", "mover", "wald"), TWO)
def test_two_independent_scores(one, two, d, se, p, mover, wald):
    (first, var_one), (second, var_two) = arm(one), arm(two)
    error = np.sqrt(var_one + var_two)
    assert float(first[0] - second[0]) == pytest.approx(d)
    assert error == pytest.approx(se, abs=5e-7)
    assert float(differences.two_sided(d, error)) == pytest.approx(p, abs=5e-7)
    assert [float(v) for v in differences.mover(first, second)] == pytest.approx(mover, abs=6e-7)
    half = trinomial.z_value(0.95) * error
    assert (d - half, d + half) == pytest.approx(wald, abs=6e-6)


# Benchmark 18 against 30 (20, 30, 50): p when the benchmark rests on n answers of variance .65.
@pytest.mark.parametrize(("n", "p"), [(np.inf, 0.124), (2000, 0.134), (500, 0.163), (200, 0.215), (100, 0.285)])
def test_a_benchmark_has_an_error_of_its_own(n, p):
    se = np.sqrt(0.61 / 100 + 0.65 / n)
    assert 0.12 / np.sqrt(0.61 / 100) == pytest.approx(1.536, abs=5e-4)
    assert float(differences.two_sided(0.12, se)) == pytest.approx(p, abs=5.1e-4)


def test_tipping_point_of_a_benchmark():
    """d = .20: the difference is lost at a benchmark error of .065671, that is about 151 answers of variance .65."""
    tip = float(differences.tipping_error(0.20, 1.959964 * np.sqrt(0.61 / 100)))
    assert tip == pytest.approx(0.065671, abs=5e-7)
    assert 0.65 / tip**2 == pytest.approx(151, abs=0.5)
    assert float(differences.two_sided(0.20, np.hypot(np.sqrt(0.61 / 100), tip))) == pytest.approx(0.05)
    assert np.isnan(differences.tipping_error(0.12, 1.959964 * np.sqrt(0.61 / 100)))


def test_equivalence_equals_toster():
    """TOSTER's own test of one sample: mean .54 against .5, sd 1.2, n 100, bounds .3 standard deviations (.36)."""
    se = 1.2 / np.sqrt(100)
    below, above = differences.tost(0.04, se, -0.36, 0.36, 99)
    assert ((0.04 + 0.36) / se, (0.04 - 0.36) / se) == pytest.approx((3.333333, -2.666667), abs=1e-6)
    assert (float(below), float(above)) == pytest.approx((0.0006040021, 0.004474619), rel=1e-6)
    half = stats.t.ppf(0.95, 99) * se
    assert (0.04 - half, 0.04 + half) == pytest.approx((-0.1592469, 0.2392469), abs=6e-8)


def test_equivalence_and_welch_equal_statsmodels_and_scipy():
    rng = np.random.default_rng(3)
    x, y = rng.normal(0, 1, 40), rng.normal(0.1, 2, 60)
    v1, v2 = x.var(ddof=1) / 40, y.var(ddof=1) / 60
    df = differences.welch_df(v1, 39, v2, 59)
    d, se = x.mean() - y.mean(), np.sqrt(v1 + v2)
    p, low, high = ttost_ind(x, y, -0.5, 0.5, usevar="unequal")
    below, above = differences.tost(d, se, -0.5, 0.5, df)
    assert (float(below), float(above)) == pytest.approx((low[1], high[1]), rel=1e-10)
    assert max(float(below), float(above)) == pytest.approx(p, rel=1e-10)
    want = stats.ttest_ind(x, y, equal_var=False)
    assert float(differences.two_sided(d, se, df)) == pytest.approx(want.pvalue, rel=1e-10)
    assert float(df) == pytest.approx(want.df, rel=1e-12)


@given(st.floats(-1, 1), st.floats(0.01, 1), st.floats(0.01, 1), st.floats(2, 500))
def test_equivalence_is_the_shorter_interval_inside_the_bounds(d, se, bound, df):
    below, above = differences.tost(d, se, -bound, bound, df)
    half = stats.t.ppf(0.95, df) * se
    inside = -bound < d - half and d + half < bound
    near = min(abs(d - half + bound), abs(d + half - bound)) < 1e-9
    assert near or (max(float(below), float(above)) < 0.05) == inside


@given(st.tuples(st.floats(0, 1), st.floats(0.001, 0.5), st.floats(0.001, 0.5)), st.floats(-0.99, 0.99))
def test_mover_turns_with_its_arms(arm_, r):
    t, down, up = arm_
    one, two = (t, t - down, t + up), (0.2, 0.1, 0.35)
    low, high = differences.mover(one, two, r)
    back_low, back_high = differences.mover(two, one, r)
    assert float(low) == pytest.approx(-float(back_high), abs=1e-12)
    assert float(low) <= t - 0.2 + 1e-12 <= float(high) + 2e-12


def test_mover_of_symmetric_intervals_is_wald():
    z = trinomial.z_value(0.95)
    low, high = differences.mover((0.5, 0.5 - z * 0.1, 0.5 + z * 0.1), (0.2, 0.2 - z * 0.05, 0.2 + z * 0.05), 0.3)
    half = z * np.sqrt(0.1**2 + 0.05**2 - 2 * 0.3 * 0.1 * 0.05)
    assert (float(low), float(high)) == pytest.approx((0.3 - half, 0.3 + half))


@given(st.integers(2, 120), st.integers(2, 120), st.data())
@settings(deadline=None, max_examples=40)
def test_mover_of_wilson_intervals_is_newcombes(n, m, data):
    """Newcombe (1998), method 10, as statsmodels has it."""
    x, y = data.draw(st.integers(0, n)), data.draw(st.integers(0, m))
    want = confint_proportions_2indep(x, n, y, m, method="newcomb", compare="diff", correction=False)
    one, two = ((k / size, *proportions.wilson(k, size)) for k, size in ((x, n), (y, m)))
    assert [float(v) for v in differences.mover(one, two)] == pytest.approx(want, abs=1e-9)


def test_mover_of_score_intervals_covers_the_difference_of_small_groups():
    """Simulated coverage at n = 30 and 40, thin tails; at least nominal less four binomial standard errors."""
    rng, draws = np.random.default_rng(4), 4000
    p, q = (0.05, 0.15, 0.80), (0.20, 0.30, 0.50)
    x, y = rng.multinomial(30, p, draws).T, rng.multinomial(40, q, draws).T
    first, second = ((trinomial.net(*a)[0], *trinomial.score(*a)) for a in (x, y))
    low, high = differences.mover(first, second)
    truth = (p[2] - p[0]) - (q[2] - q[0])
    covered = ((low <= truth) & (truth <= high)).mean()
    assert covered >= 0.95 - 4 * np.sqrt(0.95 * 0.05 / draws)
    assert covered <= 0.975


@pytest.mark.parametrize(
    ("p", "equivalent", "word"),
    [(0.01, 0.5, "real"), (0.01, 0.01, "real, but smaller than matters"), (0.4, 0.01, "noise"),
     (0.4, 0.5, "cannot tell"), (np.nan, np.nan, "")],
)  # fmt: skip
def test_verdict_follows_the_rule(p, equivalent, word):
    assert differences.verdicts(p, equivalent) == [word]


def test_no_error_gives_no_p_value():
    assert np.isnan(differences.two_sided(0.1, 0.0))
    assert np.isnan(differences.two_sided(0.1, np.nan))
