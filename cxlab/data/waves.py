"""The order of waves: as the calendar has it in any notation, else as the codebook or the file lists them.

"Q1 2025, Q2 2025, Q3 2024" is the order of the alphabet and of nothing else. Where no order is known, nobody can say
what changed into what: `known` is then false, and no change is called real.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from cxlab.data.codebook import Field
from cxlab.data.readers.months import numbers
from cxlab.data.study import Study
from cxlab.data.vocabulary import plain

YEAR = r"(?P<year>(?:19|20)\d\d|['’]?\d\d)"
LONG = r"(?P<year>(?:19|20)\d\d)"
BETWEEN = r"[\s./_,'-]*(?:of|de|del|von|des)?[\s./_,'-]*"
PARTS = {
    "quarter": (
        r"q|t|qtr|quarter|quartal|trimestre|trim|trimestr|kwartał|kwartal|kwartaal|квартал|кв|çeyrek|τρίμηνο|季度",
        4,
    ),
    "half": (r"h|s|hj|hy|half|halbjahr|semestre|sem|semester|półrocze|polrocze|halfjaar|полугодие|yarıyıl|εξάμηνο", 2),
    "month": (r"m|p|month|monat|mois|mes|mese|mês|miesiąc|maand|месяц|ay|period|periode", 12),
    "week": (r"w|s|wk|week|kw|cw|woche|semaine|semana|settimana|tydzień|неделя|hafta|εβδομάδα|周", 53),
}
"""Words for parts of a year in the big languages, and how many there are of them."""
SEASONS = {
    1: "spring|frühling|frühjahr|printemps|primavera|wiosna|lente|voorjaar|весна|ilkbahar|άνοιξη|春",
    2: "summer|sommer|été|ete|verano|estate|verão|lato|zomer|лето|yaz|καλοκαίρι|夏",
    3: "autumn|fall|herbst|automne|otoño|autunno|outono|jesień|herfst|najaar|осень|sonbahar|φθινόπωρο|秋",
    4: "winter|hiver|invierno|inverno|zima|зима|kış|χειμώνας|冬",
}
"""Seasons of the year; winter alone does not say whether it begins or ends its year, winter 2024/25 does."""
BEFORE_AFTER = (
    ("pre", "post"), ("before", "after"), ("before", "during", "after"), ("pre", "during", "post"),
    ("vorher", "nachher"), ("avant", "après"), ("antes", "después"), ("prima", "dopo"), ("antes", "depois"),
    ("baseline", "endline"), ("baseline", "midline", "endline"), ("baseline", "follow-up"),
    ("previous", "current"), ("last year", "this year"), ("last month", "this month"),
)  # fmt: skip
ROMAN = {
    "i": 1,
    "ii": 2,
    "iii": 3,
    "iv": 4,
    "v": 5,
    "vi": 6,
    "vii": 7,
    "viii": 8,
    "ix": 9,
    "x": 10,
    "xi": 11,
    "xii": 12,
}


@dataclass(frozen=True)
class Order:
    """Waves in their order, and what says so: 'numbers', 'dates', 'calendar', 'codebook', 'file' or '' (nothing)."""

    values: tuple[Any, ...]
    source: str

    @property
    def known(self) -> bool:
        """Whether anything says which wave comes after which; a single wave needs nothing to."""
        return bool(self.source) or len(self.values) < 2


def order_of(study: Study, column: str, values: Iterable[Any]) -> Order:
    """Return values of a column in the order of time, missing ones left out.

    The calendar decides, by the labels of the codebook where it has some; then whole numbers and dates speak for
    themselves; then the order of the codebook's labels, and that of the categories of the file. Values that none of
    these order stand as the alphabet has them.
    """
    field = study.field(column)
    there = [v for v in dict.fromkeys(values) if not pd.isna(v)]
    listed = _categories(study, column)
    return ordered(there, field, listed)


def as_wave(study: Study, column: str) -> Study:
    """Return the study with ``column`` as its wave, so that whatever lists its values lists them in the order of time.

    >>> from cxlab.data.catalogue import open_study
    >>> as_wave(open_study("brand-tracker"), "date").design.wave
    'date'
    """
    book = study.codebook
    if column not in book or book[column].role == "wave":
        return study
    for other in book.role("wave"):
        book = book.replace(other, role="")
    return replace(study, codebook=book.replace(column, role="wave"))


def ordered(values: Sequence[Any], field: Field, categories: Sequence[Any] = ()) -> Order:
    """Return distinct values in the order of time; ``categories`` are those that the file lists in order.

    >>> ordered(["Q1 2025", "Q3 2024", "Q4 2024"], Field("period", type="string"))
    Order(values=('Q3 2024', 'Q4 2024', 'Q1 2025'), source='calendar')
    >>> ordered(["b", "a"], Field("period", type="string")).known
    False
    """
    if (found := in_calendar(values, field)) is not None:
        return found
    labels, words = _labels(field), _words(values, field)
    if (placed := series(words)) is not None:
        return Order(_sorted(values, placed), "numbers")
    if all(isinstance(v, (int, float, np.number)) and not isinstance(v, bool) for v in values):
        turns = any(_turn(values, total) for name, total in _cycles() if re.fullmatch(name, plain(field.name)))
        return Order(tuple(sorted(values)), "" if turns else "numbers")
    if values and all(hasattr(v, "year") for v in values):
        return Order(tuple(sorted(values)), "dates")
    at = {k: i for i, k in enumerate(labels)}
    if values and all(_key(v) in at for v in values):
        return Order(_sorted(values, [at[_key(v)] for v in values]), "codebook")
    there = {v: i for i, v in enumerate(categories)}
    if values and all(v in there for v in values):
        return Order(_sorted(values, [there[v] for v in values]), "file")
    return Order(tuple(sorted(values, key=str)), "")


def in_calendar(values: Sequence[Any], field: Field) -> Order | None:
    """Return distinct values in the order of the calendar; None where it does not know them all.

    >>> in_calendar(["Q1 2025", "Q3 2024"], Field("period", type="string")).values
    ('Q3 2024', 'Q1 2025')
    """
    found = calendar(_words(values, field))
    return None if found is None else Order(_sorted(values, found), "calendar")


def _labels(field: Field) -> dict[str, str]:
    return {**(field.scale.labels if field.scale else {}), **field.labels}


def _words(values: Sequence[Any], field: Field) -> list[str]:
    labels = _labels(field)
    return [str(labels.get(_key(v), v)) for v in values] if labels else [str(v) for v in values]


def places(study: Study, column: str, values: pd.Series) -> np.ndarray:
    """Return the place of each row's wave in the order of time; missing waves come last."""
    order = order_of(study, column, values.tolist()).values
    at = {v: i for i, v in enumerate(order)}
    return np.array([len(order) if pd.isna(v) else at.get(v, len(order)) for v in values.tolist()], int)


