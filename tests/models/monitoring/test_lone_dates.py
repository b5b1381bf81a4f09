"""Dates that stand alone, and metrics that do not vary: said by their name, whatever is watched."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import cxlab as cx
from cxlab.models.monitoring.lone_dates import lone_dates

Stream = Callable[..., cx.Study]
WATCH = (cx.monitor, cx.changes, cx.running)
LATE = (
    "The dates from 2035-03-01 on stand alone: 3,526 days without answers lie between 2025-07-04 and 2035-03-01, and "
    "at most 1% of the answers beyond. If these dates are wrong, correct them, or leave them out with study.where"
)
EARLY = (
    "The dates up to 2019-01-06 stand alone: 2,191 days without answers lie between 2019-01-06 and 2025-01-06, and "
    "at most 1% of the answers beyond. If these dates are wrong, correct them, or leave them out with study.where"
)


def moved(study: cx.Study, day: str) -> cx.Study:
    """The study with one answer that has a wrong date."""
    table = study.table.copy()
    table.loc[len(table) // 2, "date"] = pd.Timestamp(day)
    return replace(study, table=table)


@pytest.mark.parametrize("call", WATCH)
def test_one_wrong_year_is_named(stream: Stream, call: Callable[..., cx.Result]) -> None:
    found = call(moved(stream(180), "2035-03-01"), "nps", every="day")
    assert LATE in found.notes
    assert not any("stand alone" in n for n in call(stream(180), "nps", every="day").notes)


def test_days_without_answers_are_not_watched(stream: Stream) -> None:
    """One answer moved to 2035: 60 days with answers lie after the baseline of 120, not 3,587."""
    found = cx.monitor(moved(stream(180), "2035-03-01"), "nps", every="day", baseline=120)
    plain = cx.monitor(stream(180), "nps", every="day", baseline=120)
    said = "No alarm in 60 days with answers after the baseline: nothing here is more than chance and its season"
    assert said in found.notes and said in plain.notes
    weeks = cx.monitor(stream(171), "nps", every="week")  # the last of 25 had not ended, 12 are the baseline
    assert any(n.startswith("No alarm in 12 weeks with answers after the baseline") for n in weeks.notes)


def test_a_wrong_first_date_is_why_there_is_no_baseline(stream: Stream) -> None:
    with pytest.raises(cx.DataProblem) as said:
        cx.monitor(moved(stream(180), "2019-01-06"), "nps", every="day")
    assert str(said.value) == (
        "no series of stream has 8 days with enough answers in its baseline (chosen): 2019-01-06 to 2019-05-05, 120 "
        f"days, and one after it; take longer periods with every=, fewer groups, or more of baseline=. {EARLY}"
    )


@pytest.mark.parametrize(
    ("n", "alone"),
    [
        ([*[20] * 40, *[0] * 100, 1], ["from"]),
        ([1, *[0] * 100, *[20] * 40], ["up to"]),
        ([1, *[0] * 100, *[20] * 40, *[0] * 300, 2], ["up to", "from"]),
        ([1, *[0] * 50, 1, *[0] * 100, *[20] * 40], ["up to"]),
        ([*[20] * 40, *[0] * 7, 1], []),  # a short gap
        ([*[20] * 40, *[0] * 100, *[20] * 3], []),  # many answers beyond
        ([*[20] * 400, *[0] * 60, 1], []),  # short beside 400 days
        ([20, *[0] * 11] * 5 + [1], []),  # a survey a year
        ([20], []),
    ],
)
def test_what_stands_alone(n: list[int], alone: list[str]) -> None:
    found = lone_dates(np.array(n, float)[None], range(len(n)), "day")
    assert [next(w for w in ("up to", "from") if s.startswith(f"The dates {w} ")) for s in found] == alone


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("answers", [[8, 8], [9, 10], [3, 3]])
def test_a_metric_that_does_not_vary_is_said_so(stream: Stream, answers: list[int]) -> None:
    study = stream(60)
    still = replace(study, table=study.table.assign(ltr=np.resize(answers, len(study.table))))
    same = "nps of stream is the same in every day, because all answers count the same: nothing varies, so "
    for kind in ("innovation", "plain", "laney"):
        with pytest.raises(cx.DataProblem) as said:
            cx.monitor(still, "nps", every="day", chart=cx.monitoring.Chart(kind))
        assert str(said.value) == same + "nothing can be watched"
    with pytest.raises(cx.DataProblem) as said:
        cx.changes(still, "nps", every="day")
    assert str(said.value) == same + "there is no change to look for"
    band = cx.running(still, "nps", every="day")
    assert band.plot() is not None
    assert band.table[["low", "high"]].isna().all(axis=None) and band.table["estimate"].notna().all()
    assert "as long as all answers count the same, how wide the band is cannot be known: it is not drawn" in band.notes


@pytest.mark.parametrize("weighted", [False, True])
def test_numbers_that_do_not_vary_are_not_rounding(stream: Stream, weighted: bool) -> None:
    study = stream(60)
    rng = np.random.default_rng(1)
    table = study.table.assign(x=1e6 / 3, w=rng.uniform(0.1, 3, len(study.table)))
    more = (cx.Field("x", type="number", role="outcome"), cx.Field("w", role="weight" if weighted else ""))
    with pytest.raises(cx.DataProblem, match=r"^mean of still is the same in every day, because all answers count the"):
        cx.monitor(cx.Study(table, cx.Codebook("still", (*study.codebook.fields, *more))), "mean", of="x", every="day")


def test_one_of_two_series_that_does_not_vary_has_its_own_reason(stream: Stream) -> None:
    study = stream(60, brands=("Alba", "Brio"))
    table = study.table.assign(ltr=study.table["ltr"].where(study.table["brand"] == "Alba", 8))
    still = replace(study, table=table)
    found = cx.monitor(still, "nps", by="brand", every="day")
    assert "1 of 2 series has one value throughout: nothing varies, nothing is watched" in found.notes
    assert not any("too few days" in n for n in found.notes)
    found = cx.changes(still, "nps", by="brand", every="day")
    assert "1 series has one value throughout: nothing varies, no change to look for" in found.notes
    assert found.table["brand"].tolist() == ["Alba"]
