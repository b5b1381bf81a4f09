"""Mixtures of Markov chains against what one counts, and adds up, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from cxlab.stats.fits import markov_mixture


def test_steps_and_starts_are_those_one_counts() -> None:
    rng = np.random.default_rng(5)
    ways = [tuple(rng.integers(0, 4, rng.integers(1, 300)).tolist()) for _ in range(50)]
    steps, first = markov_mixture.counted(ways, 4)
    for i, way in enumerate(ways):
        by_hand = np.zeros((4, 5))
        for a, b in zip(way, [*way[1:], 4], strict=True):
            by_hand[a, b] += 1
        assert steps.toarray()[i].reshape(4, 5).tolist() == by_hand.tolist()
        assert first.toarray()[i].tolist() == [float(way[0] == e) for e in range(4)]


def test_the_likelihood_of_two_chains_is_that_of_each_journey_by_hand() -> None:
    """P(ab end) = .75 (.9 .5 .8) + .25 (.2 .1 .4); the journey b end: .75 (.1 .8) + .25 (.8 .4)."""
    steps, first = markov_mixture.counted([(0, 1), (1,)], 2)
    share, start = np.array([0.75, 0.25]), np.array([[0.9, 0.1], [0.2, 0.8]])
    chain = np.array([[[0.25, 0.5, 0.25], [0.1, 0.1, 0.8]], [[0.6, 0.1, 0.3], [0.3, 0.3, 0.4]]])
    loglik, belongs = markov_mixture.likelihood(steps, first, np.array([3.0, 2.0]), share, start, chain)
    ab, b = 0.75 * 0.9 * 0.5 * 0.8 + 0.25 * 0.2 * 0.1 * 0.4, 0.75 * 0.1 * 0.8 + 0.25 * 0.8 * 0.4
    assert loglik == pytest.approx(3 * np.log(ab) + 2 * np.log(b), abs=1e-12)
    assert belongs[:, 0].tolist() == pytest.approx([0.75 * 0.36 / ab, 0.75 * 0.08 / b], abs=1e-12)
