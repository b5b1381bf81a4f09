"""Banner tables in the formats of reports: a sheet a table with links and formats, slides, a page, a document."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest
from bs4 import BeautifulSoup
from click.testing import CliRunner
from docx import Document
from pptx import Presentation

import cxlab as cx
from cxlab.models.tables.banner_grid import grids, in_pieces
from cxlab.result import plain


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from cxlab.cli.cmd_report import report

    folder = tmp_path_factory.mktemp("tables")
    command = ["tables", "brand-tracker", "--banner", "brand,wave,country>age", "--output", str(folder),
               "-p", "questions=recommendation,satisfaction", "--to", "html,xlsx,docx,pptx"]  # fmt: skip
    done = CliRunner().invoke(report, command)
    assert done.exit_code == 0, done.output
    (page,) = folder.glob("tables/*/index.html")
    return page.parent


@pytest.fixture(scope="module")
def result() -> cx.Result:
    columns = ["brand", "wave", "country>age"]
    return cx.crosstab(cx.load("brand-tracker"), ["recommendation", "satisfaction"], columns)


def test_the_workbook_has_contents_links_real_numbers_and_a_line_of_letters(made: Path, result: cx.Result) -> None:
    book = openpyxl.load_workbook(made / "report.xlsx")
    assert book.sheetnames == ["Findings", "About", "Contents", "Would recommend", "Satisfaction overall"]
    link = book["Contents"]["A3"]
    assert link.value == "1. Would recommend" and link.hyperlink.location == "'Would recommend'!A1"
    sheet = book["Would recommend"]
    assert sheet.page_setup.orientation == "landscape" and sheet.sheet_properties.pageSetUpPr.fitToPage
    lines = {row[0].value: row for row in sheet.iter_rows() if row[0].value}
    heads = list(sheet.iter_rows(min_row=2, max_row=5))
    column = next(c.column for c in heads[2] if c.value == "Alba")
    assert heads[3][column - 1].value == "A"
    cell = lines["NPS"][column - 1]
    known = result.table.query("row == 'NPS' and column == 'Alba'").iloc[0]
    assert cell.value == pytest.approx(known["estimate"]) and cell.number_format == "0.0"
    assert sheet.cell(cell.row + 1, column).value == known["letters"] == "B C D E F"
    share = lines["10"][column - 1]
    assert share.number_format == "0.0%" and 0 < share.value < 1
    assert lines["Base"][column - 1].number_format == "#,##0"


def test_the_page_shows_all_tables_in_pieces_that_fit(made: Path) -> None:
    page = BeautifulSoup((made / "index.html").read_text(encoding="utf-8"), "html.parser")
    tables = page.select("table.cx-banner")
    assert len(tables) == 6 and max(len(t.tbody.tr.find_all("td")) for t in tables) <= 13
    assert all(not t.find_parent("details") for t in tables), "tables are what the page is for"
    spans = list(tables[2].select("th[scope=colgroup]"))
    assert [th.get_text() for th in spans] == ["Country > Age", "Germany", "Poland", "Spain"]
    for t in tables:
        for row in t.find_all("tr"):
            assert sum(int(c.get("colspan", 1)) for c in row.find_all(["td", "th"])) == len(t.tbody.tr.contents)
    assert page.find(id="cx-table-2") and page.find("a", href="#cx-table-2")


def test_document_and_slides_hold_the_tables(made: Path) -> None:
    grids_ = [t for t in Document(str(made / "report.docx")).tables if len(t.columns) > 6]
    assert len(grids_) == 6 and "46.6" in " ".join(c.text for c in grids_[0]._cells)
    slides = Presentation(str(made / "report.pptx")).slides
    tables = [s.table for slide in slides for s in slide.shapes if s.has_table]
    assert len(tables) == 8 and tables[0].cell(0, 2).text == "Brand"
    assert any(
        "more rows in the workbook" in s.text_frame.text for slide in slides for s in slide.shapes if s.has_text_frame
    )


def test_pieces_hold_every_column_once_and_the_total_in_each(result: cx.Result) -> None:
    (grid, _) = grids(plain(result.table), result.parts)
    for most in (2, 5, 9, 13, 99):
        pieces = in_pieces(grid, most)
        assert all(len(p.rows[0].cells) <= most for p in pieces)
        shown = [label for p in pieces for label, _ in p.heads[-1] if label]
        assert shown == [label for label, _ in grid.heads[-1] if label]
        assert all(p.heads[-2][0][0] == "Total" for p in pieces)
