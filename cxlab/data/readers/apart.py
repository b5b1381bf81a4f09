"""A program of its own: reads one file whose library may end its process, and writes it to its output.

``python -P apart.py FILE BYTES KIND``: a corrupt header makes a library ask for hundreds of GB, or panic; so it is this
process that ends, not the one that holds somebody's notebook. KIND is 'statistical' (SPSS, Stata, SAS: a line of JSON
with what the file says about its variables, or what went wrong, then the rows as an Arrow stream) or 'spreadsheet'
(.xls, .xlsb, .ods: a pickle of the sheets).
"""

from __future__ import annotations

import json
import pickle
import sys


def confine(limit: int) -> None:
    """Let this process take at most ``limit`` bytes of memory."""
    try:
        import resource

        allowed = resource.getrlimit(resource.RLIMIT_AS)[1]
        most = limit if allowed == resource.RLIM_INFINITY else min(limit, allowed)
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except ImportError:  # pragma: no cover - Windows has no limits
        pass


def spreadsheet(path: str, most: int) -> dict:
    """Return a workbook's ``sheets`` (name → rows, height, width, merged ranges), those ``hidden``, or an ``error``.

    Rows of a sheet of more than ``most`` cells are left out.
    """
    try:
        import python_calamine

        book = python_calamine.CalamineWorkbook.from_path(path)
        sheets = {}
        for name in book.sheet_names:
            page = book.get_sheet_by_name(name)
            high, wide = page.total_height + 1, page.total_width + 1
            rows = page.to_python(skip_empty_area=False) if high * wide <= most else []
            sheets[name] = (rows, high, wide, list(page.merged_cell_ranges or ()))
        shown = [m.name for m in book.sheets_metadata if str(m.visible) == "SheetVisibleEnum.Visible"]
        return {"sheets": sheets, "hidden": [n for n in sheets if n not in shown]}
    except BaseException as error:  # a panic of the library is none of Exception
        return {"error": str(error)}


def statistical(path: str) -> None:
    """Write a file of SPSS, Stata or SAS to standard output."""
    import polars_readstat
    import pyarrow as pa

    out = sys.stdout.buffer
    try:
        frame = polars_readstat.read_readstat(path, preserve_order=True, missing_string_as_null=True)
        told = polars_readstat.ScanReadstat(path).metadata
    except BaseException as error:
        out.write(json.dumps({"error": str(error)}).encode() + b"\n")
        return
    out.write(json.dumps({"told": told}, default=str).encode() + b"\n")
    table = frame.to_arrow()
    with pa.ipc.new_stream(out, table.schema) as stream:
        stream.write_table(table)


if __name__ == "__main__":
    confine(int(sys.argv[2]))
    if sys.argv[3] == "spreadsheet":
        sys.stdout.buffer.write(pickle.dumps(spreadsheet(sys.argv[1], int(sys.argv[4]))))
    else:
        statistical(sys.argv[1])
