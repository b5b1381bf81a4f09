"""`Standing`: where all seats of a room are in a lesson, read from what they handed in."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from cxlab.workshop.hand_ins import FOLDER, Book, append, read, standing
from cxlab.workshop.outlines import Outline, outline
from cxlab.workshop.questions import Answer
from cxlab.workshop.seat import Place, place, read_room

OPENED = "opened.jsonl"
STUCK = 3
"""Attempts without a right answer after which a seat may want help."""


@dataclass(frozen=True)
class Standing:
    """The seats of a room in one lesson: ``seats[seat][question]`` as `hand_ins.standing` gives it."""

    about: Outline
    language: str
    place: Place
    seats: dict[int, dict[str, dict[str, Any]]]

    def answers(self, question: str) -> list[Answer]:
        """Return what counts of a question: the right answers, or all where nothing is right or wrong."""
        right = self.about.questions[question].right
        there = [at[question] for at in self.seats.values() if question in at and at[question]["answer"] is not None]
        return [at["answer"] for at in there if right is None or at["right"]]

    def count(self, question: str) -> tuple[int, int]:
        """Return how many seats answered a question, and how many of them well."""
        there = [at[question] for at in self.seats.values() if question in at and at[question]["attempts"]]
        return len(there), sum(at["right"] is not False for at in there)

    def stuck(self) -> list[int]:
        """Return the seats that tried a question often without a right answer."""
        tried = lambda at: any(q["right"] is False and q["attempts"] >= STUCK for q in at.values())  # noqa: E731
        return [seat for seat, at in self.seats.items() if tried(at)]


def by_seat(about: Outline, at: Place, language: str) -> Standing:
    """Return where all seats of a room are in a lesson."""
    seats = range(1, at.seats + 1)
    found = {seat: standing(Book(at.at(seat), about.name).events()) for seat in seats}
    return Standing(about, language, at, found)


def opened(at: Place, lesson: str) -> bool:
    """Whether the teacher has opened the truth of a lesson."""
    if at.folder is None:
        return False
    said = [e["do"] for e in read(at.folder / FOLDER / OPENED) if e.get("lesson") == lesson]
    return bool(said) and said[-1] == "open"


def set_opened(at: Place, lesson: str, to: bool) -> None:
    """Open the truth of a lesson for the class, or close it again."""
    append(at.folder / FOLDER / OPENED, [json.dumps({"do": "open" if to else "close", "lesson": lesson})])


def lessons_of(folder: Path) -> list[Outline]:
    """Return the lessons of a room, in order."""
    at = place(folder, 1)
    return [outline(name, at.own) for name in read_room(folder)["lessons"]]


def collected(folder: Path) -> pd.DataFrame:
    """Return all that was handed in, a row an answer given: seat, lesson, question, attempt, the answer, right or not.

    ``mistake`` is the known mistake it was; ``hints`` how many hints came before; ``after_truth`` whether the truth of
    the lesson was open to this seat by then.
    """
    rows = [row for about in lessons_of(folder) for row in _rows(folder, about)]
    names = ["seat", "lesson", "question", "attempt", "value", "low", "high", "word", "labels", "right", "mistake",
             "hints", "after_truth", "at"]  # fmt: skip
    return pd.DataFrame(rows, columns=names)


def _rows(folder: Path, about: Outline) -> Iterable[tuple[Any, ...]]:
    at = place(folder, 1)
    for seat in range(1, at.seats + 1):
        attempt: dict[str, int] = {}
        hints: dict[str, int] = {}
        revealed = False
        for e in Book(at.at(seat), about.name).events():
            if e["do"] == "reveal":
                revealed = True
            elif e["do"] == "hint":
                hints[e["question"]] = hints.get(e["question"], 0) + 1
            elif e["do"] == "check":
                q = e["question"]
                attempt[q] = attempt.get(q, 0) + 1
                labels = "".join(map(str, e.get("items") or ()))
                number = (e.get("value"), e.get("low"), e.get("high"), e.get("word", ""), labels)
                tail = (e["right"], e.get("mistake", ""), hints.get(q, 0), revealed, e["at"])
                yield (seat, about.name, q, attempt[q], *number, *tail)


def graded(folder: Path) -> pd.DataFrame:
    """Return a table by seat: questions answered well, of how many, and for each of the others the reason."""
    at = place(folder, 1)
    rows = []
    standings = [by_seat(about, at, at.language or "en") for about in lessons_of(folder)]
    for seat in range(1, at.seats + 1):
        good, asked, hints, why = 0, 0, 0, []
        for s in standings:
            for name in s.about.questions:
                asked += 1
                done = s.seats[seat].get(name)
                hints += done["hints"] if done else 0
                if done and done["attempts"] and done["right"] is not False:
                    good += 1
                elif done and done["attempts"]:
                    said = ", ".join(dict.fromkeys(done["mistakes"])) or "no known mistake"
                    why.append(f"{s.about.name}.{name}: {done['attempts']} tried ({said})")
                else:
                    why.append(f"{s.about.name}.{name}: not answered")
        rows.append((seat, good, asked, round(good / asked, 3) if asked else 0.0, hints, "; ".join(why)))
    return pd.DataFrame(rows, columns=["seat", "good", "asked", "share", "hints", "reasons"])
