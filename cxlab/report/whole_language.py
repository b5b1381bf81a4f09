"""Whether a page is whole in its language, and what one that could not be made says in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cxlab.languages import speech
from cxlab.languages.message_book import catalogue
from cxlab.languages.numerals import written_from_right
from cxlab.problem import DataProblem

FAILED = "This report could not be made"


def need_whole(unsaid: Iterable[str], what: str, language: str) -> None:
    """Raise `DataProblem` where a language lacks texts of a page: it is never half in one and half in another."""
    unsaid = list(dict.fromkeys(unsaid))
    if not unsaid or language == "en":
        return
    first = "; ".join(repr(" ".join(text.split())[:160]) for text in unsaid[:3])
    raise DataProblem(
        f"{what} is not whole in the language '{language}': {len(unsaid)} texts are missing, first {first}. Make it in "
        f"English, or add them to cxlab/languages/{language}.po"
    )


def apology(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the page of a run that failed says in the language that was asked for; the cause is in English.

    >>> apology({"language": "de"})["apology"]
    'Dieser Bericht konnte nicht erstellt werden. Der Grund steht hier auf Englisch, für die Auswertung.'
    """
    language = parameters.get("language", "en")
    if language == "en":
        return {}
    said = catalogue(language).said(f"{FAILED}. The cause stands here in English, for the analyst.")
    return {"apology": said, "asked": language, "asked_direction": "rtl" if written_from_right(language) else "ltr"}


def named(notebook: str) -> str:
    """Return the name of a notebook in the language of the page, where it has one.

    >>> with speech.speaking("fr"):
    ...     named("tables")
    'Tableaux'
    """
    return notebook if speech.language() == "en" else speech.maybe(notebook.replace("-", " ").capitalize())
