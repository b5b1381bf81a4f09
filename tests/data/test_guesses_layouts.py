"""Questions with several answers in every usual layout, and tables with a row an answer."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import cxlab as cx
from cxlab.cli import cxlab as cli
from cxlab.data import layouts

RNG = np.random.default_rng(3)
N = 120
OPTIONS = ["Email", "Live chat", "Phone", "Shop"]


def ticks(options: int = 4) -> np.ndarray:
    """Return 0/1 of each person and option; everybody ticks at least one."""
    made = (RNG.random((N, options)) < 0.45).astype(int)
    made[made.sum(1) == 0, 0] = 1
    return made


def shares(study: cx.Study, question: str, options: list[str]) -> list[float]:
    return [float(cx.share(study, question, value=o).table["estimate"].iloc[0]) for o in options]


def loaded(frame: pd.DataFrame, path) -> list[cx.Study]:
    frame.to_csv(path / "m.csv", index=False)
    frame.to_excel(path / "m.xlsx", index=False)
    return [cx.load(path / "m.csv"), cx.load(path / "m.xlsx"), cx.load(frame)]


@pytest.mark.parametrize("separator", [", ", ",", ";", "; ", "|", "\n", " / "])
@pytest.mark.parametrize("trailing", [False, True])
def test_options_joined_in_one_cell(separator, trailing, tmp_path):
    made = ticks()
    end = separator.rstrip() if trailing and separator.strip() == ";" else ""
    cells = [separator.join(o for o, t in zip(OPTIONS, row, strict=True) if t) + end for row in made]
    frame = pd.DataFrame({"nps": RNG.integers(0, 11, N), "Which did you use?": cells})
    for study in loaded(frame, tmp_path):
        assert shares(study, "Which did you use?", OPTIONS) == pytest.approx(made.mean(0).tolist())


@pytest.mark.parametrize("separator", [",", " ", ";", "|"])
def test_codes_joined_in_one_cell(separator, tmp_path):
    made = ticks(5)
    cells = [separator.join(str(k + 1) for k in np.flatnonzero(row)) for row in made]
    study = loaded(pd.DataFrame({"nps": RNG.integers(0, 11, N), "used": cells}), tmp_path)[0]
    assert shares(study, "used", ["1", "2", "3", "4", "5"]) == pytest.approx(made.mean(0).tolist())


def test_names_of_choices_joined_by_blanks_as_kobo_writes_them(tmp_path):
    made = ticks()
    names = ["email", "live_chat", "phone", "shop"]
    cells = [" ".join(o for o, t in zip(names, row, strict=True) if t) for row in made]
    study = loaded(pd.DataFrame({"nps": RNG.integers(0, 11, N), "used": cells}), tmp_path)[0]
    assert shares(study, "used", names) == pytest.approx(made.mean(0).tolist())


def test_options_that_hold_a_comma(tmp_path):
    options = ["Fees, too high", "Service", "Wait, too long", "Staff"]
    made = ticks()
    cells = [", ".join(o for o, t in zip(options, row, strict=True) if t) for row in made]
    for study in loaded(pd.DataFrame({"nps": RNG.integers(0, 11, N), "why": cells}), tmp_path):
        assert shares(study, "why", options) == pytest.approx(made.mean(0).tolist())


@pytest.mark.parametrize("cells", [["1,5", "2,5", "4,0", "3,3", "2,0"], ["12,50", "7,25", "9,99"], ["1,234", "12,345"]])
def test_decimal_commas_are_no_codes(cells):
    assert layouts.options(dict.fromkeys(cells, 9), 9 * len(cells)) == ("", [])


@pytest.mark.parametrize("texts", [["very good", "good", "bad"], ["$25,000 to $49,999", "$100,000 or more"],
                                   ["Paris, France", "Lyon, France", "Rome, Italy"], ["N/A", "yes / no"]])  # fmt: skip
def test_other_texts_with_separators_are_no_questions(texts):
    assert layouts.options(dict.fromkeys(texts, 9), 9 * len(texts)) == ("", [])


def test_one_column_an_option_holding_its_text_or_nothing(tmp_path):
    made = ticks()
    columns = {o: np.where(made[:, k] == 1, o, None) for k, o in enumerate(OPTIONS)}
    frame = pd.DataFrame({"nps": RNG.integers(0, 11, N), **columns, "Other": [None, "fax"] * (N // 2)})
    study = loaded(frame, tmp_path)[0]
    assert shares(study, "ticked", OPTIONS) == pytest.approx(made.mean(0).tolist())
    assert float(cx.share(study, "Email", value=1).table["estimate"].iloc[0]) == pytest.approx(made[:, 0].mean())
    assert not study.codebook.role("id")


@pytest.mark.parametrize("names", ["channels/{}", "Q5_{}", "Q5r{}", "used.{}", "Q7[{}]"])
@pytest.mark.parametrize("marks", [(1, 0), ("Yes", "No"), ("ja", "nein"), ("x", None), (True, False)])
def test_one_column_of_ticks_an_option(names, marks, tmp_path):
    made = ticks()
    columns = {names.format(k + 1): np.where(made[:, k] == 1, *np.array(marks, object)) for k in range(4)}
    study = loaded(pd.DataFrame({"nps": RNG.integers(0, 11, N), **columns}), tmp_path)[0]
    question = next(f for f in study.codebook if f.columns)
    assert [shares(study, question.name, [c])[0] for c in question.columns] == pytest.approx(made.mean(0).tolist())


def test_seen_and_not_ticked_is_no_answer_alone_and_no_tick_beside_one(tmp_path):
    made = ticks()
    cells = np.where(made == 1, 1, -99)
    cells[:10] = -99
    frame = pd.DataFrame(cells, columns=[f"Q2_{k}" for k in range(1, 5)])
    study = loaded(frame.assign(nps=RNG.integers(0, 11, N)), tmp_path)[0]
    for k in range(4):
        told = cx.share(study, f"Q2_{k + 1}", value=1).table
        assert (int(told["n"].iloc[0]), told["estimate"].iloc[0]) == (N - 10, pytest.approx(made[10:, k].mean()))


def test_flags_of_different_things_are_no_question():
    frame = pd.DataFrame({f"is_{c}": RNG.integers(0, 2, N) for c in ("new", "member", "staff")})
    assert not any(f.columns for f in cx.load(frame.assign(nps=RNG.integers(0, 11, N))).codebook)


def test_typeform_rows_without_a_tick_chose_none(tmp_path):
    made = (RNG.random((N, 2)) < 0.4).astype(int)
    frame = pd.DataFrame({
        "#": [f"id{i}" for i in range(N)], "How likely is it that you would recommend us?": RNG.integers(0, 11, N),
        "Email": np.where(made[:, 0] == 1, "Email", None), "Phone": np.where(made[:, 1] == 1, "Phone", None),
        "Submit Date (UTC)": pd.date_range("2025-01-01", periods=N),
    })  # fmt: skip
    frame.to_csv(tmp_path / "t.csv", index=False)
    study = cx.load(tmp_path / "t.csv")
    assert study.codebook.notes[0] == "a Typeform export: questions and options in one header row"
    told = cx.share(study, "ticked", value="Email").table
    assert (int(told["n"].iloc[0]), told["estimate"].iloc[0]) == (N, pytest.approx(made[:, 0].mean()))


def long_table(
    names: tuple[str, str, str] = ("respondent_id", "question", "answer"),
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return answers of 60 people to four questions, a row a person and a row an answer."""
    wide = pd.DataFrame({c: RNG.integers(1, 6, 60) for c in ("overall satisfaction", "price", "staff", "food")})
    who, question, answer = names
    wide.insert(0, who, np.arange(60) + 100)
    wide.insert(1, "region", RNG.choice(["N", "S"], 60))
    long = wide.melt([who, "region"], var_name=question, value_name=answer)
    return wide, long.sample(frac=1, random_state=1, ignore_index=True)


