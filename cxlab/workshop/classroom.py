"""`open_room`: a folder with a seat for each learner, made or taken up again; `hold`: one teacher at a time."""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil

from cxlab.problem import DataProblem, unknown
from cxlab.workshop import phrases
from cxlab.workshop.outlines import Outline, chosen, outline, own_outline
from cxlab.workshop.seat import MARK, PRACTICE, ROOM, read_room

SEATS = 60
"""Most seats of a room."""
HELD = "open.json"
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
EASY = "abcdefghjkmnpqrstuvwxyz23456789"
"""What a token of a seat consists of: nothing that looks like something else where it is typed from a sheet."""


def room_folder(folder: Path, name: str) -> Path:
    """Return the folder of a room that must be there.

    Raises
    ------
    DataProblem : there is no such room.
    """
    there = sorted(p.parent.name for p in folder.glob(f"*/{ROOM}"))
    if name not in there:
        raise unknown("room", name, str(folder), there)
    return folder / name


def open_room(
    folder: Path, name: str, *, seats: int | None, lessons: str = "", language: str = "", own: Sequence[Path] = ()
) -> Path:
    """Return the folder of a room: a new one, or the one that is there with all its answers, and more seats if asked.

    Parameters
    ----------
    folder : of all rooms.
    name : small letters, digits and dashes.
    seats : how many; those of a room that is there stay. 20 for a new one if not given.
    lessons : such as ``1-6`` or ``noise,halo``; all eight if not given.
    language : of the class.
    own : folders of the teacher's own lessons.

    Raises
    ------
    DataProblem : a name that is no folder's, too many seats, an unknown lesson; somebody serves the room.
    """
    if not NAME.fullmatch(name):
        raise DataProblem(f"room is '{name}'; give up to 40 small letters, digits and dashes, such as oslo or oslo-2")
    if seats is not None and not 1 <= seats <= SEATS:
        raise DataProblem(f"seats is {seats}; a room has 1 to {SEATS}")
    at = folder / name
    refuse_second(at)
    before = read_room(at) if (at / ROOM).is_file() else {}
    if before.get("language", language) != language and language:
        raise DataProblem(f"room '{name}' speaks '{before['language']}'; give another room for '{language}'")
    paths = list(dict.fromkeys([*((at / p).resolve() for p in before.get("own", ())), *(p.resolve() for p in own)]))
    for path in own:
        own_outline(path)
    names = chosen(lessons or ",".join(before.get("lessons") or ["1-8"]), paths)
    many = max(seats or 0, before.get("seats", 0)) or 20
    tokens = before.get("tokens", {})
    tokens |= {str(k): typed_token() for k in range(1, many + 1) if str(k) not in tokens}
    room = {
        "name": name,
        "secret": before.get("secret") or secrets.token_hex(16),
        "seats": many,
        "language": phrases.spoken(language or before.get("language", "")),
        "lessons": names,
        "own": [os.path.relpath(p, at.resolve()) for p in paths],
        "tokens": tokens,
        "teacher": before.get("teacher") or secrets.token_urlsafe(18),
        "port": before.get("port", 0),
        "host": before.get("host", ""),
    }
    (at / "answers").mkdir(parents=True, exist_ok=True)
    write_room(at, room)
    for seat in range(1, many + 1):
        furnish(at, seat)
    return at


def typed_token() -> str:
    """Return a new token of a seat: twelve signs of `EASY`, 59 bits."""
    return "".join(secrets.choice(EASY) for _ in range(12))


def write_room(at: Path, room: Mapping[str, Any]) -> None:
    """Write ``room.json``; only this account may read it, as it holds the tokens."""
    write_whole(at / ROOM, json.dumps(room, indent=1), mode=0o600)


def write_whole(file: Path, text: str, *, mode: int = 0o666) -> None:
    """Write a file whole or not at all: on a full disk the one that was there stays.

    Parameters
    ----------
    file, text : what is written.
    mode : its permissions, less those that the process masks.

    Raises
    ------
    DataProblem : it cannot be written.
    """
    part = file.with_name(f"{file.name}.part")
    try:
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w", encoding="utf-8") as out:
            out.write(text)
        os.replace(part, file)
    except OSError as problem:
        with contextlib.suppress(OSError):
            part.unlink()
        raise DataProblem(
            f"{file} cannot be written ({problem.strerror}); what is there stays, mend that and serve again"
        ) from None


