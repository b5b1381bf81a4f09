"""What a workbook hides or has not computed, rows that sum up, and bounds before reading."""

from __future__ import annotations

import re
import zipfile

import openpyxl
import pytest

import cxlab as cx
from cxlab import DataProblem
from cxlab.data.readers import excel_parts, open_file


def workbook(folder, rows, change=lambda book: None):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    change(book)
    book.save(folder / "x.xlsx")
    return folder / "x.xlsx"


ROWS = [("id", "nps", "csat"), *((i, i % 11, 1 + i % 5) for i in range(40))]


def test_formulas_without_results_are_named(tmp_path):
    rows = [("id", "nps", "mean"), *((i, i % 11, f"=AVERAGE(B{i}:B{i + 2})") for i in range(2, 42))]
    study = cx.load(workbook(tmp_path, rows))
    asked = [d for d in study.doubts if d.column == "mean"]
    said = (
        "40 cells hold formulas without stored results and are read as no answer; open the workbook in a spreadsheet "
        "program and save it"
    )
    assert [d.question for d in asked] == [said]
    assert f"'mean': {said}" in study.codebook.notes


def test_formulas_with_results_are_values(tmp_path):
    path = workbook(tmp_path, [("id", "nps"), *((i, "=1+1") for i in range(5))])
    with zipfile.ZipFile(path) as pack:
        parts = {n: pack.read(n) for n in pack.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    parts[sheet] = re.sub(rb"<v ?/>|<v></v>", b"<v>2</v>", parts[sheet])
    with zipfile.ZipFile(path, "w") as pack:
        for name, content in parts.items():
            pack.writestr(name, content)
    raw = open_file(path)
    assert [r[1] for r in raw.table.fetchall()] == [2] * 5
    assert not raw.doubts


def test_what_is_hidden_or_merged_is_said(tmp_path):
    def change(book):
        book.active.row_dimensions[5].hidden = True
        book.active.merge_cells("A10:A14")
        book.create_sheet("Notes").sheet_state = "veryHidden"

    notes = open_file(workbook(tmp_path, ROWS, change)).notes
    assert "hidden sheets are not read: 'Notes'" in notes
    assert "1 hidden rows are read as the others are" in notes
    merged = "merged cells have a value in their first cell only: A10:A14; unmerge them to fill the others"
    assert merged in notes


def test_a_hidden_sheet_that_is_read_is_said(tmp_path):
    def change(book):
        book.active.sheet_state = "hidden"
        book.create_sheet("Cover")

    said = "sheet 'Sheet' is hidden in the workbook and is read all the same"
    assert said in open_file(workbook(tmp_path, ROWS, change)).notes


def test_a_cell_far_away_is_refused_before_it_is_reached(tmp_path):
    path = workbook(tmp_path, ROWS, lambda book: book.active.cell(1_048_576, 16_384, "x"))
    message = (
        "x.xlsx: sheet 'Sheet' spans 1,048,576 rows and 16,384 columns; at most 50,000,000 cells are read. Delete what "
        "stands far below or right of the table and save it, or export CSV"
    )
    with pytest.raises(DataProblem, match=f"^{re.escape(message)}$"):
        open_file(path)


def test_a_workbook_that_unpacks_to_too_much_is_refused(tmp_path, monkeypatch):
    path = workbook(tmp_path, ROWS)
    monkeypatch.setattr(excel_parts, "BYTES", 1000)
    with pytest.raises(
        DataProblem, match=r"^x.xlsx unpacks from [\d,]+ to [\d,]+ bytes; at most 1,000 are read. Export"
    ):
        open_file(path)


TOTALS = [
    ("Average", 5, 3), ("Total", 200, 120), ("N", 40, 40), ("Durchschnitt", 5.0, 3.0), ("Итого", 200, 120),
    ("合计", 200, 120), ("Moyenne", 5, None), ("المجموع", 200, 120), ("Total:", 200, 120),
]  # fmt: skip
KEPT = [
    ("Total", 7, 3), ("Average", 200, 3), ("Alba", 5, 3), ("N", 4, 4), ("Total", None, None), ("Average", 5, 120),
]  # fmt: skip


def answers():
    """Forty rows with a mean of 5 and of 3."""
    return [(f"S{i % 4}", 10 * (i % 2), 1 + i % 5) for i in range(40)]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize("last", TOTALS)
def test_a_last_row_that_sums_up_is_left_out_and_said(tmp_path, last, kind):
    raw = open_file(written(tmp_path, [*answers(), last], kind))
    assert raw.table.aggregate("count(*), avg(nps), avg(csat)").fetchone() == (40, 5, 3)
    assert f"the last row, '{last[0]}', sums up the rows above and is left out" in raw.notes


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize("last", KEPT)
def test_a_last_row_stays_where_its_numbers_are_no_sums(tmp_path, last, kind):
    assert len(open_file(written(tmp_path, [*answers(), last], kind)).table.fetchall()) == 41


def test_a_brand_that_is_called_total_stays(tmp_path):
    rows = [("Total", n, c) for _, n, c in answers()]
    assert len(open_file(written(tmp_path, [*rows, ("Total", 5, 3)], "csv")).table.fetchall()) == 41


def written(folder, rows, kind):
    table = [("store", "nps", "csat"), *rows]
    if kind == "xlsx":
        return workbook(folder, table)
    (folder / "x.csv").write_text("\n".join(",".join("" if v is None else str(v) for v in r) for r in table) + "\n")
    return folder / "x.csv"


@pytest.mark.parametrize("content", ["[" * 20_000 + "]" * 20_000, '{"a":' * 3000 + "1" + "}" * 3000])
def test_brackets_without_end_are_refused(tmp_path, content):
    message = (
        "x.json has brackets more than 500 deep in one another; a table has two. Export it as JSON lines, one object a "
        "row"
    )
    (tmp_path / "x.json").write_text(content)
    with pytest.raises(DataProblem, match=f"^{re.escape(message)}$"):
        open_file(tmp_path / "x.json")
