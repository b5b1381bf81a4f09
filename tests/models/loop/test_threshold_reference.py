"""The jump at a threshold of a discrete score equals that of a peer, and clusters count as by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

import cxlab as cx
from cxlab.stats.inference.discrete_threshold import jump
from tests.reference.threshold import scores

PEER = {
    (2.5, 0.06, 0.95): (1.0776431, 0.29580172, 0.045, 0.49123436, 1.66405184),
    (2.5, 0.06, 0.90): (1.0776431, 0.29580172, 0.045, 0.58548904, 1.56979716),
    (3.5, 0.06, 0.95): (1.07916615, 0.24160789, 0.07089648, 0.58592394, 1.57240835),
    (3.5, 0.06, 0.90): (1.07916615, 0.24160789, 0.07089648, 0.6649609, 1.49337139),
    (4.5, 0.06, 0.95): (0.96282473, 0.21461441, 0.10419219, 0.49710977, 1.4285397),
    (4.5, 0.06, 0.90): (0.96282473, 0.21461441, 0.10419219, 0.57043867, 1.3552108),
    (4.5, 0.10, 0.95): (0.96282473, 0.21461441, 0.17365365, 0.43503161, 1.49061786),
    (4.5, 0.10, 0.90): (0.96282473, 0.21461441, 0.17365365, 0.51190838, 1.41374109),
    (7.5, 0.02, 0.95): (0.9261836, 0.20003594, 0.04802162, 0.52307794, 1.32928925),
    (7.5, 0.02, 0.90): (0.9261836, 0.20003594, 0.04802162, 0.58778696, 1.26458023),
}
"""Width, bend, level → estimate, standard error, largest bias, interval, with the sign turned."""


@pytest.mark.parametrize("case", PEER)
def test_the_interval_of_the_peer(case) -> None:
    width, bend, level = case
    g = scores().groupby("x")["y"].agg(["size", "mean", "var"])
    found = jump(
        g.index.to_numpy() - 6.5, g["mean"].to_numpy(), np.diag(g["var"] / g["size"]), g["size"].to_numpy(float),
        level=level, most=bend, widths=(width,),
    )  # fmt: skip
    assert (found.value, found.se, found.bias, found.low, found.high) == pytest.approx(PEER[case], abs=2e-8)


def test_the_call_gives_the_shortest_of_these_intervals() -> None:
    t = scores().assign(called=lambda d: (d["x"] <= 6).astype(int))
    row = cx.loop_effect(cx.load(t.astype({"x": int})), "y", before="x", called="called", cut=6, bend=0.06).table.iloc[
        0
    ]
    got = tuple(row[["estimate", "se", "bias", "low", "high"]])
    assert got == pytest.approx(PEER[(4.5, 0.06, 0.95)], abs=2e-8)


def test_a_parabola_misleads_by_exactly_the_largest_bias() -> None:
    """Three points a side at 1/2, 3/2, 5/2 and a window of 7/2: kernel 6/7, 4/7, 2/7."""
    x = np.array([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5])
    k = 1 - np.abs(x[3:]) / 3.5
    s0, s1, s2 = k.sum(), k @ x[3:], k @ x[3:] ** 2
    by_hand = 2 * abs((k * (s2 - s1 * x[3:]) / (s0 * s2 - s1**2)) @ x[3:] ** 2) * 0.3 / 2
    for sign in (1, -1):
        curve = sign * 0.3 / 2 * x**2 * np.sign(x)
        found = jump(x, curve, np.eye(6) * 1e-12, np.ones(6), level=0.95, most=0.3, widths=(3.5,))
        assert found.bias == pytest.approx(by_hand) and abs(found.value) == pytest.approx(by_hand)


def stores(seed: int, count: int = 12) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    store = np.repeat(np.arange(count), 60)
    x = np.clip(np.round(rng.normal(6.3, 2.1, len(store)) + rng.normal(0, 1.5, count)[store]), 0, 10)
    pull = rng.normal(0, 0.25, (count, 11))  # what a store does at a score is shared by its customers
    y = 5 + 0.3 * x + (x <= 6) + pull[store, x.astype(int)] + rng.normal(0, 1, len(store))
    return pd.DataFrame({"x": x.astype(int), "y": y, "store": store, "c": (x <= 6).astype(int)})


def test_few_clusters_are_covered() -> None:
    reps = 40
    hits = 0
    for k in range(reps):
        study = cx.load(stores(k)).set("store", role="cluster")
        row = cx.loop_effect(study, "y", before="x", called="c", cut=6, bend=0.02).table.iloc[0]
        hits += row["low"] <= 1 <= row["high"]
    assert hits >= binom.ppf(0.001, reps, 0.95)


def test_the_error_of_clusters_is_that_of_a_hand_calculation() -> None:
    t = stores(1)
    study = cx.load(t).set("store", role="cluster")
    row = cx.loop_effect(study, "y", before="x", called="c", cut=6, bend=10.0).table.iloc[0]
    t = t.assign(d=t["x"] - 6.5, u=0.0)
    t["k"] = (1 - t["d"].abs() / 2.5).clip(lower=0)  # a curve that may bend so much leaves two scores a side
    for side, sign in ((t["d"] < 0, 1), (t["d"] > 0, -1)):
        k, d = t.loc[side, "k"], t.loc[side, "d"]
        s0, s1, s2 = k.sum(), (k * d).sum(), (k * d**2).sum()
        t.loc[side, "w"] = sign * k * (s2 - s1 * d) / (s0 * s2 - s1**2)
    assert row["estimate"] == pytest.approx((t["w"] * t["y"]).sum())
    sums = (t["w"] * (t["y"] - t.groupby("x")["y"].transform("mean"))).groupby(t["store"]).sum()
    assert row["se"] == pytest.approx(np.sqrt(12 / 11 * (sums**2).sum()))
