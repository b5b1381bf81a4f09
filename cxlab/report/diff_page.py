"""`diff_page`: what differs between two reports, or folders of reports, as a page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from cxlab.columns import Column, difference, show, span
from cxlab.models.metrics.main_findings import Message
from cxlab.models.paragraphs import remarks
from cxlab.report import page
from cxlab.report.house_style import Style
from cxlab.result import MIME, Result

FIRST, SAID = 5, 2
"""So many differences are told in words; so many notes of a comparison, its last, say how verdicts come about."""
PLAIN = Style()
COLUMNS = tuple(
    Column(name, "label" if name == "number" else "text", "", heading)
    for name, heading in (
        ("number", "Number"), ("before", "Before"), ("after", "After"), ("change", "Change"), ("interval", "Interval"),
        ("verdict", "Verdict"),
    )
)  # fmt: skip


def diff_page(found: Sequence[Result], before: Path, after: Path, style: Style = PLAIN) -> str:
    """Return the page of what moved: the largest real differences in words, then the numbers of every pair of reports.

    Parameters
    ----------
    found : what `cxlab.report.report_diff.moves` found, one a pair of reports.
    before, after : the folders that were compared, as they were named.
    """
    cells = [new_markdown_cell("# What differs"), _first(found)]
    for result in found:
        cells.append(new_markdown_cell(f"## {page_text(result.title)}"))
        if result.notes[:-SAID]:
            cells.append(_remarks(*result.notes[:-SAID]))
        for title, some in (("What differs for real", _real(result)), ("All other numbers", ~_real(result))):
            if some.any():
                cells.append(_cell(_worded(result, some, title)))
    told = {
        "notebook": "differences", "subject": f"{before} to {after}", "facts": [], "simulated": False, "origin": [],
        "methods": list(dict.fromkeys(r.method for r in found)), "stamp": "",
    }  # fmt: skip
    return page.page(new_notebook(cells=cells), told, style)


def page_text(words: str) -> str:
    """Return words that Markdown leaves as they are."""
    return "".join(f"\\{c}" if c in r"\`*_{}[]()#+-.!|<>$~" else c for c in words)


def _real(result: Result) -> pd.Series:
    return result.table["verdict"].str.startswith("real")


def _size(result: Result) -> pd.Series:
    """How far the end of an interval next to 0 is from it, in widths: what a difference surely is."""
    t = result.table
    return t[["low", "high"]].abs().min(axis=1) / (t["high"] - t["low"])


def _first(found: Sequence[Result]) -> Any:
    """The message: the surest differences over all pairs."""
    rows = pd.concat([r.table.assign(size=_size(r), of=r.title.partition(":")[0])[_real(r)] for r in found])
    total = sum(len(r.table) for r in found)
    rows = rows.sort_values("size", ascending=False)
    lines = [f"{x.of}: {x.number} {_change(x)}, {_levels(x)}" for x in rows.head(FIRST).itertuples()]
    lines = [line if len(found) > 1 else line.partition(": ")[2] for line in lines]
    title = (
        f"{len(rows)} of {total} numbers differ for real" if len(rows) else f"None of {total} numbers differs for real"
    )
    table = pd.DataFrame({"finding": lines})
    cell = _cell(Message("message", title, table, columns=(Column("finding", "text", "", "Finding"),)))
    cell.metadata["tags"] = ["message"]
    return cell


def _cell(result: Result) -> Any:
    data = {"text/html": result._repr_html_(), "text/plain": result.title, MIME: result.to_dict()}
    return new_code_cell("differences", outputs=[new_output("display_data", data=data)])


def _remarks(*lines: str) -> Any:
    data = {"text/html": remarks(*lines)._repr_html_(), "text/plain": "\n".join(lines)}
    return new_code_cell("notes", outputs=[new_output("display_data", data=data)])


def _change(row: Any) -> str:
    unit = difference(row.unit)
    return f"{'+' if row.estimate > 0 else ''}{show(row.estimate, unit)} ({span(row.low, row.high, unit)})"


def _levels(row: Any) -> str:
    return f"from {show(row.before, row.unit)} to {show(row.after, row.unit)}"


def _worded(result: Result, some: pd.Series, title: str) -> Result:
    """Some rows of a comparison, each number in its own unit."""
    rows = []
    for x in result.table[some].itertuples():
        unit = difference(x.unit)
        known = x.low == x.low and x.high == x.high
        rows.append(
            {"number": x.number, "before": show(x.before, x.unit), "after": show(x.after, x.unit),
             "change": f"{'+' if x.estimate > 0 else ''}{show(x.estimate, unit)}",
             "interval": span(x.low, x.high, unit) if known else "", "verdict": x.verdict or "no interval"}
        )  # fmt: skip
    return Result("differences", title, pd.DataFrame(rows), level=result.level, notes=result.notes, columns=COLUMNS)
