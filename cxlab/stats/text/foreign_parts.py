"""What does not belong into a text: a part that stands twice, text spliced into a word, tags."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator

from cxlab.stats.text.plain_text import normal

WINDOW = 14
"""Words that a splice may be long."""

BLOCK = 40
"""Characters (in normal form) from which a paragraph that stands twice is a repeated block."""

MENTIONS = ("@", "#", "＠", "＃")
"""Signs before a name: no torn word begins behind them."""

TOKEN = re.compile(r"\w+")
TAG = re.compile(r"<(?:/?[a-zA-Z][^<>]{0,300}|!--.{0,1000}?--)>", re.S)


def splices(text: str, known: Callable[[str], bool]) -> Iterator[tuple[int, int, str]]:
    """Yield where text was put into the middle of a word: begin, end, and the word that was torn.

    Two pieces a ... b with one to ``WINDOW`` words between them make a known word, one of them alone is none, and b
    begins with a small letter.

    Parameters
    ----------
    text : one paragraph or several. ``known`` : whether a word (small letters) is one of the language.

    Examples
    --------
    >>> words = {"customers", "wait", "here"}
    >>> list(splices("all custo BUY NOW 5 pills mers wait", words.__contains__))
    [(4, 30, 'customers')]
    """
    tokens = [(m[0], m.start(), m.end()) for m in TOKEN.finditer(text)]
    small = [t.casefold() for t, _, _ in tokens]
    alone = [not t.isalpha() or known(c) for (t, _, _), c in zip(tokens, small, strict=True)]
    if all(alone):
        return
    seconds = [len(t) >= 4 and t[0].islower() and t.isalpha() for t, _, _ in tokens]
    at = 0
    while at < len(tokens):
        a, start, _ = tokens[at]
        jump = 1
        if len(a) >= 3 and a.isalpha() and text[start - 1 : start] not in MENTIONS:
            for k in range(at + 2, min(at + WINDOW, len(tokens))):
                if seconds[k] and not (alone[at] and alone[k]) and known(small[at] + small[k]):
                    yield start, tokens[k][2], a + tokens[k][0]
                    jump = k - at + 1
                    break
        at += jump


def without_splices(text: str, known: Callable[[str], bool]) -> str:
    """Return a text with the torn words joined and what was put into them left out.

    Examples
    --------
    >>> without_splices("all custo BUY NOW mers wait", {"customers", "wait"}.__contains__)
    'all customers wait'
    """
    out, at = [], 0
    for start, end, word in splices(text, known):
        out += [text[at:start], word]
        at = end
    return "".join([*out, text[at:]])


def repeated_blocks(text: str) -> list[tuple[int, int]]:
    """Return where paragraphs (lines) stand that stood before, of forty characters or more.

    Examples
    --------
    >>> line = "The same long line of a text that stands here twice over\\n"
    >>> repeated_blocks(line + "other\\n" + line)
    [(63, 120)]
    """
    found, seen, at = [], set(), 0
    for line in text.splitlines(keepends=True):
        key = normal(line)
        if len(key) >= BLOCK:
            if key in seen:
                found.append((at, at + len(line)))
            seen.add(key)
        at += len(line)
    return found


def without_tags(text: str) -> str:
    """Return a text without HTML: tags gone, entities as what they stand for.

    Examples
    --------
    >>> without_tags("a<br>b &amp; c < d")
    'a b & c < d'
    """
    return html.unescape(TAG.sub(" ", text)) if "<" in text or "&" in text else text
