"""Driver analysis of few clusters: Student's t in pairs, ranks and intervals; R² that counts null drivers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.stats import binom

import cxlab as cx
from benchmarks import coverages


def few(seed: int) -> cx.Study:
    return coverages.clustered_drivers(np.random.default_rng(seed), 12, 20, coverages.SLOPES, 0.2)[0]


def test_pairs_and_limits_have_the_degrees_of_freedom_of_the_clusters() -> None:
    found = cx.drivers(few(1))
    pairs = found.parts["pairs"]
    p = 2 * stats.t.sf(pairs["estimate"] / pairs["se"], 11)
    assert pairs["p"].to_numpy() == pytest.approx(_holm(p))
    half = stats.t.ppf(0.975, 11) * pairs["se"]
    assert (pairs["high"] - pairs["estimate"]).to_numpy() == pytest.approx(half.to_numpy())
    assert "only 12 clusters: intervals, ranks and p-values are Student's with few degrees of freedom" in found.notes


def _holm(p: np.ndarray) -> np.ndarray:
    order = np.argsort(p)
    out = np.empty(len(p))
    out[order] = np.fmin(np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)), 1)
    return out


def test_rank_sets_of_equal_drivers_hold_in_few_clusters() -> None:
    """Five equal drivers, 12 clusters, 60 samples; with normal quantiles 8 of 60 are wrong at this seed."""
    hits = coverages.driver_ranks(12, 20, "sets", np.full(5, 0.3))(np.random.default_rng(1), 60)
    assert hits.sum() >= binom.ppf(0.01, 60, 0.95)


def test_r2_says_what_null_drivers_add() -> None:
    rng = np.random.default_rng(3)
    t = pd.DataFrame(rng.standard_normal((200, 12)), columns=[f"x{k}" for k in range(12)])
    t["y"] = 0.3 * t["x0"] + rng.standard_normal(200)
    found = cx.drivers(coverages.study(t, {"y": "outcome", **{f"x{k}": "touchpoint" for k in range(12)}}))
    r2 = found.parts["r2"]
    assert r2["adjusted"] == pytest.approx(1 - (1 - r2["estimate"]) * 199 / 187)
    assert r2["low"] < r2["adjusted"] < r2["high"]
    said = f"adjusted {r2['adjusted']:.0%} ({r2['low']:.0%} to {r2['high']:.0%}, which counts it)"
    assert any(note.endswith(said) for note in found.notes)


def test_the_interval_of_r2_holds_under_null_drivers() -> None:
    """Nine null drivers beside one, R² .1, 200 answers: bootstrap percentiles hold in a third."""
    hits = coverages.explained(10, 1, 0.1, 200)(np.random.default_rng(1), 20)
    assert hits.sum() >= binom.ppf(1e-3, 20, 0.95)
