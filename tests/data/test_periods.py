"""Waves of a study that has dates and none: which periods, which rows, and what is said of the ends."""

from __future__ import annotations

import datetime as dt

import narwhals as nw
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import cxlab as cx
from cxlab.data.study import Study
from cxlab.problem import DataProblem


def survey(days, how=pd.DataFrame, **more) -> Study:
    days = pd.to_datetime(pd.Series(days)) if how is pd.DataFrame and not isinstance(days[0], str) else list(days)
    made = how({"day": days, "recommend": [k % 11 for k in range(len(days))], **more})
    return (
        cx.load(made).set("day", role="date").set("recommend", role="outcome", measure="recommendation", scale="0-10")
    )


def daily(first: str, last: str) -> list[dt.date]:
    return [d.date() for d in pd.date_range(first, last)]


@pytest.mark.parametrize(
    ("first", "last", "waves"),
    [
        ("2025-01-01", "2025-12-31", ["2025 Q1", "2025 Q2", "2025 Q3", "2025 Q4"]),
        ("2024-11-20", "2025-02-01", ["2024-11", "2024-12", "2025-01", "2025-02"]),
        ("2019-12-31", "2025-01-09", ["2019", "2020", "2021", "2022", "2023", "2024", "2025"]),
    ],
)
def test_the_length_of_the_dates_chooses_the_period(first, last, waves):
    study = survey(daily(first, last)).in_waves()
    table = cx.trend(study, "nps").table
    assert table[study.design.wave].tolist() == waves
    counts = pd.Series(pd.to_datetime(daily(first, last)))
    rule = {4: counts.dt.to_period("Q" if "Q" in waves[0] else "M"), 7: counts.dt.to_period("Y")}[len(waves)]
    expected = rule.value_counts().sort_index().tolist()
    shown = [(n, k) for n, k in zip(table["n"], expected, strict=True) if str(n).isdigit()]  # a day alone is not shown
    assert len(shown) >= 2 and all(int(n) == k for n, k in shown)


@pytest.mark.parametrize("how", [pd.DataFrame, pl.DataFrame, pa.table], ids=["pandas", "polars", "arrow"])
@pytest.mark.parametrize("every", ["month", "quarter", "year"])
def test_every_engine_cuts_alike(how, every):
    days = [*daily("2023-11-15", "2025-02-10"), None]
    study = survey(days, how).in_waves(every)
    got = study.frame.select(nw.col(study.design.wave)).collect().to_pandas().iloc[:, 0]
    labels = study.field(study.design.wave).labels
    said = [labels[f"{v:g}"] if pd.notna(v) else None for v in got]
    form = {"month": "{0.year}-{0.month:02d}", "quarter": "{0.year} Q{1}", "year": "{0.year}"}[every]
    assert said == [form.format(d, (d.month + 2) // 3) if d else None for d in days]


def test_ends_that_are_not_whole_are_named():
    said = lambda *ends: survey(daily(*ends)).in_waves("quarter").remarks[-1]  # noqa: E731
    assert said("2025-01-01", "2025-12-31") == (
        "waves are the quarters of 'day', which runs from 2025-01-01 to 2025-12-31"
    )
    assert said("2025-01-02", "2025-12-31").endswith("; the first quarter is not whole")
    assert said("2025-01-01", "2025-12-30").endswith("; the last quarter is not whole")
    assert said("2025-02-01", "2025-12-30").endswith("; the first and the last quarter are not whole")


def test_what_has_waves_or_nothing_to_cut_stays_as_it_is():
    tracker = cx.load("brand-tracker")
    assert tracker.in_waves() is tracker
    one = survey(daily("2025-03-01", "2025-03-31"))
    assert one.in_waves() is one
    assert one.in_waves("month").field("month").labels == {"24302": "2025-03"}
    none = cx.load(pd.DataFrame({"recommend": [1, 2, 3]}))
    assert none.in_waves() is none


def test_named_periods_replace_the_waves():
    study = survey(daily("2025-01-01", "2025-12-31"), wave=[k % 2 for k in range(365)]).set("wave", role="wave")
    assert study.in_waves().design.wave == "wave"
    assert study.in_waves("quarter").design.wave == "quarter"


def test_a_part_keeps_the_waves_of_the_whole():
    study = survey(daily("2025-01-01", "2025-12-31"), shop=["a", "b"] * 182 + ["a"]).set("shop", role="segment")
    parts = [study.in_waves().where(shop="a"), study.where(shop="a").in_waves()]
    a, b = (cx.trend(p, "nps").table for p in parts)
    assert a["quarter"].tolist() == ["2025 Q1", "2025 Q2", "2025 Q3", "2025 Q4"]
    pd.testing.assert_frame_equal(a, b)


def test_a_column_called_quarter_is_left_alone():
    study = survey(daily("2025-01-01", "2025-12-31"), quarter=["x", "y"] * 182 + ["x"]).set("quarter", role="segment")
    assert study.in_waves().design.wave == "quarter of day"
    assert set(cx.nps(study.in_waves(), by="quarter").table["quarter"]) == {"x", "y"}


@pytest.mark.parametrize(
    ("make", "every", "said"),
    [
        (lambda: survey(daily("2025-01-01", "2025-01-09")), "fortnight", "every is 'fortnight'; allowed: "),
        (lambda: cx.load("airline-survey"), "month", "cutting into months needs a column with role 'date'"),
        (lambda: survey(["May", "June"] * 20), "month", "'day' of table holds String, no dates; declare how they"),
        (lambda: survey([*daily("2025-01-01", "2025-02-01"), dt.date(1900, 1, 1)]), "month",
         "'day' of table runs from 1900-01-01 to 2025-02-01, 1,502 months; at most 400: leave wrong dates out"),
        (lambda: survey(pd.Series([None] * 20, dtype="datetime64[ns]")), "month", "'day' of table has no date in"),
    ],
)  # fmt: skip
def test_what_cannot_be_cut_is_refused(make, every, said):
    with pytest.raises(DataProblem) as caught:
        make().in_waves(every)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("name", "cut"),
    [
        ("customer since", False), ("signup_date", False), ("Contract end", False), ("last purchase", False),
        ("Date of last visit", False), ("Kunde seit", False), ("account created", False), ("delivery", False),
        ("response_date", True), ("RecordedDate", True), ("Datum", True), ("date", True), ("Interview", True),
    ],
)  # fmt: skip
def test_a_guessed_date_of_the_customer_makes_no_waves(tmp_path, name, cut):
    """What differs between those who joined in 2023 and in 2024 is no change over time."""
    days = daily("2023-03-01", "2024-08-31")
    path = tmp_path / "b.csv"
    pd.DataFrame({"nps": [k % 11 for k in range(len(days))], name: days}).to_csv(path, index=False)
    study = cx.load(path)
    made = study.in_waves()
    assert (made.design.wave == "quarter") is cut and (made is study) is not cut
    dated = next(iter(study.codebook.role("date")))
    assert study.in_waves("quarter").design.wave == "quarter"  # said by name it is done
    declared = study.codebook.replace(dated, title="When")
    assert cx.load(path, codebook=cx.Codebook("b", tuple(declared), notes=())).in_waves().design.wave == "quarter"
