"""Text that stands for numbers: decimal commas, 'N/A' between ratings, '9/10', '★★★', '10 - Very likely', words."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from cxlab.data import wording
from cxlab.data.readers.raw import number, quoted, text
from cxlab.data.vocabulary import words

COMMA = r"-?(\d{1,3}(\.\d{3})+|\d+)(,\d+)?"
THOUSANDS = r"-?\d{1,3}(,\d{3})+(\.\d+)?"
SPACED = r"-?[1-9]\d{0,2}([ \u00a0\u2009\u202f'’]\d{3})+([.,]\d{1,2})?"
PERCENT = r"-?\d+([.,]\d+)?\s*%"
LONGEST = 300
"""A longer text is no code: it is not looked at further, whatever it holds."""

FIRST = r"(-?\d{1,3})\s*[-–—:.=)(]*\s*\(?[^\W\d][^\d]*\)?"
LAST = r"[^\d]*[^\W\d][^\d]*?\s*[-–—:=(]*\s*(\d{1,3})\)?"
STAR = "|".join(words("answers", "star"))
OUT_OF = re.compile(
    rf"(\d+(?:[.,]\d+)?)\s*(?:/|\b(?:{'|'.join(w for w in words('answers', 'out_of') if w != '/')})\b)\s*(\d{{1,3}})"
    rf"\s*(?:{STAR})?"
)
STARRED = re.compile(rf"(?:rated\s+)?(\d{{1,2}}(?:[.,]5)?)\s*-?\s*(?:{STAR}|\*|★|⭐)(?:\s*[-:].*)?", re.IGNORECASE)
DRAWN = re.compile(r"([★⭐✮✭*]{1,10})\ufe0f?([☆✩]*)")
LEADING = "cast(replace(regexp_extract({}, '[0-9]+([.,][0-9]+)?'), ',', '.') as double)"
"""SQL for the first number in a text."""

WORDED = 60
"""Columns of more different texts are no ratings; only plain numbers are looked for in them."""

STRAY = 0.05
"""Texts between ratings that are no ratings may be this share of the answers: they are left out, counted and said."""


@dataclass(frozen=True)
class Coding:
    """How the texts of a column are read as numbers.

    ``codes`` maps texts to codes, ``nothing`` are texts read as no answer, ``strays`` those of them that no rule knows,
    ``how`` says it in words, ``sql`` turns the remaining texts (``{}`` is the column) into a number, ``top`` is the end
    of the scale where the texts tell it ('9/10').
    """

    how: str
    sql: str = "cast({} as double)"
    codes: Mapping[str, float] = field(default_factory=dict)
    nothing: tuple[str, ...] = ()
    strays: tuple[str, ...] = ()
    top: float = 0.0

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

    One stray text does not make a column of ratings a column of texts: what no rule reads, up to 5 % of the answers (or
    one of ten), is named in ``strays`` and read as no answer.

    Parameters
    ----------
    values : text → how often, from a sample.
    labels : code → wording, where a codebook has them.
    missing : code → why no answer.

    >>> read({"1": 5, "N/A": 2, "3": 1}).nothing
    ('N/A',)
    >>> read({"1,5": 1, "1.234,5": 1}).how
    'numbers with a decimal comma'
    >>> read({"9/10": 4, "10/10": 3, "7/10": 3}).codes["9/10"]
    9.0
    >>> read({"1": 20, "2": 30, "5": 40, "5*": 1}).strays
    ('5*',)
    """
    labels, missing = labels or {}, missing or {}
    gone = {k.casefold() for k in (*missing, *missing.values()) if number(k) is None}
    counted: dict[str, int] = {}
    for t, n in values.items():
        counted[t.strip()] = counted.get(t.strip(), 0) + n
    known = wording.no_answer if len(counted) <= WORDED else lambda t: t.casefold() in wording.NOTHING
    nothing = {t for t in counted if t.casefold() in gone or known(t)} - {""}
    nothing |= {t for t in missing if number(t) is None}
    rest = {t: n for t, n in counted.items() if t not in nothing and t}
    if not rest:
        return None
    rules = (_plain, _escaped, _labelled(labels), _comma, _thousands, _spaced, _percent, _out_of, _starred, _drawn,
             _numbered, _lettered, _words)  # fmt: skip
    for rule in rules if max(map(len, rest)) <= LONGEST else ():
        if (coding := rule(sorted(rest))) is not None:
            return replace(coding, nothing=tuple(sorted(nothing)))
    return _with_strays(rest, nothing, labels) if len(rest) <= WORDED else None


