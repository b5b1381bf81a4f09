"""Dates in many ways of writing; what is no date; what is asked."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys

import openpyxl
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet
import pytest

import cxlab as cx
from cxlab.data.readers import open_file
from cxlab.data.readers.months import MONTHS, numbers

D, T = dt.date, dt.datetime
WRITTEN = {
    "25-Jun-19": D(2019, 6, 25), "Jan 02, 2023": D(2023, 1, 2), "2023/10/01 12:38 PM GMT+8": T(2023, 10, 1, 12, 38),
    "2023-01": D(2023, 1, 1), "20230102": D(2023, 1, 2), "2 de enero de 2023": D(2023, 1, 2),
    "2. Januar 2023": D(2023, 1, 2), "15 janv. 2024": D(2024, 1, 15), "1er mai 2023": D(2023, 5, 1),
    "2023年1月2日": D(2023, 1, 2), "2023년 1월 2일": D(2023, 1, 2), "3 Οκτωβρίου 2023": D(2023, 10, 3),
    "5 января 2023 г.": D(2023, 1, 5), "10 stycznia 2023": D(2023, 1, 10), "12 Ağustos 2023": D(2023, 8, 12),
    "3 يناير 2023": D(2023, 1, 3), "7 luglio 2023": D(2023, 7, 7), "7 de julho de 2023": D(2023, 7, 7),
    "7 juli 2023": D(2023, 7, 7), "Monday, 25 June 2019": D(2019, 6, 25), "January 2nd, 2023": D(2023, 1, 2),
    "Mon, 25 Jun 2019 10:11:12": T(2019, 6, 25, 10, 11, 12), "2023/10/01 오후 1:38:00 GMT+9": T(2023, 10, 1, 13, 38),
    "Jun 25 2019 3:05PM": T(2019, 6, 25, 15, 5), "12:01 AM": None, "25 août 2023 à 14:03": T(2023, 8, 25, 14, 3),
    "2024-01-01T00:00:00+02:00": T(2024, 1, 1), "31/12/2020": D(2020, 12, 31),
    "12/31/2020 3:05 PM": T(2020, 12, 31, 15, 5),
    "2023.10.01": D(2023, 10, 1), "31.12.20": D(2020, 12, 31), "2023-10-01 10:30": T(2023, 10, 1, 10, 30),
    "31-Feb-20": None, "2nd floor 2023": None, "10:30": None, "5 stars 2023": None,
}  # fmt: skip


def read(folder, values, name="day"):
    path = folder / "x.csv"
    path.write_text(f'n,"{name}"\n' + "".join(f'{i},"{v}"\n' for i, v in enumerate(values)))
    raw = open_file(path)
    return [row[1] for row in raw.table.fetchall()], raw


@pytest.mark.parametrize("written", WRITTEN)
def test_a_date_is_read_however_it_is_written(tmp_path, written):
    found, _ = read(tmp_path, [written] * 3)
    if WRITTEN[written] is None:
        assert not any(isinstance(v, dt.date) for v in found)
    else:
        assert found == [WRITTEN[written]] * 3
        book = openpyxl.Workbook()
        for row in (["n", "day"], *([i, written] for i in range(3))):
            book.active.append(row)
        book.save(tmp_path / "x.xlsx")
        if not written.isdigit():
            assert [r[1] for r in open_file(tmp_path / "x.xlsx").table.fetchall()] == [WRITTEN[written]] * 3


@pytest.mark.parametrize("language", [k for k in MONTHS if k != "at"])
def test_every_month_of_every_language(tmp_path, language):
    names = MONTHS[language].split()
    assert len(names) == 12
    assert read(tmp_path, [f"3 {n} 2024" for n in names])[0] == [D(2024, m, 3) for m in range(1, 13)]
    short = [n[:4] for n in names if n[:4] in numbers()]
    months = [numbers()[n] for n in short]
    assert read(tmp_path, [f"3-{n}-24" for n in short])[0] == [D(2024, m, 3) for m in months]


def test_day_or_month_first_is_asked_where_no_day_tells(tmp_path):
    found, raw = read(tmp_path, [f"{m:02d}/01/2024" for m in range(1, 13)])
    (doubt,) = raw.doubts
    assert found[1] == D(2024, 1, 2)
    assert doubt.answers == ("02 January 2024 (%d/%m/%Y)", "01 February 2024 (%m/%d/%Y)")
    assert doubt.settings == ("", "format='%m/%d/%Y'")
    other = open_file(tmp_path / "x.csv", declared={"day": "%m/%d/%Y"})
    assert [r[1] for r in other.table.fetchall()][1] == D(2024, 2, 1)
    assert not other.doubts


def test_another_column_of_the_file_tells_day_from_month(tmp_path):
    rows = "".join(f"{m:02d}/01/2024,01/{m + 15}/2024\n" for m in range(1, 13))
    (tmp_path / "x.csv").write_text("a,b\n" + rows)
    raw = open_file(tmp_path / "x.csv")
    assert [r[0] for r in raw.table.fetchall()][1] == D(2024, 2, 1)
    assert not raw.doubts


@pytest.mark.parametrize(("low", "high"), [("1899-12-31", "2020-01-01"), ("2020-01-01", "2999-12-31")])
def test_a_period_before_1990_or_after_tomorrow_is_asked(tmp_path, low, high):
    _, raw = read(tmp_path, [low, high])
    assert [d.question for d in raw.doubts] == [f"its dates run from {low} to {high}; are they right?"]
    assert not read(tmp_path, [low, "1980-05-01"], "birth_date")[1].doubts


def test_whole_numbers_are_dates_only_where_all_can_be(tmp_path):
    assert read(tmp_path, [20230102, 20231231])[0] == [D(2023, 1, 2), D(2023, 12, 31)]
    assert read(tmp_path, [20230102, 20231331])[0] == [20230102, 20231331]
    assert read(tmp_path, [20230102, 20230103], "respondent_id")[0] == [20230102, 20230103]
    found, raw = read(tmp_path, [45001, 45120], "order date")
    assert found == [D(2023, 3, 16), D(2023, 7, 13)]
    assert raw.doubts[0].settings == ("", "type=integer")
    assert read(tmp_path, [45001, 45120], "postcode")[0] == [45001, 45120]
    assert read(tmp_path, ["2023-01", "2023-02"], "wave")[0] == ["2023-01", "2023-02"]


def test_a_clock_time_is_no_date(tmp_path):
    book = openpyxl.Workbook()
    for row in (["n", "at"], *([i, dt.time(10, i)] for i in range(5))):
        book.active.append(row)
    book.save(tmp_path / "x.xlsx")
    pl.DataFrame({"at": [T(1899, 12, 30, 10, i) for i in range(5)]}).write_parquet(tmp_path / "x.parquet")
    for name in ("x.xlsx", "x.parquet"):
        study = cx.load(tmp_path / name)
        assert study.codebook["at"].type == "string"
        assert not study.codebook.role("date")
    assert read(tmp_path, ["10:30:00", "11:45:10"])[1].doubts == ()


ZONES = ("UTC", "Pacific/Kiritimati", "America/Los_Angeles")
SCRIPT = """
import sys; from cxlab.data.readers import open_file
for name in sys.argv[1:]:
    print([str(v) for row in open_file(__import__("pathlib").Path(name)).table.fetchall() for v in row])
