"""`Book`: what a seat did in a lesson, one line an event, only ever added to.

A line is written whole and flushed to the disk, or is kept and written with the next one; a torn line (a full disk, a
power cut) is passed over. So nothing that was once written is lost by a kernel, a browser or a laptop that goes away.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from cxlab.result import plain
from cxlab.workshop.questions import Answer
from cxlab.workshop.seat import Place

FOLDER = "answers"
_waiting: dict[Path, list[str]] = {}
"""Lines that could not be written yet, by file."""


class Book:
    """The events of one seat in one lesson; without a room they stay in memory."""

    def __init__(self, place: Place, lesson: str) -> None:
        self.file = place.folder / FOLDER / f"{place.mark(lesson)}.jsonl" if place.folder else None
        self.memory: list[dict[str, Any]] = []

    def add(self, do: str, **what: Any) -> tuple[str, int]:
        """Write an event; return why it could not be written ('' if it was), and how many older ones now were.

        Parameters
        ----------
        do : 'check', 'hint', 'reveal'.
        what : what belongs to it.
        """
        event = {"at": datetime.now().astimezone().isoformat(timespec="seconds"), "do": do, **plain(what)}
        if self.file is None:
            self.memory.append(event)
            return "", 0
        lines = _waiting.setdefault(self.file, [])
        before = len(lines)
        lines.append(json.dumps(event, ensure_ascii=False))
        try:
            append(self.file, lines)
        except OSError as problem:
            return problem.strerror or str(problem), 0
        del _waiting[self.file]
        return "", before

    def events(self) -> list[dict[str, Any]]:
        """Return all events in order, those that wait to be written as well."""
        if self.file is None:
            return list(self.memory)
        return [*read(self.file), *map(json.loads, _waiting.get(self.file, ()))]


def append(file: Path, lines: list[str]) -> None:
    """Add lines to a file, all or with an error; what an interrupted write left behind is closed by a line break."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with open(file, "a+b", buffering=0) as out:
        size = out.seek(0, os.SEEK_END)
        if size:
            out.seek(size - 1)
        torn = bool(size) and out.read(1) != b"\n"
        data = ("\n" * torn + "".join(f"{line}\n" for line in lines)).encode()
        done = out.write(data)
        if done != len(data):
            out.truncate(size)
            raise OSError(28, "No space left on device")
        os.fsync(out.fileno())


def read(file: Path) -> Iterator[dict[str, Any]]:
    """Yield the events of a file; a torn line is passed over."""
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return
    for line in text.splitlines():
        try:
            event = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(event, dict) and "do" in event:
            yield event


def answered(event: dict[str, Any]) -> Answer:
    """Return the answer that an event holds."""
    number = {k: _number(event.get(k)) for k in ("value", "low", "high")}
    items = event.get("items")
    return Answer(**number, word=str(event.get("word") or ""), items=tuple(items) if isinstance(items, list) else ())


def _number(value: Any) -> float:
    """A number, nan for what is none: one seat's edited file does not stop the board of all."""
    return float(value) if isinstance(value, (int, float)) and abs(value) < 1e300 else float("nan")


def standing(events: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return where a seat is, question by question: attempts, hints, the last answer, and the right one if there is.

    ``right`` is None for what is only noted; ``answer`` is the first right answer, else the last.
    """
    found: dict[str, dict[str, Any]] = {}
    for event in events:
        if event["do"] not in ("check", "hint"):
            continue
        new = {"attempts": 0, "hints": 0, "right": False, "answer": None, "mistakes": [], "at": ""}
        at = found.setdefault(event["question"], new)
        at["at"] = event["at"]
        if event["do"] == "hint":
            at["hints"] += 1
            continue
        at["attempts"] += 1
        if event.get("mistake"):
            at["mistakes"].append(event["mistake"])
        if at["right"] is not True:
            at["right"], at["answer"] = event["right"], answered(event)
    return found
