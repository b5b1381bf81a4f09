"""Bootstrap, jackknife, replicate weights and permutation on counts: textbook formulas and exact distributions."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import cxlab as cx
from cxlab.stats.counts import resample
from cxlab.stats.counts.permutation import hypergeometric, permutation

SCORE = np.array([-1.0, 0.0, 1.0])
COUNTS = np.array([20, 30, 50])


def nps(c: np.ndarray) -> np.ndarray:
    """Net score of a block of counts."""
    return c @ SCORE / c.sum(axis=1)


@pytest.mark.parametrize("kind", ["multinomial", "poisson"])
def test_the_bootstrap_has_the_standard_error_of_the_formula(kind):
    """Golden: shares 20/30/50, n = 100: standard error .078102497."""
    r = 20_000
    draws = resample.bootstrap(COUNTS, nps, replicates=r, seed=1, kind=kind)
    assert draws.shape == (r,)
    assert draws.mean() == pytest.approx(0.30, abs=5 * 0.0781 / np.sqrt(r))
    assert draws.std() == pytest.approx(0.078102497, rel=4 / np.sqrt(2 * r) + 0.01 * (kind == "poisson"))


def test_resampled_counts_are_multinomial():
    drawn = resample.multinomial(COUNTS, np.random.default_rng(2), 40_000)
    assert (drawn.sum(axis=1) == 100).all()
    p = COUNTS / 100
    expected = 100 * (np.diag(p) - np.outer(p, p))
    np.testing.assert_allclose(np.cov(drawn.T), expected, atol=1.0)
    assert stats.kstest(drawn[:, 1] + np.random.default_rng(0).random(40_000), lambda x: _smooth(x)).pvalue > 1e-4


def _smooth(x: np.ndarray) -> np.ndarray:
    """Distribution of a binomial(100, .3) plus a uniform."""
    k = np.floor(x)
    return stats.binom.cdf(k - 1, 100, 0.3) + (x - k) * stats.binom.pmf(k, 100, 0.3)


def test_the_same_seed_gives_the_same_draws_in_any_block_size(monkeypatch):
    whole = resample.bootstrap(COUNTS, nps, replicates=50, seed=3)
    assert (whole == resample.bootstrap(COUNTS, nps, replicates=50, seed=3)).all()
    assert (whole != resample.bootstrap(COUNTS, nps, replicates=50, seed=4)).any()


def test_bca_is_that_of_scipy():
    values = np.repeat(SCORE, [3, 5, 12])
    reference = stats.bootstrap((values,), np.mean, n_resamples=40_000, method="BCa", rng=5).confidence_interval
    counts = np.array([3, 5, 12])
    draws = resample.bootstrap(counts, nps, replicates=40_000, seed=6)
    low, high = resample.bca(draws, 0.45, nps(resample.without_one(counts)), counts)
    assert (low, high) == pytest.approx(
        (reference.low, reference.high), abs=0.051
    )  # the mean of 20 moves in steps of .05


def test_cluster_bootstrap_and_jackknife_agree_with_linearisation():
    """Ratio of totals: sum over strata of m/(m - 1) sum of squared residual totals (Wolter 2007)."""
    rng = np.random.default_rng(7)
    strata = np.repeat([0, 1, 2], [40, 60, 50])
    n = rng.integers(2, 9, 150)
    a = n * (0.4 + 0.2 * strata) + rng.normal(0, 1.5, 150)
    totals = np.column_stack([a, n]).astype(float)
    ratio = lambda t: t[:, 0] / t[:, 1]  # noqa: E731
    e = (a - a.sum() / n.sum() * n) / n.sum()
    m = np.bincount(strata)
    exact = sum(m[h] / (m[h] - 1) * np.sum((e[strata == h] - e[strata == h].mean()) ** 2) for h in range(3))
    values, variance = resample.jackknife(totals, ratio, strata=strata)
    assert values.shape == (150,)
    assert variance == pytest.approx(exact, rel=0.01)
    r = 8000
    draws = resample.cluster_bootstrap(totals, ratio, strata=strata, replicates=r, seed=8)
    assert draws.std() == pytest.approx(np.sqrt(exact), rel=4 / np.sqrt(2 * r) + 0.01)


def test_the_jackknife_of_a_mean_is_the_textbook_variance():
    x = np.array([1.0, 2.0, 4.0, 9.0])
    _, variance = resample.jackknife(np.column_stack([x, np.ones(4)]), lambda t: t[:, 0] / t[:, 1])
    assert variance == pytest.approx(np.var(x, ddof=1) / 4, rel=1e-12)


def test_replicate_variances_have_their_factors():
    values = np.array([1.0, 3.0, 2.0, 4.0])
    assert resample.replicate_variance(values, 2.0, kind="brr") == pytest.approx(6 / 4)
    assert resample.replicate_variance(values, 2.0, kind="fay", rho=0.5) == pytest.approx(6 / (4 * 0.25))
    assert resample.replicate_variance(values, 2.0, kind="jk1") == pytest.approx(6 * 3 / 4)
    assert resample.replicate_variance(values, 2.0, kind="jk2") == pytest.approx(6)


def test_permutation_counts_are_hypergeometric_and_p_is_exact():
    """Two groups of ten yes/no answers: the two-sided p-value follows from the hypergeometric distribution."""
    drawn = hypergeometric(np.array([12, 8]), 10, np.random.default_rng(1), 50_000)
    assert drawn[:, 1].mean() == pytest.approx(4, abs=0.03)
    assert drawn[:, 1].var() == pytest.approx(stats.hypergeom(20, 8, 10).var(), rel=0.04)
    a, b = np.array([8, 2]), np.array([4, 6])
    share = lambda c: c[:, 1] / c.sum(axis=1)  # noqa: E731
    difference, p, draws = permutation(a, b, share, replicates=40_000, seed=2)
    k = np.arange(9)
    extreme = np.abs(k / 10 - (8 - k) / 10) >= 0.4 - 1e-12
    exact = stats.hypergeom(20, 8, 10).pmf(k)[extreme].sum()
    assert difference == pytest.approx(-0.4)
    assert p == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / 40_000))
    assert len(draws) == 40_000


def test_interrupting_a_long_bootstrap_stops_it():
    def stop(counts):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        resample.bootstrap(COUNTS, stop, replicates=10)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: resample.bootstrap([0, 0], nps),
         "counts must be a list of whole numbers, none negative and not all zero"),
        (lambda: resample.bootstrap(COUNTS, nps, replicates=0),
         "replicates is 0; draw at least one, 1,000 or more for an interval"),
        (lambda: resample.bootstrap(COUNTS, nps, kind="bayes"), "kind is 'bayes'; allowed: 'multinomial', 'poisson'"),
        (lambda: resample.jackknife([[1.0]], nps),
         "all rows belong to one cluster; its variance cannot be told from one"),
        (lambda: resample.cluster_bootstrap([[1.0]], nps),
         "all rows belong to one cluster; its variance cannot be told from one"),
        (lambda: resample.replicate_variance([1], 1, kind="fay", rho=1),
         "rho is 1; Fay's coefficient lies from 0 to below 1"),
        (lambda: permutation([1, 2], [0, 0], nps), "one of the two groups has no answers; there is nothing to compare"),
    ],
)  # fmt: skip
def test_what_is_refused(call, said):
    with pytest.raises(cx.DataProblem) as error:
        call()
    assert str(error.value) == said
