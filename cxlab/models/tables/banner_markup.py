"""`Tables`: banner tables as a result; on a page and in a terminal they look like tables, not like their numbers."""

from __future__ import annotations

import html
from typing import Any

from cxlab.languages.speech import noted, said
from cxlab.models.tables.banner_grid import Cell, Grid, Row, grids, in_pieces
from cxlab.result import FIGURE, Result, plain

WIDE = 13
"""A wider table stands on a page in pieces, the total in each."""
LISTED = 3
"""So many tables are printed in a terminal."""


class Tables(Result):
    """A result of `cxlab.crosstab`; its table has one row a cell."""

    def grids(self) -> list[Grid]:
        """Return the tables as heads and lines of cells, one a question."""
        return grids(plain(self.table), self.parts)

    def __repr__(self) -> str:
        made = self.grids()
        shown = [_text(g) for g in made[:LISTED]]
        more = [f"and {len(made) - LISTED} more tables"] if len(made) > LISTED else []
        return "\n\n".join([self.title, *shown, *more, "\n".join([self.method, *(f"- {n}" for n in self.notes)])])

    def _repr_html_(self) -> str:
        made = self.grids()
        links = "".join(f"<li><a href='#{place(k)}'>{html.escape(g.title)}</a></li>" for k, g in enumerate(made))
        parts = [f"<figcaption>{html.escape(said(self.title))}</figcaption>"]
        if len(made) > 1:
            many = html.escape(said(f"{len(made)} tables"))
            parts.append(f"<details><summary>{many}</summary><ol>{links}</ol></details>")
        for k, g in enumerate(made):
            tables = "".join(map(markup, in_pieces(g, WIDE)))
            parts.append(
                f"<section><p id='{place(k)}'><strong>{html.escape(g.title)}</strong></p>{tables}{_foot(g)}</section>"
            )
        parts += [f"<ul class='cx-notes'>{''.join(f'<li>{html.escape(noted(n))}</li>' for n in self.notes)}</ul>"]
        words = html.escape(said("Method")), html.escape(said(self.method))
        parts += [f"<details class='cx-method'><summary>{words[0]}</summary>{words[1]}</details>"]
        return f"<figure class='{FIGURE}'>{''.join(parts)}</figure>"


def place(k: int) -> str:
    """Return the anchor of a table on a page."""
    return f"cx-table-{k + 1}"


def markup(grid: Grid) -> str:
    """Return a table as HTML; heads say what they span, letters stand under their number."""
    heads = "".join(f"<tr><td></td>{''.join(_head(label, n) for label, n in line)}</tr>" for line in grid.heads)
    body = "".join(_line(row) for row in grid.rows)
    return f"<table class='cx-table cx-banner'><thead>{heads}</thead><tbody>{body}</tbody></table>"


def _foot(grid: Grid) -> str:
    return f"<p><small>{html.escape(grid.foot)}</small></p>" if grid.foot else ""


def _head(label: str, columns: int) -> str:
    if not label:
        return f"<td colspan='{columns}'></td>"
    scope = f"scope='colgroup' colspan='{columns}'" if columns > 1 else "scope='col'"
    return f"<th {scope} class='num'>{html.escape(label)}</th>"


def _line(row: Row) -> str:
    indent = "\u2003" * row.depth
    label = html.escape(f"{indent}{row.label}")
    label = f"<strong>{label}</strong>" if row.kind in ("net", "base") else label
    return f"<tr><th scope='row'>{label}</th>{''.join(_cell(c) for c in row.cells)}</tr>"


def _cell(cell: Cell) -> str:
    arrow = f" {cell.arrow}" if cell.arrow else ""
    letters = f"<br><small>{html.escape(cell.letters)}</small>" if cell.letters else ""
    return f"<td class='num'>{html.escape(cell.text + arrow)}{letters}</td>"


def _text(grid: Grid) -> str:
    """A table in letters of one width."""
    flat: list[list[str]] = []
    for line in grid.heads:
        flat.append(["", *(part for label, n in line for part in [label[:14], *[""] * (n - 1)])])
    for row in grid.rows:
        cells = [" ".join(x for x in (c.text, c.arrow, c.letters) if x) for c in row.cells]
        flat.append(["  " * row.depth + row.label[:30], *cells])
    widths = [max(len(line[k]) for line in flat) for k in range(len(flat[0]))]
    put: Any = lambda line: "  ".join(  # noqa: E731
        c.ljust(w) if k == 0 else c.rjust(w) for k, (c, w) in enumerate(zip(line, widths, strict=True))
    ).rstrip()
    return "\n".join([grid.title, *map(put, flat), *([grid.foot] if grid.foot else [])])
