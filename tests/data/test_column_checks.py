"""Checks of every column: each finds what was planted, on every engine, and is silent on honest answers."""

from __future__ import annotations

import datetime

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest

import cxlab as cx
from cxlab.data.design_checks import planned
from cxlab.data.quality import concerned, drop, quality

ENGINES = {
    "pandas": lambda t: t,
    "polars": lambda t: pl.from_pandas(t),
    "duckdb": lambda t: duckdb.from_arrow(pl.from_pandas(t).to_arrow()),
}
N = 300


def honest(seed: int = 1) -> pd.DataFrame:
    """A plain survey in which nothing is wrong."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame({
        "nr": np.arange(N), "age": rng.integers(18, 90, N), "birth_year": 2000 - rng.integers(0, 60, N),
        "wait_minutes": rng.exponential(8, N).round(1), "spend": rng.lognormal(3, 1, N).round(2),
        "region": rng.choice(["North", "South", "Café"], N), "arm": rng.choice(["A", "B"], N),
        "tc": rng.integers(1, 10, N) * 1.0, "ch": rng.integers(10, 20, N) * 1.0, "ex": rng.integers(20, 40, N) * 1.0,
        "te": rng.integers(40, 60, N) * 1.0,
        "day": pd.Timestamp("2025-01-01") + pd.to_timedelta(rng.integers(0, 90, N), unit="D"),
    })  # fmt: skip


BOOK = cx.Codebook("s", (
    cx.Field("nr", type="integer", role="id"), cx.Field("age", "Age", type="integer"),
    cx.Field("birth_year", type="integer"), cx.Field("wait_minutes", role="operation", measure="wait"),
    cx.Field("spend", role="operation", measure="spend"), cx.Field("region", type="string", role="segment"),
    cx.Field("arm", type="string", role="segment"), *(cx.Field(p) for p in ("tc", "ch", "ex", "te")),
    cx.Field("day", type="date", role="date"),
))  # fmt: skip


@pytest.fixture(params=list(ENGINES))
def study(request: pytest.FixtureRequest):
    return lambda table: cx.load(ENGINES[request.param](table), codebook=BOOK)


def found(study: cx.Study, check: str) -> pd.DataFrame:
    table = quality(study).table
    return table[table["check"] == check].reset_index(drop=True)


def test_honest_answers_have_no_finding(study) -> None:
    for seed in range(3):
        assert len(quality(study(honest(seed))).table) == 0


PLANTED = [
    ("age", -1, "impossible value", "serious", "an age below 0 or above 115: -1"),
    ("age", 999, "impossible value", "serious", "an age below 0 or above 115: 999"),
    ("birth_year", 85, "impossible value", "serious", "a year of birth below 1900 or above "),
    ("wait_minutes", -5.0, "impossible value", "serious", "a time below 0: -5"),
    ("spend", 99999.0, "outlier", "look", "99999; half of the answers lie between "),
    ("day", datetime.date(1900, 1, 1), "impossible value", "look", "a date before 1990 or after tomorrow: 1900-01-01"),
    ("day", datetime.date(2099, 1, 1), "impossible value", "look", "a date before 1990 or after tomorrow: 2099-01-01"),
    ("region", "north ", "spelling", "serious", "one category in several spellings: 'North'"),
    ("region", "Cafe\u0301", "spelling", "serious", "one category in several spellings: 'Café'"),
    ("region", "SOUTH", "spelling", "serious", "one category in several spellings: 'South'"),
    ("tc", 50.0, "price order", "look", "too cheap < cheap < expensive < too expensive does not hold"),
]


@pytest.mark.parametrize(("column", "value", "check", "level", "said"), PLANTED)
def test_what_cannot_be_is_found_counted_and_can_be_left_out(study, column, value, check, level, said) -> None:
    table = honest()
    table[column] = table[column].astype(object)
    table.loc[:2, column] = pd.Series([value] * 3, dtype=object)
    if not isinstance(value, str):
        kind = "datetime64[ns]" if column == "day" else float if isinstance(value, float) else int
        table[column] = table[column].astype(kind)
    bad = study(table)
    row = found(bad, check).iloc[0]
    assert (row["level"], row["question"].partition(" ")[0], row["n"]) == (level, column, 3)
    assert row["finding"].startswith(said)
    assert len(concerned(bad, check)) == 3 and len(drop(bad, check)) == N - 3


def test_constants_and_whole_rows(study) -> None:
    table = honest().assign(region="North")
    row = found(study(table), "constant").iloc[0]
    assert (row["level"], row["question"], row["n"]) == ("look", "region", N)
    twice = study(pd.concat([honest(), honest().iloc[:10]], ignore_index=True))
    row = found(twice, "duplicate row").iloc[0]
    assert (row["level"], row["n"]) == ("serious", 10)
    assert len(drop(twice, "duplicate row")) == N


def test_arms_that_lost_people(study) -> None:
    table = honest()
    table["arm"] = ["A"] * 200 + ["B"] * 100
    assert found(study(table), "sample ratio").empty  # 2:1 may have been planned
    table["arm"] = ["A"] * 270 + ["B"] * 30
    assert found(study(table), "sample ratio").empty  # and 9:1
    many = pd.concat([honest(k).assign(nr=lambda t, k=k: t["nr"] + N * k) for k in range(20)], ignore_index=True)
    many["arm"] = ["A"] * 3200 + ["B"] * 2800
    row = found(study(many), "sample ratio").iloc[0]
    assert row["level"] == "serious" and row["finding"].startswith("A 3,200, B 2,800: planned 1:1, chance makes such")


def test_the_chi_square_is_that_of_a_hand_calculation() -> None:
    """(3200 - 3000)^2 / 3000 * 2 = 26.667 on one degree of freedom: p = 2.42e-07 (chi-square table)."""
    ratio, p = planned(np.array([3200.0, 2800.0]))
    assert ratio == "1:1" and p == pytest.approx(2.4186e-7, rel=1e-3)
    ratio, p = planned(np.array([2060.0, 940.0]))  # against 2:1: 60^2/2000 + 60^2/1000 = 5.4, p = 0.0201
    assert ratio == "2:1" and p == pytest.approx(0.0201, abs=5e-5)


def test_what_was_not_checked_is_said() -> None:
    bare = quality(cx.load(pd.DataFrame({"x": [1.5, 2.5, 3.5]}), codebook=cx.Codebook("s", (cx.Field("x"),))))
    assert bare.method == "3 rows, 1 column, 0 findings in 3 of 15 checks"
    assert bare.notes[0] == "Checked: repeated rows, outliers, constants."
    assert bare.notes[1].startswith("Not checked: answers outside their scale (no column is an outcome or touchpoint")
    assert "repeated ids (no column has role id)" in bare.notes[1]


def test_hundreds_of_ratings_are_looked_at() -> None:
    rng = np.random.default_rng(2)
    table = pd.DataFrame(rng.integers(1, 6, (60, 450)), columns=[f"q{i}" for i in range(450)])
    table.loc[3, "q449"] = 9
    fields = tuple(cx.Field(c, type="integer", role="touchpoint", scale=cx.Scale(1, 5)) for c in table)
    deep = pd.concat([table, *(table.rename(columns=lambda c, k=k: f"{c}_{k}") for k in (1, 2))], axis=1)
    many = tuple(cx.Field(c, type="integer", role="touchpoint", scale=cx.Scale(1, 5)) for c in deep)
    wide = duckdb.from_arrow(pl.from_pandas(deep).to_arrow())  # more than an expression of DuckDB may be deep
    result = quality(cx.load(wide, codebook=cx.Codebook("wide", many)))
    assert {"q449", "q449_1", "q449_2"} <= set(result.table.loc[result.table["check"] == "out-of-scale", "question"])
    result = quality(cx.load(table, codebook=cx.Codebook("wide", fields)))
    assert "q449" in set(result.table.loc[result.table["check"] == "out-of-scale", "question"])
