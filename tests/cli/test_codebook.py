"""``cxlab codebook``: doubts are asked, settings are held against the file, shapes of files are compared."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest
from click.testing import CliRunner, Result

import cxlab as cx
from cxlab.cli.cmd_codebook import codebook
from cxlab.cli.cmd_doctor import doctor
from cxlab.data import infer, load
from cxlab.data.doubt import Doubt
from cxlab.data.locations import address, apart

ROWS = [(k, "NS"[k % 2], (k * 7) % 11, 1 + k % 5) for k in range(60)]


@pytest.fixture
def survey(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    lines = ["id,region,nps,grade", *(",".join(map(str, row)) for row in ROWS)]
    Path("survey.csv").write_text("\n".join(lines) + "\n")
    return tmp_path / "survey.csv"


def run(*words: str, answers: str = "") -> Result:
    return CliRunner().invoke(codebook, words, input=answers, catch_exceptions=True)


DOUBTS = (
    Doubt("grade", "'grade', 1 to 5: is it the outcome?", ("no", "yes, 5 is best", "yes, 1 is best"), weight=0.9,
          settings=("", "role=outcome scale=1-5 measure=satisfaction", "role=outcome scale=1-5 best=low")),
    Doubt("region", "is 'region' a segment?", ("yes", "no"), weight=0.2, settings=("", "role=none")),
    Doubt("", "is the decimal mark a point?", ("point", "comma"), command="cxlab doctor FILE --encoding x", weight=0.1),
)  # fmt: skip


@pytest.fixture
def doubtful(survey: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    drafted = infer.draft
    monkeypatch.setattr(infer, "draft", lambda raw, name: replace(drafted(raw, name), doubts=DOUBTS))
    return survey


def test_infer_ends_in_the_doubts_heaviest_first(doubtful: Path) -> None:
    out = run("infer", "survey.csv").output
    told = out[out.index("Not sure (3)") :].splitlines()
    assert told[1].strip() == "1. grade: 'grade', 1 to 5: is it the outcome?"
    assert told[2].strip() == "taken: no; else: yes, 5 is best / yes, 1 is best"
    assert told[3].strip() == "cxlab codebook set survey.csv grade role=outcome scale=1-5 measure=satisfaction"
    assert "cxlab doctor survey.csv --encoding x" in out
    assert told[-1] == "Answer them one by one: cxlab codebook ask survey.csv"
    found = json.loads(run("infer", "survey.csv", "--json").output)
    assert [d["column"] for d in found["doubts"]] == ["grade", "region", ""]


def test_ask_writes_what_was_answered_and_says_what_changed(doubtful: Path) -> None:
    made = run("ask", "survey.csv", answers="3\ns\ns\n")
    assert made.exit_code == 0, made.output
    assert "1/3 grade: 'grade', 1 to 5: is it the outcome?" in made.output
    book = load.load("survey.csv").codebook
    assert (book["grade"].role, book["grade"].scale) == ("outcome", cx.Scale(1, 5, "low"))
    assert book.settled == ("grade",) and [d.column for d in book.doubts] == ["region", ""]
    assert "The headline stays: NPS of nps" in made.output and "2 questions are open" in made.output
    again = run("ask", "survey.csv", answers="2\n1\n")
    assert "1/2 region" in again.output and load.load("survey.csv").doubts == ()
    assert run("ask", "survey.csv").output == "Nothing is in doubt about survey.\n"


def test_ask_leaves_all_as_it_is_when_nothing_is_answered(doubtful: Path) -> None:
    for answers in ("q\n", "s\ns\ns\n"):
        assert run("ask", "survey.csv", answers=answers).output.endswith("Nothing was answered; nothing is written.\n")
    assert not Path("survey.datapackage.json").exists()


def test_halves_stay_answers_and_can_be_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    marks = [m for m in (1, 2, 2.5, 3, 4, 4.5, 5) for _ in range(10)]
    pd.DataFrame({"id": range(len(marks)), "rating": marks}).to_csv("half.csv", index=False)
    told = run("set", "half.csv", "rating", "role=outcome", "measure=satisfaction")
    assert told.output.splitlines()[0] == (
        "rating: role outcome, measure satisfaction, scale 1 to 5 in steps of 0.5 (highest = best)"
    )
    assert "OUT OF SCALE" not in told.output
    table = cx.csat(load.load("half.csv")).table
    assert (int(table["n"][0]), float(table["estimate"][0])) == (70, pytest.approx(2 / 7))
    other = run("set", "half.csv", "rating", "scale=1-5").output  # numbers between the points count, as they are
    assert "OUT OF SCALE" not in other and "now:    CSAT of rating 42.9 %" in other
    assert int(cx.csat(load.load("half.csv")).table["n"][0]) == 70
    shorter = run("set", "half.csv", "rating", "scale=1-4").output
    assert "OUT OF SCALE, left out of results until it is corrected or the scale: 4.5 (10), 5 (10)" in shorter
    again = run("set", "half.csv", "rating", "scale=1-5 in steps of 0.5").output
    assert "OUT OF SCALE" not in again
    assert load.load("half.csv").field("rating").scale == cx.Scale(1, 5, step=0.5)


def test_set_is_held_against_the_file_and_says_the_headline(survey: Path) -> None:
    made = run("set", "survey.csv", "nps", "scale=0-9", "missing=10,99")
    assert made.exit_code == 0, made.output
    lines = made.output.splitlines()
    assert lines[0] == "nps: role outcome, measure recommendation, scale 0 to 9 (highest = best)"
    assert lines[1].strip() == "missing code 99: no row has it"
    assert lines[2].startswith("before: NPS of nps") and lines[3].startswith("now:    ")
    assert load.load("survey.csv").field("nps").missing == {"10": "no answer", "99": "no answer"}
    told = run("set", "survey.csv", "grade", "role=touchpoint", "scale=1-4").output
    assert "OUT OF SCALE, left out of results until it is corrected or the scale: 5 (12)" in told
    assert run("set", "survey.csv", "grade", "sure").exit_code == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("nps", "role"), "'role' is no setting of 'nps'; write key=value, as role=outcome, or sure"),
        (("nps", "role=outcome", "role=text"), "role is given twice: 'outcome' and 'text'"),
        (("grad", "role=outcome"), "column 'grad' is not in survey; did you mean 'grade'? There are: id, region, nps, "
         "grade"),
        (("nps", "scale=20-30"), "no answer to 'nps' is on a scale of 20 to 30 (highest = best); there are: '0' (6), "
         "'10' (6), '3' (6), '6' (6), '7' (6), '1' (5)"),
    ],
)  # fmt: skip
def test_a_setting_that_cannot_be_writes_nothing(survey: Path, words: tuple[str, ...], message: str) -> None:
    made = run("set", "survey.csv", *words)
    said = made.output + str(made.exception)
    assert made.exit_code and message in said
    assert not Path("survey.datapackage.json").exists()


def test_infer_says_truly_when_its_file_is_used(survey: Path) -> None:
    there = run("infer", "survey.csv", "-o", "auto").output
    assert "it is used whenever survey.csv is loaded" in there
    Path("survey.datapackage.json").rename("x.json")
    named = run("infer", "survey.csv", "-o", "y.json").output
    assert "it is used where you name it: --codebook y.json, cx.load('survey.csv', codebook=...)" in named
    assert load.load("survey.csv").codebook.notes[-1].startswith("inferred ")
    assert not any(n.startswith("dictionary") for n in load.load("survey.csv", codebook="y.json").codebook.notes)


def test_a_codebook_goes_to_every_command(survey: Path) -> None:
    run("infer", "survey.csv", "-o", "y.json")
    run("set", "survey.csv", "grade", "role=outcome", "scale=1-4", "--codebook", "y.json")
    told = CliRunner().invoke(doctor, ["survey.csv", "--codebook", "y.json"])
    assert told.exit_code == 1 and "OUT OF SCALE, left out of results: grade" in told.output
    assert CliRunner().invoke(doctor, ["survey.csv"]).exit_code == 0
    assert load.load(address("survey.csv", codebook="y.json")).field("grade").scale == cx.Scale(1, 4)


@pytest.mark.parametrize("name", ["a b.csv", "a#b.csv", "C#sheet.xlsx", "50%.csv"])
@pytest.mark.parametrize("sheet", ["Answers & co", "100% = all", "a#b", "日本"])
def test_an_address_comes_apart_as_it_was_put_together(name: str, sheet: str) -> None:
    assert apart(address(name, sheet=sheet)) == (name, {"sheet": sheet})
    assert apart(name) == (name, {})
    assert apart(address(address(name, sheet=sheet), codebook="b.json")) == (
        name,
        {"sheet": sheet, "codebook": "b.json"},
    )


def test_the_catalogue_has_its_own_codebooks(survey: Path) -> None:
    with pytest.raises(cx.DataProblem) as error:
        cx.load("abc", sheet="x")
    assert str(error.value) == "'abc' is a study of the catalogue, which has its own codebook; leave out sheet"


@pytest.fixture
def workbook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    book = openpyxl.Workbook()
    sheets = {
        "Answers": [("Q1", "Q2"), *((1 + k % 5, 1 + k % 2) for k in range(40))],
        "Questions": [("Variable", "Wording"), ("Q1", "How satisfied are you overall?"), ("Q2", "Where did you buy?")],
        "Codes": [("Name", "Code", "Label"), ("q1", 1, "Very dissatisfied"), (None, 5, "Very satisfied"),
                  ("Q2", 1, "Shop"), (None, 2, "Online"), ("Q9", 1, "gone")],
    }  # fmt: skip
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    del book["Sheet"]
    book.save(tmp_path / "s.xlsx")
    return tmp_path / "s.xlsx"


def test_a_dictionary_gives_wordings_and_labels(workbook: Path) -> None:
    study = cx.load("s.xlsx", sheet="Answers", dictionary="Questions;Codes")
    q1, q2 = study.field("Q1"), study.field("Q2")
    assert (q1.role, q1.measure, q1.question) == ("outcome", "satisfaction", "How satisfied are you overall?")
    assert q1.scale == cx.Scale(1, 5, "high", {"1": "Very dissatisfied", "5": "Very satisfied"})
    assert q2.labels == {"1": "Shop", "2": "Online"}
    Path("d.csv").write_text("column;text;codes\nQ1;Overall;1=bad|5=good\n")
    plain = cx.Codebook("s", (cx.Field("Q1", type="integer", scale=cx.Scale(1, 5)), cx.Field("Q2", type="integer")))
    told = cx.load("s.xlsx", sheet="Answers", dictionary="d.csv", codebook=plain)
    assert told.field("Q1").title == "Overall" and told.field("Q1").scale.labels == {"1": "bad", "5": "good"}


@pytest.mark.parametrize(
    ("dictionary", "message"),
    [
        ("Code", "sheet 'Code' is not in s.xlsx; did you mean 'Codes'? There are: Answers, Questions, Codes"),
        ("other.csv", "dictionary 'other.csv' names no column of s.xlsx; it needs a column with their names, and has: "
         "x, y. The data have: Q1, Q2"),
        ("bare.csv", "dictionary 'bare.csv' has only the column 'x'; it needs wordings or labels beside it"),
    ],
)  # fmt: skip
def test_a_dictionary_of_something_else_is_said(workbook: Path, dictionary: str, message: str) -> None:
    Path("other.csv").write_text("x,y\na,b\n")
    Path("bare.csv").write_text("x\nQ1\nQ2\n")
    with pytest.raises(cx.DataProblem) as error:
        cx.load("s.xlsx", sheet="Answers", dictionary=dictionary)
    assert str(error.value) == message


def test_next_months_file_of_the_same_shape(survey: Path) -> None:
    run("set", "survey.csv", "grade", "role=touchpoint", "scale=1-5")
    same = run("check", "survey.csv", "--like", "survey.datapackage.json")
    assert same.exit_code == 0 and same.output.splitlines()[0] == "4 of 4 columns carry over; 0 to look at, 0 notes"
    rows = [(k, "NWS"[k % 3], (k * 7) % 11, 2 * (1 + k % 5), "x") for k in range(60)]
    lines = ["id,region,nps2,grade,mode", *(",".join(map(str, row)) for row in rows)]
    Path("june.csv").write_text("\n".join(lines) + "\n")
    told = run("check", "june.csv", "--like", "survey.csv")
    assert told.exit_code == 1
    assert "look  nps: gone; did you mean 'nps2'?" in told.output
    assert "note  region: new levels: W" in told.output and "note  mode: new" in told.output
    assert "grade: outside the scale 8, 12 rows" in told.output or "grade: was answered on 1 to 5" in told.output
    found = json.loads(run("check", "june.csv", "--like", "survey.csv", "--json").output)["changes"]
    assert {(c["column"], c["what"]) for c in found} >= {("nps", "gone"), ("nps2", "new"), ("region", "levels")}


def test_recoded_labels_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from cxlab.data.likeness import likeness

    def book(labels: dict[str, str], best: str = "high") -> cx.Codebook:
        scale = cx.Scale(1, 3, best, {"1": "bad", "3": "good"} if best == "high" else {"1": "good", "3": "bad"})
        return cx.Codebook("s", (cx.Field("a", type="integer", role="segment", labels=labels),
                                 cx.Field("b", type="integer", role="outcome", scale=scale)))  # fmt: skip

    import pandas as pd

    old, new = book({"1": "Shop", "2": "Online"}), book({"1": "Online", "2": "Shop", "3": "Phone"}, "low")
    study = cx.load(pd.DataFrame({"a": [1, 2, 1], "b": [1, 2, 3]}), codebook=old)
    assert [str(c) for c in likeness(study, new, old)] == [
        "a: recoded: 1 was 'Shop', is 'Online'; 2 was 'Online', is 'Shop'",
        "a: new codes: 3 'Phone'",
        "b: turned round: was 1 to 3 (highest = best), its labels now say 1 to 3 (lowest = best)",
        "b: recoded: 1 was 'bad', is 'good'; 3 was 'good', is 'bad'",
    ]


def test_one_answer_settles_what_is_asked_of_several_columns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(1)
    mood = rng.normal(3.6, 1, 300)
    rated = {q: np.clip(np.round(mood + rng.normal(0, 0.7, 300)), 1, 5).astype(int) for q in ("staff", "price", "a b")}
    table = {"overall": np.clip(np.round(mood), 1, 5).astype(int), **rated}
    frame = pd.DataFrame(table)
    for q in rated:
        frame.loc[rng.random(300) < 0.1, q] = 0
    frame.to_csv("x.csv", index=False)
    told = run("infer", "x.csv").output
    assert "staff, price, a b: 0 beside answers 1 to 5: taken as no answer" in told
    line = "cxlab codebook set x.csv staff price 'a b' scale=0-5 missing="
    assert told.count(line) == 1 and told.count("0 beside") == 1
    made = run("set", "x.csv", "staff", "price", "a b", "scale=0-5", "missing=")
    assert made.exit_code == 0, made.output
    study = load.load("x.csv")
    assert {study.field(q).scale.minimum for q in study.columns if q != "overall"} == {0} and not study.doubts
    Path("x.datapackage.json").unlink()
    asked = run("ask", "x.csv", answers="2\n")
    assert asked.exit_code == 0 and "1/1 staff, price, a b:" in asked.output
    assert {load.load("x.csv").field(q).scale.minimum for q in rated if q != "a b"} == {0}


def test_set_without_a_setting_says_so(survey: Path) -> None:
    made = run("set", "survey.csv", "nps", "grade")
    assert made.exit_code == 2 and "set needs what 'grade' is: key=value, as role=outcome, or sure" in made.output
