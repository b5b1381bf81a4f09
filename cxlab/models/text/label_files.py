"""Files of labels as they lie on disk: the key of what was drawn, sheets of a workbook, and tables of one's own."""

from __future__ import annotations

import csv
import json
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from cxlab.data.masking import quotable
from cxlab.data.readers import dialect
from cxlab.data.readers.encoding import as_utf8
from cxlab.models.text.code_frame import BUILT_IN
from cxlab.models.text.label_sheets import VERSION
from cxlab.problem import DataProblem


def key(path: Path, themes: tuple[str, ...]) -> dict[str, Any]:
    """Return what was drawn: ``rows``, ``comments`` (how many there were), ``themes``, and ``sheets``, the rows of each
    coder in the order in which they were drawn.

    Raises
    ------
    DataProblem : it is not as it was written, or lacks a theme.
    """
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        rows = pd.DataFrame(told["rows"])[["row", "print", "copy", "shown", "p", "group"]]
        rows = rows.astype({"row": int, "copy": int, "p": float, "print": str, "shown": str})
        kept, comments = [str(t) for t in told["themes"]], int(told["comments"])
        sheets = {str(k): [int(r) for r in v] for k, v in told["sheets"].items()}
        drawn = set(rows["row"])
        whole = told["version"] == VERSION and rows["row"].is_unique and rows["p"].between(0, 1, "right").all()
        whole = whole and comments >= len(rows) and bool(kept) and set().union(*sheets.values()) == drawn
    except (ValueError, KeyError, TypeError, AttributeError, UnicodeDecodeError):
        whole = False
    if not whole:
        raise DataProblem(f"{path.name} is not as cx.text.label_sample wrote it; put the original back")
    if unknown := [t for t in themes if t not in kept]:
        raise DataProblem(
            f"the frame has {', '.join(map(repr, unknown))}, which {path.name} has not; its themes: {', '.join(kept)}"
        )
    return {"rows": rows, "comments": comments, "themes": kept, "sheets": sheets}


def sheets(file: Path, themes: tuple[str, ...]) -> dict[str, pd.DataFrame]:
    """Return the filled sheets, all cells as text: every sheet with a column 'row' is a coder's; a CSV is one sheet.

    Nothing is worked out: a formula is the text that stands there.

    Raises
    ------
    DataProblem : the file cannot be read, no sheet is a coder's, or one lacks a column.
    """
    all_ = {file.stem: _csv(file)} if file.suffix.lower() in (".csv", ".txt", ".tsv") else _workbook(file)
    found = {name: t for name, t in all_.items() if "row" in t.columns}
    if not found:
        raise DataProblem(f"{file.name} has the sheets {', '.join(all_)}; none has a column 'row': keep the sheets")
    for coder, table in found.items():
        wanted = ("comment", *themes)
        table.columns = _titles(table.columns, (*wanted, *BUILT_IN))
        if lost := [c for c in wanted if c not in table]:
            raise DataProblem(
                f"sheet '{coder}' of {file.name} has no column {', '.join(map(repr, lost))}; it has "
                f"{', '.join(map(str, table.columns))}"
            )
    return found


def table(file: Path) -> pd.DataFrame:
    """Return the only, or first, sheet of a file of labels of one's own, all cells as text.

    Raises
    ------
    DataProblem : the file cannot be read.
    """
    if file.suffix.lower() in (".csv", ".txt", ".tsv"):
        return _csv(file)
    return next(iter(_workbook(file, "cannot be read as a table ({}); give .xlsx or .csv").values()))


def _csv(file: Path) -> pd.DataFrame:
    """A text file in any encoding and with any separator."""
    if not file.read_bytes().strip():
        raise DataProblem(f"{file.name} cannot be read as a table (it is empty); give .xlsx or .csv")
    source = as_utf8(file)
    mark, quote, skip, _ = dialect.dialect(source)
    csv.field_size_limit(max(csv.field_size_limit(), 2**24))
    with source.path.open(encoding="utf-8-sig", newline="") as lines:
        try:
            rows = list(csv.reader(lines, delimiter=mark, quotechar=quote))[skip:]
        except csv.Error as error:
            raise DataProblem(
                f"{file.name} cannot be read as a table ({quotable(error)}); give .xlsx or .csv"
            ) from None
    return _framed(rows)


def _workbook(file: Path, said: str = "is no workbook that can be read ({}); save it as .xlsx") -> dict[str, Any]:
    """All sheets of a workbook as it was saved."""
    from openpyxl import load_workbook

    try:
        book = load_workbook(file, read_only=True, data_only=False, keep_links=False)
        made = {sheet.title: _framed(sheet.iter_rows(values_only=True)) for sheet in book.worksheets}
        book.close()
    except (zipfile.BadZipFile, ValueError, KeyError, OSError, EOFError) as error:
        raise DataProblem(f"{file.name} {said.format(quotable(error))}") from None
    return made


def _framed(rows: Iterable[Any]) -> pd.DataFrame:
    """Rows as a table of texts with the first for its head; columns without a name and rows without a cell are none."""
    texts = [["" if v is None else str(v) for v in row] for row in rows]
    texts = [row for row in texts if any(v.strip() for v in row)] if texts else []
    if not texts:
        return pd.DataFrame()
    head, width = [h.strip() for h in texts[0]], len(texts[0])
    body = [(row + [""] * width)[:width] for row in texts[1:]]
    made = pd.DataFrame(body, columns=range(width), dtype=object)
    kept = [k for k, name in enumerate(head) if name and name not in head[:k]]
    return made[kept].set_axis([head[k] for k in kept], axis=1)


def _titles(columns: Iterable[Any], wanted: tuple[str, ...]) -> list[str]:
    """Titles as they were given, where only their case was changed."""
    given = [str(c) for c in columns]
    known = {w.casefold(): w for w in wanted if w not in given}
    return [known.get(c.casefold(), c) for c in given]
