"""Dates that DuckDB's detection leaves as text or reads wrongly: day or month first, without seconds, as whole numbers.

A format is taken when it fits every value of the column. Where two fit, another column of the file may decide; else
both are named and it is asked.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb

from cxlab.data import wording
from cxlab.data.doubt import Doubt
from cxlab.data.readers import worded_dates
from cxlab.data.readers.raw import quoted, text

DAYS = {
    r"\d{1,2}\.\d{1,2}\.\d{4}": ("%d.%m.%Y",),
    r"\d{1,2}\.\d{1,2}\.\d{2}": ("%d.%m.%y", "%y.%m.%d"),
    r"\d{1,2}/\d{1,2}/\d{4}": ("%d/%m/%Y", "%m/%d/%Y"),
    r"\d{1,2}/\d{1,2}/\d{2}": ("%d/%m/%y", "%m/%d/%y", "%y/%m/%d"),
    r"\d{1,2}-\d{1,2}-\d{4}": ("%d-%m-%Y", "%m-%d-%Y"),
    r"\d{4}-\d{1,2}-\d{1,2}": ("%Y-%m-%d",),
    r"\d{4}/\d{1,2}/\d{1,2}": ("%Y/%m/%d", "%Y/%d/%m"),
    r"\d{4}\.\d{1,2}\.\d{1,2}": ("%Y.%m.%d",),
}
"""Formats of each shape; the first that fits every value is taken."""
TIMES = {r"": "", r" \d{1,2}:\d\d": " %H:%M", r" \d{1,2}:\d\d:\d\d": " %H:%M:%S", r"T\d\d:\d\d": "T%H:%M"}
HALVES = {r" \d{1,2}:\d\d [AP]M": " %I:%M %p", r" \d{1,2}:\d\d:\d\d [AP]M": " %I:%M:%S %p"}
"""Times of day with AM and PM, which go with the month first."""
LOOKED = 200
"""Rows looked at for the shape; the format is tried on all of them."""
FIRST = dt.date(1990, 1, 1)
"""Answers are hardly older; older dates are asked about."""
ZERO = dt.date(1899, 12, 30)
"""Day 0 of spreadsheet programs."""
NAMED = (
    r"date|datum|fecha|\bdata\b|dato\b|дата|ημερομην|tarih|日期|日付|날짜|تاريخ"
    r"|timestamp|created|submitted|recorded|zeitpunkt"
)
BORN = (
    r"birth|born|geburt|naissance|nacimiento|nascita|nascimento|urodz|рожд|γέννησ|doğum|出生|生年|생년|الميلاد|\bdob\b"
)
CLOCKS = (dt.date(1899, 12, 30), dt.date(1899, 12, 31), dt.date(1900, 1, 1), dt.date(1904, 1, 1))
"""Days on which programs put times that have none."""


@dataclass(frozen=True)
class Read:
    """The expressions that read columns as dates, what is to be said, and what is to be asked."""

    expressions: Mapping[str, str]
    notes: tuple[str, ...] = ()
    doubts: tuple[Doubt, ...] = ()


def texts(
    table: duckdb.DuckDBPyRelation,
    names: Sequence[str],
    rows: Sequence[Sequence[str | None]],
    declared: Mapping[str, str] | None = None,
) -> Read:
    """Return how those of the text columns ``names`` are read that hold dates.

    Parameters
    ----------
    rows : the first values of these columns.
    declared : column → its format, where a codebook says it; another one fits no longer.
    """
    declared = declared or {}
    first = {n: [v.strip() for row in rows[:LOOKED] if (v := row[i]) and v.strip()] for i, n in enumerate(names)}
    shapes = {n: [declared[n]] if n in declared else _formats(v) for n, v in first.items()}
    fits = _agreed(_fitting(table, {n: formats for n, formats in shapes.items() if formats}))
    doubts = tuple(_asked(n, formats, first[n]) for n, formats in fits.items() if len(formats) > 1)
    said = [
        f"dates of '{n}' read as {f}{f'; {other[0]} would fit too' if other else ''}" for n, (f, *other) in fits.items()
    ]
    rest = [n for n in names if n not in fits and worded_dates.shaped(first[n]) and wording.role(n) != "wave"]
    worded, more = worded_dates.read(table, rest)
    return Read({n: _parsed(n, f[0]) for n, f in fits.items()} | worded, (*said, *more), doubts)


def _parsed(name: str, form: str) -> str:
    """Return the column as a date, or as a time where the format has one."""
    moment = f"strptime(nullif(trim({quoted(name)}), ''), {text(form)})"
    return f"{moment if '%M' in form else f'{moment}::date'} as {quoted(name)}"


def _formats(filled: Sequence[str]) -> list[str]:
    """Return the formats of the one shape that all texts have, none where they have no such shape."""
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


def _agreed(fits: dict[str, list[str]]) -> dict[str, list[str]]:
    """Return the formats with those left out that write day and month in another order than a column that decides."""
    order = lambda form: "".join(re.findall(r"%([dmy])", form.lower()))  # noqa: E731
    sure = {order(formats[0]) for formats in fits.values() if len(formats) == 1} - {"ymd"}
    if len(sure) != 1:
        return fits
    return {n: [f for f in formats if order(f) in sure] or formats for n, formats in fits.items()}


def _asked(name: str, formats: Sequence[str], values: Sequence[str]) -> Doubt:
    """Return the question which of several formats holds, with the two readings of a value that tells them apart."""
    readings = lambda v: [f"{dt.datetime.strptime(v.upper(), f):%d %B %Y}" for f in formats]  # noqa: E731
    value = next((v for v in values if len(set(readings(v))) > 1), values[0])
    meant = tuple(f"{said} ({form})" for said, form in zip(readings(value), formats, strict=True))
    settings = ("", *(f"format='{f}'" for f in formats[1:]))
    question = f"is '{value}' {' or '.join(readings(value))}? No day above 12 tells; it is read as {formats[0]}"
    return Doubt(name, question, meant, weight=0.8, settings=settings)


def numbers(
    table: duckdb.DuckDBPyRelation, look: duckdb.DuckDBPyRelation, declared: Mapping[str, str] | None = None
) -> Read:
    """Return how columns of whole numbers are read that hold days as 20230102, or a spreadsheet's day numbers.

    ``look`` are the first rows; what they may be is tried on the whole table.
    """
    kinds = {n: str(t) for n, t in zip(table.columns, table.types, strict=True)}
    whole = [n for n, t in kinds.items() if t in ("BIGINT", "INTEGER") or t == "DOUBLE" and _says_date(n)]
    whole = [n for n in whole if n not in (declared or {}) and not re.search(BORN, n.casefold())]
    if not whole:
        return Read({})
    looked = look.project(", ".join(map(quoted, whole))).limit(LOOKED).fetchall()
    found: dict[str, str] = {}
    for i, name in enumerate(whole):
        values = [row[i] for row in looked if row[i] is not None]
        if values and all(_compact(v) for v in values) and wording.role(name) != "id":
            found[name] = f"try_strptime(cast({quoted(name)} as varchar), '%Y%m%d')::date"
        elif values and _says_date(name) and all(_serial(FIRST) <= v < _serial(_tomorrow()) + 1 for v in values):
            days = f"{text(ZERO)}::date + cast(floor({quoted(name)}) as integer)"
            seconds = f"to_seconds(cast(round(86400 * ({quoted(name)} - floor({quoted(name)}))) as integer))"
            found[name] = days if all(float(v).is_integer() for v in values) else f"({days}) + {seconds}"
    return _of_numbers(table, found)


def _of_numbers(table: duckdb.DuckDBPyRelation, found: Mapping[str, str]) -> Read:
    """Return the readings of ``found`` that hold for every value, with the note and the question of each."""
    if not found:
        return Read({})
    span = f"between {text(FIRST)} and {text(_tomorrow() + dt.timedelta(days=1))}"
    asked = ", ".join(f"count({quoted(n)}) - count_if(({e}) {span})" for n, e in found.items())
    missed = table.aggregate(asked).fetchone()
    right = {n: e for (n, e), m in zip(found.items(), missed, strict=True) if not m}
    how = {n: "20230102 is 2023-01-02" if "%Y%m%d" in e else "day numbers of a spreadsheet" for n, e in right.items()}
    doubts = tuple(
        Doubt(n, f"its whole numbers read as dates ({how[n]}); are they?", ("dates", "numbers"), weight=0.3,
              settings=("", "type=integer"))
        for n in right
    )  # fmt: skip
    notes = tuple(f"dates of '{n}' read from whole numbers: {how[n]}" for n in right)
    return Read({n: f"{e} as {quoted(n)}" for n, e in right.items()}, notes, doubts)


def _compact(value: float) -> bool:
    if not 19900101 <= value <= 21000101 or value != int(value):
        return False
    try:
        dt.datetime.strptime(str(int(value)), "%Y%m%d")
    except ValueError:
        return False
    return True


def _says_date(name: str) -> bool:
    return bool(re.search(NAMED, name.casefold().replace("_", " ")))


def _serial(day: dt.date) -> int:
    return (day - ZERO).days


def _tomorrow() -> dt.date:
    return dt.datetime.now(dt.UTC).date() + dt.timedelta(days=1)


def clocks(table: duckdb.DuckDBPyRelation) -> Read:
    """Return clock times as texts that came as dates, and ask about dates before 1990 or after tomorrow."""
    kinds = {n: str(t) for n, t in zip(table.columns, table.types, strict=True)}
    dated = [n for n, t in kinds.items() if t == "DATE" or t.startswith("TIMESTAMP")]
    if not dated:
        return Read({})
    asked = ", ".join(f"min({quoted(n)})::date, max({quoted(n)})::date" for n in dated)
    try:
        told = table.aggregate(asked).fetchone()
    except (ValueError, OverflowError):  # years that Python's dates do not have
        told = table.aggregate(asked.replace("::date", "::date::varchar")).fetchone()
    spans = {n: told[2 * i : 2 * i + 2] for i, n in enumerate(dated) if told[2 * i] is not None}
    times = [n for n, (low, high) in spans.items() if kinds[n] != "DATE" and low in CLOCKS and high in CLOCKS]
    read = {n: f"strftime({quoted(n)}, '%H:%M:%S') as {quoted(n)}" for n in times}
    odd = {n: s for n, s in spans.items() if n not in times and not re.search(BORN, n.casefold()) and _strange(*s)}
    doubts = tuple(
        Doubt(n, f"its dates run from {low} to {high}; are they right?", ("yes", "no"), weight=0.6)
        for n, (low, high) in odd.items()
    )
    return Read(read, tuple(f"'{n}' holds times of day, no dates" for n in times), doubts)


def _strange(low: dt.date | str, high: dt.date | str) -> bool:
    return isinstance(low, str) or isinstance(high, str) or low < FIRST or high > _tomorrow()
