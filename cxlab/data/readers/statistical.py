"""SPSS (.sav, .zsav, .por) and Stata (.dta) with variable labels, value labels and user-missing codes.

polars-readstat reads them: on files written by pyreadstat its values, labels and user-missing codes are the same
(``tests/data/test_readers_statistical.py``), and it is several times faster (``benchmarks/bench_reading.py``). It does
not check what pyreadstat does not either, so a file that ends early is an error in both.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from cxlab.data.readers import opened
from cxlab.data.readers.raw import Raw, check_names, only_header
from cxlab.problem import DataProblem

PROGRAM = {".sav": "SPSS", ".zsav": "SPSS", ".por": "SPSS portable", ".dta": "Stata"}


def read(path: Path) -> Raw:
    """Return an SPSS or Stata file as a table; user-missing answers are null, their codes and labels are kept as facts.

    Raises
    ------
    DataProblem : the file is cut short or no SPSS or Stata file; it has no rows.
    """
    import polars_readstat

    program = PROGRAM[path.suffix.lower()]
    try:
        frame = polars_readstat.read_readstat(str(path), preserve_order=True, missing_string_as_null=True)
        told = polars_readstat.ScanReadstat(str(path)).metadata
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        cause = (
            "it ends before its last row: it was cut short" if "fill whole buffer" in str(error) else str(error)[:200]
        )
        raise DataProblem(
            f"{path.name} cannot be read as {program} ({cause}); copy or export it again and compare the sizes"
        ) from error
    if not frame.height:
        raise only_header(path.name, frame.width)
    check_names(frame.columns, path.name)
    facts = {v["name"]: _facts(v, program) for v in told["variables"]}
    notes = (
        f"{program} file, encoding {told.get('encoding', 'unknown')}, {frame.height:,} rows",
        "value labels and user-missing codes come from the file; user-missing answers are null",
    )
    table, said = opened.relation(duckdb.from_arrow(frame.to_arrow()), held=True)
    return Raw(
        table,
        program,
        (*notes, *said),
        facts,
        title=told.get("file_label") or told.get("data_label") or "",
        held=True,
    )


def _facts(variable: Mapping[str, Any], program: str) -> dict[str, Any]:
    labels = {_code(k): str(v).strip() for k, v in (variable.get("value_labels") or {}).items()}
    codes = [_code(c) for c in (*variable.get("missing_doubles", ()), *variable.get("missing_strings", ()))]
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
