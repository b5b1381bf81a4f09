"""Old Excel and OpenDocument spreadsheets: the same table as the workbook of today, its notes, its bounds."""

from __future__ import annotations

import random
import struct
import zipfile
from pathlib import Path

import pandas as pd
import pytest

import cxlab as cx
from cxlab import DataProblem

XLS = Path(__file__).parent / "files" / "answers.xls"
"""Thirty rows, recommend = 7 i mod 11 in row i; written once with xlwt, since nothing here writes the format."""

NAMES = ' xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"'
NAMES += ' xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
NAMES += ' xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"'


def cell(value: object) -> str:
    if value is None:
        return "<table:table-cell/>"
    if isinstance(value, (int, float)):
        return f'<table:table-cell office:value-type="float" office:value="{value}"/>'
    return f'<table:table-cell office:value-type="string"><text:p>{value}</text:p></table:table-cell>'


def ods(path: Path, sheets: dict[str, list[list[object]]], extra: str = "") -> Path:
    """Write an OpenDocument spreadsheet by hand; ``extra`` goes behind the rows of the last sheet."""
    body = ""
    for k, (name, rows) in enumerate(sheets.items()):
        lines = "".join(f"<table:table-row>{''.join(map(cell, r))}</table:table-row>" for r in rows)
        last = extra if k == len(sheets) - 1 else ""
        body += f'<table:table table:name="{name}">{lines}{last}</table:table>'
    content = f"<office:document-content{NAMES}><office:body><office:spreadsheet>{body}"
    with zipfile.ZipFile(path, "w") as pack:
        pack.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        kind = 'manifest:media-type="application/vnd.oasis.opendocument.spreadsheet" manifest:full-path="/"'
        space = 'xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"'
        entry = f"<manifest:manifest {space}><manifest:file-entry {kind}/></manifest:manifest>"
        pack.writestr("META-INF/manifest.xml", entry)
        pack.writestr("content.xml", f"{content}</office:spreadsheet></office:body></office:document-content>")
    return path


def test_old_excel_is_read() -> None:
    study = cx.load(XLS)
    scores = pd.Series([7 * i % 11 for i in range(1, 31)])
    found = cx.nps(study)
    assert found.table["n"].iloc[0] == 30
    assert found.table["estimate"].iloc[0] == pytest.approx(100 * ((scores >= 9).mean() - (scores <= 6).mean()))
    table = study.to_pandas(labels=False)
    assert table["region"].tolist() == ["Süd", "Nord"] * 15
    assert str(table["day"].iloc[0])[:10] == "2025-03-01"
    assert table["note"].isna().sum() == 10
    assert table["paid"].tolist() == [1.5 * i for i in range(1, 31)]


def test_opendocument_equals_the_workbook_of_today(tmp_path: Path) -> None:
    rng = random.Random(1)
    rows = [[rng.choice([0, 5, 9, 10, None]), rng.choice(["a", "b & c", None]), rng.random()] for _ in range(40)]
    rows = [[r[0], r[1].replace("&", "&amp;") if r[1] else None, r[2]] for r in rows]
    a = cx.load(ods(tmp_path / "x.ods", {"S": [["recommend", "region", "paid"], *rows]})).to_pandas(labels=False)
    plain = [[r[0], r[1].replace("&amp;", "&") if r[1] else None, r[2]] for r in rows]
    pd.DataFrame(plain, columns=["recommend", "region", "paid"]).to_excel(tmp_path / "y.xlsx", index=False)
    b = cx.load(tmp_path / "y.xlsx").to_pandas(labels=False)
    pd.testing.assert_frame_equal(a, b, check_dtype=False)


def test_several_sheets_are_asked_and_an_unknown_one_is_said(tmp_path: Path) -> None:
    path = ods(tmp_path / "x.ods", {"One": [["recommend"], [1], [9]], "Two": [["recommend"], [2], [10]]})
    with pytest.raises(DataProblem) as said:
        cx.load(path)
    assert str(said.value) == "x.ods has 2 sheets with data: One, Two; choose one: sheet='One'"
    assert cx.load(path, sheet="Two").to_pandas(labels=False)["recommend"].tolist() == [2, 10]
    with pytest.raises(DataProblem, match="^sheet 'Tow' is not in x.ods; did you mean 'Two'"):
        cx.load(path, sheet="Tow")


def test_a_sheet_that_spans_too_much_is_refused(tmp_path: Path) -> None:
    wide = '<table:table-cell table:number-columns-repeated="100" office:value-type="float" office:value="1"/>'
    many = f'<table:table-row table:number-rows-repeated="600000">{wide}</table:table-row>'
    with pytest.raises(DataProblem, match="^x.ods: sheet 'S' spans 600,0.. rows and 1.. columns; at most 50,000,000"):
        cx.load(ods(tmp_path / "x.ods", {"S": [["recommend"], [1]]}, many))


