"""`optional`: a part of a notebook that the data may not allow says why in its place, and the rest goes on."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from cxlab.languages import speech
from cxlab.languages.advice import for_reader
from cxlab.models.paragraphs import remarks
from cxlab.problem import DataProblem

SKIPPED = "application/vnd.cxlab.skipped+json"
"""Under this type a notebook holds why a part is not there; the report collects it in run.json."""


@dataclass(frozen=True)
class Skipped:
    """A part that is not shown, and why."""

    problem: str

    def __repr__(self) -> str:
        return f"Not shown: {reason(self.problem)}"

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, object]:
        with speech.speaking("en"):  # the page says it again, in its language, where that has the words
            shown = remarks(repr(self))._repr_html_()
        return {SKIPPED: {"reason": self.problem}, "text/html": shown, "text/plain": repr(self)}


@contextlib.contextmanager
def optional(asked: object = None) -> Iterator[None]:
    """Return a ``with`` that does what stands in it and, where the data do not allow it, says why and goes on.

    Only a `DataProblem` is met so: a part that breaks in any other way is a fault of the notebook, and the run fails.

    Parameters
    ----------
    asked : what somebody asked this part for, such as the columns named in a parameter. Then it is not optional: what
        is wrong with them is raised. None, '' and empty lists ask for nothing.

    Examples
    --------
    >>> import cxlab as cx
    >>> study = cx.load("airline-survey")
    >>> with cx.pages.optional():
    ...     cx.nps(study)
    Not shown: NPS needs a column with role 'outcome' and measure 'recommendation'; airline-survey declares none.
    """
    try:
        yield
    except DataProblem as problem:
        if asked:
            raise
        from IPython.display import display

        display(Skipped(str(problem)))


def reason(problem: str) -> str:
    """Return what a reader of the page needs of a problem: its first sentence, without advice to the analyst.

    >>> reason("a league needs 3 units; s has 2. Declare them in its datapackage.json")
    'a league needs 3 units; s has 2.'
    >>> reason("no filled sheet is named; make one with cx.loops.heard_sheet")
    'no filled sheet is named.'
    """
    return f"{for_reader(problem.partition('. ')[0].rstrip('.'))}."
