"""`slides`: a report as PowerPoint: one message and one native chart a slide, the method in the notes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from lxml import etree
from pptx.chart.data import CategoryChartData
from pptx.dml.color import RGBColor
from pptx.enum.chart import XL_CHART_TYPE, XL_LABEL_POSITION, XL_TICK_LABEL_POSITION
from pptx.enum.text import PP_ALIGN
from pptx.util import Pt

from cxlab.columns import difference, how_many, named, show, span
from cxlab.languages import speech
from cxlab.languages.one_and_many import agreed
from cxlab.present import OURS
from cxlab.report import banner_slides, front_slide, verdict_bars
from cxlab.report.collect import Made, labels, level, method
from cxlab.report.deck import ABOVE, INK, Deck, described
from cxlab.report.house_style import Style
from cxlab.report.sanitiser import legal

LISTED = 8
"""Most rows of a table on a slide; longer ones are in the workbook."""

ROWS = 16
"""Most rows that one chart shows; of longer tables the rows with the highest and the lowest estimates."""
WAVES, SERIES = 24, 4
"""Most waves and lines of a chart over time; of more lines those that changed for certain, the most first."""

LINES = ("#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
"""Colours of the lines after the first, told apart by nearly everybody (Okabe & Ito)."""

FACTOR = {"share": 100.0, "pp": 100.0}
NUMBER = {"share": '0.0" %"', "pp": '0.0" pp"', "points": "0.0", "mean": "0.00", "index": "0.0"}
DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/main"
CHART = "http://schemas.openxmlformats.org/drawingml/2006/chart"
PLAIN = Style()


def slides(report: Made, target: Path, style: Style = PLAIN) -> None:
    """Write ``target`` (.pptx): a title slide, then a slide a result with a chart that can be edited in PowerPoint."""
    target.write_bytes(drawn(report, style).bytes())


def drawn(report: Made, style: Style = PLAIN) -> Deck:
    """Return the slides of a report; what shows a result is named after its place in the notebook."""
    report = replace(report, run=legal(report.run), results=legal(report.results))
    deck = Deck(style)
    deck.tag = "message"
    front_slide.add(deck, report)
    mark = "SIMULATED DATA. " if report.run["data"].get("simulated") else ""
    for place, result in report.results.items():
        deck.tag = place
        if result.get("kind") != "message":  # it is the first slide
            result_slides(deck, result, mark)
    return deck


def result_slides(deck: Deck, result: Mapping[str, Any], mark: str = "") -> None:
    """Add what can be shown of a result: banner tables, a chart, or a small table."""
    if result.get("kind") == "crosstab":
        banner_slides.add(deck, result, mark)
    elif over := in_time(result):
        time_slide(deck, result, over, mark)
    elif rows := charted(result):
        chart_slide(deck, result, rows, mark)
    elif rows := listed(result):
        table_slide(deck, result, rows, mark)


def result_slide(deck: Deck, result: Mapping[str, Any], said: str, about: str) -> Any:
    """Add a slide with its message, the line under it, and method and notes below the slide; return the slide."""
    slide = deck.slide(said)
    deck.text(slide, speech.said(about), (0.6, ABOVE, 12.1, 0.5), 14, "about")
    notes = [speech.noted(words) for words in (f"{method(result)}.", *result["notes"])]
    slide.notes_slide.notes_text_frame.text = "\n".join(notes)
    return slide


def table_slide(deck: Deck, result: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], mark: str) -> None:
    """Add the slide of a result whose rows have different units: a native table of estimate, interval and n."""
    about = f"{mark}{estimates(result)}"
    slide = result_slide(deck, result, speech.said(result["title"]), about)
    box = deck.place((0.6, 1.9, 12.1, 0.5 * (len(rows) + 1)), slide)
    shape = slide.shapes.add_table(len(rows) + 1, 4, *box)
    described(shape, f"{result['title']}: " + agreed(f"{len(rows)} rows with estimate, interval and n"))
    deck.tagged(shape, "table")
    grid = shape.table
    for column, width in enumerate((5.5, 2.0, 3.1, 1.5)):
        grid.columns[column].width = int(box[2] * width / 12.1)
    lines = [("", "Estimate", "Interval", "n")]
    for row in rows:
        unit = row.get("unit") or result.get("unit", "")
        low, high = (math.nan if row.get(k) is None else row[k] for k in ("low", "high"))
        n = how_many(row.get("n"))
        lines.append((name(result, row), show(row["estimate"], unit), span(low, high, unit), n))
    for k, line in enumerate(lines):
        for column, words in enumerate(line):
            said = speech.label(words) if k and column == 0 else speech.said(words)
            fill(grid.cell(k, column), said, head=k == 0, right=column > 0, colour=deck.style.heading)


def fill(cell: Any, words: str, *, head: bool, right: bool, colour: str) -> None:
    """Write one cell of a table: white on the house colour in the head, ink on white below."""
    cell.text = words
    cell.fill.solid()
    cell.fill.fore_color.rgb = RGBColor.from_string(colour[1:].upper() if head else "FFFFFF")
    paragraph = cell.text_frame.paragraphs[0]
    paragraph.alignment = PP_ALIGN.RIGHT if right else PP_ALIGN.LEFT
    paragraph.font.size, paragraph.font.bold = Pt(18), head
    paragraph.font.color.rgb = RGBColor.from_string("FFFFFF" if head else INK)


def chart_slide(deck: Deck, result: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], mark: str) -> None:
    """Add the slide of a result with a bar chart that can be edited, intervals as error bars."""
    said = message(result, rows)
    slide = result_slide(deck, result, speech.said(said), mark + caption(result, rows))
    bars(deck, slide, result, rows, WHOLE)


WHOLE = (0.6, 1.9, 12.1, 5.2)
"""Where the chart of a slide of its own stands, in inches."""


def bars(
    deck: Deck,
    slide: Any,
    result: Mapping[str, Any],
    rows: Sequence[Mapping[str, Any]],
    box: tuple[float, float, float, float],
) -> None:
    """Add a bar chart: a series for what is real and better, real and worse, and open, where there are verdicts."""
    unit = result.get("unit", "")
    factor = FACTOR.get(unit, 1.0)
    data = CategoryChartData(number_format=NUMBER.get(of_estimates(result), "0.00"))
    shown = list(reversed(rows))  # a bar chart draws upwards
    data.categories = [name(result, row) for row in shown]
    kinds = verdict_bars.kinds(result, shown)
    for kind, own in kinds:
        data.add_series(
            speech.said(kind), [None if row["estimate"] is None else plain(row["estimate"], unit) for row in own]
        )
    frame = slide.shapes.add_chart(XL_CHART_TYPE.BAR_CLUSTERED, *deck.place(box, slide), data)
    described(frame, message(result, rows))
    deck.tagged(frame, "chart")
    chart = frame.chart
    look(chart, deck.style.accent)
    values(chart, of_estimates(result), "against" in result["columns"])
    ends = [row[k] * factor for row in rows for k in ("estimate", "low", "high") if row.get(k) is not None]
    axis = chart.value_axis
    axis.minimum_scale, axis.maximum_scale = min(0.0, 1.05 * min(ends)), max(0.0, 1.05 * max(ends))
    for series, (_, own) in zip(chart.plots[0].series, kinds, strict=True):
        error_bars(series, own, factor)
    if len(kinds) > 1:
        verdict_bars.told_apart(chart, [kind for kind, _ in kinds])


def in_time(result: Mapping[str, Any]) -> list[list[Mapping[str, Any]]]:
    """Return the rows of a result over waves as series of at most `WAVES`, the last ones; [] for any other result."""
    wave = (result.get("parts") or {}).get("wave")
    rows = [r for r in result.get("table") or () if r.get("estimate") is not None]
    if not isinstance(wave, str) or wave not in (result.get("columns") or ()) or "verdict" not in result["columns"]:
        return []
    if len({r.get("unit") for r in rows}) > 1 or not {"low", "high"} <= set(result["columns"]):
        return []
    waves = list(dict.fromkeys(r[wave] for r in rows))[-WAVES:]
    series: dict[str, list[Mapping[str, Any]]] = {}
    others = [k for k in labels(result) if k not in (wave, "unit")]
    for row in rows:
        series.setdefault("\0".join(str(row[k]) for k in others), []).append(row)
    found = [[r for r in own if r[wave] in waves] for own in series.values()]
    whole = all([r[wave] for r in own] == waves for own in found)
    if not whole or len(waves) < 2:
        return []
    moves = lambda own: max((abs(moved(r)) for r in own if r["verdict"].startswith("real")), default=0.0)  # noqa: E731
    ranked = sorted(found, key=lambda own: (-moves(own), found.index(own)))[:SERIES]
    return [own for own in found if any(own is one for one in ranked)]


def time_slide(deck: Deck, result: Mapping[str, Any], series: list[list[Mapping[str, Any]]], mark: str) -> None:
    """Add the slide of a result over waves: a line a series that can be edited, time from left to right."""
    rows = [row for own in series for row in own]
    said, wave = message(result, rows), result["parts"]["wave"]
    several = len({tuple(str(r[k]) for k in labels(result) if k not in (wave, "unit")) for r in result["table"]})
    left = f"; the {len(series)} of {several} lines that changed most" if several > len(series) else ""
    slide = result_slide(deck, result, speech.said(said), f"{mark}{estimates(result)}{left}")
    lines(deck, slide, result, series, WHOLE)


def lines(
    deck: Deck,
    slide: Any,
    result: Mapping[str, Any],
    series: list[list[Mapping[str, Any]]],
    box: tuple[float, float, float, float],
) -> None:
    """Add a chart over waves: a line a series, time from left to right."""
    rows = [row for own in series for row in own]
    said, wave = message(result, rows), result["parts"]["wave"]
    unit = result.get("unit", "")
    factor = FACTOR.get(unit, 1.0)
    data = CategoryChartData(number_format=NUMBER.get(of_estimates(result), "0.00"))
    data.categories = [name({**result, "columns": [wave]}, {wave: row[wave]}) for row in series[0]]
    for own in series:
        rest = {**result, "columns": [k for k in result["columns"] if k != wave]}
        data.add_series(name(rest, own[0]) or speech.said("Estimate"),
                        [plain(row["estimate"], unit) for row in own])  # fmt: skip
    frame = slide.shapes.add_chart(XL_CHART_TYPE.LINE_MARKERS, *deck.place(box, slide), data)
    described(frame, said)
    deck.tagged(frame, "chart")
    look(frame.chart, deck.style.accent)
    frame.chart.has_legend = len(series) > 1
    if len(series) == 1:
        values(frame.chart, unit, False)
    ends = [row[k] * factor for row in rows for k in ("low", "high") if row.get(k) is not None]
    room = 0.05 * (max(ends) - min(ends) or 1.0)
    frame.chart.value_axis.minimum_scale, frame.chart.value_axis.maximum_scale = min(ends) - room, max(ends) + room
    for own, line in zip(series, frame.chart.plots[0].series, strict=True):
        error_bars(line, own, factor)


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
    return rows if len(rows) > 1 else []  # one bar says less than its number


def message(result: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the one sentence of a slide: the verdicts where there are some, else the highest and the lowest."""
    judged = [row for row in result["table"] if row.get("verdict")]
    real = sorted((r for r in judged if r["verdict"].startswith("real")), key=lambda r: -abs(moved(r)))
    what = "change" if "change" in result["columns"] else "difference"
    if judged and not real:
        noise = sum(row["verdict"].startswith("noise") for row in judged)
        told_apart = [f"{noise} smaller than matters"] if noise else []
        told_apart += [f"{len(judged) - noise} that these data cannot tell"] if len(judged) > noise else []
        return f"{result['title']}: no {what} is real ({', '.join(told_apart)})"
    if real:
        first = f"{name(result, real[0])} {signed(moved(real[0]), difference(result.get('unit', '')))}"
        more = f", the largest: {first}" if len(real) > 1 else f": {first}"
        count = f"{len(real)} of {len(judged)} {what}s {'is' if len(real) == 1 else 'are'} real"
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
    unit = of_estimates(result)
    return signed(value, unit) if "against" in result["columns"] else show(value, unit)


