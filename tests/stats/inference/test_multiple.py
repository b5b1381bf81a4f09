"""Adjusted p-values against statsmodels and by simulation."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtr
from statsmodels.stats.multitest import multipletests

from cxlab.problem import DataProblem
from cxlab.stats.inference import multiple


@settings(max_examples=10, deadline=None)  # statsmodels' Holm takes 0.1 s
@given(st.lists(st.floats(0, 1), min_size=1, max_size=15))
def test_holm_bh_and_by_equal_statsmodels(p):
    for name, peer in {"holm": "holm", "bh": "fdr_bh", "by": "fdr_by"}.items():
        assert multiple.adjusted(p, name) == pytest.approx(multipletests(p, method=peer)[1], abs=1e-12)


def test_nan_is_no_test():
    assert multiple.adjusted([0.01, np.nan, 0.02], "holm")[[0, 2]] == pytest.approx([0.02, 0.02])
    assert np.isnan(multiple.adjusted([0.01, np.nan, 0.02], "holm")[1])


def test_romano_wolf_of_independent_statistics_is_sidaks_stepdown():
    z = np.array([3.1, 2.2, 1.0, 0.2])
    p = 2 * ndtr(-z)
    steps = np.maximum.accumulate(1 - (1 - p) ** np.arange(4, 0, -1))
    got = multiple.romano_wolf(z, np.eye(4), draws=200_000)
    assert got == pytest.approx(steps, abs=4 * np.sqrt(0.25 / 200_000))


def test_romano_wolf_of_one_statistic_twice_needs_no_correction():
    z = np.array([2.0, 2.0])
    got = multiple.romano_wolf(z, np.ones((2, 2)), draws=200_000)
    assert got == pytest.approx(2 * ndtr(-2.0), abs=4 * np.sqrt(0.05 / 200_000))


def test_family_wise_error_is_kept_under_correlation():
    """10 null statistics correlating by .7: at least one rejected in at most 5 % of 1,000 samples, within bounds."""
    k, samples = 10, 1000
    correlation = np.full((k, k), 0.7) + 0.3 * np.eye(k)
    z = np.random.default_rng(5).multivariate_normal(np.zeros(k), correlation, size=samples)
    wolf = np.mean([multiple.romano_wolf(x, correlation, draws=999, seed=i).min() < 0.05 for i, x in enumerate(z)])
    holm = np.mean([multiple.adjusted(2 * ndtr(-abs(x))).min() < 0.05 for x in z])
    bound = 4 * np.sqrt(0.05 * 0.95 / samples)
    assert abs(wolf - 0.05) <= bound + 0.005
    assert holm <= wolf <= 0.05 + bound + 0.005


def test_unknown_adjustment_is_refused():
    with pytest.raises(DataProblem) as problem:
        multiple.adjusted([0.1], "homl")
    assert str(problem.value) == (
        "correction is 'homl'; did you mean 'holm'? allowed: 'holm', 'bh', 'by', 'romano-wolf', 'none'"
    )
