"""One report from the command to the HTML page, imports and kernel included, against papermill and nbconvert."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks import Job
from cxlab.result import MIME

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent


def own(folder: Path, n: int):
    def run():
        out = folder / "own"
        shutil.rmtree(out, ignore_errors=True)
        command = [BIN / "cxlab", "report", "scorecard", "airline-survey", "--output", out, "--quiet"]
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
        results = json.loads((out / "scorecard/airline-survey/results.json").read_text())["results"]
        return shares(results["touchpoints.1"])

    return run


def commands(folder: Path, n: int):
    """The two commands that people string together today."""
    done = folder / "peer.ipynb"

    def run():
        papermill = [BIN / "papermill", ROOT / "notebooks/scorecard.ipynb", done, "-p", "study", "airline-survey"]
        subprocess.run([*papermill, "--no-progress-bar"], cwd=ROOT, check=True, capture_output=True)
        subprocess.run(
            [BIN / "jupyter", "nbconvert", "--to", "html", "--no-input", done], check=True, capture_output=True
        )
        cells = {c["id"]: c for c in json.loads(done.read_text())["cells"]}
        outputs = cells["touchpoints"]["outputs"]
        return shares(next(o["data"][MIME] for o in outputs if MIME in o.get("data", {})))

    return run


def shares(result: dict) -> dict:
    """The numbers that both must agree on."""
    return {"estimate": [row["estimate"] for row in result["table"]], "high": [row["high"] for row in result["table"]]}


JOBS = [
    Job(
        "report",
        "scorecard of the airline survey, from the command to the page (whole wall time)",
        n=1,
        own=own,
        peers={"papermill + nbconvert": commands},
        targets={"papermill + nbconvert": 1.5},
        tolerance=1e-9,
        touch=0.0,
    )
]
