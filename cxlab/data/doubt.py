"""`Doubt`: a question about a file that the file itself cannot answer, with the answers it may have."""

from __future__ import annotations

from dataclasses import dataclass


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

    >>> print(Doubt("day", "'01/02/2024' is 1 February or January 2?", ("day first", "month first")))
    day: '01/02/2024' is 1 February or January 2? (day first / month first)
    """

    column: str
    question: str
    answers: tuple[str, ...] = ()
    command: str = ""
    weight: float = 0.5

    def __str__(self) -> str:
        of = f"{self.column}: " if self.column else ""
        answers = f" ({' / '.join(self.answers)})" if self.answers else ""
        does = f"; answer with `{self.command}`" if self.command else ""
        return f"{of}{self.question}{answers}{does}"


def heaviest_first(doubts: tuple[Doubt, ...]) -> tuple[Doubt, ...]:
    """Return the doubts, those first on which most hangs; equal ones keep their order."""
    return tuple(sorted(doubts, key=lambda d: -d.weight))
