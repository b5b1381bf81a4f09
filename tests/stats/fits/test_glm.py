"""Generalized linear models against statsmodels, and what they say where no maximum exists."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from cxlab.stats.fits.glm import glm

FAMILIES = {
    "logit": sm.families.Binomial(),
    "cloglog": sm.families.Binomial(sm.families.links.CLogLog()),
    "poisson": sm.families.Poisson(),
}


def drawn(model: str, seed: int = 0):
    rng = np.random.default_rng(seed)
    x = np.column_stack([np.ones(400), rng.integers(0, 3, 400), rng.integers(0, 2, 400)]).astype(float)
    eta = x @ [-0.5, 0.4, -0.6]
    p = 1 / (1 + np.exp(-eta)) if model == "logit" else -np.expm1(-np.exp(eta))
    y = rng.poisson(np.exp(eta)) if model == "poisson" else (rng.random(400) < p)
    return x, y.astype(float), rng.permutation(np.arange(400) % 60), rng.lognormal(0, 0.4, 400)


@pytest.mark.parametrize("model", FAMILIES)
def test_coefficients_and_clustered_errors_are_those_of_statsmodels(model: str) -> None:
    x, y, cluster, w = drawn(model)
    own = glm(x, y, np.ones(400), w, cluster, model=model)
    fit = sm.GLM(y, x, family=FAMILIES[model], freq_weights=w).fit(tol=1e-12)
    score = x * (fit.model.score_factor(fit.params))[:, None]
    sums = np.zeros((60, 3))
    np.add.at(sums, cluster, score)
    curve = fit.model.hessian_factor(fit.params, observed=False)
    bread = np.linalg.inv(x.T @ (x * curve[:, None]))
    assert own.converged
    assert own.b == pytest.approx(fit.params, abs=1e-8)
    assert own.v == pytest.approx(bread @ sums.T @ sums @ bread * 60 / 59, rel=1e-6)
    assert own.df == 59


@pytest.mark.parametrize("model", FAMILIES)
def test_counts_are_rows(model: str) -> None:
    x, y, _, _ = drawn(model, 3)
    rows, at, n = np.unique(np.column_stack([x, y]), axis=0, return_inverse=True, return_counts=True)
    one = glm(x, y, np.ones(400), np.ones(400), model=model)
    other = glm(rows[:, :3], rows[:, 3], n.astype(float), np.ones(len(n)), model=model)
    assert other.b == pytest.approx(one.b, abs=1e-9) and other.v == pytest.approx(one.v, rel=1e-7)
    assert other.df == one.df == 397


def test_separated_groups_did_not_converge() -> None:
    x = np.column_stack([np.ones(40), np.arange(40) >= 20])
    assert not glm(x, (np.arange(40) >= 20).astype(float), np.ones(40), np.ones(40)).converged


def test_a_coefficient_needs_no_scale() -> None:
    x, y, _, w = drawn("poisson")
    one = glm(x, y, np.ones(400), w, model="poisson")
    other = glm(x * [1, 1e4, 1], 1000 * y, np.ones(400), w, model="poisson")
    assert other.b[1] * 1e4 == pytest.approx(one.b[1], rel=1e-6)
    assert other.v[1, 1] ** 0.5 * 1e4 == pytest.approx(one.v[1, 1] ** 0.5, rel=1e-6)
