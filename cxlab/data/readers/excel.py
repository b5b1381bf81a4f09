"""Workbooks (.xlsx, .xlsm, .xls, .xlsb, .ods): one sheet, one header row or a survey platform's."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from cxlab.data.masking import quotable
from cxlab.data.readers import (
    excel_parts,
    lines_below,
    opened,
    platforms,
    preamble,
    repeated_header,
    spreadsheets,
    summary_row,
)
from cxlab.data.readers.raw import Raw, check_names, only_header
from cxlab.problem import DataProblem, unknown


def read(path: Path, *, sheet: str = "") -> Raw:
    """Return a sheet of a workbook as a table; ``sheet`` may be left out when only one has data.

    Raises
    ------
    DataProblem : no Excel file, several sheets to choose from, only a header, blank (merged) or duplicated names.
    """
    told = ()
    other = path.suffix.lower() in spreadsheets.ENDINGS or excel_parts.strict(path)
    if other:
        name, rows, told = spreadsheets.sheet(path, sheet)
    else:
        name, rows = _sheet(path, sheet)
    if not any(v not in (None, "") for r in rows for v in r):
        raise DataProblem(f"{path.name}: sheet '{name}' is empty")
    rows, below = lines_below.of_records(
        rows, [[_written(v) for v in r] for r in _framed(rows)[1][-lines_below.ABOVE :]]
    )
    rows = [r for r in rows if any(v not in (None, "") for v in r)]
    head = [[_written(v) for v in r] for r in _framed(rows)[1][: preamble.MOST + 20]]
    above = preamble.lines(head)
    start, rows = _framed(rows[above:])
    wide = len(rows[0])
    header = platforms.recognise([[_written(v) for v in r] for r in rows[:20]])
    if not header.platform and len(rows) > 1 and sum(v is not None for v in rows[0]) == 1 < wide:
        raise DataProblem(
            f"{path.name}: row 1 of sheet '{name}' is a title ('{quotable(_written(rows[0][0]))}'), not column names; "
            "delete the rows above the header"
        )
    if not header.platform:
        check_names(header.names, f"{path.name}, sheet '{name}',")
    if len(rows) <= header.rows:
        raise only_header(f"{path.name}: sheet '{name}'", wide)
    data, again = repeated_header.of_records(rows, header.rows)
    columns = [_column([r[i] for r in data], header.names[i] in header.as_text) for i in range(wide)]
    table, said = opened.relation(duckdb.from_arrow(pa.table(columns, names=list(header.names))), held=True)
    table, more = summary_row.without(table)
    told, doubts = (told, ()) if other else excel_parts.said(path, name, ("",) * start + header.names)
    told = tuple(filter(None, (*told, preamble.note(head[:above]))))
    notes = (*header.notes, f"sheet '{name}'", *filter(None, (again, below)), *told, *said, *more)
    return Raw(
        table, f"{header.platform} Excel".strip(), notes, header.facts, header.multiple, doubts=doubts, held=True
    )


def _framed(rows: list[tuple]) -> tuple[int, list[tuple]]:
    """Return the first column that holds anything, and the rows from there on, all of one width."""
    filled = {i for r in rows for i, v in enumerate(r) if v not in (None, "")}
    start, end = min(filled), max(filled) + 1
    return start, [tuple(r[start:end]) + (None,) * (end - max(len(r), start)) for r in rows]


def _sheet(path: Path, sheet: str) -> tuple[str, list[tuple]]:
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    excel_parts.bounded(path)
    try:
        book = openpyxl.load_workbook(io.BytesIO(path.read_bytes()), read_only=True, data_only=True)
    except (zipfile.BadZipFile, InvalidFileException, KeyError, OSError, ValueError) as error:
        raise DataProblem(
            f"{path.name} cannot be read as an Excel workbook ({error}); open it in a spreadsheet program and save it "
            "as .xlsx, or export CSV"
        ) from error
    try:
        if sheet:
            if sheet not in book.sheetnames:
                raise unknown("sheet", sheet, path.name, book.sheetnames)
            return sheet, excel_parts.rows(book[sheet], path.name)
        filled = {n: rows for n in book.sheetnames if (rows := list(_worksheet(book, n, path.name)))}
    finally:
        book.close()
    if not filled:
        raise DataProblem(f"{path.name} has no sheet with data")
    if len(filled) > 1:
        raise DataProblem(
            f"{path.name} has {len(filled)} sheets with data: {', '.join(filled)}; "
            f"choose one: sheet='{next(iter(filled))}'"
        )
    return next(iter(filled.items()))


def _worksheet(book: Any, name: str, path_name: str) -> list[tuple]:
    if not hasattr(book[name], "iter_rows"):
        return []
    rows = excel_parts.rows(book[name], path_name)
    return rows if any(v not in (None, "") for r in rows for v in r) else []


def _written(value: Any) -> str:
    """Return a cell as text: whole numbers without a decimal point."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _column(values: list[Any], as_text: bool = False) -> pa.Array:
    """Return cells as one Arrow column; cells of several types become text."""
    values = [None if v == "" else v for v in values]
    kinds = {type(v) for v in values if v is not None}
    if as_text or not kinds:
        return pa.array([None if v is None else _written(v) for v in values], pa.string())
    if kinds <= {int, float}:
        whole = all(v is None or float(v).is_integer() and abs(v) < 2**53 for v in values)
        return pa.array([None if v is None else int(v) if whole else float(v) for v in values])
    if kinds <= {dt.datetime, dt.date}:
        return pa.array(
            [dt.datetime(v.year, v.month, v.day) if type(v) is dt.date else v for v in values], pa.timestamp("us")
        )
    if kinds == {bool}:
        return pa.array(values, pa.bool_())
    return pa.array([None if v is None else _written(v) for v in values], pa.string())
