"""Native charts on the sheets of a workbook: bars (waves: a line) of the cells above them, with intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cxlab.languages import speech
from cxlab.report.collect import labels

MOST = 40
"""A chart of more rows cannot be read."""
BAR, LINE, GREY = "#9DBFD6", "#005A8F", "#8A96A1"


def chart(book: Any, sheet: Any, result: Mapping[str, Any], formats: str) -> bool:
    """Put the chart of a result below its table on a sheet; return whether there is one.

    Parameters
    ----------
    book, sheet : the workbook and the sheet, whose first row are the heads.
    formats : Excel's format of the estimates.
    """
    from cxlab.report.slides import in_time, message

    rows, names = result["table"], result["columns"]
    if not {"estimate", "low", "high"} <= set(names) or not 2 <= len(rows) <= MOST:
        return False
    if len({r.get("unit") for r in rows}) > 1 or any(r.get("estimate") is None for r in rows):
        return False
    called = [names.index(k) for k in labels(result) if k != "unit"]
    if not called or called != list(range(called[0], called[0] + len(called))):
        return False
    lines, value = in_time(result), names.index("estimate")
    one = len(lines) == 1
    made = book.add_chart({"type": "line" if one else "bar"})
    place = sheet.get_name()
    series: dict[str, Any] = {
        "categories": [place, 1, called[0], len(rows), called[-1]],
        "values": [place, 1, value, len(rows), value],
        "name": [place, 0, value],
        "y_error_bars" if one else "x_error_bars": _bars(rows),
    }
    series |= {"line": {"color": LINE}, "marker": {"type": "circle"}} if one else {"fill": {"color": BAR}, "gap": 60}
    made.add_series(series)
    made.set_legend({"none": True})
    made.set_title({"name": speech.said(result["title"]), "overlay": False, "name_font": {"size": 12}})
    made.set_x_axis({"num_format": formats, "major_gridlines": {"visible": False}} if not one else {})
    made.set_y_axis({"num_format": formats} if one else {"reverse": True, "label_position": "low"})
    made.set_size({"width": 640, "height": 120 + (260 if one else 26 * len(rows))})
    said = speech.said(message(result, rows))
    below = len(result["table"]) + len(result["notes"]) + 5  # beside the table it would make the print of both small
    sheet.insert_chart(below, 0, made, {"description": said, "object_position": 2})
    return True


def _bars(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The intervals as error bars; none where a limit is not known."""
    ends = [(r["high"], r["low"], r["estimate"]) for r in rows]
    return {
        "type": "custom",
        "plus_values": [h - e if h is not None else 0 for h, _, e in ends],
        "minus_values": [e - low if low is not None else 0 for _, low, e in ends],
        "line": {"color": GREY},
    }
