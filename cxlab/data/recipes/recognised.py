"""Which recipe a table, or the tables of a database, are laid out for: by their columns and by their values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import duckdb

from cxlab.data.masking import quotable
from cxlab.data.readers.raw import quoted, text
from cxlab.data.recipes import NONE, Recipe, Signature, bare, names, recipe
from cxlab.problem import DataProblem

LOOKED = 2_000
"""Rows whose values are looked at."""

FIT = 0.9
"""Of the values of each column in a signature so many must be as the layout says; some are of somebody's own making."""


@dataclass(frozen=True)
class Match:
    """A recipe, and which table stands for each of its aliases: alias → (table, SQL name → column)."""

    recipe: Recipe
    at: Mapping[str, tuple[str, Mapping[str, str]]]


Sample = Callable[[str], duckdb.DuckDBPyRelation]


def recognise(columns: Mapping[str, Sequence[str]], sample: Sample, wanted: str = "") -> Match | None:
    """Return the recipe that tables are laid out for, None where there is none.

    Parameters
    ----------
    columns : table → its columns.
    sample : returns the first rows of a table.
    wanted : a recipe that is asked for: its columns must be there, its values are not looked at; 'none' for none.

    Raises
    ------
    DataProblem : a recipe is asked for and its columns are not there, or there is no such recipe.
    """
    if wanted == NONE:
        return None
    called = {t: {bare(c): c for c in reversed(cs) if bare(c)} for t, cs in columns.items()}
    if wanted:
        found = _match(recipe(wanted), called, None)
        if found is None:
            raise _lacking(recipe(wanted), called)
        return found
    looked: dict[str, duckdb.DuckDBPyRelation] = {}

    def look(table: str) -> duckdb.DuckDBPyRelation:
        if table not in looked:
            looked[table] = sample(table)
        return looked[table]

    matches = [m for name in names() if (m := _match(recipe(name), called, look)) is not None]
    return max(matches, key=_weight, default=None)


def _weight(match: Match) -> tuple[int, int]:
    """How special a match is: columns that it needs of all its tables, then those that it knows."""
    signatures = [match.recipe.tables[alias] for alias in match.at]
    known = sum(bare(c) in match.at[a][1] for a in match.at for c in match.recipe.tables[a].known)
    return sum(len(s.needs) for s in signatures), known


def _match(recipe: Recipe, called: Mapping[str, Mapping[str, str]], look: Sample | None) -> Match | None:
    at: dict[str, tuple[str, Mapping[str, str]]] = {}
    for alias, signature in recipe.tables.items():
        fitting = [t for t, has in called.items() if all(bare(c) in has for c in signature.needs)]
        fitting.sort(key=lambda t: (bare(alias) not in bare(t), len(t), t))
        if look is not None:
            fitting = [t for t in fitting if _fits(signature, called[t], look(t))]
        if fitting:
            at[alias] = (fitting[0], called[fitting[0]])
        elif not signature.optional:
            return None
    return Match(recipe, at)


def _fits(signature: Signature, has: Mapping[str, str], rows: duckdb.DuckDBPyRelation) -> bool:
    """Whether the values are as the layout says: of each column that has some, and some column must have them."""
    asked = [(has[bare(c)], pattern) for c, pattern in dict(signature.values).items() if bare(c) in has]
    if not asked:
        return False
    cells = [(f"lower(trim(cast({quoted(c)} as varchar)))", text(p)) for c, p in asked]
    sums = ", ".join(
        f"count(nullif({x}, '')), coalesce(count_if(regexp_full_match({x}, {p}) and {x} <> ''), 0)" for x, p in cells
    )
    told = rows.aggregate(sums).fetchall()[0]
    pairs = list(zip(told[::2], told[1::2], strict=True))
    return any(n for n, _ in pairs) and all(k >= FIT * n for n, k in pairs)


HALF = 0.5
"""Of the columns that tell a layout so many must be there for a table to be called nearly one."""


def nearly(columns: Sequence[str], rows: duckdb.DuckDBPyRelation) -> tuple[str, ...]:
    """Return what is to be said of a table that is laid out as a platform's export but for some columns.

    So look exports in another language, and those whose headers somebody changed: half or more of the columns that tell
    the layout are there with its values, yet not all. Asked of layouts with headers in words; landed ones have codes.

    >>> rows = duckdb.sql("select 'open' as Status, 'low' as Priority, 'email' as Source, 1 as TicketID, 2 as Betreff")
    >>> print(nearly(rows.columns, rows)[0][:84])
    close to Freshdesk, export of tickets (CSV), and not read as such: there is no Subje
    """
    has = {bare(c): c for c in reversed(columns) if bare(c)}
    found = []
    for of in (recipe(name) for name in names()):
        signature = next(iter(of.tables.values()))
        gone = [c for c in signature.needs if bare(c) not in has]
        share = 1 - len(gone) / len(signature.needs)
        worded = any(" " in c for c in signature.needs)
        if worded and gone and share >= HALF and _fits(signature, has, rows):
            found.append((share, of.title, gone))
    if not found:
        return ()
    _, title, gone = max(found)
    return (
        f"close to {title}, and not read as such: there is no {', no '.join(gone)}. Headers in another language are "
        "not known: export it in English, or rename them",
    )


def _lacking(recipe: Recipe, called: Mapping[str, Mapping[str, str]]) -> DataProblem:
    """Say which columns the recipe needs that no table has."""
    said = []
    for signature in (s for s in recipe.tables.values() if not s.optional):
        least = min(
            ([c for c in signature.needs if bare(c) not in has] for has in called.values()), key=len, default=["all"]
        )
        if least:
            said.append(", ".join(least))
    there = "; ".join(f"{t}: {', '.join(map(quotable, list(h.values())[:12]))}" for t, h in list(called.items())[:6])
    return DataProblem(
        f"recipe '{recipe.name}' ({recipe.title}) needs columns that are not there: {'; '.join(said)}. There are: "
        f"{there}. `cxlab recipes {recipe.name}` tells its layout; recipe='none' uses none"
    )
