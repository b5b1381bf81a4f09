"""A chart of the classifier's errors by wave sounds as seldom as it says, clusters or not, and sounds where it must."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom, norm, t

from cxlab.stats.text import prediction_powered as pp
from cxlab.stats.text.rectifier_drift import ALARM, gaps

GROUPS, EACH, TRIES = 8, 150, 100


def world(seed: int, labels: int, p: float, told: float, rho: float = 0.0, size: int = 1, *, nested: bool = True,
          moved: float = 0.0) -> tuple[pp.Labelled, np.ndarray]:  # fmt: skip
    """Eight waves in which the classifier errs alike; ``rho`` of what decides a theme is that of the person or shop."""
    rng = np.random.default_rng(seed)
    n, g = GROUPS * EACH, np.repeat(np.arange(GROUPS), EACH)
    whose = g * (EACH // size) + rng.integers(0, EACH // size, n) if nested else rng.integers(0, n // size, n)
    latent = np.sqrt(1 - rho) * rng.normal(size=n) + np.sqrt(rho) * rng.normal(size=whose.max() + 1)[whose]
    y = (latent < norm.ppf(p)).astype(float)
    f = np.clip(told * y + (1 - told) * rng.beta(1, 3, n) + moved * (g == 3), 0, 1)
    there = np.zeros(n, bool)
    for k in range(GROUPS):
        there[rng.permutation(np.flatnonzero(g == k))[:labels]] = True
    seen = np.where(there, y, np.nan)[:, None]
    return pp.Labelled(f[:, None], seen, np.ones(n), there * EACH / labels, whose if size > 1 else None), g


NULLS = {
    "few labels": (20, 0.25, 0.5), "a rare theme": (20, 0.06, 0.5), "waves without a yes": (12, 0.1, 0.1),
    "shops within waves": (40, 0.25, 0.3, 0.6, 20), "persons over waves": (40, 0.25, 0.3, 0.6, 4),
}  # fmt: skip


@pytest.mark.parametrize("kind", NULLS)
def test_where_nothing_differs_the_chart_and_the_test_sound_as_seldom_as_they_say(kind: str) -> None:
    sounds = alike = 0
    for seed in range(TRIES):
        data, g = world(seed, *NULLS[kind], nested=kind != "persons over waves")
        found, _, _, p = pp.grouped(data, g)
        made = gaps(data, g, found[0].tuning)
        sounds += int((abs(made.rectifier - made.whole) > made.limit).sum())
        alike += p[0] < 0.05
    assert sounds <= binom.ppf(0.999, TRIES * GROUPS, ALARM)
    assert alike <= binom.ppf(0.999, TRIES, 0.05)


def test_a_wave_that_is_told_otherwise_is_seen() -> None:
    seen = 0
    for seed in range(20):
        data, g = world(seed, 60, 0.25, 0.5, moved=0.35)
        made = gaps(data, g, np.ones(1))
        outside = (abs(made.rectifier - made.whole) > made.limit).ravel()
        seen += bool(outside[3])
    assert seen >= 18


def test_the_gap_by_hand() -> None:
    """Ten labels in each of two groups, lambda 0, no clusters: the gap of the first is (mean 1 - mean 2) / 2."""
    y = np.r_[np.ones(7), np.zeros(3), np.ones(4), np.zeros(6)]
    data = pp.Labelled(np.zeros((20, 1)), y[:, None], np.ones(20), np.ones(20))
    made = gaps(data, np.repeat([0, 1], 10), np.zeros(1))
    assert made.whole[0] == pytest.approx(0.55) and made.rectifier.ravel().tolist() == pytest.approx([0.7, 0.4])
    assert made.se.ravel().tolist() == pytest.approx([np.sqrt(0.21 / 9), np.sqrt(0.24 / 9)])
    own = (20 * 0.55 * 0.45 / 400) * 10 / 9  # residuals from the mean of all, each counts 1/10 - 1/20 or 1/20
    assert made.limit.ravel().tolist() == pytest.approx([np.sqrt(own) * t.ppf(1 - ALARM / 2, 9)] * 2)
