"""Bootstrap and permutation on counts, beside scipy on rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks import Job

JOBS: list[Job] = []


def _touch(folder: Path, n: int):
    x = np.ones(n)
    return lambda: {"sum": x.sum()}


JOBS = [Job("smoke", "sum of n ones", n=1_000_000, own=_touch, peers={"again": _touch}, targets={"again": 0.5})]
