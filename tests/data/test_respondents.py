"""Rows of nobody are left out, counted, and kept where the codebook says so: on every engine."""

from __future__ import annotations

import json
import shlex

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from click.testing import CliRunner

import cxlab as cx
from cxlab.cli import cxlab as cli

N = 60


def answers(**marks):
    """Sixty answers from 1 to 5 with columns of marks; those that are marked are all 1."""
    low = [any(str(v[k]) != str(v[-1]) for v in marks.values()) for k in range(N)]
    rated = [1 if low[k] else 3 + k % 3 for k in range(N)]
    return pd.DataFrame({"ResponseId": [f"R_{k}" for k in range(N)], "Overall satisfaction": rated, **marks})


def marked(word, normal, k=6):
    return [word] * k + [normal] * (N - k)


PLATFORMS = {
    "Qualtrics in words": {"Status": marked("Survey Preview", "IP Address"), "Progress": [100] * N},
    "Qualtrics in codes": {"Status": marked(1, 0), "Progress": [100] * N, "Finished": [1] * N, "EndDate": ["x"] * N,
                           "RecordedDate": ["2025-03-01"] * N},
    "Qualtrics spam": {"Status": marked("Spam", "IP Address")},
    "Qualtrics channel": {"DistributionChannel": marked("preview", "anonymous"), "Progress": [100] * N,
                          "Finished": [True] * N, "UserLanguage": ["EN"] * N},
    "Qualtrics, screened out": {"Q_TerminateFlag": marked("Screened", ""), "Progress": [100] * N, "Finished": [1] * N,
                                "UserLanguage": ["EN"] * N},
    "Alchemer": {"Status": marked("Disqualified", "Complete"), "Time Started": ["2025-03-01"] * N,
                 "SessionID": [f"s{k}" for k in range(N)], "User Agent": ["Mozilla"] * N, "Contact ID": [""] * N},
}  # fmt: skip


@pytest.mark.parametrize("engine", ["pandas", "polars", "duckdb", "arrow", "csv"])
@pytest.mark.parametrize("platform", PLATFORMS)
def test_rows_of_nobody_are_left_out_and_counted_on_every_engine(platform, engine, tmp_path):
    frame = answers(**PLATFORMS[platform])
    frame.to_csv(tmp_path / "x.csv", index=False)
    source = {"pandas": lambda: frame, "polars": lambda: pl.from_pandas(frame), "duckdb": lambda: duckdb.from_df(frame),
              "arrow": lambda: pa.Table.from_pandas(frame), "csv": lambda: tmp_path / "x.csv"}[engine]()  # fmt: skip
    study = cx.load(source)
    column = next(iter(PLATFORMS[platform]))
    assert len(study) == N - 6 and [k for _, k in study.dropped] == [6]
    assert study.dropped[0][0].startswith(f"'{column}' says ")
    result = cx.csat(study, "Overall satisfaction")
    assert result.table["n"].iloc[0] == N - 6 and f"6 rows left out: {study.dropped[0][0]}" in result.notes
    doubt = next(d for d in study.doubts if d.column == column)
    assert doubt.question.startswith("6 of 60 rows are no customer's answers (") and "they count" in doubt.answers
    whole = cx.load(source, codebook=study.codebook.replace(column, leave_out={}))
    assert len(whole) == N and whole.dropped == ()


@pytest.mark.parametrize(
    ("name", "marks", "k"),
    [
        ("status", marked("Test drive", "Bought"), 6),  # not a platform's word
        ("Status", marked("Spam", "Open"), 6),  # a help desk
        ("is_test", marked(True, False), 6),
        ("Status", ["Survey Preview"] * N, N),  # nothing would be left
    ],
)
def test_what_only_may_be_nobodys_counts_and_is_asked(name, marks, k):
    study = cx.load(answers(**{name: marks}).assign(**{"Overall satisfaction": [1 + i % 5 for i in range(N)]}))
    asked = [d for d in study.doubts if d.column == name and d.question.endswith("): they count")]
    assert len(study) == N and [d.question.split()[0] for d in asked] == [str(k)]


@pytest.mark.parametrize(
    ("name", "marks"),
    [
        ("type", marked("preview", "final")),
        ("test", marked("A", "B", 30)),
        ("status", marked("gold", "silver")),
        ("Completed project", marked("no", "yes")),
    ],
)
def test_other_columns_mark_nothing(name, marks):
    study = cx.load(answers(**{name: marks}))
    assert len(study) == N and not [d for d in study.doubts if "they count" in d.answers]


