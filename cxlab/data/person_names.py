"""Columns of full names of people under a header that does not say so: told by the values."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from functools import cache
from importlib import resources

from cxlab.data import vocabulary, wording
from cxlab.data.greetings import CAPITAL, SURNAMES, TITLE

MOST = 100
"""Values that are looked at, the most frequent first."""

WORD = rf"{CAPITAL}[^\W\d_]*(?:['’-][^\W\d_]+)*"
SMALL = r"(?:von|van|de[nrl]?|d[aiou]s?|zu[mr]?|te[nr]?|l[ae]|bin|ibn|al|el|y|e|und)"
LATIN = re.compile(rf"(?:(?i:{TITLE})\.? )?{WORD}\.?(?: (?:{SMALL} ){{0,2}}{WORD}\.?){{1,3}}")
TURNED = re.compile(rf"(?:{SMALL} ){{0,2}}{WORD}(?: {WORD})?, ?(?:(?i:{TITLE})\.? )?{WORD}\.?(?: {WORD}\.?)?")
ACCOUNT = re.compile(r"[^\W\d_]{2,}[._][^\W\d_]{2,}")
"""Names as they are written: Anna de Vries, de Vries, Anna; and as accounts are called: anna.devries."""
SMALLED = re.compile(r"[^\W\d_]{2,}(?: (?:[^\W\d_]\.?|[^\W\d_]{2,}(?:['’-][^\W\d_]+)*)){1,2}")
"""Two or three words in small letters: a name if the first is a given one."""
INITIAL = re.compile(rf"(?:{CAPITAL}\. ?)+{WORD}$|{WORD} {CAPITAL}\.?$|{WORD}, ?{CAPITAL}\.$")
BEHIND = re.compile(r"\s*(?:\(.*\)|\[.*\]|<.*>|[#|/–-]\s*[\w -]*\d[\w -]*|\d+)$")
"""What stands behind a name: a team, a number, an address."""
SIGNS = re.compile(rf"[{SURNAMES}][\u4e00-\u9fff]{{1,2}}")
HANGUL = re.compile(
    r"[김이박최정강조윤장임한오서신권황안송전홍유고문양손배백허남심노하곽성차주우구민][\uac00-\ud7af]{2}"
)
JAPANESE = re.compile(r"[\u4e00-\u9fff]{1,3}[ \u3000][\u3041-\u30ff\u4e00-\u9fff]{1,4}")
ARABIC = re.compile(r"[\u0621-\u064a]{2,}(?: [\u0621-\u064a]{2,}){1,3}")
PATRONYMIC = re.compile(r"(?:ович|евич|ьич|овна|евна|ична)$")
TITLED = re.compile(rf"(?:{TITLE})\.? ", re.IGNORECASE)

SAINTS = re.compile(r"(?:san|santa|santo|saint|st|ste|são|sankt|port|fort|mount|lake|hotel|villa|casa|bar|cafe|café)\b")
"""Words before the name of somebody that make the name of a place of it."""

COLUMN = re.compile(
    r"(?:unnamed|column|col|spalte|feld|field|var(?:iable)?|question|frage|item|attr(?:ibute)?|custom(?: field)?|"
    r"[a-z])?[ :#.-]*\d*[a-z]?|value|values|text|label|data|info|key"
)
"""Headers that tell nothing."""

BY = re.compile(
    r"assign|handl|agent|respons|owner|contact|\brep\b|\bby$|bearbeit|zuständ|verantwort|betreu|asesor|encargad|"
    r"responsable|conseill|operat[eo]r|staff|who\b|closer|solver|resolver|подготов|исполнител|ответствен|υπεύθυν"
)
"""Headers of who did something."""


@cache
def listed(kind: str = "given") -> frozenset[str]:
    """Return frequent 'given' or 'family' names of many languages, or 'ordinary' words, in small letters.

    >>> {"anna", "dimitris", "ольга"} <= listed(), "street" in listed("ordinary")
    (True, True)
    """
    text = (resources.files(vocabulary.__package__) / "name_words.toml").read_text(encoding="utf-8")
    found = tomllib.loads(text)[kind]
    return frozenset((" ".join(found.values()) if kind == "given" else found).split())


def shaped(text: str) -> bool:
    """Return whether a text is written as a full name is, in letters of any script.

    >>> [shaped(t) for t in ("Anna de Vries", "Weber, Tom", "kay.papadopoulou", "Web", "Gate 4", "very good")]
    [True, True, True, False, False, False]
    """
    return any(p.fullmatch(text) for p in (LATIN, TURNED, ACCOUNT, SIGNS, HANGUL, JAPANESE, ARABIC))


def _words(text: str) -> list[str]:
    return [w for w in re.split(r"[\s.,_\u3000]+", text.casefold()) if w]


def known(text: str) -> bool:
    """Return whether a text of several words has a given name first or last, a family name, initials, a patronymic or a
    title in it, and is no place.

    >>> known("Anna Okafor"), known("R. Roe"), known("San Antonio"), known("Customer Anna"), known("anna may")
    (True, True, False, False, True)
    """
    words, first = _words(text), listed()
    if len(words) < 2 or SAINTS.match(text.casefold()) or set(words) & listed("ordinary"):
        return False
    if not shaped(text):
        return bool(SMALLED.fullmatch(text)) and words[0] in first
    ends = {words[0], words[-1], *words[0].split("-")}
    who = ends & first or ends & listed("family") or INITIAL.match(text) or TITLED.match(text)
    return bool(who) or any(PATRONYMIC.search(w) for w in words)


def people(name: str, texts: Sequence[str], question: str = "") -> str:
    """Return why a column seems to hold names of people, or ''.

    Parameters
    ----------
    name : of the column. ``texts`` : its different values. ``question`` : of the column, '' for none.

    Examples
    --------
    >>> people("col7", ["Anna Schmidt", "Tom Weber (Sales)", "Back office"])
    '2 of its 3 texts have the name of a person in them'
    >>> people("Q12", ["New York", "Los Angeles", "Chicago"]), people("plan", ["Basic Plus", "Gold Card"])
    ('', '')
    """
    bare = (BEHIND.sub("", " ".join(str(v).split())) for v in list(texts)[:MOST])
    values = [t for t in bare if t and not wording.no_answer(t)]
    group = any(wording.says(key, name, question) for key in ("demographic", "group"))
    who = sum(map(known, values))
    if who and (2 if group else 3) * who >= len(values):
        return f"{who} of its {len(values)} texts have the name of a person in them"
    if len(values) < 2 or group:
        return ""
    if all(v.casefold() in listed() for v in values):
        return f"its {len(values)} texts are given names"
    if _silent(name, question) and all(map(shaped, values)) and not _alike(values):
        return f"its {len(values)} texts are written as full names are"
    return ""


def somebody(name: str, text: str) -> bool:
    """Return whether one value of a column may be a person's name, so that no file is called so.

    >>> somebody("team", "Anna Roe"), somebody("col7", "Aatos Ahonen"), somebody("city", "New York")
    (True, True, False)
    """
    return known(text) or _silent(name, "") and shaped(text) and not _alike([text])


def _silent(name: str, question: str) -> bool:
    """Whether a header says nothing of what its column holds, or who did something."""
    plain = vocabulary.plain(name)
    return not question and bool(COLUMN.fullmatch(plain)) or bool(BY.search(plain))


def _alike(values: Sequence[str]) -> bool:
    """Whether texts share a word, as names of units and places do, or hold words of everyday use."""
    words = [set(_words(v)) for v in values]
    every = set().union(*words)
    said = any(wording.named("channel", w) or wording.polarity(w) is not None for w in every)
    return (
        said
        or bool(every & listed("ordinary"))
        or sum(map(len, words)) > len(every)
        or any(SAINTS.match(v.casefold()) for v in values)
    )
