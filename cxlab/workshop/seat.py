"""`Place`: where a learner sits (room, seat, the room's secret), and the random streams that follow from it."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from cxlab.data import locations
from cxlab.problem import DataProblem

MARK = ".seat.json"
"""Stands in the folder of a seat and says where its room is."""
ROOM = "room.json"
PRACTICE = "practice"


@dataclass(frozen=True)
class Place:
    """A seat in a room.

    Parameters
    ----------
    room : its name.
    seat : 1, 2, 3, ...
    seats : how many the room has.
    secret : decides all data of the room; nobody needs to know it.
    folder : of the room; None for a learner alone without one: then nothing is written.
    language : of the class.
    own : folders of the teacher's own lessons.
    """

    room: str = PRACTICE
    seat: int = 1
    seats: int = 1
    secret: bytes = b"practice"
    folder: Path | None = None
    language: str = ""
    own: tuple[Path, ...] = field(default=())

    @property
    def alone(self) -> bool:
        """Whether this is a learner without a class."""
        return self.room == PRACTICE

    def seed(self, *what: object) -> int:
        """Return a number that follows from the secret and from ``what``, and tells nobody the secret.

        >>> Place().seed("noise", 1) == Place().seed("noise", 1) != Place().seed("noise", 2)
        True
        """
        said = "/".join(map(str, what)).encode()
        return int.from_bytes(hmac.digest(self.secret, said, hashlib.sha256)[:8], "big")

    def random(self, *what: object) -> np.random.Generator:
        """Return the random stream of ``what``."""
        return np.random.default_rng(self.seed(*what))

    def mark(self, lesson: str) -> str:
        """Return what this seat's answers to a lesson are filed under: no name and no number."""
        return f"{lesson}-{self.seed('mark', lesson, self.seat):016x}"

    def at(self, seat: int) -> Place:
        """Return another seat of the same room."""
        return Place(self.room, seat, self.seats, self.secret, self.folder, self.language, self.own)


def read_room(folder: Path) -> dict[str, Any]:
    """Return what stands in a room's ``room.json``.

    Raises
    ------
    DataProblem : it is not there, may not be read, or is no longer JSON.
    """
    file = folder / ROOM
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DataProblem(
            f"{folder} is no room: it has no {ROOM}. Open one with `cxlab workshop serve --room NAME`"
        ) from None
    except PermissionError:
        raise DataProblem(
            f"this account may not read {file}; on a hub its group must be the class's "
            "(`cxlab workshop serve --hub --room NAME` says how)"
        ) from None
    except ValueError as problem:
        raise DataProblem(f"{file} is broken ({problem}); put back a copy, or open a new room") from None


def place(folder: Path, seat: int) -> Place:
    """Return a seat of the room in ``folder``."""
    room = read_room(folder)
    own = tuple(folder / path for path in room.get("own", ()))
    secret = bytes.fromhex(room["secret"])
    return Place(room["name"], seat, int(room["seats"]), secret, folder, room.get("language", ""), own)


def here() -> Place:
    """Return the seat that this kernel belongs to: its folder's, or practice alone where there is none."""
    start = locations.folder().absolute()
    for parent in (start, *start.parents):
        if (parent / MARK).is_file():
            told = json.loads((parent / MARK).read_text(encoding="utf-8"))
            return place((parent / told["room"]).resolve(), int(told["seat"]))
    return Place()
