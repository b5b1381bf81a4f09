"""Drawing comments for coders and reading what they filled in: what is right is kept, what is wrong is said."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest

import cxlab as cx
from cxlab.models.text.label_sheets import print_of

FRAME = ["waiting", "price"]
STUDY = cx.simulations.simulate_comments(300, seed=1, themes={"waiting": 0.4, "price": 0.3, "staff": 0.3})


def filled(path: Path, *, most: dict[str, int] | None = None, wrong: float = 0.0) -> Path:
    """Fill in the sheets as honest coders: by the words of the shown comment; the second errs with chance ``wrong``."""
    book = openpyxl.load_workbook(path)
    rng = np.random.default_rng(3)
    for coder in ("coder 1", "coder 2"):
        sheet = book[coder]
        for r in range(2, min(sheet.max_row, (most or {}).get(coder, 10**6) + 1) + 1):
            text = sheet.cell(r, 2).value
            codes = [int("wait" in text.lower() or "queue" in text.lower()), int("euro" in text or "value" in text)]
            if coder == "coder 2":
                codes = [1 - c if rng.random() < wrong else c for c in codes]
            for k, code in enumerate(codes):
                sheet.cell(r, 3 + k).value = code
    book.save(path)
    return path


@pytest.fixture
def sheet(tmp_path: Path) -> Path:
    return cx.text.label_sample(STUDY, FRAME, n=80, overlap=30, path=tmp_path / "labels.xlsx", seed=2)


def test_what_is_drawn_is_random_masked_and_shared_out(sheet: Path) -> None:
    book = openpyxl.load_workbook(sheet)
    assert book.sheetnames == ["coder 1", "coder 2", "frame"]
    rows = {c: {book[c].cell(r, 1).value for r in range(2, book[c].max_row + 1)} for c in book.sheetnames[:2]}
    assert len(rows["coder 1"] & rows["coder 2"]) == 30 and len(rows["coder 1"] | rows["coder 2"]) == 80
    assert [c.value for c in book["coder 1"][1]] == [
        "row", "comment", "waiting", "price", "other", "cannot code", "remark"
    ]  # fmt: skip
    choice = book["coder 1"].data_validations.dataValidation[0]
    assert choice.formula1 == '"1,0"' and str(choice.sqref).startswith("C2:F")
    key = json.loads(sheet.with_suffix(".key.json").read_text())
    assert {r["p"] for r in key["rows"]} == {80 / 300} and key["comments"] == 300
    assert "minutes" not in sheet.with_suffix(".key.json").read_text(), "no text in the side file"


def test_every_comment_is_as_likely_to_be_drawn() -> None:
    from cxlab.models.text.label_sheets import _draw

    group = np.repeat(["a", "b", "c"], [300, 30, 5])
    hits = np.zeros(335)
    for k in range(400):
        drawn, chance = _draw(np.random.default_rng(k), group, 65)
        hits[drawn] += 1
    assert np.bincount(np.unique(group[drawn], return_inverse=True)[1]).tolist() == [30, 30, 5]
    assert chance[[0, 300, 334]].tolist() == [0.1, 1.0, 1.0]
    z = (hits[:300] / 400 - 0.1) / np.sqrt(0.1 * 0.9 / 400)
    assert np.abs(z).max() < 4.5 and (hits[300:] == 400).all()


def test_personal_data_and_formulas_do_not_reach_the_sheet(tmp_path: Path) -> None:
    odd = [
        '=HYPERLINK("http://x")',
        "call +49 170 1234567, Kind regards, Eva Braun",
        "<b>bold</b>",
        "مرحبا بالعالم",
        "\x07bell",
        "👍👍",
    ]
    rows = pd.DataFrame({"comment": [*odd, "x" * 200_000, *[f"comment number {k}" for k in range(20)]]})
    path = cx.text.label_sample(cx.load(rows).set("comment", role="text"), ["a"], n=27, path=tmp_path / "l.xlsx")
    sheet = openpyxl.load_workbook(path)["coder 1"]
    cells = [sheet.cell(r, 2) for r in range(2, sheet.max_row + 1)]
    texts = [c.value for c in cells]
    assert all(c.data_type == "s" for c in cells) and max(map(len, texts)) < 5_100
    assert not any("1234567" in t or "Braun" in t or "http" in t for t in texts)
    labels = openpyxl.load_workbook(path)
    for name in ("coder 1", "coder 2"):
        for r in range(2, labels[name].max_row + 1):
            labels[name].cell(r, 3).value = 0
    labels.save(path)
    assert len(cx.text.read_labels(path, ["a"])) == 27


def test_read_back_with_agreement(sheet: Path) -> None:
    found = cx.text.read_labels(filled(sheet), FRAME)
    assert len(found) == 80 and found.comments == 300
    assert found.agreement["alpha"].tolist() == [1, 1] and found.agreement["n"].tolist() == [30, 30]
    assert found.between.tolist() == [0, 0] and found.rows["p"].unique().tolist() == [80 / 300]
    about = dict(zip(map(print_of, STUDY.to_pandas()["comment"]), STUDY.truth["coded"], strict=True))
    assert found.y[:, 0].tolist() == [float(about[p]) for p in found.rows["print"]]


def test_coders_who_disagree_widen_the_interval(sheet: Path) -> None:
    found = cx.text.read_labels(filled(sheet, wrong=0.35), FRAME)
    assert (found.agreement["alpha"] < 0.667).any() and (found.between[found.agreement["alpha"] < 0.667] >= 0).all()
    assert any("coders disagree (alpha" in n for n in found.notes)
    assert set(np.unique(found.y)) == {0, 0.5, 1}


def test_coders_may_stop_early(sheet: Path) -> None:
    found = cx.text.read_labels(filled(sheet, most={"coder 1": 30, "coder 2": 20}), FRAME)
    assert found.rows["p"].sum() == pytest.approx(len(found) ** 2 / 300)
    assert any(n.startswith("coder 1 stopped after 30 of ") for n in found.notes)


def test_zeros_need_not_be_filled_in_beside_a_one(sheet: Path) -> None:
    full = cx.text.read_labels(filled(sheet), FRAME)
    book = openpyxl.load_workbook(sheet)
    for coder in book.sheetnames[:2]:
        for r in range(2, book[coder].max_row + 1):
            codes = [book[coder].cell(r, c) for c in (3, 4)]
            if sum(c.value for c in codes):
                for c in codes:
                    c.value = c.value or None
            else:
                book[coder].cell(r, 5).value = 1
                for c in codes:
                    c.value = None
    book.save(sheet)
    assert (cx.text.read_labels(sheet, FRAME).y == full.y).all()


def test_rows_may_be_sorted_once_all_are_coded(sheet: Path) -> None:
    full = cx.text.read_labels(filled(sheet), FRAME)
    for by in (1, 2):
        book = openpyxl.load_workbook(sheet)
        ws = book.worksheets[0]
        rows = sorted(([c.value for c in r] for r in ws.iter_rows(min_row=2)), key=lambda r: r[by])
        for r, row in enumerate(rows, 2):
            for c, value in enumerate(row, 1):
                ws.cell(r, c).value = value
        ws["C1"], ws.title = " Waiting", "Anna"
        book.save(sheet)
        again = cx.text.read_labels(sheet, FRAME)
        assert (again.y == full.y).all() and again.agreement.equals(full.agreement)


def test_coders_who_swap_their_columns_are_told(sheet: Path) -> None:
    book = openpyxl.load_workbook(filled(sheet))
    book["coder 2"]["C1"], book["coder 2"]["D1"] = "price", "waiting"
    book.save(sheet)
    said = [n for n in cx.text.read_labels(sheet, FRAME).notes if "more than chance does" in n]
    assert said == [
        f"{t}: coders disagree more than chance does; did one of them swap columns, or 1 and 0?" for t in FRAME
    ]


@pytest.mark.parametrize("encoding", ["cp1252", "utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("mark", [";", ",", "\t"])
def test_a_sheet_saved_as_text_is_read_in_its_encoding(tmp_path: Path, sheet: Path, encoding: str, mark: str) -> None:
    """As spreadsheet programs write it in many countries: semicolons, Windows-1252, '1,0' for one."""
    own = pd.DataFrame({"comment": [f"Café „{k}“ – späte Lieferung, zäh; na ja" for k in range(40)]})
    own["waiting"] = [k % 2 for k in range(40)]
    path = tmp_path / "own.csv"
    own.to_csv(path, sep=mark, index=False, encoding=encoding)
    found = cx.text.read_labels(path, ["waiting"], at_random=True)
    assert found.rows["print"].tolist() == [print_of(t) for t in own["comment"]] and found.y.mean() == 0.5
    pd.read_excel(filled(sheet), sheet_name="coder 1", engine="openpyxl").to_csv(
        sheet.with_suffix(".csv"), sep=mark, encoding=encoding
    )
    alone = cx.text.read_labels(sheet.with_suffix(".csv"), FRAME)
    assert len(alone) == 55 and len(alone.agreement) == 2


def spoiled(path: Path, what: str) -> Path:
    filled(path, most={"coder 1": 3, "coder 2": 2} if what == "five labels" else None)
    book = openpyxl.load_workbook(path)
    sheet = book["coder 1"]
    if what == "code":
        sheet["C5"] = "yes"
    elif what == "text":
        sheet["B5"] = "something else"
    elif what == "gap":
        sheet["C5"] = sheet["D5"] = None
    elif what == "half":
        sheet["C5"], sheet["D5"] = 0, None
    elif what == "twice":
        for c in range(1, 5):
            sheet.cell(6, c).value = sheet.cell(5, c).value
    elif what == "formula":
        sheet["C5"] = "=1+1"
    elif what == "error":
        sheet["C5"] = "#REF!"
    elif what == "formula for a row":
        sheet["A5"] = "=A4+1"
    elif what == "deleted":
        for r in range(sheet.max_row, 1, -1):
            if sheet.cell(r, 3).value == sheet.cell(r, 4).value == 0:
                sheet.delete_rows(r)
    elif what == "sorted and stopped":
        book["coder 2"].delete_rows(2, 500)
        rows = sorted(([c.value for c in r] for r in sheet.iter_rows(min_row=2)), key=lambda r: r[1])
        for r, row in enumerate(rows, 2):
            for c, value in enumerate(row, 1):
                sheet.cell(r, c).value = value if c < 3 or r < 32 else None
    elif what == "own":
        sheet["A5"] = 999
    elif what == "column":
        sheet["D1"] = "prize"
    book.save(path)
    return path


BAD = {
    "code": r"^sheet 'coder 1' of labels\.xlsx, line 5: 'waiting' holds 'yes'; codes are 1, 0 or empty$",
    "text": r"^sheet 'coder 1' of labels\.xlsx, line 5: the comment of row \d+ was changed; labels belong to the "
    "comment "
    r"that was drawn\. Put its text back$",
    "gap": r"^sheet 'coder 1' of labels\.xlsx: 1 comments are passed over between coded ones \(rows \d+\); which these "
    r"are is not random\. Code them, or give them a 1 in 'cannot code'$",
    "half": r"^sheet 'coder 1' of labels\.xlsx, row \d+: some themes are 0 and some are empty; fill in the row, or "
    "give "
    r"it the 1 it lacks$",
    "twice": r"^sheet 'coder 1' of labels\.xlsx: row \d+ stands twice; a comment is coded once by each coder$",
    "own": r"^sheet 'coder 1' of labels\.xlsx, line 5: row '999' was not drawn; add no comments of your own: they are "
    r"not at random$",
    "formula": r"^sheet 'coder 1' of labels\.xlsx, line 5: 'waiting' holds '=1\+1'; codes are 1, 0 or empty$",
    "error": r"^sheet 'coder 1' of labels\.xlsx, line 5: 'waiting' holds '#REF!'; codes are 1, 0 or empty$",
    "formula for a row": r"^sheet 'coder 1' of labels\.xlsx, line 5: row '=A4\+1' was not drawn; add no comments of "
    r"your own: they are not at random$",
    "deleted": r"^sheet 'coder 1' of labels\.xlsx: \d+ comments that were drawn are gone \(rows [\d, .]+\); which are "
    r"left is not random\. Put them back: a copy of the workbook as it was drawn has them$",
    "sorted and stopped": r"^sheet 'coder 1' of labels\.xlsx: \d+ comments are passed over between coded ones \(rows "
    r"[\d, .]+\); which these are is not random\. Code them, or give them a 1 in 'cannot code'$",
    "column": r"^sheet 'coder 1' of labels\.xlsx has no column 'price'; it has row, comment, waiting, prize, other, "
    r"cannot code, remark$",
    "five labels": r"^[345] comments are labelled; at least 20 are needed, a few hundred are usual: "
    r"cx\.text\.labels_needed says how many$",
}


@pytest.mark.parametrize("what", BAD)
def test_what_is_wrong_in_a_sheet_is_said(what: str, sheet: Path) -> None:
    with pytest.raises(cx.DataProblem, match=BAD[what]):
        cx.text.read_labels(spoiled(sheet, what), FRAME)


def test_labels_that_are_not_at_random_are_refused(sheet: Path) -> None:
    filled(sheet)
    sheet.with_suffix(".key.json").unlink()
    said = (
        r"^beside labels\.xlsx there is no labels\.key\.json, which says with what probability each comment was drawn; "
        r"labels of comments that somebody picked make every share wrong\. Put it back, draw with "
        r"cx\.text\.label_sample, or say at_random=True if they were drawn at random$"
    )
    with pytest.raises(cx.DataProblem, match=said):
        cx.text.read_labels(sheet, FRAME)
    own = cx.text.read_labels(sheet, FRAME, at_random=True)
    assert "the labels are said to be at random; nothing shows it" in own.notes
    with pytest.raises(
        cx.DataProblem, match=r"^nothing says how the comments of the table were chosen; labels of comm"
    ):
        cx.text.read_labels(pd.DataFrame({"comment": ["a"] * 30, "waiting": [1] * 30}), ["waiting"])


@pytest.mark.parametrize("change", [{"comments": 79}, {"version": 1}, {"sheets": {"coder 1": [1]}}, {"themes": []}])
def test_a_key_that_was_changed_is_said(sheet: Path, change: dict) -> None:
    key = sheet.with_suffix(".key.json")
    key.write_text(json.dumps(json.loads(key.read_text()) | change))
    with pytest.raises(cx.DataProblem) as problem:
        cx.text.read_labels(filled(sheet), FRAME)
    assert str(problem.value) == "labels.key.json is not as cx.text.label_sample wrote it; put the original back"


def test_broken_files_are_said(tmp_path: Path, sheet: Path) -> None:
    with pytest.raises(
        cx.DataProblem, match=r"^there is no file of labels .*none\.xlsx; make a workbook with cx\.text\.label_sample"
    ):
        cx.text.read_labels(tmp_path / "none.xlsx", FRAME)
    sheet.with_suffix(".key.json").write_text("{")
    with pytest.raises(
        cx.DataProblem, match=r"^labels\.key\.json is not as cx\.text\.label_sample wrote it; put the original "
    ):
        cx.text.read_labels(sheet, FRAME)
    empty = tmp_path / "empty.csv"
    empty.write_bytes(b"\r\n")
    with pytest.raises(cx.DataProblem, match=r"^empty\.csv cannot be read as a table \(it is empty\); give \.xlsx or "):
        cx.text.read_labels(empty, FRAME, at_random=True)
    (tmp_path / "bad.xlsx").write_bytes(b"no workbook")
    with pytest.raises(cx.DataProblem, match=r"^bad\.xlsx cannot be read as a table \(.*\); give \.xlsx or \.csv$"):
        cx.text.read_labels(tmp_path / "bad.xlsx", FRAME, at_random=True)


def test_work_of_coders_is_never_written_over(sheet: Path) -> None:
    with pytest.raises(
        cx.DataProblem, match=r"labels\.xlsx is there already and may hold labels; choose another path=, "
    ):
        cx.text.label_sample(STUDY, FRAME, path=sheet)
    with pytest.raises(cx.DataProblem, match=r"^path is l\.csv; label sheets are workbooks: give a name that ends in "):
        cx.text.label_sample(STUDY, FRAME, path="l.csv")
    with pytest.raises(cx.DataProblem, match=r"^n is 0 and overlap 50; draw one comment or more, and 0 or more of th"):
        cx.text.label_sample(STUDY, FRAME, n=0, path=sheet.with_name("m.xlsx"))


def test_too_few_comments_would_tell_who_wrote_them(tmp_path: Path) -> None:
    few = cx.load(pd.DataFrame({"comment": ["one", "two", "nothing", ""] * 2, "q": range(8)})).set(
        "comment", role="text"
    )
    with pytest.raises(
        cx.DataProblem, match=r"^'comment' of .* holds 4 comments; at least 10 are needed: so few would "
    ):
        cx.text.label_sample(few, ["a"], n=2, overlap=0, path=tmp_path / "l.xlsx")


FRAMES = {
    "": r"holds nothing; a code frame holds tables \[\[theme\]\] with name",
    "[[theme]]\nname = 'a'\n[[theme]]\nname = 'A'": r"names 'A', 'a' twice, or as 'other' and 'cannot code' are",
    "[[theme]]\nname = 'a'\nparent = 'b'": r"^parent 'b' is not in the code frame .* There are: a$",
    "[[theme]]\nname = 'a'\nincludes = 'x'": r"^key 'includes' is not in a theme of .*; did you mean 'include'\?",
    "[[theme]]\nname = '=1+1'": r"names a theme '=1\+1'; a name is of letters",
    "theme = 3": r"holds theme; a code frame holds tables",
    "[[theme": r"is no TOML: .*; each theme is a table",
}


@pytest.mark.parametrize("text", FRAMES)
def test_a_broken_frame_is_said(text: str, tmp_path: Path) -> None:
    path = tmp_path / "frame.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(cx.DataProblem, match=FRAMES[text]):
        cx.text.CodeFrame.read(path)


def test_a_frame_is_written_as_it_is_read(tmp_path: Path) -> None:
    text = (
        '[[theme]]\nname = "wait"\ntitle = "Waiting \\"long\\""\ndefinition = "how long"\nparent = "service"\n'
        'examples.en = ["waited", "queue"]\nexamples.de = ["gewartet"]\n\n[[theme]]\nname = "service"\n'
    )
    (tmp_path / "a.toml").write_text(text, encoding="utf-8")
    frame = cx.text.CodeFrame.read(tmp_path / "a.toml")
    assert frame["wait"].title == 'Waiting "long"' and frame["wait"].examples["de"] == ("gewartet",)
    assert cx.text.CodeFrame.read(frame.write(tmp_path / "b.toml")).themes == frame.themes


def test_labels_that_are_no_file_are_refused() -> None:
    with pytest.raises(
        cx.DataProblem, match=r"^labels are 5; give the path of a workbook of cx\.text\.label_sample, or"
    ):
        cx.text.read_labels(5)
