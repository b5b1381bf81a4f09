"""How a file lays out questions with several answers: joined in a cell, one column an option, one row an answer."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cxlab.data import wording
from cxlab.data.vocabulary import words

SEPARATORS = (";", "|", "\n", "::", "#", "\t", " / ", " + ", " & ", ",", " ")
"""What joins options in one cell, in the order they are tried; a blank only joins codes without blanks."""

WITHIN = ("::", "#", "\t", " + ", " & ")
"""Marks that stand within codes and names, too ('A#1', 'Food & Drink'): half of the options must stand alone, too."""

MOST = 30
"""A question has at most so many options."""

YES = frozenset(("1", "1.0", *words("answers", "yes")))
NO = frozenset(("", "0", "0.0", "-99", "-99.0", *words("answers", "no")))
"""What stands in the column of an option that was ticked, and of one that was not (-99: seen and not ticked)."""

FLAGS = re.compile(r"^(is|has|have|had|did|was|were|does|do|flag|dummy|ist|hat|est|es|tiene)$")
"""Beginnings of names that yes/no columns share without being options of one question."""


TEXTS = 5000
"""A column of more different texts holds no combinations of a few options."""


@dataclass(frozen=True)
class Long:
    """A table with a row an answer: who answered, which question, what."""

    who: str
    question: str
    answer: str


def options(values: Mapping[str, int], filled: int, *, lists: bool = False) -> tuple[str, list[str]]:
    """Return what joins the options of cells such as 'Email, Phone', and the options; ('', []) for something else.

    Options recur in most combinations; a comma within an option ('Price, too high') is none that joins, because both
    halves only ever stand side by side. ``lists``: the platform writes several codes with commas, '1,3' is no number.

    >>> options({"Email, Phone": 3, "Phone": 4, "Email": 2, "Email, Chat, Phone": 2, "Chat": 1}, 12)
    (',', ['Chat', 'Email', 'Phone'])
    >>> options({"Email;": 3, "Email;Phone;": 4, "Phone;": 2}, 9)
    (';', ['Email', 'Phone'])
    """
    for separator in SEPARATORS if len(values) <= TEXTS else ():
        joined = {v: n for v, n in values.items() if separator in v.strip()}
        if not joined or sum(joined.values()) * 20 < filled or separator == " " and not _codes(values):
            continue
        if separator == "," and (not lists and _decimals(joined) or _thousands(joined)):
            continue
        if found := _split(values, separator, joined, filled):
            return separator, found
    return "", []


def _split(values: Mapping[str, int], separator: str, joined: Mapping[str, int], filled: int) -> list[str]:
    cells = {v: parts(v, separator) for v in values}
    if separator in (",", ";") and len(values) <= 500:
        cells = _reunited(cells, values)
    count: dict[str, int] = {}
    for value, found in cells.items():
        if len(set(found)) < len(found):
            return []
        for part in found:
            count[part] = count.get(part, 0) + values[value]
        if len(count) > 4 * MOST:
            return []
    several = sum(n for v, n in joined.items() if len(cells[v]) > 1)
    trailing = all(v.strip().endswith(separator.strip()) for v in joined) and len(joined) == len(values)
    alone = sum(1 for part in count if [part] in cells.values())
    free = alone * 2 >= len(count)
    enough = several * 20 >= filled and several and (free or separator not in WITHIN and len(values) > len(count))
    fits = 2 <= len(count) <= MOST and max(map(len, count)) <= 80 and min(count.values()) >= 2
    return sorted(count, key=_place) if fits and enough and (trailing or len(count) < len(values)) else []


def parts(value: str, separator: str) -> list[str]:
    """Return the options in one cell, without blanks and without the empty one after a trailing separator."""
    return [p.strip() for p in value.split(separator) if p.strip()]


def _place(option: str) -> tuple[float, str]:
    found = re.match(r"-?\d+", option)
    return (float(found[0]) if found and found[0] == option else float("inf"), option)


def _reunited(cells: Mapping[str, list[str]], values: Mapping[str, int]) -> dict[str, list[str]]:
    """Put options together again that the comma within them parted: halves that only ever stand side by side."""
    alone = {p[0] for p in cells.values() if len(p) == 1}
    count: dict[str, int] = {}
    beside: dict[tuple[str, str], int] = {}
    for value, found in cells.items():
        for part in found:
            count[part] = count.get(part, 0) + values[value]
        for pair in zip(found, found[1:], strict=False):
            beside[pair] = beside.get(pair, 0) + values[value]
    whole = {p for p, n in beside.items() if n == count[p[0]] == count[p[1]] and not {*p} & alone}
    whole = {p for p in whole if not (p[0].isdigit() or p[1].isdigit())}
    return {v: _joined(found, whole) for v, found in cells.items()}


def _joined(found: list[str], whole: set[tuple[str, str]]) -> list[str]:
    out: list[str] = []
    last = ""
    for part in found:
        if out and (last, part) in whole:
            out[-1] = f"{out[-1]}, {part}"
        else:
            out.append(part)
        last = part
    return out


def _codes(values: Mapping[str, int]) -> bool:
    """Whether cells hold codes joined by blanks, as KoBo writes them: short words of letters, digits, underscores."""
    cells = [v.split() for v in values if v.strip()]
    tokens = {t for c in cells for t in c}
    if not all(re.fullmatch(r"[A-Za-z0-9_]{1,24}", t) for t in tokens) or len(tokens) > MOST:
        return False
    places: dict[str, int] = {}
    ordered = all(places.setdefault(b, 1) for c in cells for b in c) and _one_way(cells)
    coded = all(re.fullmatch(r"\d{1,3}|[a-z0-9_]+", t) for t in tokens)
    alone = sum(1 for t in tokens if [t] in cells)
    worded = any(wording.polarity(v) is not None for v in values)
    several = max(map(len, cells), default=0) > 1
    return coded and ordered and several and not worded and alone * 4 >= len(tokens) * 3 and len(tokens) < len(cells)


def _one_way(cells: Sequence[Sequence[str]]) -> bool:
    """Whether options that stand in one cell always stand in the same order, as software writes them."""
    before = {(a, b) for c in cells for i, a in enumerate(c) for b in c[i + 1 :]}
    return not any((b, a) in before for a, b in before)


def _decimals(joined: Mapping[str, int]) -> bool:
    """Whether '1,5' is a number and not options 1 and 5: all have one comma, and not all rise or the codes are many.

    Options are written in rising order and none twice: 1,4 but never 4,1 or 3,3.
    """
    pairs = [re.fullmatch(r"\s*(-?\d+)\s*,\s*(\d+)\s*", v) for v in joined]
    if not all(pairs):
        return False
    rising = all(len(p[2]) <= 2 and not p[2].startswith("0") and int(p[1]) < int(p[2]) for p in pairs)
    codes = {int(x) for p in pairs for x in (p[1], p[2])}
    return not rising or len(pairs) < 3 or max(codes) > MOST


def _thousands(joined: Mapping[str, int]) -> bool:
    return all(re.fullmatch(r"\s*\$?-?\d{1,3}(,\d{3})+(\.\d+)?\s*", v) for v in joined)


def one_text_each(columns: Sequence[tuple[str, Mapping[str, int]]]) -> list[list[str]]:
    """Return runs of columns that each hold one text or nothing, the text being the column's name: ticked options.

    ``columns`` are (name, value → how often) in the order of the file, one list a question.
    """
    runs: list[list[str]] = [[]]
    for name, values in columns:
        if len(values) == 1 and _says(name, next(iter(values))):
            runs[-1].append(name)
        elif runs[-1]:
            runs.append([])
    return [r for r in runs if len(r) >= 2]


def _says(name: str, text: str) -> bool:
    """Whether a column is called by the option it holds: 'Email', or 'Which channels? - Email' or 'q3_email'."""
    said, held = wording.plain(name), wording.plain(text)
    return bool(held) and (
        said == held or len(held) > 2 and re.search(rf"\W{re.escape(held)}\W?$", f" {said}") is not None
    )


def flags(columns: Sequence[tuple[str, Mapping[str, int]]]) -> dict[str, list[str]]:
    """Return runs of three and more columns of ticks whose names share their beginning: question → columns.

    Ticks are 0 and 1, yes and no, or one mark and nothing; 'channels/email', 'Q5_1' and 'Q5r1' share 'channels', 'Q5'.
    """
    runs: dict[str, list[str]] = {}
    last = ""
    for name, values in columns:
        found = re.fullmatch(r"(.+?)(?:[/:.\[\]_ -]+|(?<=\d)[rRcC](?=\d)|__)([^/:.]+?)\]?", name)
        ticks = {v.casefold() for v in values} <= YES | NO and bool({v.casefold() for v in values} & YES)
        stem = _stem(name, found) if found and ticks else ""
        if not stem or FLAGS.match(stem.casefold()):
            last = ""
            continue
        if stem != last and stem in runs:
            stem = ""
        elif stem:
            runs.setdefault(stem, []).append(name)
        last = stem
    return {stem: names for stem, names in runs.items() if len(names) >= 3}


def _stem(name: str, found: re.Match) -> str:
    slash = re.fullmatch(r"(.+?)[/:]([^/:]+)", name)
    numbered = re.fullmatch(r"(.+?)[_. rRcC-]*\d+", name)
    return slash[1] if slash else numbered[1].rstrip("_. -") if numbered and numbered[1] else found[1]


def long_layout(columns: Sequence) -> Long | None:
    """Return who, question and answer where a table has a row an answer, else None.

    ``columns`` are those of `cxlab.data.profile.profile`. Each respondent has several rows; a column called like a
    question or item has few different texts; a column called like an answer holds the values.
    """
    asked = [c for c in columns if wording.named("question", c.name) and 2 <= c.distinct <= 300]
    asked = [c for c in asked if c.distinct * 3 <= c.filled]
    told = [c for c in columns if wording.named("answer", c.name)]
    who = [c for c in columns if wording.role(c.name) in ("id", "cluster") or wording.named("who", c.name)]
    for q in asked:
        for w in (w for w in who if w.name != q.name and 2 <= w.distinct <= 0.6 * w.filled):
            a = next((a for a in told if a.name not in (q.name, w.name)), None)
            if a is not None and abs(w.distinct * q.distinct - w.rows) < 0.5 * w.distinct * q.distinct:
                return Long(w.name, q.name, a.name)
    return None
