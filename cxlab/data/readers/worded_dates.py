"""Dates with the name of a month, in the way of East Asia, or with a half of the day and a zone behind."""

from __future__ import annotations

import re
from collections.abc import Sequence

import duckdb

from cxlab.data.readers.months import numbers
from cxlab.data.readers.raw import quoted, text

WORD = r"[^\W\d_]{3,}"
LETTERS = r"[\p{L}\p{M}]{3,}"
"""A name of three letters or more, to Python and to DuckDB."""
AFTERNOON = r"(?i)(?:\b|\d)p\.? ?m\b|下午|午後|오후|μ\.? ?μ"
MORNING = r"(?i)(?:\b|\d)a\.? ?m\b|上午|午前|오전|π\.? ?μ"
CLOCK = r"(\d{1,2}):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?"
ZONE = r"(?i)(?:\s*\(?(?:gmt|utc)|\d)\s*([+-]\d{1,2})(?::?(\d\d))?\)?$"
HALF = r"(?:[ap]\.? ?m\.?|上午|下午|午前|午後|오전|오후|[πμ]\.? ?μ\.?)"
DAY = {
    "east": r"\d{4} ?[年년] ?\d{1,2} ?[月월] ?\d{1,2} ?[日일]?",
    "year first": r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}",
    "named": rf"(?:{WORD}\.?,? )?\d{{1,2}}(?:st|nd|rd|th|er)?[ .\-/]*(?:de )?{WORD}[ .\-/,]*(?:de )?\d{{2,4}}"
    r"(?: ?[гr]\.?)?",
    "name first": rf"(?:{WORD}\.?,? )?{WORD}\.?[ \-/]*\d{{1,2}}(?:st|nd|rd|th|er)?,?[ \-/]*\d{{4}}",
    "month of year": rf"{WORD}\.?[ \-/]*(?:de )?\d{{4}}",
    "year and month": r"\d{4}-(?:0[1-9]|1[0-2])",
}
"""Shapes of a day or month."""
TIME = rf"(?:[ ,T]+(?:um |at |à |às |o )?(?:{HALF} ?)?\d{{1,2}}:\d\d(?::\d\d(?:[.,]\d+)?)?(?: ?{HALF})?)?"
BEHIND = r"(?: ?\(?(?:GMT|UTC|Z)?(?:[+-]\d{1,2}(?::?\d\d)?)?\)?)?"
ORDINAL = r"(?i)(\d)(st|nd|rd|th|er)\b"
BEFORE = r"[ ,T]*(?:um |at |à |às |o )?(?:[ap]\.? ?m\.?|上午|下午|午前|午後|오전|오후|[πμ]\.? ?μ\.?)? ?"
BEHIND_TIME = BEFORE + r"\d{1,2}:\d\d.*$"
WHOLE = {kind: re.compile(day + TIME + BEHIND, re.IGNORECASE) for kind, day in DAY.items()}


def shaped(filled: Sequence[str]) -> str:
    """Return which of `DAY` all texts are shaped like, '' where they are not.

    >>> shaped(["25-Jun-19", "3-Jan-20"]), shaped(["2023/10/01 12:38 PM GMT+8"]), shaped(["2nd floor 2023"])
    ('named', 'year first', '')
    """
    if not filled:
        return ""
    for kind, pattern in WHOLE.items():
        if all(pattern.fullmatch(v) for v in filled):
            return kind if kind not in ("named", "name first", "month of year") or all(map(_month, filled)) else ""
    return ""


def _month(value: str) -> int:
    """Return the month that a text names, 0 where it names none."""
    words = re.findall(WORD, value.lower())
    return next((numbers()[w] for w in words if w in numbers()), 0)


