"""NPS varies from one day to the next: by hand, recovered from known truth, and equal to `cx.variation`."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom, chi2

import cxlab as cx
from cxlab.data.codebook import Codebook, Field, Scale


def days(scores: list[list[int]]) -> cx.Study:
    table = pd.DataFrame([(i, s) for i, one in enumerate(scores) for s in one], columns=["day", "ltr"])
    table["day"] = pd.Timestamp("2026-03-01") + pd.to_timedelta(table["day"], "D")
    fields = (
        Field("ltr", type="integer", role="outcome", measure="recommendation", scale=Scale(0, 10)),
        Field("day", type="date", role="date"),
    )
    return cx.Study(table, Codebook("days", fields))


def verdict(study: cx.Study) -> cx.Result:
    return cx.verdict("CX-12", study, robust=False, ledger=None)


def test_by_hand() -> None:
    """Ten days of 20 answers, promoters alone vary: days of equal size, so tau² is that of the steps less the sampling.

    Steps of neighbours are correlated by -1/2: 9² / (9 + 8 / 2) degrees of freedom (Satterthwaite).
    """
    promoters = [4, 8, 12, 16, 4, 8, 12, 16, 10, 10]
    study = days([[10] * k + [0] * (20 - k) for k in promoters])
    y = np.array([100 * (2 * k - 20) / 20 for k in promoters])
    within = np.mean([100**2 * 4 * k / 20 * (1 - k / 20) for k in promoters]) * 20 / 19 / 20
    steps, f = float((np.diff(y) ** 2).sum()), 81 / 13
    v = verdict(study)
    assert v.estimate.value == pytest.approx(np.sqrt(steps / 18 - within), rel=1e-4)
    low, high = (np.sqrt(max(steps / (18 / f * chi2.ppf(p, f)) - within, 0)) for p in (0.975, 0.025))
    assert (v.estimate.low, v.estimate.high) == (pytest.approx(low, abs=1e-6), pytest.approx(high, rel=1e-6))
    assert v.table["p"].iloc[0] == pytest.approx(chi2.sf(steps / (2 * (within + 25)) * f / 9, f), rel=1e-6)


def test_it_is_the_models_number() -> None:
    study = cx.load("brand-tracker")
    found = cx.variation(study, by="date", course=True).table
    model = found.set_index("component").loc["true standard deviation"]
    e = verdict(study).estimate
    found, own = [e.value, e.low, e.high, e.n], model[["estimate", "low", "high", "n"]].tolist()
    assert found == pytest.approx(own, rel=1e-9)  # threads change the last digit of a sum


def test_times_of_one_day_are_one_day() -> None:
    study = days([[10] * k + [0] * (20 - k) for k in (4, 8, 12, 16, 4, 8, 12, 16, 10, 10)])
    hours = pd.to_timedelta(np.arange(200) % 20, "h")
    book = study.codebook.replace("day", type="datetime")
    timed = cx.Study(study.table.assign(day=study.table["day"] + hours), book)
    assert verdict(timed).estimate.value == pytest.approx(verdict(study).estimate.value, rel=1e-9)


def test_answers_without_a_day_have_no_place_among_the_days() -> None:
    full = days([[10] * k + [0] * (20 - k) for k in (4, 8, 12, 16, 4, 8, 12, 16, 10, 10)])
    lost = pd.DataFrame({"day": [pd.NaT] * 25, "ltr": [10] * 25})
    some = verdict(cx.Study(pd.concat([full.table, lost], ignore_index=True), full.codebook))
    assert some.estimate.value == pytest.approx(verdict(full).estimate.value, rel=1e-9)
    assert any("25 answers without" in note for note in some.notes), some.notes


def test_the_truth_is_recovered(replicates) -> None:
    found = replicates("CX-12", 12.0, n=3000, reps=40, seed=1)
    assert found["value"].mean() == pytest.approx(12.0, abs=1.5)
    assert found["low"].le(12).mul(found["high"].ge(12)).sum() >= binom.ppf(0.0005, 40, 0.95)
    assert found["direction"].eq("SUPPORTED").sum() >= 24


@pytest.mark.parametrize("threat", [None, "skew", "trend"])
def test_nothing_is_not_supported(replicates, threat) -> None:
    found = replicates("CX-12", 0.0, n=3000, reps=40, threat=threat, seed=2)
    assert found["direction"].eq("SUPPORTED").sum() <= binom.ppf(0.9995, 40, 0.025)
    assert found["low"].le(0).sum() >= binom.ppf(0.0005, 40, 0.95)


def test_a_trend_over_the_days_is_told_from_days_that_differ(replicates) -> None:
    """A rise of 60 points over 30 days, and days that differ by 12: the interval is of the 12."""
    found = replicates("CX-12", 12.0, n=3000, reps=40, threat="trend", seed=3)
    assert found["value"].mean() == pytest.approx(12.0, abs=2)
    assert found["low"].le(12).mul(found["high"].ge(12)).sum() >= binom.ppf(0.0005, 40, 0.95)
    study = cx.simulated("CX-12", 0.0, n=3000, threat="trend")
    all_days = cx.variation(study, by="day").table.set_index("component").loc["true standard deviation"]
    assert all_days["low"] > 5  # what all differences say: a lot


def test_the_skewed_scale_is_skewed() -> None:
    plain, skewed = (cx.simulated("CX-12", 0.0, n=3000, threat=t).table["recommendation"] for t in (None, "skew"))
    assert skewed.ge(9).mean() > 0.7 > plain.ge(9).mean() + 0.2
