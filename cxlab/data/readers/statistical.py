"""SPSS (.sav, .zsav, .por), Stata (.dta) and SAS (.sas7bdat, .xpt) with labels and user-missing codes.

polars-readstat reads them: on files written by pyreadstat its values, labels and user-missing codes are the same
(``tests/data/test_readers_statistical.py``), and it is several times faster (``benchmarks/bench_reading.py``). It does
not check what pyreadstat does not either, so a file that ends early is an error in both.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import psutil
import pyarrow as pa

from cxlab.data.readers import opened
from cxlab.data.readers.raw import Raw, check_names, only_header
from cxlab.problem import DataProblem

PROGRAM = {".sav": "SPSS", ".zsav": "SPSS", ".por": "SPSS portable", ".dta": "Stata", ".sas7bdat": "SAS", ".xpt": "SAS"}
CUT = ("fill whole buffer", "UnexpectedEof")
"""How the library says that a file ends early."""

SPARE = 4 * 2**30
"""Addresses beyond the memory of the machine that libraries reserve without using them."""


def read(path: Path) -> Raw:
    """Return an SPSS, Stata or SAS file as a table; user-missing answers are null, codes and labels are facts.

    Raises
    ------
    DataProblem : the file is cut short, damaged or of another format; it has no rows.
    """
    program = PROGRAM[path.suffix.lower()]
    rows, told = _apart(path, program)
    if not rows.num_rows:
        raise only_header(path.name, rows.num_columns)
    check_names(rows.column_names, path.name)
    facts = {v["name"]: _facts(v, program) for v in told.get("variables") or told.get("columns", ())}
    notes = (
        f"{program} file, encoding {told.get('encoding') or 'unknown'}, {rows.num_rows:,} rows",
        "value labels stand in a file of their own (.sas7bcat), which is not read: give them with --dictionary"
        if program == "SAS"
        else "value labels and user-missing codes come from the file; user-missing answers are null",
    )
    table, said = opened.relation(duckdb.from_arrow(rows), held=True)
    return Raw(
        table,
        program,
        (*notes, *said),
        facts,
        title=told.get("file_label") or told.get("data_label") or "",
        held=True,
    )


def _apart(path: Path, program: str) -> tuple[pa.Table, dict[str, Any]]:
    """Return the rows of a file and what it says about them, read by a process of its own (`apart`).

    A damaged header makes the library ask for more memory than there is, which ends its process.
    """
    limit = psutil.virtual_memory().total + SPARE
    command = [sys.executable, "-P", str(Path(__file__).with_name("apart.py")), str(path.absolute()), str(limit)]
    command += ["statistical"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        try:
            first = process.stdout.readline()
            said = json.loads(first) if first.endswith(b"\n") else {"error": ""}
            rows = None if "error" in said else pa.ipc.open_stream(process.stdout).read_all()
        except (pa.ArrowException, OSError, ValueError):
            said, rows = {"error": ""}, None
        finally:
            process.kill()
    if rows is not None:
        return rows, said["told"]
    limited = f"by its header it needs more memory than this machine has, {limit / 2**30:.0f} GB: it is damaged"
    cause = said["error"].strip()[:200] or limited
    if any(sign in cause for sign in CUT):
        cause = "it ends before its last row: it was cut short"
    raise DataProblem(
        f"{path.name} cannot be read as {program} ({cause}); copy or export it again and compare the sizes"
    )


def _facts(variable: Mapping[str, Any], program: str) -> dict[str, Any]:
    labels = {_code(k): str(v).strip() for k, v in (variable.get("value_labels") or {}).items()}
    codes = [_code(c) for c in (*(variable.get("missing_doubles") or ()), *(variable.get("missing_strings") or ()))]
    between, note = (), ""
    if variable.get("missing_range") and len(codes) >= 2:
        low, high, *codes = codes
        between = [c for c in labels if _within(c, low, high)]
        note = f"user-missing from {low} to {high}"
    tagged = {k: v for k, v in labels.items() if k.startswith("MISSING_")}
    missing = {c: labels.get(c, "user-missing") for c in (*between, *codes)} | {
        "." + k[-1]: v for k, v in tagged.items()
    }
    question = (variable.get("label") or "").strip()
    return {
        "title": question if len(question) <= 80 else "", "question": question,
        "labels": {k: v for k, v in labels.items() if k not in missing and k not in tagged},
        "missing": missing, "note": note, "why": program,
    }  # fmt: skip


def _within(code: str, low: str, high: str) -> bool:
    try:
        return float(low) <= float(code) <= float(high)
    except ValueError:
        return False


def _code(value: Any) -> str:
    """Return a code as text: whole numbers without a decimal point."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return str(value).strip()
    return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)
