"""`say`: what the workshop says, in the language of the class, from `phrases.toml` and `lessons/*.toml`."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from cxlab.problem import unknown

HERE = Path(__file__).parent


@cache
def catalogue() -> dict[str, dict[str, str]]:
    """Return the texts of every language; the first language is the one that texts fall back to."""
    return tomllib.loads((HERE / "phrases.toml").read_text(encoding="utf-8"))


def languages() -> list[str]:
    """Return the languages there are.

    >>> languages()
    ['en', 'de']
    """
    return list(catalogue())


def spoken(language: str) -> str:
    """Return ``language``, or 'en' for ''; raise where the workshop does not speak it."""
    if language and language not in languages():
        raise unknown("language", language, "the workshop", languages())
    return language or languages()[0]


def say(language: str, key: str, **values: Any) -> str:
    """Return a text in a language, with the values put in.

    >>> say("de", "right")
    'Richtig.'
    """
    return catalogue()[language][key].format(**values)


def texts(file: Path, language: str) -> dict[str, Any]:
    """Return the texts of a lesson: ``noise.toml`` is English, ``noise.de.toml`` German; what is not translated stays.

    Parameters
    ----------
    file : the English text.
    language : one of `languages`.
    """
    said = tomllib.loads(file.read_text(encoding="utf-8"))
    other = file.with_name(f"{file.stem}.{language}.toml")
    if language == languages()[0] or not other.is_file():
        return said
    return laid(said, tomllib.loads(other.read_text(encoding="utf-8")))


def laid(under: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """Return ``under`` with ``over`` laid on it, table by table."""
    both = dict(under)
    for key, value in over.items():
        both[key] = laid(under[key], value) if isinstance(value, dict) and isinstance(under.get(key), dict) else value
    return both
