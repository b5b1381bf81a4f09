"""`Doubt`: a question about a file that the file itself cannot answer, with the answers it may have."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

NAMED = 3
"""So many columns are named in a question about several."""


COUNTED = ": counted; "
"""In the question whether numbers that count are codes for no answer."""


@dataclass(frozen=True)
class Doubt:
    """One thing that was decided without being sure.

    Parameters
    ----------
    column : what it is about; '' for the whole file.
    question : in one sentence, with what was assumed until it is answered.
    answers : what it may be, the assumed one first.
    command : the command line that answers it, with ``FILE`` for the file.
    weight : how much hangs on it, 0 to 1; the heaviest is asked first.
    settings : what each answer sets in the codebook, one an answer, as it stands after ``cxlab codebook set FILE
        COLUMN``: ``role=outcome scale=1-5``; '' leaves the column as it was guessed. Empty: only ``command`` answers.
    alike : further columns of which the same is asked (`together`).

    >>> print(Doubt("day", "'01/02/2024' is 1 February or January 2?", ("day first", "month first")))
    day: '01/02/2024' is 1 February or January 2? (day first / month first)
    """

    column: str
    question: str
    answers: tuple[str, ...] = ()
    command: str = ""
    weight: float = 0.5
    settings: tuple[str, ...] = ()
    alike: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """All that it is about; () for the whole file."""
        return (self.column, *self.alike) if self.column else ()

    @property
    def asks(self) -> str:
        """What it is about, and the question.

        >>> Doubt("a", "is 0 an answer?", alike=("b", "c", "d", "e")).asks
        'a, b, c and 2 more: is 0 an answer?'
        """
        more = f" and {len(self.columns) - NAMED} more" if len(self.columns) > NAMED else ""
        return f"{', '.join(self.columns[:NAMED])}{more}: {self.question}" if self.column else self.question

    def line(self, file: str) -> str:
        """Return the command that answers otherwise than what was assumed, for ``file``; '' where there is none.

        >>> Doubt("User rating", "is it the outcome?", ("no", "yes"), settings=("", "role=outcome")).line("my file.csv")
        "cxlab codebook set 'my file.csv' 'User rating' role=outcome"
        """
        if self.command and not self.alike:
            return self.command.replace("FILE", shlex.quote(file))
        setting = next((s for s in self.settings if s), "")
        return f"cxlab codebook set {shlex.quote(file)} {shlex.join(self.columns)} {setting}" if setting else ""

    def to_dict(self) -> dict[str, Any]:
        """Return what is known as JSON types; `doubt` reads it back."""
        told = {"column": self.column, "question": self.question, "answers": list(self.answers)}
        return {**told, "command": self.command, "weight": self.weight, "settings": list(self.settings)}

    def __str__(self) -> str:
        of = f"{self.column}: " if self.column else ""
        answers = f" ({' / '.join(self.answers)})" if self.answers else ""
        does = f"; answer with `{self.command}`" if self.command else ""
        return f"{of}{self.question}{answers}{does}"


def doubt(said: Mapping[str, Any]) -> Doubt:
    """Return the doubt that a part of a ``datapackage.json`` tells of."""
    lists = {k: tuple(map(str, said.get(k, ()))) for k in ("answers", "settings")}
    words = {k: str(said.get(k, "")) for k in ("column", "question", "command")}
    return Doubt(**words, **lists, weight=float(said.get("weight", 0.5)))


def heaviest_first(doubts: tuple[Doubt, ...]) -> tuple[Doubt, ...]:
    """Return the doubts, those first on which most hangs; equal ones keep their order, and each is there once."""
    return tuple(sorted(dict.fromkeys(doubts), key=lambda d: -d.weight))


def together(doubts: Iterable[Doubt]) -> tuple[Doubt, ...]:
    """Return the doubts, those that ask the same of several columns as one, where the first of them stood.

    >>> [d.asks for d in together(Doubt(c, "is 0 an answer?", ("no", "yes"), settings=("", "scale=0-5")) for c in "ab")]
    ['a, b: is 0 an answer?']
    """
    found: dict[tuple[object, ...], Doubt] = {}
    for d in doubts:
        key = (d.question, d.answers, d.settings) if d.column and any(d.settings) else (d,)
        first = found.get(key)
        found[key] = replace(first, alike=(*first.alike, *d.columns)) if first else d
    return tuple(found.values())


def candidates(doubts: tuple[Doubt, ...], role: str, file: str, most: int = 3, *, measure: str = "") -> str:
    """Return what to do where no column has ``role``: those of which it is in doubt, with the command for ``file``.

    >>> candidates((), "outcome", "")
    'Declare it in its datapackage.json'
    >>> d = Doubt("User rating", "1 to 5: is it the outcome?", ("no", "yes"), settings=("", "role=outcome"))
    >>> print(candidates((d,), "outcome", "a.csv"))
    It may be 'User rating': cxlab codebook set a.csv 'User rating' role=outcome
    """
    wanted = {f"role={role}", *([f"measure={measure}"] if measure else [])}
    found = [(d, s) for d in heaviest_first(doubts) for s in d.settings if wanted <= set(s.split())]
    where = shlex.quote(file) if file else "FILE"
    if found:
        lines = [f"'{d.column}': cxlab codebook set {where} {shlex.quote(d.column)} {s}" for d, s in found[:most]]
        return f"It may be {'; or '.join(lines)}"
    return (
        f"Declare it: cxlab codebook set {where} COLUMN {' '.join(sorted(wanted, reverse=True))}"
        if file
        else "Declare it in its datapackage.json"
    )
