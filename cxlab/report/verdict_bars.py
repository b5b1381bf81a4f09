"""Bars of a slide as the page draws them: what is real in the colour of its side, what is open pale and hatched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pptx.dml.color import RGBColor
from pptx.enum.chart import XL_LEGEND_POSITION
from pptx.enum.dml import MSO_PATTERN
from pptx.util import Pt

from cxlab.plots.style import BAD, EITHER, GOOD, NEUTRAL

ESTIMATE = "Estimate"
COLOURS = {"real, better": GOOD, "real, worse": BAD, "real": EITHER, "noise": NEUTRAL, "cannot tell": NEUTRAL}
"""Kinds of bars and their colours, those of the pictures on the page."""
OPEN = {"noise": MSO_PATTERN.LIGHT_HORIZONTAL, "cannot tell": MSO_PATTERN.WIDE_UPWARD_DIAGONAL}
"""Kinds that are not real: hatched, so that they are told apart without colours, too."""
NOTHING = {"estimate": None, "low": None, "high": None}


def kinds(result: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> list[tuple[str, list[Mapping[str, Any]]]]:
    """Return the series of a chart: each kind with all rows, of which those of other kinds are empty.

    The kinds are the same for every result of its sort, so that new data find the series they belong to. A result
    without verdicts on its estimates has one series.

    >>> rows = [{"estimate": 2.0, "verdict": "real"}, {"estimate": -1.0, "verdict": "cannot tell"}]
    >>> [k for k, _ in kinds({"columns": ["estimate", "verdict"], "better": "up"}, rows)]
    ['real, better', 'real, worse', 'noise', 'cannot tell']
    """
    columns, judged = result["columns"], [row.get("verdict") for row in rows]
    known = all(v in ("", None, "noise", "cannot tell") or str(v).startswith("real") for v in judged)
    if "verdict" not in columns or "change" in columns or not known or not any(judged):
        return [(ESTIMATE, list(rows))]
    better = result.get("better", "none")
    names = ["real"] if better == "none" else ["real, better", "real, worse"]
    found = [kind(row, better) for row in rows]
    return [
        (name, [row if own == name else {**row, **NOTHING} for row, own in zip(rows, found, strict=True)])
        for name in (*names, "noise", "cannot tell")
    ]


def kind(row: Mapping[str, Any], better: str) -> str:
    """Return what kind of bar a difference is.

    >>> kind({"estimate": 2.0, "verdict": "real, but smaller than matters"}, "down")
    'real, worse'
    """
    verdict = str(row.get("verdict") or "cannot tell")
    if not verdict.startswith("real"):
        return verdict
    if better == "none":
        return "real"
    return "real, better" if (row["estimate"] > 0) == (better == "up") else "real, worse"


def told_apart(chart: Any, names: Sequence[str]) -> None:
    """Give each kind its colour or hatch and the chart a legend; one bar stands in each row."""
    plot = chart.plots[0]
    plot.overlap = 100
    chart.has_legend = True
    chart.legend.position, chart.legend.include_in_layout = XL_LEGEND_POSITION.BOTTOM, False
    chart.legend.font.size = Pt(12)
    for series, name in zip(plot.series, names, strict=True):
        colour = RGBColor.from_string(COLOURS[name].lstrip("#").upper())
        fill = series.format.fill
        series.format.line.color.rgb = colour
        if name in OPEN:
            fill.patterned()
            fill.pattern, fill.fore_color.rgb = OPEN[name], RGBColor.from_string("C9D0D6")
            fill.back_color.rgb = RGBColor.from_string("FFFFFF")
            continue
        fill.solid()
        fill.fore_color.rgb = RGBColor.from_string(tinted(COLOURS[name], 0.55))


def tinted(colour: str, part: float = 0.35) -> str:
    """Return a colour mixed with white, of which ``part`` stays.

    >>> tinted("#000000", 0.5)
    '808080'
    """
    parts = [int(colour.lstrip("#")[i : i + 2], 16) for i in (0, 2, 4)]
    return "".join(f"{round(255 + part * (c - 255)):02X}" for c in parts)
