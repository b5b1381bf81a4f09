"""What a table shows of each column: its type, how many answers, and which, from the first rows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import duckdb

from cxlab.data import conform, scales, wording
from cxlab.data.coding import Coding, read
from cxlab.data.readers.raw import Raw, number, quoted

TYPES = {
    "BIGINT": "integer", "INTEGER": "integer", "SMALLINT": "integer", "TINYINT": "integer", "UBIGINT": "integer",
    "UINTEGER": "integer", "USMALLINT": "integer", "UTINYINT": "integer", "HUGEINT": "integer", "DOUBLE": "number",
    "FLOAT": "number", "BOOLEAN": "boolean", "DATE": "date",
}  # fmt: skip
"""DuckDB type → type of a codebook; TIMESTAMP... is 'datetime', DECIMAL... 'number', all else 'string'."""

MANY = 400
"""Numbers and dates with more different values than this are not listed."""

SHORT = 40
"""Texts up to this mean length are listed, however many there are."""


@dataclass(frozen=True)
class Column:
    """What is known of a column: the file's own words, and the answers in the first rows."""

    name: str
    type: str
    rows: int
    filled: int
    distinct: int
    length: float
    values: Mapping[str, int]
    facts: Mapping[str, Any] = field(default_factory=dict)
    coding: Coding | None = None

    @property
    def said(self) -> tuple[str, str]:
        return self.name, str(self.facts.get("question") or self.facts.get("title") or "")


def profile(raw: Raw) -> list[Column]:
    """Return every column with its answers in the first rows, in two scans."""
    sample = duckdb.from_arrow(raw.table.limit(conform.SAMPLE).to_arrow_table())
    names = sample.columns
    bits = ", ".join(
        f"count({q}), approx_count_distinct({q}), avg(length(cast({q} as varchar)))" for q in map(quoted, names)
    )
    told = sample.aggregate(f"count(*), {bits}").fetchall()[0]
    rows = told[0]
    answers = _answers(sample, raw, told)
    found = []
    for i, (name, kind) in enumerate(zip(names, map(str, sample.types), strict=True)):
        filled, about, length = told[1 + 3 * i : 4 + 3 * i]
        values = answers.get(name, {})
        distinct = len(values) or about
        found.append(_column(name, kind, rows, filled, distinct, length or 0.0, values, raw))
    return found


def _answers(sample: duckdb.DuckDBPyRelation, raw: Raw, told: tuple) -> dict[str, dict[str, int]]:
    """Return the answers of all columns with few values or short texts, the most frequent first, in one scan."""
    few = []
    for i, (name, kind) in enumerate(zip(sample.columns, map(str, sample.types), strict=True)):
        filled, about, length = told[1 + 3 * i : 4 + 3 * i]
        settled = raw.facts.get(name, {}).get("role") is not None
        if filled and not settled and (about <= MANY or kind == "VARCHAR" and length < SHORT):
            few.append(name)
    if not few:
        return {}
    asked = ", ".join(f"histogram(trim(cast({quoted(c)} as varchar)))" for c in few)
    counted = sample.aggregate(asked).fetchall()[0]
    ordered = ((c, sorted(h.items(), key=lambda x: (-x[1], x[0]))) for c, h in zip(few, counted, strict=True))
    return {c: dict(pairs) for c, pairs in ordered}


def _column(name, kind, rows, filled, distinct, length, values, raw: Raw) -> Column:
    facts = raw.facts.get(name, {})
    other = "datetime" if kind.startswith("TIMESTAMP") else "number" if kind.startswith("DECIMAL") else "string"
    type_ = TYPES.get(kind, other)
    coding = None
    lists = raw.kind.startswith("Qualtrics") or any(v.count(",") > 1 for v in values)
    joined = lists and bool(scales.options(values, filled))
    if type_ == "string" and values and not joined and facts.get("role") not in ("id", "text"):
        coding = read(values, facts.get("labels"), facts.get("missing"))
        if coding is not None and any(re.match(r"0\d", v) for v in values):
            coding = None  # leading zeros: a postcode, not a number
    if coding is not None:
        type_ = "integer" if coding.codes or all(_whole(v) for v in values) else "number"
        values = _recoded(values, coding)
        distinct = len(values)
    elif type_ == "number" and values and all(_whole(v) for v in values):
        type_ = "integer"
    if coding is None and type_ in ("integer", "number"):
        values = {f"{v:.12g}": n for t, n in values.items() if (v := number(t)) is not None}
    return Column(name, type_, rows, filled, distinct, length, values, facts, coding)


def _whole(value: str) -> bool:
    return bool(re.fullmatch(r"-?\d+(\.0+)?", value)) or value.casefold() in wording.NOTHING


def _recoded(values: Mapping[str, int], coding: Coding) -> dict[str, int]:
    out: dict[str, int] = {}
    for value, n in values.items():
        if value in coding.nothing or value.casefold() in wording.NOTHING:
            continue
        code = f"{coding.codes[value]:g}" if value in coding.codes else value
        out[code] = out.get(code, 0) + n
    return out
