"""``python -m tests.fuzz [minutes] [first seed]``: run every trial by the clock, print counts and failing seeds."""

from __future__ import annotations

import sys
import tempfile
import time
import warnings
from collections import Counter
from pathlib import Path

from tests.fuzz.trials import TRIALS, tried


def main(minutes: float = 10.0, seed: int = 0) -> int:
    """Return the exit code: 1 when a trial failed."""
    warnings.simplefilter("ignore")
    end, cases, failed = time.monotonic() + 60 * minutes, Counter(), []
    with tempfile.TemporaryDirectory() as folder:
        while time.monotonic() < end:
            for name in TRIALS:
                said = tried(name, seed, Path(folder))
                if isinstance(said, int):
                    cases[name] += said
                else:
                    failed.append((name, seed, said))
                    print(f"{name} {seed}: {said[:300]}", flush=True)
            seed += 1
    for name, count in cases.items():
        print(f"{name:12} {count:>9,} cases")
    print(f"{sum(cases.values()):,} cases, {len(failed)} failures, seeds up to {seed}")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main(*(float(a) if k == 0 else int(a) for k, a in enumerate(sys.argv[1:3]))))
