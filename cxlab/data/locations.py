"""`placed`: where a relative path leads; `address`: a file and how to read it; `shipped`: where cxlab's own things lie.

A run of `cxlab report` works in an empty folder of its own, so that no two write the same file; what it reads by a
relative path lies where the command was called, and the environment variable `CXLAB_FOLDER` names that place there.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from contextvars import ContextVar
from pathlib import Path
from urllib.parse import quote, unquote

VARIABLE = "CXLAB_FOLDER"
PACKAGE = Path(__file__).parents[1]
READING = ("codebook", "sheet", "encoding", "dictionary", "recipe")
"""What an address says beside the path, as ``survey.xlsx#sheet=Answers&codebook=book.json``."""

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


def address(path: str, **reading: str) -> str:
    """Return one text for a file and how to read it, which a study, a report and a plan take in place of a path.

    >>> address("survey.xlsx", sheet="Answers 2025", codebook="")
    'survey.xlsx#sheet=Answers 2025'
    """
    file, before = apart(path)
    said = {**before, **{k: v for k, v in reading.items() if v}}
    return f"{file}#{'&'.join(f'{k}={quote(v, safe=READABLE)}' for k, v in said.items())}" if said else file


READABLE = " /:.,;\\"


def apart(source: str | Path) -> tuple[str, dict[str, str]]:
    """Return the path of an address and how to read it; a file whose name has such an end is taken as it is.

    >>> apart("survey.xlsx#sheet=Answers 2025&codebook=book.json")
    ('survey.xlsx', {'sheet': 'Answers 2025', 'codebook': 'book.json'})
    """
    file, mark, rest = str(source).rpartition("#")
    pairs = [part.partition("=") for part in rest.split("&")]
    if not mark or not file or any(name not in READING or not sign for name, sign, _ in pairs):
        return str(source), {}
    return file, {name: unquote(value) for name, _, value in pairs}


def placed(path: str | Path) -> Path:
    """Return the path in ``path`` (a path or an address) as seen from `folder`.

    What a run wrote itself, in the folder it works in, comes first.

    >>> placed("/data/mine.csv").as_posix(), placed("mine.csv").as_posix()
    ('/data/mine.csv', 'mine.csv')
    """
    path = apart(path)[0] if not os.path.exists(path) else path
    if not _called.get() and os.path.exists(path):
        return Path(path)
    return Path(_called.get() or os.environ.get(VARIABLE, ""), path)


def seen(source: str) -> str:
    """Return a path or an address as it is written in `folder`: relative where it lies inside."""
    path, reading = apart(source)
    with contextlib.suppress(ValueError):
        path = Path(path).relative_to(folder().absolute()).as_posix()
    return address(path, **reading)


def sought(path: str | Path) -> str:
    """Return ``path`` for a message that it is not there, with the folder where it was looked for."""
    path = apart(path)[0]
    return str(path) if Path(path).is_absolute() else f"{path} in {folder()}"


@contextlib.contextmanager
def at(there: str) -> Iterator[None]:
    """Let relative paths start from ``there``, where this machine has such a folder."""
    token = _called.set(there if Path(there).is_dir() else "")
    try:
        yield
    finally:
        _called.reset(token)
