"""Dates that DuckDB's detection leaves as text or reads wrongly: without seconds, or with years of two digits."""

from __future__ import annotations

import re
from collections.abc import Sequence

import duckdb

from cxlab.data.readers.raw import quoted, text

DAYS = {
    r"\d{1,2}\.\d{1,2}\.\d{4}": ("%d.%m.%Y",),
    r"\d{1,2}\.\d{1,2}\.\d{2}": ("%d.%m.%y", "%y.%m.%d"),
    r"\d{1,2}/\d{1,2}/\d{4}": ("%d/%m/%Y", "%m/%d/%Y"),
    r"\d{1,2}/\d{1,2}/\d{2}": ("%d/%m/%y", "%m/%d/%y", "%y/%m/%d"),
    r"\d{1,2}-\d{1,2}-\d{4}": ("%d-%m-%Y", "%m-%d-%Y"),
}
"""Formats of each shape; the first that fits every value is taken."""
TIMES = {r"": "", r" \d{1,2}:\d\d": " %H:%M", r" \d{1,2}:\d\d:\d\d": " %H:%M:%S"}
HALVES = {r" \d{1,2}:\d\d [AP]M": " %I:%M %p", r" \d{1,2}:\d\d:\d\d [AP]M": " %I:%M:%S %p"}
"""Times of day with AM and PM, which go with the month first."""
LOOKED = 200
"""Rows looked at for the shape; the format is tried on all of them."""


def dated(table: duckdb.DuckDBPyRelation, names: Sequence[str]) -> tuple[duckdb.DuckDBPyRelation, list[str]]:
    """Return the table with those of its text columns ``names`` that hold dates read as such, and notes on formats."""
    if not names:
        return table, []
    rows = table.project(", ".join(map(quoted, names))).limit(LOOKED).fetchall()
    shapes = {n: _formats([row[i] for row in rows]) for i, n in enumerate(names)}
    fits = _fitting(table, {n: formats for n, formats in shapes.items() if formats})
    if not fits:
        return table, []
    columns = ", ".join(_parsed(n, fits[n][0]) if n in fits else quoted(n) for n in table.columns)
    notes = [
        f"dates of '{n}' read as {f}{f'; {other[0]} would fit too' if other else ''}" for n, (f, *other) in fits.items()
    ]
    return table.project(columns), notes


def _parsed(name: str, form: str) -> str:
    """Return the column as a date, or as a time where the format has one."""
    moment = f"strptime(nullif(trim({quoted(name)}), ''), {text(form)})"
    return f"{moment if '%M' in form else f'{moment}::date'} as {quoted(name)}"


def _formats(column: Sequence[str | None]) -> list[str]:
    """Return the formats of the one shape that all texts have, none where they have no such shape."""
    filled = [v.strip() for v in column if v and v.strip()]
    for day, formats in DAYS.items() if filled else ():
        for time, clock in (TIMES | HALVES).items():
            if all(re.fullmatch(day + time, v, re.IGNORECASE) for v in filled):
                ordered = sorted(formats, key=lambda f: not f.startswith("%m")) if time in HALVES else formats
                return [f + clock for f in ordered]
    return []


def _fitting(table: duckdb.DuckDBPyRelation, candidates: dict[str, list[str]]) -> dict[str, list[str]]:
    """Return the formats that fit every value of each column, in one scan; columns that none fits are left out."""
    tried = [(n, f) for n, formats in candidates.items() for f in formats]
    if not tried:
        return {}
    filled = lambda n: f"nullif(trim({quoted(n)}), '')"  # noqa: E731
    misses = ", ".join(f"count({filled(n)}) - count(try_strptime({filled(n)}, {text(f)}))" for n, f in tried)
    missed = table.aggregate(misses).fetchone()
    fits: dict[str, list[str]] = {}
    for (name, form), count in zip(tried, missed, strict=True):
        if count == 0:
            fits.setdefault(name, []).append(form)
    return fits
