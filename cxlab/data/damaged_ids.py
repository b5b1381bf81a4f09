"""Ids that a spreadsheet has rounded: 1.03006E+13 stands for ten million customers, not for one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from cxlab.data.doubt import Doubt
from cxlab.data.readers.raw import quoted

LEAST = 1e11
"""A spreadsheet writes whole numbers of more digits with an exponent."""

DIGITS = 6
"""So many digits of them stay."""

SHARE = 0.05

DAMAGED = "damaged by a spreadsheet"
"""How the doubt about such ids begins."""


@dataclass(frozen=True)
class Damage:
    """How many ids are damaged, of how many, how many different ones are left of them, and one of them."""

    rows: int
    filled: int
    left: int
    example: str


def damaged(table: duckdb.DuckDBPyRelation, column: str) -> Damage | None:
    """Return what a spreadsheet did to the ids in a column, None where it did nothing.

    Numbers of twelve and more digits of which all but the first six are zeros, or texts as '1.03006E+13'; two rows
    and 5 % of the column at least. True ids end so once in a million.

    >>> damaged(duckdb.sql("select 1.03006e13 as id from range(9)"), "id").example
    '1.03006E+13'
    >>> damaged(duckdb.sql("select 10300612345678 + range as id from range(9)"), "id")
    """
    return all_damaged(table, [column])[column]


def all_damaged(table: duckdb.DuckDBPyRelation, columns: Sequence[str]) -> dict[str, Damage | None]:
    """Return what `damaged` says of each column, from one scan."""
    asked, found = {c: _held(table, c) for c in columns}, dict.fromkeys(columns)
    asked = {c: held for c, held in asked.items() if held}
    if not asked:
        return found
    counts = ", ".join(f"count_if({held}), count({quoted(c)})" for c, held in asked.items())
    row = table.aggregate(counts).fetchall()[0]
    for k, (column, held) in enumerate(asked.items()):
        rows, filled = row[2 * k : 2 * k + 2]
        if rows and rows >= 2 and rows >= SHARE * filled:
            left, example = (
                table.filter(held).aggregate(f"count(distinct {quoted(column)}), min({quoted(column)})").fetchall()[0]
            )
            found[column] = Damage(int(rows), int(filled), int(left), _shown(example))
    return found


def _held(table: duckdb.DuckDBPyRelation, column: str) -> str:
    """SQL that is true of damaged ids of a column, '' where its type holds none."""
    kind = str(table.types[table.columns.index(column)])
    cell = quoted(column)
    if kind == "VARCHAR":
        return f"regexp_full_match(trim({cell}), '[0-9]([.,][0-9]+)?[eE][+][0-9]+')"
    if kind not in ("DOUBLE", "FLOAT", "BIGINT", "HUGEINT", "UBIGINT") and not kind.startswith("DECIMAL"):
        return ""
    x = f"cast({cell} as double)"
    held = f"(abs({x}) >= {LEAST:.0f} and abs({x} - try_cast(printf('%.{DIGITS - 1}e', {x}) as double)) < 0.5)"
    if "INT" in kind:  # few ids are printed
        return f"(case when {cell} % {10**DIGITS} = 0 then {held} else false end)"
    return held


def _shown(example: object) -> str:
    """One damaged id as a spreadsheet shows it."""
    if isinstance(example, str):
        return example.strip()
    mantissa, _, power = f"{float(example):.{DIGITS - 1}E}".partition("E")
    return f"{float(mantissa):g}E{power}"


def told(field: str, column: str, seen: Damage) -> Doubt:
    """Return what is to be said of damaged ids: export them again, not through a spreadsheet."""
    return Doubt(
        field,
        f"{DAMAGED}: {seen.rows:,} of {seen.filled:,} ids in '{column}' are rounded as {seen.example}, "
        f"{seen.left:,} different ones are left; they tell nobody apart. Export again and do not save the file in a "
        "spreadsheet, or keep the column as text there",
        ("not used",),
        "",
        0.95,
    )
