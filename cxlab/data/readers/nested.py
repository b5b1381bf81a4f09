"""Nested JSON: a list of objects in a wrapper becomes rows, an object in a row becomes columns, deeper lists text."""

from __future__ import annotations

import duckdb

from cxlab.data.readers.raw import quoted
from cxlab.problem import DataProblem

DEEPEST = 8
"""So many objects in one another become columns; what lies deeper stays text."""

MOST = 2_000
"""Most columns that objects become."""


def unnested(table: duckdb.DuckDBPyRelation, name: str) -> tuple[duckdb.DuckDBPyRelation, tuple[str, ...]]:
    """Return a table without lists of objects and objects in its cells, and what was done.

    >>> wrapped = duckdb.sql("select [{'who': {'n': 'a'}, 'stars': 5}, {'who': null, 'stars': 1}] as reviews")
    >>> made = unnested(wrapped, "x")
    >>> made[0].columns, made[0].fetchall()
    (['who_n', 'stars'], [('a', 5), (None, 1)])
    """
    notes: tuple[str, ...] = ()
    lists = [c for c, t in zip(table.columns, table.types, strict=True) if str(t.id) == "list" and _of_objects(t)]
    if lists and (len(table.columns) == 1 or len(table.limit(2).fetchall()) == 1):
        sizes = ", ".join(f"coalesce(sum(len({quoted(c)})), 0)" for c in lists)
        counts = table.aggregate(sizes).fetchall()[0]
        most = lists[max(range(len(lists)), key=lambda i: counts[i])]
        notes = (f"{name} is one list of {counts[lists.index(most)]:,} objects, '{most}': a row each",)
        if others := [c for c in table.columns if c != most]:
            notes += (f"beside the list, and left out: {', '.join(others[:10])}",)
        table = table.project(f"unnest({quoted(most)}) as {quoted(most)}").project(f"unnest({quoted(most)})")
    opened: list[str] = []
    for _ in range(DEEPEST):
        structs = {c: t for c, t in zip(table.columns, table.types, strict=True) if str(t.id) == "struct"}
        if not structs:
            break
        opened += [c for c in structs if c not in opened]
        cells = [_cell(c, structs.get(c)) for c in table.columns]
        table = table.project(", ".join(x for cell in cells for x in cell))
        if len(table.columns) > MOST:
            raise DataProblem(
                f"{name} holds objects of more than {MOST:,} different fields; export it as a table, or as JSON lines "
                "without the objects"
            )
    if opened:
        listed = ", ".join(opened[:6]) + (", ..." if len(opened) > 6 else "")
        notes += (f"objects in a row are columns of their own: {listed}",)
    return _as_text(table), notes


def _of_objects(kind: duckdb.sqltypes.DuckDBPyType) -> bool:
    return str(dict(kind.children)["child"].id) == "struct"


def _cell(column: str, kind: duckdb.sqltypes.DuckDBPyType | None) -> list[str]:
    if kind is None:
        return [quoted(column)]
    name = column.replace("'", "''")
    fields = [(f, f.replace("'", "''")) for f, _ in kind.children]
    return [f"struct_extract({quoted(column)}, '{said}') as {quoted(f'{column}_{f}')}" for f, said in fields if name]


def _as_text(table: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    """Lists and what JSON says of mixed types as text."""
    cells = []
    for column, kind in zip(table.columns, table.types, strict=True):
        c = quoted(column)
        if str(kind) == "JSON":
            cells.append(f"{c} ->> '$' as {c}")
        elif str(kind.id) in ("list", "map", "struct", "array"):
            objects = str(kind.id) != "list" or _of_objects(kind)
            cells.append(f"cast({f'to_json({c})' if objects else c} as varchar) as {c}")
        else:
            cells.append(c)
    return table.project(", ".join(cells))