"""


def test_the_time_zone_of_the_machine_changes_nothing(tmp_path):
    zoned = pa.array([0, 86_400_000_000 * 19_000], pa.timestamp("us", tz="Europe/Berlin"))
    pyarrow.parquet.write_table(pa.table({"t": zoned}), tmp_path / "x.parquet")
    (tmp_path / "x.csv").write_text("t\n2024-01-01T00:00:00+02:00\n2024-06-01T00:00:00+02:00\n")
    (tmp_path / "y.csv").write_text("t\n2024-01-01T00:00:00+01:00\n2024-06-01T00:00:00+02:00\n")
    files = [str(tmp_path / n) for n in ("x.parquet", "x.csv", "y.csv")]
    said = {
        subprocess.run(
            [sys.executable, "-c", SCRIPT, *files],
            env={**os.environ, "TZ": z},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for z in ZONES
    }
    assert said == {
        "['1970-01-01 00:00:00', '2022-01-08 00:00:00']\n"
        "['2024-01-01 00:00:00', '2024-06-01 00:00:00']\n"
        "['2023-12-31 23:00:00', '2024-05-31 22:00:00']\n"
    }


def test_zoned_times_of_every_engine_are_in_utc(tmp_path):
    utc = [T(2024, 1, 1, 12, tzinfo=dt.UTC), T(2024, 1, 2, 12, tzinfo=dt.UTC)] * 5
    frame = pd.DataFrame({"t": pd.Series(utc).dt.tz_convert("Asia/Tokyo"), "q": [1, 5] * 5})
    pl.from_pandas(frame).write_parquet(tmp_path / "x.parquet")
    for table in (frame, pl.from_pandas(frame), pa.Table.from_pandas(frame), tmp_path / "x.parquet"):
        study = cx.load(table)
        first = study.lazy.head(1).collect("pyarrow").to_native()["t"].to_pylist()[0]
        assert first == T(2024, 1, 1, 12)
        assert "times are in UTC: 't'" in study.codebook.notes


def test_parts_of_a_second_are_kept_and_times_without_a_zone_behind_others_are_in_utc(tmp_path):
    """Texts with zones as event logs write them: milliseconds order what happens within a second; Z is a zone too."""
    rows = {
        "2011-10-01T00:38:44.546+02:00": T(2011, 9, 30, 22, 38, 44, 546_000),
        "2011-10-01T00:38:44.88+02:00": T(2011, 9, 30, 22, 38, 44, 880_000),
        "2011-10-30T02:30:00.1234567+02:00": T(2011, 10, 30, 0, 30, 0, 123_456),
        "2011-10-30T02:30:00,5Z": T(2011, 10, 30, 2, 30, 0, 500_000),
        "2011-10-30T02:30:01Z": T(2011, 10, 30, 2, 30, 1),
    }
    pd.DataFrame({"t": list(rows)}).to_parquet(tmp_path / "log.parquet")
    study = cx.load(tmp_path / "log.parquet")
    assert study.lazy.collect("pyarrow").to_native()["t"].to_pylist() == list(rows.values())
    assert "dates of 't' read with their times; times of several zones are in UTC" in study.codebook.notes
