"""What a lesson asks: `Question`, the data of one seat (`Drawn`), and an answer (`Answer`), right or given."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from cxlab.data.study import Study
from cxlab.problem import one_of
from cxlab.result import Estimate, Result

KINDS = ("interval", "number", "choice", "labels")


@dataclass(frozen=True)
class Answer:
    """One answer: a number, a number with its interval, a word, or several labels."""

    value: float = math.nan
    low: float = math.nan
    high: float = math.nan
    word: str = ""
    items: tuple[int, ...] = ()

    @property
    def width(self) -> float:
        """From the low end of the interval to the high one; `nan` without an interval."""
        return self.high - self.low

    def upright(self) -> Answer:
        """Return a negative number with its interval the other way round; others as they are.

        >>> Answer(-5.0, -8.0, -2.0).upright()
        Answer(value=5.0, low=2.0, high=8.0, word='', items=())
        """
        return replace(self, value=-self.value, low=-self.high, high=-self.low) if self.value < 0 else self


@dataclass(frozen=True)
class Drawn:
    """What one seat got: its study, what is true of it, and further things of the lesson by name."""

    study: Study
    truth: Mapping[str, Any]
    extras: Mapping[str, Any] = field(default_factory=dict)
    made: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    def once(self, name: str, make: Callable[[], Any]) -> Any:
        """Return what ``make`` gives, computed once for this seat's data: several checks need it."""
        if name not in self.made:
            self.made[name] = make()
        return self.made[name]


Rule = Callable[[Drawn], Answer]


@dataclass(frozen=True)
class Question:
    """One question of a lesson.

    Parameters
    ----------
    name : what `Lesson.check` is given.
    kind : 'interval' (a number and its interval), 'number', 'choice' (one of ``choices``), 'labels' (0 or 1 for each
        of ``length`` things).
    right : the right answer of a seat, computed from its own data; None for a prediction or a vote, which are noted.
    mistakes : the wrong answers that are known by name, each computed from the seat's data; the lesson's text says
        what to answer. Of a choice: the wrong word.
    tolerance : how far a number may lie from the right one, in its own unit (rounding); a share of the right value
        with ``relative``.
    choices : the words that may be given, or a function of the seat's data that returns them.
    length : how many labels.
    agree : share of the labels that must be right.
    truth : name in `Drawn.truth` of what the answers of all seats lie around; the board draws it once revealed.
    before : name of the vote that this one is laid beside.
    unit : of the number, as in `cxlab.columns.show`; 'count' for one that is mostly whole.
    level : of the interval.
    unsigned : whether a difference may be given either way round; the board shows its size.
    """

    name: str
    kind: str = "number"
    right: Rule | None = None
    mistakes: Mapping[str, Rule] = field(default_factory=dict)
    tolerance: float = 0.51
    relative: bool = False
    choices: tuple[str, ...] | Callable[[Drawn], tuple[str, ...]] = ()
    length: int = 0
    agree: float = 0.8
    truth: str = ""
    before: str = ""
    unit: str = "points"
    level: float = 0.95
    unsigned: bool = False

    def __post_init__(self) -> None:
        one_of(f"kind of question '{self.name}'", self.kind, KINDS)

    def allowed(self, drawn: Drawn) -> tuple[str, ...]:
        """Return the words that may be given."""
        return self.choices(drawn) if callable(self.choices) else self.choices


def estimated(result: Result | Estimate, label: str = "") -> Answer:
    """Return a result of one row (or its row ``label``) as an answer.

    >>> estimated(Estimate("NPS", 20.0, 10.0, 30.0))
    Answer(value=20.0, low=10.0, high=30.0, word='', items=())
    """
    if isinstance(result, Result):
        row = result.table.iloc[0] if not label else result.table[result.table.iloc[:, 0].astype(str) == label].iloc[0]
        return Answer(float(row["estimate"]), float(row["low"]), float(row["high"]))
    return Answer(float(result.value), float(result.low), float(result.high))


def number(value: float) -> Answer:
    """Return a number as an answer."""
    return Answer(float(value))


def word(said: str) -> Answer:
    """Return a word as an answer."""
    return Answer(word=said)
