"""Variation between groups, regression to the mean, dose and response, sequences: known truth and refusals."""

from __future__ import annotations

import calendar

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import cxlab as cx
from cxlab.data.codebook import Codebook, Field, Scale
from cxlab.data.study import Study
from cxlab.problem import DataProblem


def study(table: dict, **fields) -> Study:
    book = Codebook("made", tuple(Field(name, **about) for name, about in fields.items()))
    return Study(pd.DataFrame(table), book)


def answers(tau: float, days: int = 40, size: int = 80, seed: int = 0) -> Study:
    """NPS whose true daily values have standard deviation ``tau`` around 20."""
    rng = np.random.default_rng(seed)
    move = np.repeat(tau / 200 * rng.standard_normal(days), size)
    u = rng.random(days * size)
    score = np.where(u < 0.25 - move, 3, np.where(u > 0.55 - move, 10, 8))
    return study(
        {"day": np.repeat(np.arange(days), size), "ltr": score},
        day={"type": "integer", "role": "segment"},
        ltr={"type": "integer", "role": "outcome", "measure": "recommendation", "scale": Scale(0, 10)},
    )


def test_variation_is_split_into_truth_and_sampling() -> None:
    for tau in (0.0, 12.0):
        v = cx.variation(answers(tau), by="day")
        t = v.table.set_index("component")
        assert t.loc["true standard deviation", "low"] <= tau <= t.loc["true standard deviation", "high"]
        assert t.loc["sampling alone", "estimate"] == pytest.approx(100 * np.sqrt(0.66 / 80), rel=0.05)
        seen = t.loc["observed standard deviation of the groups", "estimate"]
        parts = np.hypot(t.loc["sampling alone", "estimate"], t.loc["true standard deviation", "estimate"])
        assert seen == pytest.approx(parts, rel=0.15)
        plt.close(v.plot().get_figure())


def test_variation_needs_groups() -> None:
    with pytest.raises(DataProblem, match=r"^only 2 groups of day in made have 20 answers; at least 3 are needed$"):
        cx.variation(answers(0.0, days=2), by="day")
    with pytest.raises(DataProblem, match="metric is 'npss'; did you mean 'nps'"):
        cx.variation(answers(0.0), "npss", by="day")
    with pytest.raises(DataProblem, match=r"^brand is of type string: such groups have no order in which they follow"):
        cx.variation(cx.load("brand-tracker"), by="brand", course=True)


def test_a_course_is_by_code_not_by_label_and_who_has_no_place_is_left_out() -> None:
    """Months called by their names follow as in the year; answers without a month are no group of it."""
    months = {str(i): name for i, name in enumerate(calendar.month_abbr[1:], 1)}
    month, share = np.repeat(np.arange(1.0, 13), 200), np.tile((np.arange(200) + 0.5) / 200, 12)
    ltr = np.where(share < 0.05 * month, 10, 5)
    asked = {"type": "integer", "role": "outcome", "measure": "recommendation", "scale": Scale(0, 10)}
    named = study({"m": month, "ltr": ltr}, m={"type": "integer", "labels": months}, ltr=asked)
    plain = cx.variation(study({"m": month, "ltr": ltr}, m={"type": "integer"}, ltr=asked), by="m", course=True)
    found = cx.variation(named, by="m", course=True)
    assert found.parts["groups"]["m"].tolist() == list(months.values())
    pd.testing.assert_frame_equal(found.table, plain.table)
    some = {"m": np.r_[month, np.full(30, np.nan)], "ltr": np.r_[ltr, np.zeros(30, int)]}
    open_end = cx.variation(study(some, m={"type": "integer"}, ltr=asked), by="m", course=True)
    pd.testing.assert_frame_equal(open_end.table.drop(columns="n"), plain.table.drop(columns="n"))
    assert "30 answers without m left out: they have no place in its course" in open_end.notes
    with pytest.raises(DataProblem, match=r"^course is 'yes'; allowed: True, False$"):
        cx.variation(named, by="m", course="yes")


