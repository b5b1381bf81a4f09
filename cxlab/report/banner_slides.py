"""Banner tables on slides: a native table a question and piece of the banner, as far as it can be read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pptx.dml.color import RGBColor
from pptx.enum.text import PP_ALIGN
from pptx.util import Inches, Pt

from cxlab.models.tables.banner_grid import Grid, grids, in_pieces
from cxlab.report.deck import Deck, described
from cxlab.report.house_style import Style

WIDE, LONG, SLIDES = 9, 15, 40
"""Columns and rows of a table that a slide can hold; slides that a report has of tables at most."""


def add(deck: Deck, result: Mapping[str, Any], mark: str) -> None:
    """Add slides for the tables of a `cxlab.crosstab` result; what does not fit is said, and is in the workbook."""
    from cxlab.report.slides import result_slide

    place = deck.tag
    pieces = [piece for grid in grids(result["table"], result["parts"]) for piece in in_pieces(grid, WIDE)]
    for k, piece in enumerate(pieces[:SLIDES]):
        more = f"; more rows in the workbook: {len(piece.rows) - LONG}" if len(piece.rows) > LONG else ""
        left = len(pieces) - SLIDES
        more += f"; more tables in the workbook: {left}" if k == SLIDES - 1 and left > 0 else ""
        heading = ", ".join(dict.fromkeys(label for label, _ in piece.heads[0] if label))
        deck.tag = f"{place}.table-{k + 1}"
        slide = result_slide(deck, result, piece.title, f"{mark}By {heading}; letters: columns exceeded{more}")
        _table(deck, slide, piece)


def _table(deck: Deck, slide: Any, grid: Grid) -> None:
    house = deck.style
    rows, columns = [*grid.rows[:LONG]], len(grid.rows[0].cells)
    height = min(0.3, 5.2 / (len(rows) + len(grid.heads)))
    box = deck.place((0.6, 1.9, 12.1, height * (len(rows) + len(grid.heads))), slide)
    shape = slide.shapes.add_table(len(rows) + len(grid.heads), columns + 1, *box)
    described(shape, f"{grid.title}: rows: {len(rows)}, columns: {columns}")
    deck.tagged(shape, "table")
    table = shape.table
    label = int(box[2] * 0.28)
    table.columns[0].width = label
    for k in range(columns):
        table.columns[k + 1].width = (box[2] - label) // columns
    for k, line in enumerate(grid.heads):
        _fill(table.cell(k, 0), "", house, head=True)
        column = 1
        for words, n in line:
            cell = table.cell(k, column)
            if n > 1:
                cell.merge(table.cell(k, column + n - 1))
            for j in range(n):
                _fill(table.cell(k, column + j), words if j == 0 else "", house, head=True)
            column += n
    for k, row in enumerate(rows, len(grid.heads)):
        _fill(table.cell(k, 0), "\u2003" * row.depth + row.label, house, left=True, bold=row.kind in ("base", "net"))
        for j, one in enumerate(row.cells, 1):
            _fill(table.cell(k, j), " ".join(x for x in (one.text, one.arrow, one.letters) if x), house)


def _fill(cell: Any, words: str, house: Style, *, head: bool = False, left: bool = False, bold: bool = False) -> None:
    cell.text = words
    cell.margin_top = cell.margin_bottom = Inches(0.02)
    cell.fill.solid()
    cell.fill.fore_color.rgb = RGBColor.from_string(house.heading[1:].upper() if head else "FFFFFF")
    paragraph = cell.text_frame.paragraphs[0]
    paragraph.alignment = PP_ALIGN.LEFT if left else PP_ALIGN.CENTER if head else PP_ALIGN.RIGHT
    paragraph.font.size, paragraph.font.bold = Pt(11), head or bold
    paragraph.font.color.rgb = RGBColor.from_string("FFFFFF" if head else "1B2733")
