"""`page`: the instructor's notes of a lesson, one page of Markdown."""

from __future__ import annotations

from cxlab.workshop.outlines import Outline
from cxlab.workshop.phrases import say, spoken


def page(about: Outline, language: str = "") -> str:
    """Return the notes of a lesson.

    Parameters
    ----------
    about : the lesson.
    language : 'en' or 'de'.

    >>> from cxlab.workshop.outlines import outline
    >>> page(outline("noise")).splitlines()[0]
    '# 1 The noise of an NPS (20 minutes)'
    """
    language = spoken(language)
    told = about.texts(language)
    notes = told["notes"]
    lines = [f"# {about.number} {told['title']} ({told['minutes']} {say(language, 'minutes')})"]
    for key in ("aim", "misconceptions", "timing", "board", "chance", "questions", "fails"):
        said = notes[key]
        body = [f"- {item}" for item in said] if isinstance(said, list) else [said]
        lines += ["", f"## {say(language, f'notes_{key}')}", "", *body]
    return "\n".join([*lines, ""])
