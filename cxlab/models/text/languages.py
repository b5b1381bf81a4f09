"""Which language a comment is in: by its script, then by py3langid among the languages of that script."""

from __future__ import annotations

import hashlib
import importlib.util
import re
from collections import Counter
from collections.abc import Sequence
from functools import cache
from typing import Any

from cxlab.stats.text.plain_text import LONGEST

SCRIPTS = {
    "el": r"\u0370-\u03ff\u1f00-\u1fff", "kana": r"\u3040-\u30ff", "ko": r"\uac00-\ud7af\u1100-\u11ff",
    "han": r"\u4e00-\u9fff\u3400-\u4dbf", "th": r"\u0e00-\u0e7f", "arabic": r"\u0600-\u06ff\u0750-\u077f",
    "he": r"\u0590-\u05ff", "cyrillic": r"\u0400-\u052f", "hi": r"\u0900-\u097f", "hy": r"\u0530-\u058f",
    "ka": r"\u10a0-\u10ff", "bn": r"\u0980-\u09ff", "ta": r"\u0b80-\u0bff", "te": r"\u0c00-\u0c7f",
    "latin": r"A-Za-zÀ-ÖØ-öø-ɏẠ-ỹ",
}  # fmt: skip
FOUND = {name: re.compile(f"[{signs}]") for name, signs in SCRIPTS.items()}
ALONE = {"el", "ko", "th", "he", "hi", "hy", "ka", "bn", "ta", "te"}
"""Scripts that one language of those known here writes."""

AMONG = {
    "latin": ("en", "de", "fr", "es", "it", "pt", "nl", "pl", "tr", "sv", "da", "no", "fi", "cs", "hu", "ro", "vi",
              "id", "hr", "sk", "ca", "lt", "lv", "et", "sl"),
    "cyrillic": ("ru", "uk", "bg", "sr", "mk", "kk"), "arabic": ("ar", "fa", "ur"),
}  # fmt: skip
SHORT, ONE = 25, 0.8
"""Letters below which a comment takes the language of the others, where so large a share of these are in one."""

LONG, RARE = 60, 0.05
"""Letters from which a comment tells its language alone; share of the long ones below which a language is not looked
for in the others."""

FEW_LONG = 3
"""Long comments below which they do not say which languages are looked for: one odd cell would name that of all."""

ADDRESS = re.compile(r"https?://\S+|www\.\S+|<[^<>]{1,200}>")
"""Addresses and tags, which are in no language."""

KEPT = 4
_TOLD: dict[bytes, list[str]] = {}
"""Languages of the last comments that were asked for, by their fingerprint: quality, cleaning and coding ask alike."""

UNKNOWN = "und"
"""No letters at all: numbers, emoji."""


def detector() -> str:
    """Return how languages are told here, in words.

    Examples
    --------
    >>> detector().startswith(("py3langid", "by script alone"))
    True
    """
    if importlib.util.find_spec("py3langid"):
        return "py3langid among the languages of the script"
    return "by script alone (pip install 'cxlab[text]' tells languages of one script apart)"


def languages(texts: Sequence[str]) -> list[str]:
    """Return the language of each text as ISO 639-1; 'und' without letters, the name of the script where not told.

    Examples
    --------
    >>> languages(["Η εξυπηρέτηση ήταν καλή", "とても良い", "👍 10"])
    ['el', 'ja', 'und']
    """
    seen = hashlib.blake2b(digest_size=16)
    for t in texts:
        seen.update(t.encode("utf-8", "replace") + b"\0")
    if (key := seen.digest()) not in _TOLD:
        if len(_TOLD) >= KEPT:
            _TOLD.pop(next(iter(_TOLD)))
        _TOLD[key] = _told(texts)
    return list(_TOLD[key])


def _told(texts: Sequence[str]) -> list[str]:
    scripts = [script(t) for t in texts]
    found = [_of_script(s, t) for s, t in zip(scripts, texts, strict=True)]
    if not importlib.util.find_spec("py3langid"):
        return found
    for name, among in AMONG.items():
        of = [i for i, s in enumerate(scripts) if s == name]
        plain = {i: ADDRESS.sub(" ", texts[i][:1000]) for i in of}
        letters = {i: len(FOUND[name].findall(plain[i][:200])) for i in of}
        sure = [i for i in of if letters[i] >= SHORT]
        if not sure:  # many short ones tell it together
            together = " ".join(sorted(set(plain.values())))[:1000]
            enough = name != "latin" or len(FOUND[name].findall(together)) >= SHORT
            alike = among[_ranked(name, {together})[together][0]] if of and enough else UNKNOWN
            found = [alike if s == name else f for s, f in zip(scripts, found, strict=True)]
            continue
        order = _ranked(name, {plain[i] for i in sure})
        told = Counter(among[order[plain[i]][0]] for i in sure)
        long = Counter(among[order[plain[i]][0]] for i in sure if letters[i] >= LONG)
        many = long.total() >= max(FEW_LONG, RARE * len(sure))
        seen = [(told, 2 * RARE), *([(long, RARE)] if many else [])]  # a language may have no long comment
        kept = {among.index(k) for base, share in seen for k, n in base.items() if n >= share * base.total()}
        kept = kept or set(range(len(among)))
        for i in sure:  # a short comment is in one of the languages of the long ones
            best = order[plain[i]]
            found[i] = among[best[0] if letters[i] >= LONG else next(k for k in best if k in kept)]
        short = sorted(set(of) - set(sure))
        (most, n) = Counter(found[i] for i in sure).most_common(1)[0]
        several = n < ONE * len(sure)  # where most are in one language, a few letters are too
        order = _ranked(name, {plain[i] for i in short}) if several else {}
        for i in short:
            found[i] = among[next(k for k in order[plain[i]] if k in kept)] if several else most
    return found


def script(text: str) -> str:
    """Return the script of most letters of a text, '' without letters.

    Examples
    --------
    >>> script("сопри WhatsApp косновения"), script("123")
    ('cyrillic', '')
    """
    part = text[: min(LONGEST, 1000)]
    if part.isascii():
        return "latin" if FOUND["latin"].search(part) else ""
    counts = {name: len(signs.findall(part)) for name, signs in FOUND.items()}
    if counts["kana"] and counts["kana"] * 10 >= counts["han"]:
        return "kana"
    best = max(counts, key=lambda k: counts[k])
    return best if counts[best] else ""


def _of_script(name: str, text: str) -> str:
    if name in ALONE:
        return name
    return {"": UNKNOWN, "kana": "ja", "han": "zh", "latin": "Latin script", "cyrillic": "Cyrillic script",
            "arabic": "Arabic script"}[name]  # fmt: skip


def _ranked(name: str, texts: set[str]) -> dict[str, bytes]:
    """The languages of a script from the likeliest on, as places in ``AMONG``, for each text."""
    among = AMONG[name]
    if not texts:
        return {}
    model = _identifier(name)
    model.set_languages(list(among))
    return {t: bytes(among.index(k) for k, _ in model.rank(t[:1000])) for t in texts}


@cache
def _identifier(name: str) -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE)