def test_unfinished_answers_of_no_known_platform_count_and_are_asked():
    frame = answers(Status=marked("Partial", "Complete"), Finished=marked("FALSE", "TRUE", 10))
    study = cx.load(frame)
    assert len(study) == N
    assert {d.column: (d.question, d.settings) for d in study.doubts if "they count" in d.answers} == {
        "Status": ("6 of 60 rows are not finished: they count", ("", "leave_out=Partial")),
        "Finished": ("10 of 60 rows are not finished: they count", ("", "leave_out=FALSE")),
    }
    less = study.set("Finished", leave_out="FALSE").set("Status", leave_out=["Partial"])
    assert less.dropped == (("'Finished' says FALSE", 10),) and len(less) == 50


UNFINISHED = {
    "Qualtrics": {"Finished": marked(False, True), "Progress": [100] * N, "Duration (in seconds)": [60] * N,
                  "RecordedDate": ["2025-03-01"] * N},
    "Qualtrics in codes": {"Finished": marked(0, 1), "Progress": [100] * N, "UserLanguage": ["EN"] * N},
    "Typeform": {"Response Type": marked("partial", "completed"), "Start Date (UTC)": ["2025-03-01"] * N,
                 "Submit Date (UTC)": ["2025-03-01"] * N, "Network ID": ["n"] * N},
    "Alchemer": {"Status": marked("Partial", "Complete"), "Time Started": ["2025-03-01"] * N,
                 "SessionID": [f"s{k}" for k in range(N)], "User Agent": ["Mozilla"] * N},
}  # fmt: skip


@pytest.mark.parametrize("engine", ["pandas", "polars", "csv"])
@pytest.mark.parametrize("platform", UNFINISHED)
def test_answers_that_a_platform_marks_as_unfinished_are_left_out_counted_and_asked(platform, engine, tmp_path):
    frame = answers(**UNFINISHED[platform])
    frame.to_csv(tmp_path / "x.csv", index=False)
    source = {"pandas": frame, "polars": pl.from_pandas(frame), "csv": tmp_path / "x.csv"}[engine]
    study = cx.load(source)
    column = next(iter(UNFINISHED[platform]))
    assert len(study) == N - 6 and [k for _, k in study.dropped] == [6]
    result = cx.csat(study, "Overall satisfaction")
    assert f"6 rows left out: {study.dropped[0][0]}" in result.notes and result.table["n"].iloc[0] == N - 6
    (doubt,) = [d for d in study.doubts if d.column == column]
    assert (doubt.question, doubt.answers, doubt.settings) == (
        "6 of 60 rows are not finished: left out", ("left out", "they count"), ("", "leave_out=none")
    )  # fmt: skip
    whole = cx.load(source, codebook=study.codebook.replace(column, leave_out={}))
    assert len(whole) == N and whole.dropped == ()
    assert not study.field(column).role


def test_each_kind_of_mark_in_one_column_is_taken_back_alone(tmp_path):
    """Previews and broken-off answers in one column: the command of each doubt keeps the other left out."""
    status = ["Disqualified"] * 4 + ["Partial"] * 6 + ["Complete"] * 50
    alike = {"SessionID": [f"s{k}" for k in range(N)], "User Agent": ["x"] * N, "Contact ID": [""] * N}
    for word, n in (("customer's", 54), ("finished", 56)):
        path = tmp_path / f"{n}.csv"
        answers(Status=status, **alike).to_csv(path, index=False)
        study = cx.load(path)
        assert study.dropped == (("'Status' says Disqualified, Partial", 10),) and len(study) == 50
        (doubt,) = [d for d in study.doubts if d.column == "Status" and word in d.question]
        done = CliRunner().invoke(cli, shlex.split(doubt.line(str(path)))[1:])
        assert done.exit_code == 0, done.output
        assert len(cx.load(path)) == n


def test_where_marks_together_would_leave_nothing_all_rows_count_and_are_asked():
    marks = {"Status": marked("Survey Preview", "IP Address", 30), "Finished": marked(True, False, 30)}
    study = cx.load(answers(**marks, Progress=[100] * N, UserLanguage=["EN"] * N, RecordedDate=["2025-03-01"] * N))
    asked = [d.question for d in study.doubts if "they count" in d.answers]
    assert len(study) == N and sorted(asked) == [
        "30 of 60 rows are no customer's answers (Survey Preview): they count",
        "30 of 60 rows are not finished: they count",
    ]


