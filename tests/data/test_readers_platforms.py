"""Exports of survey platforms, shaped like the real ones, recognised from the file itself."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import openpyxl

import cxlab as cx
from cxlab.data.readers import open_file

META = ["StartDate", "EndDate", "Status", "Progress", "Duration (in seconds)", "Finished", "RecordedDate", "ResponseId"]
META += ["DistributionChannel", "UserLanguage"]


def save(path: Path, rows: list[list[str]]) -> Path:
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        csv.writer(file).writerows(rows)
    return path


def qualtrics(path: Path, *, choice_text: bool = False) -> Path:
    """Three header rows; a recommendation, a matrix of two, a split multi-select with a text, a comment."""
    asked = {
        "Q1": "How likely are you to recommend us to a friend?",
        "Q2_1": "How satisfied are you with... - Check-in",
        "Q2_2": "How satisfied are you with... - Crew",
        "Q3_1": "Which did you use? - Selected Choice - App",
        "Q3_2": "Which did you use? - Selected Choice - Desk",
        "Q3_2_TEXT": "Which did you use? - Desk - Text",
        "Q4": "What could we do\nbetter?",
        "Q5": "Which of these do you know? (select all)",
    }
    names = [*META, *asked]
    rows = [names, [*META, *asked.values()], [json.dumps({"ImportId": n}) for n in names]]
    words = {1: "Very dissatisfied", 2: "Dissatisfied", 3: "Neutral", 4: "Satisfied", 5: "Very satisfied"}
    for i in range(60):
        sat = [1 + i % 5, 1 + (i * 7) % 5]
        answers = [i % 11, *(words[s] for s in sat)] if choice_text else [i % 11, *sat]
        ticks = ["App" if choice_text else "1", ""] if i % 3 else ["", "Desk" if choice_text else "1"]
        if i % 10 == 9:
            ticks = ["", ""]
        meta = [
            "2025-03-01 10:00:00",
            "2025-03-01 10:05:00",
            "IP Address",
            "100",
            "300",
            "True",
            f"2025-03-{1 + i % 28:02d} 10:05:01",
        ]
        rows.append(
            [
                *meta,
                f"R_{i:015d}",
                "anonymous",
                "EN",
                *answers,
                *ticks,
                "",
                f"More seats, please, number {i} of them" if i % 2 else "",
                ["1", "1,3", "2", "3", "2,3"][i % 5],
            ]
        )
    return save(path, rows)


def test_qualtrics_three_header_rows_become_names_questions_and_roles(tmp_path):
    study = cx.load(qualtrics(tmp_path / "q.csv"))
    book = study.codebook
    assert book.notes[0] == "a Qualtrics export: 3 header rows (names, question texts, ImportId)"
    assert len(study) == 60
    assert book["Q1"].role == "outcome" and book["Q1"].measure == "recommendation"
    assert (book["Q1"].scale.minimum, book["Q1"].scale.maximum) == (0, 10)
    assert [book[n].title for n in book.role("touchpoint")] == ["Check-in", "Crew"]
    assert book["Q4"].question == "What could we do better?" and book["Q4"].role == "text"
    assert book["Duration (in seconds)"].unit == "seconds"
    assert book.role("date") == ("RecordedDate",) and book.role("id") == ("ResponseId",)


def test_qualtrics_multi_select_is_one_field_of_zeros_and_ones(tmp_path):
    study = cx.load(qualtrics(tmp_path / "q.csv"))
    field = study.codebook["Q3"]
    assert field.columns == ("Q3_1", "Q3_2")
    assert dict(field.labels) == {"Q3_1": "App", "Q3_2": "Desk"}
    assert field.question == "Which did you use?"
    rows = study.table.project("Q3_1, Q3_2").fetchall()
    assert {rows[1], rows[3], rows[9]} == {(1, 0), (0, 1), (None, None)}
    assert sum(a or 0 for a, _ in rows) == sum(1 for i in range(60) if i % 3 and i % 10 != 9)


def test_qualtrics_choices_joined_in_one_cell_are_no_decimal_commas(tmp_path):
    study = cx.load(qualtrics(tmp_path / "q.csv"))
    assert study.codebook["Q5"].columns == ("Q5_1", "Q5_2", "Q5_3")
    assert dict(study.codebook["Q5"].labels) == {"Q5_1": "1", "Q5_2": "2", "Q5_3": "3"}
    rows = study.table.project("Q5_1, Q5_2, Q5_3").limit(5).fetchall()
    assert rows == [(1, 0, 0), (1, 0, 1), (0, 1, 0), (0, 0, 1), (0, 1, 1)]


def test_qualtrics_choice_text_is_coded_worst_to_best(tmp_path):
    study = cx.load(qualtrics(tmp_path / "q.csv", choice_text=True))
    scale = study.codebook["Q2_1"].scale
    assert (scale.minimum, scale.maximum, scale.best) == (1, 5, "high")
    assert scale.labels["5"] == "Very satisfied"
    assert [r[0] for r in study.table.project("Q2_1").limit(5).fetchall()] == [1, 2, 3, 4, 5]
    assert study.table.project("Q3_1, Q3_2").fetchall()[1] == (1, 0)


def test_a_written_codebook_gives_the_same_study_again(tmp_path):
    path = qualtrics(tmp_path / "q.csv")
    first = cx.load(path)
    from cxlab.data import codebook

    (tmp_path / "q.datapackage.json").write_text(json.dumps(codebook.write(first.codebook, "q.csv")))
    again = cx.load(path)
    assert again.codebook.fields == first.codebook.fields
    assert again.table.fetchall() == first.table.fetchall()


def surveymonkey() -> list[list[str]]:
    top = [
        "Respondent ID",
        "Collector ID",
        "Start Date",
        "End Date",
        "IP Address",
        "Email Address",
        "First Name",
        "Last Name",
    ]
    top += ["Custom Data 1", "How likely is it that you would recommend this company to a friend or colleague?"]
    top += ["Which of our channels did you use?", "", "", "Please rate the following:", "", "Anything else?"]
    sub = [""] * 9 + ["", "Store", "Web shop", "Other (please specify)", "Delivery", "Support", "Open-Ended Response"]
    rows = [top, sub]
    grades = ["Poor", "Fair", "Good", "Very good", "Excellent"]
    for i in range(50):
        score = {0: "Not at all likely - 0", 10: "Extremely likely - 10"}.get(i % 11, str(i % 11))
        ticks = ["Store" if i % 2 else "", "Web shop" if i % 3 else "", "by post" if i % 25 == 0 else ""]
        rows.append(
            [
                str(10**10 + i),
                "4001",
                "03/01/2025 10:00:00 AM",
                f"03/{1 + i % 28:02d}/2025 10:05:00 AM",
                "10.0.0.1",
                "",
                "",
                "",
                "",
                score,
                *ticks,
                grades[i % 5],
                grades[i * 3 % 5],
                "It was fine, thank you very much" if i % 4 == 0 else "",
            ]
        )
    return rows


def check_surveymonkey(study: cx.Study) -> None:
    book = study.codebook
    assert book.notes[0].startswith("a SurveyMonkey export: two header rows")
    assert book["q1"].measure == "recommendation" and book["q1"].scale.minimum == 0 and book["q1"].scale.maximum == 10
    assert [r[0] for r in study.table.project("q1").limit(11).fetchall()] == list(range(11))
    assert book["q2"].columns == ("q2_1", "q2_2")
    assert dict(book["q2"].labels) == {"q2_1": "Store", "q2_2": "Web shop"}
    assert book["q2_3"].role == "text" and book["q4"].role == "text"
    assert [book[n].title for n in ("q3_1", "q3_2")] == ["Delivery", "Support"]
    assert book["q3_1"].scale.labels == {"1": "Poor", "2": "Fair", "3": "Good", "4": "Very good", "5": "Excellent"}
    rows = study.table.project("q2_1, q2_2").fetchall()
    assert rows[1] == (1, 1) and rows[3] == (1, 0) and rows[2] == (0, 1) and rows[6] == (None, None)
    assert book.role("id") == ("respondent_id",) and book.role("date") == ("end_date",)


def test_surveymonkey_two_header_rows_and_spread_multi_select(tmp_path):
    check_surveymonkey(cx.load(save(tmp_path / "sm.csv", surveymonkey())))


def test_surveymonkey_as_an_excel_file(tmp_path):
    book = openpyxl.Workbook()
    for row in surveymonkey():
        book.active.append([v or None for v in row])
    book.save(tmp_path / "sm.xlsx")
    check_surveymonkey(cx.load(tmp_path / "sm.xlsx"))


def limesurvey(path: Path, *, texts: bool) -> Path:
    heads = {
        "id": "Response ID",
        "submitdate": "Date submitted",
        "lastpage": "Last page",
        "startlanguage": "Start language",
        "seed": "Seed",
        "NPS": "How likely are you to recommend us?",
        "SAT[SQ001]": "How satisfied are you with? [Price]",
        "SAT[SQ002]": "How satisfied are you with? [Service]",
        "SAT[SQ003]": "How satisfied are you with? [Speed]",
        "CH[SQ001]": "Which channels? [Phone]",
        "CH[SQ002]": "Which channels? [Chat]",
        "CH[other]": "Which channels? [Other]",
    }
    rows = [[f"{c}. {t}" if texts else c for c, t in heads.items()]]
    for i in range(44):
        ticks = [("Yes", "No") if texts else ("Y", "N")][0]
        rows.append(
            [
                str(i + 1),
                f"2025-03-{1 + i % 28:02d} 10:00:00",
                "3",
                "en",
                "123",
                str(i % 11),
                f"A{1 + i % 5}",
                f"A{1 + i * 2 % 5}",
                f"A{1 + i * 3 % 5}",
                ticks[0] if i % 2 else ticks[1],
                ticks[0] if i % 3 else ticks[1],
                "",
            ]
        )
    return save(path, rows)


def test_limesurvey_codes_and_texts(tmp_path):
    for texts in (False, True):
        study = cx.load(limesurvey(tmp_path / f"lime{texts}.csv", texts=texts))
        book = study.codebook
        assert book.notes[0].startswith("a LimeSurvey export: question codes" + (" and texts" if texts else " in"))
        assert book.role("id") == ("id",) and book.role("date") == ("submitdate",)
        assert book["NPS"].role == "outcome" and book["NPS"].measure == "recommendation"
        assert book["SAT_SQ001"].scale.maximum == 5
        assert [r[0] for r in study.table.project("SAT_SQ001").limit(5).fetchall()] == [1, 2, 3, 4, 5]
        assert book["CH"].columns == ("CH_SQ001", "CH_SQ002")
        assert study.table.project("CH_SQ001, CH_SQ002").fetchall()[:2] == [(0, 0), (1, 1)]
        assert book["CH_other"].role == "text" or not book["CH_other"].role
    assert book["SAT_SQ002"].title == "Service" and dict(book["CH"].labels) == {"CH_SQ001": "Phone", "CH_SQ002": "Chat"}


def test_google_forms_questions_as_headers_and_options_in_one_cell(tmp_path):
    head = ["Timestamp", "How likely are you to recommend us to a friend?", "Which services did you use?"]
    head += ["How satisfied are you overall?", "Rate our staff [Politeness]", "Rate our staff [Speed]", "Any comments?"]
    rows = [head]
    used = ["Email, Phone", "Phone", "Email", "Chat", "Chat, Email", "Chat, Email, Phone"]
    for i in range(66):
        day = f"{1 + i % 12}/{1 + i % 28}/2025 14:05:01"
        rows.append(
            [
                day,
                str(i % 11),
                used[i % 6],
                str(1 + i % 5),
                str(1 + i % 5),
                str(1 + i * 2 % 5),
                "Everything was quite good really" if i % 9 == 0 else "",
            ]
        )
    study = cx.load(save(tmp_path / "form.csv", rows))
    book = study.codebook
    assert book.notes[0].startswith("a Google Forms export: whole questions as column names")
    assert book["q1"].measure == "recommendation" and book["q1"].question == head[1]
    assert dict(book["q2"].labels) == {"q2_1": "Chat", "q2_2": "Email", "q2_3": "Phone"}
    assert study.table.project("q2_1, q2_2, q2_3").limit(6).fetchall() == [
        (0, 1, 1),
        (0, 0, 1),
        (0, 1, 0),
        (1, 0, 0),
        (1, 1, 0),
        (1, 1, 1),
    ]
    assert book["q3"].role == "outcome" and book["q3"].measure == "satisfaction"
    assert book["q4"].title == "Politeness" and book.role("date") == ("timestamp",)
    assert "multiple response" in next(n for n in book.notes if n.startswith("inferred q2:"))


def test_a_plain_file_is_not_taken_for_a_platform(tmp_path):
    raw = open_file(save(tmp_path / "p.csv", [["Timestamp", "q1"], ["2025-01-01", "5"], ["2025-01-02", "4"]]))
    assert raw.kind == "CSV" and raw.table.columns == ["Timestamp", "q1"]


def test_limesurvey_with_codes_and_texts_is_known_by_its_headings(tmp_path):
    heads = ["id. Response ID", "submitdate. Date submitted", "G1Q01. How likely are you to recommend us?"]
    rows = [heads, *[[str(i), "2025-03-01 10:00:00", str(i % 11)] for i in range(60)]]
    book = cx.load(save(tmp_path / "l.csv", rows)).codebook
    assert book["G1Q01"].question == "How likely are you to recommend us?"
    assert (book.role("outcome"), book.role("id"), book.role("date")) == (("G1Q01",), ("id",), ("submitdate",))
