"""`speak`: the language of a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cxlab.data.arguments import public, study_given
from cxlab.languages import speech

if TYPE_CHECKING:
    from cxlab.data.study import Study

LEVELS = 200
"""Groups of so many levels at most are told to the language; pages compare fewer."""


@public
def speak(language: str, whose: Study | None = None) -> None:
    """Let everything that is shown from now on in this session be in a language: tables, findings, pictures.

    What customers wrote (questions, answers, names of groups) stays as it is. Numbers inside results do not change.

    Parameters
    ----------
    language : a code: 'en', 'ar', 'de', 'el', 'es', 'fr', 'ru' or 'zh'.
    whose : the study whose words stay one part each within our sentences, as in "NPS by Speed of delivery by courier".

    Raises
    ------
    DataProblem : pages cannot speak the language, or ``whose`` is no study.

    Examples
    --------
    >>> import cxlab as cx
    >>> data = cx.load("brand-tracker")
    >>> cx.pages.speak("de", data)
    >>> "Welle" in cx.pages.standing(data, "nps")._repr_html_()
    True
    >>> cx.pages.speak("en")
    """
    if whose is not None:
        study_given(whose)
    own = [] if whose is None or language == "en" else own_words(whose)
    speech.speak(language, own)


def own_words(study: Study) -> list[str]:
    """Return what customers and their researchers called things: questions, answers, groups.

    >>> import cxlab as cx
    >>> "Satisfaction overall" in own_words(cx.load("brand-tracker"))
    True
    """
    fields = study.codebook.fields
    found = [words for f in fields for words in (f.name, f.title, f.question, *f.labels.values())]
    grouped = [
        f.name
        for f in fields
        if f.type == "string" and f.role in ("brand", "segment", "wave", "strata") and f.name in study.columns
    ]
    for name in grouped:
        levels = study.frame.select(name).unique().head(LEVELS).collect()[name].to_list()
        found += [level for level in levels if isinstance(level, str)]
    return list(dict.fromkeys(filter(None, found)))
