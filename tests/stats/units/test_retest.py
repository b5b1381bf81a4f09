"""Regression to the mean against the project's reference values, kinks and words by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from cxlab.stats.fits.bag_of_words import gain, terms
from cxlab.stats.fits.kink import kink
from cxlab.stats.units.retest import transitions

DETRACTORS, PROMOTERS = 0.21, 0.36
"""Shares behind reference values 7.5 (NPS about 15): they follow from '55 % no longer detractors' at r = .5; the other
19 numbers are then a test. The references are a simulation rounded to whole points."""


@pytest.mark.parametrize(
    ("r", "detractors", "left", "promoters", "same"),
    [(0.5, -32, 55, 50, 0.51), (0.6, -42, 49, 57, 0.55), (0.7, -53, 43, 65, 0.60), (0.8, -64, 35, 72, 0.67),
     (0.9, -75, 25, 81, 0.76)],
)  # fmt: skip
def test_reference_values(r: float, detractors: float, left: float, promoters: float, same: float) -> None:
    p = np.array([DETRACTORS, 1 - DETRACTORS - PROMOTERS, PROMOTERS])
    move = transitions(p, r)
    net = np.array([-100, 0, 100])
    assert move[0] @ net == pytest.approx(detractors, abs=1.0)
    assert 100 * (1 - move[0, 0]) == pytest.approx(left, abs=1.0)
    assert move[2] @ net == pytest.approx(promoters, abs=1.0)
    assert p @ np.diag(move) == pytest.approx(same, abs=0.01)


def test_margins_stay() -> None:
    p = np.array([0.1, 0.2, 0.0, 0.3, 0.4])
    move = transitions(p, 0.6)
    assert np.isnan(move[2]).all()
    assert p[p > 0] @ move[p > 0] == pytest.approx(p, abs=1e-8)
    assert move[p > 0].sum(axis=1) == pytest.approx(1, abs=1e-8)


def test_a_kink_is_found_where_it_is() -> None:
    rng = np.random.default_rng(0)
    x = rng.uniform(0, 10, 1500)
    y = 5 - 0.1 * x - 0.8 * np.fmax(x - 6, 0) + rng.standard_normal(1500)
    k = kink(x, y, np.ones(1500), np.ones(1500), rng)
    assert k.p < 0.01
    assert k.low <= 6 <= k.high
    assert k.after == pytest.approx(-0.9, abs=0.15)


def test_no_kink_is_rarely_seen() -> None:
    said = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        x = rng.uniform(0, 10, 150)
        said += kink(x, -0.3 * x + rng.standard_normal(150), np.ones(150), np.ones(150), rng).p <= 0.05
    assert said <= binom.ppf(0.999, 60, 0.05)


def test_words_that_repeat_the_rating_gain_nothing_and_others_do() -> None:
    rng = np.random.default_rng(1)
    rating, hidden = rng.standard_normal(600), rng.standard_normal(600)
    y = rating + hidden + rng.standard_normal(600)
    vocabulary = [f"word{chr(97 + i)}x" for i in range(20)]
    told = {}
    for name, source in (("repeats", rating), ("adds", hidden)):
        p = 1 / (1 + np.exp(-2 * source[:, None] * np.linspace(-1, 1, 20)))
        texts = [" ".join(v for v, on in zip(vocabulary, row, strict=True) if on) for row in rng.random((600, 20)) < p]
        m, _ = terms(texts)
        x = np.column_stack([np.ones(600), rating])
        base, more, share = gain(m, x, y, np.ones(600), rng.permutation(np.arange(600) % 10), 10)
        told[name] = (more - base).mean()
        assert share == pytest.approx(0.1)
    assert abs(told["repeats"]) < 0.01
    assert told["adds"] > 0.15


def test_counts_are_answers_to_a_kink() -> None:
    """On a coarse scale the p-value of no kink keeps its level: patterns of many answers are not one answer."""
    said = 0
    for seed in range(80):
        rng = np.random.default_rng(seed)
        x = rng.integers(0, 8, 600).astype(float)
        y = np.clip(np.round(3 - 0.1 * x + rng.standard_normal(600)), 1, 5)
        cells, n = np.unique(np.column_stack([x, y]), axis=0, return_counts=True)
        said += kink(cells[:, 0], cells[:, 1], n.astype(float), np.ones(len(n)), rng).p <= 0.2
    assert binom.ppf(0.001, 80, 0.2) <= said <= binom.ppf(0.999, 80, 0.2)
