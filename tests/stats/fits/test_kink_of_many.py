"""The noise of a kink drawn from its covariance has the distribution of that drawn for every row."""

from __future__ import annotations

import numpy as np
import pytest

from cxlab.stats.counts.quantiles import quantile
from cxlab.stats.fits import kink as kinks


@pytest.mark.parametrize("clusters", [0, 40])
def test_noise_from_its_covariance(clusters: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(5)
    x, n, w = np.sort(rng.uniform(0, 8, 600)), rng.integers(1, 4, 600), rng.uniform(0.5, 2, 600)
    y = 0.3 * x - 0.2 * np.fmax(x - 4, 0) + rng.normal(size=600)
    cluster = rng.integers(0, clusters, 600) if clusters else None
    ask = lambda: kinks.kink(x, y, n, w, np.random.default_rng(1), cluster=cluster)  # noqa: E731
    known = ask()
    drawn = []
    real = kinks._drawn
    monkeypatch.setattr(kinks, "MANY", 0)
    monkeypatch.setattr(kinks, "_drawn", lambda *a: drawn.append((a, real(*a))) or drawn[-1][1])
    found = ask()
    assert found.at == known.at
    assert (found.before, found.after) == pytest.approx((known.before, known.after), rel=1e-10)
    assert found.p == pytest.approx(known.p, abs=0.06)
    made = drawn[0][1]
    places = np.unique(quantile(x, n, np.linspace(0.1, 0.9, 30)))
    rows = kinks._of_rows((x, y, n, w), places, cluster, np.random.default_rng(2))[3]  # noise of every row
    assert made.shape == rows.shape
    np.testing.assert_allclose((made**2).mean(axis=1), (rows**2).mean(axis=1), rtol=0.25)
    np.testing.assert_allclose(np.corrcoef(made)[0], np.corrcoef(rows)[0], atol=0.15)
