"""A deck that people edited takes the numbers of a newer report; what they changed, moved, added or deleted stays."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner
from pptx import Presentation
from pptx.dml.color import RGBColor
from pptx.util import Inches

import cxlab as cx
from cxlab.cli.cmd_report import report as command
from cxlab.problem import DataProblem
from cxlab.report.collect import Made
from cxlab.report.deck_update import tagged, update
from cxlab.report.slides import slides

RUN = {
    "status": "done", "made": "2026-01-01", "cxlab": "0.1.0", "notebook": {"name": "scorecard", "sha256": "0"},
    "parameters": {"study": "s"}, "data": {"rows": 100, "title": "Study"}, "seconds": 1.0,
}  # fmt: skip


def report(shift: float = 0.0, stores: str = "abc", findings: int = 3) -> Made:
    """A report with a chart of stores, one over time, a table of several units and a message."""
    value = lambda x, low, high: {"estimate": x, "low": x - low, "high": x + high, "n": 50}  # noqa: E731
    rows = [{"store": s, **value(10.0 * k + shift, 4, 5)} for k, s in enumerate(stores)]
    waves = [{"wave": f"2025 Q{k}", **value(k + shift, 1, 1), "verdict": "noise"} for k in (1, 2, 3)]
    units = [{"metric": m, "estimate": 0.5 + shift / 100, "low": 0.4, "high": 0.6, "n": 50, "unit": u}
             for m, u in (("CSAT", "share"), ("NPS", "points"))]  # fmt: skip
    told = pd.DataFrame({"finding": [f"finding {k} of {shift:g}" for k in range(findings)]})
    made = {
        "stores.1": cx.Result("metric", "NPS by store", pd.DataFrame(rows), "points"),
        "waves.1": cx.Result("trend", "NPS by wave", pd.DataFrame(waves), "points", parts={"wave": "wave"}),
        "all.1": cx.Result("scorecard", "All metrics", pd.DataFrame(units)),
        "message.1": cx.Result("message", f"Message of {shift:g}", told),
    }
    return Made(Path("r"), RUN, {k: r.to_dict() for k, r in made.items()})


@pytest.fixture
def deck(tmp_path: Path) -> Path:
    slides(report(), tmp_path / "deck.pptx")
    return tmp_path / "deck.pptx"


def shapes(file: Path) -> dict:
    return {tag: shape for tag, shape, _ in tagged(Presentation(str(file)))}


def numbers(shape: Any) -> list[list[float]]:
    return [list(s.values) for s in shape.chart.plots[0].series]


def bars(shape: Any) -> list[str]:
    return shape.chart._chartSpace.xpath(".//c:errBars/c:plus//c:v/text()")


def test_charts_tables_and_untouched_texts_have_the_new_numbers(deck: Path, tmp_path: Path) -> None:
    newer = report(3.0, stores="abcd")
    done = update(deck, newer)
    slides(newer, tmp_path / "fresh.pptx")
    now, fresh = shapes(deck), shapes(tmp_path / "fresh.pptx")
    assert set(now) == set(fresh) and (done.charts, done.tables) == (2, 1)
    assert not (done.edited or done.gone or done.shape or done.absent)
    for tag, shape in fresh.items():
        if getattr(shape, "has_chart", False):
            assert numbers(now[tag]) == numbers(shape) and bars(now[tag]) == bars(shape)
            assert list(now[tag].chart.plots[0].categories) == list(shape.chart.plots[0].categories)
            assert now[tag].chart.value_axis.maximum_scale == shape.chart.value_axis.maximum_scale
            assert now[tag]._element.xpath(".//p:cNvPr")[0].get("descr") == shape._element.xpath(".//p:cNvPr")[0].get(
                "descr"
            )
        elif getattr(shape, "has_table", False):
            assert [c.text for c in now[tag].table.iter_cells()] == [c.text for c in shape.table.iter_cells()]
        else:
            assert now[tag].text_frame.text == shape.text_frame.text, tag
    assert numbers(now["stores.1 chart"]) == [[33.0, 23.0, 13.0, 3.0]]
    assert (deck.parent / "deck.before.pptx").is_file() and update(deck, newer).texts == done.texts


def test_what_people_did_stays(deck: Path) -> None:
    made = Presentation(str(deck))
    front, store, wave, table = made.slides
    chart = next(s for s in store.shapes if s.has_chart)
    chart.left, chart.width = Inches(1), Inches(5)
    chart.chart.plots[0].series[0].format.fill.solid()
    chart.chart.plots[0].series[0].format.fill.fore_color.rgb = RGBColor(1, 2, 3)
    store.shapes.title.text_frame.text = "Our own headline"
    store.shapes.add_textbox(0, 0, Inches(1), Inches(1)).text_frame.text = "a remark"
    order = made.slides._sldIdLst
    order.insert(0, order[2])  # the slide over time comes first
    made.part.drop_rel(order[3].rId)
    order.remove(order[3])  # the table goes
    extra = made.slides.add_slide(made.slide_layouts[6])
    extra.shapes._spTree.append(copy.deepcopy(front.shapes.title._element))
    made.save(str(deck))
    done = update(deck, report(3.0, findings=2))
    now = Presentation(str(deck))
    first, front, store, extra = now.slides
    assert first.shapes.title.text_frame.text.startswith("NPS by wave: no difference")
    moved = next(s for s in store.shapes if s.has_chart)
    assert (moved.left, moved.width) == (Inches(1), Inches(5)) and numbers(moved) == [[23.0, 13.0, 3.0]]
    assert moved.chart.plots[0].series[0].format.fill.fore_color.rgb == RGBColor(1, 2, 3)
    assert store.shapes.title.text_frame.text == "Our own headline"
    assert "a remark" in [s.text_frame.text for s in store.shapes if s.has_text_frame]
    assert done.edited == ["stores.1 title"] and done.absent == ["all.1"] and len(now.slides) == 4
    words = [s.text_frame.text for s in front.shapes if s.has_text_frame]
    assert words[0] == "Message of 3" and "1. finding 0 of 3" in words and not any("finding 2" in w for w in words)
    assert extra.shapes.title.text_frame.text == "Message of 3", "a copy of a slide is updated, too"
    again = update(deck, report(4.0))
    assert again.edited == ["stores.1 title"], "an emptied finding is written again"
    assert "3. finding 2 of 4" in [
        s.text_frame.text for s in Presentation(str(deck)).slides[1].shapes if s.has_text_frame
    ]


def test_what_the_report_no_longer_has_is_left_and_said(deck: Path) -> None:
    newer = report(1.0)
    newer.results.pop("waves.1")
    newer.results["all.1"]["table"].append(dict(newer.results["all.1"]["table"][0]))
    before = numbers(shapes(deck)["waves.1 chart"])
    done = update(deck, newer)
    assert numbers(shapes(deck)["waves.1 chart"]) == before
    assert done.gone == ["waves.1 title", "waves.1 about", "waves.1 chart"] and done.shape == ["all.1 table"]
    assert done.lines()[1].startswith("no longer in the report, and left as it is: waves.1 title")


def test_what_is_no_deck_of_ours_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataProblem, match=r"^there is no deck .*none\.pptx$"):
        update(tmp_path / "none.pptx", report())
    (tmp_path / "bad.pptx").write_bytes(b"PK\x03\x04 no")
    with pytest.raises(DataProblem, match=r"bad\.pptx cannot be opened as a \.pptx \(BadZipFile\); save it anew$"):
        update(tmp_path / "bad.pptx", report())
    Presentation().save(str(tmp_path / "other.pptx"))
    with pytest.raises(DataProblem, match=r"other\.pptx holds no chart, table or text that cxlab made"):
        update(tmp_path / "other.pptx", report())
    two = CliRunner().invoke(command, ["quality", "abc", "airline-survey", "--update", "x.pptx"])
    assert str(two.exception).endswith("and 2 reports are asked for")
    one = CliRunner().invoke(command, ["quality", "abc", "--update", str(tmp_path / "none.pptx")])
    assert str(one.exception).startswith("there is no deck")


def test_a_deck_of_another_study_is_refused_and_not_touched(deck: Path) -> None:
    before, other = deck.read_bytes(), report(stores="xyz")
    for row in other.results["all.1"]["table"]:
        row["metric"] += " of visits"
    with pytest.raises(DataProblem) as problem:
        update(deck, other)
    assert str(problem.value) == (
        f"{deck} is of another study: its charts and tables name 'CSAT', 'NPS', 'a', ..., those of this report "
        "'CSAT of visits', 'NPS of visits', 'x', ...; nothing was changed. Make a deck of its own with "
        "cxlab report ... --to pptx"
    )
    assert deck.read_bytes() == before and not list(deck.parent.glob("*.before.pptx"))
