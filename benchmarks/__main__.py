"""``python -m benchmarks [topics or jobs]``: run the benchmarks and write ``reports/benchmarks/``.

``python -m benchmarks waits`` measures what a user waits for and keeps its table in README.md.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import click
import numpy as np

import benchmarks
from benchmarks import Job, waits
from benchmarks.table import row, write

CORE_SETTINGS = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
"""Unset together: one without the other makes OpenBLAS pick block sizes of another processor."""


def jobs(names: tuple[str, ...]) -> list[tuple[str, Job]]:
    """Return (module, job) of the topics or jobs named, or of all."""
    modules = [m.name for m in pkgutil.iter_modules(benchmarks.__path__) if m.name.startswith("bench_")]
    everything = [
        (f"benchmarks.{m}", j) for m in modules for j in getattr(importlib.import_module(f"benchmarks.{m}"), "JOBS", ())
    ]
    if not names:
        return everything
    found = [(m, j) for m, j in everything if {m.removeprefix("benchmarks.bench_"), j.name} & set(names)]
    known = {j.name for _, j in everything} | {m.removeprefix("bench_") for m in modules}
    if unknown := set(names) - known:
        raise click.UsageError(f"no topic or job {', '.join(sorted(unknown))}; there are: {', '.join(sorted(known))}")
    return found


OURS = ("data", "cxlab", "floor")
"""Contenders that run in this Python; peers may have one of their own (``--peers``)."""


def child(module: str, job: Job, who: str, folder: Path, n: int, limit: float, peers: str = "") -> dict:
    """Run one contender in its own process and return what it measured, or why it did not."""
    clean = {k: v for k, v in os.environ.items() if k not in CORE_SETTINGS}
    python = peers if peers and who not in OURS else sys.executable
    command = [python, "-m", "benchmarks.worker", module, job.name, who, str(folder), str(n)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, env=clean, timeout=limit, check=False)
    except subprocess.TimeoutExpired:
        return {"skipped": f"stopped after {limit:.0f} s"}
    lines = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
    if done.returncode or not lines:
        return {"skipped": "failed: " + (done.stderr.strip().splitlines() or ["no message"])[-1][:200]}
    return json.loads(lines[-1].removeprefix("RESULT "))


def measure(module: str, job: Job, *, scale: float, turns: int, limit: float, peers: str = "") -> dict:
    """Run one job, contenders taking turns, and return its row of the table."""
    folder = Path(tempfile.mkdtemp(prefix="cxlab-bench-"))
    n = max(int(job.n * scale), 100)
    runs: dict[str, list[dict]] = {who: [] for who in job.contenders()}
    try:
        if job.data and (made := child(module, job, "data", folder, n, limit)):
            return row(job, n, {who: [made] for who in runs}, {})
        for _ in range(turns or job.turns):
            for who, past in runs.items():
                if not past or "skipped" not in past[-1]:
                    past.append(child(module, job, who, folder, n, limit, peers))
        numbers = {p.stem: dict(np.load(p)) for p in folder.glob("*.npz") if p.stem in runs}
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return row(job, n, runs, numbers)


@click.command(help=__doc__)
@click.argument("names", nargs=-1)
@click.option("--scale", default=1.0, show_default=True, help="Share of the full size, for a quick look.")
@click.option("--turns", default=0, help="How often contenders take turns; default as the job says.")
@click.option("--limit", default=1800.0, show_default=True, help="Seconds after which a contender is stopped.")
@click.option("--peers", default="", help="Python of another environment, in which the peers are installed.")
@click.option("--out", default="reports/benchmarks", show_default=True, type=click.Path(path_type=Path))
@click.option("--list", "only_list", is_flag=True, help="List the jobs and stop.")
def main(
    names: tuple[str, ...], scale: float, turns: int, limit: float, peers: str, out: Path, only_list: bool
) -> None:
    if names == ("waits",) and not only_list:
        click.echo(waits.main())
        return
    chosen = jobs(names)
    if only_list:
        for module, job in chosen:
            click.echo(f"{module.removeprefix('benchmarks.bench_'):12} {job.name:24} {job.what}")
        return
    rows = []
    for module, job in chosen:
        click.echo(f"{job.name}: {job.what}", err=True)
        rows.append(measure(module, job, scale=scale, turns=turns, limit=limit, peers=peers) | {"scale": scale})
        click.echo(write(rows, out), err=False) if job is chosen[-1][1] else write(rows, out)


if __name__ == "__main__":
    main()
