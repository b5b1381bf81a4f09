"""Rank sets: properties, hand-solvable cases, and the rate at which they hold the true rank, near ties too."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from cxlab.problem import DataProblem
from cxlab.stats.units import ranks

units = st.lists(st.floats(-5, 5), min_size=2, max_size=8)


@pytest.mark.parametrize("kind", ranks.KINDS)
def test_equal_units_share_all_ranks(kind):
    low, high = ranks.rank_sets([3.0] * 7, np.linspace(0.1, 2, 7), kind=kind)
    assert low.tolist() == [1] * 7
    assert high.tolist() == [7] * 7


@pytest.mark.parametrize("kind", ranks.KINDS)
def test_exact_values_give_the_plain_ranks(kind):
    low, high = ranks.rank_sets([5.0, 9.0, 1.0, 5.0], np.zeros(4), kind=kind)
    assert low.tolist() == [2, 1, 4, 2]
    assert high.tolist() == [3, 1, 4, 3]


def test_two_units_are_the_z_test():
    """For p = 2 the critical value is the normal quantile: apart beyond 1.96 standard errors, draws aside."""
    for gap, apart in ((1.80, False), (2.15, True)):
        low, _ = ranks.rank_sets([gap, 0.0], [0.5, 0.5], draws=20_000)
        assert (low.tolist() == [1, 2]) is apart


def test_one_unit_gives_its_own_set():
    x, v = np.random.default_rng(1).normal(0, 1, 9), np.full(9, 0.2)
    low, high = ranks.rank_sets(x, v)
    for j in range(9):
        assert ranks.rank_set(x, v, j) == (low[j], high[j])


def test_shared_respondents_enter_through_the_covariance():
    """Var(x1 - x2) = 1 + 1 - 2 * 0.99 = 0.02: a gap of 1 is 7 standard errors, not 0.7."""
    assert ranks.rank_sets([1.0, 0.0], [1.0, 1.0])[0].tolist() == [1, 1]
    assert ranks.rank_sets([1.0, 0.0], [[1.0, 0.99], [0.99, 1.0]])[0].tolist() == [1, 2]


@settings(max_examples=40, deadline=None)
@given(units, st.floats(-100, 100), st.sampled_from(ranks.KINDS))
def test_adding_a_constant_changes_nothing(x, constant, kind):
    x = np.round(x, 3)
    v = np.linspace(0.1, 1, len(x))
    before, after = ranks.rank_sets(x, v, kind=kind), ranks.rank_sets(x + round(constant), v, kind=kind)
    assert np.array_equal(before, after)


@settings(max_examples=40, deadline=None)
@given(units, st.sampled_from(ranks.KINDS))
def test_more_data_narrows_and_the_stepdown_never_widens(x, kind):
    v = np.linspace(0.1, 1, len(x))
    low, high = ranks.rank_sets(x, v, kind=kind)
    low4, high4 = ranks.rank_sets(x, v / 4, kind=kind)
    one_low, one_high = ranks.rank_sets(x, v, kind=kind, stepdown=False)
    assert (low4 >= low).all() and (high4 <= high).all()
    assert (one_low <= low).all() and (one_high >= high).all()


@settings(max_examples=40, deadline=None)
@given(units)
def test_turning_the_scale_round_turns_the_sets_round(x):
    v = np.linspace(0.1, 1, len(x))
    low, high = ranks.rank_sets(x, v, kind="simultaneous", stepdown=False)
    low_back, high_back = ranks.rank_sets(-np.array(x), v, kind="simultaneous", stepdown=False)
    assert np.array_equal(low_back, len(x) + 1 - high)
    assert np.array_equal(high_back, len(x) + 1 - low)


def _held(theta, kind, runs=400, level=0.9):
    """How often the sets held the true rank of unit 0, and of all units at once."""
    theta = np.asarray(theta, float)
    true = 1 + (theta[None, :] > theta[:, None]).sum(axis=1)
    rng = np.random.default_rng(20240501)
    one = every = naive = 0
    for run in range(runs):
        x = theta + rng.standard_normal(len(theta))
        low, high = ranks.rank_sets(x, np.ones(len(theta)), kind=kind, level=level, draws=300, seed=run)
        bad_low, bad_high = ranks.naive_ranks(x, np.ones(len(theta)), level=level, draws=300, seed=run)
        one += low[0] <= true[0] <= high[0]
        every += ((low <= true) & (true <= high)).all()
        naive += bad_low[0] <= true[0] <= bad_high[0]
    return one, every, naive


@pytest.mark.parametrize("spread", [0.0, 0.01, 0.5, 3.0])
def test_sets_hold_the_true_ranks_at_the_stated_rate(spread):
    """Ten units from tied to clearly apart; lower bound: binomial(400, 0.9), once in 10,000 worlds."""
    theta = -spread * np.arange(10)
    least = binom.ppf(1e-4, 400, 0.9)
    one, _, _ = _held(theta, "marginal")
    _, every, _ = _held(theta, "simultaneous")
    assert one >= least
    assert every >= least


def test_the_naive_bootstrap_of_ranks_fails_near_ties():
    """Ten units a hundredth of a standard error apart: the interval misses the first's rank too often."""
    _, _, naive = _held(-0.01 * np.arange(10), "marginal")
    assert naive < binom.ppf(1e-6, 400, 0.9)


