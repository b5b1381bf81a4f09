"""A metric wave by wave agrees with the metric and with the comparison of neighbouring waves."""

import pandas as pd
import pytest

import cxlab as cx


def test_a_trend_is_the_metric_and_its_changes():
    s = cx.load("brand-tracker")
    r = cx.trend(s, "nps")
    single, changes = cx.nps(s, by="wave").table, cx.compare(s, "nps", by="wave").table
    assert r.table["estimate"].tolist() == pytest.approx(single["estimate"].tolist())
    assert r.table["change"][1:].tolist() == pytest.approx(changes["estimate"].tolist())
    assert r.table["p_adjusted"][1:].tolist() == pytest.approx(changes["p_adjusted"].tolist())
    assert r.table["verdict"].tolist() == ["", *changes["verdict"]]
    assert (r.kind, r.parts["wave"]) == ("trend", "wave")


def test_several_questions_are_one_family_of_tests():
    s = cx.load("brand-tracker")
    r = cx.trend(s, "csat", of=["product", "delivery"], top=1)
    assert len(r.table) == 16
    assert "14 comparisons" in cx.compare(s, "csat", by="wave", of=["product", "delivery"], top=1).method
    one = cx.trend(s, "csat", of="delivery", top=1).table
    both = r.table[r.table["item"] == "delivery"]
    assert both["change"].tolist()[1:] == pytest.approx(one["change"].tolist()[1:])
    assert both["p"].tolist()[1:] == pytest.approx(one["p"].tolist()[1:], rel=0.02)
    assert (both["p_adjusted"].to_numpy()[1:] >= one["p_adjusted"].to_numpy()[1:] - 1e-9).all()


def test_a_study_without_waves_has_no_trend():
    field = cx.Field("ltr", role="outcome", measure="recommendation", scale=cx.Scale(0, 10))
    s = cx.Study(pd.DataFrame({"ltr": [9] * 20}), cx.Codebook("s", (field,)))
    with pytest.raises(cx.DataProblem) as problem:
        cx.trend(s, "nps")
    assert str(problem.value) == (
        "a trend needs a column with role 'wave'; s declares none. Declare it in its datapackage.json"
    )


@pytest.mark.parametrize(
    ("first", "second"),
    [("Before", "After"), ("Pre", "Post"), ("vorher", "nachher"), ("Dec 2024", "Apr 2025"), ("9", "10")],
)
def test_a_wave_that_is_named_in_the_call_has_its_order_too(first: str, second: str) -> None:
    """The column is no wave in the codebook; the change must not turn its sign."""
    answers = [10] * 30 + [0] * 10 + [10] * 10 + [0] * 30
    study = cx.load(pd.DataFrame({"phase": [first] * 40 + [second] * 40, "ltr": answers}))
    study = study.set("ltr", role="outcome", measure="recommendation", scale="0-10").set("phase", role="segment")
    table = cx.trend(study, "nps", wave="phase").table
    assert table["estimate"].tolist() == [50, -50]
    assert table["change"].tolist()[1] == -100
    pair = cx.compare(study, "nps", by="phase", pairs="consecutive").table.iloc[0]
    assert (pair["estimate"], str(pair["against"])) == (-100, first)
