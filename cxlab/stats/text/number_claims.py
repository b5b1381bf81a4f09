"""Numbers that a text states, with their unit; what is a date, a list's number or an ordinal is no claim."""

from __future__ import annotations

import re
from dataclasses import dataclass

MAGNITUDES = {
    "thousand": 1e3, "thousands": 1e3, "тыс": 1e3, "тысяч": 1e3, "тысячи": 1e3, "χιλιάδες": 1e3, "tausend": 1e3,
    "mille": 1e3, "mil": 1e3, "万": 1e4, "萬": 1e4, "million": 1e6, "millions": 1e6, "mio": 1e6, "millionen": 1e6,
    "millones": 1e6, "milhões": 1e6, "milioni": 1e6, "миллион": 1e6, "миллиона": 1e6, "миллионов": 1e6, "млн": 1e6,
    "εκατομμύρια": 1e6, "εκατομμύριο": 1e6, "亿": 1e8, "億": 1e8, "billion": 1e9, "billions": 1e9,
    "bn": 1e9, "milliarden": 1e9, "mrd": 1e9,
    "milliards": 1e9, "миллиард": 1e9, "миллиарда": 1e9, "миллиардов": 1e9, "млрд": 1e9, "δισεκατομμύρια": 1e9,
    "δισεκατομμύριο": 1e9,
}  # fmt: skip
UNITS = {
    "years": ("years", "year", "jahre", "jahren", "jahr", "ans", "années", "años", "anos", "anni", "лет", "года", "год",
              "χρόνια", "έτη", "年"),
    "months": ("months", "month", "monate", "monaten", "mois", "meses", "mesi", "месяцев", "месяца", "μήνες", "个月"),
    "days": ("days", "day", "tage", "tagen", "jours", "días", "dias", "giorni", "дней", "дня", "ημέρες", "ημερών",
             "天"),
    "times": ("times", "x", "mal", "fois", "veces", "vezes", "volte", "раз", "раза", "φορές", "倍"),
    "euro": ("€", "euro", "euros", "eur"), "dollar": ("$", "dollar", "dollars", "usd"),
}  # fmt: skip
UNIT = {word: unit for unit, words in UNITS.items() for word in words}
MORE = (
    r"more than|over|at least|above|mehr als|über|mindestens|plus de|au moins|más de|mais de|più di|более|больше|свыше|"
    r"περισσότερα από|περισσότεροι από|πάνω από|τουλάχιστον|超过|多于|至少"
)
LESS = (
    r"less than|under|below|at most|weniger als|unter|moins de|menos de|meno di|менее|меньше|λιγότερο από|κάτω από|少于"
)
NUMBER = r"\d{1,3}(?:[ \u00a0.,]\d{3})+(?:[.,]\d{1,2})?|\d+(?:[.,]\d+)?"
FIRST = r"(?<![\d.,/A-Za-zА-Яа-яΑ-Ωα-ω_-])"
WORDS = "|".join(sorted(map(re.escape, (*MAGNITUDES, *UNIT)), key=len, reverse=True))
RATIO = re.compile(
    rf"{FIRST}(\d{{1,3}})\s*(?:in|out of|of|von|sur|sobre|de cada|em cada|su|из|στα|στους|在)\s*(\d{{1,4}})(?![\d%])"
)
STATED = re.compile(
    rf"(?P<more>(?:{MORE})\s*)?(?P<less>(?:{LESS})\s*)?(?P<money>[€$£]\s?)?{FIRST}(?P<number>{NUMBER})(?P<plus>\+)?"
    rf"[ \u00a0-]?(?:(?P<percent>%|％|percent|per cent|prozent|процент\w*|τοις εκατό)"
    rf"|(?P<word>{WORDS})(?![A-Za-zА-Яа-яΑ-Ωα-ω])"
    rf"(?:[ \u00a0](?P<second>{'|'.join(map(re.escape, UNIT))})(?![A-Za-zА-Яа-яΑ-Ωα-ω]))?)?",
    re.I,
)
DATE = re.compile(
    r"\d{4}年(?:\d{1,2}月(?:\d{1,2}日)?)?|(?:19|20)\d\d[-./]\d{1,2}[-./]\d{1,2}|\d{1,2}[-./]\d{1,2}[-./](?:19|20)?\d\d"
    r"|\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)\w*\.? \d{1,2},? (?:19|20)\d\d|\d{1,2}:\d\d(?::\d\d)?"
    r"|\d{1,2}\.? (?:januar|februar|märz|april|mai|juni|juli|august|september|oktober|november|dezember) (?:19|20)\d\d",
    re.I,
)
LISTED = re.compile(r"^\s*(?:[•*–-]\s*)?\d{1,2}[.)]?\s+(?=\S)")


@dataclass(frozen=True)
class Stated:
    """A number in a text: where it stands, what is written, its value and unit, and how exact it is."""

    start: int
    end: int
    said: str
    value: float
    unit: str
    bound: str


def stated(text: str) -> list[Stated]:
    """Return the numbers that a text states as a claim would: a percentage, a ratio, or one with a unit or magnitude.

    Examples
    --------
    >>> [(s.value, s.unit, s.bound) for s in stated("More than 80% of brands; 1 in 3 left after 10 years; 5 of them")]
    [(80.0, '%', 'more'), (0.3333333333333333, 'ratio', ''), (10.0, 'years', '')]
    """
    taken = [m.span() for m in DATE.finditer(text)]
    found = []
    for m in RATIO.finditer(text):
        a, b = int(m[1]), int(m[2])
        if 0 < a < b and not _within(m.span(), taken):
            found.append(Stated(m.start(), m.end(), m[0], a / b, "ratio", ""))
            taken.append(m.span())
    for m in STATED.finditer(text):
        start = m.start("number")
        if _within((start, m.end("number")), taken):
            continue
        unit, times = _unit(m)
        if not unit:
            continue
        bound = "more" if m["more"] or m["plus"] else "less" if m["less"] else ""
        found.append(Stated(m.start(), m.end(), m[0].strip(), value_of(m["number"]) * times, unit, bound))
    return sorted(found, key=lambda s: s.start)


def value_of(text: str) -> float:
    """Return the value of a written number; a comma or point before three digits parts thousands.

    Examples
    --------
    >>> [value_of(t) for t in ("1,9", "1.200", "12 500", "3.75")]
    [1.9, 1200.0, 12500.0, 3.75]
    """
    text = text.replace("\u00a0", " ")
    if re.fullmatch(r"\d{1,3}(?:([ .,])\d{3})(?:\1\d{3})*", text):
        return float(re.sub(r"[ .,]", "", text))
    text = text.replace(" ", "")
    if re.search(r"[.,]\d{1,2}$", text) and sum(text.count(c) for c in ".,") > 1:
        head, tail = re.split(r"[.,](?=\d{1,2}$)", text)
        return float(re.sub(r"[.,]", "", head) + "." + tail)
    return float(text.replace(",", "."))


def _unit(m: re.Match) -> tuple[str, float]:
    if m["percent"]:
        return "%", 1.0
    word, times = (m["word"] or "").casefold(), 1.0
    if word in MAGNITUDES:
        times, word = MAGNITUDES[word], (m["second"] or "").casefold()
        return UNIT.get(word, "euro" if (m["money"] or "").startswith("€") else "number"), times
    if m["money"]:
        return {"€": "euro", "$": "dollar"}.get(m["money"].strip(), "money"), times
    return UNIT.get(word, ""), times


def _within(span: tuple[int, int], taken: list[tuple[int, int]]) -> bool:
    return any(a < span[1] and span[0] < b for a, b in taken)