def levels(study: Study, column: str, values: Iterable[Any]) -> list[Any]:
    """Return the levels of any column as people want them listed: waves in time, others by number and alphabet."""
    order = order_of(study, column, values)
    if study.field(column).role == "wave" or order.source == "calendar":
        return list(order.values)
    return sorted(order.values, key=lambda v: (isinstance(v, str), str(type(v)) if isinstance(v, str) else "", v))


def calendar(words: Sequence[str]) -> list[tuple[float, ...]] | None:
    """Return where each text lies in the calendar; None where that cannot be said of all.

    >>> calendar(["Jan-25", "Dec-24"]), calendar(["North", "South"])
    ([(2025.0, 0.0), (2024.0, 0.9166666666666666)], None)
    """
    texts = _plain(words)
    return None if _two_readings(texts) else _first(texts, (_days, _school_years, _dated, _seasons, _without_year))


def series(words: Sequence[str]) -> list[tuple[float, ...]] | None:
    """Return the place of waves that are numbered or called before and after; None where they are not.

    >>> series(["Wave 10", "Wave 9"]), series(["after", "before"]), series(["North", "South"])
    ([(10.0,), (9.0,)], [(1.0,), (0.0,)], None)
    """
    return _first(_plain(words), (_numbered, _named))


def _plain(words: Sequence[str]) -> list[str]:
    return [" ".join(w.casefold().replace("’", "'").split()) for w in words]


def _first(texts: Sequence[str], readings: Sequence[Any]) -> list[tuple[float, ...]] | None:
    """What the first of several readings makes of all texts, each in a place of its own."""
    if len(set(texts)) < len(texts) or not texts:
        return None
    for read in readings:
        found = read(texts)
        if found is not None and len(set(found)) == len(found):
            return found
    return None


def _two_readings(texts: Sequence[str]) -> bool:
    """Whether all texts are like 11/12: November 2012, or the year from 2011 to 2012."""
    found = _all(texts, lambda t: re.fullmatch(r"(\d\d)\s*[/-]\s*(\d\d)", t))
    return found is not None and all(int(m[2]) == int(m[1]) + 1 <= 13 for m in found)


def _all(texts: Sequence[str], read: Any) -> list[Any] | None:
    found = []
    for text in texts:
        one = read(text)
        if one is None:
            return None
        found.append(one)
    return found


