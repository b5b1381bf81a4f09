"""Likelihoods of many subsets at once: against statsmodels, and separation."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from statsmodels.miscmodels.ordinal_model import OrderedModel

from cxlab.stats.fits import subset_fits

KEEP = np.array([[1, 0, 0], [1, 0, 1], [1, 1, 1]], bool)


def answers(n: int = 600):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, 3))
    e = X @ [0.8, -0.4, 0.1]
    latent = e + rng.logistic(size=n)
    return X, {
        "logit": (latent > 0).astype(float), "ordinal": np.digitize(latent, [-1, 0.3, 1.5]),
        "multinomial": np.digitize(latent, [-1, 1]), "count": rng.poisson(np.exp(0.4 * e)),
    }  # fmt: skip


def peer(family: str, y: np.ndarray, X: np.ndarray):
    Z = sm.add_constant(X)
    if family == "ordinal":
        return OrderedModel(y, X, distr="logit").fit(method="newton", disp=0)
    return {"logit": sm.Logit, "multinomial": sm.MNLogit, "count": sm.Poisson}[family](y, Z).fit(disp=0)


@pytest.mark.parametrize("family", subset_fits.FAMILIES)
def test_log_likelihoods_equal_statsmodels(family: str):
    X, y = answers()
    fits = subset_fits.fit_subsets(family, X, y[family], np.ones(len(X)), KEEP)
    expected = [peer(family, y[family], X[:, k]).llf for k in KEEP]
    np.testing.assert_allclose(fits.loglik.sum(axis=1), expected, rtol=1e-9)
    assert fits.converged.all()


def test_slopes_of_the_ordered_logit_equal_statsmodels():
    X, y = answers()
    fits = subset_fits.fit_subsets("ordinal", X, y["ordinal"], np.ones(len(X)), KEEP[-1:])
    np.testing.assert_allclose(-fits.theta[0, fits.slopes[0]], peer("ordinal", y["ordinal"], X).params[:3], atol=1e-5)


def test_weights_equal_repeated_rows():
    X, y = answers(200)
    times = np.random.default_rng(1).integers(1, 4, 200)
    one = subset_fits.fit_subsets("logit", X, y["logit"], times.astype(float), KEEP)
    many = subset_fits.fit_subsets(
        "logit", np.repeat(X, times, axis=0), np.repeat(y["logit"], times), np.ones(times.sum()), KEEP
    )
    np.testing.assert_allclose(one.theta, many.theta, atol=1e-8)


def test_separated_answers_are_not_called_converged():
    X, _ = answers(200)
    fits = subset_fits.fit_subsets("logit", X, (X[:, 0] > 0).astype(float), np.ones(200), KEEP)
    assert not fits.converged.all()


def test_latent_correlation_gives_mckelvey_zavoina():
    covariance = np.array([[[1.0, 0.3], [0.3, 1.0]]])
    b = np.array([[0.5, 0.2]])
    R = subset_fits.latent_correlation(covariance, b, np.pi**2 / 3)
    explained = b[0] @ covariance[0] @ b[0]
    r2 = R[0, :2, 2] @ np.linalg.solve(R[0, :2, :2], R[0, :2, 2])
    assert r2 == pytest.approx(explained / (explained + np.pi**2 / 3))