def seat_folder(at: Path, seat: int) -> Path:
    """Return the folder of a seat."""
    return at / "seats" / f"{seat:02d}"


def furnish(at: Path, seat: int) -> None:
    """Give a seat its folder and the notebooks that it lacks; what is there stays."""
    room = read_room(at)
    own = [at / path for path in room["own"]]
    folder = seat_folder(at, seat)
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / MARK, json.dumps({"room": "../..", "seat": seat}))
    for name in room["lessons"]:
        about = outline(name, own)
        target = folder / f"{about.number}-{about.name}.ipynb"
        if not target.exists():
            write_whole(target, in_language(about, room["language"]))


def in_language(about: Outline, language: str) -> str:
    """Return a lesson's notebook with its texts in a language."""
    notebook = json.loads(about.notebook.read_text(encoding="utf-8"))
    told = about.texts(language).get("cells", {})
    comment = phrases.say("en", "seat_comment"), phrases.say(language or "en", "seat_comment")
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown" and cell["id"] in told:
            cell["source"] = told[cell["id"]].strip().splitlines(keepends=True)
        elif cell["id"] == "parameters":
            cell["source"] = [line.replace(*comment) for line in cell["source"]]
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def reset(at: Path, seat: int) -> Path:
    """Put fresh notebooks on a seat; the old ones and its answers are moved aside, not deleted.

    Returns
    -------
    Path : where they are now.

    Raises
    ------
    DataProblem : the room has no such seat.
    """
    from cxlab.workshop.class_answers import lessons_of
    from cxlab.workshop.hand_ins import Book
    from cxlab.workshop.seat import place

    room = read_room(at)
    if not 1 <= seat <= room["seats"]:
        raise DataProblem(f"there is no seat {seat} in room '{room['name']}'; its seats are 1 to {room['seats']}")
    aside = at / "aside" / f"{seat:02d}-{datetime.now():%Y%m%d-%H%M%S-%f}"
    aside.mkdir(parents=True)
    if seat_folder(at, seat).is_dir():
        shutil.move(seat_folder(at, seat), aside / "seat")
    for about in lessons_of(at):
        file = Book(place(at, seat), about.name).file
        if file.is_file():
            shutil.move(file, aside / f"{about.name}.jsonl")
    furnish(at, seat)
    return aside


@contextlib.contextmanager
def hold(at: Path, address: str) -> Iterator[None]:
    """Hold a room as long as it is served: a second teacher with the same room is refused.

    Raises
    ------
    DataProblem : another process serves it.
    """
    me = psutil.Process()
    said = json.dumps({"pid": me.pid, "born": me.create_time(), "since": f"{datetime.now():%H:%M}", "address": address})
    for _ in range(2):
        try:
            with open(os.open(at / HELD, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
                out.write(said)
            break
        except FileExistsError:
            refuse_second(at)
            (at / HELD).unlink(missing_ok=True)
    try:
        yield
    finally:
        (at / HELD).unlink(missing_ok=True)


def refuse_second(at: Path) -> None:
    """Raise where another process serves the room: whoever comes second changes nothing in it.

    Raises
    ------
    DataProblem : says since when it is open, and where.
    """
    other = holder(at)
    if other:
        rename = "" if at.name == PRACTICE else f", or give another name, --room {at.name}-2"
        raise DataProblem(
            f"room '{at.name}' is open already, since {other['since']} (process {other['pid']}, {other['address']}): "
            f"stop that one first{rename}"
        ) from None


def holder(at: Path) -> dict[str, Any]:
    """Return who serves a room; {} if nobody does, or whoever did was killed."""
    try:
        said = json.loads((at / HELD).read_text(encoding="utf-8"))
        alive = abs(psutil.Process(said["pid"]).create_time() - said["born"]) < 1
    except (OSError, ValueError, KeyError, psutil.Error):
        return {}
    return said if alive else {}
