"""A fast part of `make calibrate`: where the truth is known, verdicts are rarely false and intervals cover it."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest
from scipy.stats import binom

import cxlab as cx
from cxlab.hypotheses.calibrate import truth
from cxlab.hypotheses.card import card, cards

REPS = 40
QUICK = ["CX-01", "CX-02", "CX-09", "CX-12", "CX-24", "CX-31"]
TAIL = 0.0005
"""Probability of a bound failing by chance; there are about 100 of them."""


@pytest.fixture(scope="module")
def quick():
    return cx.evidence.calibrate(QUICK, reps=REPS, n=600, seed=11).table.set_index(["card", "scenario"])


def test_false_supported_stays_below_the_level(quick) -> None:
    for (id, scenario), r in quick.iterrows():
        if r["false"] == "SUPPORTED":
            assert round(r["supported"] * REPS) <= binom.ppf(1 - TAIL, REPS, r["limit"]), (id, scenario)
            assert not r["defect"], (id, scenario)


def test_intervals_cover_the_truth(quick) -> None:
    for (id, scenario), r in quick.dropna(subset=["coverage"]).iterrows():
        assert round(r["coverage"] * REPS) >= binom.ppf(TAIL, REPS, 0.95), (id, scenario)


def test_true_claims_are_found(quick) -> None:
    found = quick.xs("claimed", level="scenario")["supported"]
    for id in ("CX-01", "CX-09", "CX-24"):
        assert found[id] >= 0.8, id


def test_threats_fool_the_naive_analysis_and_not_the_verdict(quick) -> None:
    under = quick.xs("threat", level="scenario")
    for id in ("CX-02", "CX-12"):
        assert np.min(under.loc[id, "naive"]) >= 0.5, id
        assert np.max(under.loc[id, "supported"]) <= 0.05, id
    assert under.loc["CX-24", "naive"].max() >= 0.5 and under.loc["CX-24", "supported"].max() == 0.0


def test_the_consultants_contrast_is_large_without_any_journey_effect() -> None:
    t = cx.evidence.calibrate(["CX-04"], reps=20, seed=5, scenarios=["null"]).table.iloc[0]
    assert (t["supported"], t["naive"]) == (0.0, 1.0)


@pytest.mark.slow
def test_every_card_keeps_its_level() -> None:
    result = cx.evidence.calibrate(reps=15, n=600, seed=3, scenarios=["boundary", "threat"])
    assert result.title.endswith(": none with too many false verdicts")
    assert len(result.table) == len(cards()) + sum(len(c.threats) for c in cards().values())
    plt.close(cx.evidence.calibrate(["CX-23"], reps=10).plot().get_figure())


def test_truths_are_where_the_card_says() -> None:
    for c in cards().values():
        bar = truth(c, "boundary")
        if c.module.TRUTH.boundary is None:
            assert bar == pytest.approx(c.null + c.sesoi), c.id
        assert abs(truth(c, "claimed") - c.null) > abs(bar - c.null) or c.side == "inside", c.id
        assert truth(c, "half") == pytest.approx((c.null + truth(c, "claimed")) / 2), c.id
    assert truth(card("CX-31"), "null") == 4.0
