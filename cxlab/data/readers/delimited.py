"""CSV and TSV: encoding, dialect and column types are detected and said; large files are scanned lazily by DuckDB."""

from __future__ import annotations

import csv
import itertools
import re
from collections.abc import Collection, Sequence
from pathlib import Path

import duckdb

from cxlab.data.masking import masked, quotable
from cxlab.data.readers import platforms
from cxlab.data.readers.dates import dated
from cxlab.data.readers.encoding import Utf8, as_utf8
from cxlab.data.readers.raw import SMALL, Raw, check_names, number, only_header, text
from cxlab.problem import DataProblem

NAMED = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar", ":": "colon", " ": "space"}
TYPED = {"HUGEINT": "DOUBLE", "TIMESTAMP WITH TIME ZONE": "TIMESTAMPTZ", "BOOLEAN": "VARCHAR"}
"""Types taken instead of what DuckDB detects: yes/no and true/false stay as they are written."""

KEPT: list[object] = []
"""Temporary UTF-8 copies that lazy relations scan; they go when Python ends."""

DIALECT = 1000
"""Rows looked at for the separator."""

HEAD = 20
"""Records looked at for header rows and a wrong number of values."""


def read(path: Path, *, encoding: str = "", as_text: Collection[str] = ()) -> Raw:
    """Return a delimited text file as a table.

    Parameters
    ----------
    encoding : how to decode the file; '' detects it.
    as_text : columns to keep as text, leading zeros and all, whatever they look like.

    Raises
    ------
    DataProblem : nothing in it, only a header, undecodable, rows of unequal length, duplicated or blank column names.
    """
    source = as_utf8(path, encoding)
    delimiter, quote = _dialect(source, path)
    records = _records(source, delimiter, quote)
    header = platforms.recognise(records)
    if len(records) <= header.rows:
        raise only_header(path.name, len(header.names))
    _check_lengths(records, path)
    if not header.platform:
        _check_header(header.names, path)
    check_names(header.names, path.name)
    table, formats = _table(source, path, delimiter, quote, header, {*header.as_text, *as_text})
    small = source.path.stat().st_size <= SMALL
    notes = (
        *header.notes,
        source.note,
        f"values separated by {NAMED.get(delimiter, repr(delimiter))}, quoted by {quote}",
        *formats,
    )
    if small:
        table = _loaded(table, path)
    else:
        notes += ("larger than memory may hold: every question scans the file anew; Parquet would be quicker",)
        KEPT.append(source.keep)
    return Raw(table, f"{header.platform} CSV".strip(), notes, header.facts, header.multiple)


def _dialect(source: Utf8, path: Path) -> tuple[str, str]:
    try:
        delimiter, quote = duckdb.execute(
            f"select Delimiter, Quote from sniff_csv(?, ignore_errors=true, encoding='utf-8', sample_size={DIALECT})",
            [str(source.path)],
        ).fetchall()[0]
    except duckdb.Error:
        delimiter, quote = _counted(source), '"'
    with source.path.open(encoding="utf-8-sig", newline="") as file:
        first = file.readline()
    if delimiter not in first:
        delimiter = _counted(source)
    return delimiter, quote if quote in ("'", '"') else '"'


def _counted(source: Utf8) -> str:
    """Return the separator that the first line has most of; a file of one column has none and gets a comma."""
    with source.path.open(encoding="utf-8-sig", newline="") as file:
        first = file.readline()
    return max(",;\t|", key=first.count)


def _records(source: Utf8, delimiter: str, quote: str) -> list[list[str]]:
    csv.field_size_limit(2**27)
    with source.path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, delimiter=delimiter, quotechar=quote)
        return list(itertools.islice((r for r in reader if any(v.strip() for v in r)), HEAD))


def _check_lengths(records: list[list[str]], path: Path) -> None:
    wide = len(records[0])
    for i, record in enumerate(records, 1):
        if len(record) != wide:
            raise DataProblem(
                f"{path.name}: row {i} has {len(record)} values, the header has {wide}; "
                "quote values that hold the separator, or export it again"
            )


def _check_header(names: Sequence[str], path: Path) -> None:
    """Raise `DataProblem` when half of the names or more are numbers (whole years may be names)."""
    numbers = [n for n in names if number(n) is not None and not re.fullmatch(r"(19|20)\d\d", n)]
    if len(numbers) * 2 >= len(names):
        raise DataProblem(
            f"{path.name} has no header: its first row holds numbers ({', '.join(map(quotable, numbers[:5]))}); "
            "add a row of column names"
        )


def _table(source: Utf8, path: Path, delimiter: str, quote: str, header: platforms.Header, as_text: set[str]):
    """Return the relation with every type explicit, and which date formats were found."""
    options = {"delim": delimiter, "quote": quote, "escape": quote, "encoding": "utf-8"}
    told = ", ".join(f"{k}={text(v)}" for k, v in options.items()) + f", skip={header.rows}, header=false"
    whole = "-1" if source.path.stat().st_size <= SMALL else "20480"
    try:
        columns, day, moment = duckdb.execute(
            f"select Columns, DateFormat, TimestampFormat from sniff_csv(?, {told}, sample_size={whole})",
            [str(source.path)],
        ).fetchall()[0]
    except duckdb.Error as error:
        raise broken(error, path.name) from error
    found = [TYPED.get(c["type"], c["type"]) for c in columns]
    if len(found) != len(header.names):
        raise DataProblem(f"{path.name} has {len(found)} values in its rows but {len(header.names)} column names")
    short = {kind for kind, form in (("DATE", day), ("TIMESTAMP", moment)) if form and "%y" in form}  # two-digit years
    kinds = {n: "VARCHAR" if n in as_text or t in short else t for n, t in zip(header.names, found, strict=True)}
    day, moment = ("" if kind in short else form for kind, form in (("DATE", day), ("TIMESTAMP", moment)))
    struct = "{" + ", ".join(f"{text(n)}: {text(t)}" for n, t in kinds.items()) + "}"
    formats = "".join(f", {k}={text(v)}" for k, v in (("dateformat", day), ("timestampformat", moment)) if v)
    call = f"read_csv({text(source.path)}, {told}, auto_detect=false, columns={struct}{formats})"
    texts = [n for n, kind in kinds.items() if kind == "VARCHAR" and n not in as_text]
    table, notes = dated(duckdb.sql(f"select * from {call}"), texts)
    return table, (*(f"{what} read as {f}" for what, f in (("dates", day), ("times", moment)) if f), *notes)


def _loaded(table: duckdb.DuckDBPyRelation, path: Path) -> duckdb.DuckDBPyRelation:
    try:
        held = table.to_arrow_table()
    except duckdb.Error as error:
        raise broken(error, path.name) from error
    return duckdb.from_arrow(held)


def broken(error: Exception, name: str) -> DataProblem:
    """Return what a CSV error of DuckDB means: the line, the column, and what was expected there."""
    if "Error when sniffing" in str(error):
        return DataProblem(f"{name}: no separator fits all of its rows; is it a table? Export it again as CSV")
    lines = [x.strip() for x in str(error).splitlines() if x.strip()] or [repr(error)]
    place = next((", " + x.split("CSV Error on ")[-1].lower() for x in lines if "CSV Error on Line" in x), "")
    causes = ("Error when converting", "Expected Number", "Value with unterminated quote", "Invalid unicode")
    cause = next((x for x in lines if x.startswith(causes)), lines[0]).rstrip(".")
    return DataProblem(f"{name}{place}: {masked(cause)}. Correct the file, or declare the column in its codebook")
