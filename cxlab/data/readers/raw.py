"""`Raw`: a table as a file holds it, and what the file itself says about its columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb

from cxlab.data.codebook import Field
from cxlab.data.doubt import Doubt
from cxlab.problem import DataProblem

SMALL = 64 * 2**20
"""Text files up to this size are read once into memory; larger ones are scanned anew by every question."""


@dataclass(frozen=True)
class Raw:
    """A DuckDB relation with the column names as they stay, and what came with it.

    ``kind`` names the format ('CSV', 'Qualtrics CSV', 'SPSS', ...); ``notes`` say what was detected; ``facts`` hold
    what the file declares by column, as keywords of `cxlab.data.codebook.Field` plus ``why`` (where it stood).
    ``multiple`` maps the name of a question to its columns when the file tells that they belong together.
    ``doubts`` are what the file leaves open.
    """

    table: duckdb.DuckDBPyRelation
    kind: str
    notes: tuple[str, ...] = ()
    facts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    multiple: Mapping[str, Sequence[str]] = field(default_factory=dict)
    title: str = ""
    doubts: tuple[Doubt, ...] = ()
    held: bool = False
    """Whether the rows are in memory: looking at all of them costs little."""
    declared: tuple[Field, ...] = ()
    """Columns that a recipe says what they are; the others are guessed."""
    recipe: str = ""
    design: str = ""


def quoted(name: str) -> str:
    """Return ``name`` as an SQL identifier.

    >>> print(quoted("q1"))
    "q1"
    """
    return '"' + name.replace('"', '""') + '"'


def plain(name: str) -> str:
    """Return the name that a column has in a table of DuckDB, whose relations take names apart.

    A dot divides table and column there, a quotation mark ends a name, a star is every column.

    >>> plain("shop.size"), plain('How "easy" was it?'), plain("*")
    ('shop_size', "How 'easy' was it?", 'star')
    """
    return "star" if name.strip() == "*" else name.replace(".", "_").replace('"', "'")


def text(value: object) -> str:
    """Return ``value`` as an SQL string literal.

    >>> text("don't")
    "'don''t'"
    """
    return "'" + str(value).replace("'", "''") + "'"


def number(code: str) -> float | None:
    """Return the number that ``code`` spells, or None.

    >>> number("5"), number("1.5"), number("A5"), number("nan")
    (5.0, 1.5, None, None)
    """
    try:
        value = float(code) if not isinstance(code, str) or code.isascii() else None
        value = float("nan") if value is None else value
    except (TypeError, ValueError):
        return None
    return value if value == value and abs(value) != float("inf") else None


def only_header(what: str, columns: int) -> DataProblem:
    """Return the problem of a table without rows."""
    return DataProblem(f"{what} holds only a header ({columns} columns), no answers; export it again with its rows")


def check_names(names: Sequence[str], what: str) -> None:
    """Raise `DataProblem` when a column has no name or two have the same one (SQL does not tell Q1 from q1)."""
    blank = [str(i) for i, n in enumerate(names, 1) if not str(n).strip()]
    if blank:
        raise DataProblem(
            f"{what} has no name for column {', '.join(blank[:10])}; every column needs a name in one header row "
            "(merged header cells leave blanks: unmerge them)"
        )
    at: dict[str, list[int]] = {}
    for i, name in enumerate(names, 1):
        at.setdefault(str(name).casefold(), []).append(i)
    double = [(names[places[0] - 1], places) for places in at.values() if len(places) > 1]
    if double:
        said = "; ".join(f"'{n}' is the name of columns {', '.join(map(str, p))}" for n, p in double[:5])
        raise DataProblem(f"{what} has duplicated column names: {said}; rename them so that each is unique")
