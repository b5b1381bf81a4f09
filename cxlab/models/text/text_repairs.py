"""What is known of texts that are not as they were written: words torn, calls to the reader, words mistranslated."""

from __future__ import annotations

import importlib.util
import tomllib
from collections.abc import Callable
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from cxlab.stats.text.foreign_parts import repeated_blocks, splices, without_splices, without_tags
from cxlab.stats.text.plain_text import normal

NO_FORMS = "words torn by other text are not looked for: pip install 'cxlab[text]' brings the forms of words"
NOT_SPACED = ("zh", "ja", "th", "und")


def known_words(language: str) -> Callable[[str], bool] | None:
    """Return whether a word is one of the language; None where no list of its forms is installed.

    Examples
    --------
    >>> known_words("zh") is None
    True
    """
    if language in NOT_SPACED or not importlib.util.find_spec("simplemma"):
        return None
    return _forms(language)


@cache
def _forms(language: str) -> Callable[[str], bool] | None:
    import simplemma

    @lru_cache(maxsize=100_000)
    def known(word: str) -> bool:
        return bool(simplemma.is_known(word, lang=language))

    try:
        known("a")
    except ValueError:  # a language without a list
        return None
    return known


@cache
def glossary() -> list[dict[str, str]]:
    """Return the words that machine translation gets wrong: wrong, right, language, note."""
    return tomllib.loads((Path(__file__).parent / "glossary.toml").read_text(encoding="utf-8"))["word"]


@cache
def _calls() -> tuple[int, tuple[str, ...]]:
    table: dict[str, Any] = tomllib.loads((Path(__file__).parent / "calls.toml").read_text(encoding="utf-8"))
    return table.pop("longest"), tuple(normal(p) for phrases in table.values() for p in phrases)


def mistranslated(text: str) -> list[dict[str, str]]:
    """Return the entries of the glossary that stand in a text.

    Examples
    --------
    >>> [w["right"] for w in mistranslated("残雪的改进")]
    ['CX']
    """
    return [w for w in glossary() if w["wrong"] in text]


def is_call(line: str) -> bool:
    """Return whether a line asks the reader to do something: boilerplate of a page.

    Examples
    --------
    >>> is_call("КЛИКНИТЕ СЮДА"), is_call("The staff was kind")
    (True, False)
    """
    longest, phrases = _calls()
    if len(line) > longest:
        return False
    words = f" {normal(line)} "
    return any(f" {p} " in words or (ord(p[0]) > 0x2E80 and p in words) for p in phrases)


def torn(text: str, language: str) -> list[tuple[int, int, str]]:
    """Return where other text stands inside a word: begin, end, the word; none where words are not known."""
    known = known_words(language)
    return list(splices(text, known)) if known else []


def repaired(text: str, language: str) -> str:
    """Return a text without tags, repeated blocks, calls to the reader, and text put into words.

    Examples
    --------
    >>> repaired("Good <b>staff</b>.\\nClick here\\n", "en")
    'Good staff .'
    """
    text = without_tags(text)
    for start, end in reversed(repeated_blocks(text)):
        text = text[:start] + text[end:]
    if "\n" in text or len(text) < 200:
        lines = [line for line in text.splitlines() if not is_call(line)] if "\n" in text else [text]
        text = "\n".join(lines)
    known = known_words(language)
    text = without_splices(text, known) if known else text
    return "\n".join(" ".join(line.split()) for line in text.splitlines()).strip()
