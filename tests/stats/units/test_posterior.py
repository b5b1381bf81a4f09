"""Shrunken estimates of few units: coverage with known truth, and limits known in closed form."""

import numpy as np
import pytest
from scipy.stats import binom

from cxlab.stats.units import shrinkage
from cxlab.stats.units.posterior import posterior


def test_without_error_the_estimates_stay_and_with_much_they_go_to_the_mean():
    y = np.array([1.0, 4.0, 9.0, 2.0])
    exact = posterior(y, np.full(4, 1e-8))
    assert exact.estimate == pytest.approx(y, abs=1e-3)
    loose = posterior(y, np.full(4, 400.0))
    assert np.ptp(loose.estimate) < 0.4 * np.ptp(y)


def test_of_many_units_it_is_empirical_bayes():
    rng = np.random.default_rng(1)
    theta = rng.normal(size=400)
    v = rng.uniform(0.2, 1.0, 400)
    y = theta + np.sqrt(v) * rng.normal(size=400)
    found, known = posterior(y, v), shrinkage.shrink(y, v)
    assert found.estimate == pytest.approx(known.estimate, abs=0.05)
    low, high = found.interval()
    assert (high - low) / 2 == pytest.approx(known.parametric, rel=0.05)


def test_draws_have_the_mean_and_quantiles_of_the_mixture():
    found = posterior([0.0, 1.0, 5.0], [1.0, 2.0, 1.0])
    drawn = found.draws(40_000, 0)
    assert drawn.mean(axis=0) == pytest.approx(found.estimate, abs=0.03)
    assert np.quantile(drawn, [0.025, 0.975], axis=0) == pytest.approx(np.array(found.interval()), abs=0.09)


@pytest.mark.parametrize("truth", [(0.2, 0.4), (0.2, 0.3, 0.4), (0.3, 0.3, 0.3)])
def test_slopes_of_a_few_segments_are_covered(truth):
    """Standard errors as of 150 answers a segment: 80 % with tau taken as known, 95 with its uncertainty."""
    rng, reps, v = np.random.default_rng(2), 400, np.full(len(truth), 1 / 150)
    hits = 0
    for _ in range(reps):
        low, high = posterior(np.array(truth) + rng.normal(size=len(truth)) * np.sqrt(v), v).interval()
        hits += int(((low <= truth) & (truth <= high)).sum())
    assert hits >= binom.ppf(0.001, reps, 0.95) * len(truth) - 0.01 * reps * len(truth)
