"""Banner tables as sheets of a workbook: contents with links, a sheet a table (or all on one), ready to print."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cxlab.languages.speech import noted, said
from cxlab.models.tables.banner_grid import Grid, grids

SHEETS = 40
"""So many tables have a sheet of their own; more stand below one another on one."""
FORMATS = {"share": "0.0%", "points": "0.0", "mean": "0.00", "n": "#,##0"}


@dataclass(frozen=True)
class Looks:
    """The formats of a book's cells."""

    book: Any

    def of(self, **marks: Any) -> Any:
        return self.book.add_format(marks)


def write(book: Any, sheets: Any, result: Mapping[str, Any]) -> None:
    """Write the tables of a `cxlab.crosstab` result.

    Parameters
    ----------
    book : the workbook. ``sheets`` : adds sheets under names that Excel takes.
    """
    made, looks = grids(result["table"], result["parts"]), Looks(book)
    contents = sheets.add(said("Contents"))
    contents.set_column(0, 0, 90)
    contents.write_string(0, 0, said(result["title"]), looks.of(bold=True, font_size=14))
    link = looks.of(font_color="#0B5394", underline=1)
    apart, sheet, top = len(made) <= SHEETS, None, 0
    formats = {unit: looks.of(num_format=shape, align="right") for unit, shape in FORMATS.items()}
    for k, grid in enumerate(made):
        if sheet is None or apart:
            sheet, top = sheets.add(grid.title if apart else said("Tables")), 0
            _print(sheet, len(grid.rows[0].cells))
        contents.write_url(k + 2, 0, f"internal:'{sheet.get_name()}'!A{top + 1}", link, f"{k + 1}. {grid.title}")
        below = top
        top = table(sheet, top, grid, looks, formats) + 2
        if apart:
            sheet.write_url(top - 1, 0, f"internal:'{contents.get_name()}'!A{k + 3}", link, said("Contents"))
            sheet.freeze_panes(below + 1 + len(grid.heads), 1)
    for k, text in enumerate((result["method"], *result["notes"])):
        contents.write_string(len(made) + 3 + k, 0, noted(text), looks.of(text_wrap=True, valign="top"))


def _print(sheet: Any, columns: int) -> None:
    """Set a sheet up: landscape, one page wide, labels and heads repeated."""
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_columns(0)
    sheet.set_footer(f"&L&A&R{said('Page &P of &N')}")
    sheet.set_column(0, 0, 34)
    sheet.set_column(1, columns, 11)


def table(sheet: Any, top: int, grid: Grid, looks: Looks, formats: Mapping[str, Any]) -> int:
    """Write one table from row ``top``; return the row after it. Letters and arrows have a line of their own."""
    head = looks.of(bold=True, align="center", valign="top", text_wrap=True, bottom=1)
    sheet.write_string(top, 0, grid.title, looks.of(bold=True, font_size=12))
    row = top + 1
    for line in grid.heads:
        column = 1
        for label, n in line:
            if n > 1:
                sheet.merge_range(row, column, row, column + n - 1, label, head)
            else:
                sheet.write_string(row, column, label, head)
            column += n
        row += 1
    marks = looks.of(align="right", font_size=9, font_color="#0B5394")
    for line in grid.rows:
        strong = line.kind in ("base", "net")
        sheet.write_string(row, 0, line.label, looks.of(bold=strong, indent=line.depth, text_wrap=True))
        for k, cell in enumerate(line.cells, 1):
            if cell.value is None:
                sheet.write_string(row, k, "–", looks.of(align="right"))
            else:
                sheet.write_number(row, k, cell.value, formats.get(cell.unit, formats["mean"]))
        row += 1
        if any(cell.letters or cell.arrow for cell in line.cells):
            for k, cell in enumerate(line.cells, 1):
                if mark := " ".join(x for x in (cell.arrow, cell.letters) if x):
                    sheet.write_string(row, k, mark, marks)
            row += 1
    if grid.foot:
        sheet.write_string(row, 0, grid.foot, looks.of(font_size=9))
        row += 1
    return row
