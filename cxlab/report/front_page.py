"""`refresh`: the page over all reports of a folder and the table of all their numbers, kept true under a lock."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from cxlab.data.temporary import fcntl
from cxlab.report.collect import collect
from cxlab.report.overview import overview


def refresh(folder: Path) -> Path:
    """Write ``index.html`` and ``results.parquet`` of ``folder`` from the reports in it and return the page's path.

    Several batches may write into one folder at once: each report is published whole, and only one at a time writes
    page and table, from all reports that are there.
    """
    folder = Path(folder)
    with locked(folder):
        collect(folder)
        return overview(folder)


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder of reports; others wait."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as file:
        if fcntl:  # where there is none, two batches must not write into one folder at once
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
