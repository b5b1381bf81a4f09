"""The language that is spoken here and now, and what of it is missing."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator
from contextvars import ContextVar

from cxlab.languages.advice import for_reader
from cxlab.languages.message_book import Catalogue, catalogue, check

_SPOKEN: ContextVar[Catalogue | None] = ContextVar("spoken", default=None)
_MISSING: ContextVar[dict[str, None] | None] = ContextVar("missing", default=None)
_OWN: ContextVar[tuple[str, ...]] = ContextVar("own", default=())
_LASTING: list[Catalogue | None] = [None]
_LASTING_OWN: list[tuple[str, ...]] = [()]
_UNSAID: dict[str, None] = {}


def speak(language: str, own: Iterable[str] = ()) -> None:
    """Let everything that is shown from now on in this process be in a language, but for the customer's ``own``."""
    check(language)
    _LASTING[0] = None if language == "en" else catalogue(language)
    _LASTING_OWN[0] = labels(own)
    _UNSAID.clear()


@contextlib.contextmanager
def speaking(language: str, own: Iterable[str] = ()) -> Iterator[dict[str, None]]:
    """Return a ``with`` in which a language is spoken; it gives what the catalogue lacks, filled as it goes on.

    Parameters
    ----------
    own : the customer's labels: within our sentences they are one part each, whatever words are in them.
    """
    check(language)
    missing: dict[str, None] = {}
    book = None if language == "en" else catalogue(language)
    marks = _SPOKEN.set(book), _MISSING.set(missing), _OWN.set(labels(own))
    try:
        yield missing
    finally:
        for variable, mark in zip((_SPOKEN, _MISSING, _OWN), marks, strict=True):
            variable.reset(mark)


def labels(words: Iterable[str]) -> tuple[str, ...]:
    """Return the labels that a sentence must not be cut within, the longest first: those of more than one word.

    >>> labels(["Region", "Ease of use", "18-34", "Ease of use"])
    ('Ease of use', '18-34')
    """
    return tuple(sorted({w for w in map(str, words) if re.search(r"\W", w.strip())}, key=lambda w: (-len(w), w)))


def own() -> tuple[str, ...]:
    """Return the customer's labels of more than one word that were told here."""
    return _OWN.get() if _MISSING.get() is not None else _LASTING_OWN[0]


def _said(book: Catalogue, text: str) -> str | None:
    """A text of ours in the language; the customer's labels in it stay whole, where it can be read so."""
    there = [w for w in own() if w in text and w != text]
    for kept in (there, [w for w in there if ("", w) not in book.plain], []) if there else ([],):
        found = book.said(text, tuple(kept))
        if found is not None:
            return found
    return None


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
    known = _said(book, str(text))
    if known is None:
        _unsaid()[str(text)] = None
        return text
    return known


def noted(text: str) -> str:
    """Return a note or method as a page shows it: without what it tells the analyst, in the language.

    >>> noted("2 groups are not shown (least_n=0 shows them)")
    '2 groups are not shown'
    """
    return said(for_reader(str(text)))


def maybe(text: str) -> str:
    """Return words that may be the customer's: in the language where they are ours, else as they are."""
    book = _book()
    if book is None:
        return text
    ours = book.label(str(text))
    if ours != text or str(text) in own():
        return ours
    known = _said(book, str(text))
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