def _days(texts: Sequence[str]) -> list[tuple[float, ...]] | None:
    """Days written 2025-01-31, 20250131 or 31.01.2025."""
    for pattern, sequence in (
        (r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[t ].*)?", (0, 1, 2)), (r"((?:19|20)\d\d)(\d\d)(\d\d)", (0, 1, 2)),
        (r"(\d{1,2})\.(\d{1,2})\.(\d{4})", (2, 1, 0)),
    ):  # fmt: skip
        found = _all(texts, lambda t, pattern=pattern: re.fullmatch(pattern, t))
        if found is not None:
            days = [tuple(float(m[k + 1]) for k in sequence) for m in found]
            return days if all(1 <= d[1] <= 12 and 1 <= d[2] <= 31 for d in days) else None
    return None


def _school_years(texts: Sequence[str]) -> list[tuple[float, ...]] | None:
    """Years that span two: 2024/25, 24-25, FY 2024/2025."""
    form = r"(?:fy|gj|season|saison)?\s*((?:19|20)?\d\d)\s*[/-]\s*((?:19|20)?\d\d)"
    found = _all(texts, lambda t: re.fullmatch(form, t))
    if found is None or max(int(m[1]) % 100 for m in found) <= 12:
        return None
    years = [(_year(m[1]), _year(m[2])) for m in found]
    if not all(b == a + 1 for a, b in years):
        return None
    return [(a,) for a, _ in years]


def _dated(texts: Sequence[str]) -> list[tuple[float, ...]] | None:
    """Parts of a year with their year; periods that overlap have no order."""
    found = _all(texts, _period)
    if found is None:
        return None
    fiscal = {f[3] for f in found}
    spans = sorted((f[0] + f[1], f[0] + f[1] + f[2]) for f in found)
    apart = all(b[0] >= a[1] - 1e-9 for a, b in zip(spans, spans[1:], strict=False))
    return [(f[0], f[1]) for f in found] if apart and len(fiscal) == 1 else None


def _seasons(texts: Sequence[str]) -> list[tuple[float, ...]] | None:
    """Seasons with their year, bare winters among them: at the start or at the end of the year.

    Where the two readings differ, the one counts in which three or more seasons follow each other without a gap.
    """
    found = _all(texts, lambda t: next(((y, k) for k in SEASONS if (y := _beside(t, SEASONS[k])) is not None), None))
    if found is None:
        return None
    readings = [[4 * y + (k if k < 4 else winter) for y, k in found] for winter in (0, 4)]
    if np.array_equal(np.argsort(readings[0]), np.argsort(readings[1])):
        return [(x,) for x in readings[0]]
    whole = [r for r in readings if len(r) > 2 and max(r) - min(r) + 1 == len(r) == len(set(r))]
    return [(x,) for x in whole[0]] if len(whole) == 1 else None


def _period(text: str) -> tuple[float, float, float, bool] | None:
    """Year, start and length of a period as parts of the year, and whether it is a fiscal year's."""
    fiscal = bool(re.search(r"\b(?:fy|gj)\s*'?\d", text))
    text = re.sub(r"\b(?:fy|gj)\s*(?='?\d)", "", text)
    text = re.sub(r"\b(\d)(?:st|nd|rd|th|er|ème|e|º|ª)\b", r"\1", text)
    if m := re.fullmatch(rf"{LONG}", text):
        return _year(m["year"]), 0.0, 1.0, fiscal
    if fiscal and (m := re.fullmatch(YEAR, text)):
        return _year(m["year"]), 0.0, 1.0, True
    if m := re.fullmatch(
        rf"(?:{'|'.join(w for w in SEASONS[4].split('|'))})\s*((?:19|20)?\d\d)\s*[/-]\s*((?:19|20)?\d\d)", text
    ):
        return (_year(m[1]), 0.97, 0.03, fiscal) if _year(m[2]) == _year(m[1]) + 1 else None
    for words, total in PARTS.values():
        found = _part(text, words)
        if found is not None and 1 <= found[1] <= total:
            return found[0], (found[1] - 1) / total, 1 / total, fiscal
    for k in (1, 2, 3):
        if (m := _beside(text, SEASONS[k])) is not None:
            return m, 0.2 + 0.25 * (k - 1), 0.25, fiscal
    month = _month(text)
    return None if month is None else (*month, 1 / 12, fiscal)


def _part(text: str, words: str) -> tuple[float, int] | None:
    """Year and number of a part: Q1 2025, 1. Quartal 2025, 2025-Q1, 2025Q1, 1Q25."""
    k, word = r"(?P<k>\d{1,2})", rf"(?:{words})\.?"
    for form in (
        rf"{word}\s*{k}{BETWEEN}{YEAR}", rf"{k}\.?\s*{word}{BETWEEN}{YEAR}", rf"{YEAR}{BETWEEN}{word}\s*{k}",
        rf"{YEAR}{BETWEEN}{k}\.?\s*{word}",
    ):  # fmt: skip
        if m := re.fullmatch(form, text):
            return _year(m["year"]), int(m["k"])
    return None


