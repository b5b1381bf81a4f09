"""Intervals of a share against Newcombe's published values, statsmodels, and exact coverage."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import gammaln, xlog1py, xlogy
from statsmodels.stats.proportion import proportion_confint

from cxlab.stats.inference import proportions

# Newcombe, R. G. (1998). Statistics in Medicine 17, 857-872, table I; Jeffreys: Brown, Cai & DasGupta's definition.
WILSON = {
    (81, 263): (0.255289, 0.366210),
    (15, 148): (0.062386, 0.160487),
    (0, 20): (0.0, 0.161125),
    (1, 29): (0.006113, 0.171755),
}
PEERS = {"wilson": "wilson", "clopper-pearson": "beta", "wald": "normal"}


@pytest.mark.parametrize(("x", "want"), WILSON.items(), ids=str)
def test_wilson_gives_newcombes_values(x, want):
    assert [float(v) for v in proportions.wilson(*x)] == pytest.approx(want, abs=6e-7)


def test_jeffreys_gives_the_published_value():
    assert [float(v) for v in proportions.jeffreys(15, 148)] == pytest.approx((0.060449, 0.157643), abs=6e-7)


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.sampled_from([0.9, 0.95]))
def test_intervals_equal_statsmodels(x, level):
    for name, peer in PEERS.items():
        want = proportion_confint(*x, alpha=1 - level, method=peer)
        got = [float(v) for v in proportions.INTERVALS[name](*x, level)]
        if name == "wald":  # statsmodels clips it to 0 and 1
            got = [max(got[0], 0), min(got[1], 1)]
        assert got == pytest.approx(want, abs=1e-9), name


@given(st.integers(0, 1000), st.floats(1, 1e6))
def test_failures_mirror_successes(thousandths, n):
    share = thousandths / 1000
    for interval in proportions.INTERVALS.values():
        low, high = interval(share * n, n)
        other_low, other_high = interval((1 - share) * n, n)
        assert float(low) == pytest.approx(1 - float(other_high), abs=1e-7)
        assert float(high) == pytest.approx(1 - float(other_low), abs=1e-7)


def test_no_answers_give_nan():
    for interval in proportions.INTERVALS.values():
        assert all(np.isnan(v) for v in interval(0, 0))


def test_exact_interval_never_covers_less_than_it_says():
    for n in (5, 20, 61):
        x = np.arange(n + 1)
        low, high = proportions.clopper_pearson(x, n)
        for p in np.linspace(0.01, 0.99, 45):
            weight = np.exp(gammaln(n + 1) - gammaln(x + 1) - gammaln(n - x + 1) + xlogy(x, p) + xlog1py(n - x, -p))
            assert weight @ ((low <= p) & (p <= high)) >= 0.95 - 1e-12


def test_wilson_covers_on_average_what_it_says():
    """Brown, Cai & DasGupta (2001): mean coverage close to nominal; here within half a point for n = 20 to 100."""
    for n in (20, 50, 100):
        x = np.arange(n + 1)
        p = np.linspace(0.005, 0.995, 199)[:, None]
        weight = np.exp(gammaln(n + 1) - gammaln(x + 1) - gammaln(n - x + 1) + xlogy(x, p) + xlog1py(n - x, -p))
        low, high = proportions.wilson(x, n)
        assert (weight * ((low <= p) & (p <= high))).sum(1).mean() == pytest.approx(0.95, abs=0.005)
