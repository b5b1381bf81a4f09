"""Inference: each guess is right on made data, has a reason, and the traps of recommendation scales stay visible."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

import cxlab as cx
from cxlab.cli import cxlab as cli
from cxlab.data import codebook as codebooks
from cxlab.data import coding, scales, wording

RECOMMEND = "How likely are you to recommend us?"


def spread(codes, n=10) -> dict[str, int]:
    return {str(c): n for c in codes}


@pytest.mark.parametrize(
    ("codes", "question", "expected", "remark"),
    [
        (range(11), RECOMMEND, (0, 10), ""),
        (range(1, 11), RECOMMEND, (0, 10), "read as 0 to 10"),
        (range(1, 12), RECOMMEND, (1, 11), "kept as 1 to 11"),
        (range(1, 11), "How likely are you to recommend us (0-10)?", (0, 10), ""),
        (range(1, 11), "On a scale from 0 to 10, would you recommend us?", (0, 10), ""),
        (range(2, 10), RECOMMEND, (0, 10), "read as 0 to 10"),
        (range(1, 11), "How likely are you to recommend us (1-10)?", (1, 10), ""),
        (range(1, 8), RECOMMEND, (1, 7), ""),
        (range(1, 6), RECOMMEND, (1, 5), ""),
        ([*range(11), 99], RECOMMEND, (0, 10), "missing code 99"),
        ([*range(12)], RECOMMEND, (0, 10), "missing code 11"),
    ],
)
def test_recommendation_scales_are_never_silently_zero_to_ten(codes, question, expected, remark):
    made = scales.infer(spread(codes), {}, {}, ("q", question), wording.measure(question))
    assert (made.scale.minimum, made.scale.maximum) == expected
    assert made.why
    whats = [what for what, _ in made.more]
    assert (remark in whats) if remark else not any(w.startswith(("kept", "read", "missing")) for w in whats)


def test_recommendation_without_a_zero_has_its_nps_and_names_the_other_reading():
    answers = [1, 2, 5, 6, 7, 8, 9, 10, 10, 10] * 5
    study = cx.load(pd.DataFrame({RECOMMEND: answers}))
    assert cx.nps(study).table["estimate"].iloc[0] == pytest.approx(40 - 40)
    (doubt,) = [d for d in study.doubts if d.column == RECOMMEND]
    assert doubt.question == (
        "nobody gave 0: read as 0 to 10; NPS is the same number on 1 to 10, but not defined there"
    )
    assert dict(zip(doubt.answers, doubt.settings, strict=True)) == {"0 to 10": "", "1 to 10": "scale=1-10"}


def test_recommendation_labelled_from_1_stays_1_to_10_and_has_no_nps():
    labels = {"1": "Not at all likely", "10": "Extremely likely"}
    made = scales.infer(spread(range(1, 11)), labels, {}, ("q", RECOMMEND), "recommendation")
    assert (made.scale.minimum, made.scale.maximum) == (1, 10)
    assert "kept as 1 to 10" in [what for what, _ in made.more]


@pytest.mark.parametrize(
    ("answers", "scale", "doubts"),
    [
        ([1, 2, 3, 4] * 10, (1, 4), ["the best answer given is 4: read as a scale to 4"]),
        ([3, 5, 7, 8, 9] * 5, (1, 10), ["the best answer given is 9: read as a scale to 10"]),
        ([0, 5, 7, 8] * 200, (0, 10), ["the best answer given is 8: read as a scale to 10"]),
        ([1, 2, 3, 4] * 100, (1, 4), []),
        ([1, 2, 3, 4, 5] * 4, (1, 5), []),
    ],
)
def test_a_best_answer_that_few_people_could_have_missed_is_asked(answers, scale, doubts):
    study = cx.load(pd.DataFrame({"Overall satisfaction": answers}))
    found = study.field("Overall satisfaction").scale
    assert (found.minimum, found.maximum) == scale
    assert [d.question for d in study.doubts if d.column == "Overall satisfaction"] == doubts


def test_nps_of_a_1_to_11_question_is_refused_with_the_reason():
    study = cx.load(pd.DataFrame({"recommend": list(range(1, 12)) * 5}))
    assert any("NPS is refused until you subtract 1 in the data and declare 0 to 10" in n for n in study.codebook.notes)
    with pytest.raises(cx.DataProblem, match="1 to 11"):
        cx.nps(study)


@pytest.mark.parametrize(
    ("codes", "scale", "missing"),
    [
        ([1, 2, 3, 4, 5, 98, 99], (1, 5), {"98", "99"}),
        ([1, 2, 3, 4, 5, -99], (1, 5), {"-99"}),
        ([0, 1, 2, 3, 4, 5, 6], (1, 5), {"0", "6"}),
        ([0, 1, 2, 3, 4, 5], (1, 5), {"0"}),
        ([1, 2, 3, 4, 5, 6], (1, 6), set()),
        ([1, 2, 3, 4, 5, 6, 7], (1, 7), set()),
        ([1, 2, 3, 4], (1, 4), set()),
        (range(1, 11), (1, 10), set()),
    ],
)
def test_missing_codes_are_proposed_with_their_reason(codes, scale, missing):
    made = scales.infer(spread(codes), {}, {}, ("q1", "Rate the food"), "")
    assert (made.scale.minimum, made.scale.maximum) == scale
    assert set(made.missing) == missing
    said = " ".join(what for what, _ in made.more)
    assert all(code in said for code in missing)


def test_a_rare_value_beyond_the_scale_stays_visible():
    made = scales.infer({**spread(range(1, 6), 50), "55": 1}, {}, {}, ("q", "Rate it"), "satisfaction")
    assert (made.scale.minimum, made.scale.maximum) == (1, 5)
    assert ("55 left outside the scale", "1 of 251 answers; out of scale: left out and counted") in made.more


LABELLED = [
    ({"1": "Very satisfied", "5": "Very dissatisfied"}, "low"),
    ({"1": "Very dissatisfied", "5": "Very satisfied"}, "high"),
    ({"1": "sehr unzufrieden", "5": "sehr zufrieden"}, "high"),
    ({"1": "Strongly agree", "7": "Strongly disagree"}, "low"),
    ({"1": "非常不满意", "5": "非常满意"}, "high"),
    ({"1": "очень доволен", "5": "очень недоволен"}, "low"),
    ({"1": "Καθόλου ικανοποιημένος", "5": "Πολύ ικανοποιημένος"}, "high"),
    ({"1": "very good", "5": "very poor", "6": "don't know"}, "low"),
]


@pytest.mark.parametrize(("labels", "best"), LABELLED)
def test_value_labels_decide_the_direction(labels, best):
    made = scales.infer(spread(range(1, 6)), labels, {}, ("q", ""), "satisfaction")
    assert made.scale.best == best
    assert "6" not in labels or made.missing == {"6": "don't know"}


@given(st.sampled_from(LABELLED))
def test_turning_the_codes_round_turns_the_direction_round(case):
    labels, best = case
    real = {c: t for c, t in labels.items() if c != "6"}
    codes = sorted(real, key=int)
    turned = dict(zip(codes, reversed([real[c] for c in codes]), strict=True))
    assert wording.direction(turned)[0] == {"low": "high", "high": "low"}[best]


def test_much_effort_is_bad_whatever_the_numbers():
    question = "How much effort did you personally have to put forth to handle your request?"
    made = scales.infer(spread(range(1, 6)), {}, {}, ("q", question), wording.measure(question))
    assert wording.measure(question) == "effort-v1" and made.scale.best == "low"
    labels = {"1": "Very low effort", "5": "Very high effort"}
    assert wording.direction(labels, "effort-v1")[0] == "low"
    easy = "The company made it easy for me to handle my issue"
    assert wording.measure(easy) == "effort-v2"
    assert scales.infer(spread(range(1, 8)), {}, {}, ("q", easy), "effort-v2").scale.best == "high"


@pytest.mark.parametrize(
    ("texts", "how"),
    [
        (["1,5", "2,75", "1.234,5"], "numbers with a decimal comma"),
        (["1,234", "12,345", "99"], "numbers with a comma between thousands"),
        (["45%", "7 %"], "percentages (45 % is 45)"),
        (["0 - Not at all likely", "5", "10 - Extremely likely", *"123"], "the number within the text"),
        (["Very satisfied", "Satisfied", "Dissatisfied"], "the order of the answer texts, worst to best"),
        (["5", "4", "N/A"], "numbers"),
    ],
)
def test_texts_that_stand_for_numbers_are_read(texts, how):
    assert coding.read(dict.fromkeys(texts, 3)).how == how


@pytest.mark.parametrize(
    "texts", [["18-24", "25-34", "65+"], ["GR", "DE"], ["1", "2", "x"], ["Yes", "No"], ["1 year", "2 years", "5 years"]]
)
def test_other_texts_stay_text(texts):
    assert coding.read(dict.fromkeys(texts, 3)) is None


@settings(max_examples=30, deadline=None)
@given(st.permutations(["Strongly disagree", "Disagree", "Neither agree nor disagree", "Agree", "Strongly agree"]))
def test_answer_texts_are_ordered_however_they_come(texts):
    assert wording.order(texts) == {
        "Strongly disagree": 1,
        "Disagree": 2,
        "Neither agree nor disagree": 3,
        "Agree": 4,
        "Strongly agree": 5,
    }


def survey(n: int = 240) -> pd.DataFrame:
    rng = random.Random(1)
    return pd.DataFrame(
        {
            "respondent_id": [i // 2 for i in range(n)],
            "wave": [1 + i % 4 for i in range(n)],
            "weight": [0.5 + rng.random() for _ in range(n)],
            "brand": [rng.choice(["Alba", "Boreal", "Cielo"]) for _ in range(n)],
            "gender": [rng.choice([1, 2]) for _ in range(n)],
            "nps": [rng.randint(0, 10) for _ in range(n)],
            "overall_satisfaction": [rng.randint(1, 5) for _ in range(n)],
            "t_price": [rng.randint(1, 5) for _ in range(n)],
            "t_staff": [rng.randint(1, 5) for _ in range(n)],
            "t_app": [rng.randint(1, 4) for _ in range(n)],
            "wait_minutes": [rng.randint(0, 90) for _ in range(n)],
            "country": [rng.choice(["GR", "DE", "US"]) for _ in range(n)],
            "comment": [
                f"The {rng.choice(['crew', 'food', 'app'])} was {rng.choice(['fine', 'slow'])} on my trip number {i}"
                for i in range(n)
            ],
            "answered_on": pd.date_range("2025-01-01", periods=n),
            "nothing": [None] * n,
        }
    )


ROLES = {
    "cluster": ("respondent_id",),
    "wave": ("wave",),
    "weight": ("weight",),
    "brand": ("brand",),
    "segment": ("gender", "country"),
    "outcome": ("nps", "overall_satisfaction"),
    "touchpoint": ("t_price", "t_staff", "t_app"),
    "operation": ("wait_minutes",),
    "text": ("comment",),
    "date": ("answered_on",),
}


def test_roles_of_a_whole_survey(tmp_path):
    path = tmp_path / "s.csv"
    survey().to_csv(path, index=False)
    book = cx.load(path).codebook
    assert {r: book.role(r) for r in ROLES} == ROLES
    assert book["t_app"].scale.maximum == 5
    for name in book.names:
        told = next(n for n in book.notes if n.startswith(f"inferred {name}:"))
        assert "(" in told
    assert book["nothing"].role == "" and "no answer in 240 rows" in next(n for n in book.notes if "nothing" in n)


def test_the_same_survey_gives_the_same_roles_as_a_table_and_as_parquet(tmp_path):
    survey().to_parquet(tmp_path / "s.parquet")
    for source in (survey(), tmp_path / "s.parquet"):
        book = cx.load(source).codebook
        assert {r: book.role(r) for r in ROLES} == ROLES


def run(*args: str):
    return CliRunner().invoke(cli, ["codebook", *args])


def test_the_command_lists_each_guess_and_writes_a_codebook_that_loads(tmp_path):
    path = tmp_path / "s.csv"
    survey().to_csv(path, index=False)
    done = run("infer", str(path), "-o", "auto")
    assert done.exit_code == 0, done.output
    assert "role cluster  (its name; about 120 values in 240 rows" in done.output
    assert "highest = best  (no label says which end is best; assumed)" in done.output
    written = tmp_path / "s.datapackage.json"
    book = codebooks.read(written)
    again = cx.load(path)
    assert again.codebook.fields == book.fields
    assert {r: again.codebook.role(r) for r in ROLES} == ROLES
    assert "exists; --force overwrites it" in run("infer", str(path), "-o", "auto").output
    told = json.loads(run("infer", str(path), "--json").stdout)
    assert {g["column"] for g in told["guesses"]} == set(book.names)
    assert all(g["why"] for g in told["guesses"])


@pytest.mark.mirror
def test_roles_of_public_surveys(mirror: Path):
    abc = cx.load(mirror / "mistat_cx" / "ABC2.csv").codebook
    assert abc.role("outcome") == ("Satisfaction", "Recommendation", "Repurchase")
    assert len(abc.role("touchpoint")) == 6 and abc.role("segment") == ("country",)
    assert abc["Recommendation"].scale.maximum == 5
    rep = cx.load(mirror / "corp_rep" / "corp_rep_data.csv").codebook
    assert rep["cusa"].missing == {"-99": "no answer (guessed)"} and rep["cusa"].scale.maximum == 7
    sfo = cx.load(mirror / "sfo_survey" / "sfo_2017.csv").codebook
    assert sfo.role("weight") == ("WEIGHT",) and sfo["NETPRO"].role == "outcome"
    assert (sfo["NETPRO"].scale.minimum, sfo["NETPRO"].scale.maximum, set(sfo["NETPRO"].missing)) == (0, 10, {"11"})
    assert set(sfo["Q7ART"].missing) == {"0", "6"} and sfo["Q7ART"].scale.maximum == 5


def test_few_texts_with_an_address_or_a_number_are_no_segment():
    said = ["fine", "call +49 171 1234567", "eva@example.com", "fine"] * 20
    income = ["up to 10000 EUR", "10000-20000 EUR"] * 40
    book = cx.load(pd.DataFrame({"nps": [9, 2, 7, 10] * 20, "remark": said, "income": income})).codebook
    assert (book["remark"].role, book["income"].role) == ("text", "segment")


@pytest.mark.parametrize("name", ["Comment", "Kommentar", "Commentaire libre", "Комментарий", "コメント"])
def test_a_column_of_comments_is_text_however_often_they_repeat(tmp_path, name):
    """Else one person's sentence would be a level of a segment."""
    texts = ["none"] * 60 + ["the room was not clean at all"] * 3 + ["ask for Mrs Miller at the desk"] + ["good"] * 30
    path = tmp_path / "few.csv"
    path.write_text(f"score,{name}\n" + "".join(f"{k % 11},{t}\n" for k, t in enumerate(texts)), encoding="utf-8")
    assert cx.load(path).codebook[name].role == "text"


