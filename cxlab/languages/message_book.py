"""`Catalogue`: the messages of one language. A message is an English sentence with gaps, e.g. ``{said} by {label}``.

What may fill a gap is said by its name, whose digits only tell gaps of one message apart:

num     a number, written as the language writes numbers
date    a day, likewise
said    words of ours: another message, or a number
label   words of the customer, or one of our words that stand where theirs do (in the context ``label``)
text    words of the customer, as they are
list    several words of ours (or, where we do not know them, of the customer), between ``, ``
names   several of ``label``, likewise
"""

from __future__ import annotations

import functools
import gettext
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cxlab.languages.numerals import DAY, NUMBER, day, number
from cxlab.problem import DataProblem

FOLDER = Path(__file__).parent
GAP = re.compile(r"\{(num|date|said|label|text|list|names)(\d*)\}")
FILLS = {"num": f"{NUMBER}|–", "date": DAY}
"""What fits into a gap; into the others any text that is not empty."""

WHOLE_NUMBER = re.compile(NUMBER)
DEEP = 12
"""So many messages may stand within one another."""

WIDE = "。；：，、"
"""Marks that bring their own space."""

BETWEEN = re.compile(r"(?<=[.;:]) (?=\S)")
"""Where a text of several sentences may be cut."""


@dataclass(frozen=True)
class Message:
    """A sentence with gaps, what it looks like, and its forms in the language (several where a number decides)."""

    pattern: re.Pattern
    gaps: tuple[str, ...]
    forms: tuple[str, ...]
    core: str

    @classmethod
    def of(cls, source: str, forms: tuple[str, ...]) -> Message:
        """Return the message of an English sentence."""
        parts, gaps, last = [], [], 0
        for gap in GAP.finditer(source):
            parts += [re.escape(source[last : gap.start()]), f"({FILLS.get(gap[1], '.+?')})"]
            gaps.append(gap[1] + gap[2])
            last = gap.end()
        core = max(re.split(GAP.pattern.replace("(", "(?:"), source), key=len)
        return cls(re.compile("".join([*parts, re.escape(source[last:])]), re.DOTALL), tuple(gaps), forms, core)


@dataclass(frozen=True, eq=False)
class Catalogue:
    """All messages of a language: those without gaps by context and text, the others with the longest first."""

    language: str
    plain: Mapping[tuple[str, str], str]
    messages: tuple[Message, ...]
    plural: Callable[[int], int]

    def said(self, text: str, own: Sequence[str] = ()) -> str | None:
        """Return a text of ours in the language, None where the catalogue does not have it.

        Parameters
        ----------
        own : the customer's labels in it, the longest first: each is one part that only a gap for such words takes.

        >>> catalogue("de").said("NPS by Speed of crew by day", ["Speed of crew by day"])
        'NPS nach Speed of crew by day'
        """
        bare, kept = aside(str(text).replace("\u00a0", " "), [w.replace("\u00a0", " ") for w in own])
        found = self._known(bare, 0)
        return HELD.sub(lambda mark: kept[ord(mark[0]) - FIRST], found[0]) if found else None

    def label(self, text: str) -> str:
        """Return what stands where the customer's words do: theirs as they are, ours in the language."""
        return self.plain.get(("label", text), text)

    def mark(self, mark: str) -> str:
        """Return a punctuation mark as the language writes it."""
        return self.plain.get(("mark", mark), mark)

    @functools.lru_cache(maxsize=20_000)  # noqa: B019 - a catalogue lives as long as the process
    def _known(self, text: str, depth: int) -> tuple[str, int] | None:
        """The text in the language, and how many of its letters are taken for the customer's: as few as can be."""
        bare = text.strip()
        if not bare or bare == "–" or ("", text) in self.plain:
            return self.plain.get(("", text), text), 0
        if WHOLE_NUMBER.fullmatch(text):
            return number(text, self.language), 0
        if text != bare:
            inner = self._known(bare, depth)
            return inner and (text.replace(bare, inner[0]), inner[1])
        if depth >= DEEP:
            return None
        matched = ((m, m.pattern.fullmatch(text)) for m in self.messages if m.core in text)
        ways = [self._filled(m, found.groups(), depth + 1) for m, found in matched if found]
        ways.append(self._sequence(text, depth + 1))
        return min(filter(None, ways), key=lambda way: way[1], default=None)

    def _filled(self, message: Message, groups: tuple[str, ...], depth: int) -> tuple[str, int] | None:
        """The sentence in the language with its gaps filled; None where a gap holds what we do not know."""
        filled, free = {}, 0
        for gap, text in zip(message.gaps, groups, strict=True):
            part = self._part(gap.rstrip("0123456789"), text, depth)
            if part is None:
                return None
            filled[gap], free = part[0], free + part[1]
        first = next((t for g, t in zip(message.gaps, groups, strict=True) if g.startswith("num")), "")
        whole = re.fullmatch(r"[\d,]+", first)
        last = len(message.forms) - 1  # also of numbers that are not whole: 1.5 points
        form = self.plural(int(first.replace(",", ""))) if last and whole else last
        words = message.forms[min(form, last)]
        return GAP.sub(lambda gap: filled[gap[1] + gap[2]], words), free

    def _part(self, kind: str, text: str, depth: int) -> tuple[str, int] | None:
        if kind == "num":
            return (number(text, self.language) if WHOLE_NUMBER.fullmatch(text) else text), 0
        if kind == "said":
            return self._known(text, depth)
        if kind == "date":
            return day(text, self.language), 0
        if kind == "text":
            return text, len(text)
        theirs = lambda t: [p for p in t.split(": ") if ("label", p) not in self.plain]  # noqa: E731
        own = lambda t: (": ".join(map(self.label, t.split(": "))), sum(map(len, theirs(t))))  # noqa: E731
        if kind == "label":
            return own(text)
        parts = [(self._known(t, depth) if kind == "list" else None) or own(t) for t in text.split(", ")]
        comma = self.mark(",")
        return f"{comma}{' ' * (comma not in WIDE)}".join(p for p, _ in parts), sum(free for _, free in parts)

    def _sequence(self, text: str, depth: int) -> tuple[str, int] | None:
        """A text of several sentences, each known; or one with a mark at its end."""
        if text[-1] in ".;:" and (inner := self._known(text[:-1], depth)):
            return inner[0] + self.mark(text[-1]), inner[1]
        parts, ways = BETWEEN.split(text), []
        for k in range(1, len(parts)):
            head = self._known(" ".join(parts[:k]), depth)
            rest = self._known(" ".join(parts[k:]), depth) if head else None
            if rest:
                ways.append((f"{head[0]}{' ' * (head[0][-1] not in WIDE)}{rest[0]}", head[1] + rest[1]))
        return min(ways, key=lambda way: way[1], default=None)