def test_days_follow_one_another_by_their_number_not_their_text() -> None:
    """Days 9 and 10 are neighbours: a course by the number of the day is none of their variation."""
    day = np.repeat(np.arange(1, 31), 200)
    share = np.tile((np.arange(200) + 0.5) / 200, 30)
    ltr = np.where(share < 0.1 + 0.02 * day, 10, 5)
    about = {"type": "integer", "role": "outcome", "measure": "recommendation", "scale": Scale(0, 10)}
    made = study({"day": day, "ltr": ltr}, day={"type": "integer", "role": "segment"}, ltr=about)
    true = {c: cx.variation(made, by="day", course=c).table["estimate"].iloc[2] for c in (False, True)}
    assert (true[True], true[False] > 30) == (0.0, True)


def test_regression_to_the_mean_of_a_study() -> None:
    data = answers(0.0)
    r = cx.journeys.regression_to_mean(data, retest=[0.0, 0.7])
    t = r.table.set_index(["group", "retest"])
    nps = cx.nps(data).table["estimate"].iloc[0]
    assert t.loc[("detractors", 0.0), "estimate"] == pytest.approx(nps, abs=1e-6)  # with r = 0 they are like all
    assert t.loc[("promoters", 0.0), "estimate"] == pytest.approx(nps, abs=1e-6)
    assert -100 < t.loc[("detractors", 0.7), "estimate"] < nps < t.loc[("promoters", 0.7), "estimate"] < 100
    plt.close(r.plot().get_figure())
    with pytest.raises(DataProblem, match=r"^retest is \[1\.0\]; a correlation from 0 to below 1 is needed"):
        cx.journeys.regression_to_mean(data, retest=[1.0])
    with pytest.raises(DataProblem, match=r"^day runs from no declared scale; detractors are defined on 0 to 10$"):
        cx.journeys.regression_to_mean(data, "day")


def test_dose_response_finds_the_slope_and_the_curve() -> None:
    rng = np.random.default_rng(1)
    wait = np.exp(rng.normal(4, 0.8, 2000)).round(1)
    y = np.clip(np.round(4 - 0.4 * (np.log2(wait) - 5.8) + rng.normal(0, 0.6, 2000)), 1, 7)
    y = np.where(rng.random(2000) < 0.1, np.nan, y)
    data = study(
        {"wait": wait, "score": y},
        wait={"role": "operation", "measure": "wait", "unit": "s"},
        score={"role": "outcome", "measure": "satisfaction", "scale": Scale(1, 7)},
    )
    r = cx.journeys.dose_response(data)
    first = r.table.iloc[0]
    assert first["low"] <= -0.4 <= first["high"] and first["n"] == np.isfinite(y).sum()
    assert r.table["estimate"].iloc[1:].is_monotonic_decreasing
    assert r.parts["missing"] == np.isnan(y).sum()
    assert any("who gave up waiting cannot say" in n for n in r.notes)
    plt.close(r.plot().get_figure())
    same = data.filter(__import__("narwhals").col("wait") == wait[0], "one wait")
    with pytest.raises(DataProblem, match="at least 50 answers and 5 doses of zero or more are needed"):
        cx.journeys.dose_response(same)


def test_a_sequence_that_ends_badly_is_seen() -> None:
    rng = np.random.default_rng(2)
    x = rng.integers(1, 6, (1500, 4)).astype(float)
    x[rng.random(x.shape) < 0.1] = np.nan
    last = np.where(np.isnan(x[:, 3]), 3, x[:, 3])
    y = np.clip(np.round(0.4 * np.nanmean(x, axis=1) + 0.6 * last + rng.normal(0, 0.5, 1500)), 1, 5)
    five = {"scale": Scale(1, 5), "measure": "satisfaction"}
    data = study(
        {f"s{j}": x[:, j] for j in range(4)} | {"overall": y},
        **{f"s{j}": {"role": "touchpoint", "stage": f"stage {j}", **five} for j in range(4)},
        overall={"role": "outcome", **five},
    )
    r = cx.journeys.sequence(data)
    t = r.table.set_index("model")
    assert t.loc["mean and end", "gain_low"] > 0.1
    assert abs(t.loc["mean and peak", "gain"]) < 0.05
    assert t.loc["mean", "gain"] == 0
    assert "order of the journey: stage 0, stage 1, stage 2, stage 3" in r.notes
    plt.close(r.plot().get_figure())
    with pytest.raises(DataProblem, match=r"^a sequence needs at least three stages with a scale; there are 2 stages"):
        cx.journeys.sequence(data, stages=["s0", "s1"])
