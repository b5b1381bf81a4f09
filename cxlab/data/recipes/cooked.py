"""A recognised export becomes the table that its recipe describes, with a codebook of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import duckdb

from cxlab.data.damaged_ids import DAMAGED, all_damaged, told
from cxlab.data.doubt import Doubt
from cxlab.data.pivot import pivot
from cxlab.data.readers.raw import Raw, quoted
from cxlab.data.recipes import NONE, Recipe, Signature, bare
from cxlab.data.recipes.recognised import LOOKED, Match, nearly, recognise
from cxlab.problem import DataProblem

SOURCE = "source_"
"""The name of the only table in SQL."""

IDS = ("id", "case", "cluster")


def cooked(raw: Raw, wanted: str = "") -> Raw:
    """Return ``raw`` as the recipe makes it that it is laid out for, or as it is.

    Parameters
    ----------
    wanted : name of a recipe; '' recognises it, 'none' uses none.
    """
    if wanted == NONE:
        return raw
    look = lambda _: raw.table.limit(LOOKED)  # noqa: E731
    match = recognise({SOURCE: raw.table.columns}, look, wanted)
    if match is None:
        said = () if wanted else nearly(raw.table.columns, look(SOURCE))
        return replace(raw, notes=(*raw.notes, *said)) if said else raw
    sql, fields = plan(match, {SOURCE: SOURCE})
    table = raw.table.query(SOURCE, sql)
    if raw.held:
        table = duckdb.from_arrow(table.to_arrow_table())
    dropped = _gone(match.recipe, raw.table, table) if match.recipe.where else ()
    rest = {c: f for c, f in raw.facts.items() if c in table.columns}
    doubts = (*_damages(match, {SOURCE: raw.table}), *(d for d in raw.doubts if d.column in ("", *table.columns)))
    notes = (*raw.notes, *dropped, *_said(match, wanted))
    made = Raw(table, raw.kind, notes, rest, {}, raw.title, doubts, raw.held)
    return _declared(made, match.recipe, fields, doubts)


def of_tables(tables: Mapping[str, duckdb.DuckDBPyRelation], wanted: str, kind: str) -> Raw | None:
    """Return the study in several tables in memory, None where no recipe knows them."""
    match = recognise({t: r.columns for t, r in tables.items()}, lambda t: tables[t].limit(LOOKED), wanted)
    if match is None:
        return None
    used = {t: tables[t] for t, _ in match.at.values()}
    with duckdb.connect() as con:
        given = {t: f"given_{i}" for i, t in enumerate(used)}
        for t, r in used.items():
            con.register(given[t], r.to_arrow_table())
        sql, fields = plan(match, given)
        made = con.sql(sql).to_arrow_table()
    return finished(match, duckdb.from_arrow(made), fields, used, kind, wanted)


def finished(
    match: Match, table: duckdb.DuckDBPyRelation, fields: Sequence[str],
    looked: Mapping[str, duckdb.DuckDBPyRelation], kind: str, wanted: str,
) -> Raw:  # fmt: skip
    """Return what a recipe made of several tables, with its codebook and what is to be said."""
    doubts = _damages(match, looked)
    if match.recipe.pivot:
        who, question, answer = match.recipe.pivot
        wide = pivot(Raw(table, kind, held=True), who=who, question=question, answer=answer).table
        table = duckdb.from_arrow(wide.to_arrow_table())
        fields = [f for f in fields if f in table.columns]
    return _declared(Raw(table, kind, _said(match, wanted), held=True), match.recipe, fields, doubts)


def plan(match: Match, given: Mapping[str, str]) -> tuple[str, list[str]]:
    """Return the SQL of a match and the names of the fields that it makes, the rest of the columns after them.

    Parameters
    ----------
    given : table → how it is called in SQL.
    """
    of = match.recipe
    parts = [f"{quoted(a)} as ({_renamed(s, *_at(match, a), given)})" for a, s in of.tables.items()]
    alias = next(iter(of.tables))
    there = {bare(c) for _, has in match.at.values() for c in has}
    kept = [f for f in of.fields if any(bare(c) in there for c in of.sources[f.name])]
    exprs = [f"{of.sql[f.name]} as {quoted(f.name)}" for f in kept]
    if of.query:
        parts.append(f"base as ({of.query})")
    else:
        parts.append(f"base as (select * from {quoted(alias)}{f' where {of.where}' if of.where else ''})")
        exprs += _rest(of, match.at[alias][1], match, [f.name for f in kept])
    return f"with {', '.join(parts)} select {', '.join(exprs)} from base", [f.name for f in kept]


def _at(match: Match, alias: str) -> tuple[str, Mapping[str, str]]:
    return match.at.get(alias, ("", {}))


def _renamed(signature: Signature, table: str, has: Mapping[str, str], given: Mapping[str, str]) -> str:
    """SQL of a table under the names of the layout; other columns keep theirs behind ``rest_``; '' is an empty one."""
    known = {bare(c) for c in signature.known}
    columns = [f"{quoted(has[c])} as {quoted(c)}" if c in has else f"null::varchar as {quoted(c)}" for c in known]
    columns += [f"{quoted(c)} as {quoted('rest_' + c)}" for b, c in has.items() if b not in known]
    return f"select {', '.join(columns)}" + (f" from {given[table]}" if table else " where false")


def _rest(of: Recipe, has: Mapping[str, str], match: Match, names: Sequence[str]) -> list[str]:
    """The columns that the layout does not know, as they are called; one called like a field gets a tail."""
    known = {bare(c) for s in of.tables.values() for c in s.known}
    taken = {n.casefold() for n in names}
    own = [c for b, c in has.items() if b not in known]
    own.sort(key=list(has.values())[::-1].index)
    return [f"{quoted('rest_' + c)} as {quoted(c if c.casefold() not in taken else c + '_raw')}" for c in own]


def _declared(raw: Raw, of: Recipe, names: Sequence[str], doubts: Sequence[Doubt]) -> Raw:
    """Add what the recipe declares of its columns; damaged ids have no role. Refuses a table without rows."""
    if not raw.table.limit(1).fetchall():
        raise DataProblem(
            f"the tables are laid out as {of.title}, and no row of them is {of.row}; export them again, or say "
            "recipe='none'"
        )
    bad = {d.column for d in doubts if d.question.startswith(DAMAGED)}
    made = tuple(
        replace(f, role="" if f.role in IDS and f.role != "case" else f.role) if f.name in bad else f
        for f in of.fields
        if f.name in names
    )
    return replace(raw, declared=made, recipe=of.name, design=of.design, doubts=tuple(doubts), kind=of.title)


def _damages(match: Match, tables: Mapping[str, duckdb.DuckDBPyRelation]) -> tuple[Doubt, ...]:
    """The ids that a spreadsheet has rounded."""
    places = {}
    for f in (f for f in match.recipe.fields if f.role in IDS):
        for table, has in match.at.values():
            column = next((has[bare(c)] for c in match.recipe.sources[f.name] if bare(c) in has), "")
            if column and table in tables:
                places.setdefault(table, []).append((f.name, column))
    seen = {t: all_damaged(tables[t], list(dict.fromkeys(c for _, c in there))) for t, there in places.items()}
    found = {}
    for table, there in places.items():
        for name, column in there:
            if (damage := seen[table][column]) is not None and name not in found:
                found[name] = told(name, column, damage)
    return tuple(found[f.name] for f in match.recipe.fields if f.name in found)


def _gone(of: Recipe, before: duckdb.DuckDBPyRelation, after: duckdb.DuckDBPyRelation) -> tuple[str, ...]:
    n, k = (int(t.aggregate("count(*)").fetchall()[0][0]) for t in (before, after))
    return (f"{n - k:,} of {n:,} rows are {of.gone or 'no row of the layout'} and left out",) if n > k else ()


def _said(match: Match, wanted: str) -> tuple[str, ...]:
    of = match.recipe
    how = "asked for" if wanted else "recognised by its columns and values"
    people = [has[bare(c)] for a, (_, has) in match.at.items() for c in of.tables[a].persons if bare(c) in has]
    lost = [
        f"{f.title or f.name} ({' or '.join(of.sources[f.name])})"
        for f in of.fields
        if f.role == "outcome" and not any(bare(c) in has for _, has in match.at.values() for c in of.sources[f.name])
    ]
    hidden = f"columns that name people are left out: {', '.join(dict.fromkeys(people))}"
    return (
        f"laid out as {of.title} ({how}; recipe '{of.name}'): a row is {of.row}",
        *((hidden,) if people else ()),
        *(
            (f"this export has no {', no '.join(lost)}: where it stands under another header, rename that",)
            * bool(lost)
        ),
        *of.notes,
    )