@pytest.mark.parametrize(
    "names",
    [("respondent_id", "question", "answer"), ("customer_id", "item", "score"), ("person_id", "Frage", "Antwort"),
     ("user_id", "pregunta", "respuesta"), ("respondent_id", "вопрос", "ответ"), ("respondent_id", "質問", "回答")],
)  # fmt: skip
def test_a_row_an_answer_is_recognised_and_pivoted_by_one_command(names, tmp_path):
    wide, long = long_table(names)
    long.to_csv(tmp_path / "long.csv", index=False)
    assert cx.load(tmp_path / "long.csv").doubts[0].command == "cxlab pivot FILE"
    done = CliRunner().invoke(cli, ["pivot", str(tmp_path / "long.csv")])
    assert done.exit_code == 0, done.output
    assert done.output.startswith("60 respondents, 4 questions")
    made = pd.read_csv(tmp_path / "long_wide.csv")
    pd.testing.assert_frame_equal(made[wide.columns], wide, check_dtype=False)


def test_a_row_a_respondent_is_no_long_table(tmp_path):
    wide, _ = long_table()
    assert not any(d.command == "cxlab pivot FILE" for d in cx.load(wide).doubts)


def test_pivoting_says_what_is_wrong(tmp_path):
    wide, long = long_table()
    pd.concat([long, long.head(1)]).to_csv(tmp_path / "twice.csv", index=False)
    wide.to_csv(tmp_path / "wide.csv", index=False)
    first = long.iloc[0]
    done = CliRunner().invoke(cli, ["pivot", str(tmp_path / "twice.csv")])
    assert isinstance(done.exception, cx.DataProblem)
    assert str(done.exception) == (
        f"'{first['question']}' is answered 2 times by one respondent_id; a row a respondent holds one answer a "
        "question: take the repeats out, or give another column of who answered: --who"
    )
    done = CliRunner().invoke(cli, ["pivot", str(tmp_path / "wide.csv")])
    assert str(done.exception) == (
        "no columns are called like who answered, which question and what; name them: --who, --question, --answer. "
        f"There are: {', '.join(wide.columns)}"
    )