def _with_strays(rest: Mapping[str, int], nothing: set[str], labels: Mapping[str, str]) -> Coding | None:
    """Return the reading of nearly all answers, where the others are few: at most 5 %, or one of ten."""
    rows = sum(rest.values())
    allowed = max(int(STRAY * rows), 1 if rows >= 10 else 0)
    tests: tuple[tuple[Callable, Callable], ...] = (
        (_rating_number, _plain),
        (lambda t: bool(OUT_OF.fullmatch(t)), _out_of),
        (lambda t: bool(STARRED.fullmatch(t)), _starred),
        (lambda t: bool(DRAWN.fullmatch(t)), _drawn),
        (lambda t: number(t) is not None or bool(re.fullmatch(FIRST, t) or re.fullmatch(LAST, t)), _numbered),
        (lambda t: t in labels.values() or wording.polarity(t) is not None, _words),
    )
    for fits, rule in tests:
        strays = {t: n for t, n in rest.items() if len(t) > LONGEST or not fits(t)}
        kept = sorted(t for t in rest if t not in strays)
        if len(kept) < 2 or sum(strays.values()) > allowed or len(strays) > 5:
            continue
        if (coding := rule(kept)) is not None:
            gone = tuple(sorted({*nothing, *strays}))
            return replace(coding, nothing=gone, strays=tuple(sorted(strays)))
    return None


def _rating_number(t: str) -> bool:
    v = number(t)
    return v is not None and v.is_integer() and -100 <= v <= 100 and not re.match(r"0\d", t)


def odd(values: Mapping[str, int]) -> list[str]:
    """Return the texts that are no numbers, the most frequent first."""
    return [t for t, _ in sorted(values.items(), key=lambda x: (-x[1], x[0])) if number(t) is None]


def _escaped(rest: list[str]) -> Coding | None:
    """Read what spreadsheets write to keep a number a text: '="5"' and "'5"."""
    found = {t: m for t in rest if (m := re.fullmatch(r"""(?:=?"|=?'|=)(-?\d+(?:\.\d+)?)["']?""", t))}
    some = bool(found) and all(t in found or number(t) is not None for t in rest) and len(rest) <= WORDED
    codes = {t: float(m[1]) for t, m in found.items()}
    return Coding("the number in its quotation marks", codes=codes) if some else None


def _plain(rest: list[str]) -> Coding | None:
    return Coding("numbers") if all(number(t) is not None for t in rest) else None


def _labelled(labels: Mapping[str, str]) -> Callable[[list[str]], Coding | None]:
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


def _spaced(rest: list[str]) -> Coding | None:
    """Read '1 234' and "1'234.50" as numbers: three digits behind every blank or apostrophe."""
    parted = [t for t in rest if re.fullmatch(SPACED, t)]
    marks = {m for t in rest for m in re.findall(r"[.,]", t)}
    others = [t for t in rest if t not in parted]
    if not parted or len(marks) > 1 or not all(re.fullmatch(r"-?\d{1,3}([.,]\d{1,2})?", t) for t in others):
        return None
    bare = f"regexp_replace({{}}, {text('[^-0-9.,]')}, '', 'g')"
    return Coding("numbers with a blank between thousands", f"cast(replace({bare}, ',', '.') as double)")


def _percent(rest: list[str]) -> Coding | None:
    if all(re.fullmatch(PERCENT, t) for t in rest):
        return Coding("percentages (45 % is 45)", "cast(replace(trim(rtrim({}, '%')), ',', '.') as double)")
    return None


def _out_of(rest: list[str]) -> Coding | None:
    """Read '9/10' as 9 and '4.1 out of 5' as 4.1 where all are out of one number."""
    found = {t: m for t in rest if (m := OUT_OF.fullmatch(t.casefold()))}
    tops = {float(m[2]) for m in found.values()}
    if len(found) < len(rest) or len(tops) != 1 or min(tops) not in (3, 4, 5, 6, 7, 10, 11, 20, 100):
        return None
    codes = {t: float(m[1].replace(",", ".")) for t, m in found.items()}
    top = tops.pop()
    return Coding(f"the number out of {top:g}", LEADING, codes, top=top) if max(codes.values()) <= top else None


