"""The language that is spoken here and now, and what of it is missing."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar

from cxlab.languages.message_book import Catalogue, catalogue, check

_SPOKEN: ContextVar[Catalogue | None] = ContextVar("spoken", default=None)
_MISSING: ContextVar[dict[str, None] | None] = ContextVar("missing", default=None)
_LASTING: list[Catalogue | None] = [None]
_UNSAID: dict[str, None] = {}


def speak(language: str) -> None:
    """Let everything that is shown from now on in this process be in a language."""
    check(language)
    _LASTING[0] = None if language == "en" else catalogue(language)
    _UNSAID.clear()


@contextlib.contextmanager
def speaking(language: str) -> Iterator[dict[str, None]]:
    """Return a ``with`` in which a language is spoken; it gives what the catalogue lacks, filled as it goes on."""
    check(language)
    missing: dict[str, None] = {}
    marks = _SPOKEN.set(None if language == "en" else catalogue(language)), _MISSING.set(missing)
    try:
        yield missing
    finally:
        _SPOKEN.reset(marks[0])
        _MISSING.reset(marks[1])


def _book() -> Catalogue | None:
    return _SPOKEN.get() if _MISSING.get() is not None else _LASTING[0]


def language() -> str:
    """Return the language that is spoken, 'en' where nobody said another.

    >>> with speaking("de"):
    ...     language()
    'de'
    """
    book = _book()
    return book.language if book else "en"


def said(text: str) -> str:
    """Return words of ours in the language that is spoken; what the catalogue lacks stays English and is counted.

    >>> with speaking("de") as missing:
    ...     said("Difference"), said("no such words"), list(missing)
    ('Differenz', 'no such words', ['no such words'])
    """
    book = _book()
    if book is None:
        return text
    known = book.said(str(text))
    if known is None:
        _unsaid()[str(text)] = None
        return text
    return known


def maybe(text: str) -> str:
    """Return words that may be the customer's: in the language where they are ours, else as they are."""
    book = _book()
    if book is None:
        return text
    own = book.label(str(text))
    if own != text:
        return own
    known = book.said(str(text))
    return text if known is None else known


def label(text: str) -> str:
    """Return what stands where the customer's words do: theirs as they are, ours in the language."""
    book = _book()
    return text if book is None else book.label(str(text))


def _unsaid() -> dict[str, None]:
    found = _MISSING.get()
    return _UNSAID if found is None else found


def missing() -> list[str]:
    """Return what was to be said and is not in the catalogue, each once."""
    return list(_unsaid())