FIRST = 0xF0000
HELD = re.compile(f"[{chr(FIRST)}-{chr(FIRST + 9999)}]")
"""Letters of nobody's alphabet: each stands for a label while a sentence is read."""


def aside(text: str, own: Sequence[str]) -> tuple[str, list[str]]:
    """Return a text with the labels in it held by one letter each, and those labels.

    >>> aside("Ease of use by Region", ["Ease of use"])[1], aside("Uneasy", ["easy"])[1]
    (['Ease of use'], [])
    """
    if not own:
        return text, []
    kept: list[str] = []
    ends = lambda w: (r"(?<!\w)" if re.match(r"\w", w) else "", r"(?!\w)" if re.search(r"\w$", w) else "")  # noqa: E731
    pattern = "|".join(f"{ends(w)[0]}{re.escape(w)}{ends(w)[1]}" for w in own)

    def hold(found: re.Match) -> str:
        kept.append(found[0])
        return chr(FIRST + len(kept) - 1)

    return re.sub(pattern, hold, text), kept


@functools.cache
def catalogue(language: str) -> Catalogue:
    """Return the catalogue of a language.

    Raises
    ------
    DataProblem : there is none.

    >>> catalogue("de").said("46.6 %")
    '46,6\\xa0%'
    """
    from babel.messages.pofile import read_po

    check(language)
    with (FOLDER / f"{language}.po").open("rb") as file:
        book = read_po(file, locale=language)
    plain, messages = {}, []
    for source, forms, context in _entries(book):
        if GAP.search(source):
            messages.append(Message.of(source, forms))
        else:
            plain[context, source] = forms[0]
    messages.sort(key=lambda m: -len(GAP.sub("", m.pattern.pattern)))
    return Catalogue(language, plain, tuple(messages), gettext.c2py(book.plural_expr))


def _entries(book: object) -> Iterator[tuple[str, tuple[str, ...], str]]:
    """Each message that is translated: its English text (of a plural both), its forms, its context."""
    for entry in book:
        sources = entry.id if isinstance(entry.id, tuple) else (entry.id,)
        forms = entry.string if isinstance(entry.string, (tuple, list)) else (entry.string,)
        if entry.id and all(forms) and not entry.fuzzy:
            for source in sources:
                yield source, tuple(forms), entry.context or ""


def languages() -> list[str]:
    """Return the languages that pages can speak, English first.

    >>> languages()[0]
    'en'
    """
    return ["en", *sorted(file.stem for file in FOLDER.glob("*.po"))]


def check(language: str) -> None:
    """Raise `DataProblem` unless pages can speak a language."""
    if language not in languages():
        raise DataProblem(f"language is {language!r}; a report can be in: {', '.join(languages())}")
