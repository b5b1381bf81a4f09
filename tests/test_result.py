"""How results show: units, intervals, wording, notes, and nothing of it in the numbers themselves."""

from __future__ import annotations

import json
import math
import re

import pandas as pd
import pytest

import cxlab as cx
from cxlab.columns import Column, show, span
from cxlab.models.figures import alternative
from cxlab.present import markup
from cxlab.result import MIME, Estimate, Result, plain


def cells(result: Result) -> list[list[str]]:
    rows = re.findall(r"<tr>(.*?)</tr>", markup(result))
    return [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in rows]


def waves(**more) -> Result:
    table = pd.DataFrame({
        "wave": ["2024", "2025"], "item": ["q1", "q1"], "estimate": [0.5, 0.625], "low": [0.4, 0.525],
        "high": [0.6, 0.725], "se": [0.05, 0.05], "n": [1000, 1200], "n_eff": [1000.0, 1200.0], **more,
    })  # fmt: skip
    labels = {"labels": {"q1": "Overall"}}
    return Result("metric", "CSAT by wave", table, "share", method="m & m", notes=("a < b",), parts=labels)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.8379, "share", "83.8 %"),
        (-12.34, "points", "−12.3"),
        (-0.04, "points", "0.0"),
        (3.456, "mean", "3.46"),
        (1234567.0, "points", "1,234,567.0"),
        (math.nan, "share", "–"),
        (None, "", "–"),
        ("text", "", "text"),
    ],
)
def test_numbers_print_in_their_unit(value: object, unit: str, text: str) -> None:
    assert show(value, unit) == text


def test_intervals_print_once_with_their_unit() -> None:
    assert span(0.562, 0.68, "share") == "56.2 to 68.0 %"
    assert span(-3.2, 5.1, "points") == "−3.2 to 5.1"
    assert span(math.nan, math.nan, "share") == "–"


def test_the_level_stands_only_where_an_interval_does() -> None:
    assert repr(waves()).splitlines()[-2] == "m & m (95%)"
    plain = Result("comments", "Comments", pd.DataFrame({"text": ["fine"], "n": [3]}), method="as written")
    assert repr(plain).splitlines()[-1] == "as written"
    none = Result("metric", "Hidden", pd.DataFrame({"estimate": [math.nan], "low": [math.nan], "high": [math.nan]}))
    assert repr(none).splitlines() == ["Hidden", "Estimate  95% interval", "       –             –"]


def test_the_table_of_a_result_says_only_what_differs() -> None:
    assert cells(waves()) == [
        ["Wave", "Share", "95% interval", "n"],
        ["2024", "50.0 %", "40.0 to 60.0 %", "1,000"],
        ["2025", "62.5 %", "52.5 to 72.5 %", "1,200"],
    ]
    assert waves().caption == "CSAT by wave: Overall"


def test_questions_stand_by_their_wording_and_an_effective_size_where_it_is_another() -> None:
    result = waves(item=["q1", "q2"], n_eff=[800.0, 900.0])
    assert cells(result)[0] == ["Wave", "Question", "Share", "95% interval", "n", "Effective n"]
    assert [row[1] for row in cells(result)[1:]] == ["Overall", "q2"]
    assert result.caption == "CSAT by wave"


def test_changes_print_in_the_unit_with_their_interval() -> None:
    result = waves(change=[math.nan, 0.125], change_low=[math.nan, 0.02], change_high=[math.nan, 0.23], p=[0.5, 0.01],
                   p_adjusted=[math.nan, 0.02], detectable=[math.nan, 0.15], verdict=["", "real"])  # fmt: skip
    head = ["Wave", "Share", "95% interval", "n", "Change", "95% interval", "p, adjusted", "Detectable", "Verdict"]
    assert cells(result)[0] == head
    assert cells(result)[2][4:] == ["12.5 pp", "2.0 to 23.0 pp", "0.020", "15.0 pp", "real"]


def test_a_row_can_have_its_own_unit() -> None:
    result = waves(unit=["share", "mean"])
    assert [row[1] for row in cells(result)[1:]] == ["50.0 %", "0.62"]


def test_text_is_text() -> None:
    nasty = "<script>alert(1)</script>"
    result = Result("metric", nasty, pd.DataFrame({nasty: [nasty]}), method=nasty, notes=(nasty,))
    assert "<script" not in result._repr_html_()
    assert "<script" not in Estimate(nasty, 1.0, method=nasty, notes=(nasty,))._repr_mimebundle_()["text/html"]


def test_a_result_carries_its_numbers_in_full_precision() -> None:
    carried = waves()._repr_mimebundle_()[MIME]
    assert carried["table"][1]["estimate"] == 0.625
    assert json.loads(json.dumps(carried)) == carried


def test_what_is_no_number_in_json_is_null() -> None:
    assert plain({"a": math.nan, "b": [math.inf, 1], "c": pd.DataFrame({"x": [math.nan]})}) == {
        "a": None, "b": [None, 1], "c": [{"x": None}],
    }  # fmt: skip


