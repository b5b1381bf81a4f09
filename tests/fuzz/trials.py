"""The list of trials and how one is tried."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.fuzz import figures, files, pages

TRIALS = {
    "metrics": figures.metrics,
    "models": figures.models,
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
