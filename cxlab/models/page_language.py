"""`speak`: the language of a page."""

from __future__ import annotations

from cxlab.data.arguments import public
from cxlab.languages import speech


@public
def speak(language: str) -> None:
    """Let everything that is shown from now on in this session be in a language: tables, findings, pictures.

    What customers wrote (questions, answers, names of groups) stays as it is. Numbers inside results do not change.

    Parameters
    ----------
    language : a code: 'en', 'ar', 'de', 'el', 'es', 'fr', 'ru' or 'zh'.

    Raises
    ------
    DataProblem : pages cannot speak the language.

    Examples
    --------
    >>> import cxlab as cx
    >>> cx.pages.speak("de")
    >>> "Welle" in cx.pages.standing(cx.load("brand-tracker"), "nps")._repr_html_()
    True
    >>> cx.pages.speak("en")
    """
    speech.speak(language)
