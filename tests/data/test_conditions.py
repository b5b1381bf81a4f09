"""Rows and columns of a study by what people say: levels, ranges, titles; new columns; columns declared otherwise."""

from __future__ import annotations

import datetime

import duckdb
import narwhals as nw
import pandas as pd
import polars as pl
import pytest

import cxlab as cx

TABLE = {
    "age": [18, 25, 34, 35, 60, 99, None], "region": ["N", "S", "N", "S", "N", "S", None],
    "q1": [1, 5, 3, 9, 2, 4, 5], "q2": [5, 5, 3, 4, 2, 9, 1], "mail": [1, 0, 1, 0, 0, 1, None],
    "chat": [0, 0, 1, 1, 0, 0, None], "day": [datetime.date(2025, m, 15) for m in (1, 1, 2, 3, 3, 4, 4)],
}  # fmt: skip
BOOK = cx.Codebook("s", (
    cx.Field("age", "Age in years", type="integer", missing={"99": "refused"}),
    cx.Field("region", "Region", type="string", role="segment", labels={"N": "North", "S": "South"}),
    cx.Field("q1", "Overall", type="integer", role="outcome", measure="satisfaction", scale=cx.Scale(1, 5),
             missing={"9": "blank"}, question="How satisfied are you overall?"),
    cx.Field("q2", "Staff", type="integer", role="touchpoint", scale=cx.Scale(1, 5), missing={"9": "blank"}),
    cx.Field("channels", "Channels", type="integer", columns=("mail", "chat"),
             labels={"mail": "E-mail", "chat": "Chat"}),
    cx.Field("day", "Day", type="date", role="date"),
))  # fmt: skip
ENGINES = {
    "pandas": lambda t: pd.DataFrame(t),
    "polars": lambda t: pl.DataFrame(t, strict=False),
    "duckdb": lambda t: duckdb.from_arrow(pl.DataFrame(t, strict=False).to_arrow()),
}


@pytest.fixture(params=list(ENGINES))
def study(request: pytest.FixtureRequest) -> cx.Study:
    return cx.load(ENGINES[request.param](TABLE), codebook=BOOK)


@pytest.mark.parametrize(
    ("wanted", "rows", "said"),
    [
        ({"region": "N"}, 3, "Region = North"),
        ({"Region": "South"}, 3, "Region = South"),
        ({"region": ["N", "S"]}, 6, "Region = North or South"),
        ({"region": None}, 1, "Region = not stated"),
        ({"age": (18, 34)}, 3, "Age in years = 18 to 34"),
        ({"age in years": (35, None)}, 2, "Age in years = 35 or more"),
        ({"age": (None, 34.5)}, 3, "Age in years = up to 34.5"),
        ({"age": [18, "25"]}, 2, "Age in years = 18 or 25"),
        ({"How satisfied are you overall?": 5}, 2, "Overall = 5"),
        ({"channels": "E-mail"}, 3, "Channels = E-mail"),
        ({"Channels": ["E-mail", "chat"]}, 4, "Channels = E-mail or Chat"),
        ({"day": ("2025-02-15", "2025-03-31")}, 3, "Day = 2025-02-15 to 2025-03-31"),
        ({"day": "2025-04-15"}, 2, "Day = 2025-04-15"),
    ],
)
def test_rows_by_levels_ranges_and_titles(study: cx.Study, wanted: dict, rows: int, said: str) -> None:
    found = study.where(**wanted)
    assert (len(found), found.filters) == (rows, (said,))


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({"region": "Nord"}, "level of 'region' 'Nord' is not in s; did you mean 'North'? There are: North, South"),
        ({"age": [18, 19]}, "level of 'age' '19' is not in s. There are: 18, 25, 34, 35, 60, 99"),
        ({"age": (34, 18)}, "the range of 'age' runs from 34 to 18; the first end must be the lower one"),
        ({"age": (1, 2, 3)}, "a range of 'age' has two ends, (from, to), None for no end; (1, 2, 3) is none"),
        ({"age": "old"}, "column 'age' holds numbers; 'old' is none. Give a number"),
        ({"region": ("N", "S")}, "region=('N', 'S') is a range, and 'region' holds no numbers or dates; give a list of "
         "levels in [ ]"),
        ({"region": []}, "no level of 'region' is given; name at least one"),
        ({"channels": "Fax"}, "option of 'channels' 'Fax' is not in s. There are: E-mail, Chat"),
        ({"day": "March"}, "column 'day' holds dates; 'March' is none. Give year, month and day: 2025-03-31"),
        ({"regio": "N"}, "column 'regio' is not in s; did you mean 'region'? There are: age, region, q1, q2, channels, "
         "day"),
    ],
)  # fmt: skip
def test_a_condition_that_means_no_rows_is_said(study: cx.Study, wanted: dict, message: str) -> None:
    with pytest.raises(cx.DataProblem) as error:
        study.where(**wanted)
    assert str(error.value) == message


