"""`Room`: the temporary folder of a process that makes reports; whatever they write for a while lies in it.

Unpacked data, UTF-8 copies, what a query spills, sockets: all of it goes when the room is closed. A process that was
killed cannot close its room: the next one finds that nobody holds it any more and removes it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

try:
    import fcntl
except ImportError:  # pragma: no cover - Windows
    fcntl = None

PREFIX = "cxlab-"
OWNER = ".owner"
"""Held (flock) by the process that made the room, as long as it lives."""

SHORT = 60
"""Longest name of a folder for Unix sockets: an address has at most 104 bytes on macOS, 108 on Linux."""

PLACES = ("/tmp", "/var/tmp", "/dev/shm")
"""Where sockets go when the temporary folder has too long a name for them."""


class Room:
    """``folder`` has a short name and takes the sockets, ``folder/scratch`` all that may become large."""

    def __init__(self) -> None:
        sweep()
        self.scratch = Path(tempfile.mkdtemp(prefix=PREFIX))
        self.folder = self.scratch if len(str(self.scratch)) <= SHORT else Path(short())
        self.held = [held(folder) for folder in {self.folder, self.scratch}]
        if self.folder == self.scratch:
            (self.folder / "scratch").mkdir(mode=0o700)
        else:
            (self.folder / "scratch").symlink_to(self.scratch, target_is_directory=True)

    def close(self) -> None:
        """Remove everything."""
        remove(self.folder)
        for owner in self.held:
            owner.close()


def remove(folder: Path) -> None:
    """Remove a room, also where its scratch lies elsewhere."""
    with contextlib.suppress(OSError):
        shutil.rmtree((folder / "scratch").resolve(), ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)


def short() -> str:
    """Return a new folder with a short name, for this user only."""
    for place in (os.environ.get("XDG_RUNTIME_DIR", ""), *PLACES):
        if place and len(place) <= SHORT - 16 and os.path.isdir(place) and os.access(place, os.W_OK):
            return tempfile.mkdtemp(prefix=PREFIX, dir=place)
    return tempfile.mkdtemp(prefix=PREFIX)


def held(folder: Path) -> IO[str]:
    """Return the open file that says whose room it is; it appears under its name when it is already held."""
    file = (folder / f"{OWNER}.new").open("w")
    if fcntl:
        fcntl.flock(file, fcntl.LOCK_EX)
    file.write(f"{os.getpid()}\n")
    file.flush()
    (folder / f"{OWNER}.new").rename(folder / OWNER)
    return file


def sweep() -> None:
    """Remove the rooms of processes that were killed."""
    for folder in rooms():
        with contextlib.suppress(OSError), (folder / OWNER).open() as file:
            if fcntl and folder.stat().st_uid == os.getuid():
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)


def rooms() -> Iterator[Path]:
    """Yield the rooms in all places where there may be some."""
    places = {tempfile.gettempdir(), os.environ.get("XDG_RUNTIME_DIR", ""), *PLACES}
    for place in sorted(p for p in places if p and os.path.isdir(p)):
        with contextlib.suppress(OSError):
            yield from (p.parent for p in Path(place).glob(f"{PREFIX}*/{OWNER}"))
