"""The list of trials and how one is tried."""

from __future__ import annotations

import shutil
import tempfile
import time
import warnings
from collections import Counter
from pathlib import Path

from tests.fuzz import figures, files, pages, rooms

TRIALS = {
    "metrics": figures.metrics,
    "models": figures.models,
    "rooms": rooms.rooms,
    "delimited": files.delimited,
    "line_ends": files.line_ends,
    "excel": files.excel,
    "names": files.names,
    "labels": pages.labels,
    "codebooks": pages.codebooks,
    "plans": pages.plans,
    "results": pages.results,
    "zipped": pages.zipped,
}


def tried(name: str, seed: int, folder: Path) -> int | str:
    """Return how many cases a trial looked at, or what went wrong."""
    here = folder / name
    here.mkdir(parents=True, exist_ok=True)
    try:
        return TRIALS[name](seed, here)
    except AssertionError as error:
        return f"WRONG {error}"
    except Exception as error:  # a raw error is a failure of its own kind
        return f"RAW {type(error).__name__}: {error}"
    finally:
        shutil.rmtree(here, ignore_errors=True)


SHARE = 0.2
"""Most of all cases that one trial may hold."""


def rounds(minutes: float, seed: int, step: int) -> tuple[Counter[str], int, int]:
    """Run trials with seeds ``seed``, ``seed + step`` ...; return cases by trial, failures, and the last seed."""
    warnings.simplefilter("ignore")
    begun, failed = time.monotonic(), 0
    cases, used, tries = Counter[str](), dict.fromkeys(TRIALS, 0.0), Counter[str]()
    with tempfile.TemporaryDirectory() as folder:
        while (now := time.monotonic()) < begun + 60 * minutes:
            most = max(1000.0, SHARE * cases.total())
            name = min((t for t in TRIALS if cases[t] < most), key=lambda t: used[t])
            said = tried(name, seed + step * tries[name], Path(folder))
            if isinstance(said, int):
                cases[name] += said
            else:
                failed += 1
                print(f"{name} {seed + step * tries[name]}: {said[:600]}", flush=True)
            tries[name] += 1
            used[name] += time.monotonic() - now
    return cases, failed, seed + step * max(tries.values())
