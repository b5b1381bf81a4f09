"""What the parts of a workbook say beside the values of their cells: sizes, formulas, merged cells, what is hidden."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cxlab.data.doubt import Doubt
from cxlab.problem import DataProblem

BYTES = 2**30
"""Most bytes that a workbook may unpack to."""
CELLS = 50_000_000
"""Most cells that a sheet may span."""
FORMULA = re.compile(rb'<c r="([A-Z]+)(\d+)"[^>]*>\s*<f[ >/](?:(?!</c>).)*?</c>', re.DOTALL)
STORED = re.compile(rb"<v>[^<]|<is>")


def bounded(path: Path) -> None:
    """Raise `DataProblem` when a workbook unpacks to more than `BYTES`."""
    try:
        with zipfile.ZipFile(path) as pack:
            size = sum(part.file_size for part in pack.infolist())
    except (zipfile.BadZipFile, OSError):
        return  # no workbook: its reader says so
    if size > BYTES:
        raise DataProblem(
            f"{path.name} unpacks from {path.stat().st_size:,} to {size:,} bytes; at most {BYTES:,} are read. Export "
            "it as CSV or Parquet"
        )


def rows(sheet: Any, name: str) -> list[tuple]:
    """Return the rows of a sheet; one that spans more than `CELLS` is an error that says what stretches it."""
    high, wide = sheet.max_row or 0, sheet.max_column or 0
    if high * wide > CELLS:
        raise _too_large(sheet, name, high, wide)
    found, cells = [], 0
    for row in sheet.iter_rows(values_only=True):
        found.append(row)
        cells += max(1, len(row))
        if cells > CELLS:
            raise _too_large(sheet, name, len(found), len(row))
    return found


def _too_large(sheet: Any, name: str, high: int, wide: int) -> DataProblem:
    return DataProblem(
        f"{name}: sheet '{sheet.title}' spans {high:,} rows and {wide:,} columns; at most {CELLS:,} cells are read. "
        "Delete what stands far below or right of the table and save it, or export CSV"
    )


def said(path: Path, sheet: str, names: Sequence[str]) -> tuple[tuple[str, ...], tuple[Doubt, ...]]:
    """Return notes on what a sheet hides or merges, and doubts about formulas without a stored result."""
    import openpyxl

    with zipfile.ZipFile(path) as pack:
        book = openpyxl.load_workbook(io.BytesIO(path.read_bytes()), read_only=True)
        inside = {s.title: (s._worksheet_path, s.sheet_state) for s in book.worksheets}
        book.close()
        content = pack.read(inside[sheet][0].lstrip("/"))
    hidden = [f"'{n}'" for n, (_, state) in inside.items() if state != "visible" and n != sheet]
    notes = [f"hidden sheets are not read: {', '.join(hidden)}"] if hidden else []
    if inside[sheet][1] != "visible":
        notes.append(f"sheet '{sheet}' is hidden in the workbook and is read all the same")
    if lines := len(re.findall(rb'<row [^>]*hidden="(?:1|true)"', content)):
        notes.append(f"{lines:,} hidden rows are read as the others are")
    merged = [m.decode() for m in re.findall(rb'<mergeCell ref="([A-Z]+\d+:[A-Z]+\d+)"', content)]
    if merged:
        listed = ", ".join(merged[:5]) + (", ..." if len(merged) > 5 else "")
        notes.append(f"merged cells have a value in their first cell only: {listed}; unmerge them to fill the others")
    doubts = _formulas(content, names)
    return (*notes, *(f"'{d.column}': {d.question}" for d in doubts)), doubts


def _formulas(content: bytes, names: Sequence[str]) -> tuple[Doubt, ...]:
    from openpyxl.utils import column_index_from_string

    empty: dict[int, int] = {}
    for cell in FORMULA.finditer(content) if b"<f" in content else ():
        if not STORED.search(cell[0]):
            at = column_index_from_string(cell[1].decode()) - 1
            empty[at] = empty.get(at, 0) + 1
    question = "{n:,} cells hold formulas without stored results and are read as no answer; open the workbook in a "
    question += "spreadsheet program and save it"
    return tuple(
        Doubt(names[i], question.format(n=n), ("saved anew", "no answer"), weight=0.95)
        for i, n in sorted(empty.items())
        if i < len(names)
    )
