"""What the texts of a table are: numbers by the file's decimal mark, dates however written, digits of all scripts.

Every reader ends here, so a date in a worksheet is read as one in a CSV file is.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import duckdb

from cxlab.data.readers import dates, decimal_mark
from cxlab.data.readers.raw import Raw, plain, quoted, text

LOOKED = 1000
"""Rows looked at for what a column may be; whatever is found is tried on all of them."""

DIGITS = "".join(chr(zero + i) for zero in (0x0660, 0x06F0, 0x0966, 0xFF10) for i in range(10))
OTHER = DIGITS + "٫٬．，－＋％"
ASCII = "0123456789" * 4 + ".,.,-+%"
"""Arabic, Persian, Devanagari and full-width digits and signs, and what they are in ASCII."""
SHORT = 30
"""Longer texts are no numbers or dates: their digits stay as they are written."""


LIST = re.compile(r"""\[[^\[\]{}]*\]|\{[^\[\]{}:]*\}""")
"""A cell that holds a list, as JSON, Python and databases write it."""


def read(
    raw: Raw,
    *,
    keep: Collection[str] = (),
    delimiter: str = "",
    declared: Mapping[str, str] | None = None,
    numbers: Collection[str] = (),
    look: duckdb.DuckDBPyRelation | None = None,
) -> Raw:
    """Return ``raw`` with those text columns read that hold numbers or dates, what was done, and what is left to ask.

    Parameters
    ----------
    keep : columns that stay as they are.
    delimiter : what separates the values of the file.
    declared : column → how it is written (`Field.format`), where a codebook says it.
    numbers : text columns that are numbers, whatever decimal mark is judged.
    look : the first rows, where looking at all of them costs a scan of a large file.
    """
    columns, written = raw.table.columns, declared or {}
    declared = {n: f for n in columns if (f := written.get(n) or written.get(plain(n)))}
    keep = {n for n in columns if n in keep or plain(n) in keep}
    table, look = raw.table, raw.table if look is None else look
    names, kinds = _texts(table, keep), list(map(str, table.types))
    table, look, rows = _with_digits(table, look, names)
    lists = bracketed(names, rows)
    table, look = _project(table, lists), _project(look, lists)
    names = [n for n in names if n not in lists]
    rows = rows if not lists else look.project(", ".join(map(quoted, names))).limit(LOOKED).fetchall() if names else []
    marks = {n: f for n, f in declared.items() if f in decimal_mark.FORMATS}
    forms = {n: f for n, f in declared.items() if "%" in f and n in names}
    wanted = {*decimal_mark.candidates(names, rows, delimiter), *numbers, *marks} - set(forms)
    dated = dates.texts(table, names, rows, forms)
    left = [n for n in names if n in wanted and n not in dated.expressions]
    judged = decimal_mark.judge(
        table, left, delimiter=delimiter, declared=marks, numbers=numbers, point="DOUBLE" in kinds
    )
    read = {**dated.expressions, **judged.expressions}
    table, look = _project(table, read), _project(look, read)
    days = dates.numbers(_without(table, keep), _without(look, keep), declared)
    table, look = _project(table, days.expressions), _project(look, days.expressions)
    clocks = dates.clocks(look)
    found = (judged, dated, days, clocks)
    told = (f"lists in brackets are answers of several options: {', '.join(map(repr, lists))}",) if lists else ()
    notes = (*raw.notes, *told, *(n for f in found for n in f.notes))
    doubts = (*raw.doubts, *(d for f in found for d in f.doubts))
    return replace(raw, table=_project(table, clocks.expressions), notes=notes, doubts=doubts)


def bracketed(names: Sequence[str], rows: Sequence[Sequence[str | None]]) -> dict[str, str]:
    """Return column → SQL for columns of lists: '["Email", "Chat"]', "['Email']", '[1,4]', '{1,4}'; joined by bars."""
    found = {}
    for i, name in enumerate(names):
        filled = [v.strip() for row in rows if (v := row[i]) and v.strip()]
        if filled and all(LIST.fullmatch(v) for v in filled) and any("," in v for v in filled):
            inside = f"trim(regexp_replace(trim({quoted(name)}), '^[\\[{{]|[\\]}}]$', '', 'g'))"
            quoted_ = any(re.match(r"""[\[{]\s*["']""", v) for v in filled)
            between = r"""(["''])\s*,\s*(["''])""" if quoted_ else r"\s*,\s*"
            bare = f"regexp_replace({inside}, '{between}', '|', 'g')"
            bare = f"regexp_replace({bare}, '^[\"'']|[\"'']$', '', 'g')" if quoted_ else bare
            found[name] = f"nullif({bare}, '') as {quoted(name)}"
    return found


def _texts(table: duckdb.DuckDBPyRelation, keep: Collection[str]) -> list[str]:
    return [n for n, t in zip(table.columns, table.types, strict=True) if str(t) == "VARCHAR" and n not in keep]


def _without(table: duckdb.DuckDBPyRelation, keep: Collection[str]) -> duckdb.DuckDBPyRelation:
    left = [n for n in table.columns if n not in keep]
    return table.project(", ".join(map(quoted, left))) if left else table


def _project(table: duckdb.DuckDBPyRelation, changed: Mapping[str, str]) -> duckdb.DuckDBPyRelation:
    return table.project(", ".join(changed.get(n, quoted(n)) for n in table.columns)) if changed else table


def _with_digits(
    table: duckdb.DuckDBPyRelation, look: duckdb.DuckDBPyRelation, names: Sequence[str]
) -> tuple[duckdb.DuckDBPyRelation, duckdb.DuckDBPyRelation, list[tuple[str | None, ...]]]:
    """Return table and first rows with ASCII digits in short texts of other scripts' digits, and the texts in them."""
    if not names:
        return table, look, []
    first = lambda t: t.project(", ".join(map(quoted, names))).limit(LOOKED).fetchall()  # noqa: E731
    rows = first(look)
    other = re.compile(f"[{DIGITS}]")
    short = lambda i: (row[i] for row in rows if row[i] and len(row[i]) <= SHORT)  # noqa: E731
    foreign = [n for i, n in enumerate(names) if any(map(other.search, short(i)))]
    if not foreign:
        return table, look, rows
    plain = "case when length({0}) <= {1} then translate({0}, {2}, {3}) else {0} end as {0}"
    changed = {n: plain.format(quoted(n), SHORT, text(OTHER), text(ASCII)) for n in foreign}
    table, look = _project(table, changed), _project(look, changed)
    return table, look, first(look)