def test_best_set_holds_the_best_and_shrinks_with_data():
    rng = np.random.default_rng(3)
    theta = np.array([1.0, 0.9, 0.0, 0.0, 0.0, -1.0])
    best = lambda x, v, seed: ranks.best_set(ranks.separated(x, np.full(6, v), seed=seed), 2)  # noqa: E731
    hits = [best(theta + rng.standard_normal(6) * 0.5, 0.25, i)[:2].all() for i in range(300)]
    assert sum(hits) >= binom.ppf(1e-4, 300, 0.95)
    assert best(theta, 1e-6, 0).tolist() == [True, True, False, False, False, False]


def test_letters_are_shared_exactly_by_those_not_separated():
    rng = np.random.default_rng(8)
    x, v = rng.normal(0, 2, 12), rng.uniform(0.05, 1.5, 12)
    above = ranks.separated(x, v)
    words = ranks.letters(above)
    for j in range(12):
        for k in range(12):
            share = bool(set(words[j]) & set(words[k]))
            assert share is not bool(above[j, k] or above[k, j])


def test_errors_say_what_to_do():
    with pytest.raises(DataProblem) as caught:
        ranks.rank_sets([1.0, 2.0], [1.0])
    assert str(caught.value) == "covariance has shape (1,) for 2 estimates; give 2 variances or a 2 x 2 matrix"
    with pytest.raises(DataProblem) as caught:
        ranks.rank_sets([1.0, math.nan], [1.0, 1.0])
    assert str(caught.value) == ("every unit needs a finite estimate and variance to be ranked; leave the others out")
    with pytest.raises(DataProblem) as caught:
        ranks.rank_sets([1.0, 2.0], [1.0, 1.0], kind="marginale")
    assert str(caught.value) == "kind is 'marginale'; did you mean 'marginal'? allowed: 'marginal', 'simultaneous'"
    with pytest.raises(DataProblem) as caught:
        ranks.best_set(np.zeros((2, 2), bool), 3)
    assert str(caught.value) == "top is 3; allowed: a whole number from 1 to the number of ranked units, 2"


def test_few_clusters_are_students_t():
    """Five equal units measured in 12 clusters: all sets at once hold in 95 of 100; taken for normal in far fewer."""
    rng, runs, hits = np.random.default_rng(8), 300, {}
    for df in (np.inf, 11):
        rng, hits[df] = np.random.default_rng(8), 0
        for _ in range(runs):
            x = rng.standard_normal((12, 5))
            low, high = ranks.rank_sets(x.mean(axis=0), np.cov(x.T) / 12, kind="simultaneous", df=df, draws=2000)
            hits[df] += bool((low == 1).all() and (high == 5).all())
    assert binom.ppf(1e-3, runs, 0.95) <= hits[11]
    assert hits[np.inf] < binom.ppf(1e-3, runs, 0.95)
