"""The same input gives the same bytes, on one core and on all of them."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="needs a system that can give a process one core")
def test_drivers_are_the_same_on_one_core_and_on_all(tmp_path) -> None:
    one = "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}); "
    clean = {k: v for k, v in os.environ.items() if not k.endswith("NUM_THREADS")}
    for name, first in (("one", one), ("all", "")):
        program = f"{first}from cxlab.cli import main; main()"
        command = [sys.executable, "-c", program, "report", "drivers", "airline-survey", "--output", name]
        done = subprocess.run(command, cwd=tmp_path, env=clean, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
    results = [(tmp_path / name / "drivers/airline-survey/results.json").read_bytes() for name in ("one", "all")]
    assert results[0] == results[1]
