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
