"""What a user waits for, cold: ``python -m benchmarks waits``. Keeps its table in README.md.

Each row is a process of its own that starts with nothing imported. Wall seconds by the clock; CPU seconds of the
command and of all that it starts (kernels, workers): on Linux this process takes over those whose parent ended first.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import click

README = Path(__file__).with_name("README.md")
MARK = "waits: written by benchmarks.waits"
BIN = Path(sys.executable).parent
SUBREAPER = 36
"""Linux: what is orphaned below this process becomes its child, so that its seconds are counted."""

FIRST = "import cxlab as cx; cx.nps(cx.load('brand-tracker'))"
VERDICTS = """
import json, time, cxlab as cx
study, slowest = cx.load('sfo'), (0.0, 0.0, '')
for card in cx.claims().table['card']:
    began, spent = time.perf_counter(), time.process_time()
    try:
        cx.verdict(card, study)
    except cx.DataProblem:
        continue
    slowest = max(slowest, (time.perf_counter() - began, time.process_time() - spent, card))
print('RESULT ' + json.dumps(slowest))
"""
CLICKS = """
import json, time, numpy as np, pandas as pd, cxlab as cx
from cxlab.panel.explore import Pivot
from cxlab.panel.explorer import Explorer
rng, n = np.random.default_rng(1), 1_000_000
table = pd.DataFrame({'nps': rng.integers(0, 11, n), 'region': rng.choice(list('ABCDEFGH'), n),
                      'age': rng.integers(1, 7, n), 'wave': rng.integers(2018, 2026, n)})
fields = [cx.Field('nps', '', 'integer', 'outcome', 'recommendation', cx.Scale(0, 10)),
          cx.Field('wave', type='integer', role='wave'), cx.Field('region', type='string', role='segment'),
          cx.Field('age', type='integer', role='segment')]
panel = Explorer(Pivot(cx.Study(table, cx.Codebook('clicks', tuple(fields))), 'data'), None, lambda app, code: None)
panel.rows.value = 'region'  # the first click draws the first picture: its imports are part of opening the panel
slowest = (0.0, 0.0, '')
for box, value in (('rows', 'age'), ('columns', 'region'), ('rows', 'wave'), ('shown', 'Table'),
                   ('shown', 'Differences'), ('columns', ''), ('shown', 'Answers'), ('shown', 'Chart')):
    began, spent = time.perf_counter(), time.process_time()
    getattr(panel, box).value = value
    slowest = max(slowest, (time.perf_counter() - began, time.process_time() - spent, f'{box}: {value}'))
print('RESULT ' + json.dumps(slowest))
"""


@dataclass(frozen=True)
class Wait:
    """A row: what is waited for, the command, the seconds asked for; ``inside``: the process tells its own times."""

    what: str
    command: tuple[str, ...]
    asked: float
    inside: bool = False


def report(notebook: str) -> tuple[str, ...]:
    return (str(BIN / "cxlab"), "report", notebook, "sfo", "--quiet", "--output")


PYTHON = (sys.executable, "-c")
WAITS = (
    Wait("`cxlab --help`", (str(BIN / "cxlab"), "--help"), 0.2),
    Wait("first `cx.nps`, import and load", (*PYTHON, FIRST), 1),
    Wait("slowest click of `cx.explore` on 1 M answers", (*PYTHON, CLICKS), 0.3, inside=True),
    Wait("`cxlab report scorecard sfo`", report("scorecard"), 5),
    Wait("`cxlab report drivers sfo`", report("drivers"), 5),
    Wait("`cxlab report claims sfo`", report("claims"), 20),
    Wait("slowest verdict on `sfo`", (*PYTHON, VERDICTS), 5, inside=True),
)


def spent() -> float:
    """Return the CPU seconds of all processes that this one started and that have ended."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, 0)[0]:
            continue
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measured(wait: Wait, folder: Path) -> dict:
    """Run a command and return wall and CPU seconds, or end: a row that does not run is no row.

    Raises
    ------
    ClickException : the command failed.
    """
    command = [*wait.command, *([str(folder)] if wait.command[-1] == "--output" else [])]
    before, began = spent(), time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    wall, text = time.perf_counter() - began, done.stdout
    if done.returncode:
        raise click.ClickException(f"{wait.what} ended with {done.returncode}: {text.strip()[-300:]}")
    found = {"wall": wall, "cpu": spent() - before, "note": ""}
    if wait.inside:
        line = next(line for line in text.splitlines() if line.startswith("RESULT "))
        found["wall"], found["cpu"], found["note"] = json.loads(line.removeprefix("RESULT "))
    return found


def table(rows: dict[Wait, dict]) -> str:
    """Return the rows as Markdown."""
    lines = [
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.0f}: of a busy machine the CPU seconds count, and they are "
        "longer than on a quiet one.",
        "",
        "| what | wall | CPU | asked |",
        "|---|---|---|---|",
    ]
    for wait, found in rows.items():
        what = wait.what + (f" ({found['note']})" if found["note"] else "")
        lines.append(f"| {what} | {found['wall']:.2f} s | {found['cpu']:.2f} s | {wait.asked:g} s |")
    return "\n".join(lines)


def keep(text: str) -> None:
    """Put the table between its marks in README.md, in place of what stood there."""
    start, end = f"<!-- {MARK} -->", "<!-- /waits -->"
    before, _, rest = README.read_text(encoding="utf-8").partition(start)
    README.write_text(f"{before}{start}\n\n{text}\n\n{end}{rest.partition(end)[2]}", encoding="utf-8")


def main() -> str:
    """Measure all rows, keep the table in README.md after each, and return it."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(SUBREAPER, 1)
    rows: dict[Wait, dict] = {}
    for wait in WAITS:
        click.echo(wait.what, err=True)
        folder = Path(tempfile.mkdtemp(prefix="cxlab-waits-"))
        try:
            rows[wait] = measured(wait, folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        keep(table(rows))
    return table(rows)


if __name__ == "__main__":
    click.echo(main())
