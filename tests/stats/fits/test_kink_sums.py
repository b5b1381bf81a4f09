"""Lines and bends from sums of pieces of rows are those of all rows at once."""

from __future__ import annotations

import numpy as np
import pytest

from cxlab.stats.counts.quantiles import quantile
from cxlab.stats.fits import kink, kink_sums, robust_pieces
from cxlab.stats.fits.robust import least_squares

RNG = np.random.default_rng(5)
N = 700
X = np.round(RNG.normal(3, 1.5, N), 2)
Y = np.clip(np.round(7 - 0.4 * X - 0.8 * np.fmax(X - 3, 0) + RNG.normal(size=N)), 0, 10)
TIMES = RNG.integers(1, 4, N).astype(float)
WEIGHT = RNG.choice([0.5, 1.0, 2.5], N)
CLUSTERS = {
    "none": None, "many": RNG.integers(0, 150, N), "sorted": np.sort(RNG.integers(0, 150, N)),
    "few": RNG.integers(0, 20, N), "two": RNG.integers(0, 2, N), "one": np.zeros(N, int),
    "large": np.where(np.arange(N) < 500, 0, np.arange(N) // 4),
}  # fmt: skip


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kink_sums, "ROWS", 64)
    monkeypatch.setattr(robust_pieces, "ROWS", 64)


@pytest.mark.parametrize("name", CLUSTERS)
@pytest.mark.parametrize("arm", ["slope", "mean", "few treated", "one control"])
def test_least_squares_in_pieces_are_those_of_all_rows(name: str, arm: str) -> None:
    cluster = CLUSTERS[name]
    own = np.arange(N) if cluster is None else cluster
    second = {"slope": X, "few treated": own <= 2.0, "one control": own != own[0]}.get(arm)
    x = np.ones((N, 1)) if second is None else np.column_stack([np.ones(N), second])
    known = least_squares(x, Y, TIMES, WEIGHT, cluster)
    found = robust_pieces.least_squares_in_pieces(lambda p: x[p], Y, TIMES, WEIGHT, cluster)
    np.testing.assert_allclose(found.b, known.b, rtol=1e-10)
    for a in np.eye(x.shape[1]):
        np.testing.assert_allclose(found.contrast(a), known.contrast(a), rtol=1e-8)


def by_rows(places: np.ndarray, cluster: np.ndarray | None) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Places, falls, what is left and the covariance of the bends, with a column a bend."""
    root = np.sqrt(TIMES * WEIGHT)
    base = np.linalg.qr(np.column_stack([np.ones(N), X]) * root[:, None])[0]
    bends = np.fmax(X[:, None] - places, 0) * root[:, None]
    bends = bends - base @ (base.T @ bends)
    bends /= np.sqrt((bends**2).sum(axis=0))
    target = Y * root - base @ (base.T @ (Y * root))
    fall = (bends.T @ target) ** 2
    scores = bends * (target / np.sqrt(TIMES) if cluster is None else target)[:, None]
    if cluster is not None:
        scores = np.stack([scores[cluster == c].sum(axis=0) for c in np.unique(cluster)])
    return places, fall, target @ target - fall, scores.T @ scores


@pytest.mark.parametrize("name", CLUSTERS)
def test_bends_from_sums_by_interval_are_those_of_rows(name: str) -> None:
    places = np.unique(quantile(X, TIMES, np.linspace(0.1, 0.9, 12)))
    found = kink_sums.Bends(X, Y, TIMES, WEIGHT, places)
    _, fall, left, covariance = by_rows(places, CLUSTERS[name])
    np.testing.assert_allclose(found.fall, fall, rtol=1e-9)
    np.testing.assert_allclose(found.left, left, rtol=1e-9)
    np.testing.assert_allclose(found.noise(CLUSTERS[name]), covariance, rtol=1e-8, atol=1e-9)
    assert found.slopes(5) == pytest.approx(kink._slopes(X, Y, TIMES * WEIGHT, places[5]), rel=1e-9)


def test_a_place_before_all_data_is_no_bend() -> None:
    places = np.array([X.min() - 1, X.min(), 2.0, 3.0])
    assert kink_sums.Bends(X, Y, TIMES, WEIGHT, places).places.tolist() == [2.0, 3.0]


def test_a_line_that_bends_at_a_known_place_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """y falls by 1 up to 2 and by 3 beyond, without noise; 2 is one of the places tried (17 of 41 values)."""
    monkeypatch.setattr(kink, "MANY", 5)
    x = np.tile(np.linspace(0, 4, 41), 5)
    y = (
        9
        - x
        - 2 * np.fmax(x - 2, 0)
        + np.tile([0.1, -0.1, 0.0, 0.2, -0.2], 41)[np.argsort(np.argsort(x, kind="stable"))]
    )
    k = kink.kink(x, y, np.ones(205), np.ones(205), np.random.default_rng(1), grid=81)
    assert (k.at, k.before, k.after) == (pytest.approx(2), pytest.approx(-1), pytest.approx(-3))
    assert k.p == 1 / 500


def test_quantiles_of_many_rows_are_those_of_their_values(monkeypatch: pytest.MonkeyPatch) -> None:
    q = np.linspace(0, 1, 31)
    known = quantile(X, np.full(N, 2.0), q)
    monkeypatch.setattr("cxlab.stats.counts.quantiles.ALIKE", 10)
    assert quantile(X, np.full(N, 2.0), q).tolist() == known.tolist()
    assert (
        quantile(X, TIMES, q).tolist()
        == quantile(np.repeat(X, TIMES.astype(int)), np.ones(int(TIMES.sum())), q).tolist()
    )
