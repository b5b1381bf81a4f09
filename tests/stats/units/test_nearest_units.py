"""Matching by hand."""

import numpy as np
import pytest

from cxlab.stats.units import nearest_units


def test_gower_by_hand():
    """Sizes 0, 5, 10 (range 10) and categories a, a, b: d(1,2) = (0.5 + 0) / 2, d(1,3) = (1 + 1) / 2."""
    d = nearest_units.gower(np.array([[0.0], [5.0], [10.0]]), np.array([["a"], ["a"], ["b"]], object))
    assert d[0, 1] == pytest.approx(0.25)
    assert d[0, 2] == pytest.approx(1.0)
    np.testing.assert_allclose(d, d.T)
    np.testing.assert_allclose(np.diag(d), 0)


def test_gower_compares_on_what_both_have():
    d = nearest_units.gower(np.array([[0.0], [np.nan], [10.0]]), np.array([["a"], ["a"], [None]], object))
    assert d[0, 1] == 0
    assert d[0, 2] == 1
    assert np.isnan(d[1, 2])


def test_gower_weights():
    d = nearest_units.gower(np.array([[0.0], [10.0]]), np.array([["a"], ["a"]], object), weights=[1, 3])
    assert d[0, 1] == pytest.approx(0.25)


def test_same_cell_needs_every_column_and_no_gap():
    alike = nearest_units.same_cell(np.array([[0, 1], [0, 1], [0, 2], [0, -1], [0, -1]]))
    assert alike[0].tolist() == [False, True, False, False, False]
    assert not alike[3].any()


def test_nearest_keeps_ties_and_the_caliper():
    d = np.zeros((5, 5))
    d[0] = d[:, 0] = [0, 0.1, 0.1, 0.3, np.nan]
    assert nearest_units.nearest(d, 1)[0].tolist() == [False, True, True, False, False]
    assert nearest_units.nearest(d, 4, caliper=0.2)[0].tolist() == [False, True, True, False, False]


def test_effective_number_and_difference():
    assert nearest_units.effective_number([1, 1, 2]) == pytest.approx(16 / 6)
    assert nearest_units.effective_number([0, 0]) == 0
    assert nearest_units.standardised_difference(
        3.0, [1.0, 2.0, np.nan], spread=0.5, weights=[1, 3, 9]
    ) == pytest.approx(2.5)
    assert np.isnan(nearest_units.standardised_difference(3.0, [np.nan], spread=1.0))


def test_prediction_leaves_the_unit_itself_out():
    for kind in ([0, 0, 0], [-1, 0, 0], [0, 1, 2]):  # of one kind, of none, of different ones: the others' mean
        errors = nearest_units.prediction_errors([0.0, 3.0, 6.0], [0.0, 0.0, 0.0], np.array(kind))
        np.testing.assert_allclose(errors[0], -4.5)
