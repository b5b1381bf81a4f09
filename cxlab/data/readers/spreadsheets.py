"""Spreadsheets that openpyxl does not read: old and binary Excel (.xls, .xlsb) and OpenDocument (.ods), by calamine."""

from __future__ import annotations

import pickle
import re
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil

from cxlab.data.readers import excel_parts
from cxlab.problem import DataProblem, unknown

ENDINGS = (".xls", ".xlsb", ".ods")


def sheet(path: Path, name: str) -> tuple[str, list[tuple], tuple[str, ...]]:
    """Return the name of a sheet, its rows, and notes on what the workbook hides or merges.

    Parameters
    ----------
    path : of the workbook.
    name : of the sheet; '' where only one has data.

    Raises
    ------
    DataProblem : no spreadsheet, no such sheet, several with data and none chosen, more than `excel_parts.CELLS` cells.
    """
    excel_parts.bounded(path)
    book = _apart(path)
    found = book["sheets"]
    if name and name not in found:
        raise unknown("sheet", name, path.name, found)
    rows = {n: _rows(s, n, path.name) for n, s in found.items() if not name or n == name}
    filled = {n: r for n, r in rows.items() if r} if not name else rows
    if not filled:
        raise DataProblem(f"{path.name} has no sheet with data")
    if len(filled) > 1:
        first = next(iter(filled))
        raise DataProblem(
            f"{path.name} has {len(filled)} sheets with data: {', '.join(filled)}; choose one: sheet='{first}'"
        )
    chosen = next(iter(filled))
    return chosen, filled[chosen], (*_said(book, chosen), _hidden(path))


def _apart(path: Path) -> dict[str, Any]:
    """Return the sheets of a workbook, read by a process of its own (`apart`): the library may panic."""
    limit = psutil.virtual_memory().total
    program = str(Path(__file__).with_name("apart.py"))
    command = [sys.executable, "-P", program, str(path.absolute()), str(limit), "spreadsheet", str(excel_parts.CELLS)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    book = pickle.loads(done.stdout) if not done.returncode else {"error": "it ends its reader: it is damaged"}
    if "error" in book:
        raise DataProblem(
            f"{path.name} cannot be read as a spreadsheet ({book['error'][:200]}); open it in a spreadsheet program "
            "and save it as .xlsx"
        )
    return book


def _rows(page: tuple, name: str, file: str) -> list[tuple]:
    """The rows of a sheet; [] where none holds anything."""
    found, high, wide, _ = page
    if high * wide > excel_parts.CELLS:
        raise DataProblem(
            f"{file}: sheet '{name}' spans {high:,} rows and {wide:,} columns; at most {excel_parts.CELLS:,} cells are "
            "read. Delete what stands far out, or export it as CSV"
        )
    rows = [tuple(None if v == "" else v for v in r) for r in found]
    return rows if any(v is not None for r in rows for v in r) else []


def _said(book: dict[str, Any], name: str) -> tuple[str, ...]:
    """Return what the workbook hides or merges."""
    others = [f"'{n}'" for n in book["hidden"] if n != name]
    notes = [f"hidden sheets are not read: {', '.join(others)}"] if others else []
    if name in book["hidden"]:
        notes.append(f"sheet '{name}' is hidden in the workbook and is read all the same")
    if merged := _ranges(book["sheets"][name][3]):
        listed = ", ".join(merged[:5]) + (", ..." if len(merged) > 5 else "")
        notes.append(f"merged cells have a value in their first cell only: {listed}; unmerge them to fill the others")
    return tuple(notes)


def _hidden(path: Path) -> str:
    """What is to be said of hidden rows and columns: calamine does not tell of them, OpenDocument's own text does."""
    if path.suffix.lower() == ".ods":
        with zipfile.ZipFile(path) as pack:
            if not re.search(rb'table:visibility="(?:collapse|filter)"', pack.read("content.xml")):
                return ""
        return "hidden rows or columns are read as the others are"
    return (
        f"whether rows or columns are hidden is not seen in this kind of workbook ({path.suffix.lower()}): all are read"
    )


def _ranges(found: Sequence[tuple[tuple[int, int], tuple[int, int]]]) -> list[str]:
    """Ranges as a spreadsheet writes them: A1:B2."""
    from openpyxl.utils import get_column_letter

    cell = lambda at: f"{get_column_letter(at[1] + 1)}{at[0] + 1}"  # noqa: E731
    return [f"{cell(a)}:{cell(b)}" for a, b in found]
