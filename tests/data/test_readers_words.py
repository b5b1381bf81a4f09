"""Yes and no in many languages, and outcomes in words: declared in a codebook they count, or it is said that not."""

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import cxlab as cx

YES_NO = [
    ("true", "false"), ("TRUE", "FALSE"), ("T", "F"), ("yes", "no"), ("Y", "N"), ("ja", "nein"), ("J", "N"),
    ("oui", "non"), ("sí", "no"), ("si", "no"), ("sì", "no"), ("sim", "não"), ("ja", "nee"), ("tak", "nie"),
    ("да", "нет"), ("ΝΑΙ", "ΌΧΙ"), ("evet", "hayır"), ("EVET", "HAYIR"), ("是", "否"), ("はい", "いいえ"),
    ("예", "아니오"), ("네", "아니요"), ("نعم", "لا"),
]  # fmt: skip
ENGINES = ("csv", "parquet", "pandas", "polars", "arrow")


def table(values, engine, folder):
    rows = {"o": values, "g": ["a", "b"] * (len(values) // 2)}
    made = {"pandas": pd.DataFrame, "polars": pl.DataFrame, "arrow": pa.table}
    if engine in made:
        return made[engine](rows)
    path = folder / f"x.{engine}"
    if engine == "parquet":
        pd.DataFrame(rows).to_parquet(path)
    else:
        pd.DataFrame(rows).to_csv(path, index=False)
    return path


def book(kind, measure="churn", **more):
    outcome = cx.Field("o", type=kind, role="outcome", measure=measure, **more)
    return cx.Codebook("b", (outcome, cx.Field("g", type="string", role="segment")))


@pytest.mark.parametrize("yes, no", YES_NO)
@pytest.mark.parametrize("kind", ["boolean", "integer", "number", "string"])
def test_yes_and_no_are_one_and_nought_in_any_language(tmp_path, yes, no, kind):
    study = cx.load(table([yes, no, no, no] * 50, "csv", tmp_path), codebook=book(kind))
    assert cx.churn(study).table["estimate"].tolist() == [0.25]
    assert study.codebook["o"].labels == {"1": yes, "0": no}
    said = f"o: declared {kind}, holds words; read as codes, yes is 1 and no is 0 (guessed): '{no}' = 0, '{yes}' = 1"
    assert said in study.codebook.notes


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("kind", ["boolean", "integer", "string"])
def test_case_blanks_and_gaps_do_no_harm_on_any_engine(tmp_path, engine, kind):
    study = cx.load(table(["Yes", " yes ", "NO", "no", None, "N/A"] * 40, engine, tmp_path), codebook=book(kind))
    found = cx.churn(study).table
    assert found["estimate"].tolist() == [0.5] and found["n"].tolist() == [160]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("kind", ["boolean", "integer", "number"])
def test_booleans_with_gaps_count_on_any_engine(tmp_path, engine, kind):
    study = cx.load(table([True, False, False, True, None, None] * 40, engine, tmp_path), codebook=book(kind))
    found = cx.churn(study).table
    assert found["estimate"].tolist() == [0.5] and found["n"].tolist() == [160]
    assert cx.scorecard(study).table["question"].tolist() == ["o"]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("kind", ["string", "integer"])
@pytest.mark.parametrize("measure", ["satisfaction", ""])
def test_two_answers_in_words_are_a_scale_of_two(tmp_path, engine, kind, measure):
    rows = ["satisfied"] * 30 + ["neutral or dissatisfied"] * 70
    study = cx.load(table(rows, engine, tmp_path), codebook=book(kind, measure))
    found = cx.scorecard(study).table
    assert found["metric"].tolist() == ["CSAT"]
    assert cx.share(study, "o", value=2).table["estimate"].tolist() == [0.3]
    assert study.codebook["o"].scale == cx.Scale(1, 2, "high", {"1": "neutral or dissatisfied", "2": "satisfied"})
    assert (
        f"o: declared {kind}, holds words; read as codes, worst to best by its wording (guessed): "
        "'neutral or dissatisfied' = 1, 'satisfied' = 2"
    ) in study.codebook.notes


def test_five_answers_in_words_are_numbered_from_worst_to_best(tmp_path):
    words = ["Very dissatisfied", "Dissatisfied", "Neutral", "Satisfied", "Very satisfied"]
    study = cx.load(table(words * 20, "csv", tmp_path), codebook=book("string", "satisfaction"))
    assert cx.mean(study, "o").table["estimate"].tolist() == [3.0]
    turned = book("string", "satisfaction", scale=cx.Scale(1, 5, "low"))
    study = cx.load(table(words * 20, "csv", tmp_path), codebook=turned)
    assert study.codebook["o"].scale.labels["1"] == "Very satisfied"


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    "values, said",
    [
        (
            ["blue", "red"],
            "o: a declared outcome of texts ('blue', 'red'), whose order wording does not tell: no score counts it; "
            "give its codes with labels",
        ),
        (
            ["3", "4"],
            "o: a declared outcome of type string holds numbers: no score counts it; declare type=integer",
        ),
    ],
)
def test_a_declared_outcome_is_not_left_out_without_a_word(tmp_path, engine, values, said):
    study = cx.load(table(values * 50, engine, tmp_path), codebook=book("string", "satisfaction"))
    assert said in study.codebook.notes


def test_another_spelling_beyond_the_first_rows_is_read_too(tmp_path):
    rows = ["yes", "no"] * 11_000 + ["YES", "No"]
    study = cx.load(table(rows, "csv", tmp_path), codebook=book("boolean"))
    found = cx.churn(study).table
    assert found["estimate"].tolist() == [0.5] and found["n"].tolist() == [22_002]


def test_labels_that_the_codebook_gives_are_kept(tmp_path):
    labels = {"1": "stayed", "0": "left"}
    study = cx.load(table(["left", "stayed"] * 50, "csv", tmp_path), codebook=book("integer", labels=labels))
    assert study.codebook["o"].labels == labels and cx.churn(study).table["estimate"].tolist() == [0.5]


@pytest.mark.parametrize(
    ("encoding", "words"),
    [
        ("shift_jis", ["とても不満", "不満", "どちらともいえない", "満足", "とても満足"]),
        ("gb18030", ["非常不满意", "不满意", "一般", "满意", "非常满意"]),
        ("euc_kr", ["매우 불만족", "불만족", "보통", "만족", "매우 만족"]),
    ],
)
def test_words_of_the_east_are_read_in_their_encoding(encoding, words, tmp_path):
    rows = "".join(f"{k},{words[k % 5]}\n" for k in range(300))
    (tmp_path / "x.csv").write_bytes(f"id,overall satisfaction\n{rows}".encode(encoding))
    study = cx.load(tmp_path / "x.csv")
    assert cx.csat(study).table["estimate"].iloc[0] == pytest.approx(0.4)


@pytest.mark.parametrize("yes_no", [("Y", "N"), ("yes", "no"), ("Ja", "Nein"), ("sí", "no"), ("да", "нет")])
@pytest.mark.parametrize("nothing", ["unknown", "N/A", "keine Angabe", "not asked"])
def test_churn_in_words_is_churn_beside_words_for_no_answer(tmp_path, yes_no, nothing):
    answers = [yes_no[0]] * 30 + [yes_no[1]] * 50 + [nothing] * 15 + [""] * 5
    path = tmp_path / "a.csv"
    path.write_text("id,churned\n" + "".join(f"{i},{v}\n" for i, v in enumerate(answers)))
    study = cx.load(path)
    assert cx.churn(study).table[["n", "estimate"]].to_numpy().tolist() == [[80, 30 / 80]]
    assert study.codebook["churned"].missing == {nothing: "no answer (guessed)"}


@pytest.mark.parametrize("nothing", ["inf", "-inf", "Infinity", "∞", "#DIV/0!", "#VALUE!", "#REF!", "NaN"])
@pytest.mark.parametrize("first", [True, False])
def test_infinite_and_failed_numbers_are_no_answers_wherever_they_stand(tmp_path, nothing, first):
    spent = [f"{40 + i / 8}" for i in range(20)]
    path = tmp_path / "a.csv"
    path.write_text("spend,n\n" + "".join(f"{v},1\n" for v in ([nothing, *spent] if first else [*spent, nothing])))
    book = cx.Codebook("a", (cx.Field("spend", role="operation", measure="spend"), cx.Field("n", type="integer")))
    for study in (cx.load(path), cx.load(path, codebook=book)):
        assert cx.mean(study, "spend").table[["n", "estimate"]].to_numpy().tolist() == [[20, pytest.approx(41.1875)]]
