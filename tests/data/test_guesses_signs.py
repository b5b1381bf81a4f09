"""Letters, smileys, percentages, ranks and weights: read, or asked, never a segment or a weight without a word."""

from __future__ import annotations

import shlex

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import cxlab as cx
from cxlab.cli import cxlab as cli

N = 240
RNG = np.random.default_rng(5)
CODES = RNG.integers(1, 6, N)
TOP2 = float((CODES >= 4).mean())


def study_of(**columns):
    return cx.load(pd.DataFrame({"id": [f"P{k}" for k in range(N)], **columns}))


def doubts(study, column):
    return [d for d in study.doubts if d.column == column]


@pytest.mark.parametrize(
    "signs",
    [
        "FDCBA",  # school letters of the United States
        "😡🙁😐🙂😀",
        [":((", ":(", ":|", ":)", ":))"],
        ["0%", "25%", "50 %", "75%", "100 %"],
        ["1 Punkt", "2 Punkte", "3 Punkte", "4 Punkte", "5 Punkte"],
        ["Much worse than expected", "Worse than expected", "As expected", "Better than expected",
         "Much better than expected"],
    ],
)  # fmt: skip
def test_signs_of_a_rating_are_codes_from_worst_to_best(signs):
    study = study_of(**{"Overall satisfaction": [signs[c - 1] for c in CODES]})
    assert study.codebook["Overall satisfaction"].role == "outcome"
    assert cx.csat(study).table["estimate"].iloc[0] == pytest.approx(TOP2)


def test_one_answer_in_two_spellings_is_one_answer():
    five = ["Very dissatisfied", "Dissatisfied", "Neutral", "Satisfied", "Very satisfied"]
    said = [five[c - 1].upper() if k % 3 else f"{five[c - 1]}  " for k, c in enumerate(CODES)]
    assert cx.csat(study_of(**{"Overall satisfaction": said})).table["estimate"].iloc[0] == pytest.approx(TOP2)


def test_letters_are_asked_and_those_of_groups_stay_groups():
    study = study_of(**{"Overall grade": ["FDCBA"[c - 1] for c in CODES], "Group": ["ABC"[c % 3] for c in CODES]})
    asked = doubts(study, "Overall grade")
    assert [d.question for d in asked] == ["letters A, B, C ...: read as marks, A the best"]
    assert study.codebook["Group"].role == "segment"


def test_percentages_of_any_number_are_asked():
    study = study_of(**{"Overall satisfaction": [f"{40 + k % 61} %" for k in range(N)], "nps": CODES * 2})
    asked = [d for d in doubts(study, "Overall satisfaction") if "role=outcome" in d.settings[1]]
    assert [d.question for d in asked] == ["40 to 100, whole numbers: is it an outcome too?"]


def test_thumbs_are_two_answers():
    study = study_of(satisfaction=["👍" if c > 2 else "👎" for c in CODES])
    assert cx.csat(study).table["estimate"].iloc[0] == pytest.approx(float((CODES > 2).mean()))


@pytest.mark.parametrize("given", [5, 3])
def test_ranks_are_no_ratings(given):
    """Also where only the first three ranks were given."""
    ranks = np.array([RNG.permutation(5) + 1 for _ in range(N)]).astype(float)
    ranks[ranks > given] = np.nan
    table = {f"Rank: {o}": ranks[:, k] for k, o in enumerate(("Price", "Quality", "Speed", "Staff", "Range"))}
    study = study_of(**table, **{"Overall satisfaction": CODES})
    assert {study.codebook[c].role for c in table} == {""}
    assert study.codebook.role("outcome") == ("Overall satisfaction",)


def test_ratings_with_one_stem_stay_ratings():
    study = study_of(**{f"Q5_{k}": RNG.integers(1, 6, N) for k in range(5)})
    assert len(study.codebook.role("touchpoint")) == 5


def test_a_code_above_all_items_is_no_answer_where_the_whole_ends_below_it():
    """6 = does not apply in every item of a battery beside an overall question from 1 to 5: left out, and asked."""
    items = {f"Satisfaction with {w}": np.where(RNG.random(N) < 0.1, 6, CODES) for w in ("staff", "price", "speed")}
    study = study_of(**{"Overall satisfaction": CODES, **items})
    assert study.codebook["Overall satisfaction"].scale.maximum == 5
    for name, values in items.items():
        right = float((values[values < 6] >= 4).mean())
        assert cx.csat(study, name).table["estimate"].iloc[0] == pytest.approx(right)
        assert any("lies above the ratings beside it" in d.question for d in doubts(study, name))


@pytest.mark.parametrize(
    ("name", "low", "high", "role", "asked"),
    [
        ("Weight (kg)", 0.2, 9.0, "", False),
        ("shipping_weight_lbs", 0.5, 1.5, "", False),
        ("weight", 0.2, 9.0, "weight", True),
        ("weight", 0.5, 1.5, "weight", False),
        ("WGT_FINAL", 0.5, 1.5, "weight", False),
        ("factor de expansión", 200.0, 900.0, "weight", False),
    ],
)
def test_what_weighs_something_is_no_survey_weight(name, low, high, role, asked):
    study = study_of(**{name: np.linspace(low, high, N).round(3), "Overall satisfaction": CODES})
    assert study.codebook[name].role == role and bool(doubts(study, name)) == asked


