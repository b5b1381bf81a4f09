"""Average run lengths against R's package spc 0.6.7 (xewma.arl, xewma.crit, xcusum.arl, xcusum.crit) and the papers."""

from __future__ import annotations

import numpy as np
import pytest

from cxlab.stats.monitoring.run_length import cusum_arl, ewma_arl, ewma_delays, limit_for

LIMITS = {
    0.05: 2.61505,
    0.1: 2.81431,
    0.2: 2.96218,
    0.25: 2.99811,
    0.4: 3.05403,
    0.5: 3.07106,
    0.75: 3.08745,
    1: 3.09023,
}
"""spc, two-sided, zero start, fixed limits, average run length 500; Lucas & Saccucci (1990): 2.615, 2.814, ..."""


@pytest.mark.parametrize("weight", LIMITS)
def test_limits_of_an_ewma(weight: float) -> None:
    assert limit_for(500, "ewma", weight) == pytest.approx(LIMITS[weight], abs=6e-6)


@pytest.mark.parametrize(
    ("weight", "arl"),
    [
        (0.2, [500, 41.7751, 10.5430, 3.74371]),
        (0.05, [500, 28.7648, 11.3831, 5.22499]),
        (0.4, [500, 71.2051, 14.2633, 3.5216]),
    ],
)
def test_run_lengths_of_an_ewma(weight: float, arl: list[float]) -> None:
    found = [ewma_arl(weight, limit_for(500, "ewma", weight), shift) for shift in (0, 0.5, 1, 2)]
    assert found == pytest.approx(arl, rel=1e-5)


def test_run_lengths_with_limits_that_vary() -> None:
    found = [ewma_arl(0.2, 2.962, shift, varying=True) for shift in (0, 0.5, 1, 2)]
    assert found == pytest.approx([494.3857, 40.3394, 9.554492, 2.859993], rel=1e-6)


@pytest.mark.parametrize(
    ("limit", "arl"),
    [
        (4, [167.68379, 26.63020, 8.38313, 3.34277]),
        (4.77, [368.56139, 35.20817, 9.91704, 3.85529]),
        (5, [465.44351, 37.99614, 10.37597, 4.00887]),
    ],
)
def test_run_lengths_of_a_cusum(limit: float, arl: list[float]) -> None:
    assert [cusum_arl(limit, shift) for shift in (0, 0.5, 1, 2)] == pytest.approx(arl, abs=1e-5)


def test_limits_of_a_cusum() -> None:
    assert [limit_for(arl, "cusum") for arl in (500, 370.4)] == pytest.approx([5.070704, 4.774897], abs=1e-6)


@pytest.mark.parametrize(
    ("budget", "charts", "looks", "limit", "delay"),
    [(1, 1, 365, 2.854, 9.8), (4, 40, 365, 3.566, 16.9), (1, 120, 365, 4.195, 31.8)],
)
def test_what_a_budget_costs(budget: int, charts: int, looks: int, limit: float, delay: float) -> None:
    found = limit_for(charts * looks / budget, "ewma", 0.2)
    assert found == pytest.approx(limit, abs=5e-4)
    assert ewma_arl(0.2, found, 1.0) == pytest.approx(delay, abs=0.05)


def test_a_mean_that_moves_is_met_by_simulation() -> None:
    means = np.array([1.5, 0.9, 0.6, 0.5])
    rng, runs = np.random.default_rng(5), 20_000
    e, length, alive = np.zeros(runs), np.zeros(runs), np.ones(runs, bool)
    for t in range(2000):
        e = 0.2 * (rng.standard_normal(runs) + means[min(t, 3)]) + 0.8 * e
        length += alive
        alive &= np.abs(e) <= 2.854 / 3
        if not alive.any():
            break
    assert float(ewma_delays(0.2, 2.854, means[None])[0]) == pytest.approx(length.mean(), rel=0.03)


def test_single_values_wait_geometrically() -> None:
    assert ewma_delays(1.0, 3.0, np.array([[0.0]]))[0] == pytest.approx(370.398, abs=1e-3)
    twice = ewma_delays(1.0, 3.0, np.array([[3.0, 0.0]]))[0]
    assert twice == pytest.approx(1 + (1 - 0.5) * 370.398, rel=1e-3)


def test_many_charts_at_once_are_each_one_alone() -> None:
    means = np.random.default_rng(3).uniform(0, 1.5, (150, 6))
    together = ewma_delays(0.2, 2.7, means)
    alone = [float(ewma_delays(0.2, 2.7, one[None])[0]) for one in means[::10]]
    assert together[::10] == pytest.approx(alone, rel=1e-12)
