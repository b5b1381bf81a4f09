"""What may be scored as what: what is no NPS, CES or CSAT is refused with the reason and the way out."""

import pandas as pd
import pytest

import cxlab as cx


def study(name, **field):
    table = pd.DataFrame({name: [1, 2, 3, 4] * 5})
    return cx.Study(table, cx.Codebook("s", (cx.Field(name, role="outcome", **field),)))


def refused(call):
    with pytest.raises(cx.DataProblem) as problem:
        call()
    return str(problem.value)


INSTEAD = "use cx.csat(study, 'q') for a top-box share or cx.mean(study, 'q')"


@pytest.mark.parametrize(("low", "high"), [(1, 4), (1, 5), (1, 7), (1, 10)])
def test_nps_of_another_scale_is_refused(low, high):
    s = study("q", measure="recommendation", scale=cx.Scale(low, high))
    assert refused(lambda: cx.nps(s)) == (
        f"NPS is defined for answers from 0 to 10; 'q' of s runs from {low} to {high} (highest = best), and promoters "
        f"and detractors have no agreed place on it; {INSTEAD}"
    )


def test_nps_of_eleven_codes_needs_to_be_told_what_they_mean():
    s = study("q", measure="recommendation", scale=cx.Scale(1, 11))
    assert refused(lambda: cx.nps(s)) == (
        "NPS is defined for answers from 0 to 10; 'q' of s runs from 1 to 11 (highest = best), and promoters and "
        f"detractors have no agreed place on it; {INSTEAD}; if code 1 stands for the answer 0 and 11 for 10, say so in "
        'the codebook: scale labels {"1": "0", "11": "10"}'
    )


def test_eleven_codes_labelled_0_to_10_are_shifted():
    scale = cx.Scale(1, 11, labels={"1": "0 - not at all", "11": "10 extremely"})
    table = pd.DataFrame({"q": [7, 8, 9, 10, 11] * 4})  # answers 6, 7, 8, 9, 10
    s = cx.Study(table, cx.Codebook("s", (cx.Field("q", role="outcome", measure="recommendation", scale=scale),)))
    row = cx.nps(s).table.iloc[0]
    assert (row["detractors"], row["passives"], row["promoters"]) == pytest.approx((0.2, 0.4, 0.4))


def test_a_reverse_recommendation_scale_counts_from_its_best_end():
    table = pd.DataFrame({"q": [0, 1, 2, 3, 4, 10] * 4})  # best = 0: 10, 9, 8, 7, 6, 0
    scale = cx.Scale(0, 10, best="low")
    s = cx.Study(table, cx.Codebook("s", (cx.Field("q", role="outcome", measure="recommendation", scale=scale),)))
    row = cx.nps(s).table.iloc[0]
    assert (row["detractors"], row["passives"], row["promoters"]) == pytest.approx((1 / 3, 1 / 3, 1 / 3))


def test_nps_of_satisfaction_is_refused_even_from_0_to_10():
    s = study("q", measure="satisfaction", scale=cx.Scale(0, 10))
    assert refused(lambda: cx.nps(s, "q")) == (
        "NPS is defined for a question of recommendation from 0 to 10; 'q' of s measures satisfaction; "
        f"{INSTEAD}, or declare measure 'recommendation' if that is what it asks"
    )
    s = study("q", scale=cx.Scale(0, 10))
    assert "'q' of s has no measure in the codebook" in refused(lambda: cx.nps(s, "q"))


def test_nps_without_a_scale_is_refused():
    s = study("q", measure="recommendation")
    assert refused(lambda: cx.nps(s)) == (
        "NPS needs to know the scale of 'q' of s, and the codebook declares none; declare scale minimum 0 and maximum "
        "10 in its datapackage.json"
    )


def test_a_study_without_the_question_says_which():
    s = study("q", measure="loyalty", scale=cx.Scale(1, 5))
    assert refused(lambda: cx.nps(s)) == (
        "NPS needs a column with role 'outcome' and measure 'recommendation'; s declares none. Name the column with "
        "of=, and declare it in its datapackage.json"
    )
    assert refused(lambda: cx.ces(s)) == (
        "CES needs an outcome with measure 'effort-v1' or 'effort-v2'; s declares none. Declare it in its "
        "datapackage.json"
    )


def test_effort_against_its_direction_is_refused():
    s = study("q", measure="effort-v1", scale=cx.Scale(1, 5))
    assert refused(lambda: cx.ces(s)) == (
        "'q' of s has measure 'effort-v1', where low is best, but its scale says high is best; correct one of the two "
        "in its datapackage.json"
    )


def test_csat_without_a_scale_is_refused():
    s = study("q", measure="satisfaction")
    assert refused(lambda: cx.csat(s)) == (
        "CSAT needs to know the scale of 'q' of s, and the codebook declares none; declare its minimum, maximum and "
        "which end is best in its datapackage.json"
    )


def test_share_needs_an_answer():
    s = study("q", type="integer", labels={"1": "yes", "2": "no"})
    assert refused(lambda: cx.share(s, "q")) == (
        "the share of 'q' of s needs value=, one answer or a list of them; answers: 1 (yes), 2 (no)"
    )
    assert refused(lambda: cx.share(s, "q", value="yess")) == (
        "answer 'yess' is not in 'q' of s; did you mean 'yes'? There are: yes, no"
    )


def test_shipped_surveys_without_a_0_to_10_question_have_no_nps():
    assert "measures satisfaction" in refused(lambda: cx.nps(cx.load("airline-survey"), "o_experience"))
    assert "runs from 1 to 5 (highest = best)" in refused(lambda: cx.nps(cx.load("abc"), "q4"))


@pytest.mark.parametrize("engine", ["pandas", "polars", "duckdb"])
def test_an_answer_between_the_points_is_no_passive(engine: str) -> None:
    import duckdb
    import polars as pl

    rows = {"ltr": [0.0, 6.5, 8.5, 9.0, 10.0, 7.0, None] * 5}
    made = {"pandas": pd.DataFrame, "polars": pl.DataFrame,
            "duckdb": lambda r: duckdb.from_arrow(pl.DataFrame(r).to_arrow())}[engine]  # fmt: skip
    ltr = cx.Field("ltr", role="outcome", measure="recommendation", scale=cx.Scale(0, 10))
    found = cx.nps(cx.load(made(rows), codebook=cx.Codebook("half", (ltr,))))
    assert (found.table["n"].iloc[0], found.table["estimate"].iloc[0]) == (20, pytest.approx(25.0))
    assert "10 answers to 'ltr' between the points of its scale do not count" in found.notes