@pytest.mark.parametrize(
    ("text", "column", "right"),
    [
        ("id;Umsatz\n1;14.000\n2;2.000\n3;8.000\n", "Umsatz", 8000.0),
        ("id;Umsatz\n1;14.000\n2;2.500\n3;8.100\n", "Umsatz", 8200.0),
    ],
)
def test_the_command_of_a_doubt_about_the_decimal_mark_answers_it(text, column, right, tmp_path):
    """Also where every number ends in .000, which a reader of decimals takes for whole numbers."""
    path = tmp_path / "x.csv"
    path.write_text(text)
    (doubt,) = doubts(cx.load(path), column)
    done = CliRunner().invoke(cli, shlex.split(doubt.line(str(path)))[1:])
    assert done.exit_code == 0, done.output
    assert cx.mean(cx.load(path), column, least_n=1).table["estimate"].iloc[0] == pytest.approx(right)


def test_the_command_of_a_doubt_about_a_date_answers_it(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("id,day\n1,01/02/2024\n2,03/04/2024\n3,05/06/2024\n")
    (doubt,) = [d for d in doubts(cx.load(path), "day") if d.settings]
    done = CliRunner().invoke(cli, shlex.split(doubt.line(str(path)))[1:])
    assert done.exit_code == 0, done.output
    assert cx.load(path).to_pandas()["day"].astype(str).str[:7].tolist() == ["2024-01", "2024-03", "2024-05"]


def test_a_format_is_refused_where_the_file_is_read_already(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("id;Umsatz\n1;14.000\n2;2.500\n")
    study = cx.load(path)
    with pytest.raises(cx.DataProblem) as error:
        study.set("Umsatz", format="decimal-comma")
    assert str(error.value) == (
        "format says how the file of x is read, and it is read already. Load it anew: "
        "cx.load(..., codebook=study.codebook.replace('Umsatz', format='decimal-comma'))"
    )
    done = CliRunner().invoke(cli, ["codebook", "set", str(path), "Umsatz", "format=comma"])
    assert str(done.exception) == (
        "format of 'Umsatz' is 'comma'; allowed: decimal-point, decimal-comma, or a date as %d/%m/%Y"
    )


@pytest.mark.parametrize(
    "form", ['["{}"]', "['{}']", "[{}]", "{{{}}}"], ids=["JSON", "Python", "bare list", "array of a database"]
)
def test_lists_in_brackets_are_several_answers(form, tmp_path):
    options = ("Email", "Phone", "Live chat")
    ticked = [[o for k, o in enumerate(options) if (n + 1) >> k & 1] for n in RNG.integers(0, 7, N)]
    between = form[1] + ", " + form[1] if form[1] in "\"'" else ","
    table = pd.DataFrame({"id": range(N), "Channels": [form.format(between.join(t)) for t in ticked]})
    table.to_csv(tmp_path / "x.csv", index=False)
    study = cx.load(tmp_path / "x.csv")
    for option in options:
        right = np.mean([option in t for t in ticked])
        assert cx.share(study, "Channels", value=option).table["estimate"].iloc[0] == pytest.approx(right)


@pytest.mark.parametrize("form", ['="{}"', "'{}"])
def test_numbers_that_a_spreadsheet_keeps_as_texts_are_numbers(form):
    study = study_of(**{"Overall satisfaction": [form.format(c) for c in CODES]})
    assert cx.csat(study).table["estimate"].iloc[0] == pytest.approx(TOP2)


def test_ratings_with_a_leading_zero_are_ratings_and_postcodes_are_none():
    study = study_of(**{"How likely are you to recommend us?": [f"{2 * c:02d}" for c in CODES],
                        "area": [f"{c:02d}" for c in CODES]})  # fmt: skip
    assert cx.nps(study).table["estimate"].iloc[0] == pytest.approx(
        100 * (np.mean(2 * CODES >= 9) - np.mean(2 * CODES <= 6))
    )
    assert study.codebook["area"].type == "string"


@pytest.mark.parametrize("below", [["Mean"], ["Mean", "SD"], ["Max", "Min"], ["N", "Total", "Average"]])
def test_rows_that_sum_up_the_others_are_left_out_together(below, tmp_path):
    how = {"Mean": np.mean, "Average": np.mean, "Max": max, "Min": min, "N": len, "Total": sum}
    how["SD"] = lambda v: np.std(v, ddof=1)
    table = pd.DataFrame({"who": [f"P{k}" for k in range(N)], "Overall satisfaction": CODES})
    last = pd.DataFrame({"who": below, "Overall satisfaction": [round(float(how[w](CODES)), 2) for w in below]})
    pd.concat([table, last]).to_csv(tmp_path / "x.csv", index=False)
    study = cx.load(tmp_path / "x.csv")
    assert len(study) == N and cx.csat(study).table["estimate"].iloc[0] == pytest.approx(TOP2)
    said = f"the last {len(below)} rows, " if len(below) > 1 else "the last row, "
    assert any(n.startswith(said) for n in study.codebook.notes)


def test_a_last_row_that_only_looks_like_a_sum_stays(tmp_path):
    table = pd.DataFrame({"city": [*(f"P{k}" for k in range(20)), "Max"], "Overall satisfaction": [*([3, 4] * 10), 2]})
    table.to_csv(tmp_path / "x.csv", index=False)
    assert len(cx.load(tmp_path / "x.csv")) == 21
