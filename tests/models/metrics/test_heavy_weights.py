"""Very unequal weights: intervals hold, and p, interval and verdict are of one procedure."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.stats import binom

import cxlab as cx
from benchmarks import coverages

SETS = 1500


@pytest.mark.parametrize("n", [20, 50])
@pytest.mark.parametrize("shares", [(0.2, 0.3, 0.5), (0.05, 0.15, 0.8), (0.02, 0.08, 0.9)])
def test_net_scores_hold_under_lognormal_weights(shares: tuple[float, float, float], n: int) -> None:
    """By the estimated variance alone 87 to 91 of 100."""
    hits = coverages.weighted_nps(shares, n)(np.random.default_rng(1), SETS)
    assert hits.sum() >= binom.ppf(1e-3, SETS, 0.95)


@pytest.mark.parametrize("n", [20, 50])
def test_means_hold_under_lognormal_weights(n: int) -> None:
    """By the estimated variance alone 86 and 90 of 100."""
    hits = coverages.weighted_mean(n)(np.random.default_rng(1), SETS)
    assert hits.sum() >= binom.ppf(1e-3, SETS, 0.95)


def weighted(n: int, seed: int) -> cx.Study:
    rng = np.random.default_rng(seed)
    t = pd.DataFrame({"y": rng.integers(1, 6, n), "g": rng.integers(0, 2, n), "w": rng.lognormal(0, 1, n)})
    return coverages.study(t, {"y": "outcome", "g": "segment", "w": "weight"}, {"y": (1, 5)})


def by_hand(y: np.ndarray, w: np.ndarray) -> tuple[float, float, float]:
    """Mean, its linearised error, and the error of Kish's size."""
    t = np.average(y, weights=w)
    e = y - t
    n = len(y)
    own = np.sqrt(n / (n - 1) * (w**2 * e**2).sum()) / w.sum()
    spread, kish = np.average(e**2, weights=w), w.sum() ** 2 / (w**2).sum()
    return t, own, np.sqrt(spread * n / (n - 1) / kish)


def test_a_mean_counts_the_larger_of_two_errors_with_kish_degrees_of_freedom() -> None:
    """The standard error stays that of the linearisation; the interval is wider where that promises too much."""
    wider = 0
    for seed in range(30):
        s = weighted(25, seed)
        t = s.to_pandas(labels=False)
        mean, own, kish = by_hand(t["y"].to_numpy(float), t["w"].to_numpy())
        row = cx.mean(s, "y").table.iloc[0]
        assert [row["estimate"], row["se"]] == pytest.approx([mean, own])
        df = t["w"].sum() ** 2 / (t["w"] ** 2).sum() - 1
        assert row["high"] - mean == pytest.approx(stats.t.ppf(0.975, df) * max(own, kish))
        wider += kish > own
    assert 0 < wider < 30


@pytest.mark.parametrize("metric", ["mean", "csat"])
def test_p_touches_where_the_interval_does(metric: str) -> None:
    for seed in range(6):
        s = weighted(60, seed)
        row = cx.compare(s, metric, by="g", of="y").table.iloc[0]
        touched = cx.compare(s, metric, by="g", of="y", level=1 - row["p"]).table.iloc[0]
        assert min(abs(touched["low"]), abs(touched["high"])) < 1e-6


def test_it_is_said_where_intervals_are_wider_than_their_error() -> None:
    notes = [note for seed in range(8) for note in cx.mean(weighted(25, seed), "y").notes]
    assert any(note.startswith("weights so unequal that a standard error may be too small: ") for note in notes)


def test_equal_weights_change_nothing() -> None:
    t = weighted(200, 3).to_pandas(labels=False).assign(w=2.0)
    roles = {"y": "outcome", "g": "segment"}
    one, none = (coverages.study(t, r, {"y": (1, 5)}) for r in (roles | {"w": "weight"}, roles))
    columns = ["estimate", "low", "high", "se"]
    a, b = (cx.mean(s, "y", by="g").table[columns].to_numpy() for s in (one, none))
    assert a == pytest.approx(b)
