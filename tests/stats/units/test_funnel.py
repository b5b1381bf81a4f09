"""Funnel limits by hand and by simulation."""

import numpy as np
import pytest
from scipy.stats import binom

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
