"""The scorecard shows what the codebook allows; the findings say what the comparisons found, and no more."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import cxlab as cx
from cxlab.models.metrics.sentences import counted, findings, plain
from cxlab.problem import DataProblem
from cxlab.result import Result


def study(**fields) -> cx.Study:
    table = pd.DataFrame({name: [1, 2, 3, 4, 5, 5] * 5 for name in fields} | {"who": ["a", "b"] * 15})
    book = cx.Codebook("six", tuple(cx.Field(name, **options) for name, options in fields.items()))
    return cx.Study(table, book)


def test_every_metric_that_the_codebook_allows_is_there() -> None:
    card = cx.scorecard(cx.load("brand-tracker")).table
    assert card[["question", "metric", "unit"]].values.tolist() == [
        ["Would recommend", "NPS", "points"],
        ["Satisfaction overall", "CSAT", "share"],
        ["Easy to deal with", "CES, share easy", "share"],
        ["Satisfaction overall", "Mean", "mean"],
        ["Left within six months", "Share left", "share"],
    ]


def test_the_numbers_are_those_of_the_metrics() -> None:
    data = cx.load("brand-tracker")
    card = cx.scorecard(data, by="country").table
    alone = cx.nps(data, by="country").table
    nps = card[card["metric"] == "NPS"]
    assert nps["country"].tolist() == alone["country"].tolist()
    for column in ("estimate", "low", "high", "n"):
        assert nps[column].tolist() == pytest.approx(alone[column].tolist(), rel=1e-9)


def test_what_is_missing_is_said() -> None:
    notes = cx.scorecard(cx.load("abc")).notes
    assert notes[0] == (
        "no NPS: recommendation was not asked from 0 to 10 but from 1 to 5 (highest = best); "
        "its top-2-box share is shown"
    )
    assert notes[1] == "this study has no CES, no trend"
    assert cx.scorecard(cx.load("airline-survey")).parts["missing"] == [
        "no NPS: no outcome has measure 'recommendation'",
        "no CES: no outcome has measure 'effort-v1' or 'effort-v2'",
        "no trend: no column has role 'wave'",
        "no segments: no column has role 'segment'",
    ]


def test_touchpoints_stand_in_where_there_is_no_outcome() -> None:
    scale = cx.Scale(1, 5)
    card = cx.scorecard(study(a={"role": "touchpoint", "scale": scale}, b={"role": "touchpoint", "scale": scale}))
    assert card.table["question"].tolist() == ["a", "b"]
    assert card.parts["headline"] == {"metric": "csat", "of": ["a", "b"]}


def test_outcomes_without_a_scale_have_a_mean_and_those_of_0_and_1_a_share() -> None:
    table = pd.DataFrame({"spend": [1.0, 2.5, 4.0] * 5, "left": [0, 1, 1] * 5})
    fields = (cx.Field("spend", role="outcome"), cx.Field("left", type="integer", role="outcome", labels={"1": "gone"}))
    card = cx.scorecard(cx.Study(table, cx.Codebook("two", fields))).table
    assert card[["question", "metric", "estimate"]].values.tolist() == [
        ["spend", "Mean", 2.5],
        ["left", "Share gone", pytest.approx(2 / 3)],
    ]


def test_a_study_without_outcomes_is_told_what_to_declare() -> None:
    with pytest.raises(DataProblem) as problem:
        cx.scorecard(study(a={"role": "text", "type": "string"}))
    assert str(problem.value) == (
        "a scorecard needs a numeric column with role 'outcome', or one with role 'touchpoint' and a scale; "
        "six declares none. Declare it in its datapackage.json"
    )


def test_segments_with_too_many_or_too_few_groups_are_left_out() -> None:
    table = pd.DataFrame({"one": ["x"] * 40, "two": ["x", "y"] * 20, "forty": range(40)})
    fields = tuple(cx.Field(name, role="segment") for name in table)
    data = cx.Study(table, cx.Codebook("s", fields))
    assert cx.metrics.segments(data) == ["two"]
    assert cx.metrics.segments(data, most=40) == ["two", "forty"]


def comparison(verdicts: list[str], estimates: list[float]) -> Result:
    table = pd.DataFrame({
        "country": [f"c{k}" for k in range(len(verdicts))], "against": "rest", "estimate": estimates,
        "low": [e - 0.05 for e in estimates], "high": [e + 0.05 for e in estimates], "detectable": 0.1,
        "verdict": verdicts,
    })  # fmt: skip
    return Result("comparison", "t", table, "share", parts={"metric": "csat", "compared": "country"})


def test_findings_tell_the_real_ones_first_and_by_size() -> None:
    found = findings(comparison(["cannot tell", "real", "real", "noise"], [0.02, 0.1, -0.2, 0.01]))
    assert found.lines == (
        "**Real** (CSAT by country): c2 is 20.0 percentage points below the others together (15.0 to 25.0).",
        "**Real** (CSAT by country): c1 is 10.0 percentage points above the others together (5.0 to 15.0).",
        "**Noise** (CSAT by country): c3 is 1.0 percentage points above the others together (\u22124.0 to 6.0). "
        "Differences that matter are ruled out.",
        "**Cannot tell** (CSAT by country): 1 of 4 (c0 is 2.0 percentage points above the others together (\u22123.0 "
        "to 7.0)). "
        "With so many answers and comparisons a difference has to be about 10.0 percentage points to be found "
        "(80\u00a0% power).",
    )


def null_page(rng) -> list[Result]:
    """Two segments and three waves of 300 answers that have nothing to do with them."""
    table = pd.DataFrame(
        {"ltr": rng.choice([3, 8, 10], p=[0.2, 0.3, 0.5], size=300), "wave": np.repeat([1, 2, 3], 100)}
    )
    table = table.assign(sex=rng.choice(["f", "m"], 300), land=rng.choice(list("abcd"), 300))
    ltr = cx.Field("ltr", type="integer", role="outcome", measure="recommendation", scale=cx.Scale(0, 10))
    kinds = {"wave": "wave", "sex": "segment", "land": "segment"}
    fields = [cx.Field(c, type="string" if role == "segment" else "integer", role=role) for c, role in kinds.items()]
    s = cx.Study(table, cx.Codebook("null", (ltr, *fields)))
    return [cx.trend(s, "nps"), *(cx.compare(s, "nps", by=c, pairs="rest") for c in ("sex", "land"))]


def test_findings_of_several_results_are_judged_together_and_say_so() -> None:
    found = findings(*null_page(np.random.default_rng(0)))
    assert found.lines == (
        "**The rest** of 7 differences: None is real. 7 that these data cannot tell.",
        "**Judged together**: 7 comparisons (Holm (family-wise error)); where nothing differs, one page in 20 has a "
        "false 'real' on it.",
    )


def test_what_is_not_there_is_not_counted_in_the_rest() -> None:
    said = lambda *verdicts: counted([pd.DataFrame({"verdict": verdicts})])  # noqa: E731
    assert said("real", "noise", "noise") == [
        "**The rest** of 3 differences: 2 are noise (what would matter is ruled out)."
    ]
    assert said("noise", "cannot tell") == [
        "**The rest** of 2 differences: None is real. 1 is noise (what would matter is ruled out), and of 1 these "
        "samples cannot tell."
    ]
    assert said("real", "cannot tell") == ["**The rest** of 2 differences: 1 that these data cannot tell."]
    assert said("real") == []


def test_a_touchpoint_is_compared_with_itself_in_the_wave_before() -> None:
    table = pd.DataFrame({"wave": np.repeat(["2025 Q1", "2025 Q2"], 400)})
    table["shop"] = np.where(np.arange(800) % 10 < np.where(table["wave"] == "2025 Q2", 8, 4), 5, 1)
    table["call"] = np.where(np.arange(800) % 10 < 5, 5, 1)
    scale = cx.Scale(1, 5)
    fields = [cx.Field(n, n.capitalize(), "integer", role="touchpoint", scale=scale) for n in ("shop", "call")]
    s = cx.Study(table, cx.Codebook("two", (*fields, cx.Field("wave", type="string", role="wave"))))
    lines = findings(cx.compare(s, "csat", of=["shop", "call"], by=["item", "wave"], pairs="ends")).lines
    assert lines[0].startswith("**Real** (CSAT by wave): Shop is 40.0 percentage points above its value in 2025 Q1 (")
    assert "Call is 0.0 percentage points" in lines[1] and "its value in 2025 Q1" in lines[1]


def test_nothing_compared_and_nothing_to_compare_are_two_things() -> None:
    assert findings().lines == ("Nothing was compared: there are no groups and no waves.",)
    few = pd.DataFrame({"ltr": [9, 3, 8], "g": ["a", "b", "b"]})
    ltr = cx.Field("ltr", role="outcome", measure="recommendation", scale=cx.Scale(0, 10))
    s = cx.Study(few, cx.Codebook("few", (ltr, cx.Field("g", type="string", role="segment"))))
    assert findings(cx.compare(s, "nps", by="g")).lines == ("Nothing to compare: no two groups have enough answers.",)
    with pytest.raises(DataProblem) as problem:
        findings(cx.nps(s))
    assert str(problem.value) == (
        "there are no findings for results of kind 'metric'; allowed: comparison, trend, as cx.compare, cx.against and "
        "cx.trend give them"
    )


def test_two_groups_are_compared_once() -> None:
    found = findings(cx.compare(cx.load("brand-tracker"), "nps", by="customer", pairs="rest"))
    assert len(found.lines) == 1
    assert found.lines[0].startswith("**Real** (NPS by New or repeat customer): repeat is 15.3 points above new")


def test_changes_name_the_wave_before() -> None:
    lines = findings(cx.trend(cx.load("brand-tracker"), "nps")).lines
    assert lines[0].startswith("**Real** (NPS by Wave): 2025 Q1 is 11.9 points above 2024 Q4")


def test_the_last_wave_is_compared_with_the_first_that_was_asked() -> None:
    data = cx.load("brand-tracker")
    ends = cx.compare(data, "nps", by="wave", pairs="ends").table
    first = cx.compare(data, "nps", by="wave", pairs="first", correction="none").table.iloc[-1]
    assert ends[["wave", "against"]].values.tolist() == [["2025 Q4", "2024 Q1"]]
    assert ends["estimate"].iloc[0] == pytest.approx(first["estimate"])
    assert ends["p"].iloc[0] == pytest.approx(first["p"])


def test_names_cannot_break_out_of_markdown() -> None:
    assert plain("<b>*x*</b> [a](b)") == r"\<b\>\*x\*\</b\> \[a\](b)"


@pytest.mark.parametrize("call", ["nps", "league", "league_change", "index_by", "compare", "against"])
def test_a_wrong_column_is_said_before_what_else_is_missing(call: str) -> None:
    """The airline survey has neither recommendation question, brand nor wave."""
    data = cx.load("airline-survey")
    calls = {
        "nps": lambda: cx.nps(data, by="o_experienc"),
        "league": lambda: cx.league(data, "o_experienc"),
        "league_change": lambda: cx.leagues.league_change(data, "o_experienc"),
        "index_by": lambda: cx.indices.index_by(data, "o_experienc"),
        "compare": lambda: cx.compare(data, "nps", by="o_experienc"),
        "against": lambda: cx.against(data, "nps", benchmark=30, by="o_experienc"),
    }
    with pytest.raises(cx.DataProblem) as problem:
        calls[call]()
    assert str(problem.value).startswith("column 'o_experienc' is not in airline-survey; did you mean 'o_experience'?")


def test_groups_hidden_for_few_answers_take_no_room_on_the_page() -> None:
    """Two groups of 20 and one of 3; the table keeps all, its notes count what the page leaves out."""
    frame = pd.DataFrame(
        {"q": [1, 2, 3, 4, 5, 5, 4, 3, 2, 1] * 4 + [5, 4, 3], "g": ["a"] * 20 + ["b"] * 20 + ["c"] * 3}
    )
    scale = cx.Scale(1, 5, "high")
    fields = (
        cx.Field("q", role="outcome", measure="satisfaction", scale=scale),
        cx.Field("g", "Kind", "string", "segment"),
    )
    made = cx.scorecard(cx.Study(frame, cx.Codebook("s", fields)), by="g")
    assert set(made.table["g"]) == {"a", "b", "c"}
    rows = made._repr_html_()
    assert "<th scope='row'>b</th>" in rows and "<th scope='row'>c</th>" not in rows
    assert "<th scope='col'>Kind</th>" in rows
    assert any(note.startswith("1 of 3 groups has fewer than 10 answers") for note in made.notes)


def test_a_bare_code_is_named_with_its_column() -> None:
    frame = pd.DataFrame({"q": [1, 1, 1, 2, 5] * 40 + [5, 5, 5, 4, 5] * 40, "job": [3] * 200 + [4] * 200})
    scale = cx.Scale(1, 5, "high")
    fields = (
        cx.Field("q", role="outcome", measure="satisfaction", scale=scale),
        cx.Field("job", "Occupation", "integer", "segment"),
    )
    found = findings(cx.compare(cx.Study(frame, cx.Codebook("s", fields)), "csat", by="job"))
    assert found.lines[0].startswith(
        "**Real** (CSAT by Occupation): Occupation 3 is 80.0 percentage points below Occupation 4"
    )


def test_a_question_that_asks_for_no_satisfaction_is_not_called_satisfaction() -> None:
    frame = pd.DataFrame({"r": [0, 1] * 60 + [1, 1] * 60, "g": ["a"] * 120 + ["b"] * 120})
    asked = cx.Field("r", "Would recommend", role="outcome", measure="recommendation", scale=cx.Scale(0, 1, "high"))
    data = cx.Study(frame, cx.Codebook("s", (asked, cx.Field("g", "Kind", "string", "segment"))))
    assert cx.scorecard(data).table["metric"].tolist() == ["Top-box share"]
    compared = cx.compare(data, "csat", by="g", of="r")
    assert compared.title == "Top-box share of Would recommend by Kind: differences, all pairs"
    assert findings(compared).lines[0].startswith("**Real** (Top-box share of Would recommend by Kind): ")


def test_a_metric_of_few_answers_is_not_drawn_and_a_card_of_none_is_refused() -> None:
    """One question of hundred answers beside one of three; and a study of one respondent."""
    table = pd.DataFrame({"a": [1, 2, 3, 4, 5] * 20, "b": [1, 2, 3] + [np.nan] * 97})
    fields = [cx.Field(n, n, role="outcome", measure="satisfaction", scale=cx.Scale(1, 5)) for n in "ab"]
    card = cx.scorecard(cx.Study(table, cx.Codebook("two", tuple(fields))))
    said = [t.get_text() for t in card.plot().get_yticklabels()]
    assert len(card.table) == 4 and sorted(said) == ["a\nCSAT, n = 100", "a\nMean, n = 100"]
    one = cx.scorecard(cx.Study(table.head(1), cx.Codebook("one", tuple(fields))))
    with pytest.raises(DataProblem) as problem:
        one.plot()
    assert str(problem.value) == "nothing to draw: no metric of this scorecard has enough answers to be shown"
