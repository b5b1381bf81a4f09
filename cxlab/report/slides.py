"""`slides`: a report as PowerPoint: one message and one native chart a slide, the method in the notes."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from lxml import etree
from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.dml.color import RGBColor
from pptx.enum.chart import XL_CHART_TYPE, XL_TICK_LABEL_POSITION
from pptx.enum.text import PP_ALIGN
from pptx.util import Inches, Pt

from cxlab.columns import difference, how_many, named, show, span
from cxlab.report import banner_slides
from cxlab.report.collect import Made, labels, level, method, subject
from cxlab.report.house_style import Style
from cxlab.report.sanitiser import legal
from cxlab.report.workbook import facts, first_message

LISTED = 8
"""Most rows of a table on a slide; longer ones are in the workbook."""

ROWS = 16
"""Most rows that one chart shows; of longer tables the rows with the highest and the lowest estimates."""
FACTOR = {"share": 100.0}
NUMBER = {"share": '0.0" %"', "points": "0.0", "mean": "0.00", "index": "0.0"}
CHART = "http://schemas.openxmlformats.org/drawingml/2006/chart"
INK = "1B2733"
PLAIN = Style()


def slides(report: Made, target: Path, style: Style = PLAIN) -> None:
    """Write ``target`` (.pptx): a title slide, then a slide a result with a chart that can be edited in PowerPoint."""
    report = replace(report, run=legal(report.run), results=legal(report.results))
    deck = Presentation()
    deck.slide_width, deck.slide_height = Inches(13.333), Inches(7.5)
    title_slide(deck, report, style)
    mark = "SIMULATED DATA. " if report.run["data"].get("simulated") else ""
    for result in report.results.values():
        if result.get("kind") == "message":
            continue  # it is the first slide
        if result.get("kind") == "crosstab":
            banner_slides.add(deck, result, style, mark)
        elif rows := charted(result):
            chart_slide(deck, result, rows, style, mark)
        elif rows := listed(result):
            table_slide(deck, result, rows, style, mark)
    deck.save(str(target))


def title_slide(deck: Any, report: Made, style: Style) -> None:
    """Add the first slide: the message and its findings where the report has one; what was asked of which data."""
    slide = deck.slides.add_slide(deck.slide_layouts[6])
    data = report.run["data"]
    told = first_message(report)
    named = report.notebook.replace("-", " ").capitalize()
    if told:
        text(slide, told["title"], (0.9, 1.6, 11.5, 1.3), 36 if len(told["title"]) < 70 else 28, bold=True,
             colour=style.heading)  # fmt: skip
        for k, row in enumerate(told["table"]):
            text(slide, f"{k + 1}. {row['finding']}", (0.9, 3.0 + 0.5 * k, 11.5, 0.5), 18)
    else:
        text(slide, named, (0.9, 2.3, 11.5, 1.2), 44, bold=True, colour=style.heading)
    about = f"{named}: {subject(report)}" if told else subject(report)
    text(slide, about, (0.9, 5.9 if told else 3.5, 11.5, 0.8), 18 if told else 24)
    mark = "SIMULATED DATA: made by a program, no real customers. " if data.get("simulated") else ""
    rows = f"{data['rows']:,} rows. " if isinstance(data.get("rows"), int) else ""
    made = f"{mark}{rows}Made {report.run['made'][:10]} by cxlab {report.run['cxlab']}."
    text(slide, made, (0.9, 6.5 if told else 4.4, 11.5, 0.6), 14)
    if style.logo:
        slide.shapes.add_picture(io.BytesIO(style.logo), Inches(0.9), Inches(0.6), height=Inches(0.9))
    slide.notes_slide.notes_text_frame.text = "\n".join(f"{name}: {said}" for name, said in facts(report))


def result_slide(deck: Any, result: Mapping[str, Any], said: str, about: str, house: Style) -> Any:
    """Add a slide with its message, the line under it, and method and notes below the slide; return the slide."""
    slide = deck.slides.add_slide(deck.slide_layouts[6])
    text(slide, said, (0.6, 0.35, 12.1, 1.1), 26 if len(said) < 100 else 20, bold=True, colour=house.heading)
    text(slide, about, (0.6, 1.35, 12.1, 0.5), 14)
    notes = [f"{method(result)}.", *result["notes"]]
    slide.notes_slide.notes_text_frame.text = "\n".join(notes)
    return slide


def table_slide(
    deck: Any, result: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], house: Style, mark: str
) -> None:
    """Add the slide of a result whose rows have different units: a native table of estimate, interval and n."""
    about = f"{mark}{estimates(result)}"
    slide = result_slide(deck, result, result["title"], about, house)
    box = (Inches(0.6), Inches(1.9), Inches(12.1), Inches(0.5 * (len(rows) + 1)))
    grid = slide.shapes.add_table(len(rows) + 1, 4, *box).table
    for column, width in enumerate((5.5, 2.0, 3.1, 1.5)):
        grid.columns[column].width = Inches(width)
    lines = [("", "Estimate", "Interval", "n")]
    for row in rows:
        unit = row.get("unit") or result.get("unit", "")
        low, high = (math.nan if row.get(k) is None else row[k] for k in ("low", "high"))
        n = how_many(row.get("n"))
        lines.append((name(result, row), show(row["estimate"], unit), span(low, high, unit), n))
    for k, line in enumerate(lines):
        for column, words in enumerate(line):
            fill(grid.cell(k, column), words, head=k == 0, right=column > 0, colour=house.heading)


def fill(cell: Any, words: str, *, head: bool, right: bool, colour: str) -> None:
    """Write one cell of a table: white on the house colour in the head, ink on white below."""
    cell.text = words
    cell.fill.solid()
    cell.fill.fore_color.rgb = RGBColor.from_string(colour[1:].upper() if head else "FFFFFF")
    paragraph = cell.text_frame.paragraphs[0]
    paragraph.alignment = PP_ALIGN.RIGHT if right else PP_ALIGN.LEFT
    paragraph.font.size, paragraph.font.bold = Pt(18), head
    paragraph.font.color.rgb = RGBColor.from_string("FFFFFF" if head else INK)


def chart_slide(
    deck: Any, result: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], house: Style, mark: str
) -> None:
    """Add the slide of a result with a bar chart that can be edited, intervals as error bars."""
    slide = result_slide(deck, result, message(result, rows), mark + caption(result, rows), house)
    unit = result.get("unit", "")
    factor = FACTOR.get(unit, 1.0)
    data = CategoryChartData(number_format=NUMBER.get(unit, "0.00"))
    shown = list(reversed(rows))  # a bar chart draws upwards
    data.categories = [f"{name(result, row)}  {told(result, row['estimate'])}" for row in shown]
    data.add_series("Estimate", [row["estimate"] * factor for row in shown])
    box = (Inches(0.6), Inches(1.9), Inches(12.1), Inches(5.2))
    chart = slide.shapes.add_chart(XL_CHART_TYPE.BAR_CLUSTERED, *box, data).chart
    look(chart, house.accent)
    ends = [row[k] * factor for row in rows for k in ("estimate", "low", "high") if row.get(k) is not None]
    axis = chart.value_axis
    axis.minimum_scale, axis.maximum_scale = min(0.0, 1.05 * min(ends)), max(0.0, 1.05 * max(ends))
    error_bars(chart.plots[0].series[0], shown, factor)


def listed(result: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the rows of a result that a small table can show; none of a long one."""
    rows = [row for row in result.get("table") or () if row.get("estimate") is not None]
    return rows if len(rows) <= LISTED else []


