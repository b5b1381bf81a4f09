"""CSV and TSV: encoding, dialect and column types are detected and said; large files are scanned lazily by DuckDB."""

from __future__ import annotations

import csv
import itertools
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from cxlab.data import engine
from cxlab.data.masking import masked, quotable
from cxlab.data.readers import decimal_mark, opened, platforms, texts
from cxlab.data.readers.encoding import Utf8, as_utf8
from cxlab.data.readers.raw import SMALL, Raw, check_names, number, only_header, quoted, text
from cxlab.problem import DataProblem

NAMED = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar", ":": "colon", " ": "space"}
TYPED = {"HUGEINT": "VARCHAR", "TIMESTAMP WITH TIME ZONE": "VARCHAR", "BOOLEAN": "VARCHAR"}
"""Types taken instead of what DuckDB detects: yes/no and true/false stay as they are written, long numbers are text."""

KEPT: list[object] = []
"""Temporary UTF-8 copies that lazy relations scan; they go when Python ends."""

DIALECT = 1000
"""Rows looked at for the separator."""

LOOKED = 1000
"""Rows looked at for how numbers are written."""

HEAD = 20
"""Records looked at for header rows and a wrong number of values."""


def read(
    path: Path, *, encoding: str = "", as_text: Collection[str] = (), declared: Mapping[str, str] | None = None
) -> Raw:
    """Return a delimited text file as a table.

    Parameters
    ----------
    encoding : how to decode the file; '' detects it.
    as_text : columns to keep as text, leading zeros and all, whatever they look like.
    declared : column → how it is written (`Field.format`), where a codebook says it.

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
    layout = Layout(source, path, delimiter, quote, header)
    keep = {*header.as_text, *as_text}
    notes = (
        *header.notes,
        source.note,
        f"values separated by {NAMED.get(delimiter, repr(delimiter))}, quoted by {quote}",
    )
    small = source.path.stat().st_size <= SMALL
    if not small:
        notes += ("larger than memory may hold: every question scans the file anew; Parquet would be quicker",)
        KEPT.append(source.keep)
    try:
        table, numbers = _typed(layout, _kinds(layout, keep), declared or {})
        raw = Raw(table, f"{header.platform} CSV".strip(), notes, header.facts, header.multiple)
        raw = texts.read(raw, keep=keep, delimiter=delimiter, declared=declared, numbers=numbers)
        table, said = opened.relation(raw.table)
        return replace(raw, table=_loaded(table) if small else table, notes=(*raw.notes, *said), held=small)
    except duckdb.Error as error:
        raise broken(error, path.name) from error


def _dialect(source: Utf8, path: Path) -> tuple[str, str]:
    try:
        delimiter, quote = duckdb.execute(
            f"select Delimiter, Quote from sniff_csv(?, ignore_errors=true, encoding='utf-8', sample_size={DIALECT})",
            [engine.one_file(source.path)],
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


@dataclass(frozen=True)
class Layout:
    """How the rows of a file are to be taken apart: separator, quote, header."""

    source: Utf8
    path: Path
    delimiter: str
    quote: str
    header: platforms.Header

    @property
    def options(self) -> str:
        """The options of DuckDB's functions that say it."""
        said = {"delim": self.delimiter, "quote": self.quote, "escape": self.quote, "encoding": "utf-8"}
        told = ", ".join(f"{k}={text(v)}" for k, v in said.items())
        return f"{told}, skip={self.header.rows + self.source.skip}, header=false, hive_partitioning=false"


