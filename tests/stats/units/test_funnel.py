"""Funnel limits by hand and by simulation."""

import numpy as np
import pytest
from scipy.stats import binom, norm

from cxlab.stats.units import funnel


def test_by_hand():
    """Equal variances 4 around 10: z = (y - 10) / 2; no winsorising: phi = mean z^2 = (1 + 0 + 1) / 3 = 2/3 < 1."""
    found = funnel.funnel([8.0, 10.0, 12.0], [4.0, 4.0, 4.0], winsorise=0)
    assert found.target == pytest.approx(10)
    np.testing.assert_allclose(found.z, [-1, 0, 1])
    assert found.phi == pytest.approx(2 / 3)
    assert found.tau2 == 0


def test_additive_overdispersion_by_hand():
    """y = -6, 0, 6, v = 4: z^2 = 9, 0, 9, phi = 6; w = 1/4: tau^2 = (3 * 6 - 2) / (3/4 - 1/4) = 32."""
    found = funnel.funnel([-6.0, 0.0, 6.0], [4.0, 4.0, 4.0], winsorise=0)
    assert found.phi == pytest.approx(6)
    assert found.tau2 == pytest.approx(32)
    np.testing.assert_allclose(found.z, np.array([-6, 0, 6]) / 6)
    low, high = funnel.limits(4.0, found, level=0.95, overdispersion="additive")
    assert (low, high) == pytest.approx((-1.959964 * 6, 1.959964 * 6), abs=1e-5)
    crude = funnel.funnel([-6.0, 0.0, 6.0], [4.0, 4.0, 4.0], overdispersion="multiplicative", winsorise=0)
    np.testing.assert_allclose(crude.z, np.array([-3, 0, 3]) / np.sqrt(6))


def test_limits_hold_ordinary_units_and_show_the_strange_one():
    """200 units that truly differ (sd 3) around one at +30: about 95 % within, and the one outside 99.8 %."""
    rng = np.random.default_rng(7)
    v = rng.uniform(0.5, 20, 200)
    y = 3 * rng.standard_normal(200) + np.sqrt(v) * rng.standard_normal(200)
    y[0] = 30.0
    found = funnel.funnel(y, v)
    inside = (np.abs(found.z[1:]) < 1.959964).sum()
    assert binom.ppf(1e-4, 199, 0.93) <= inside <= 199
    assert found.z[0] > 3.09
    naive = funnel.funnel(y, v, overdispersion="none")
    assert (np.abs(naive.z[1:]) < 1.959964).sum() < binom.ppf(1e-4, 199, 0.93)


def test_what_winsorising_leaves_of_a_normal_variance():
    z = np.clip(norm.ppf((np.arange(200_000) + 0.5) / 200_000), *norm.ppf([0.1, 0.9]))
    assert funnel.left_by_winsorising(0.1) == pytest.approx((z**2).mean(), abs=1e-4)


@pytest.mark.parametrize("p", [8, 30, 100])
@pytest.mark.parametrize("tau", [0.0, 0.05, 0.15])
def test_units_that_differ_as_ordinary_ones_do_lie_inside(p: int, tau: float):
    """Sizes of 30 to 3,000 answers; before, up to 3 % lay outside 99.8 % and 17 % outside 95 %."""
    rng, tables = np.random.default_rng(3), 12_000 // p
    far = np.zeros(2)
    for _ in range(tables):
        v = 1 / np.exp(rng.uniform(np.log(30), np.log(3000), p))
        z = np.abs(funnel.funnel(tau * rng.standard_normal(p) + np.sqrt(v) * rng.standard_normal(p), v).z)
        far += (z > 1.959964).mean(), (z > 3.090232).mean()
    assert far[0] / tables < 0.06
    assert far[1] / tables < 0.006


@pytest.mark.parametrize("p", [12, 30])
def test_a_unit_that_is_far_is_found_among_units_that_differ(p: int):
    rng, found = np.random.default_rng(4), 0
    for _ in range(200):
        v = 1 / np.exp(rng.uniform(np.log(30), np.log(3000), p))
        y = 0.05 * rng.standard_normal(p) + np.sqrt(v) * rng.standard_normal(p)
        y[0] += 0.8
        found += abs(funnel.funnel(y, v).z[0]) > 3.090232
    assert found > 180
