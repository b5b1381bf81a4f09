"""Waves stand in the order of time in any notation; where nothing tells it, no change is called real."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cxlab as cx
from cxlab.data.codebook import Codebook, Field, Scale
from cxlab.data.study import Study
from cxlab.data.waves import calendar, levels, order_of, ordered, series

NOTATIONS = [
    ["Q3 2024", "Q4 2024", "Q1 2025", "Q2 2025"], ["2024Q3", "2024Q4", "2025Q1"], ["2024-Q4", "2025-Q1"],
    ["Q4/24", "Q1/25"], ["4Q24", "1Q25"], ["4. Quartal 2024", "1. Quartal 2025"], ["T4 2024", "T1 2025"],
    ["4º trimestre de 2024", "1º trimestre de 2025"], ["Dec-24", "Jan-25", "Feb-25"], ["12/2024", "01/2025", "10/2025"],
    ["2024-12", "2025-01"], ["2024/12", "2025/1"], ["202412", "202501"], ["2024_12", "2025_01"],
    ["KW 9/2025", "KW 10/2025", "KW 1/2026"], ["2025-W09", "2025-W10"], ["Week 9 2025", "Week 10 2025"],
    ["Wave 2", "Wave 9", "Wave 10"], ["W2", "W10"], ["Welle 1", "Welle 2"], ["3. Welle", "10. Welle"],
    ["Round I", "Round II", "Round IV", "Round IX"], ["Januar", "Februar", "März"], ["January", "March", "June"],
    ["janvier 2025", "février 2025", "août 2025"], ["enero 2025", "febrero 2025"], ["styczeń 2025", "luty 2025"],
    ["декабрь 2024", "январь 2025"], ["dicembre 2024", "gennaio 2025"], ["dezembro de 2024", "janeiro de 2025"],
    ["Spring 2024", "Fall 2024", "Spring 2025"], ["Herbst 2024", "Winter 2024/25", "Frühjahr 2025"],
    ["FY24 H2", "FY25 H1"], ["FY23", "FY24"], ["FY2024 Q4", "FY2025 Q1"], ["2023/24", "2024/25"], ["24/25", "25/26"],
    ["2024", "2025"], ["H2 2024", "H1 2025"], ["S2 2024", "S1 2025"], ["2024年12月", "2025年1月"], ["Before", "After"],
    ["Baseline", "Midline", "Endline"], ["31.12.2024", "01.01.2025"], ["2024-12-31", "2025-01-01"], ["T1", "T2", "T10"],
    ["M9", "M10"], ["Dec 2024", "Q1 2025"], ["Autumn '24", "Spring '25"], ["1st quarter 2025", "2nd quarter 2025"],
]  # fmt: skip
AMBIGUOUS = [
    ["North", "South"], ["2024", "Q1 2024"], ["Winter 2024", "Summer 2024"], ["FY24", "2025"], ["5", "Q1 2025"],
    ["11/12", "12/13"], ["01/02/2025", "03/02/2025"], ["Q1 2025", "Q1 2025 "], ["a1", "b2"],
    ["November", "December", "January"], ["Dez", "Jan"], ["January", "March", "December"], ["Q4", "Q1"],
    ["KW 51", "KW 2"], ["M12", "M1"], ["4. Quartal", "1. Quartal"],
]  # fmt: skip
TEXT = Field("period", type="string", role="wave")


@pytest.mark.parametrize("waves", NOTATIONS, ids=lambda w: w[0])
def test_every_notation_has_the_order_of_the_calendar_however_it_comes(waves: Sequence[str]) -> None:
    for shuffled in itertools.permutations(waves):
        assert ordered(shuffled, TEXT).values == tuple(waves)
        assert ordered([w.upper() for w in shuffled], TEXT).values == tuple(w.upper() for w in waves)


@pytest.mark.parametrize("waves", AMBIGUOUS, ids=lambda w: w[0])
def test_what_has_two_readings_or_none_has_no_order(waves: Sequence[str]) -> None:
    assert calendar(waves) is None and series(waves) is None and not ordered(waves, TEXT).known


FORMS = {
    "Q{q} {y}": 4, "{y}Q{q}": 4, "{y}-W{q:02d}": 53, "KW {q}/{y}": 53, "{q:02d}/{y}": 12, "{y}-{q:02d}": 12,
    "H{q} {y}": 2, "FY{s:02d} Q{q}": 4, "Q{q}'{s:02d}": 4,
}  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_any_periods_written_alike_are_sorted_by_their_time(data: st.DataObject) -> None:
    form = data.draw(st.sampled_from(sorted(FORMS)))
    when = st.tuples(st.integers(1990, 2060), st.integers(1, FORMS[form]))
    periods = data.draw(st.lists(when, min_size=2, max_size=8, unique=True))
    words = {form.format(y=y, q=q, s=y % 100): (y, q) for y, q in periods}
    found = ordered(list(words), TEXT).values
    assert [words[w] for w in found] == sorted(words.values())


def waved(period: Sequence, field: Field = TEXT) -> Study:
    """Study of four waves of equal size whose NPS rises by far from one to the next."""
    rng = np.random.default_rng(1)
    parts = ((0.7, 0.2, 0.1), (0.5, 0.2, 0.3), (0.3, 0.2, 0.5), (0.1, 0.2, 0.7))
    score = np.concatenate([rng.choice([2, 8, 10], 300, p=p) for p in parts])
    unit = np.tile(["Alba", "Brio", "Cima"], 400)
    five = {f"i{j}": np.clip(score // 2 + rng.integers(0, 2, 1200), 1, 5) for j in range(3)}
    table = pd.DataFrame({"period": np.repeat(np.array(period, object), 300), "ltr": score, "brand": unit, **five})
    ltr = Field("ltr", "", "integer", "outcome", "recommendation", Scale(0, 10))
    items = tuple(Field(n, "", "integer", "touchpoint", "", Scale(1, 5)) for n in five)
    book = Codebook("waves", (field, ltr, Field("brand", "", "string", "brand"), *items))
    return Study(table.sample(frac=1, random_state=2), book)


CALENDAR = ["Q3 2024", "Q4 2024", "Q1 2025", "Q2 2025"]
MODEL = cx.indices.PathModel("m", {"A": ("i0", "i1"), "B": ("i2", "ltr")}, (("A", "B"),), target="B")


def test_everything_that_shows_waves_has_them_in_time() -> None:
    study = waved(CALENDAR)
    trend = cx.trend(study, "nps")
    assert trend.table["period"].tolist() == CALENDAR
    assert (trend.table["change"].iloc[1:] > 20).all() and set(trend.table["verdict"]) == {"", "real"}
    assert cx.nps(study, by="period").table["period"].tolist() == CALENDAR
    assert cx.scorecard(study, by="period").table["period"].drop_duplicates().tolist() == CALENDAR
    assert cx.nps(study, by=["brand", "period"]).table["period"].tolist() == CALENDAR * 3
    assert cx.compare(study, "nps", by="period").table["against"].tolist() == CALENDAR[:-1]
    ends = cx.compare(study, "nps", by="period", pairs="ends").table.iloc[0]
    assert (ends["period"], ends["against"]) == (CALENDAR[-1], CALENDAR[0])
    assert cx.answers(study, "i0", by="period").table["period"].drop_duplicates().tolist() == CALENDAR
    assert cx.leagues.league_change(study).parts["waves"] == CALENDAR[-2:]
    assert cx.indices.index_by(study, "period", model=MODEL, draws=10).table["period"].tolist() == CALENDAR
    assert cx.quality(study).parts["waves"]["wave"].tolist() == CALENDAR
    assert levels(study, "period", sorted(CALENDAR)) == CALENDAR
    bootstrap = cx.bootstrap(study, "ltr", by="period", draws=10)
    assert bootstrap.table["period"].tolist() == CALENDAR


NAMES = ["delta", "alpha", "gamma", "beta"]
"""In time, but in no order that letters have."""


def test_where_nothing_tells_the_order_no_change_is_real_and_the_page_says_so() -> None:
    study = waved(NAMES)
    trend = cx.trend(study, "nps")
    assert trend.table["verdict"].tolist() == ["", *["order not known"] * 3]
    note = (
        "which of alpha, beta, delta, gamma comes first is not known, so no change is called real; give 'period' "
        "labels in the order of time in the codebook, or dates"
    )
    assert note in trend.notes
    for result in (trend, cx.compare(study, "nps", by="period")):
        assert str(cx.findings(result)) == f"- Order not known (NPS by period): {note}."
    page = cx.metrics.together(trend, cx.compare(study, "nps", by="brand"))
    assert page[0].table["verdict"].tolist() == trend.table["verdict"].tolist()
    groups = cx.compare(study, "nps", by="period", pairs="all").table
    assert groups["verdict"].eq("real").any()  # that they differ needs no order
    with pytest.raises(cx.DataProblem) as problem:
        cx.leagues.league_change(study)
    assert str(problem.value) == (
        "which waves in 'period' of waves are the last two is not known: alpha, beta, delta, gamma; say "
        "waves=(first, last), or give the codebook labels in the order of time"
    )
    assert cx.leagues.league_change(study, waves=("gamma", "beta")).parts["waves"] == ["gamma", "beta"]


def test_the_codebook_orders_what_no_calendar_does() -> None:
    labels = {"delta": "first wave", "alpha": "second", "gamma": "third", "beta": "fourth"}
    study = waved(NAMES, Field("period", type="string", role="wave", labels=labels))
    assert cx.trend(study, "nps").table["period"].tolist() == list(labels.values())
    assert set(cx.trend(study, "nps").table["verdict"]) == {"", "real"}
    coded = {"1": "Q1 2025", "2": "Q3 2024", "3": "Q4 2024", "4": "Q2 2025"}  # a program that codes by the alphabet
    study = waved([2, 3, 1, 4], Field("period", type="integer", role="wave", labels=coded))
    assert cx.trend(study, "nps").table["period"].tolist() == CALENDAR


def test_the_categories_of_a_file_order_what_no_codebook_does() -> None:
    plain = waved(NAMES)
    kept = plain.to_pandas()
    kept["period"] = pd.Categorical(kept["period"], NAMES, ordered=True)
    enum = pl.from_pandas(plain.to_pandas()).with_columns(pl.col("period").cast(pl.Enum(NAMES)))
    for table in (kept, enum, enum.lazy()):
        study = Study(table, plain.codebook)
        assert order_of(study, "period", sorted(NAMES)).source == "file", type(table)
        assert cx.trend(study, "nps").table["period"].tolist() == NAMES
        assert set(cx.trend(study, "nps").table["verdict"]) == {"", "real"}


def test_a_single_wave_needs_no_order() -> None:
    assert ordered(["alpha"], TEXT).known and ordered([], TEXT).known


@pytest.mark.parametrize(
    ("values", "order"),
    [
        (["Autumn 2024", "Spring 2025", "Winter 2025"], ["Autumn 2024", "Winter 2025", "Spring 2025"]),
        (["Winter 2024", "Autumn 2024", "Spring 2025"], ["Autumn 2024", "Winter 2024", "Spring 2025"]),
        (["Hiver 2025", "Hiver 2024"], ["Hiver 2024", "Hiver 2025"]),
        (["Winter 2024", "Winter 2025", "Sommer 2026"], ["Winter 2024", "Winter 2025", "Sommer 2026"]),
    ],
)
def test_a_winter_stands_where_the_seasons_beside_it_leave_room(values, order):
    found = ordered(values, Field("Season", type="string"))
    assert list(found.values) == order and found.source == "calendar"


@pytest.mark.parametrize(
    "values",
    [["Winter 2024", "Spring 2024", "Summer 2024", "Autumn 2024"], ["Winter 2024", "Autumn 2024"]],
)
def test_a_winter_that_may_begin_or_end_its_year_leaves_the_order_open(values):
    assert not ordered(values, Field("Season", type="string")).known


@pytest.mark.parametrize(
    ("name", "values", "known"),
    [
        ("month", [11, 12, 1], False), ("survey_month", [12, 1], False), ("Monat", [1, 2, 3], True),
        ("week", [51, 2], False), ("quarter", [4, 1], False), ("quarter", [1, 2, 3, 4], True), ("wave", [1, 12], True),
        ("month", [202412, 202501], True),
    ],
)  # fmt: skip
def test_numbers_of_months_over_the_turn_of_a_year_have_no_order(name, values, known):
    assert ordered(values, Field(name, type="integer")).known is known