def _starred(rest: list[str]) -> Coding | None:
    """Read '5 stars' and '4*' as 5 and 4."""
    found = {t: m for t in rest if (m := STARRED.fullmatch(t.strip()))}
    if len(found) + sum(number(t) is not None for t in rest) < len(rest) or len(found) < 2:
        return None
    codes = {t: float(m[1].replace(",", ".")) for t, m in found.items()}
    return Coding("the number of stars", LEADING, codes, top=5.0 if max(codes.values()) <= 5 else 0.0)


def _drawn(rest: list[str]) -> Coding | None:
    """Read '★★★' and '★★★☆☆' as 3."""
    found = {t: m for t in rest if (m := DRAWN.fullmatch(t.replace("\ufe0f", "").replace(" ", "")))}
    if len(found) < len(rest) or len(rest) < 2:
        return None
    codes = {t: float(len(m[1])) for t, m in found.items()}
    drawn = {len(m[1]) + len(m[2]) for m in found.values() if m[2]}
    sql = "cast(nullif(length(regexp_replace({}, '[^★⭐✮✭*]', '', 'g')), 0) as double)"
    return Coding("the number of stars", sql, codes, top=float(max({5, *drawn, *map(int, codes.values())})))


def _numbered(rest: list[str]) -> Coding | None:
    """Read '10 - Extremely likely' and 'Extremely likely - 10' as 10, between plain numbers or throughout."""
    codes = {}
    for t in rest:
        found = re.fullmatch(FIRST, t) or re.fullmatch(LAST, t)
        if number(t) is None and not found:
            return None
        if found:
            codes[t] = float(found[1])
    plain = [number(t) for t in rest if t not in codes]
    every = sorted({*codes.values(), *plain})
    around = {re.sub(r"\d+", "", t).strip(" -:()").rstrip("s").casefold() for t in codes}
    if len(codes) > 1 and len(around) == 1:
        return None
    if not codes or len(every) < 3 or len(set(codes.values())) < len(codes) or not _contiguous(every):
        return None
    return Coding("the number within the text", codes=codes)


def _lettered(rest: list[str]) -> Coding | None:
    """Read LimeSurvey's answer codes A1, A2, ... or AO01, AO02, ... as 1, 2, ..."""
    if len(rest) < 2 or not all(re.fullmatch(r"AO?\d{1,2}", t) for t in rest):
        return None
    return Coding("answer codes A1, A2, ... as 1, 2, ...", codes={t: float(t.lstrip("AO")) for t in rest})


def graded(values: Mapping[str, int]) -> Coding | None:
    """Return the reading of school letters as marks, A the best: A to E, A to F, or A to D and F; None for others.

    A plus or minus is a third of a mark. Only for columns that are called a rating: letters may be groups.

    >>> graded({"A": 5, "B": 3, "D": 1}).codes
    {'A': 5.0, 'B': 4.0, 'D': 2.0}
    """
    texts = [t for t in values if t.strip() and not wording.no_answer(t)]
    found = {t: m for t in texts if (m := re.fullmatch(r"([A-Fa-f])([+\-−–]?)", t.strip()))}
    seen = {m[1].upper() for m in found.values()}
    if len(found) < len(texts) or len(seen) < 3 or not seen & {"A", "B"}:
        return None
    order = "FEDCBA" if {"E", "F"} <= seen else "FDCBA" if "F" in seen or "E" not in seen else "EDCBA"
    third = {"": 0.0, "+": 1 / 3}
    codes = {t: order.index(m[1].upper()) + 1 + third.get(m[2], -1 / 3) for t, m in found.items()}
    nothing = tuple(sorted(t for t in values if t not in found))
    return Coding(f"{GRADES} {', '.join(order)}, the best last", codes=codes, nothing=nothing, top=float(len(order)))


GRADES = "school letters"


def _contiguous(codes: list[float]) -> bool:
    """Whether the codes look like one rating scale: at most 11, which leave out less than half of their range."""
    gaps = {b - a for a, b in zip(codes, codes[1:], strict=False)}
    if len(codes) > 11 or any(not float(c).is_integer() for c in codes):
        return False
    small = codes[0] >= -5 and codes[-1] <= 11
    return small and len(codes) * 2 > codes[-1] - codes[0] or len(gaps) == 1 and codes[-1] <= 100 and codes[0] >= 0


def _words(rest: list[str]) -> Coding | None:
    codes = wording.order(rest) if len({" ".join(t.casefold().split()) for t in rest}) <= 11 else {}
    return Coding("the order of the answer texts, worst to best", codes=codes) if codes else None
