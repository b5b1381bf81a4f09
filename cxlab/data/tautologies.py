"""Columns that say an outcome over again: NPS groups, 'satisfied yes/no', reasons that only leavers give."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

import duckdb

from cxlab.data.codebook import Field
from cxlab.data.guess import Log
from cxlab.data.profile import Column
from cxlab.data.readers.raw import quoted

STEM = re.compile(r"[\W_]*(?:[^\W_]+|[^:\-–—\[]*\]?)\s*$")
"""What tells the columns of one question apart: 'Rank: ' of 'Rank: Price', 'Q5' of 'Q5_1'."""

RATED = ("touchpoint", "outcome")

ENOUGH = 20
"""Rows below which a group that follows the outcome may be chance."""


def none_left(
    table: duckdb.DuckDBPyRelation, fields: dict[str, Field], columns: Mapping[str, Column], log: Log
) -> None:
    """Take the role from segments that follow from an outcome, in one scan of the rows looked at.

    Each value of the outcome belongs to one group (Promoter, Passive, Detractor), or each group has one value of it.
    """
    outcomes = [f for f in fields.values() if f.role == "outcome" and f.name in columns]
    groups = [f for f in fields.values() if f.role == "segment" and f.name in columns]
    pairs = [(o, s) for o in outcomes for s in groups if _may(columns[o.name], columns[s.name])]
    if not pairs:
        return
    asked = ", ".join(_counts(o.name, s.name) for o, s in pairs)
    told = table.aggregate(asked).fetchall()[0]
    for i, (o, s) in enumerate(pairs):
        rows, both, of_outcome, of_group = told[4 * i : 4 * i + 4]
        groups_of_it = both == of_outcome and 2 <= of_group < of_outcome
        same = both == of_group and of_outcome >= 2 and (of_group > 2 or of_outcome == 2) and rows >= 5 * of_group
        groups_of_it = groups_of_it and _in_order(table, o.name, s.name, of_group)
        if fields[s.name].role == "segment" and rows >= max(ENOUGH, 3 * of_outcome) and (groups_of_it or same):
            fields[s.name] = replace(s, role="")
            log.say(s.name, "no role after all", f"it follows from {o.name}: to compare by it says nothing")


def rankings(table: duckdb.DuckDBPyRelation, fields: dict[str, Field], columns: Mapping[str, Column], log: Log) -> None:
    """Take role and scale from ranks: columns of one name in which a row holds each number at most once."""
    stems: dict[str, list[Field]] = {}
    for f in fields.values():
        if f.type == "integer" and f.name in columns and 2 < columns[f.name].distinct <= 11 and not f.labels:
            stems.setdefault(STEM.sub("", f.question or f.name), []).append(f)
    for found in (g for g in stems.values() if len(g) > 2 and any(f.role in RATED for f in g)):
        if len({frozenset(columns[f.name].values) for f in found}) > 1:
            continue
        given = f"list_filter([{', '.join(f'{quoted(f.name)}::varchar' for f in found)}], x -> x is not null)"
        rows, again = table.aggregate(
            f"count_if(len({given}) > 1), count_if(len({given}) > 1 and len({given}) > len(list_distinct({given})))"
        ).fetchall()[0]
        if rows < ENOUGH or again * 50 > rows:
            continue
        for f in (f for f in found if f.role in RATED):
            fields[f.name] = replace(f, role="", measure="", scale=None)
            log.guesses[:] = [g for g in log.guesses if g.column != f.name or g.what.startswith("text read")]
            log.doubts[:] = [d for d in log.doubts if d.column != f.name]
            log.say(f.name, "no role, no scale", f"ranks: of {len(found)} columns no two have one number in a row")


def _in_order(table: duckdb.DuckDBPyRelation, outcome: str, group: str, groups: int) -> bool:
    """Whether the groups are ranges of the outcome: 0 to 6, 7 to 8, 9 to 10."""
    o, s = quoted(outcome), f"coalesce({quoted(group)}::varchar, '')"
    told = table.query(
        "_rows", f"select {o}, min({s}) from _rows where {o} is not null group by 1 order by 1"
    ).fetchall()
    return sum(a[1] != b[1] for a, b in zip(told, told[1:], strict=False)) == groups - 1


def _may(o: Column, s: Column) -> bool:
    return 2 <= o.distinct <= 101 and 2 <= s.distinct <= 30


def _counts(outcome: str, group: str) -> str:
    """Return SQL: rows with both, pairs, values of the outcome and groups among them; a blank group is a group."""
    o, s = quoted(outcome), f"coalesce({quoted(group)}::varchar, '')"
    there = f"filter ({o} is not null)"
    return (
        f"count(*) {there}, count(distinct concat({o}::varchar, chr(31), {s})) {there}, "
        f"count(distinct {o}) {there}, count(distinct {s}) {there}"
    )
