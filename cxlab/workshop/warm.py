"""The fork server of a class: kernels for people, with the libraries of the lessons imported once for all seats.

Imported, not used: polars and DuckDB start threads when first used, and threads do not come along into a fork.
"""

from __future__ import annotations

import sys

from cxlab.report import kernel
from cxlab.workshop.outlines import NAMES

PRELOAD = (
    *kernel.PRELOAD, "cxlab.data.simulate", "cxlab.data.simulate_comments", "cxlab.data.weights",
    "cxlab.models.metrics.estimates", "cxlab.models.metrics.metric_plots", "cxlab.models.drivers.driver_importance",
    "cxlab.models.benchmarks.league", "cxlab.models.loop.agreement", "cxlab.models.monitoring.running",
    "cxlab.workshop.lesson", "cxlab.workshop.board_drawings", "cxlab.rooms.designs", "pandas.io.formats.style",
    *(f"cxlab.workshop.lessons.{name}" for name in NAMES),
)  # fmt: skip


class Warm(kernel.Kernels):
    """The fork server of a class, for as long as the ``with`` block lasts."""

    module = "cxlab.workshop.warm"


def begin(connection_file: str) -> int:
    """Be a kernel of a seat until asked to stop."""
    import duckdb
    from ipykernel.kernelapp import IPKernelApp

    duckdb.execute("SET threads = 1")
    sys.argv = ["cxlab-kernel"]
    app = IPKernelApp.instance()
    app.initialize(["-f", connection_file, "--matplotlib=inline", "--HistoryManager.enabled=False",
                    "--log-level=CRITICAL"])  # fmt: skip
    app.start()
    return 0


if __name__ == "__main__":
    import cxlab.workshop.warm as own

    kernel.serve(sys.argv[1], preload=own.PRELOAD, begin=own.begin)
