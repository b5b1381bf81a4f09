"""Linear algebra on one thread: thousands of small products wait for a second core that is busy, ten times over.

Whoever sets one of `VARIABLES` has as many threads as it says.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

VARIABLES = (
    "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS",
)  # fmt: skip
"""How the libraries are told in the environment on how many threads they work; they read it once, when they load."""

_LOCK = threading.Lock()
_STATE: dict[str, Any] = {"inside": 0, "limits": None, "libraries": (), "controller": None}


def for_new_processes(environment: Mapping[str, str]) -> dict[str, str]:
    """Return what to add to the environment of a new process: one thread, nothing where somebody said how many.

    >>> sorted(for_new_processes({"PATH": "/bin"}).values()), for_new_processes({"OMP_NUM_THREADS": "4"})
    (['1', '1', '1', '1', '1'], {})
    """
    return {} if any(environment.get(name) for name in VARIABLES) else dict.fromkeys(VARIABLES, "1")


def threads() -> int:
    """Return on how many threads linear algebra works: what somebody set in the environment, else 1."""
    said = [os.environ.get(name, "").partition(",")[0] for name in VARIABLES]
    return next((int(number) for number in said if number.isdigit() and int(number) > 0), 1)


@contextmanager
def one_thread() -> Iterator[None]:
    """Keep BLAS on one thread (or `threads`) until the outermost block ends; then it has as many as before.

    >>> with one_thread():
    ...     _STATE["inside"]
    1
    """
    with _LOCK:
        if _STATE["inside"] == 0:
            _STATE["limits"] = _controller().limit(limits=threads(), user_api="blas")
        _STATE["inside"] += 1
    try:
        yield
    finally:
        with _LOCK:
            _STATE["inside"] -= 1
            if _STATE["inside"] == 0:
                _STATE["limits"].restore_original_limits()


def _controller() -> Any:
    """Return what knows the libraries loaded: NumPy's, and SciPy's as soon as it was needed."""
    libraries = tuple(name in sys.modules for name in ("numpy", "scipy.linalg"))
    if _STATE["libraries"] != libraries:
        from threadpoolctl import ThreadpoolController

        _STATE["controller"], _STATE["libraries"] = ThreadpoolController(), libraries
    return _STATE["controller"]