def _kinds(layout: Layout, as_text: Collection[str]) -> dict[str, str]:
    """Return the type of every column: what DuckDB detects, but texts where the readers of texts know better."""
    whole = "-1" if layout.source.path.stat().st_size <= SMALL else "20480"
    options = layout.options.replace(", hive_partitioning=false", "")
    try:
        columns, day, moment = duckdb.execute(
            f"select Columns, DateFormat, TimestampFormat from sniff_csv(?, {options}, sample_size={whole})",
            [engine.one_file(layout.source.path)],
        ).fetchall()[0]
    except duckdb.Error as error:
        raise broken(error, layout.path.name) from error
    found = [TYPED.get(c["type"], c["type"]) for c in columns]
    names = layout.header.names
    if len(found) != len(names):
        raise DataProblem(f"{layout.path.name} has {len(found)} values in its rows but {len(names)} column names")
    own = {kind for kind, form in (("DATE", day), ("TIMESTAMP", moment)) if form and not form.startswith("%Y-%m-%d")}
    return {n: "VARCHAR" if n in as_text or t in own else t for n, t in zip(names, found, strict=True)}


def _scan(layout: Layout, kinds: Mapping[str, str]) -> duckdb.DuckDBPyRelation:
    """Return the relation with every type explicit."""
    struct = "{" + ", ".join(f"{text(n)}: {text(t)}" for n, t in kinds.items()) + "}"
    path = text(engine.one_file(layout.source.path))
    return duckdb.sql(f"select * from read_csv({path}, {layout.options}, auto_detect=false, columns={struct})")


def _typed(
    layout: Layout, kinds: dict[str, str], declared: Collection[str]
) -> tuple[duckdb.DuckDBPyRelation, set[str]]:
    """Return the table, and which of its texts are numbers whose decimal mark the whole file is to tell."""
    table = _scan(layout, kinds)
    doubles = [n for n, t in kinds.items() if t == "DOUBLE"]
    again = {n for n in declared if n in doubles}
    long = set(_beyond(table, doubles)) if doubles else set()
    if doubles and layout.delimiter != "," and len(again) < len(doubles):
        texts = [n for n, t in kinds.items() if t == "VARCHAR"]
        rows = table.project(", ".join(map(quoted, texts))).limit(LOOKED).fetchall() if texts else []
        again |= set(doubles) if decimal_mark.candidates(texts, rows) else set(_in_thousandths(table, doubles))
    again -= long
    changed = dict.fromkeys([*again, *long], "VARCHAR")
    return (_scan(layout, kinds | changed) if changed else table), again


def _beyond(table: duckdb.DuckDBPyRelation, doubles: Sequence[str]) -> list[str]:
    """Return the columns with numbers too long for a whole number of 64 bits: they are identifiers."""
    far = table.aggregate(", ".join(f"max(abs({quoted(n)}))" for n in doubles)).fetchone()
    return [n for n, most in zip(doubles, far, strict=True) if most is not None and 2.0**63 <= most < float("inf")]


def _in_thousandths(table: duckdb.DuckDBPyRelation, doubles: Sequence[str]) -> list[str]:
    """Return the columns in which every number with a part behind the point may be thousands: 1.234 but not 1.2."""
    rows = table.project(", ".join(map(quoted, doubles))).limit(LOOKED).fetchall()
    found = []
    for i, name in enumerate(doubles):
        parts = [v for row in rows if (v := row[i]) is not None and v != int(v)] if rows else []
        if parts and all(1 <= abs(v) < 1000 and abs(1000 * v - round(1000 * v)) < 1e-6 for v in parts):
            found.append(name)
    return found


def _loaded(table: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    return duckdb.from_arrow(table.to_arrow_table())


def broken(error: Exception, name: str) -> DataProblem:
    """Return what a CSV error of DuckDB means: the line, the column, and what was expected there."""
    if "Error when sniffing" in str(error):
        return DataProblem(f"{name}: no separator fits all of its rows; is it a table? Export it again as CSV")
    lines = [x.strip() for x in str(error).splitlines() if x.strip()] or [repr(error)]
    place = next((", " + x.split("CSV Error on ")[-1].lower() for x in lines if "CSV Error on Line" in x), "")
    causes = ("Error when converting", "Expected Number", "Value with unterminated quote", "Invalid unicode")
    cause = next((x for x in lines if x.startswith(causes)), lines[0]).rstrip(".")
    return DataProblem(f"{name}{place}: {masked(cause)}. Correct the file, or declare the column in its codebook")