def test_a_title_stands_for_a_name_everywhere(study: cx.Study) -> None:
    by_title = cx.csat(study, "Overall", by="Region", least_n=0)
    assert by_title.table.equals(cx.csat(study, "q1", by="region", least_n=0).table)
    twice = cx.Codebook("s", (*BOOK.fields[:2], cx.Field("q1", "Age in years", type="integer", scale=cx.Scale(1, 5))))
    both = cx.load(pd.DataFrame(TABLE)[["age", "region", "q1"]], codebook=twice)
    with pytest.raises(cx.DataProblem) as error:
        cx.csat(both, "AGE IN YEARS ")
    assert str(error.value) == "'AGE IN YEARS ' is the title of 2 columns: age, q1; use a name"


def test_bands_nets_and_conditions(study: cx.Study) -> None:
    bands = study.derive("band", {"young": (18, 34), "old": (35, None)}, of="Age in years")
    assert bands.field("band").labels == {"1": "young", "2": "old"} and bands.field("band").role == "segment"
    held = bands.to_pandas(labels=True)["band"]
    assert held[:5].tolist() == ["young", "young", "young", "old", "old"] and held[5:].isna().all()  # 99 is refused
    assert len(bands.where(band="young")) == 3
    best = study.derive("top", {"top 2": [4, 5]}, of="q1", rest="others").to_pandas(labels=True)["top"]
    assert best.isna().tolist() == [False] * 3 + [True] + [False] * 3  # blank stays blank
    assert best.dropna().tolist() == ["others", "top 2", "others", "others", "top 2", "top 2"]
    both = study.derive(
        "w", {"young north": {"age": (None, 34), "region": "N"}, "chat": {"channels": "Chat", "age": 35}}
    )
    assert (
        both.field("w").note
        == "young north: Age in years = up to 34 and Region = North; chat: Channels = Chat and Age in years = 35"
    )
    assert both.to_pandas()["w"].fillna(0).tolist() == [1, 0, 1, 2, 0, 0, 0]


def test_sums_means_and_expressions_are_of_answers(study: cx.Study) -> None:
    total = study.derive("s", "sum", of=["q1", "Staff"]).derive("m", "mean", of=["q1", "q2"], title="Mean of both")
    table = total.to_pandas()
    assert table["s"].fillna(-1).tolist() == [6, 10, 6, -1, 4, -1, 6]
    assert table["m"].fillna(-1).tolist() == [3, 5, 3, -1, 2, -1, 3] and total.field("m").title == "Mean of both"
    twice = study.derive("d", nw.col("q1") * 2)
    assert twice.to_pandas()["d"].fillna(-1).tolist() == [2, 10, 6, -1, 4, 8, 10]
    assert nw.from_native(twice.table).lazy().collect("pyarrow")["q1"].to_list() == TABLE["q1"]  # 9 is still there


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda s: s.derive("age", {}), "s has a column 'age' already; choose another name"),
        (lambda s: s.derive("x", {}),
         "'x' has no category; give a mapping such as {'18-34': (18, 34), '35+': (35, None)}"),
        (lambda s: s.derive("x", {"a": (18, 35), "b": (35, 60)}, of="age"),
         "categories of 'x' overlap: 1 rows are 'a' and 'b'; a range includes both of its ends"),
        (lambda s: s.derive("x", {"a": (18, 35)}),
         "'x' is derived of one column: name it with of='age', or give conditions as mappings"),
        (lambda s: s.derive("x", "sum", of="q1"), "the sum of 'x' needs two columns or more; name them with of=[...]"),
        (lambda s: s.derive("x", "sum", of=["q1", "region"]),
         "'region' holds no numbers; the sum of 'x' needs columns of numbers"),
        (lambda s: s.derive("x", "mean", of=["q1", "age"]), "the columns of 'x' have different scales, and their mean "
         "means nothing: q1 1 to 5 (highest = best), age without a scale"),
        (lambda s: s.derive("x", "total", of=["q1", "q2"]),
         "how columns are put together is 'total'; allowed: 'sum', 'mean'"),
        (lambda s: s.derive("x", 3), "a column is derived by a mapping of categories, 'sum', 'mean' or a Narwhals "
         "expression, not 3"),
        (lambda s: s.set("q1", rol="x"), "setting 'rol' is not in what 'q1' can be given; did you mean 'role'? There "
         "are: role, measure, type, title, question, stage, owner, unit, about, focal, note, format, scale, best, "
         "labels, missing, leave_out"),
        (lambda s: s.set("q1", role="outcom"), "role of 'q1' is 'outcom'; did you mean 'outcome'? allowed: "),
        (lambda s: s.set("q1", scale="1"),
         "scale of 'q1' is '1'; write it as 1-5, -2..2, '1-5 in steps of 0.5' or none"),
        (lambda s: s.set("q1", scale="5-1"), "scale runs from 5 to 1; the minimum must be below the maximum"),
        (lambda s: s.set("age", best="low"),
         "best of 'age' is given, and there is no scale; give it too, as scale=1-5"),
        (lambda s: s.set("q1", labels="poor"),
         'labels of \'q1\' hold \'poor\'; write code=words, as labels="1=poor;5=good"'),
        (lambda s: s.set("q1", scale="20-30"),
         "no answer to 'q1' is on a scale of 20 to 30 (highest = best); there are: "
         "'5' (2), '1' (1), '2' (1), '3' (1), '4' (1)"),
        (lambda s: s.set("region", role="outcome"), "'region' holds words whose order is not known: 'N' (3), 'S' (3). "
         'Give their codes from worst to best: labels="1=N;2=S..."'),
    ],
)  # fmt: skip
def test_what_cannot_be_derived_or_set_is_said(study: cx.Study, call, message: str) -> None:
    with pytest.raises(cx.DataProblem) as error:
        call(study)
    assert str(error.value).startswith(message)


