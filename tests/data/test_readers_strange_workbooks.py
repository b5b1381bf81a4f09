"""Workbooks that programs and strangers write otherwise than Excel: right, said, or refused with the place."""

from __future__ import annotations

import datetime as dt
import re
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from openpyxl.worksheet.table import Table

import cxlab as cx
from cxlab.data.readers import excel
from tests.data.test_readers_spreadsheets import XLS, ods

SHEET = "xl/worksheets/sheet1.xml"
SCORES = [7 * i % 11 for i in range(30)]
RIGHT = [(s, "Nord" if i % 2 else "Süd", dt.datetime(2024, 1, 1 + i)) for i, s in enumerate(SCORES)]


def book() -> openpyxl.Workbook:
    made = openpyxl.Workbook()
    made.active.title = "Answers"
    for row in (("recommend", "region", "day"), *RIGHT):
        made.active.append(row)
    return made


def changed(folder: Path, change: Callable[[str], str], part: str = SHEET) -> Path:
    """The workbook with one of its parts written otherwise."""
    book().save(folder / "plain.xlsx")
    out = folder / "changed.xlsx"
    with zipfile.ZipFile(folder / "plain.xlsx") as a, zipfile.ZipFile(out, "w") as b:
        for item in a.infolist():
            text = a.read(item)
            after = change(text.decode()).encode() if part in ("", item.filename) else text
            assert after != text or item.filename != part
            b.writestr(item.filename, after)
    return out


def rows(path: Path) -> list[tuple]:
    table = cx.load(path).to_pandas()
    return [(r[0], r[1], r[2].to_pydatetime()) for r in table.itertuples(index=False, name=None)]


def far(text: str) -> str:
    """All rows from 20 on a million lines further down, where the sheet does not say that it reaches."""
    moved = lambda n: int(n) + (1_000_000 if int(n) >= 20 else 0)  # noqa: E731
    text = re.sub(r'r="([A-C])(\d+)"', lambda m: f'r="{m[1]}{moved(m[2])}"', text)
    return re.sub(r'<row r="(\d+)"', lambda m: f'<row r="{moved(m[1])}"', text)


def strict(text: str) -> str:
    text = text.replace("schemas.openxmlformats.org/spreadsheetml/2006/main", "purl.oclc.org/ooxml/spreadsheetml/main")
    links = "schemas.openxmlformats.org/officeDocument/2006/relationships"
    return text.replace(links, "purl.oclc.org/ooxml/officeDocument/relationships")


SAME: dict[str, tuple[Callable[[str], str], str]] = {
    **{
        f"declared as {d or 'nothing'}": (
            lambda t, d=d: re.sub(r'<dimension ref="[^"]*" ?/>', f'<dimension ref="{d}"/>' if d else "", t), SHEET)
        for d in ("A1", "A1:B10", "A1:C1048576", "")
    },
    "a gap of a million rows": (far, SHEET),
    "cells without an address": (lambda t: re.sub(r'(<row|<c) r="[A-Z]*\d+"', r"\1", t), SHEET),
    "letters in two founts, with how they are spoken": (
        lambda t: t.replace("<is><t>Nord</t></is>", '<is><r><t>No</t></r><r><rPr><b/></rPr><t>rd</t></r></is>'), SHEET),
    "strict": (strict, ""),
}  # fmt: skip


@pytest.mark.parametrize("name", SAME)
def test_what_is_written_otherwise_is_read_the_same(name: str, tmp_path: Path) -> None:
    change, part = SAME[name]
    assert rows(changed(tmp_path, change, part)) == RIGHT


def test_dates_from_1904_are_the_same_days(tmp_path: Path) -> None:
    made = book()
    made.epoch = CALENDAR_MAC_1904
    made.save(tmp_path / "mac.xlsx")
    assert rows(tmp_path / "mac.xlsx") == RIGHT


def reversed_rows(text: str) -> str:
    first, *rest = re.findall(r"<row .*?</row>", text)
    return re.sub(r"<sheetData>.*</sheetData>", f"<sheetData>{first}{''.join(rest[::-1])}</sheetData>", text)


