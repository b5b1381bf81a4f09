"""A banner table as people see it: heads and lines of cells, from the numbers that a report keeps."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from cxlab.columns import show
from cxlab.languages import speech
from cxlab.languages.speech import said
from cxlab.result import plain

WORDS = {"column": "%", "row": "row %", "count": "count"}


@dataclass(frozen=True)
class Cell:
    """A number with its unit ('share', 'points', 'mean', 'n'), letters and arrow; None is not shown."""

    value: float | None
    unit: str
    letters: str = ""
    arrow: str = ""

    @property
    def text(self) -> str:
        """The number as people read it.

        >>> Cell(0.25, "share").text, Cell(1234.4, "n").text, Cell(None, "share").text
        ('25.0 %', '1,234', '–')
        """
        if self.value is None:
            return "–"
        return said(f"{self.value:,.0f}" if self.unit == "n" else show(self.value, self.unit))


@dataclass(frozen=True)
class Row:
    """A line: its label, kind ('base', 'category', 'net', ...), depth, and a cell a column."""

    label: str
    kind: str
    depth: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Grid:
    """The table of one question: ``heads`` are rows of (label, columns it spans), the last the letters; ``foot`` says
    whether the answers depend on the columns; ``columns`` are label and letter of each."""

    title: str
    heads: tuple[tuple[tuple[str, int], ...], ...]
    rows: tuple[Row, ...]
    foot: str = ""
    columns: tuple[tuple[str, str], ...] = ()


def picked(grid: Grid, columns: Sequence[int]) -> Grid:
    """Return the grid with only some of its columns.

    >>> head = ((("", 1), ("Region", 2)), (("Total", 1), ("North", 1), ("South", 1)))
    >>> picked(Grid("q", head, ()), [0, 2]).heads
    ((('', 1), ('Region', 1)), (('Total', 1), ('South', 1)))
    """
    heads = []
    for line in grid.heads:
        wide = [(k, label) for k, (label, n) in enumerate(line) for _ in range(n)]
        parts = groupby(wide[c] for c in columns)
        heads.append(tuple((label, len(list(some))) for (_, label), some in parts))
    rows = tuple(Row(r.label, r.kind, r.depth, tuple(r.cells[c] for c in columns)) for r in grid.rows)
    said = tuple(line for line in heads if any(label for label, _ in line))
    return Grid(grid.title, said, rows, grid.foot, tuple(grid.columns[c] for c in columns if grid.columns))


def in_pieces(grid: Grid, most: int) -> list[Grid]:
    """Return the grid as pieces of at most ``most`` columns, cut between banners where that is possible; the total
    stands in each."""
    spans, first, groups = grid.heads[0], 0, []
    for label, n in spans:
        groups.append((label, list(range(first, first + n))))
        first += n
    if first <= most:
        return [grid]
    total = groups[0][1] if groups[0][0] == "" and len(groups[0][1]) == 1 else []
    room, pieces = max(most - len(total), 1), [[]]
    for _, columns in groups[1:] if total else groups:
        for k in range(0, len(columns), room):
            part = columns[k : k + room]
            if len(pieces[-1]) + len(part) > room and pieces[-1]:
                pieces.append([])
            pieces[-1] += part
    return [picked(grid, [*total, *piece]) for piece in pieces]


def grids(cells: Sequence[Mapping[str, Any]], parts: Mapping[str, Any]) -> list[Grid]:
    """Return a grid for each question, our own words in the language that is spoken.

    Parameters
    ----------
    cells : the rows of the table of a `cxlab.crosstab`, as records. ``parts`` : of that result.
    """
    depth, hidden, feet = parts["depth"], parts["hidden"], _feet(parts.get("association", []))
    marked = [(c, d, h) for c, d, h in zip(cells, depth, hidden, strict=True)]
    tables = [(title, list(some)) for title, some in groupby(marked, lambda x: x[0]["question"])]
    return [replace(_grid(title, some, parts["show"]), foot=feet.get(title, "")) for title, some in tables]


def _feet(tests: Any) -> dict[str, str]:
    """What is said under the table of each question: whether its answers depend on the columns."""
    out: dict[str, list[str]] = {}
    for t in plain(tests):
        if t["p"] is not None:
            out.setdefault(t["question"], []).append(f"{t['banner']}: {said(_tested(t))}")
    asks = said("Do the answers depend on the columns?")
    return {title: f"{asks} {'; '.join(some)}" for title, some in out.items()}


def _tested(t: Mapping[str, Any]) -> str:
    """A test as it is written: statistic, degrees of freedom, p.

    >>> _tested({"statistic": 5.3333, "df1": 1, "df2": None, "p": 0.0209, "small": 0.0})
    'χ²(1) = 5.33, p = .021'
    """
    p = "p < .001" if t["p"] < 0.001 else f"p = {t['p']:.3f}".replace("0.", ".", 1)
    rough = ", rough: few answers" if t["small"] > FEW else ""
    if t["df2"] is None or math.isinf(t["df2"]):
        return f"χ²({t['df1']:g}) = {t['statistic']:,.2f}, {p}{rough}"
    return f"F({t['df1']:.2f}, {t['df2']:,.0f}) = {t['statistic']:,.2f}, {p}{rough}"


FEW = 0.2
"""More cells of few expected answers than this make a chi-square rough (Cochran 1954, doi:10.2307/3001616)."""


def _grid(title: str, cells: list[tuple[Mapping[str, Any], int, bool]], shown: Sequence[str]) -> Grid:
    lines: list[list[tuple[Mapping[str, Any], int, bool]]] = []
    seen: set[tuple[str, str, str]] = set()
    for one in cells:
        column = (one[0]["banner"], one[0]["outer"], one[0]["column"])
        if not lines or column in seen:
            lines.append([])
            seen = set()
        seen.add(column)
        lines[-1].append(one)
    first = [c for c, _, _ in lines[0]]
    heads = [_spans(c["banner"] for c in first)]
    if any(c["outer"] for c in first):
        heads.append(_spans((c["banner"], c["outer"]) for c in first))
    heads.append(tuple((speech.label(str(c["column"])), 1) for c in first))
    if any(c["letters"] for c, _, _ in cells) or any(c["letter"] for c in first):
        heads.append(tuple((str(c["letter"]), 1) for c in first))
    rows = tuple(row for line in lines for row in _rows(line, shown))
    called = tuple(
        (f"{c['outer']}, {c['column']}" if c["outer"] else speech.label(str(c["column"])), c["letter"]) for c in first
    )
    return Grid(title, tuple(heads), rows, columns=called)


def _spans(values: Iterable[Any]) -> tuple[tuple[str, int], ...]:
    found = [(v, len(list(some))) for v, some in groupby(values)]
    return tuple((str(v[1] if isinstance(v, tuple) else v), n) for v, n in found)


def _rows(line: list[tuple[Mapping[str, Any], int, bool]], shown: Sequence[str]) -> list[Row]:
    """One line of numbers, or one for each of count, column and row percent."""
    (first, depth, _) = line[0]
    if first["kind"] not in ("category", "net"):
        made = tuple(_cell(c["estimate"], c["unit"], c) for c, _, _ in line)
        return [Row(said(str(first["row"])), str(first["kind"]), depth, made)]
    out = []
    for k, what in enumerate(shown):
        unit = "n" if what == "count" else "share"
        name = {"column": "estimate", "row": "row_share", "count": "count"}[what]
        tested = what == ("column" if "column" in shown else shown[0])
        cells = tuple(_cell(c[name], unit, c if tested else {}) for c, _, _ in line)
        own = speech.label(str(first["row"]))
        words = own if k == 0 and len(shown) == 1 else f"{own}, {said(WORDS[what])}"
        out.append(Row(words, str(first["kind"]), depth, cells))
    return out


def _cell(value: Any, unit: str, of: Mapping[str, Any]) -> Cell:
    known = value is not None and value == value
    return Cell(float(value) if known else None, unit, of.get("letters", ""), of.get("arrow", ""))
