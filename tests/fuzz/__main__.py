"""``python -m tests.fuzz [minutes] [first seed]``: run every trial by the clock, print counts and failing seeds.

The trial that had the least time comes next, so that each has its share of the minutes; one that holds more than a
`SHARE` of all cases waits (a random file has a hundred cells in a blink, a picture is one case in half a second).
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor

from tests.fuzz.trials import TRIALS, rounds


def main(minutes: float = 10.0, seed: int = 0) -> int:
    """Return the exit code: 1 when a trial failed."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    with ProcessPoolExecutor(cores, mp_context=multiprocessing.get_context("spawn")) as pool:
        done = list(pool.map(rounds, [minutes] * cores, range(seed, seed + cores), [cores] * cores))
    cases, failed = sum((c for c, _, _ in done), Counter()), sum(f for _, f, _ in done)
    for name in TRIALS:
        print(f"{name:12} {cases[name]:>9,} cases {cases[name] / max(1, cases.total()):6.1%}")
    print(f"{cases.total():,} cases, {failed} failures, seeds up to {max(last for _, _, last in done):,}")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main(*(float(a) if k == 0 else int(a) for k, a in enumerate(sys.argv[1:3]))))