SAVE = "open the workbook in a spreadsheet program and save it"
DAMAGED = {
    "rows from below": (reversed_rows, f"row 30 of sheet 'Answers' stands after a later one; {SAVE}"),
    "a row twice": (
        lambda t: re.sub(r"(<row r=\"2\".*?</row>)(.*)(</sheetData>)", r"\1\2\1\3", t),
        f"row 2 of sheet 'Answers' stands after a later one; {SAVE}",
    ),
    "a number with a comma": (
        lambda t: t.replace("<v>7</v>", "<v>7,5</v>", 1),
        f"row 3 of sheet 'Answers' is damaged (invalid literal for int() with base 10: '7,5'); {SAVE}",
    ),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_sheet_is_refused_with_the_row(name: str, tmp_path: Path) -> None:
    change, said = DAMAGED[name]
    with pytest.raises(cx.DataProblem) as problem:
        cx.load(changed(tmp_path, change))
    assert str(problem.value) == f"changed.xlsx: {said}"


def test_the_totals_of_a_table_are_no_answers(tmp_path: Path) -> None:
    made = book()
    made.active.append([sum(SCORES) / 30, "Ergebnis", None])
    table = Table(displayName="Survey", ref="A1:C32")
    table.totalsRowCount = 1
    made.active.add_table(table)
    made.save(tmp_path / "t.xlsx")
    assert rows(tmp_path / "t.xlsx") == RIGHT
    assert "row 32, the totals of table 'Survey', is left out" in excel.read(tmp_path / "t.xlsx").notes


def test_hidden_columns_are_said(tmp_path: Path) -> None:
    made = book()
    made.active.column_dimensions["B"].hidden = True
    made.save(tmp_path / "h.xlsx")
    assert rows(tmp_path / "h.xlsx") == RIGHT
    assert "hidden columns are read as the others are" in excel.read(tmp_path / "h.xlsx").notes


@pytest.mark.parametrize("result", ["<v></v>", "<v/>"])
def test_a_formula_that_gives_no_letters_has_its_result(result: str, tmp_path: Path) -> None:
    formula = f'<c r="B5" t="str"><f>IF(A5="","",A5)</f>{result}</c>'
    read = excel.read(changed(tmp_path, lambda t: re.sub(r'<c r="B5".*?</c>', formula, t)))
    assert read.doubts == () and read.table.fetchall()[3][1] is None
    read = excel.read(changed(tmp_path, lambda t: re.sub(r'<c r="A5".*?</c>', '<c r="A5"><f>[1]X!A1</f></c>', t)))
    assert [d.column for d in read.doubts] == ["recommend"]


def container(*names: str) -> bytes:
    """An old container of streams, as Excel puts around a workbook with a password."""
    none, end = 0xFFFFFFFF, 0xFFFFFFFE
    head = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(16) + struct.pack("<5H", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    head += struct.pack("<10I", 0, 1, 1, 0, 4096, end, 0, end, 0, 0)
    streams = b""
    for k, name in enumerate(("Root Entry", *names)):
        title = name.encode("utf-16-le")
        streams += title.ljust(64, b"\0") + struct.pack("<HBB", len(title) + 2, 2 if k else 5, 1)
        streams += struct.pack("<3I", none, none, none if k else 1) + bytes(36) + struct.pack("<IQ", end, 0)
    return (
        head.ljust(512, b"\xff") + struct.pack("<2I", 0xFFFFFFFD, end).ljust(512, b"\xff") + streams.ljust(512, b"\0")
    )


@pytest.mark.parametrize("ending", ["xlsx", "xlsm", "xlsb", "xls", "ods"])
def test_a_password_is_said(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"locked.{ending}"
    if ending == "ods":
        with zipfile.ZipFile(path, "w") as pack:
            pack.writestr("META-INF/manifest.xml", '<manifest:encryption-data manifest:checksum="x"/>')
    else:
        path.write_bytes(container("EncryptionInfo", "EncryptedPackage"))
    with pytest.raises(cx.DataProblem) as problem:
        cx.load(path)
    assert str(problem.value) == (
        f"locked.{ending} is protected by a password; open it in a spreadsheet program and save a copy without one"
    )


@pytest.mark.parametrize("way", ["collapse", "filter", ""])
def test_hidden_rows_of_opendocument_are_said(way: str, tmp_path: Path) -> None:
    hidden = f' table:visibility="{way}"' if way else ""
    row = f'<table:table-row{hidden}><table:table-cell office:value-type="float" office:value="7"/></table:table-row>'
    path = ods(tmp_path / "x.ods", {"S": [["recommend"], [1], [9]]}, row)
    said = ("hidden rows or columns are read as the others are",) if way else ()
    assert excel.read(path).notes == ("sheet 'S'", *said)
    assert cx.load(path).to_pandas()["recommend"].tolist() == [1, 9, 7]


def test_where_hidden_rows_are_not_seen_that_is_said() -> None:
    assert excel.read(XLS).notes[-1] == (
        "whether rows or columns are hidden is not seen in this kind of workbook (.xls): all are read"
    )
