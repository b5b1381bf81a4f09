"""Johnson, CAR, Pratt, first, last, VIF, dominance: against relaimpo's published values and R, and their properties."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cxlab.stats.importance import dominance, shapley
from cxlab.stats.importance import marginal as importance
from cxlab.stats.importance.relative_weights import relative_weights, relative_weights_change

REFERENCE = Path(__file__).parents[2] / "reference"
TERMS = ["Agriculture", "Examination", "Education", "Catholic", "Infant.Mortality"]


def swiss() -> np.ndarray:
    table = pd.read_csv(REFERENCE / "swiss.csv")[[*TERMS, "Fertility"]].to_numpy(float)
    return np.corrcoef(table.T)


def values(quantity: str) -> np.ndarray:
    table = pd.read_csv(REFERENCE / "drivers.csv")
    return table[table.quantity == quantity].set_index("term").value.reindex(TERMS).to_numpy(float)


def correlation(p: int, seed: int = 0, n: int = 200) -> np.ndarray:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p)) + rng.normal(size=(n, 1))
    return np.corrcoef(np.column_stack([X, X @ rng.normal(size=p) + 2 * rng.normal(size=n)]).T)


PUBLISHED = {  # relaimpo 2.2-7; Genizi's measure equals Johnson's
    relative_weights: [0.04841690, 0.15470825, 0.27196410, 0.11468003, 0.11696572],
    importance.car: [0.00056747, 0.15113399, 0.32326807, 0.11507318, 0.11669228],
    importance.pratt: [-0.11048599, 0.10642740, 0.44500457, 0.16117682, 0.10461221],
    importance.last: [0.04286961, 0.00738742, 0.16196269, 0.06237263, 0.05694526],
    importance.vif: [2.284129, 3.675420, 2.774943, 1.937160, 1.107542],
}


@pytest.mark.parametrize("function", PUBLISHED, ids=lambda f: f.__name__)
def test_published_values_of_swiss(function):
    np.testing.assert_allclose(function(swiss()[None])[0], PUBLISHED[function], rtol=1e-6, atol=6e-9)


@pytest.mark.parametrize(
    ("function", "quantity"),
    [(relative_weights, "johnson"), (importance.car, "car"), (importance.pratt, "pratt"), (importance.last, "last"),
     (importance.vif, "vif"), (importance.beta, "beta")],
)  # fmt: skip
def test_r(function, quantity: str):
    np.testing.assert_allclose(function(swiss()[None])[0], values(quantity), rtol=1e-9)


def test_johnson_equals_lmg_for_two_drivers_only():
    two, three = correlation(2), correlation(3)
    np.testing.assert_allclose(relative_weights(two[None])[0], shapley.lmg(two), atol=1e-12)
    assert np.abs(relative_weights(three[None])[0] - shapley.lmg(three)).max() > 1e-4


def test_uncorrelated_drivers_get_their_own_r2_by_every_method():
    R = np.eye(4)
    R[:3, 3] = R[3, :3] = [0.5, 0.3, -0.2]
    for method in (relative_weights, importance.car, importance.pratt, importance.first, importance.last, shapley.lmg):
        np.testing.assert_allclose(method(R[None])[0], [0.25, 0.09, 0.04], atol=1e-12)


def test_derivative_of_relative_weights():
    R, rng = correlation(5), np.random.default_rng(1)
    change = rng.normal(size=(3, 6, 6))
    change = change + change.swapaxes(1, 2)
    change[:, np.arange(6), np.arange(6)] = 0
    h = 1e-6
    numeric = (relative_weights(R + h * change) - relative_weights(R - h * change)) / (2 * h)
    np.testing.assert_allclose(relative_weights_change(R, change), numeric, atol=1e-8)


def test_dominance_of_swiss():
    """Complete dominance as published with the reference values: Education over Agriculture, Examination and Catholic;
    Infant.Mortality over Agriculture."""
    complete, conditional, general = (a[0] for a in dominance.dominance(swiss()[None]))
    said = {(TERMS[i], TERMS[j]) for i, j in np.argwhere(complete)}
    assert said == {
        ("Education", "Agriculture"), ("Education", "Examination"), ("Education", "Catholic"),
        ("Infant.Mortality", "Agriculture"),
    }  # fmt: skip
    assert (conditional >= complete).all()
    assert (general >= conditional).all()


def test_company_alone_is_what_an_idle_driver_would_get():
    R = correlation(4, seed=3)
    idle = importance.without_own_effect(R)
    for j in range(4):
        assert importance.beta(idle[j][None])[0, j] == pytest.approx(0, abs=1e-10)
        assert shapley.lmg(idle[j])[j] > 0  # LMG credits it all the same
