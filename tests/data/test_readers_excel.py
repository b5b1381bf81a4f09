"""Excel workbooks: sheets, header rows, mixed cells."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import openpyxl
import pytest

import cxlab as cx
from cxlab import DataProblem
from cxlab.data.readers import open_file


def book(path: Path, **sheets: list[list]) -> Path:
    made = openpyxl.Workbook()
    made.remove(made.active)
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
    made.save(path)
    return path


def test_cells_keep_their_types_and_blank_rows_are_left_out(tmp_path):
    rows = [
        ["q", "share", "day", "note"],
        [1, 0.5, dt.datetime(2025, 1, 2), "a"],
        [None] * 4,
        [2, 1, dt.datetime(2025, 1, 3), None],
    ]
    raw = open_file(book(tmp_path / "x.xlsx", Data=rows, Empty=[]))
    assert raw.table.fetchall() == [(1, 0.5, dt.datetime(2025, 1, 2), "a"), (2, 1.0, dt.datetime(2025, 1, 3), None)]
    assert raw.notes == ("sheet 'Data'",)


def test_mixed_cells_become_text_and_no_answers_are_named(tmp_path):
    rows = [["csat"], *[[v] for v in [5, 4, "N/A", 3, 2, 1, "N/A"]]]
    study = cx.load(book(tmp_path / "x.xlsx", Data=rows))
    assert [r[0] for r in study.table.fetchall()] == [5, 4, None, 3, 2, 1, None]
    assert any("no answer: 'N/A'" in n for n in study.codebook.notes)


def test_a_sheet_is_chosen_by_name(tmp_path):
    path = book(tmp_path / "x.xlsx", One=[["a"], [1]], Two=[["b"], [2]])
    assert open_file(path, sheet="Two").table.columns == ["b"]
    message = "x.xlsx has 2 sheets with data: One, Two; choose one: sheet='One'"
    with pytest.raises(DataProblem, match=f"^{re.escape(message)}$"):
        open_file(path)
    message = "sheet 'Too' is not in x.xlsx; did you mean 'Two'? There are: One, Two"
    with pytest.raises(DataProblem, match=f"^{re.escape(message)}$"):
        open_file(path, sheet="Too")


PROBLEMS = {
    "x.xlsx, sheet 'D', has no name for column 2; every column needs a name in one header row "
    "(merged header cells leave "
    "blanks: unmerge them)": [["a", None, "c"], [1, 2, 3]],
    "x.xlsx: row 1 of sheet 'D' is a title ('Survey 2025'), not column names; delete the rows above the header": [
        ["Survey 2025"],
        ["a", "a"],
        [1, 2],
    ],
    "x.xlsx: sheet 'D' holds only a header (2 columns), no answers; export it again with its rows": [["a", "b"]],
    "x.xlsx, sheet 'D', has duplicated column names: 'a' is the name of columns 1, 2; rename them "
    "so that each is unique": [
        ["a", "a"],
        [1, 2],
    ],
    "x.xlsx has no sheet with data": [],
}


@pytest.mark.parametrize("message", PROBLEMS)
def test_problems_of_a_sheet_are_named(tmp_path, message):
    with pytest.raises(DataProblem, match=f"^{re.escape(message)}$"):
        open_file(book(tmp_path / "x.xlsx", D=PROBLEMS[message]))


def test_merged_header_cells_are_an_error(tmp_path):
    path = book(tmp_path / "x.xlsx", D=[["Ratings", None, "Country"], [1, 2, "GR"]])
    made = openpyxl.load_workbook(path)
    made["D"].merge_cells("A1:B1")
    made.save(path)
    with pytest.raises(DataProblem, match="merged header cells leave blanks: unmerge them"):
        open_file(path)


def test_what_is_no_workbook_says_so(tmp_path):
    (tmp_path / "x.xlsx").write_bytes(b"PK\x03\x04 cut short")
    with pytest.raises(
        DataProblem, match=r"^x.xlsx cannot be read as an Excel workbook \(.+\); open it in a spreadsheet"
    ):
        open_file(tmp_path / "x.xlsx")


def test_a_workbook_named_csv_is_read_as_what_it_is(tmp_path):
    book(tmp_path / "x.xlsx", D=[["a"], [1]]).rename(tmp_path / "x.csv")
    assert open_file(tmp_path / "x.csv").table.fetchall() == [(1,)]