def test_a_column_declared_otherwise(study: cx.Study) -> None:
    wide = study.set("age", role="operation", unit="years").field("age")
    assert (wide.role, wide.unit, wide.missing) == ("operation", "years", {"99": "refused"})
    now = study.set("Overall", scale="1-5", best="low", labels={1: "good", 5: "bad"}, missing="9=refused")
    assert now.field("q1").scale == cx.Scale(1, 5, "low", {"1": "good", "5": "bad"})
    assert now.field("q1").missing == {"9": "refused"} and "q1" in now.codebook.settled
    none = study.set("q1", scale="none", role="none").field("q1")
    assert (none.scale, none.role, none.measure) == (None, "", "satisfaction")


def test_words_become_an_outcome_when_declared() -> None:
    words = ["satisfied"] * 60 + ["neutral or dissatisfied"] * 40
    now = cx.load(pd.DataFrame({"satisfaction": words})).set("satisfaction", role="outcome")
    assert now.field("satisfaction").scale == cx.Scale(1, 2, "high", {"1": "neutral or dissatisfied", "2": "satisfied"})
    assert cx.share(now, "satisfaction", value=2).table["estimate"].tolist() == [0.6]
    told = cx.load(pd.DataFrame({"q": ["A", "B"] * 50})).set("q", role="outcome", labels="1=B;2=A", scale="1-2")
    assert cx.mean(told, "q").table["estimate"].tolist() == [1.5]


def test_one_weight_at_a_time() -> None:
    table = pd.DataFrame({"weight": [1.0, 2.0] * 20, "w2": [2.0, 1.0] * 20, "nps": [0, 10] * 20})
    study = cx.load(table).set("weight", role="weight")
    now = study.set("w2", role="weight")
    assert now.design.weight == "w2" and now.field("weight").role == ""


@pytest.mark.parametrize("zone", [None, "UTC"])
@pytest.mark.parametrize("kind", ["date", "datetime"])
@pytest.mark.parametrize("engine", list(ENGINES))
def test_days_are_found_in_a_column_of_moments(engine: str, kind: str, zone: str | None) -> None:
    """A last day counts whole, and a day names midnight, whatever the codebook calls the column."""
    when = pd.to_datetime(["2025-01-31 23:59", "2025-02-01 00:00", "2025-02-28 23:59", "2025-03-01 00:00"]).tz_localize(
        zone
    )
    table = {"day": when, "x": [1, 2, 3, 4]}
    made = pd.DataFrame(table) if engine == "pandas" else ENGINES[engine](pl.from_pandas(pd.DataFrame(table)).to_dict())
    book = cx.Codebook("s", (cx.Field("day", "Day", type=kind, role="date"), cx.Field("x", type="integer")))
    study = cx.load(made, codebook=book)
    assert sorted(study.where(day=("2025-02-01", "2025-02-28")).to_pandas()["x"]) == [2, 3]
    assert sorted(study.where(day=("2025-02-01", None)).to_pandas()["x"]) == [2, 3, 4]
    assert study.where(day="2025-03-01").to_pandas()["x"].tolist() == [4]
