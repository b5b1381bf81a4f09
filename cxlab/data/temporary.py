"""The one folder of this process for temporary files: unpacked data, UTF-8 copies, what a query spills.

It is removed when the process ends: by Python, by a watching shell where the process is killed (kill -9), and by the
next process of cxlab where both were killed. Only its owner may look into it (mode 0700).
"""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

try:
    import fcntl
except ImportError:  # pragma: no cover - Windows
    fcntl = None

PREFIX = "cxlab-"
OWNER = ".owner"
"""Held (flock) by the process that made a folder, as long as it lives."""

PLACES = ("/tmp", "/var/tmp", "/dev/shm")
"""Where a folder may lie beside the temporary folder: those for sockets go here when its name is long."""

WATCH = 'trap "" INT TERM HUP; read -r _; rm -rf -- "$1"'
"""What the shell does: it waits for the end of its input, which comes when no process holds the other end any more."""

_folders: dict[tuple[int, str], Folder] = {}


@dataclass(frozen=True)
class Folder:
    """A folder, the open file that says whose it is, and the shell that waits for its owner's end."""

    path: Path
    owner: IO[str]
    watch: subprocess.Popen | None

    def close(self) -> None:
        """Remove it."""
        shutil.rmtree(self.path, ignore_errors=True)
        self.owner.close()
        if self.watch and self.watch.stdin:
            self.watch.stdin.close()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.watch.wait(timeout=5)


def folder() -> Path:
    """Return the folder of this process, which is made at the first call."""
    place = tempfile.gettempdir()
    mine = _folders.get((os.getpid(), place))
    if mine is None or not mine.path.is_dir():
        sweep()
        path = Path(tempfile.mkdtemp(prefix=PREFIX))
        mine = _folders[os.getpid(), place] = Folder(path, held(path), _watched(path))
        atexit.register(_end, os.getpid(), mine)
    return mine.path


def inside(prefix: str = PREFIX) -> tempfile.TemporaryDirectory:
    """Return a new folder in that of this process, which goes when it is closed or nobody holds it any more."""
    return tempfile.TemporaryDirectory(prefix=prefix, dir=folder())


def file(suffix: str = "") -> tuple[int, str]:
    """Return the handle and the name of a new file in the folder of this process."""
    return tempfile.mkstemp(prefix=PREFIX, suffix=suffix, dir=folder())


def _end(process: int, mine: Folder) -> None:
    if os.getpid() == process:  # a fork inherits what its parent has to do at its end
        mine.close()


def _watched(path: Path) -> subprocess.Popen | None:
    """Start the shell that removes a folder when this process and its forks have ended; None where there is none."""
    quiet = {"stdin": subprocess.PIPE, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    try:
        return subprocess.Popen(["/bin/sh", "-c", WATCH, "cxlab", str(path)], cwd="/", start_new_session=True, **quiet)
    except OSError:
        return None


def held(folder: Path) -> IO[str]:
    """Return the open file that says whose folder it is; it appears under its name when it is already held."""
    file = (folder / f"{OWNER}.new").open("w")
    if fcntl:
        fcntl.flock(file, fcntl.LOCK_EX)
    file.write(f"{os.getpid()}\n")
    file.flush()
    (folder / f"{OWNER}.new").rename(folder / OWNER)
    return file


def sweep() -> None:
    """Remove the folders of processes that were killed."""
    for folder in owned():
        with contextlib.suppress(OSError), (folder / OWNER).open() as file:
            if fcntl and folder.stat().st_uid == os.getuid():
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)


def owned() -> Iterator[Path]:
    """Yield the folders of all processes, in all places where there may be some."""
    places = {tempfile.gettempdir(), os.environ.get("XDG_RUNTIME_DIR", ""), *PLACES}
    for place in sorted(p for p in places if p and os.path.isdir(p)):
        with contextlib.suppress(OSError):
            yield from (p.parent for p in Path(place).glob(f"{PREFIX}*/{OWNER}"))
