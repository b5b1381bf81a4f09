"""`placed`: where a relative path leads; `shipped`: where what comes with cxlab lies.

A run of `cxlab report` works in an empty folder of its own, so that no two write the same file; what it reads by a
relative path lies where the command was called, and the environment variable `CXLAB_FOLDER` names that place there.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from contextvars import ContextVar
from pathlib import Path

VARIABLE = "CXLAB_FOLDER"
PACKAGE = Path(__file__).parents[1]
_called: ContextVar[str] = ContextVar("called", default="")


def shipped(what: str) -> Path:
    """Return the folder ``notebooks`` or ``datasets`` that comes with cxlab: of the wheel, else of the clone.

    >>> (shipped("datasets") / "abc.json").is_file()
    True
    """
    inside = PACKAGE / "_shipped" / what
    return inside if inside.is_dir() else PACKAGE.parent / what


def folder() -> Path:
    """Return the folder that relative paths start from: `at`, `CXLAB_FOLDER` or the working folder."""
    return Path(_called.get() or os.environ.get(VARIABLE, "") or Path.cwd())


def placed(path: str | Path) -> Path:
    """Return ``path`` as seen from `folder`; what a run wrote itself, in the folder it works in, comes first.

    >>> placed("/data/mine.csv").as_posix(), placed("mine.csv").as_posix()
    ('/data/mine.csv', 'mine.csv')
    """
    if not _called.get() and os.path.exists(path):
        return Path(path)
    return Path(_called.get() or os.environ.get(VARIABLE, ""), path)


def sought(path: str | Path) -> str:
    """Return ``path`` for a message that it is not there, with the folder where it was looked for."""
    return str(path) if Path(path).is_absolute() else f"{path} in {folder()}"


@contextlib.contextmanager
def at(there: str) -> Iterator[None]:
    """Let relative paths start from ``there``, where this machine has such a folder."""
    token = _called.set(there if Path(there).is_dir() else "")
    try:
        yield
    finally:
        _called.reset(token)
