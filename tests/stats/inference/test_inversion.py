"""p-values from intervals: those of known tests, and what a limit that never comes down gives."""

import numpy as np
import pytest
from scipy import stats

from cxlab.stats.inference import inversion, proportions


def test_inverting_a_normal_or_students_interval_gives_its_test():
    d, se = np.array([0.1, -0.4, 2.0, 0.0]), np.array([0.1, 0.15, 0.5, 1.0])
    normal = inversion.two_sided(d, lambda z: (d - z * se, d + z * se))
    assert normal == pytest.approx(2 * stats.norm.sf(np.abs(d) / se), rel=1e-8)
    half = lambda z: inversion.t_at(z, 7) * se  # noqa: E731
    student = inversion.two_sided(d, lambda z: (d - half(z), d + half(z)))
    assert student == pytest.approx(2 * stats.t.sf(np.abs(d) / se, 7), rel=1e-8)
    for bound in (-0.2, 0.0, 0.3):
        one = inversion.above(d, lambda z: (d - z * se, d + z * se), bound)
        assert one == pytest.approx(stats.norm.sf((d - bound) / se), rel=1e-6)
        assert inversion.below(d, lambda z: (d - z * se, d + z * se), bound) == pytest.approx(1 - one)


def test_inverting_wilson_gives_the_score_test_of_a_share():
    """statsmodels' proportions_ztest(prop_var=value) is this test: 81 of 263 against .25."""
    x, n = np.array([81.0]), np.array([263.0])
    p = inversion.two_sided(x / n, lambda z: proportions.wilson_at(x, n, z), 0.25)
    z = (81 / 263 - 0.25) / np.sqrt(0.25 * 0.75 / 263)
    assert p == pytest.approx([2 * stats.norm.sf(z)], rel=1e-9)


def test_limits_that_are_not_known_give_no_p():
    nothing = np.array([np.nan, 0.5])
    p = inversion.two_sided(np.array([0.5, 0.5]), lambda z: (nothing - z, nothing + z))
    assert np.isnan(p[0]) and p[1] == pytest.approx(2 * stats.norm.sf(0.5))


def test_quantiles_of_student_keep_their_precision_in_the_tail():
    for z in (0.5, 2, 5, 11):
        for df in (1, 4, 30, 500):
            assert float(inversion.t_at(z, df)) == pytest.approx(stats.t.isf(stats.norm.sf(z), df), rel=1e-9)
    assert np.isinf(inversion.t_at(1.0, np.nan))
