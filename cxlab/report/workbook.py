"""`workbook`: all tables of a report as one tidy Excel file, numbers as numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import xlsxwriter

from cxlab.columns import ROW, Column
from cxlab.languages import speech
from cxlab.languages.numerals import written_from_right
from cxlab.present import spoken, spoken_heading
from cxlab.report import banner_sheets, sheet_charts
from cxlab.report.collect import Made, labels, method, subject
from cxlab.report.sanitiser import legal
from cxlab.report.whole_language import named

FORMATS = {"share": "0.0%", "points": "0.0", "mean": "0.00", "index": "0.0", "pp": "0.0%", "": "0.000"}
TEXT = {"strings_to_formulas": False, "strings_to_urls": False, "nan_inf_to_errors": True}
"""What comes from data is written as it is."""

HEAD = {"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"}
NAME = 31
"""Longest name of a sheet that Excel takes."""


def workbook(report: Made, target: Path) -> None:
    """Write ``target`` (.xlsx): a sheet about the run, then one sheet a table, one row a number.

    Text from data is written as text, so that a label that begins with '=' is no formula.
    """
    report = replace(report, run=legal(report.run), results=legal(report.results))
    book = xlsxwriter.Workbook(str(target), TEXT)
    bold = book.add_format(HEAD)
    sheets = Sheets(book)
    if told := first_message(report):
        findings(book, sheets.add(speech.said("Findings")), told)
    about = sheets.add(speech.said("About"))
    printed_whole(about)
    about.set_column(0, 0, 22)
    about.set_column(1, 1, 90, book.add_format({"text_wrap": True, "valign": "top"}))
    for k, (name, text) in enumerate(facts(report)):
        about.write_string(k, 0, name, book.add_format({"bold": True, "valign": "top"}))
        about.write_string(k, 1, text)
    linked: list[tuple[str, str]] = []
    for result in report.results.values():
        first = len(sheets.taken)
        if result.get("table") and result.get("kind") == "crosstab":
            banner_sheets.write(book, sheets, result)
        elif result.get("table") and result.get("kind") != "message":
            write(book, sheets.add(speech.said(result["title"])), result, bold)
        linked += [(speech.said(result["title"]), sheet.get_name()) for sheet in book.worksheets()[first : first + 1]]
    contents(book, about, linked, len(facts(report)) + 1)
    if speech.language() != "en" and written_from_right(speech.language()):
        for sheet in book.worksheets():
            sheet.right_to_left()
    book.close()


def contents(book: xlsxwriter.Workbook, about: Any, linked: list[tuple[str, str]], row: int) -> None:
    """Write the tables of the book with a link to the sheet of each, below the facts."""
    link = book.add_format({"font_color": "#0B5394", "underline": 1})
    about.write_string(row, 0, speech.said("Tables"), book.add_format({"bold": True, "valign": "top"}))
    for k, (title, name) in enumerate(linked):
        about.write_url(row + k, 1, f"internal:'{name}'!A1", link, title)


def first_message(report: Made) -> Mapping[str, Any] | None:
    """Return the message of a report as a result, None where it has none."""
    return next((r for r in report.results.values() if r.get("kind") == "message"), None)


def findings(book: xlsxwriter.Workbook, sheet: Any, told: Mapping[str, Any]) -> None:
    """Write the message and its findings on the first sheet."""
    printed_whole(sheet)
    sheet.set_column(0, 0, 4)
    sheet.set_column(1, 1, 110)
    sheet.write_string(0, 0, speech.said(told["title"]), book.add_format({"bold": True, "font_size": 16}))
    for k, row in enumerate(told["table"]):
        sheet.write_number(k + 2, 0, k + 1)
        sheet.write_string(k + 2, 1, speech.said(row["finding"]), book.add_format({"text_wrap": True, "valign": "top"}))
    grey = book.add_format({"font_color": "#51606e"})
    for k, text in enumerate((told["method"], *told["notes"])):
        sheet.write_string(len(told["table"]) + 3 + k, 1, speech.noted(text), grey)


def write(book: xlsxwriter.Workbook, sheet: Any, result: Mapping[str, Any], bold: Any) -> None:
    """Write one result: its table with a filter and, where one can be read, its chart; then method and notes."""
    names, typed = result["columns"], result["typed"]
    columns, words = [Column(**c) for c in typed], (result.get("parts") or {}).get("labels") or {}
    sheet.set_row(0, 30)  # two lines
    for column, name in enumerate(names):
        sheet.write_string(0, column, spoken_heading(columns[column], words), bold)
        sheet.set_column(column, column, 28 if name in labels(result) else 12)
    for k, row in enumerate(result["table"], 1):
        for column, name in enumerate(names):
            value = row.get(name)
            if isinstance(value, (int, float)) and not isinstance(value, bool):
                sheet.write_number(k, column, value, book.add_format({"num_format": shape(typed[column], row)}))
            elif value is not None:
                own = words.get(str(value), value) if columns[column].kind == "label" else value
                sheet.write_string(k, column, spoken(str(own), columns[column]))
    sheet.autofilter(0, 0, len(result["table"]), max(len(names) - 1, 0))
    sheet.freeze_panes(1, len(labels(result)))
    printed_whole(sheet)
    sheet.repeat_rows(0)
    sheet_charts.chart(book, sheet, result, FORMATS.get(result.get("unit", ""), FORMATS[""]))
    letters = sum(28 if name in labels(result) else 12 for name in names)
    below(
        book, sheet, len(result["table"]) + 2, [method(result), *result["notes"]], columns=len(names), letters=letters
    )


def below(book: xlsxwriter.Workbook, sheet: Any, row: int, texts: list[str], *, columns: int, letters: int) -> None:
    """Write method and notes below a table, each in lines as wide as the table, so that they do not widen its print."""
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    for k, text in enumerate(map(speech.noted, texts)):
        if columns > 1:
            sheet.merge_range(row + k, 0, row + k, columns - 1, "", wrapped)
        sheet.write_string(row + k, 0, text, wrapped)
        sheet.set_row(row + k, 15 * -(-len(text) // max(letters, 1)))


def printed_whole(sheet: Any) -> None:
    """Print a sheet of text on pages as wide as it is."""
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)


def shape(column: Mapping[str, str], row: Mapping[str, Any]) -> str:
    """Return Excel's format of a number in a column."""
    unit = row.get("unit") or "" if column["unit"] == ROW else column["unit"]
    by_kind = {"count": "#,##0", "rank": "0", "share": "0.0%", "probability": "0.00", "p": "0.000"}
    return by_kind.get(column["kind"]) or FORMATS.get(unit, FORMATS[""])


