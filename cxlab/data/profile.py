"""What a table shows of each column: its type, how many answers, and which, from the first rows."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import duckdb

from cxlab.data import conform, layouts, wording
from cxlab.data.coding import Coding, graded, read
from cxlab.data.readers.raw import Raw, number, quoted

TYPES = {
    "BIGINT": "integer", "INTEGER": "integer", "SMALLINT": "integer", "TINYINT": "integer", "UBIGINT": "integer",
    "UINTEGER": "integer", "USMALLINT": "integer", "UTINYINT": "integer", "HUGEINT": "integer", "DOUBLE": "number",
    "FLOAT": "number", "BOOLEAN": "boolean", "DATE": "date",
}  # fmt: skip
"""DuckDB type → type of a codebook; TIMESTAMP... is 'datetime', DECIMAL... 'number', all else 'string'."""

MANY = 400
"""Numbers and dates with more different values than this are not listed."""

CELLS = 8_000_000
"""A table in memory with so many cells is looked at as a whole."""

NOTHING = (
    *map(float, range(-9, 0)),
    *(float(f"{sign}{'9' * (digits - 1)}{last}") for sign in ("-", "") for digits in range(2, 9) for last in "6789"),
    *(float(sign + last * digits) for sign in ("-", "") for digits in range(2, 9) for last in "78"),
)
"""Numbers that surveys and systems write for no answer: -1, 99, -99, 998, 9999 ..."""

Beside = tuple[dict[float, int], tuple[float, float] | None]
"""Code → how often, and the ends of all other numbers."""

SHORT = 40
"""Texts up to this mean length are listed, however many there are."""


@dataclass(frozen=True)
class Column:
    """What is known of a column: the file's own words, and the answers in the rows looked at (all of a small file).

    ``low``, ``high`` and ``mean`` are those of numbers; ``codes`` says how often each of `NOTHING` occurs in them,
    ``beside`` the least and the greatest of all others.
    """

    name: str
    type: str
    rows: int
    filled: int
    distinct: int
    length: float
    values: Mapping[str, int]
    facts: Mapping[str, Any] = field(default_factory=dict)
    coding: Coding | None = None
    low: float | None = None
    high: float | None = None
    mean: float | None = None
    codes: Mapping[float, int] = field(default_factory=dict)
    beside: tuple[float, float] | None = None

    @property
    def said(self) -> tuple[str, str]:
        """Name and question; a name of several words is the question where the file has no other."""
        question = str(self.facts.get("question") or self.facts.get("title") or "")
        return self.name, question or (self.name if " " in self.name else "")


def sampled(raw: Raw) -> duckdb.DuckDBPyRelation:
    """Return the rows that are looked at, in memory: all of a table that is there already, else the first."""
    return duckdb.from_arrow(raw.table.limit(looked_at(raw)).to_arrow_table())


def profile(raw: Raw, sample: duckdb.DuckDBPyRelation | None = None) -> list[Column]:
    """Return every column with its answers in the rows that are looked at (`sampled`), in two scans."""
    sample = sampled(raw) if sample is None else sample
    kinds = dict(zip(sample.columns, map(str, sample.types), strict=True))
    told = _told(sample, kinds)
    answers = _answers(sample, raw, kinds, told)
    columns = [_column(n, kind, told[n], answers.get(n, {}), raw) for n, kind in kinds.items()]
    return one_order([_with_codes(c, sample) for c in columns])


def looked_at(raw: Raw) -> int:
    """Return how many rows of a table are looked at: all that are in memory up to `CELLS`, else the first."""
    return max(conform.SAMPLE, CELLS // max(1, len(raw.table.columns))) if raw.held else conform.SAMPLE


def _told(sample: duckdb.DuckDBPyRelation, kinds: Mapping[str, str]) -> dict[str, tuple]:
    """Return rows, answers, how many different (of many rows: about), mean length, least, greatest and mean."""
    asked, different = [], "count(distinct {})" if sample.shape[0] <= conform.SAMPLE else "approx_count_distinct({})"
    for name, kind in kinds.items():
        q = quoted(name)
        number_ = TYPES.get(kind) in ("integer", "number") or kind.startswith("DECIMAL")
        ends = (f"min({q})::double", f"max({q})::double", f"avg({q})::double") if number_ else ("null",) * 3
        asked += [f"count({q})", different.format(q), f"avg(length({q}::varchar))", *ends]
    rows, *found = sample.aggregate("count(*), " + ", ".join(asked)).fetchall()[0]
    return {name: (rows, *found[6 * i : 6 * i + 6]) for i, name in enumerate(kinds)}


def _far_out(sample: duckdb.DuckDBPyRelation, column: str) -> Beside:
    """Return how often each number of `NOTHING` occurs in a column of numbers, and the ends of all others."""
    number_ = f"{quoted(column)}::double"
    code = f"{number_} in ({', '.join(f'{v:.12g}' for v in NOTHING)})"
    codes = sample.filter(code).aggregate(f"{number_}, count(*)").fetchall()
    rest = sample.filter(f"isfinite({number_}) and not ({code})")
    low, high = rest.aggregate(f"min({number_}), max({number_})").fetchall()[0]
    return dict(codes), None if low is None else (low, high)


def _answers(
    sample: duckdb.DuckDBPyRelation, raw: Raw, kinds: Mapping[str, str], told: Mapping[str, tuple[Any, ...]]
) -> dict[str, dict[str, int]]:
    """Return the answers of all columns with few values or short texts, the most frequent first, in one scan."""
    few = []
    for name, kind in kinds.items():
        _, filled, about, length = told[name][:4]
        settled = raw.facts.get(name, {}).get("role") is not None
        if filled and not settled and (about <= MANY or kind == "VARCHAR" and length < SHORT):
            few.append(name)
    if not few:
        return {}
    asked = ", ".join(f"histogram(trim(cast({quoted(c)} as varchar)))" for c in few)
    counted = sample.aggregate(asked).fetchall()[0]
    ordered = ((c, sorted(h.items(), key=lambda x: (-x[1], x[0]))) for c, h in zip(few, counted, strict=True))
    return {c: dict(pairs) for c, pairs in ordered}


def _column(name: str, kind: str, told: tuple, values: Mapping[str, int], raw: Raw) -> Column:
    rows, filled, about, length, *ends = told
    distinct = len(values) or min(about, filled)
    facts = raw.facts.get(name, {})
    other = "datetime" if kind.startswith("TIMESTAMP") else "number" if kind.startswith("DECIMAL") else "string"
    type_ = TYPES.get(kind, other)
    coding = None
    lists = raw.kind.startswith("Qualtrics")
    joined = type_ == "string" and layouts.options(values, filled, lists=lists)[1]
    if type_ == "string" and values and not joined and facts.get("role") not in ("id", "text"):
        coding = read(values, facts.get("labels"), facts.get("missing"))
        if coding is None and wording.rates(name, str(facts.get("question") or facts.get("title") or "")):
            coding = graded(values)
        padded = coding is not None and _padded(name, values)
        if coding is not None and not padded and any(re.match(r"0\d|\d{19}", v) for v in values):
            coding = None  # leading zeros: a postcode, not a number; nineteen digits: an identifier
    if coding is not None:
        values = _recoded(values, coding)
        type_ = "integer" if all(_whole(v) for v in values) else "number"
        distinct, ends = len(values), _ends(values)
    elif type_ == "number" and values and all(_whole(v) for v in values):
        type_ = "integer"
    if coding is None and type_ in ("integer", "number"):
        values = {f"{v:.12g}": n for t, n in values.items() if (v := number(t)) is not None}
    ends = [v if v is not None and math.isfinite(v) else None for v in ends]
    return Column(name, type_, rows, filled, distinct, length or 0.0, values, facts, coding, *ends)


def _with_codes(c: Column, sample: duckdb.DuckDBPyRelation) -> Column:
    """Return the column with its ``codes`` and what lies ``beside`` them, where its least or greatest number is one."""
    if c.type not in ("integer", "number") or not {c.low, c.high} & {None, *NOTHING}:
        return c
    codes, beside = _codes(c.values) if c.values else _far_out(sample, c.name)
    return replace(c, codes=codes, beside=beside)


def _codes(values: Mapping[str, int]) -> Beside:
    """Return what `_far_out` asks for of numbers that are listed."""
    known = {v: n for t, n in values.items() if (v := number(t)) is not None and math.isfinite(v)}
    rest = [v for v in known if v not in NOTHING]
    return {v: n for v, n in known.items() if v in NOTHING}, (min(rest), max(rest)) if rest else None


def _ends(values: Mapping[str, int]) -> list[float | None]:
    known = [(v, n) for t, n in values.items() if (v := number(t)) is not None]
    rows = sum(n for _, n in known)
    if not rows:
        return [None, None, None]
    return [min(v for v, _ in known), max(v for v, _ in known), sum(v * n for v, n in known) / rows]


def one_order(columns: list[Column]) -> list[Column]:
    """Return the columns with one order of answer texts for all that share them.

    Where nobody chose 'Very dissatisfied' in one question of a battery, its other texts keep their codes.
    """
    worded = [c for c in columns if c.coding is not None and c.coding.how.startswith("the order of")]
    sets: list[set[str]] = []
    for c in worded:
        texts = {t.casefold() for t in c.coding.codes}
        alike = [s for s in sets if len(s & texts) >= 2]
        sets = [s for s in sets if s not in alike] + [texts.union(*alike)]
    orders = [order for s in sets if len(s) <= 11 and (order := wording.order(sorted(s)))]
    return [_reordered(c, orders) if c in worded else c for c in columns]


def _reordered(c: Column, orders: list[dict[str, int]]) -> Column:
    texts = {t: t.casefold() for t in c.coding.codes}
    order = next((o for o in orders if set(texts.values()) <= set(o)), None)
    if order is None or all(order[folded] == c.coding.codes[t] for t, folded in texts.items()):
        return c
    codes = {t: float(order[folded]) for t, folded in texts.items()}
    old = {f"{v:g}": f"{codes[t]:g}" for t, v in c.coding.codes.items()}
    values = {old.get(v, v): n for v, n in c.values.items()}
    low, high, mean = _ends(values)
    coding = replace(c.coding, codes=codes)
    return replace(c, values=values, coding=coding, low=low, high=high, mean=mean)


def _whole(value: str) -> bool:
    return bool(re.fullmatch(r"-?\d+(\.0+)?", value)) or value.casefold() in wording.NOTHING


def _padded(name: str, values: Mapping[str, int]) -> bool:
    """Whether a rating is written with two digits: 00, 01, ..., 10."""
    return wording.rates(name) and all(re.fullmatch(r"0\d|1[01]", v) for v in values)


def _spelled(value: str) -> str:
    """Return the number in '75 %' or '12,5%'; any other text as it is."""
    if re.fullmatch(r"0\d", value):
        return str(int(value))
    share = re.fullmatch(r"(-?\d+(?:[.,]\d+)?)\s*%", value)
    return f"{float(share[1].replace(',', '.')):.12g}" if share else value


def _recoded(values: Mapping[str, int], coding: Coding) -> dict[str, int]:
    out: dict[str, int] = {}
    for value, n in values.items():
        if value in coding.nothing or value.casefold() in wording.NOTHING:
            continue
        code = f"{coding.codes[value]:g}" if value in coding.codes else _spelled(value)
        out[code] = out.get(code, 0) + n
    return out