def of_estimates(result: Mapping[str, Any]) -> str:
    """Return the unit of the numbers that a chart shows: of a comparison that of differences.

    >>> of_estimates({"unit": "share", "columns": ["brand", "against", "estimate"]})
    'pp'
    """
    unit = result.get("unit", "")
    return difference(unit) if "against" in result["columns"] else unit


def plain(value: float, unit: str) -> float:
    """Return a number as a chart holds it; what prints as zero is zero, so that no bar says -0.0.

    >>> plain(0.25, "share"), plain(-0.0004, "share"), plain(-0.06, "points")
    (25.0, 0.0, -0.06)
    """
    held = value * FACTOR.get(unit, 1.0)
    return held if round(held, NUMBER.get(unit, "0.00").count("0") - 1) else 0.0


def moved(row: Mapping[str, Any]) -> float:
    """Return the difference that a verdict is about: the change where there is one, else the estimate."""
    found = row.get("change")
    return (row.get("estimate") or 0.0) if found is None else found


def signed(value: float, unit: str) -> str:
    """Return a difference with its sign."""
    said = show(value, unit)
    return f"{'+' * (value > 0 and said != show(0.0, unit))}{said}"


def caption(result: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the line under the message: what the bars are, n, and how many rows are left out."""
    counts = [row["n"] for row in rows if row.get("n") and not isinstance(row["n"], str)]
    n = f"n = {min(counts):,.0f} to {max(counts):,.0f}" if counts and min(counts) != max(counts) else ""
    n = n or (f"n = {counts[0]:,.0f}" if counts else "")
    left = len([r for r in result["table"] if r.get("estimate") is not None]) - len(rows)
    more = agreed(f"; {left} rows between the highest and the lowest not shown") if left else ""
    return f"{estimates(result)}{'; ' + n if n else ''}{more}"


def estimates(result: Mapping[str, Any]) -> str:
    """Return what the numbers of a slide are."""
    found = level(result)
    what = "Differences" if "against" in result["columns"] else "Estimates"
    return f"{what} with {found} intervals" if found else f"{what} without intervals"


def name(result: Mapping[str, Any], row: Mapping[str, Any]) -> str:
    """Return the label of a row in words."""
    words = (result.get("parts") or {}).get("labels") or {}
    spoken = lambda k: speech.said if k in OURS else speech.label  # noqa: E731
    say = lambda k: spoken(k)(named(words.get(str(row[k]), row[k]), words.get(k, k)))  # noqa: E731
    said = [say(k) for k in labels(result) if k != "unit"]
    varied = [k for k in labels(result) if len({str(r[k]) for r in result["table"]}) > 1 and k != "unit"]
    return " · ".join(say(k) for k in varied) or " · ".join(said)


def look(chart: Any, accent: str) -> None:
    """Give a chart the look of the reports: no legend, no grid, bars in a tint on which values can be read."""
    chart.has_legend = chart.has_title = False
    chart.value_axis.visible = chart.value_axis.has_major_gridlines = False
    chart.category_axis.tick_labels.font.size = Pt(13)
    chart.category_axis.tick_label_position = XL_TICK_LABEL_POSITION.LOW
    chart.category_axis.format.line.fill.background()
    plot, colours = chart.plots[0], (accent, *LINES)
    if hasattr(plot, "gap_width"):
        plot.gap_width = 60
    for series, colour in zip(plot.series, colours, strict=False):
        series.format.line.color.rgb = RGBColor.from_string(colour.lstrip("#").upper())
        if hasattr(series, "smooth"):
            series.smooth = False
            series.marker.format.fill.solid()
            series.marker.format.fill.fore_color.rgb = RGBColor.from_string(colour.lstrip("#").upper())
        else:
            series.format.fill.solid()
            series.format.fill.fore_color.rgb = RGBColor.from_string(verdict_bars.tinted(colour))


def values(chart: Any, unit: str, signed: bool) -> None:
    """Write the value of every bar or point on it, as numbers that follow the data when these are edited."""
    number = NUMBER.get(unit, "0.00")
    if signed:
        number = f"+{number};-{number};{number}"
    plot = chart.plots[0]
    plot.has_data_labels = True
    labels = plot.data_labels
    labels.number_format, labels.number_format_is_linked = number, False
    labels.show_value, labels.font.size = True, Pt(13)
    line = hasattr(plot.series[0], "smooth")
    labels.position = XL_LABEL_POSITION.RIGHT if line else XL_LABEL_POSITION.INSIDE_BASE


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
    drawn = etree.SubElement(etree.SubElement(bars, tag("spPr")), f"{{{DRAWING}}}ln", w="9525")
    etree.SubElement(etree.SubElement(drawn, f"{{{DRAWING}}}solidFill"), f"{{{DRAWING}}}srgbClr", val="8A96A1")
    series._element.find(tag("cat")).addprevious(bars)
