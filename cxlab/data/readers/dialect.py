"""How the rows of a text file are taken apart: separator, quote, a ``sep=`` line before them; and what broke it."""

from __future__ import annotations

import csv
import itertools
import re
from collections.abc import Iterable
from pathlib import Path

import duckdb

from cxlab.data import engine
from cxlab.data.masking import masked
from cxlab.data.readers import preamble
from cxlab.data.readers.encoding import Utf8
from cxlab.problem import DataProblem

DIALECT = 1000
"""Rows looked at for the separator."""
HEAD = 20
"""Records looked at for header rows and a wrong number of values."""
TOLD = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)
"""The first line by which spreadsheet programs are told the separator."""


def dialect(source: Utf8) -> tuple[str, str, int, str]:
    """Return separator and quote of a file, how many rows stand before its header, and what is said of them."""
    first = _first_line(source)
    if told := TOLD.fullmatch(first):
        return told[1], '"', 1, ""
    try:
        delimiter, quote = duckdb.execute(
            f"select Delimiter, Quote from sniff_csv(?, ignore_errors=true, encoding='utf-8', sample_size={DIALECT})",
            [engine.one_file(source.path)],
        ).fetchall()[0]
    except duckdb.Error:
        delimiter, quote = "", '"'
    whole = _throughout(source, dict.fromkeys((delimiter, *",;\t|")))
    delimiter = whole or delimiter
    for mark in dict.fromkeys((delimiter, *",;\t|")) if first.strip() and not whole else ():
        if mark and (above := _above(source, mark)):
            return mark, "'" if quote == "'" and _single_quoted(source, mark) else '"', *above
    if not delimiter or delimiter not in first:
        delimiter = _counted(first)
    return delimiter, "'" if quote == "'" and _single_quoted(source, delimiter) else '"', 0, ""


def _throughout(source: Utf8, marks: Iterable[str]) -> str:
    """Return the separator by which the first line is names, each another, and all rows have as many; '' if none is."""
    for mark in filter(None, marks):
        with source.path.open(encoding="utf-8-sig", newline="") as file:
            try:
                rows = [r for r in itertools.islice(csv.reader(file, delimiter=mark), HEAD) if r]
            except csv.Error:
                continue
        names = [v.strip() for v in rows[0]] if rows else []
        if len(names) > 1 and all(names) and len(set(names)) == len(names) and {len(r) for r in rows} == {len(names)}:
            return mark
    return ""


def _above(source: Utf8, delimiter: str) -> tuple[int, str] | None:
    """Return how many rows, blank ones too, stand above the header, and what is said of them."""
    with source.path.open(encoding="utf-8-sig", newline="") as file:
        try:
            rows = list(itertools.islice(csv.reader(file, delimiter=delimiter), preamble.MOST + HEAD))
        except csv.Error:
            return None
    k = preamble.lines(rows)
    return (k, preamble.note(rows[:k])) if k else None


def _single_quoted(source: Utf8, delimiter: str) -> bool:
    """Whether the first rows have a value in single quotes and none in double ones: a lone apostrophe is an answer."""
    with source.path.open(encoding="utf-8-sig", newline="") as file:
        rows = [line.rstrip("\r\n") for line in itertools.islice(file, DIALECT)]
    between = re.escape(delimiter)
    single, double = (re.compile(f"(?:^|{between}){q}[^{q}]+{q}(?:{between}|$)") for q in "'\"")
    return any(map(single.search, rows)) and not any(map(double.search, rows))


def _first_line(source: Utf8) -> str:
    with source.path.open(encoding="utf-8-sig", newline="") as file:
        return file.readline()


def _counted(first: str) -> str:
    """Return the separator that the first line has most of; a file of one column has none and gets a comma."""
    return max(",;\t|", key=first.count)


def records(source: Utf8, delimiter: str, quote: str, skip: int) -> list[list[str]]:
    """Return the first records that are not blank."""
    csv.field_size_limit(2**27)
    with source.path.open(encoding="utf-8-sig", newline="") as file:
        reader = itertools.islice(csv.reader(file, delimiter=delimiter, quotechar=quote), skip, None)
        return list(itertools.islice((r for r in reader if any(v.strip() for v in r)), HEAD))


def broken(error: Exception, name: str, path: Path | None = None, quote: str = '"') -> DataProblem:
    """Return what a CSV error of DuckDB means: the line, the column, and what was expected there.

    ``path`` is the file in UTF-8, to look for a quote that is never closed.
    """
    said = str(error)
    if path is not None and (line := _unclosed(path, quote)):
        return DataProblem(
            f"{name}: the quote {quote} that line {line:,} opens is never closed; close it, double it, or export again"
        )
    if "Maximum line size" in said:
        return DataProblem(
            f"{name} has a line longer than 2,000,000 bytes, more than an answer sheet has; is it a table of lines? "
            "Export it again as CSV"
        )
    if "Error when sniffing" in said:
        return DataProblem(f"{name}: no separator fits all of its rows; is it a table? Export it again as CSV")
    lines = [x.strip().removeprefix("Invalid Input Error: ") for x in said.splitlines() if x.strip()] or [repr(error)]
    place = next((", " + x.split("CSV Error on ")[-1].lower() for x in lines if "CSV Error on Line" in x), "")
    causes = ("Error when converting", "Expected Number", "Value with unterminated quote", "Invalid unicode")
    cause = next((x for x in lines if x.startswith(causes)), lines[0]).rstrip(".")
    cause = re.sub(r"to '(BIGINT|DOUBLE|INTEGER)'", "to a number", cause)
    return DataProblem(f"{name}{place}: {masked(cause)}. Correct the file, or declare the column in its codebook")


def _unclosed(path: Path, quote: str) -> int:
    """Return the line whose quote is open when the file ends, 0 where none is."""
    opened = 0
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        for number, line in enumerate(file, 1):
            if line.count(quote) % 2:
                opened = 0 if opened else number
    return opened
