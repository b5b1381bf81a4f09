"""Output that cannot be written or goes away, and a clock that jumps: said or made, never a trace or a lost report."""

from __future__ import annotations

import itertools
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cxlab.report import render

PROGRAM = [sys.executable, "-c", "from cxlab.cli import main\nif __name__ == '__main__': main()"]


@pytest.mark.parametrize("output", ["taken", "taken/reports", "/proc/reports"])
def test_an_output_that_cannot_be_written_is_named(output: str, notebook, tmp_path: Path) -> None:
    notebook("1 + 1")
    (tmp_path / "taken").write_text("a file of mine")
    args = ["report", "tiny.ipynb", "abc", "--trust", "--output", output]
    done = subprocess.run([*PROGRAM, *args], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode in (1, 2) and "Traceback" not in done.stderr
    assert output in done.stderr.replace(str(tmp_path) + "/", "")
    assert (tmp_path / "taken").read_text() == "a file of mine"


def test_an_output_that_is_deleted_meanwhile_is_made_again_or_said(notebook, tmp_path: Path) -> None:
    out = tmp_path / "out"
    notebook(f"import shutil\nshutil.rmtree({str(out)!r}, ignore_errors=True)")
    shutil.rmtree(out, ignore_errors=True)
    args = ["report", "tiny.ipynb", "abc", "--trust", "--output", "out"]
    done = subprocess.run([*PROGRAM, *args], cwd=tmp_path, capture_output=True, text=True)
    assert "Traceback" not in done.stderr
    made = (out / "tiny" / "abc" / "index.html").is_file()
    assert done.returncode == (0 if made else 1)
    assert made or "FAILED tiny.ipynb abc" in done.stderr
    assert not [p for p in out.rglob(".*") if p.is_dir()]


def test_a_clock_that_jumps_stops_nothing(kernels, notebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, jumps = time.time, itertools.cycle([0, -86_400, 86_400, -3_600, 10_000_000])
    monkeypatch.setattr(time, "time", lambda: real() + next(jumps))
    done = render.report(str(notebook("import time\ntime.sleep(0.2)")), "abc", kernels=kernels, output=tmp_path / "out")
    monkeypatch.undo()
    run = json.loads(next((tmp_path / "out").rglob("run.json")).read_text())
    assert done and run["status"] == "done" and 0 <= run["seconds"] < 120