def read(table: duckdb.DuckDBPyRelation, names: Sequence[str]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the SQL that reads those of the text columns which hold such dates throughout, and notes."""
    if not names:
        return {}, ()
    tried = {n: moment(f"trim({quoted(n)})") for n in names}
    asked = ", ".join(
        f"count(nullif(trim({quoted(n)}), '')) - count({e}), count_if(contains({quoted(n)}, ':')), "
        f"count(distinct case when contains({quoted(n)}, ':') then coalesce({_offset(f'trim({quoted(n)})')}, 0) end)"
        for n, e in tried.items()
    )
    told = table.aggregate(asked).fetchone()
    expressions, notes = {}, []
    for i, (name, sql) in enumerate(tried.items()):
        missed, timed, offsets = told[3 * i : 3 * i + 3]
        if missed:
            continue
        shift = f" - to_minutes(cast(coalesce({_offset(f'trim({quoted(name)})')}, 0) as bigint))" if offsets > 1 else ""
        expressions[name] = f"{sql}{shift} as {quoted(name)}" if timed else f"({sql})::date as {quoted(name)}"
        zone = "; times of several zones are in UTC" if offsets > 1 else ""
        notes.append(f"dates of '{name}' read with {'their times' if timed else 'names of months or in parts'}{zone}")
    return expressions, tuple(notes)


def moment(x: str) -> str:
    """Return SQL: the time that a text of any of these shapes tells, null where it tells none."""
    day = f"regexp_replace(regexp_replace({x}, {text(BEHIND_TIME)}, ''), {text(ORDINAL)}, '\\1')"
    parts = f"regexp_extract_all({day}, '\\d+')"
    words = f"regexp_extract_all(lower({day}), {text(LETTERS)})"
    named = f"list_filter(list_transform({words}, w -> {_table()}[w]), m -> m is not null)[1]"
    one, two, three = (f"try_cast({parts}[{i}] as bigint)" for i in (1, 2, 3))
    year = "case when {0} < 70 then 2000 + {0} when {0} < 100 then 1900 + {0} else {0} end"
    date = (
        f"case when {named} is not null and {two} is null then try(make_date({one}, {named}, 1)) "
        f"when {named} is not null and length({parts}[1]) = 4 then try(make_date({one}, {named}, {two})) "
        f"when {named} is not null then try(make_date({year.format(two)}, {named}, {one})) "
        f"when length({parts}[1]) = 4 then try(make_date({one}, {two}, coalesce({three}, 1))) end"
    )
    clock = lambda i: f"coalesce(try_cast(nullif(regexp_extract({x}, {text(CLOCK)}, {i}), '') as bigint), 0)"  # noqa: E731
    hour = (
        f"case when regexp_matches({x}, {text(AFTERNOON)}) and {clock(1)} < 12 then {clock(1)} + 12 "
        f"when regexp_matches({x}, {text(MORNING)}) and {clock(1)} = 12 then 0 else {clock(1)} end"
    )
    seconds = f"3600 * ({hour}) + 60 * {clock(2)} + {clock(3)}"
    digits = f"left(regexp_extract({x}, {text(CLOCK)}, 4), 6)"
    parts_of_second = f"coalesce(try_cast(nullif(rpad({digits}, 6, '0'), '') as bigint), 0)"
    return f"(({date})::timestamp + to_seconds({seconds}) + to_microseconds({parts_of_second}))"


def _offset(x: str) -> str:
    """Return SQL: the minutes that a zone behind a time is before UTC, null where there is none."""
    sign = f"regexp_extract({x}, {text(ZONE)}, 1)"
    minutes = f"coalesce(try_cast(nullif(regexp_extract({x}, {text(ZONE)}, 2), '') as bigint), 0)"
    return (
        f"case when contains({x}, ':') and {sign} <> '' then 60 * try_cast({sign} as bigint) + "
        f"case when starts_with({sign}, '-') then -{minutes} else {minutes} end end"
    )


def _table() -> str:
    pairs = ", ".join(f"{text(name)}: {number}" for name, number in sorted(numbers().items()))
    return f"MAP {{{pairs}}}"
