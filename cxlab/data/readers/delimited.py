"""CSV and TSV: encoding, dialect and column types are detected and said; large files are scanned lazily by DuckDB."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from cxlab.data import engine
from cxlab.data.masking import quotable
from cxlab.data.readers import decimal_mark, lines_below, opened, platforms, repeated_header, summary_row, texts
from cxlab.data.readers.dialect import broken, dialect, records
from cxlab.data.readers.encoding import Utf8, as_utf8
from cxlab.data.readers.raw import SMALL, Raw, check_names, number, only_header, plain, quoted, text
from cxlab.problem import DataProblem

NAMED = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar", ":": "colon", " ": "space"}
TYPED = {"HUGEINT": "VARCHAR", "TIMESTAMP WITH TIME ZONE": "VARCHAR", "BOOLEAN": "VARCHAR"}
"""Types taken instead of what DuckDB detects: yes/no and true/false stay as they are written, long numbers are text."""

KEPT: list[object] = []
"""Temporary UTF-8 copies that lazy relations scan; they go when Python ends."""

LOOKED = 1000
"""Rows looked at for how numbers are written."""

LOOKED_LAZILY = 20_480
"""Rows of a file scanned lazily in which infinite values, odd dates and long numbers are looked for."""


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
    delimiter, quote, before, above = dialect(source)
    source, below = lines_below.without(replace(source, skip=before), path, delimiter, quote)
    head = records(source, delimiter, quote, before)
    if not head:
        raise DataProblem(f"{path.name} holds only blank lines; export it again")
    header = platforms.recognise(head)
    if len(head) <= header.rows:
        raise only_header(path.name, len(header.names))
    source, again = repeated_header.without(source, delimiter, quote, header.rows)
    _check_lengths(head, path)
    if not header.platform:
        _check_header(header.names, path)
    header, blank = _without_end(header)
    check_names([n for n in header.names if n not in blank], path.name)
    layout = Layout(source, path, delimiter, quote, header)
    keep = {*header.as_text, *(n for n in header.names if n in as_text or plain(n) in as_text)}
    declared = {n: f for n in header.names if (f := (declared or {}).get(n) or (declared or {}).get(plain(n)))}
    notes = (
        *header.notes,
        source.note,
        f"values separated by {NAMED.get(delimiter, repr(delimiter))}, quoted by {quote}",
        *filter(None, (above, again, below)),
    )
    small = layout.small
    if not small:
        notes += ("larger than memory may hold: every question scans the file anew; Parquet would be quicker",)
        KEPT.append(source.keep)
    try:
        table, numbers = _typed(layout, _kinds(layout, keep), declared)
        table = _named(table, blank, path)
        raw = Raw(table, f"{header.platform} CSV".strip(), notes, header.facts, header.multiple)
        taken = Taken(raw, keep, delimiter, numbers, declared)
        return _held(taken) if small else taken.read(_first_rows(table))
    except duckdb.Error as error:
        raise broken(error, path.name, source.path, quote) from error


@dataclass(frozen=True)
class Taken:
    """A table taken apart, and what is known of its columns before their texts are read."""

    raw: Raw
    keep: Collection[str]
    delimiter: str
    numbers: Collection[str]
    declared: Mapping[str, str]

    def read(self, look: duckdb.DuckDBPyRelation | None = None) -> Raw:
        """Return the table with its texts read; ``look`` holds the first rows of one that is scanned lazily."""
        told = {"delimiter": self.delimiter, "declared": self.declared, "numbers": self.numbers}
        raw = texts.read(self.raw, keep=self.keep, look=look, **told)
        table, said = opened.relation(raw.table, look=None if look is None else _first_rows(raw.table))
        return replace(raw, table=table, notes=(*raw.notes, *said))


def _held(taken: Taken) -> Raw:
    """Return the table in memory, without rows that hold nothing and rows that sum up others."""
    raw = taken.read()
    table = _loaded(raw.table)
    names, before = table.columns, taken.raw.table
    silent = " and ".join(f"{quoted(n)} is null" for n in names)
    if len(names) > 1 and table.filter(silent).limit(1).fetchone() and (gone := _without_blank(before)):
        raw = replace(taken, raw=replace(taken.raw, table=gone[0], notes=(*taken.raw.notes, gone[1]))).read()
        table = _loaded(raw.table)
    table, more = summary_row.without(table)
    return replace(raw, table=table, notes=(*raw.notes, *more), held=True)


def _without_blank(table: duckdb.DuckDBPyRelation) -> tuple[duckdb.DuckDBPyRelation, str] | None:
    """Return the table without rows of nothing but separators, and a note; None where there are none, or only such."""
    cells = ", ".join(f"nullif(trim({quoted(n)}::varchar), '')" for n in table.columns)
    filled = table.filter(f"coalesce({cells}) is not null")
    rows, left = (t.aggregate("count(*)").fetchall()[0][0] for t in (table, filled))
    if rows == left or not left:
        return None
    return filled, f"{rows - left:,} row{'s' * (rows - left > 1)} without a single value left out"


def _without_end(header: platforms.Header) -> tuple[platforms.Header, tuple[str, ...]]:
    """Return the header with names for the blank ones at its end, which a separator behind each row leaves."""
    names = list(header.names)
    while len(names) > 1 and not names[-1].strip():
        names.pop()
    blank = tuple(f"_blank{i}" for i in range(len(header.names) - len(names)))
    return replace(header, names=(*names, *blank)), blank


def _named(table: duckdb.DuckDBPyRelation, blank: Sequence[str], path: Path) -> duckdb.DuckDBPyRelation:
    """Return the table without the columns that have no name, which must be empty."""
    if not blank:
        return table
    filled = table.aggregate(", ".join(f"count(nullif(trim({quoted(n)}::varchar), ''))" for n in blank)).fetchone()
    if any(filled):
        check_names(["" if n in blank else n for n in table.columns], path.name)
    return table.project(", ".join(quoted(n) for n in table.columns if n not in blank))


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
    def small(self) -> bool:
        """Whether the file is read into memory."""
        return self.source.path.stat().st_size <= SMALL

    @property
    def options(self) -> str:
        """The options of DuckDB's functions that say it."""
        said = {"delim": self.delimiter, "quote": self.quote, "escape": self.quote, "encoding": "utf-8"}
        told = ", ".join(f"{k}={text(v)}" for k, v in said.items())
        return f"{told}, skip={self.header.rows + self.source.skip}, header=false, comment='', hive_partitioning=false"


