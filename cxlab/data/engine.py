"""Connections to DuckDB, and how a path is handed to it."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import duckdb

from cxlab.data import temporary
from cxlab.problem import DataProblem

WILD = "[*?"
"""What makes a path a pattern to DuckDB."""


def connect() -> duckdb.DuckDBPyConnection:
    """Return a new DuckDB in memory, with as many threads as the environment variable CXLAB_THREADS says, if it is set.

    Several threads add floating-point numbers in an order that differs from run to run, so weighted sums differ in
    their last digit. Reports set one thread: the same input gives the same bytes. Times are UTC on every machine.
    """
    threads = os.environ.get("CXLAB_THREADS", "")
    con = duckdb.connect(config={"threads": int(threads)} if threads else {})
    con.execute("set timezone = 'UTC'")
    spill(con)
    return con


def spill(con: duckdb.DuckDBPyConnection) -> None:
    """Let a connection write what does not fit into memory to the folder of this process, not where its caller stands.

    A place that somebody chose, and one that is in use, stay.
    """
    place = con.execute("select current_setting('temp_directory')").fetchall()[0][0]
    ours = str(temporary.folder() / "spilled")
    if place != ours and (not place or place.endswith(".tmp") or f"/{temporary.PREFIX}" in place):
        with contextlib.suppress(duckdb.Error):
            con.execute(f"set temp_directory = '{ours.replace(chr(39), chr(39) * 2)}'").fetchall()


def settle() -> None:
    """Set up DuckDB's default connection, on which files open: threads as in `connect`, and no progress bar.

    The bar would print into reports and between the lines of ``--json``. Times are UTC, whatever the machine's zone.
    """
    threads = os.environ.get("CXLAB_THREADS", "")
    duckdb.execute("set enable_progress_bar = false").fetchall()
    duckdb.execute("set timezone = 'UTC'").fetchall()
    spill(duckdb.default_connection())
    if threads:
        duckdb.execute(f"set threads = {int(threads)}").fetchall()


def one_file(path: str | Path) -> str:
    """Return ``path`` as DuckDB's functions must be given it to read this one file: to them a path is a pattern.

    >>> one_file("/data/report[1].csv")
    '/data/report[[]1].csv'

    Raises
    ------
    DataProblem : the path holds a backslash beside ``[``, ``*`` or ``?``, which no pattern spells.
    """
    whole = Path(path).absolute().as_posix()
    if not any(c in whole for c in WILD):
        return whole
    if "\\" in whole:
        raise DataProblem(
            f"the path {whole} holds a backslash and one of [ * ?, which DuckDB cannot be told apart from a pattern; "
            "rename the file or its folder"
        )
    return "".join(f"[{c}]" if c in WILD else c for c in whole)
