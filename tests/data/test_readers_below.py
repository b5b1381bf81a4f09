"""A row of question texts below the names is no answer; a first answer in words stays one."""

from __future__ import annotations

import openpyxl
import pytest

import cxlab as cx
from cxlab.data.readers import delimited

NAMES = ["Q1", "Q2", "Q3", "ort"]
TEXTS = ["How likely are you to recommend us?", "Overall satisfaction", "Satisfaction with price", "Where do you live"]
ROWS = [[i * 7 % 11, 1 + i % 5, 1 + i * 3 % 5, "NSW"[i % 3]] for i in range(60)]
NPS = 100 * sum((r[0] >= 9) - (r[0] <= 6) for r in ROWS) / 60


def written(path, rows, mark=","):
    path.write_text("".join(mark.join(f'"{v}"' if mark in str(v) else str(v) for v in r) + "\n" for r in rows))
    return path


SECOND = {
    "questions": TEXTS,
    "some blank": [TEXTS[0], TEXTS[1], "", ""],
    "in another language": ["Würden Sie uns weiterempfehlen?", "Zufriedenheit gesamt", "Zufriedenheit Preis", "Ort"],
    "with a comma": ["How likely, on the whole, are you to recommend us?", *TEXTS[1:]],
}


@pytest.mark.parametrize("mark", [",", ";", "\t"])
@pytest.mark.parametrize("texts", SECOND)
def test_the_wordings_below_the_names_are_no_answers(tmp_path, texts, mark):
    study = cx.load(written(tmp_path / "a.csv", [NAMES, SECOND[texts], *ROWS], mark))
    assert cx.nps(study, "Q1").table[["n", "estimate"]].to_numpy().tolist() == [[60, pytest.approx(NPS)]]
    assert cx.mean(study, "Q2").table["n"].tolist() == [60]
    assert set(study.to_pandas()["ort"]) == {"N", "S", "W"}
    assert study.codebook["Q1"].question == SECOND[texts][0]
    said = [n for n in study.codebook.notes if "holds the wording" in n]
    assert len(said) == 1
    assert f"'{SECOND[texts][0]}'" in said[0]


def test_of_a_file_that_is_scanned_and_of_a_sheet(tmp_path, monkeypatch):
    book = openpyxl.Workbook()
    for row in [NAMES, TEXTS, *ROWS]:
        book.active.append(row)
    book.save(tmp_path / "a.xlsx")
    assert cx.nps(cx.load(tmp_path / "a.xlsx"), "Q1").table["n"].tolist() == [60]
    monkeypatch.setattr(delimited, "SMALL", 0)
    assert cx.nps(cx.load(written(tmp_path / "a.csv", [NAMES, TEXTS, *ROWS])), "Q1").table["n"].tolist() == [60]


STAY = {
    "words for no answer": ["Refused", "Don't know", "not asked", "N"],
    "the same words": ["skipped here", "skipped here", "skipped here", "N"],
    "numbers of another form": ["1,000", "5 stars", "8/10", "Boston"],
    "short": ["x", "nil", "ja", "Boston"],
    "a number among them": ["hard to say", "well", 4, "N"],
    "a place that comes again": [*TEXTS[:3], "N"],
}


@pytest.mark.parametrize("first", STAY)
def test_a_first_answer_in_words_stays_a_row(tmp_path, first):
    study = cx.load(written(tmp_path / "a.csv", [NAMES, STAY[first], *ROWS]))
    assert len(study.to_pandas()) == 61
    assert not [n for n in study.codebook.notes if "holds the wording" in n]


def test_comments_below_names_are_answers(tmp_path):
    rows = [["Good", "quick"], ["Bad", "slow"], ["So so", "slow"], ["fine", "never again"], ["ok", "yes"]]
    study = cx.load(written(tmp_path / "a.csv", [["likes", "dislikes"], *rows]))
    assert len(study.to_pandas()) == 5


HEAD3 = [
    "Q1,Q2,ResponseId",
    '"How, really?","Overall\nsatisfaction",Response ID',
    '"{""ImportId"":""a""}","{""ImportId"":""b""}","{""ImportId"":""c""}"',
]


def plain_rows(mark, start):
    return "".join(mark.join(map(str, [start + i, "NS"[i % 2], i % 11])) + "\n" for i in range(40))


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [",", ";", "\t"])
@pytest.mark.parametrize("above", ["", "Customer survey\n\n"])
def test_a_header_that_stands_again_is_no_answer(tmp_path, mark, above, end):
    head = mark.join(["id", "region", "recommend"]) + "\n"
    text = above + head + plain_rows(mark, 0) + head + plain_rows(mark, 40) + head + plain_rows(mark, 80)
    (tmp_path / "a.csv").write_bytes(text.replace("\n", end).encode())
    study = cx.load(tmp_path / "a.csv")
    assert cx.nps(study, by="region").table["n"].tolist() == [60, 60]
    assert len(set(study.to_pandas()["id"])) == len(study.to_pandas()) == 120
    assert [n for n in study.codebook.notes if "stands 2 times more among the rows" in n]


def test_of_an_export_with_three_header_rows_and_of_a_sheet(tmp_path):
    head = "\n".join(HEAD3) + "\n"
    rows = ["".join(f"{i % 11},{1 + i % 5},R_{k}{i}\n" for i in range(40)) for k in "ab"]
    (tmp_path / "q.csv").write_text(head + rows[0] + head + rows[1])
    study = cx.load(tmp_path / "q.csv")
    assert cx.mean(study, "Q2").table["n"].tolist() == [80]
    assert len(study.to_pandas()) == 80
    book = openpyxl.Workbook()
    for row in [NAMES, *ROWS[:30], NAMES, *ROWS[30:]]:
        book.active.append(row)
    book.save(tmp_path / "a.xlsx")
    study = cx.load(tmp_path / "a.xlsx")
    assert cx.mean(study, "Q2").table["n"].tolist() == [60]
    assert len(study.to_pandas()) == 60


def test_an_answer_like_one_name_stays(tmp_path):
    text = "id,region,recommend\n" + plain_rows(",", 0) + "90,region,5\n"
    (tmp_path / "a.csv").write_text(text)
    assert len(cx.load(tmp_path / "a.csv").to_pandas()) == 41
