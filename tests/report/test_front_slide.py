"""The first slide shows what it says, and bars of what is real are told from bars of what is open."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image
from pptx import Presentation
from pptx.enum.dml import MSO_FILL

from cxlab.report.collect import Made, labels
from cxlab.report.deck_update import updated
from cxlab.report.house_style import Style
from cxlab.report.slides import drawn, slides
from cxlab.result import Result

RUN = {
    "status": "done", "notebook": {"name": "scorecard", "sha256": "a"}, "parameters": {"study": "tracker"},
    "data": {"sha256": "abc", "title": "Tracker", "rows": 180}, "cxlab": "0.1.0", "made": "2026-01-02T03:04:05+00:00",
}  # fmt: skip


def compared(better: str = "up", verdicts: tuple[str, ...] = ("real", "real", "noise", "cannot tell")) -> Result:
    table = pd.DataFrame({
        "brand": ["a", "b", "c", "d"], "against": "rest", "estimate": [20.0, -15.0, 0.5, 6.0],
        "low": [15.0, -20, -1, -2], "high": [25.0, -10, 2, 14], "n": 90, "verdict": verdicts,
    })  # fmt: skip
    return Result("comparison", "NPS by Brand", table, "points", better=better)


def told(result: Result) -> dict:
    rows = pd.DataFrame({"finding": ["a is 20.0 points above the others", "b is below"]})
    parts = {"of": {"kind": result.kind, "title": result.title}, "drawn": True}
    return Result("message", "a is 20.0 points above the others", rows, parts=parts).to_dict()


def made(folder: Path, result: Result) -> Made:
    return Made(folder, RUN, {"groups.1": result.to_dict(), "message.1": told(result)})


def deck(folder: Path, result: Result, style: Style | None = None) -> Presentation:
    return drawn(made(folder, result), *([style] if style else [])).made


def chart_of(slide: object) -> object:
    return next(s.chart for s in slide.shapes if s.has_chart)


def values(chart: object) -> dict[str, list]:
    return {s.name: list(s.values) for s in chart.plots[0].series}


@pytest.mark.parametrize(
    ("better", "bars"),
    [
        ("up", {"real, better": [None, None, None, 20.0], "real, worse": [None, None, -15.0, None]}),
        ("down", {"real, better": [None, None, -15.0, None], "real, worse": [None, None, None, 20.0]}),
        ("none", {"real": [None, None, -15.0, 20.0]}),
    ],
)
def test_bars_of_what_is_real_and_of_what_is_open_are_told_apart(tmp_path: Path, better: str, bars: dict) -> None:
    whole = deck(tmp_path, compared(better))
    open_ = {"noise": [None, 0.5, None, None], "cannot tell": [6.0, None, None, None]}
    for slide in whole.slides:  # the first, which has the message, and the result's own: the same numbers
        chart = chart_of(slide)
        assert values(chart) == bars | open_
        assert chart.has_legend and chart.plots[0].overlap == 100
        looks = {s.name: s.format.fill.type for s in chart.plots[0].series}
        assert {k for k, v in looks.items() if v == MSO_FILL.PATTERNED} == set(open_)
        real = [str(s.format.fill.fore_color.rgb) for s in chart.plots[0].series if s.name in bars]
        assert len(set(real)) == len(bars)
        ends = {s.name: [float(v.text) for v in s._element.iterfind(".//{*}errBars/{*}plus//{*}v")]
                for s in chart.plots[0].series}  # fmt: skip
        assert ends["cannot tell"] == [8.0] and ends["noise"] == [1.5]


def test_estimates_without_verdicts_on_them_have_one_series(tmp_path: Path) -> None:
    plain = Result("metric", "NPS", compared().table.drop(columns=["against", "verdict"]), "points")
    change = Result("standing", "NPS now", compared().table.drop(columns="against").assign(change=1.0), "points")
    other = compared(verdicts=("pays", "pays", "no", "no"))
    for result in (plain, change, other):
        assert [len(s) for s in values(chart_of(deck(tmp_path, result).slides[1])).values()] == [4], result.title


def test_the_first_slide_has_the_chart_beside_its_findings(tmp_path: Path) -> None:
    first = deck(tmp_path, compared()).slides[0]
    (frame,) = [s for s in first.shapes if s.has_chart]
    findings = [s for s in first.shapes if "finding-" in s.name]
    assert first.shapes.title.text_frame.text == "a is 20.0 points above the others" and len(findings) == 2
    assert all(f.left + f.width <= frame.left and f.top >= frame.top for f in findings)
    below = [s for s in first.shapes if s.has_text_frame and s.name.split()[-2] in ("about", "made")]
    assert len(below) == 2 and all(s.top >= frame.top + frame.height for s in below)


def test_numbers_before_and_after_are_no_names() -> None:
    rows = pd.DataFrame({"brand": ["a"], "before": [32.4501361], "after": [25.38], "estimate": [-7.07]})
    assert labels(Result("league_change", "x", rows, "points").to_dict()) == ["brand"]
    words = rows.assign(before="first step", after="last step")
    assert labels(Result("steps", "x", words, "points").to_dict()) == ["brand", "before", "after"]


def png(colour: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (300, 100), colour).save(out, "png")
    return out.getvalue()


def page(folder: Path, colour: str) -> None:
    image = f'<img alt="x" src="data:image/png;base64,{base64.b64encode(png(colour)).decode()}">'
    logo = f'<img src="data:image/png;base64,{base64.b64encode(png("white")).decode()}">'
    style = "<style>.cx-message { color: red }</style>"
    (folder / "index.html").write_text(f'{style}{logo}<div class="text cx-message">x</div>{image}<h2>a</h2>{logo}')


def test_what_no_chart_can_show_has_the_picture_of_the_page_and_updates_with_it(tmp_path: Path) -> None:
    one = Result("gap", "One", pd.DataFrame({"what": ["a"], "estimate": [1.0]}), "points")
    page(tmp_path, "blue")
    before = deck(tmp_path, one)
    (shown,) = [s for s in before.slides[0].shapes if hasattr(s, "image")]
    assert shown.image.blob == png("blue") and abs(shown.width / shown.height - 3) < 0.01
    page(tmp_path, "green")
    done = updated(before, deck(tmp_path, one))
    assert done.charts == 1 and not done.gone
    (shown,) = [s for s in before.slides[0].shapes if hasattr(s, "image")]
    assert shown.image.blob == png("green")


def test_new_verdicts_move_to_the_series_they_belong_to(tmp_path: Path) -> None:
    slides(made(tmp_path, compared()), tmp_path / "x.pptx")
    before = Presentation(str(tmp_path / "x.pptx"))
    later = compared(verdicts=("cannot tell", "real", "noise", "real"))
    assert updated(before, deck(tmp_path, later)).charts == 2
    for slide in before.slides:
        assert values(chart_of(slide))["real, better"] == [6.0, None, None, None]
        assert values(chart_of(slide))["cannot tell"] == [None, None, None, 20.0]
