"""What the parts of a workbook say beside the values of their cells: sizes, formulas, merged cells, what is hidden."""

from __future__ import annotations

import io
import itertools
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
LOCKED = "EncryptedPackage"
"""Where Excel puts a workbook with a password, in the old container of streams."""
STRICT = b"http://purl.oclc.org/ooxml/"
"""Names of a workbook saved as Strict Open XML."""
FORMULA = re.compile(rb'<c r="([A-Z]+)(\d+)"[^>]*>\s*<f[ >/](?:(?!</c>).)*?</c>', re.DOTALL)
STORED = re.compile(rb"<v>[^<]|<is>|^<c [^>]*t=\"str\"(?s:.)*<v")
"""A result: a value, or the empty text that a formula such as `=IF(A1="","",A1)` gives."""


def bounded(path: Path) -> None:
    """Raise `DataProblem` when a workbook unpacks to more than `BYTES`, or has a password."""
    try:
        with zipfile.ZipFile(path) as pack:
            size = sum(part.file_size for part in pack.infolist())
            listed = "META-INF/manifest.xml"  # of OpenDocument
            locked = size <= BYTES and listed in pack.namelist() and b":encryption-data" in pack.read(listed)
    except (zipfile.BadZipFile, OSError):
        with path.open("rb") as file:  # no workbook, else its reader says so
            size, locked = 0, LOCKED.encode("utf-16-le") in file.read(2**20)
    if locked:
        raise DataProblem(
            f"{path.name} is protected by a password; open it in a spreadsheet program and save a copy without one"
        )
    if size > BYTES:
        raise DataProblem(
            f"{path.name} unpacks from {path.stat().st_size:,} to {size:,} bytes; at most {BYTES:,} are read. Export "
            "it as CSV or Parquet"
        )


def strict(path: Path) -> bool:
    """Return whether a workbook is Strict Open XML, which openpyxl does not read."""
    try:
        with zipfile.ZipFile(path) as pack:
            return "xl/workbook.xml" in pack.namelist() and STRICT in pack.read("xl/workbook.xml")
    except (zipfile.BadZipFile, OSError):
        return False


def rows(sheet: Any, name: str) -> list[tuple]:
    """Return the rows of a sheet; one that spans more than `CELLS` is an error that says what stretches it.

    The size that a sheet declares bounds it only: programs write 'A1' and less than there is.
    """
    high, wide = sheet.max_row or 0, sheet.max_column or 0
    if high * wide > CELLS:
        raise _too_large(sheet, name, high, wide)
    sheet.reset_dimensions()
    found, cells = [], 0
    try:
        for row in sheet.iter_rows(values_only=True):
            found.append(row)
            cells += max(1, len(row))
            if cells > CELLS:
                raise _too_large(sheet, name, len(found), len(row))
    except (ValueError, TypeError, LookupError, ArithmeticError, SyntaxError) as error:
        why = " ".join(str(error).split())[:100]
        raise DataProblem(
            f"{name}: row {len(found) + 1} of sheet '{sheet.title}' is damaged ({why}); open the workbook in a "
            "spreadsheet program and save it"
        ) from error
    sums = _totals(sheet.parent._archive, sheet._worksheet_path)
    return [() if k in sums else row for k, row in enumerate(found, 1)]


def _totals(pack: zipfile.ZipFile, sheet: str) -> dict[int, str]:
    """The row of sums below each table that Excel keeps on a sheet, and the table's name."""
    folder, _, file = sheet.lstrip("/").rpartition("/")
    there, out = set(pack.namelist()), {}
    links = f"{folder}/_rels/{file}.rels"
    for target in re.findall(rb'Target="[^"]*?(tables/[^"/]+\.xml)"', pack.read(links) if links in there else b""):
        part = f"xl/{target.decode()}"
        content = pack.read(part) if part in there else b""
        end = re.search(rb'\bref="[A-Z]+\d+:[A-Z]+(\d+)"', content)
        if end and re.search(rb'\btotalsRowCount="[1-9]', content):
            called = re.search(rb'\bdisplayName="([^"]*)"', content)
            out[int(end[1])] = called[1].decode("utf-8", "replace") if called else ""
    return out


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
        content, sums = pack.read(inside[sheet][0].lstrip("/")), _totals(pack, inside[sheet][0])
    _ascending(content, path.name, sheet)
    hidden = [f"'{n}'" for n, (_, state) in inside.items() if state != "visible" and n != sheet]
    notes = [f"hidden sheets are not read: {', '.join(hidden)}"] if hidden else []
    if inside[sheet][1] != "visible":
        notes.append(f"sheet '{sheet}' is hidden in the workbook and is read all the same")
    if any(re.findall(rb'<col [^>]*hidden="(?:1|true)"', content)):
        notes.append("hidden columns are read as the others are")
    notes += [f"row {k}, the totals of table '{t}', is left out" for k, t in sums.items()]
    if lines := len(re.findall(rb'<row [^>]*hidden="(?:1|true)"', content)):
        notes.append(f"{lines:,} hidden rows are read as the others are")
    merged = [m.decode() for m in re.findall(rb'<mergeCell ref="([A-Z]+\d+:[A-Z]+\d+)"', content)]
    if merged:
        listed = ", ".join(merged[:5]) + (", ..." if len(merged) > 5 else "")
        notes.append(f"merged cells have a value in their first cell only: {listed}; unmerge them to fill the others")
    doubts = _formulas(content, names)
    return (*notes, *(f"'{d.column}': {d.question}" for d in doubts)), doubts


def _ascending(content: bytes, name: str, sheet: str) -> None:
    """Raise where rows do not come one after another: some would be lost."""
    numbers = [int(n) for n in re.findall(rb'<row [^>]*?\br="(\d{1,7})"', content)]
    at = next((b for a, b in itertools.pairwise(numbers) if b <= a), 0)
    if at:
        raise DataProblem(
            f"{name}: row {at} of sheet '{sheet}' stands after a later one; open the workbook in a spreadsheet program "
            "and save it"
        )


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