@pytest.mark.parametrize("name", ["x.ods", "x.xls"])
def test_damaged_files_are_short_messages(name: str, tmp_path: Path) -> None:
    good = ods(tmp_path / "good.ods", {"S": [["recommend"], [1], [9]]}) if name == "x.ods" else XLS
    raw, rng = good.read_bytes(), random.Random(2)
    for _ in range(12):
        broken = bytearray(raw[: rng.randrange(1, len(raw))] if rng.random() < 0.5 else raw)
        for _ in range(8):
            broken[rng.randrange(len(broken))] = rng.randrange(256)
        (tmp_path / name).write_bytes(broken)
        try:
            cx.load(tmp_path / name)
        except DataProblem as problem:
            assert len(str(problem)) < 400


def record(kind: int, body: bytes = b"") -> bytes:
    """One record of a binary workbook: its number and length in steps of seven bits, then what it holds."""

    def sevens(n: int) -> bytes:
        out = bytearray()
        while True:
            out.append(n & 127 | (128 if n > 127 else 0))
            n >>= 7
            if not n:
                return bytes(out)

    return sevens(kind) + sevens(len(body)) + body


def wide(text: str) -> bytes:
    return len(text).to_bytes(4, "little") + text.encode("utf-16-le")


def xlsb(path: Path, rows: list[list[object]]) -> Path:
    """Write a binary workbook of one sheet by hand, after [MS-XLSB]: numbers, and texts within their cells."""
    u32 = lambda n: n.to_bytes(4, "little")  # noqa: E731
    cells = b""
    for i, row in enumerate(rows):
        cells += record(0, u32(i) + bytes(13))
        for k, value in enumerate(row):
            number = isinstance(value, (int, float))
            told = struct.pack("<d", value) if number else wide(str(value))
            cells += record(5 if number else 6, u32(k) + bytes(4) + told) if value is not None else b""
    size = u32(0) + u32(len(rows) - 1) + u32(0) + u32(len(rows[0]) - 1)
    sheet = record(129) + record(148, size) + record(145) + cells + record(146) + record(130)
    entry = record(143) + record(156, u32(0) + u32(1) + wide("rId1") + wide("Answers")) + record(144)
    office = "http://schemas.openxmlformats.org"
    kinds = f"{office}/officeDocument/2006/relationships"
    with zipfile.ZipFile(path, "w") as pack:
        pack.writestr("[Content_Types].xml", f'<Types xmlns="{office}/package/2006/content-types"/>')
        pack.writestr("xl/workbook.bin", record(131) + entry + record(132))
        pack.writestr("xl/worksheets/sheet1.bin", sheet)
        pack.writestr(
            "xl/_rels/workbook.bin.rels",
            f'<Relationships xmlns="{office}/package/2006/relationships"><Relationship Id="rId1" '
            f'Type="{kinds}/worksheet" Target="worksheets/sheet1.bin"/></Relationships>',
        )
    return path


def test_binary_excel_is_read(tmp_path) -> None:
    scores = [7 * i % 11 for i in range(1, 31)]
    rows = [["recommend", "region", "paid"], *([s, "Süd" if s % 2 else "Nord", 1.5 * s] for s in scores)]
    rows[5][2] = None
    study = cx.load(xlsb(tmp_path / "answers.xlsb", rows))
    known = pd.Series(scores)
    assert cx.nps(study).table["estimate"].iloc[0] == pytest.approx(100 * ((known >= 9).mean() - (known <= 6).mean()))
    table = study.to_pandas(labels=False)
    assert table["region"].tolist() == ["Süd" if s % 2 else "Nord" for s in scores]
    assert table["paid"].isna().tolist() == [i == 4 for i in range(30)]


def test_a_binary_workbook_that_is_none_says_so(tmp_path) -> None:
    (tmp_path / "x.xlsb").write_bytes(b"PK\x03\x04 no workbook")
    with pytest.raises(DataProblem, match=r"^x\.xlsb cannot be read as a spreadsheet \(.+\); open it in a spreadsheet"):
        cx.load(tmp_path / "x.xlsb")


def test_a_table_that_begins_further_in_is_read(tmp_path) -> None:
    pd.DataFrame({"recommend": [9, 3, 10], "region": ["a", "b", "a"]}).to_excel(
        tmp_path / "x.xlsx", index=False, startrow=4, startcol=2
    )
    assert cx.load(tmp_path / "x.xlsx").to_pandas()["recommend"].tolist() == [9, 3, 10]
