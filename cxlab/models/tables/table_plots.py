"""Picture of a banner table: the shares of one question in its columns, darker where more, letters beside them."""

from __future__ import annotations

import textwrap

from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap

from cxlab.columns import show
from cxlab.models.tables.banner_grid import Grid, Row, grids, picked
from cxlab.plots import style
from cxlab.problem import unknown
from cxlab.result import Result, plain

WIDEST = 16
"""Columns that a picture shows; a wider table is read as a table."""
SHADES = LinearSegmentedColormap.from_list("shares", ["#ffffff", "#9cc3e0", style.GOOD])
DARK = 0.62
"""Above this part of the shades, letters are white."""


def crosstab(result: Result, *, ax: Axes | None = None, question: str = "", banner: str = "") -> Axes:
    """Draw the table of one question (the first, unless named by its title): a row an answer, a column a group.

    Parameters
    ----------
    question, banner : titles of a question and of a grouping; '': the first question, by all groupings.

    Raises
    ------
    DataProblem : the result has no table of that title, or the table no such grouping.
    """
    grid = pictured(result, question, banner)
    answers = [r for r in grid.rows if r.kind in ("net", "category")]
    rows = [*answers, *(r for r in grid.rows if r.kind == "metric")] or [r for r in grid.rows if r.kind != "base"]
    heads = grid.columns[:WIDEST]
    wide = max(7.0, 2.6 + 0.95 * len(heads))
    ax = style.canvas(ax, width=wide, height=1.2 + 0.42 * len(rows))
    shaded = [c for r in answers for c in r.cells[: len(heads)] if c.unit == "share"]
    top = max((c.value for c in shaded if c.value is not None), default=1.0) if shaded else 0.0
    for i, row in enumerate(rows):
        for j, cell in enumerate(row.cells[: len(heads)]):
            part = (cell.value or 0.0) / top if top > 0 and row in answers and cell.unit == "share" else 0.0
            ax.fill_between([j - 0.48, j + 0.48], i - 0.46, i + 0.46, color=SHADES(part), linewidth=0)
            ink = "white" if part > DARK else style.INK
            text = show(cell.value, cell.unit) if cell.value is not None else "–"
            marks = " ".join(x for x in (cell.arrow, cell.letters) if x)
            ax.text(j, i - (0.14 if marks else 0), text, ha="center", va="center", fontsize=9, color=ink)
            ax.text(j, i + 0.24, marks, ha="center", va="center", fontsize=7, color=ink)
    names = [f"{textwrap.fill(label, 12)}\n{letter}".strip() for label, letter in heads]
    ax.set_xticks(range(len(heads)), names, fontsize=9)
    ax.xaxis.tick_top()
    ax.set_yticks(range(len(rows)), ["   " * r.depth + r.label for r in rows])
    if question or banner:
        ax.set_title(" · ".join(filter(None, (grid.title, banner))), loc="left")
    ax.set_xlim(-0.55, len(heads) - 0.45)
    ax.set_ylim(len(rows) - 0.45, -0.55)
    ax.grid(visible=False)
    ax.tick_params(length=0)
    for side in ax.spines.values():
        side.set_visible(False)
    return ax


def pictured(result: Result, question: str, banner: str = "") -> Grid:
    """Return the table of a question by its title ('' is the first), of one grouping with the total or of all."""
    made = grids(plain(result.table), result.parts)
    found = {g.title: g for g in made}
    if question and question not in found:
        raise unknown("question", question, "these tables", list(found))
    grid = found[question] if question else made[0]
    if not banner:
        return grid
    wide = [label for label, n in grid.heads[0] for _ in range(n)]
    if banner not in wide:
        raise unknown("banner", banner, f"the table of {grid.title}", list(dict.fromkeys(filter(None, wide))))
    return picked(grid, [k for k, label in enumerate(wide) if label in ("", banner)])


def told(result: Result, *, question: str = "", banner: str = "") -> str:
    """Return what the picture shows in words: each answer's column with the largest share; of one grouping, whose
    finding stands beside it, what it is."""
    grid = pictured(result, question, banner)
    if banner:
        return f"{grid.title} by {banner}: a table of shares, with the letters of the columns exceeded"
    said = [_most(r, grid) for r in grid.rows if r.kind in ("net", "category")]
    return f"{grid.title}, {result.title.replace('Tables by', 'by')}. {'; '.join(x for x in said if x)}."


def _most(row: Row, grid: Grid) -> str:
    known = [(c.value, k) for k, c in enumerate(row.cells) if c.value is not None]
    if not known:
        return ""
    value, k = max(known)
    return f"{row.label}: most in {grid.columns[k][0]} ({show(value, row.cells[k].unit)})"