def charted(result: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the rows of a result that a chart can show: one unit, with an estimate; at most `ROWS`."""
    if not result.get("table") or not {"estimate", "low", "high"} <= set(result["columns"]):
        return []
    rows = [row for row in result["table"] if row.get("estimate") is not None]
    if len({row.get("unit") for row in rows}) > 1:
        return []
    if len(rows) > ROWS:
        ranked = sorted(rows, key=lambda row: -row["estimate"])
        kept = [id(row) for row in (*ranked[: ROWS // 2], *ranked[-ROWS // 2 :])]
        rows = [row for row in rows if id(row) in kept]
    return rows


def message(result: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the one sentence of a slide: the verdicts where there are some, else the highest and the lowest."""
    judged = [row for row in result["table"] if row.get("verdict")]
    real = sorted((r for r in judged if r["verdict"].startswith("real")), key=lambda r: -abs(moved(r)))
    if judged and not real:
        noise = sum(row["verdict"].startswith("noise") for row in judged)
        return f"{result['title']}: no difference is real ({noise} noise, of {len(judged) - noise} it cannot tell)"
    if real:
        first = f"{name(result, real[0])} {signed(moved(real[0]), difference(result.get('unit', '')))}"
        more = f", the largest: {first}" if len(real) > 1 else f": {first}"
        count = f"{len(real)} of {len(judged)} differences {'is' if len(real) == 1 else 'are'} real"
        return f"{result['title']}: {count}{more}"
    if len(rows) == 1:
        return f"{result['title']}: {told(result, rows[0]['estimate'])}"
    ranked = sorted(rows, key=lambda row: row["estimate"])
    top, low = ranked[-1], ranked[0]
    return (
        f"{result['title']}: from {told(result, low['estimate'])} ({name(result, low)}) "
        f"to {told(result, top['estimate'])} ({name(result, top)})"
    )


def told(result: Mapping[str, Any], value: float) -> str:
    """Return an estimate in its unit; a comparison's estimates are differences, of shares in percentage points."""
    unit = result.get("unit", "")
    return signed(value, difference(unit)) if "against" in result["columns"] else show(value, unit)


def moved(row: Mapping[str, Any]) -> float:
    """Return the difference that a verdict is about: the change where there is one, else the estimate."""
    found = row.get("change")
    return (row.get("estimate") or 0.0) if found is None else found


def signed(value: float, unit: str) -> str:
    """Return a difference with its sign."""
    return f"{'+' if value > 0 else ''}{show(value, unit)}"


def caption(result: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the line under the message: what the bars are, n, and how many rows are left out."""
    counts = [row["n"] for row in rows if row.get("n") and not isinstance(row["n"], str)]
    n = f"n = {min(counts):,.0f} to {max(counts):,.0f}" if counts and min(counts) != max(counts) else ""
    n = n or (f"n = {counts[0]:,.0f}" if counts else "")
    left = len([r for r in result["table"] if r.get("estimate") is not None]) - len(rows)
    more = f"; {left} rows between the highest and the lowest not shown" if left else ""
    return f"{estimates(result)}{'; ' + n if n else ''}{more}"


def estimates(result: Mapping[str, Any]) -> str:
    """Return what the numbers of a slide are."""
    found = level(result)
    what = "Differences" if "against" in result["columns"] else "Estimates"
    return f"{what} with {found} intervals" if found else f"{what} without intervals"


def name(result: Mapping[str, Any], row: Mapping[str, Any]) -> str:
    """Return the label of a row in words."""
    words = (result.get("parts") or {}).get("labels") or {}
    say = lambda k: named(words.get(str(row[k]), row[k]), words.get(k, k))  # noqa: E731
    said = [say(k) for k in labels(result) if k != "unit"]
    varied = [k for k in labels(result) if len({str(r[k]) for r in result["table"]}) > 1 and k != "unit"]
    return " · ".join(say(k) for k in varied) or " · ".join(said)


def look(chart: Any, accent: str) -> None:
    """Give a chart the look of the reports: no legend, no grid; the values stand with the names."""
    chart.has_legend = chart.has_title = False
    chart.value_axis.visible = chart.value_axis.has_major_gridlines = False
    chart.category_axis.tick_labels.font.size = Pt(13)
    chart.category_axis.tick_label_position = XL_TICK_LABEL_POSITION.LOW
    chart.category_axis.format.line.fill.background()
    plot = chart.plots[0]
    plot.gap_width = 60
    fill = plot.series[0].format.fill
    fill.solid()
    fill.fore_color.rgb = RGBColor.from_string(accent.lstrip("#").upper())


def error_bars(series: Any, rows: Sequence[Mapping[str, Any]], factor: float) -> None:
    """Add the intervals to a bar series as custom error bars (python-pptx has no call for them)."""
    ends = {
        "plus": [(row["high"] - row["estimate"]) * factor if row.get("high") is not None else math.nan for row in rows],
        "minus": [(row["estimate"] - row["low"]) * factor if row.get("low") is not None else math.nan for row in rows],
    }
    tag = lambda name: f"{{{CHART}}}{name}"  # noqa: E731
    bars = etree.Element(tag("errBars"))
    for key, value in (("errBarType", "both"), ("errValType", "cust"), ("noEndCap", "0")):
        etree.SubElement(bars, tag(key), val=value)
    for key, values in ends.items():
        numbers = etree.SubElement(etree.SubElement(bars, tag(key)), tag("numLit"))
        etree.SubElement(numbers, tag("formatCode")).text = "General"
        etree.SubElement(numbers, tag("ptCount"), val=str(len(values)))
        for k, value in enumerate(values):
            if math.isfinite(value):
                etree.SubElement(etree.SubElement(numbers, tag("pt"), idx=str(k)), tag("v")).text = repr(float(value))
    series._element.find(tag("cat")).addprevious(bars)


def text(
    slide: Any, words: str, box: tuple[float, float, float, float], size: int, *, bold: bool = False, colour: str = INK
) -> None:
    """Add a text box at (left, top, width, height) in inches."""
    frame = slide.shapes.add_textbox(*(Inches(v) for v in box)).text_frame
    frame.word_wrap = True
    frame.text = words
    font = frame.paragraphs[0].runs[0].font if words else frame.paragraphs[0].font
    font.size, font.bold, font.name = Pt(size), bold, "Calibri"
    font.color.rgb = RGBColor.from_string(colour.lstrip("#").upper())