def test_what_is_called_a_comment_but_holds_classes_is_a_segment(tmp_path):
    path = tmp_path / "classes.csv"
    path.write_text("score,Comment type\n" + "".join(f"{k % 11},{'praise' if k % 3 else 'blame'}\n" for k in range(90)))
    assert cx.load(path).codebook["Comment type"].role == "segment"


def test_the_number_of_values_told_is_that_of_the_file(tmp_path):
    """An estimate said 2,060 values in 1,800 rows."""
    path = tmp_path / "ids.csv"
    path.write_text("no,score\n" + "".join(f"{7 * k},{k % 11}\n" for k in range(1, 1801)))
    assert "(1,800 values)" in run("infer", str(path)).output


@pytest.mark.parametrize(
    ("numbers", "role"),
    [
        (list(range(1, 201)), "id"),
        (random.Random(1).sample(range(1000, 1390), 200), "id"),  # some were taken out, and the order is another
        (list(range(1, 100)), ""),  # of few rows a measured number may be so
        ([*range(1, 200), 7], ""),  # said twice
        (random.Random(2).sample(range(9000), 200), ""),  # gaps: an amount
    ],
)
def test_a_column_that_numbers_the_rows_is_no_question(tmp_path, numbers, role):
    """Its mean was a row of the tables."""
    path = tmp_path / "numbered.csv"
    path.write_text("no,score\n" + "".join(f"{k},{k % 11}\n" for k in numbers))
    assert (cx.load(path).codebook["no"].role == "id") == (role == "id")
