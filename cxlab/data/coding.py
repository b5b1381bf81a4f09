"""Text that stands for numbers: decimal commas, 'N/A' between ratings, '10 - Extremely likely', 'Very satisfied'."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from cxlab.data import wording
from cxlab.data.readers.raw import number, quoted, text

COMMA = r"-?(\d{1,3}(\.\d{3})+|\d+)(,\d+)?"
THOUSANDS = r"-?\d{1,3}(,\d{3})+(\.\d+)?"
PERCENT = r"-?\d+([.,]\d+)?\s*%"
FIRST = r"(\d{1,2})\s*[-–—:.=)(]*\s*\(?[^\W\d][^\d]*\)?"
LAST = r"[^\d]*[^\W\d][^\d]*?\s*[-–—:=(]*\s*(\d{1,2})\)?"


@dataclass(frozen=True)
class Coding:
    """How the texts of a column are read as numbers.

    ``codes`` maps texts to codes, ``nothing`` are texts read as no answer, ``how`` says it in words, ``sql`` turns the
    remaining texts (``{}`` is the column) into a number.
    """

    how: str
    sql: str = "cast({} as double)"
    codes: Mapping[str, float] = field(default_factory=dict)
    nothing: tuple[str, ...] = ()

    def expression(self, column: str) -> str:
        """Return the SQL that reads ``column`` by this coding; a text beyond it stops the query with its line."""
        bare = f"trim({quoted(column)})"
        none = ", ".join(text(t) for t in sorted({*(t.lower() for t in self.nothing), *wording.NOTHING}))
        cases = "".join(f" when {bare} = {text(t)} then {c:g}" for t, c in self.codes.items())
        return f"case when lower({bare}) in ({none}) then null{cases} else {self.sql.format(bare)} end"


def read(
    values: Mapping[str, int], labels: Mapping[str, str] | None = None, missing: Mapping[str, str] | None = None
) -> Coding | None:
    """Return how the texts of a column are to be read as numbers, or None when they are just text.

    Parameters
    ----------
    values : text → how often, from a sample.
    labels : code → wording, where a codebook has them.
    missing : code → why no answer.

    >>> read({"1": 5, "N/A": 2, "3": 1}).nothing
    ('N/A',)
    >>> read({"1,5": 1, "1.234,5": 1}).how
    'numbers with a decimal comma'
    """
    labels, missing = labels or {}, missing or {}
    gone = {k.casefold() for k in (*missing, *missing.values()) if number(k) is None} | set(wording.NOTHING)
    texts = [t.strip() for t in values]
    nothing = tuple(sorted({t for t in texts if t.casefold() in gone} - {""}))
    rest = sorted({t for t in texts if t.casefold() not in gone})
    if not rest:
        return None
    for rule in (_plain, _labelled(labels), _comma, _thousands, _percent, _numbered, _lettered, _words):
        if (coding := rule(rest)) is not None:
            return Coding(coding.how, coding.sql, coding.codes, nothing)
    return None


def odd(values: Mapping[str, int]) -> list[str]:
    """Return the texts that are no numbers, the most frequent first."""
    return [t for t, _ in sorted(values.items(), key=lambda x: (-x[1], x[0])) if number(t) is None]


def _plain(rest: list[str]) -> Coding | None:
    return Coding("numbers") if all(number(t) is not None for t in rest) else None


def _labelled(labels: Mapping[str, str]):
    def rule(rest: list[str]) -> Coding | None:
        known = {t.casefold(): number(c) for c, t in labels.items() if number(c) is not None}
        codes = {t: known[t.casefold()] for t in rest if t.casefold() in known}
        if codes and all(t in codes or number(t) is not None for t in rest):
            return Coding("the codebook's labels", codes=codes)
        return None

    return rule


def _comma(rest: list[str]) -> Coding | None:
    fits = all(re.fullmatch(COMMA, t) for t in rest) and any("," in t for t in rest)
    if not fits or all(re.fullmatch(THOUSANDS, t) for t in rest if "," in t):
        return None
    return Coding("numbers with a decimal comma", "cast(replace(replace({}, '.', ''), ',', '.') as double)")


def _thousands(rest: list[str]) -> Coding | None:
    if all(re.fullmatch(THOUSANDS, t) or number(t) is not None for t in rest):
        return Coding("numbers with a comma between thousands", "cast(replace({}, ',', '') as double)")
    return None


def _percent(rest: list[str]) -> Coding | None:
    if all(re.fullmatch(PERCENT, t) for t in rest):
        return Coding("percentages (45 % is 45)", "cast(replace(trim(rtrim({}, '%')), ',', '.') as double)")
    return None


def _numbered(rest: list[str]) -> Coding | None:
    """Read '10 - Extremely likely' and 'Extremely likely - 10' as 10, between plain numbers or throughout."""
    codes = {}
    for t in rest:
        found = re.fullmatch(FIRST, t) or re.fullmatch(LAST, t)
        if number(t) is None and not found:
            return None
        if found:
            codes[t] = float(found[1])
    every = [*codes.values(), *(number(t) for t in rest if t not in codes)]
    around = {re.sub(r"\d+", "", t).strip(" -:()").rstrip("s").casefold() for t in codes}
    if len(codes) > 1 and len(around) == 1:
        return None
    if not codes or len(rest) < 3 or len(set(every)) < len(every) or max(every) > 11 or not _contiguous(every):
        return None
    return Coding("the number within the text", codes=codes)


def _lettered(rest: list[str]) -> Coding | None:
    """Read LimeSurvey's answer codes A1, A2, ... or AO01, AO02, ... as 1, 2, ..."""
    if len(rest) < 2 or not all(re.fullmatch(r"AO?\d{1,2}", t) for t in rest):
        return None
    return Coding("answer codes A1, A2, ... as 1, 2, ...", codes={t: float(t.lstrip("AO")) for t in rest})


def _contiguous(codes: list[float]) -> bool:
    """Whether the codes look like one rating scale: whole numbers that leave out less than half of their range."""
    return all(float(c).is_integer() for c in codes) and len(set(codes)) * 2 > max(codes) - min(codes)


def _words(rest: list[str]) -> Coding | None:
    codes = wording.order(rest) if len(rest) <= 11 else {}
    return Coding("the order of the answer texts, worst to best", codes=codes) if codes else None