def _beside(text: str, words: str) -> float | None:
    """The year beside one of several words."""
    m = re.fullmatch(rf"(?:{words}){BETWEEN}{YEAR}", text) or re.fullmatch(rf"{YEAR}{BETWEEN}(?:{words})", text)
    return _year(m["year"]) if m else None


def _month(text: str) -> tuple[float, float] | None:
    """A month by number (01/2025, 2025-01) or by name (Jan-25, January 2025, 2025 januar)."""
    for form in (
        rf"(?P<k>\d{{1,2}})\s*[./_-]\s*{YEAR}",
        rf"{LONG}\s*[./_-]?\s*(?P<k>\d\d?)",
        rf"{LONG}年(?P<k>\d\d?)月",
    ):
        if m := re.fullmatch(form, text):
            return (_year(m["year"]), (int(m["k"]) - 1) / 12) if 1 <= int(m["k"]) <= 12 else None
    m = re.fullmatch(rf"(?P<name>[^\W\d_]+)\.?{BETWEEN}{YEAR}", text)
    m = m or re.fullmatch(rf"{YEAR}{BETWEEN}(?P<name>[^\W\d_]+)\.?", text)
    k = numbers().get(m["name"]) if m else None
    return (_year(m["year"]), (k - 1) / 12) if m and k else None


def _without_year(texts: Sequence[str]) -> list[tuple[float, ...]] | None:
    """Months of one year, by name; where a turn of the year may lie between them, there is no telling."""
    found = _all(texts, lambda t: numbers().get(t.rstrip(".")))
    return None if found is None or _turn(found, 12) else [(float(k),) for k in found]


def _turn(parts: Sequence[float], total: int) -> bool:
    """Whether a turn of the year may lie between parts of a year without a year: December and January.

    It does where the widest gap between them lies within the year and not at its turn.

    >>> _turn([9, 10, 1], 12), _turn([1, 2, 3], 12), _turn([4, 1], 4)
    (True, False, True)
    """
    there = sorted(set(parts))
    if len(there) < 2 or there[0] < 1 or there[-1] > total:
        return False
    return max(b - a for a, b in zip(there, there[1:], strict=False)) > there[0] + total - there[-1]


def _cycles() -> list[tuple[str, int]]:
    """Patterns for what a part of a year is called, and how many there are."""
    return [(rf"(?:.* )?(?:{words})", total) for words, total in PARTS.values()]


def _numbered(texts: Sequence[str]) -> list[tuple[float, ...]] | None:
    """One number in a text that is the same everywhere else: Wave 10, W10, 3. Welle, Round II."""
    found = _all(texts, lambda t: re.fullmatch(r"(\D*?)[\s#._-]*0*(\d+)(?:st|nd|rd|th)?([^\d]*)", t))
    if found is not None and len({(m[1].strip(), m[3].strip()) for m in found}) == 1 and (found[0][1] or found[0][3]):
        numbers = [float(m[2]) for m in found]
        around = {found[0][1].strip(), found[0][3].strip()} - {""}
        turns = any(
            _turn(numbers, n) for name, n in _cycles() if any(re.fullmatch(name, w.rstrip(".")) for w in around)
        )
        return None if turns else [(k,) for k in numbers]
    roman = _all(texts, lambda t: re.fullmatch(r"([^\W\d_]{3,}\.?)\s+([ivx]+)", t))
    if roman is not None and len({m[1] for m in roman}) == 1 and all(m[2] in ROMAN for m in roman):
        return [(float(ROMAN[m[2]]),) for m in roman]
    return None


def _named(texts: Sequence[str]) -> list[tuple[float, ...]] | None:
    """Words for what came before and after."""
    for few in BEFORE_AFTER:
        if set(texts) == set(few):
            return [(float(few.index(t)),) for t in texts]
    return None


def _year(text: str) -> float:
    number = int(text.lstrip("'’"))
    return float(number if number > 99 else 2000 + number if number < 70 else 1900 + number)


def _categories(study: Study, column: str) -> list[Any]:
    """The categories of a column in the order of the file, where it has one."""
    dtype = study.lazy.collect_schema().get(column)
    if isinstance(dtype, nw.Enum):
        return list(dtype.categories)
    native = nw.to_native(nw.from_native(study.table))
    if nw.from_native(study.table).implementation.is_pyarrow():
        kind = native.schema.field(column).type
        if getattr(kind, "ordered", False):
            chunk = native.column(column).chunks
            return chunk[0].dictionary.to_pylist() if chunk else []
    return []


def _key(value: Any) -> str:
    return str(int(value)) if isinstance(value, (float, np.floating)) and float(value).is_integer() else str(value)


def _sorted(values: Sequence[Any], places: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(v for _, v in sorted(zip(places, values, strict=True), key=lambda pair: pair[0]))
