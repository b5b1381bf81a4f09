"""Repeat purchase: CDNOW as published (Fader, Hardie & Lee 2005; R's BTYD), its hold-out, and known truth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import cxlab as cx
from cxlab.stats.purchases import bgnbd

HERE = Path(__file__).parents[2] / "reference"


@pytest.mark.mirror
def test_cdnow_has_the_published_parameters_and_misses_its_hold_out(mirror: Path) -> None:
    raw = pd.read_csv(mirror / "cdnow_repeat_purchase/CDNOW_sample.txt", sep=r"\s+", header=None, dtype=str)
    table = pd.DataFrame({"who": raw[1], "day": pd.to_datetime(raw[2])})
    found = cx.repeat(cx.load(table), customer="who", date="day", until="1997-09-30", horizon=39)
    p = found.parts["parameters"]
    np.testing.assert_allclose(p["estimate"], [0.24259463, 4.41360597, 0.79292222, 2.42590803], rtol=2e-5)
    np.testing.assert_allclose(p["estimate"] * p["se_log"], [0.01256, 0.37822, 0.18572, 0.70534], rtol=0.002)
    assert found.parts["fit"]["loglik"] == pytest.approx(-9582.4292, abs=5e-5)
    assert (found.parts["fit"]["customers"], found.parts["fit"]["repeats"]) == (2357, 2457)
    each = found.table.iloc[:-1]
    predicted = [0.2251, 0.5231, 1.0441, 1.5203, 2.1639, 2.6538, 3.5040, 6.1572]
    np.testing.assert_allclose(each["estimate"] / each["n"], predicted, atol=6e-5)
    actual = [0.2367, 0.6970, 1.3925, 1.5600, 2.5323, 2.9474, 3.8621, 6.3594]
    np.testing.assert_allclose(each["actual"] / each["n"], actual, atol=6e-5)
    total = found.table.iloc[-1]
    assert total["actual"] == 1882 and total["estimate"] == pytest.approx(1653.4, abs=0.05)
    exact = pd.read_csv(HERE / "cdnow_interval.csv").set_index("what")["value"]  # another program, closed forms
    assert total["estimate"] == pytest.approx(exact["expected"], abs=1e-3)
    np.testing.assert_allclose([total["low"], total["high"]], [exact["low"], exact["high"]], atol=3)
    np.testing.assert_allclose([total["low"], total["high"]], [1468, 1871], atol=16)  # quoted, from a few simulations
    assert any(n.startswith("hold-out: 1,882 purchases, OUTSIDE the 95% predictive interval") for n in found.notes)


def test_expectations_are_the_published_ones() -> None:
    """Fader, Hardie & Lee (2005): 1.226 purchases in 39 weeks of one with x 2, t_x 30.43, T 38.86; R BTYD of a new one.

    A new customer has bought once, just now: x 0, t_x 0, T 0.
    """
    log = np.log([0.24259296, 4.41353281, 0.79288403, 2.42574611])  # R BTYD, file with weeks to two decimals
    own = bgnbd.expected(log, np.array([2.0]), np.array([30.43]), np.array([38.86]), 39.0)[0]
    assert own == pytest.approx(1.2259, abs=5e-5)
    new, now = (lambda ahead: bgnbd.expected(log, now, now, now, ahead)[0]), np.zeros(1)
    assert [new(39.0), new(78.0)] == pytest.approx([1.195017, 1.857973], abs=1e-6)


def purchases(customers: int, seed: int, weeks: int = 60) -> pd.DataFrame:
    """Return purchases of customers as the model has them: r 0.8, alpha 6, a 1.2, b 3."""
    rng = np.random.default_rng(seed)
    rows = []
    for who in range(customers):
        clock, pace, drop = rng.uniform(0, 12), rng.gamma(0.8, 1 / 6), rng.beta(1.2, 3)
        while clock < weeks:
            rows.append((who, clock))
            if len(rows) > 1 and rows[-2][0] == who and rng.random() < drop:
                break
            clock += rng.exponential(1 / pace)
    who, clock = np.array(rows).T
    return pd.DataFrame(
        {"who": who.astype(int), "day": pd.Timestamp("2024-01-01") + pd.to_timedelta(clock * 7, unit="D")}
    )


def test_predictive_intervals_hold_what_happened() -> None:
    hits = 0
    for seed in range(12):
        found = cx.repeat(
            cx.load(purchases(400, seed)), customer="who", date="day", until="2024-09-01", horizon=20, draws=60
        )
        total = found.table.iloc[-1]
        hits += total["low"] <= total["actual"] <= total["high"]
    assert hits >= 8  # binomial, 12 draws at 95 %


def test_expectation_is_the_mean_of_simulated_purchases() -> None:
    log = np.log([0.8, 6.0, 1.5, 3.0])
    x, last, watched = np.full(20_000, 3.0), np.full(20_000, 20.0), np.full(20_000, 26.0)
    made = bgnbd.simulated(log, x, last, watched, 13.0, np.random.default_rng(1))
    expected = bgnbd.expected(log, x[:1], last[:1], watched[:1], 13.0)[0]
    assert made.mean() == pytest.approx(expected, abs=4 * made.std() / np.sqrt(len(made)))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"until": "soon"}, "until is 'soon'; write a day as '2025-06-30'"),
        ({"until": "2020-01-01"}, "nobody of table bought up to 2020-01-01; the first day is 2024-01-02"),
        ({"horizon": 0}, "horizon is 0; it is how long ahead to look, above 0"),
        ({"unit": "months"}, "unit is 'months'; allowed: 'days', 'weeks'"),
    ],
)
def test_bad_questions_are_said(options: dict, message: str) -> None:
    given = {"customer": "who", "date": "day", "until": "2024-09-01", "horizon": 10} | options
    with pytest.raises(cx.DataProblem) as said:
        cx.repeat(cx.load(purchases(60, 1)), **given)
    assert str(said.value) == message


def test_the_picture_rings_what_happened() -> None:
    found = cx.repeat(cx.load(purchases(200, 3)), customer="who", date="day", until="2024-09-01", horizon=10, draws=20)
    assert len(found.plot().collections) >= 3


def test_the_slope_is_that_of_the_likelihood() -> None:
    x, last, watched = np.array([0.0, 2, 5]), np.array([0.0, 8, 20]), np.array([12.0, 30, 25])
    n, log = np.array([3.0, 2, 1]), np.log([0.7, 5.0, 0.9, 2.0])
    numbers, at = np.unique(x, return_inverse=True)
    value, slope = bgnbd._slope(log, n, numbers, at, last, watched)
    mean = lambda v: -float(n @ bgnbd.loglik(v, x, last, watched)) / 6  # noqa: E731
    assert value == pytest.approx(mean(log))
    by_hand = [(mean(log + e) - mean(log - e)) / 2e-6 for e in np.eye(4) * 1e-6]
    np.testing.assert_allclose(slope, by_hand, atol=1e-8)
