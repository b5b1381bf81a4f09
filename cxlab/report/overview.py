"""`overview`: one self-contained page over all reports of a folder, with search and filters."""

from __future__ import annotations

import math
import os
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import jinja2

from cxlab.columns import how_many, show, span
from cxlab.data.foreign import foreign
from cxlab.languages import speech
from cxlab.languages.message_book import languages
from cxlab.languages.numerals import written_from_right
from cxlab.problem import DataProblem
from cxlab.report.collect import Made, labels, own_words, sorted_out, subject
from cxlab.report.house_style import Style
from cxlab.report.page import TEMPLATES, fact
from cxlab.report.render import said
from cxlab.report.what_changed import ALPHA, Matrix, matrices, of
from cxlab.report.whole_language import named

HEADLINE = "headline"
"""The cell of a notebook whose first result is its headline number; else the first result that has an estimate."""


def overview(folder: Path) -> Path:
    """Write ``folder/index.html`` over the reports under ``folder`` (replaced in one step) and return its path."""
    folder = Path(folder)
    unread, readable = [], []
    for report, why in sorted_out(folder):
        if report:
            try:
                with foreign(str(report.folder / "results.json"), "make the report again"):
                    card(report, folder)
                    list(of(report.results))
                readable.append(report)
                continue
            except DataProblem as problem:
                why = str(problem)
        unread.append(why)
    text = spoken(readable, unread, folder)
    draft = folder / f".index-{uuid.uuid4().hex[:8]}.html"
    try:
        draft.write_text(text, encoding="utf-8")
        os.replace(draft, folder / "index.html")
    finally:
        draft.unlink(missing_ok=True)
    return folder / "index.html"


def spoken(reports: Sequence[Made], unread: Sequence[str], folder: Path) -> str:
    """Return the page in the language that all its reports are in; in English, and why, where that has not all words.

    What reports of several languages stand on is in English.
    """
    asked = {str(r.run["parameters"].get("language") or "en") for r in reports}
    one = asked.pop() if len(asked) == 1 else "en"
    made = matrices(reports)
    for language in dict.fromkeys([one if one in languages() else "en", "en"]):
        own = own_words(reports) if language != "en" else ()
        with speech.speaking(language, own) as missing:
            why = "" if language == one else f"In English: '{one}' has not all words of this page."
            text = page([card(r, folder) for r in reports], unread, [table(m, folder) for m in made], why)
        if not missing:
            break
    return text


