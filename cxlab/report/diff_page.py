"""`diff_page`: what differs between two reports, or folders of reports, as a page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from cxlab.columns import Column, difference, show, span
from cxlab.languages import speech
from cxlab.languages.one_and_many import agreed
from cxlab.models.metrics.main_findings import Message
from cxlab.models.paragraphs import remarks
from cxlab.report import page
from cxlab.report.collect import one, own_words
from cxlab.report.house_style import Style
from cxlab.report.whole_language import need_whole
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
        cells.append(new_markdown_cell(f"## {page_text(speech.said(result.title))}", metadata={"spoken": True}))
        if result.notes[:-SAID]:
            cells.append(_remarks(*result.notes[:-SAID]))
        for title, some in (("What differs for real", _real(result)), ("All other numbers", ~_real(result))):
            if some.any():
                cells.append(_cell(_worded(result, some, title)))
    told = {
        "notebook": "differences", "subject": f"{before} {speech.label('to')} {after}", "facts": [],
        "simulated": False, "origin": [], "methods": list(dict.fromkeys(r.method for r in found)), "stamp": "",
    }  # fmt: skip
    return page.page(new_notebook(cells=cells), told, style)


def spoken(
    found: Sequence[Result], pairs: Sequence[tuple[Path, Path]], language: str | None, before: Path, after: Path
) -> str:
    """Return the page in a language; None is the one that all reports are in, English where they differ.

    Raises
    ------
    DataProblem : there is no such language, or it lacks words of the page.
    """
    reports = [one(folder) for two in pairs for folder in two]
    theirs = {str(r.run["parameters"].get("language") or "en") for r in reports}
    language = language or (theirs.pop() if len(theirs) == 1 else "en")
    with speech.speaking(language, own_words(reports) if language != "en" else ()) as missing:
        made = diff_page(found, before, after)
    need_whole(missing, "the page of differences", language)
    return made


def page_text(words: str) -> str:
    """Return words that Markdown leaves as they are."""
    return "".join(f"\\{c}" if c in r"\`*_{}[]()#+-.!|<>$~" else c for c in words)


def _named(result: Result) -> pd.DataFrame:
    """The table of a comparison with its numbers named in the language of the page."""
    own = zip(result.parts["titles"], result.parts["labels"], strict=True)
    label = lambda words: " | ".join(map(speech.maybe, words.split(" | ")))  # noqa: E731
    return result.table.assign(number=[": ".join(filter(None, (speech.said(t), label(w)))) for t, w in own])


def _real(result: Result) -> pd.Series:
    return result.table["verdict"].str.startswith("real")


def _size(result: Result) -> pd.Series:
    """How far the end of an interval next to 0 is from it, in widths: what a difference surely is."""
    t = result.table
    return t[["low", "high"]].abs().min(axis=1) / (t["high"] - t["low"])


def _first(found: Sequence[Result]) -> Any:
    """The message: the surest differences over all pairs."""
    rows = pd.concat([_named(r).assign(size=_size(r), of=r.title.partition(":")[0])[_real(r)] for r in found])
    total = sum(len(r.table) for r in found)
    rows = rows.sort_values("size", ascending=False)
    lines = [f"{x.number} {_change(x)}, {_levels(x)}" for x in rows.head(FIRST).itertuples()]
    if len(found) > 1:
        lines = [f"{of}: {line}" for of, line in zip(rows["of"], lines, strict=False)]
    title = f"None of {total} numbers differs for real"
    if len(rows):
        title = agreed(f"{len(rows)} of {total} numbers differ for real")
    table = pd.DataFrame({"finding": lines})
    told = Message("message", title, table, columns=(Column("finding", "text", "", "Finding"),))
    with speech.speaking("en"):  # its lines are said by now
        cell = _cell(told)
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
    size, limits = show(row.estimate, unit), span(row.low, row.high, unit)
    return f"{'+' if row.estimate > 0 else ''}{speech.said(size)} ({speech.said(limits)})"


def _levels(row: Any) -> str:
    return speech.said(f"from {show(row.before, row.unit)} to {show(row.after, row.unit)}")


def _worded(result: Result, some: pd.Series, title: str) -> Result:
    """Some rows of a comparison, each number in its own unit."""
    rows = []
    for x in _named(result)[some].itertuples():
        unit = difference(x.unit)
        known = x.low == x.low and x.high == x.high
        rows.append(
            {"number": x.number, "before": show(x.before, x.unit), "after": show(x.after, x.unit),
             "change": f"{'+' if x.estimate > 0 else ''}{show(x.estimate, unit)}",
             "interval": span(x.low, x.high, unit) if known else "", "verdict": x.verdict or "no interval"}
        )  # fmt: skip
    return Result("differences", title, pd.DataFrame(rows), level=result.level, notes=result.notes, columns=COLUMNS)
