"""Planning against the project's reference table, statsmodels, and simulation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.power import NormalIndPower

from cxlab.stats.inference import power_analysis, trinomial

# Project's methods notes, variance .61: half-width and two-wave detectable change at 80 % power, NPS points.
TABLE = {50: (21.6, 43.8), 100: (15.3, 30.9), 200: (10.8, 21.9), 400: (7.7, 15.5), 1000: (4.8, 9.8), 2000: (3.4, 6.9)}


@pytest.mark.parametrize(("n", "row"), TABLE.items())
def test_half_widths_and_detectable_changes(n, row):
    assert 100 * float(power_analysis.half_width(n, 0.61)) == pytest.approx(row[0], abs=0.051)
    assert 100 * float(power_analysis.detectable(n, 0.61)) == pytest.approx(row[1], abs=0.051)


def test_detectable_change_of_5000_answers():
    assert 100 * float(power_analysis.detectable(5000, 0.61)) == pytest.approx(4.4, abs=0.051)


@pytest.mark.parametrize(("n", "sd"), [(20, 17.5), (50, 11.0), (100, 7.8)])
def test_daily_noise_of_a_score(n, sd):
    """Standard deviation of a day's NPS from sampling alone, same notes."""
    assert 100 * float(power_analysis.standard_error(n, 0.61, "one", 1, np.inf)) == pytest.approx(sd, abs=0.051)


@given(st.floats(0.02, 0.5), st.floats(0.05, 2), st.floats(0.6, 0.99))
def test_two_groups_equal_statsmodels(d, v, power):
    """statsmodels counts rejections on the wrong side, as `power` does; the closed form of the size does not."""
    n = float(power_analysis.sample_size(d, v, power=power))
    peer = NormalIndPower().power(d / np.sqrt(v), n, 0.05)
    assert float(power_analysis.power(n, d, v)) == pytest.approx(peer, abs=1e-9)
    assert peer == pytest.approx(power, abs=1e-4)


@given(
    st.sampled_from(list(power_analysis.KINDS)), st.floats(0.05, 0.5), st.floats(0.1, 1), st.floats(0.6, 0.95),
    st.floats(0.5, 4), st.sampled_from([np.inf, 5e3]),
)  # fmt: skip
def test_size_power_and_difference_invert_each_other(kind, d, v, power, deff, population):
    options = {"kind": kind, "deff": deff, "population": population}
    n = power_analysis.sample_size(d, v, power=power, **options)
    assert float(power_analysis.detectable(n, v, power=power, **options)) == pytest.approx(d, rel=1e-9)
    assert float(power_analysis.power(n, d, v, **options)) == pytest.approx(power, abs=2e-3)
    assert n <= population


def test_a_census_needs_no_sample():
    assert float(power_analysis.half_width(400, 0.61, population=400)) == 0


def test_simulated_power_is_the_planned_one():
    """Two waves of 240 answers, 20 points apart: rejected in 80 % of 4,000 samples, within binomial bounds."""
    rng, draws = np.random.default_rng(6), 4000
    p, q = np.array([0.15, 0.3, 0.55]), np.array([0.25, 0.3, 0.45])
    v = (sum(trinomial.net(*x)[1] for x in (p, q))) / 2
    n = int(np.ceil(power_analysis.sample_size(0.2, v)))
    x, y = rng.multinomial(n, p, draws).T, rng.multinomial(n, q, draws).T
    (t1, v1, _), (t2, v2, _) = trinomial.net(*x), trinomial.net(*y)
    z = np.abs(t1 - t2) / np.sqrt(v1 / n + v2 / n)
    assert (z > trinomial.z_value(0.95)).mean() == pytest.approx(0.8, abs=4 * np.sqrt(0.16 / draws) + 0.005)


def test_simulated_equivalence_power_is_the_planned_one():
    """No true difference, margin 15 points: shown equivalent in 80 % of 4,000 samples, within binomial bounds."""
    rng, draws = np.random.default_rng(7), 4000
    p = np.array([0.2, 0.3, 0.5])
    n = int(np.ceil(power_analysis.sample_size(0.15, float(trinomial.net(*p)[1]), kind="equivalent")))
    x, y = rng.multinomial(n, p, draws).T, rng.multinomial(n, p, draws).T
    (t1, v1, _), (t2, v2, _) = trinomial.net(*x), trinomial.net(*y)
    se = np.sqrt(v1 / n + v2 / n)
    shown = np.abs(t1 - t2) + trinomial.z_value(0.90) * se < 0.15
    assert shown.mean() == pytest.approx(0.8, abs=4 * np.sqrt(0.16 / draws) + 0.005)
