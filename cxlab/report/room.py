"""`Room`: the temporary folder of a process that makes reports; whatever they write for a while lies in it.

Unpacked data, UTF-8 copies, what a query spills, sockets: all of it goes when the room is closed. A process that was
killed cannot close its room: the next one finds that nobody holds it any more and removes it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from pathlib import Path

from cxlab.data.temporary import PLACES, PREFIX, held, sweep

SHORT = 60
"""Longest name of a folder for Unix sockets: an address has at most 104 bytes on macOS, 108 on Linux."""


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