def _kinds(layout: Layout, as_text: Collection[str]) -> dict[str, str]:
    """Return the type of every column: what DuckDB detects, but texts where the readers of texts know better."""
    whole = "-1" if layout.small else "20480"
    options = layout.options.replace(", hive_partitioning=false", "")
    try:
        columns, day, moment = duckdb.execute(
            f"select Columns, DateFormat, TimestampFormat from sniff_csv(?, {options}, sample_size={whole})",
            [engine.one_file(layout.source.path)],
        ).fetchall()[0]
    except duckdb.Error as error:
        raise broken(error, layout.path.name, layout.source.path, layout.quote) from error
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
    look = table if layout.small or not doubles else _first_rows(table)
    again = {n for n in declared if n in doubles}
    long = set(_beyond(look, doubles)) if doubles else set()
    if doubles and layout.delimiter != "," and len(again) < len(doubles):
        texts = [n for n, t in kinds.items() if t == "VARCHAR"]
        rows = look.project(", ".join(map(quoted, texts))).limit(LOOKED).fetchall() if texts else []
        again |= (
            set(doubles)
            if decimal_mark.candidates(texts, rows, layout.delimiter)
            else {*_in_thousandths(look, doubles), *_with_zeros(layout, kinds, doubles)}
        )
    again -= long
    changed = dict.fromkeys([*again, *long], "VARCHAR")
    if not layout.small and (whole := _short_whole(table, kinds)):
        return _without_fractions(_scan(layout, kinds | changed | dict.fromkeys(whole, "DOUBLE")), whole), again
    return (_scan(layout, kinds | changed) if changed else table), again


def _short_whole(table: duckdb.DuckDBPyRelation, kinds: Mapping[str, str]) -> list[str]:
    """Return the columns whose first rows hold whole numbers that a float holds exactly."""
    names = [n for n, t in kinds.items() if t == "BIGINT"]
    if not names:
        return []
    most = _first_rows(table).aggregate(", ".join(f"max(abs({quoted(n)}))" for n in names)).fetchone()
    return [n for n, m in zip(names, most, strict=True) if m is None or m < 2**31]


def _without_fractions(table: duckdb.DuckDBPyRelation, whole: Sequence[str]) -> duckdb.DuckDBPyRelation:
    """Return the table with whole numbers in ``whole``; a fraction far down stops the reading."""
    said = "concat('Error when converting column ', {}, '. Could not convert ', {}, ' to a whole number')"
    holds = "{0} is null or (isfinite({0}) and {0} = trunc({0}))"  # DuckDB's own cast would round
    rule = f"case when {holds} then {{0}}::bigint else error({{1}})::bigint end as {{0}}"
    cells = [
        rule.format(quoted(c), said.format(text(c), quoted(c))) if c in whole else quoted(c) for c in table.columns
    ]
    return table.project(", ".join(cells))


def _beyond(table: duckdb.DuckDBPyRelation, doubles: Sequence[str]) -> list[str]:
    """Return the columns with numbers too long for a whole number of 64 bits: they are identifiers."""
    far = table.aggregate(", ".join(f"max(abs({quoted(n)}))" for n in doubles)).fetchone()
    return [n for n, most in zip(doubles, far, strict=True) if most is not None and 2.0**63 <= most < float("inf")]


def _in_thousandths(table: duckdb.DuckDBPyRelation, doubles: Sequence[str]) -> list[str]:
    """Return the columns in which every number with a part behind the point may be thousands: 1.234 but not 1.2."""
    rows = table.project(", ".join(map(quoted, doubles))).limit(LOOKED).fetchall()
    found = []
    for i, name in enumerate(doubles):
        parts = [v for row in rows if (v := row[i]) is not None and math.isfinite(v) and v % 1]
        if parts and all(1 <= abs(v) < 1000 and abs(1000 * v - round(1000 * v)) < 1e-6 for v in parts):
            found.append(name)
    return found


def _with_zeros(layout: Layout, kinds: Mapping[str, str], doubles: Sequence[str]) -> list[str]:
    """Return the columns in which every number with a point may be thousands, although none has a fraction: 14.000."""
    rows = _scan(layout, {**kinds, **dict.fromkeys(doubles, "VARCHAR")}).project(", ".join(map(quoted, doubles)))
    cells = rows.limit(LOOKED).fetchall()
    parted = {n: [v.strip() for row in cells if (v := row[i]) and "." in v] for i, n in enumerate(doubles)}
    return [n for n, texts in parted.items() if texts and all(re.match(decimal_mark.OPEN["point"], t) for t in texts)]


def _first_rows(table: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    return duckdb.from_arrow(table.limit(LOOKED_LAZILY).to_arrow_table())


def _loaded(table: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    return duckdb.from_arrow(table.to_arrow_table())
