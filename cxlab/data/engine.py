"""Connections to DuckDB."""

from __future__ import annotations

import os

import duckdb


def connect() -> duckdb.DuckDBPyConnection:
    """Return a new DuckDB in memory, with as many threads as the environment variable CXLAB_THREADS says, if it is set.

    Several threads add floating-point numbers in an order that differs from run to run, so weighted sums differ in
    their last digit. Reports set one thread: the same input gives the same bytes.
    """
    threads = os.environ.get("CXLAB_THREADS", "")
    return duckdb.connect(config={"threads": int(threads)} if threads else {})


def settle() -> None:
    """Set up DuckDB's default connection, on which files open: threads as in `connect`, and no progress bar.

    The bar would print into reports and between the lines of ``--json``.
    """
    threads = os.environ.get("CXLAB_THREADS", "")
    duckdb.execute("set enable_progress_bar = false").fetchall()
    if threads:
        duckdb.execute(f"set threads = {int(threads)}").fetchall()
