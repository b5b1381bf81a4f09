"""`named`: people say titles and wordings where a column is meant."""

from __future__ import annotations

from typing import Any

from cxlab.data.study import Study
from cxlab.problem import DataProblem

WORDS = ("item", "stage", "owner", "question")
"""What may be grouped by beside columns; a title that reads so is not meant."""


def named(study: Study, said: str) -> str:
    """Return the column of which ``said`` is the name, the title or the wording; anything else as it came.

    Case and blanks at the ends do not count. A name goes before a title, a title before a wording.

    Raises
    ------
    DataProblem : two columns have this title.

    >>> from cxlab.data.catalogue import open_study
    >>> named(open_study("abc"), "sales support"), named(open_study("abc"), "no such")
    ('q17', 'no such')
    """
    if said in study.codebook or said in study.columns or said in WORDS:
        return said
    wanted = said.strip().casefold()
    for kind in ("name", "title", "question"):
        found = [f.name for f in study.codebook if getattr(f, kind).strip().casefold() == wanted != ""]
        if len(found) > 1:
            raise DataProblem(f"'{said}' is the {kind} of {len(found)} columns: {', '.join(found)}; use a name")
        if found:
            return found[0]
    return said


def all_named(study: Study, said: Any) -> Any:
    """Return ``said`` (text, a collection of texts, or None) with names for titles and wordings."""
    if isinstance(said, str):
        return named(study, said)
    if isinstance(said, (list, tuple)):
        return type(said)(named(study, s) if isinstance(s, str) else s for s in said)
    return said


def option_labels(study: Study, name: str) -> list[str]:
    """Return what the options of a question with several answers are called, each once.

    Parameters
    ----------
    study : the study.
    name : of the question.
    """
    f = study.field(name)
    labels = [str(f.labels.get(c, c)) for c in f.columns]
    return [c if labels.count(label) > 1 else label for c, label in zip(f.columns, labels, strict=True)]
