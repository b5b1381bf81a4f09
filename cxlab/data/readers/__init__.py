"""Readers: one module a family of formats; each returns a `Raw` table with what the file itself says."""

from __future__ import annotations

import zipfile
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb

from cxlab.data import engine, temporary
from cxlab.data.locations import sought
from cxlab.data.readers import (
    columnar,
    database,
    delimited,
    event_stream,
    excel,
    packed,
    spreadsheets,
    statistical,
    texts,
)
from cxlab.data.readers.raw import SMALL, Raw
from cxlab.problem import DataProblem

DELIMITED = (".csv", ".tsv", ".tab", ".txt", ".dat", ".psv")
EXCEL = (".xlsx", ".xlsm", *spreadsheets.ENDINGS)
PACKED = (".zip", ".gz")
XES = ".xes"
ENDINGS = (*DELIMITED, *EXCEL, *statistical.PROGRAM, *columnar.OPENERS, XES, *PACKED)


def open_file(
    path: Path,
    *,
    encoding: str = "",
    sheet: str = "",
    as_text: Collection[str] = (),
    declared: Mapping[str, str] | None = None,
) -> Raw:
    """Return the table in ``path`` by the reader for its ending, with its values as `opened` and `texts` make them.

    Parameters
    ----------
    encoding : of a text file; '' detects it.
    sheet : of a workbook with several.
    as_text : columns that stay text, leading zeros and all.
    declared : column → how it is written (`Field.format`), where a codebook says it.

    Raises
    ------
    DataProblem : nothing there, a folder, an empty file, an ending that no reader knows, and whatever the reader finds.
    """
    engine.settle()
    if path.is_dir():
        inside = sorted(p.name for p in path.iterdir() if p.suffix.lower() in ENDINGS)
        of_it = f" of it: {', '.join(inside[:10])}" if inside else ""
        raise DataProblem(f"{path} is a folder; give one file{of_it}")
    if not path.is_file():
        raise DataProblem(f"there is no file {sought(path)}")
    if not path.stat().st_size:
        raise DataProblem(f"{path.name} is empty (0 bytes); export it again")
    ending = path.suffix.lower()
    if sheet and ending not in (*EXCEL, *PACKED) and not zipfile.is_zipfile(path):
        raise DataProblem(f"sheet is '{sheet}', and {path.name} is no workbook with sheets; leave sheet out")
    if encoding and ending not in (*DELIMITED, *PACKED):
        raise DataProblem(f"encoding is '{encoding}', and {path.name} is no text file; leave encoding out")
    if ending in PACKED:
        return _packed(path, encoding=encoding, sheet=sheet, as_text=as_text, declared=declared)
    if ending in DELIMITED and not zipfile.is_zipfile(path):
        return delimited.read(path, encoding=encoding, as_text=as_text, declared=declared)
    if ending in (*EXCEL, *DELIMITED):
        raw = excel.read(path, sheet=sheet)
    elif ending in statistical.PROGRAM:
        raw = statistical.read(path)
    elif ending in columnar.OPENERS:
        raw = columnar.read(path)
    elif ending == XES:
        raw = event_stream.read(path)
    else:
        raise DataProblem(
            f"{path.name} ends in '{ending}', which no reader knows; known: {', '.join(ENDINGS)}" + ANEW.get(ending, "")
        )
    return texts.read(raw, keep=as_text, declared=declared)


ANEW = {
    ".numbers": "; export it as .xlsx or .csv",
    ".rds": "; in R: write.csv(readRDS(file), 'x.csv', row.names = FALSE), or haven::write_sav to keep the labels",
    ".rdata": "; in R: load it, then write.csv(table, 'x.csv', row.names = FALSE)",
    ".rda": "; in R: load it, then write.csv(table, 'x.csv', row.names = FALSE)",
    ".sss": "; Triple-S: export from the survey program as SPSS (.sav), which keeps labels and missing codes",
    ".asc": "; Triple-S: export from the survey program as SPSS (.sav), which keeps labels and missing codes",
    ".pdf": "; ask for the table as .csv or .xlsx",
}
"""How to save anew what no reader here knows."""


def _packed(path: Path, **options: Any) -> Raw:
    """Return the one table that a .zip or .gz file holds; what is unpacked goes once its rows are in memory.

    A table that is scanned lazily keeps it until Python ends.
    """
    folder = temporary.inside()
    try:
        inside = packed.unpacked(path, Path(folder.name), ENDINGS)
        raw = open_file(inside, **options)
        if not raw.held and inside.stat().st_size <= SMALL:
            raw = replace(raw, table=duckdb.from_arrow(raw.table.to_arrow_table()), held=True)
    except BaseException:
        folder.cleanup()
        raise
    if raw.held:
        folder.cleanup()
    else:
        delimited.KEPT.append(folder)
    return replace(raw, notes=(f"unpacked from {path.name}", *raw.notes))


def open_url(url: str, *, query: str = "") -> Raw:
    """Return the rows of a query on the database at ``url``."""
    engine.settle()
    return texts.read(database.read(url, query=query))


__all__ = ["ENDINGS", "Raw", "open_file", "open_url"]
