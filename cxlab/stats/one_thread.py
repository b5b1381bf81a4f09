"""Linear algebra on one thread: thousands of small products wait for a second core that is busy, ten times over."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_LOCK = threading.Lock()
_STATE: dict[str, Any] = {"inside": 0, "limits": None, "libraries": (), "controller": None}


@contextmanager
def one_thread() -> Iterator[None]:
    """Keep BLAS on one thread until the outermost block ends; then it has as many threads as before.

    >>> with one_thread():
    ...     _STATE["inside"]
    1
    """
    with _LOCK:
        if _STATE["inside"] == 0:
            _STATE["limits"] = _controller().limit(limits=1, user_api="blas")
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
