"""One run of one contender in a process of its own: ``python -m benchmarks.worker module job contender folder n``."""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from pathlib import Path

import numpy as np

LONG, CALLS = 0.5, 200
"""A call is repeated until this many seconds or calls are spent."""


def touch(gigabytes: float) -> None:
    """Write that much memory in a child process, so that the pages are there when the run asks for them."""
    child = os.fork()
    if child == 0:
        np.ones(int(gigabytes * 1.25e8))
        os._exit(0)
    os.waitpid(child, 0)


def noise() -> float:
    """Return the seconds of a fixed piece of work; its spread over the runs is the machine's noise."""
    x = np.arange(2_000_000, dtype=float)
    start = time.perf_counter()
    for _ in range(10):
        x = np.sqrt(x * x + 1.0)
    return time.perf_counter() - start


def peak() -> float:
    """Return the peak resident memory of this process in MB (Linux; elsewhere from getrusage)."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))
    except (OSError, StopIteration):
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def run(module: str, job_name: str, who: str, folder: Path, n: int) -> dict:
    """Return the times, peak memory and noise of one run; its numbers go to ``folder/<who>.npz``."""
    job = next(j for j in importlib.import_module(module).JOBS if j.name == job_name)
    if who == "data":
        job.data(folder, n)
        return {}
    touch(job.touch)
    try:
        timed = job.contenders()[who](folder, n)
    except ImportError as error:
        return {"skipped": str(error)}
    background = noise()
    times: list[float] = []
    spent: list[float] = []
    while not times or (sum(times) < LONG and len(times) < CALLS):
        start, used = time.perf_counter(), time.process_time()
        numbers = timed()
        times.append(time.perf_counter() - start)
        spent.append(time.process_time() - used)
    np.savez(folder / f"{who}.npz", **{k: np.asarray(v, float) for k, v in numbers.items()})
    return {
        "seconds": float(np.median(times)),
        "cpu": float(np.median(spent)),
        "first": times[0],
        "calls": len(times),
        "mb": peak(),
        "noise": background,
    }


if __name__ == "__main__":
    module, job_name, who, folder, n = sys.argv[1:]
    print("RESULT " + json.dumps(run(module, job_name, who, Path(folder), int(n))), flush=True)