@pytest.mark.parametrize(
    ("name", "marks", "asked"),
    [
        ("Status", ["IP Address"] * 36 + ["Survey Preview", "Spam"] * 2,
         ["4 of 40 rows are no customer's answers (Spam, Survey Preview): left out"]),
        ("Finished", ["True"] * 37 + ["False"] * 3, ["3 of 40 rows are not finished: they count"]),
        ("Status", ["IP Address"] * 40, []),
        ("Finished", ["False"] * 40, []),
    ],
)  # fmt: skip
def test_previews_and_unfinished_answers_are_asked(name, marks, asked):
    frame = pd.DataFrame({"Overall satisfaction": [1 + k % 5 for k in range(40)], name: marks})
    assert [d.question for d in cx.load(frame).doubts if d.column == name] == asked


@pytest.mark.parametrize("mark", [" & ", " + ", "::", "#", "\t", " / ", "|", ";", "; ", ",", "\n"])
def test_options_joined_by_any_usual_mark_are_counted_right(tmp_path, mark):
    rng = np.random.default_rng(3)
    ticked = pd.DataFrame({o: rng.random(300) < 0.4 for o in ("Price", "Service", "Speed", "Range")})
    cells = [mark.join(o for o in ticked if row[o]) for _, row in ticked.iterrows()]
    overall = rng.integers(1, 6, 300)
    pd.DataFrame({"overall": overall, "why": cells}).to_csv(tmp_path / "x.csv", index=False)
    found = cx.mean(cx.load(tmp_path / "x.csv"), "overall", by="why").table.set_index("why")["estimate"]
    some = ticked.any(axis=1).to_numpy()
    for option in ticked:
        assert found[option] == pytest.approx(overall[some & ticked[option].to_numpy()].mean()), option


@pytest.mark.parametrize("values", [
    ("Food & Drink", "Health & Beauty", "Home"), ("C#", "C", "F#", "F"), ("A::x", "B::y", "C::z"), ("R + D", "Sales"),
    tuple(f"{a}#{b}" for a in "ABC" for b in "123"), tuple(f"{a}::{b}" for a in "NSW" for b in "xyz"),
])  # fmt: skip
def test_a_mark_within_a_category_joins_nothing(tmp_path, values):
    table = pd.DataFrame(
        {"overall": [1 + k % 5 for k in range(120)], "kind": [values[k % len(values)] for k in range(120)]}
    )
    table.to_csv(tmp_path / "x.csv", index=False)
    assert cx.load(tmp_path / "x.csv").field("kind").role == "segment"
