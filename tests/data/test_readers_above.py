"""Lines above the header are left out and said; what is no such line stays."""

from __future__ import annotations

import openpyxl
import pytest

import cxlab as cx
from cxlab.problem import DataProblem

HEAD = ["id", "region", "overall", "staff", "price"]
ROWS = [[i, "NSW"[i % 3], 1 + i % 5, 1 + i * 7 % 5, 1 + i * 3 % 5] for i in range(60)]


def joined(rows, mark=","):
    return "".join(mark.join(map(str, r)) + "\n" for r in rows)


ABOVE = {
    "a title": ("Customer survey\n", ","),
    "title, day and a blank line": ("Customer survey\nExported 2025-10-01\n\n", ","),
    "what and its value": ("Report;Customer survey\nDate;2025-10-01\n\n", ";"),
    "padded with separators": ("Customer survey,,,,\n,,,,\n", ","),
    "a comma in the title of a tab file": ("Customer survey, all answers\n\n", "\t"),
    "a title in quotes over two lines": ('"Customer survey\nof 2025"\n', ","),
    "a bar file": ("Umfrage\n", "|"),
}


@pytest.mark.parametrize("lines", ABOVE)
def test_lines_above_the_header_are_left_out_and_said(tmp_path, lines):
    above, mark = ABOVE[lines]
    path = tmp_path / "a.csv"
    path.write_text(above + joined([HEAD, *ROWS], mark))
    study = cx.load(path)
    assert list(study.columns) == HEAD
    assert cx.mean(study, "overall").table["n"].tolist() == [60]
    said = [n for n in study.codebook.notes if "above the header" in n]
    assert len(said) == 1
    assert above.strip(',;\n"').split("\n")[0].split(";")[-1] in said[0]


def test_of_a_large_file_too(tmp_path, monkeypatch):
    from cxlab.data.readers import delimited

    monkeypatch.setattr(delimited, "SMALL", 100)
    path = tmp_path / "a.csv"
    path.write_text("Customer survey\n\n" + joined([HEAD, *ROWS]))
    assert cx.mean(cx.load(path), "overall").table["n"].tolist() == [60]


def test_two_columns_below_a_title(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("Reviews of a shop\n\nstars,comment\n" + "".join(f'{1 + i % 5},"good, {i}"\n' for i in range(50)))
    assert list(cx.load(path).columns) == ["stars", "comment"]


@pytest.mark.parametrize("right", [0, 2])
def test_of_a_sheet(tmp_path, right):
    made = openpyxl.Workbook()
    for row in [["Customer survey"], ["Exported", "1 October"], [], HEAD, *ROWS]:
        made.active.append([None] * right + row)
    made.save(tmp_path / "a.xlsx")
    study = cx.load(tmp_path / "a.xlsx")
    assert list(study.columns) == HEAD
    assert any("above the header are no part of the table: 'Customer survey'" in n for n in study.codebook.notes)


def test_an_address_above_the_header_is_masked(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("Sent by ann.lee@example.com\n" + joined([HEAD, *ROWS]))
    assert not any("ann.lee" in n for n in cx.load(path).codebook.notes)


NAMELESS = {
    "columns without a name": "name,score,,\nA,5,x,y\nB,4,z,w\nC,3,v,u\n",
    "one name alone": "name,,,\nAnn,Oslo,x,y\nBob,Rome,z,w\n",
    "two names and words below": "name,city,,\nAnn,Oslo,x,y\nBob,Rome,z,w\n",
    "two names and a number below": "name,city,,\nAnn,Oslo,x,5\nBob,Rome,z,4\n",
}


@pytest.mark.parametrize("names", NAMELESS)
def test_a_header_with_nameless_columns_is_no_title(tmp_path, names):
    """Else the first answer would be read as the header, without a word that matters."""
    path = tmp_path / "a.csv"
    path.write_text(NAMELESS[names])
    with pytest.raises(DataProblem, match="has no name for column"):
        cx.load(path)


KEPT = {
    "answers are no title": [["overall", "comment"], [5, ""], [4, "good"], [3, "well"], [2, ""], [1, "no"]],
    "few answers in the first row": [HEAD, ["1", "", "", "", ""], *ROWS],
}


@pytest.mark.parametrize("kept", KEPT)
def test_what_is_no_title_stays(tmp_path, kept):
    path = tmp_path / "a.csv"
    path.write_text(joined(KEPT[kept]))
    study = cx.load(path)
    assert list(study.columns) == [str(n) for n in KEPT[kept][0]]
    assert study.lazy.collect().to_pandas().shape[0] == len(KEPT[kept]) - 1


def test_rows_of_unequal_length_are_still_refused(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("Customer survey\n" + joined([HEAD, *ROWS[:3], ROWS[3][:3], *ROWS[4:]]))
    with pytest.raises(DataProblem, match="row . has . values, the header has"):
        cx.load(path)
