"""Ids that a spreadsheet has rounded: 1.03006E+13 stands for ten million customers, not for one."""

from __future__ import annotations

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
    kind = str(table.types[table.columns.index(column)])
    cell = quoted(column)
    if kind == "VARCHAR":
        held = f"regexp_full_match(trim({cell}), '[0-9]([.,][0-9]+)?[eE][+][0-9]+')"
    elif kind in ("DOUBLE", "FLOAT", "BIGINT", "HUGEINT", "UBIGINT") or kind.startswith("DECIMAL"):
        x = f"cast({cell} as double)"
        held = f"(abs({x}) >= {LEAST:.0f} and abs({x} - try_cast(printf('%.{DIGITS - 1}e', {x}) as double)) < 0.5)"
    else:
        return None
    rows, filled, left, example = table.aggregate(
        f"count_if({held}), count({cell}), count(distinct {cell}) filter ({held}), min({cell}) filter ({held})"
    ).fetchall()[0]
    if not rows or rows < 2 or rows < SHARE * filled:
        return None
    if isinstance(example, str):
        shown = example.strip()
    else:
        mantissa, _, power = f"{float(example):.{DIGITS - 1}E}".partition("E")
        shown = f"{float(mantissa):g}E{power}"
    return Damage(int(rows), int(filled), int(left), shown)


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