def test_one_row_is_an_estimate() -> None:
    one = waves()["2025"]
    assert (one.value, one.low, one.high, one.n, one.unit) == (0.625, 0.525, 0.725, 1200, "share")
    with pytest.raises(KeyError, match="0 rows have wave = '2026'; there are: 2024, 2025"):
        waves()["2026"]


def test_a_figure_says_in_words_what_it_shows() -> None:
    assert alternative(waves()) == "CSAT by wave: 2024 50.0 % (40.0 to 60.0 %), 2025 62.5 % (52.5 to 72.5 %)."
    many = Result("metric", "T", pd.concat([waves().table] * 3, ignore_index=True), "share")
    assert alternative(many) == (
        "T: 6 values; highest and lowest: 2025 62.5 % (52.5 to 72.5 %), 2024 50.0 % (40.0 to 60.0 %)."
    )


def test_a_figure_is_displayed_with_alternative_text_and_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    import IPython.display
    import matplotlib.pyplot as plt

    plt.close("all")
    shown = []
    monkeypatch.setattr(IPython.display, "display", lambda data, metadata, raw: shown.append((data, metadata)))
    result = cx.csat(cx.load("abc"), by="country")
    cx.figure(result)
    (data, metadata), *_ = shown
    assert data["image/png"].startswith(b"\x89PNG")
    assert data[MIME] == result.to_dict()
    assert metadata["image/png"]["alt"] == alternative(result)
    assert metadata["image/png"]["caption"] == "Customer satisfaction (CSAT) by Country: Satisfaction overall"
    assert plt.get_fignums() == []


def test_a_problem_shows_as_its_message_with_the_trace_folded(capsys: pytest.CaptureFixture) -> None:
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance()
    shell.run_cell("import cxlab as cx\ncx.load('airline-survy')")
    said = capsys.readouterr().out
    assert "did you mean 'airline-survey'?" in said
    assert "Traceback" not in said
    assert "interactiveshell.py" not in said


def test_terminal_page_and_workbook_show_one_number_alike() -> None:
    table = pd.DataFrame({
        "brand": ["Alba"], "estimate": [0.451], "low": [0.4], "high": [0.5], "n": [1234], "shrunken": [0.4449],
        "shrunken_low": [0.4], "shrunken_high": [0.49], "n_low": [282], "n_high": [4061], "may_be_top": [True],
    })  # fmt: skip
    result = Result("league", "CSAT by brand", table, "share")
    head, row = cells(result)
    assert head == ["Brand", "Share", "95% interval", "n", "Shrunken", "Shrunken interval", "n, low answers",
                    "n, high answers", "May be top"]  # fmt: skip
    assert row == ["Alba", "45.1 %", "40.0 to 50.0 %", "1,234", "44.5 %", "40.0 to 49.0 %", "282", "4,061", "yes"]
    lines = repr(result).splitlines()
    assert [re.split(r"\s{2,}", line) for line in lines[1:3]] == [head, row]


def test_a_model_says_what_its_own_columns_are() -> None:
    table = pd.DataFrame({"estimate": [1.5], "euros": [0.25]})
    own = Column("euros", "estimate", "share", "Of all money")
    result = Result("impact", "Money", table, "mean", columns=(own,))
    assert [(c.name, c.kind, c.unit) for c in result.columns] == [
        ("estimate", "estimate", "mean"), ("euros", "estimate", "share"),
    ]  # fmt: skip
    assert cells(result) == [["Mean", "Of all money"], ["1.50", "25.0 %"]]
    assert result.to_dict()["typed"][1] == {
        "name": "euros", "kind": "estimate", "unit": "share", "heading": "Of all money",
    }  # fmt: skip


def test_differences_of_shares_are_in_percentage_points_in_every_row() -> None:
    table = pd.DataFrame({"question": ["a", "b"], "against": ["x", "x"], "estimate": [0.1, 3.0], "unit": ["share", ""]})
    assert cells(Result("comparison", "t", table)) == [
        ["Question", "Against", "Difference"], ["a", "x", "10.0 pp"], ["b", "x", "3.000"],
    ]  # fmt: skip


def test_a_verdict_is_no_question_whatever_a_question_is_called() -> None:
    import pandas as pd

    from cxlab.present import grid
    from cxlab.result import Result

    table = pd.DataFrame({"item": ["real", "other"], "estimate": [0.5, 0.4], "verdict": ["real", "noise"]})
    _, rows = grid(Result("comparison", "t", table, "share", parts={"labels": {"real": "Is it real?"}}))
    assert [(r[0], r[-1]) for r in rows] == [("Is it real?", "real"), ("other", "noise")]


def test_whole_numbers_have_no_decimals_and_labels_are_as_they_are() -> None:
    table = pd.DataFrame({"weeks": [4.0, 13.0], "ratio": [1.0, 1.25], "factor": [1.0, 1.4], "estimate": [0.5, 0.25]})
    shown = Result("clock", "Clock", table, "share", columns=(Column("factor", "label", "", "Factor"),))
    text = repr(shown)
    assert "4.000" not in text and "13.000" not in text and "1.400" not in text
    assert "1.000" in text and "1.250" in text and "1.4" in text
