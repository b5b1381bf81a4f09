"""What two texts have in common whatever their spelling: the normal form, and whether anything is said."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

LONGEST = 20_000
"""Characters of a text that are looked at; the rest of a longer one is not."""

APART = re.compile(r"[\W_]+")


def normal(text: str) -> str:
    """Return the words of a text in one spelling: NFKC, folded case, one space for what is no letter or digit.

    A text of signs alone (an emoji, '?!') keeps them: an emoji says something.

    Examples
    --------
    >>> normal("  The STAFF -- was   rude!"), normal("ＯＫ"), normal(" 👍 ")
    ('the staff was rude', 'ok', '👍')
    """
    text = unicodedata.normalize("NFKC", text[:LONGEST]).casefold()
    return APART.sub(" ", text).strip() or " ".join(text.split())


def silent(text: str, phrases: frozenset[str]) -> bool:
    """Return whether a text says nothing: empty, punctuation alone, one letter, or one of ``phrases`` (normal forms).

    Examples
    --------
    >>> [silent(t, frozenset({"nothing", "n a"})) for t in ("N/A", "...", "x", " Nothing. ", "nothing works", "👎")]
    [True, True, True, True, False, False]
    """
    words = normal(text)
    if words in phrases:
        return True
    if not words.isascii() and any(ord(c) > 0x2000 and unicodedata.category(c) in ("So", "Sk") for c in words):
        return False
    letters = [c for _, c in zip(range(2), filter(str.isalnum, words), strict=False)]  # two say something
    return not letters or (len(letters) == 1 and ord(letters[0]) < 0x2E80)


def repeats(texts: Iterable[str]) -> dict[str, list[int]]:
    """Return the places of texts that are alike but for case, spaces and punctuation, by their normal form.

    Examples
    --------
    >>> repeats(["Good.", "bad", "good"])
    {'good': [0, 2]}
    """
    found: dict[str, list[int]] = {}
    for k, text in enumerate(texts):
        found.setdefault(normal(text), []).append(k)
    return {words: places for words, places in found.items() if len(places) > 1}
