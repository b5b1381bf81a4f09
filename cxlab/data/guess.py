"""`Guess`: one decision about one column and its reason; `Log`: the guesses and doubts of one draft as they come."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from cxlab.data.doubt import Doubt


@dataclass(frozen=True)
class Guess:
    """One decision about one column: what was decided, and why."""

    column: str
    what: str
    why: str

    def __str__(self) -> str:
        return f"{self.column}: {self.what} ({self.why})"


@dataclass
class Log:
    """What was decided and what is left to ask, in the order in which it came up."""

    guesses: list[Guess] = field(default_factory=list)
    doubts: list[Doubt] = field(default_factory=list)

    def say(self, column: str, what: str, why: str) -> None:
        self.guesses.append(Guess(column, what, why))

    def take(self, said: Iterable[Guess | Doubt]) -> None:
        for one in said:
            (self.doubts if isinstance(one, Doubt) else self.guesses).append(one)

    def ask(self, column: str, question: str, answers: dict[str, str], weight: float) -> None:
        """Add a doubt; ``answers`` maps words to what they set, the assumed answer first."""
        self.doubts.append(asked(column, question, answers, weight))


def asked(column: str, question: str, answers: dict[str, str], weight: float) -> Doubt:
    """Return a doubt whose answers are settings of `cxlab codebook set`, the assumed one first ('' changes nothing)."""
    made = Doubt(column, question, tuple(answers), "", weight, tuple(answers.values()))
    return Doubt(column, question, made.answers, made.line("FILE"), weight, made.settings)
