"""Words of surveys in fifteen languages, one table a language; they only feed guesses, and values dispose.

A table has four parts: ``questions`` (what a question measures), ``words`` (what a column is called), ``answers``
(which side an answer text is on, what is no answer), ``event_log`` (names of columns of events, without blanks). Each
entry of the first three is a list of regular expressions for casefolded text.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache, lru_cache
from importlib import resources

LANGUAGES = ("en", "de", "fr", "es", "it", "pt", "nl", "pl", "ru", "el", "tr", "zh", "ja", "ko", "ar")


@cache
def table(language: str) -> dict[str, dict[str, list[str]]]:
    """Return the table of one language.

    >>> table("de")["answers"]["yes"][0]
    'ja'
    """
    return tomllib.loads((resources.files(__package__) / f"{language}.toml").read_text(encoding="utf-8"))


@cache
def words(part: str, key: str) -> tuple[str, ...]:
    """Return the expressions of all languages for one entry, each once.

    >>> words("answers", "out_of")[:3]
    ('out of', 'of', 'von')
    """
    return tuple(dict.fromkeys(w for language in LANGUAGES for w in table(language)[part].get(key, ())))


@cache
def anywhere(part: str, key: str) -> re.Pattern[str]:
    """Return a pattern that finds any of the expressions within a text."""
    return re.compile("|".join(words(part, key)))


@cache
def whole(part: str, key: str) -> re.Pattern[str]:
    """Return a pattern that fits a text that is one of the expressions and nothing else.

    >>> bool(whole("words", "weight").match("gewicht")), bool(whole("words", "weight").match("body_weight_kg"))
    (True, False)
    """
    return re.compile(f"(?:{'|'.join(words(part, key))})$")


@lru_cache(maxsize=65_536)
def plain(text: str) -> str:
    """Return a name or text as it is compared: casefolded, blanks for underscores, dots and changes of case.

    >>> plain("ReviewScore"), plain("customer_rating"), plain("İyi")
    ('review score', 'customer rating', 'iyi')
    """
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)
    return " ".join(re.sub(r"[_.]+", " ", apart).casefold().replace("i\u0307", "i").split())
