"""Which end of a scale is best, as the wording of a question says: "1 = very satisfied", "lower is better"."""

from __future__ import annotations

import re
from dataclasses import dataclass

from cxlab.data import wording
from cxlab.data.vocabulary import anywhere

WIDE = str.maketrans("＝（）：０１２３４５６７８９［］", "=():0123456789[]")
"""Signs as wide as a Chinese letter, and what they stand for."""

NUMBER = re.compile(r"(?<![\w.,/])(?:(?<=[\s(\[,;=:])[-−])?\d{1,2}(?![\w.,/%]*\d)", re.ASCII)

SAYS = (
    r"is|are|being|means?|meaning|indicates|ist|sei|bedeutet|heißt|est|étant|signifie|es|significa|siendo|è|essendo"
    r"|é|sendo|betekent|oznacza|означает|σημαίνει|が|は|表示|代表|为|是"
)

AFTER = re.compile(
    rf"\s*(?P<sign>=>?|->|→|\(|\[|:|-|–|—|\b(?:{SAYS})\b|[がは为是])?\s*(?P<text>[^\d,;()\[\].=…、；。]{{2,60}})"
)

BEFORE = re.compile(r"(?P<text>[^\d,;()\[\]:=、；。]{2,60})\s*(?P<sign>[=(\[])\s*$")

INTRODUCED = re.compile(
    r"(?:[(\[,;:、，]|\b(?:where|with|wobei|où|donde|siendo|dove|onde|waarbij|gdzie|где|scale|skala|échelle))\s*$", re.I
)
"""What stands before a number that is an end of the scale, and no number of what the sentence is about."""

EXTREME = 4.0
"""How far from the middle words such as "best" and "terrible" lie: they need no sign of equality."""


@dataclass(frozen=True)
class Stated:
    """What a question says of the ends: which is best ('' unless it is clear), why, and what may be meant otherwise."""

    best: str = ""
    why: str = ""
    doubt: str = ""


@dataclass(frozen=True)
class End:
    """What is said of one number: the words, how good they are, and whether a sign binds them to the number.

    ``numbered``: the number may count the words, as in "Satisfaction (1)".
    """

    number: str
    words: str
    side: float
    bound: bool
    numbered: bool = False


def stated(question: str, low: float, high: float, *, about: str = "") -> Stated:
    """Return what the wording of a question says about which end of its scale is best.

    Two ends of which one is better tell it, or one end that is bound to its words ("5 = very dissatisfied"), or "lower
    is better". One end beside words that may mean something else is a doubt where it speaks against highest = best.

    Parameters
    ----------
    question : its text, or the name of the column.
    low, high : the ends of the scale.
    about : the measure; much effort ('effort-v1') is bad.

    >>> stated("CSAT (1-5, 5 = very dissatisfied)", 1, 5).best
    'low'
    >>> stated("Overall satisfaction (1-5)", 1, 5)
    Stated(best='', why='', doubt='')
    """
    said = " ".join(question.translate(WIDE).replace("_", " ").split())
    for best in ("low", "high"):
        if found := anywhere("answers", f"{best}_best").search(said.casefold()):
            return Stated(best, f"the question says '{found[0]}'")
    ends = _ends(said, low, high, about)
    bottom, top = ends.get("bottom"), ends.get("top")
    if bottom and top:
        if bottom.side == top.side:
            return Stated()
        best = "high" if top.side > bottom.side else "low"
        return Stated(best, f"the question says {_told(bottom)}, {_told(top)}")
    end = bottom or top
    if not end:
        return Stated()
    best = "high" if end.side * (1 if end is top else -1) > 0 else "low"
    if end.bound or abs(end.side) >= EXTREME:
        return Stated(best, f"the question says {_told(end)}")
    return Stated(doubt=_told(end) if best == "low" and not end.numbered else "")


def _told(end: End) -> str:
    return f"{end.number} = '{end.words}'"


def _ends(said: str, low: float, high: float, about: str) -> dict[str, End]:
    """Return what is said of the bottom and of the top, the best bound of several."""
    found: dict[str, End] = {}
    for m in NUMBER.finditer(said):
        value = float(m[0].replace("−", "-"))
        where = (
            "bottom" if abs(value - low) * 10 <= high - low else "top" if abs(value - high) * 10 <= high - low else ""
        )
        end = _end(said, m, about) if where else None
        if end and (where not in found or end.bound and not found[where].bound):
            found[where] = end
    return found


def _end(said: str, m: re.Match[str], about: str) -> End | None:
    """Return what stands behind a number, or before it ("excellent (1)", "good = 1"); None where it is no verdict."""
    after, before = AFTER.match(said, m.end()), BEFORE.search(said[: m.start()])
    first = not said[: m.start()].strip(" ([")
    if (
        after
        and (side := wording.verdict(after["text"], about))
        and not (first and (after["sign"] or "") in ("", ":", "-"))
    ):
        sign = after["sign"] or ""
        if re.fullmatch(SAYS, sign):  # "where 1 is good", not "Product 1 is good"
            sign = sign if INTRODUCED.search(said[: m.start()]) else ""
        closed = sign not in ("(", "[") or said[after.end() : after.end() + 1] in (")", "]", ",", ";")
        bound = bool(sign) and sign not in (":", "-", "–", "—") and closed
        return End(m[0], after["text"].strip(" -–—"), side, bound)
    follows = said[m.end() : m.end() + 1]
    if before and (side := wording.verdict(before["text"], about)):
        equal = before["sign"] == "=" and not re.match(r"\s*(?:[-–]|to|bis|à|a|до)\s*\d", said[m.end() :])
        if equal or follows in (")", "]"):
            return End(m[0], before["text"].strip(" -–—"), side, equal, numbered=not equal)
    return None
