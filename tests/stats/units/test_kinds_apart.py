"""How far kinds lie apart: the noncentral F inverted, against scipy's own distribution and by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom, f_oneway, ncf

from cxlab.stats.units.kinds_apart import likely_spreads, ratio


def test_a_quantile_is_the_spread_under_which_so_large_an_f_comes_with_that_probability() -> None:
    rng = np.random.default_rng(1)
    kind = np.repeat(np.arange(5), [4, 6, 8, 10, 12])
    y = 0.6 * kind + rng.standard_normal(40)
    f = f_oneway(*(y[kind == k] for k in range(5))).statistic
    for p, spread in zip((0.025, 0.3, 0.975), likely_spreads(y, kind, [0.025, 0.3, 0.975]), strict=True):
        assert ncf.sf(f, 4, 35, 40 * spread) == pytest.approx(p, abs=2e-3)


def test_kinds_that_do_not_differ_more_than_chance_may_not_differ_at_all_but_may() -> None:
    y = np.array([1.0, 2, 3, 1, 2, 3, 1, 2, 3])
    low, high = likely_spreads(y, np.repeat([0, 1, 2], 3), [0.025, 0.975])
    assert low == high == 0  # F = 0: no spread makes it likely
    y = np.random.default_rng(3).permutation(np.arange(30.0))
    low, high = likely_spreads(y, np.arange(30) % 3, [0.025, 0.975])
    assert low == 0 < high


def test_the_interval_of_the_spread_holds() -> None:
    rng, kind, level = np.random.default_rng(2), np.arange(48) % 6, np.array([-1.0, -0.5, 0, 0, 0.5, 1])
    truth, hits = float((level**2).mean()), 0
    for _ in range(150):
        low, high = likely_spreads(level[kind] + rng.standard_normal(48), kind, [0.025, 0.975])
        hits += low <= truth <= high
    assert binom.ppf(1e-3, 150, 0.95) <= hits <= binom.ppf(0.9999, 150, 0.95)


def test_who_has_no_peer_is_predicted_by_all() -> None:
    assert ratio([3.0], [0, 1, 2]).tolist() == [1.0]
    assert ratio([1.0], [0, 0, -1])[0] == pytest.approx(np.sqrt((2 * (1 + 1 / 2) / 2 + 1) / 3))
    assert ratio([1e9], np.zeros(10, int))[0] == pytest.approx(np.sqrt((1 + 1 / 9) / 1e9), rel=1e-6)


def test_one_kind_and_units_without_a_likeness_leave_nothing_to_tell() -> None:
    assert likely_spreads([1.0, 2, 3], [0, 0, 0], [0.1, 0.9]).tolist() == [0.0, 0.0]
    assert likely_spreads([1.0, 2, 3], [0, 1, -1], [0.1, 0.9]).tolist() == [0.0, 0.0]
    assert np.isinf(likely_spreads([1.0, 1, 2, 2], [0, 0, 1, 1], [0.5])).all()