def test_limesurvey_answers_that_were_not_submitted_are_left_out_counted_and_asked(tmp_path):
    rows = ["id,submitdate,lastpage,startlanguage,Overall satisfaction"]
    rows += [f"{k},{'' if k < 4 else '2025-03-01 10:00:00'},2,en,{1 + k % 5}" for k in range(N)]
    (tmp_path / "lime.csv").write_text("\n".join(rows))
    study = cx.load(tmp_path / "lime.csv")
    assert study.dropped == (("'submitdate' says not submitted", 4),) and len(study) == N - 4
    doubt = next(d for d in study.doubts if d.column == "submitdate")
    assert (doubt.question, doubt.settings[1]) == ("4 of 60 rows are not finished: left out", "leave_out=none")
    done = CliRunner().invoke(cli, shlex.split(doubt.line(str(tmp_path / "lime.csv")))[1:])
    assert done.exit_code == 0 and len(cx.load(tmp_path / "lime.csv")) == N


def test_what_was_left_out_at_loading_cannot_come_back_by_itself():
    study = cx.load(answers(Status=marked("Spam", "IP Address")))
    with pytest.raises(cx.DataProblem) as error:
        study.set("Status", leave_out="none")
    assert str(error.value) == (
        "'Status' says Spam: those rows were left out when table was loaded and are not here any more. Load it anew: "
        "cx.load(..., codebook=study.codebook.replace('Status', leave_out={}))"
    )


def test_a_codebook_that_leaves_out_all_is_refused():
    frame = answers(Status=marked("Spam", "IP Address"))
    book = cx.load(frame).codebook.replace("Status", leave_out={"Spam": "spam", "IP Address": "web"})
    with pytest.raises(cx.DataProblem) as error:
        cx.load(frame, codebook=book)
    assert str(error.value) == (
        "all 60 rows of table are left out by 'Status' (spam, web); take leave_out of 'Status' out of the codebook to "
        "keep them"
    )


def test_the_terminal_keeps_and_leaves_out_in_one_line(tmp_path):
    """The doubt's own command answers it; the codebook that it writes is read again."""
    path = tmp_path / "my export.csv"
    answers(Status=marked("Survey Preview", "IP Address"), Finished=marked("False", "True", 10)).to_csv(
        path, index=False
    )
    study = cx.load(path)
    lines = {d.column: d.line(str(path)) for d in study.doubts if d.column in ("Status", "Finished")}
    for column, n in (("Status", N), ("Finished", N - 10)):
        done = CliRunner().invoke(cli, shlex.split(lines[column])[1:])
        assert done.exit_code == 0, done.output
        assert len(cx.load(path)) == n
    book = json.loads((tmp_path / "my export.datapackage.json").read_text())
    fields = {f["name"]: f.get("leave_out") for f in book["resources"][0]["schema"]["fields"]}
    assert fields["Status"] is None and fields["Finished"] == {"False": "False"}


def test_marks_beyond_the_first_rows_of_a_large_file_are_left_out_too(tmp_path):
    names = ["StartDate", "Status", "Finished", "ResponseId", "Q1"]
    head = [names, names, [json.dumps({"ImportId": n}) for n in names]]
    rows = [["2025-03-01", "1" if k == 21_000 else "0", "1", f"R_{k}", str(k % 11)] for k in range(21_500)]
    pd.DataFrame(head + rows).to_csv(tmp_path / "q.csv", index=False, header=False)
    raw = cx.load(tmp_path / "q.csv")
    assert raw.dropped == (("'Status' says Survey Preview", 1),)


def test_check_says_that_there_is_no_codebook_only_where_there_is_none(tmp_path):
    path = tmp_path / "x.csv"
    answers(Status=marked("Survey Preview", "IP Address")).to_csv(path, index=False)
    said = "There is no codebook; one was inferred."
    assert said in CliRunner().invoke(cli, ["codebook", "check", str(path)]).output
    done = CliRunner().invoke(cli, ["codebook", "set", str(path), "Status", "sure"])
    assert done.exit_code == 0, done.output
    assert said not in CliRunner().invoke(cli, ["codebook", "check", str(path)]).output
