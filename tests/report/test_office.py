"""A report as a workbook and as slides: the same numbers, the method beside them, nothing that runs."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from pptx import Presentation

from cxlab.report.collect import Made, method
from cxlab.report.slides import caption, message, slides
from cxlab.report.workbook import workbook
from cxlab.result import Result

TABLE = pd.DataFrame({
    "brand": ["=1+1", "Brio"], "estimate": [0.5, 0.25], "low": [0.4, 0.2], "high": [0.6, 0.3], "n": [100, 80],
})  # fmt: skip


@pytest.fixture
def report(tmp_path: Path) -> Made:
    result = Result("metric", "Share: [who] comes back?", TABLE, "share", method="Wilson", notes=("a caveat",))
    run = {
        "status": "done", "notebook": {"name": "scorecard", "sha256": "a"}, "parameters": {"study": "tracker"},
        "data": {"sha256": "abc", "title": "Tracker", "rows": 180, "simulated": True,
                 "dropped": [{"reason": "duplicates", "rows": 3}]},
        "cxlab": "0.1.0", "made": "2026-01-02T03:04:05+00:00",
    }  # fmt: skip
    return Made(tmp_path, run, {"a.1": result.to_dict(), "b.1": result.to_dict()})


def test_the_workbook_holds_every_number(report: Made, tmp_path: Path):
    workbook(report, tmp_path / "x.xlsx")
    book = openpyxl.load_workbook(tmp_path / "x.xlsx")
    assert book.sheetnames == ["About", "Share   who  comes back", "Share   who  comes back 2"]
    rows = list(book.worksheets[1].values)
    assert rows[0][:5] == ("Brand", "Share", "Low", "High", "n")
    assert rows[1][:5] == ("=1+1", 0.5, 0.4, 0.6, 100)
    assert book.worksheets[1]["A2"].data_type == "s"
    assert book.worksheets[1]["B2"].number_format == "0.0%"
    assert rows[4][:1] == ("Method: Wilson; intervals at 95%",)
    about = dict(row[:2] for row in book["About"].values)
    assert about["Left out"] == "3 duplicates"
    assert about["SIMULATED"] == "made by a program, no real customers"


def test_the_workbook_calls_questions_by_their_words(tmp_path: Path):
    table = pd.DataFrame({"item": ["q2_1", "q2_2"], "estimate": [0.5, 0.25], "low": [0.4, 0.2], "high": [0.6, 0.3]})
    result = Result("metric", "CSAT", table, "share", parts={"labels": {"q2_1": "Opening hours", "q2_2": "=Staff"}})
    run = {"status": "done", "notebook": {"name": "n", "sha256": ""}, "parameters": {}, "data": {}, "cxlab": "0",
           "made": "2026-01-31T12:00:00+00:00"}  # fmt: skip
    workbook(Made(tmp_path, run, {"a.1": result.to_dict()}), tmp_path / "x.xlsx")
    (sheet,) = openpyxl.load_workbook(tmp_path / "x.xlsx").worksheets[1:]
    assert [sheet["A2"].value, sheet["A3"].value, sheet["A3"].data_type] == ["Opening hours", "=Staff", "s"]
    assert sheet._charts[0].anchor._from.row > 3 and sheet._charts[0].anchor._from.col == 0  # or its print is tiny


def test_long_findings_do_not_stand_upon_each_other_on_the_first_slide(report: Made, tmp_path: Path):
    for long in ("short", "A sentence of many words that goes on " * 4):
        table = pd.DataFrame({"finding": [f"{k} {long}" for k in range(5)]})
        told = Result("message", "It is so", table).to_dict()
        slides(Made(report.folder, report.run, {"m.1": told, **report.results}), tmp_path / "x.pptx")
        first = Presentation(tmp_path / "x.pptx").slides[0]
        boxes = [s for s in first.shapes if "finding-" in s.name or s.name.split()[-2] in ("about", "made")]
        assert len(boxes) == 7
        for above, below in zip(boxes, boxes[1:], strict=False):
            size = above.text_frame.paragraphs[0].runs[0].font.size.inches
            letters = 0.5 * size  # the width of a letter
            lines = -(-len(above.text_frame.text) * letters // (above.width / 914400))
            assert above.top / 914400 + 1.2 * size * lines < below.top / 914400 + 0.05


def test_no_level_is_claimed_where_no_interval_is(tmp_path: Path):
    table = pd.DataFrame({"check": ["duplicates"], "estimate": [3.0]})
    result = Result("quality", "Checks", table, method="rows that are equal").to_dict()
    assert method(result) == "Method: rows that are equal"
    assert caption(result, result["table"]) == "Estimates without intervals"


def test_the_slides_have_native_charts_with_intervals(report: Made, tmp_path: Path):
    slides(report, tmp_path / "x.pptx")
    deck = Presentation(tmp_path / "x.pptx")
    assert len(deck.slides) == 3
    assert "SIMULATED DATA" in " ".join(s.text_frame.text for s in deck.slides[0].shapes if s.has_text_frame)
    slide = deck.slides[1]
    chart = next(s.chart for s in slide.shapes if s.has_chart)
    assert list(chart.plots[0].categories) == ["Brio", "=1+1"]
    assert list(chart.plots[0].series[0].values) == [25.0, 50.0]
    assert chart.plots[0].data_labels.show_value and chart.plots[0].data_labels.number_format == '0.0" %"'
    assert slide.shapes.title.text_frame.text == slide.shapes[0].text_frame.text
    points = [v.text for v in chart._chartSpace.iterfind(".//{*}errBars/{*}plus//{*}v")]
    assert [float(p) for p in points] == pytest.approx([5.0, 10.0])
    assert chart.value_axis.minimum_scale == 0
    assert slide.shapes[0].text_frame.text == "Share: [who] comes back?: from 25.0 % (Brio) to 50.0 % (=1+1)"
    assert slide.notes_slide.notes_text_frame.text == "Method: Wilson; intervals at 95%.\na caveat"


def test_differences_of_shares_are_percentage_points_on_slides():
    table = pd.DataFrame({
        "g": [3], "against": ["rest"], "estimate": [-0.246], "low": [-0.4], "high": [-0.05], "n": [34],
        "verdict": ["real"],
    })  # fmt: skip
    parts = {"labels": {"g": "Occupation"}}
    result = Result("comparison", "CSAT by Occupation", table, "share", parts=parts).to_dict()
    assert (
        message(result, result["table"])
        == "CSAT by Occupation: 1 of 1 differences is real: Occupation 3 · rest −24.6 pp"
    )
    assert caption(result, result["table"]) == "Differences with 95% intervals; n = 34"


def test_the_workbook_has_native_charts_and_links(report: Made, tmp_path: Path):
    workbook(report, tmp_path / "x.xlsx")
    book = openpyxl.load_workbook(tmp_path / "x.xlsx")
    links = [(c.value, c.hyperlink.location) for c in book["About"]["B"] if c.hyperlink]
    shown = [r for r in report.results.values() if r.get("table") and r["kind"] != "message"]
    assert [title for title, _ in links] == [r["title"] for r in shown]
    drawn = [(sheet, sheet._charts[0]) for sheet in book if sheet._charts]
    assert drawn
    named = {place.split("!")[0].strip("'"): title for title, place in links}
    assert set(named) <= set(book.sheetnames)
    for sheet, chart in drawn:
        result = next(r for r in shown if r["title"] == named[sheet.title])
        column = openpyxl.utils.get_column_letter(result["columns"].index("estimate") + 1)
        (series,) = chart.series
        rows = result["table"]
        assert series.val.numRef.f.split("!")[1] == f"${column}$2:${column}${len(rows) + 1}"
        bars = series.errBars
        assert [float(p.v) for p in bars.plus.numLit.pt] == pytest.approx([r["high"] - r["estimate"] for r in rows])
        assert [float(p.v) for p in bars.minus.numLit.pt] == pytest.approx([r["estimate"] - r["low"] for r in rows])
    assert book[drawn[0][0].title].page_setup.orientation == "landscape"