def page(
    cards: list[Mapping[str, Any]],
    unread: Sequence[str] = (),
    changed: Sequence[Mapping[str, Any]] = (),
    why: str = "",
) -> str:
    """Return the page; everything that came from data or parameters is escaped; ``why``: why it is in English."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    style = (TEMPLATES / "cxlab" / "report.css").read_text(encoding="utf-8")
    return environment.get_template("overview.html.j2").render(
        say=speech.said,
        named=named,
        language=speech.language(),
        direction="rtl" if speech.language() != "en" and written_from_right(speech.language()) else "",
        why=why,
        cards=cards,
        unread=unread,
        changed=changed,
        style=style,
        notebooks=sorted({c["notebook"] for c in cards}),
        subjects=sorted({c["subject"] for c in cards}),
        verdicts=sorted({v for c in cards for v in c["verdicts"]}),
        failed=sum(c["failed"] for c in cards),
    )


def table(found: Matrix, folder: Path) -> dict[str, Any]:
    """Return a matrix as the page prints it."""
    cells = lambda own: [own.get(metric) for metric in found.columns]  # noqa: E731
    rows = [
        {"link": report.page.relative_to(folder).as_posix(), "subject": card(report, folder)["subject"],
         "cells": [c and {"cell": c, "line": sparkline(list(c.points), 90, 22), "arrow": arrow(c.arrow)}
                   for c in cells(own)]}
        for report, own in found.rows
    ]  # fmt: skip
    arrows = sum(c is not None and c.real for _, own in found.rows for c in cells(own))
    return {"notebook": found.notebook, "columns": list(map(column, found.columns)), "rows": rows, "tests": found.tests,
            "arrows": arrows, "waves": found.waves, "alpha": ALPHA}  # fmt: skip


def column(metric: str) -> str:
    """Return the head of a metric's column in the language of the page: the question as it is, our name of the metric.

    >>> column("Delivery (NPS)")
    'Delivery (NPS)'
    """
    question, mark, metric = metric.rpartition(" (")
    return f"{question}{mark}{speech.said(metric.removesuffix(')'))})" if mark else metric


def arrow(change: str) -> str:
    """Return a change with its arrow, the number as the language of the page writes it."""
    mark, _, size = change.partition(" ")
    return f"{mark} {speech.said(size)}" if size else change


def card(report: Made, folder: Path) -> dict[str, Any]:
    """Return what the page says about one report."""
    data = report.run["data"]
    given = report.run["parameters"]
    settings = {k: v for k, v in given.items() if k not in ("study", "only", "language") and v not in (None, [], "")}
    only = [str(v) for v in (given.get("only") or {}).values()]
    title = data.get("title") or given.get("study", "")
    return {
        "notebook": report.notebook,
        "subject": " · ".join(only) or title,
        "of": subject(report) if only else "",
        "settings": ", ".join(f"{speech.maybe(k)} = {speech.maybe(said(v))}" for k, v in settings.items()),
        "failed": report.failed,
        "cause": (report.run.get("failure") or {}).get("cause", ""),
        "simulated": bool(data.get("simulated")),
        "rows": data.get("rows"),
        "period": fact(data.get("period", ""), Style()),
        "made": report.run["made"][:16].replace("T", " "),
        "link": report.page.relative_to(folder).as_posix(),
        "headline": headline(report.results),
        "line": sparkline(series(report.results, headline(report.results))),
        "verdicts": verdicts(report.results),
    }


def headline(results: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Return name, value, interval and n of the number that the notebook puts first; empty where there is none."""
    standing = lambda key: results[key].get("kind") != "standing"  # noqa: E731
    ranked = sorted(results, key=lambda key: (standing(key), key.partition(".")[0] != HEADLINE, key))
    for key in ranked:
        result = results[key]
        row, name, unit = result, result.get("name", ""), result.get("unit", "")
        if "table" in result:
            if not result["table"] or "estimate" not in result["columns"] or result["kind"] == "crosstab":
                continue
            row, unit = result["table"][0], result["table"][0].get("unit") or unit
            name = " ".join(str(row[k]) for k in labels(result) if k != "unit") or result["title"]
        value = row.get("value", row.get("estimate"))
        if value is not None:
            low, high = (math.nan if row.get(k) is None else row[k] for k in ("low", "high"))
            n = f"n = {how_many(row['n'])}" if row.get("n") else ""
            said = [speech.said(words) for words in (show(value, unit), span(low, high, unit), n)]
            return {"name": speech.maybe(name), **dict(zip(("value", "interval", "n"), said, strict=True))}
    return {}


def series(
    results: Mapping[str, Mapping[str, Any]], shown: Mapping[str, str] = MappingProxyType({})
) -> list[tuple[float, float, float]]:
    """Return (estimate, low, high) over waves of the number ``shown``: the trend that ends in it; [] without one."""
    for cell in (c for _, c in of(results)):
        if not shown or (cell.value, cell.interval) == (shown.get("value"), shown.get("interval")):
            return list(cell.points)
    return []


def sparkline(points: list[tuple[float, float, float]], width: int = 120, height: int = 28) -> str:
    """Return a small SVG of a series with its band of intervals; '' for fewer than two points."""
    if len(points) < 2:
        return ""
    bottom, top = min(p[1] for p in points), max(p[2] for p in points)
    scale = (height - 4) / ((top - bottom) or 1)
    x = [2 + i * (width - 4) / (len(points) - 1) for i in range(len(points))]
    y = lambda v: height - 2 - (v - bottom) * scale  # noqa: E731
    at = lambda k, order: " ".join(f"{x[i]:.1f},{y(points[i][k]):.1f}" for i in order)  # noqa: E731
    forth = range(len(points))
    label = speech.said(f"from {points[0][0]:.4g} to {points[-1][0]:.4g}")
    return (
        f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" aria-label="{label}">'
        f'<polygon points="{at(1, forth)} {at(2, reversed(forth))}" class="band"/>'
        f'<polyline points="{at(0, forth)}" class="line"/></svg>'
    )


def verdicts(results: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return the different verdicts among the results, in alphabetical order."""
    tables = (r["table"] for r in results.values() if r.get("table"))
    return sorted({str(row["verdict"]) for table in tables for row in table if row.get("verdict")})