def facts(report: Made) -> list[tuple[str, str]]:
    """Return what a reader must know of the run: name and text."""
    data, run = report.run["data"], report.run
    dropped = "; ".join(f"{d['rows']:,} {d['reason']}" for d in data.get("dropped", ())) or "none"
    given = {k: value_of(v) for k, v in run["parameters"].items() if k != "language"}
    design = ", ".join(speech.maybe(f"{k} {v}") for k, v in data.get("design", {}).items())
    rows = [
        ("Report", f"{named(report.notebook)}: {subject(report)}"),
        ("Data", f"{run['parameters'].get('study', '')}, sha256 {data.get('sha256') or 'no file'}"),
        ("Rows", f"{data.get('rows', 'not known')}"),
        ("Left out", dropped),
        ("Design", design or "simple random sample, no weights"),
        ("Parameters", ", ".join(f"{speech.maybe(k)} = {v}" for k, v in given.items())),
        ("cxlab", run["cxlab"]),
        ("Source", f"{data.get('source', '')} {data.get('licence', '')}".strip()),
    ]
    rows = [("SIMULATED", "made by a program, no real customers"), *rows] if data.get("simulated") else rows
    return [(speech.said(name), speech.maybe(text)) for name, text in rows]


def value_of(value: Any) -> str:
    """Return a parameter's value in the language of the report, where it is a word of ours.

    >>> value_of(["columns", "rest"]), value_of({"brand": "Alba"}), value_of(0.95)
    ('columns, rest', "{'brand': 'Alba'}", '0.95')
    """
    return ", ".join(map(speech.maybe, map(str, value))) if isinstance(value, list) else speech.maybe(str(value))


class Sheets:
    """Adds sheets under names that Excel takes: short, without its forbidden characters, each once."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        self.book, self.taken = book, set()

    def add(self, title: str) -> Any:
        name = re.sub(r"[\[\]:*?/\\']", " ", title).strip()[:NAME] or "Table"
        k = 1
        while name.lower() in self.taken:
            k += 1
            name = f"{name[: NAME - 4].rstrip()} {k}"
        self.taken.add(name.lower())
        return self.book.add_worksheet(name)
