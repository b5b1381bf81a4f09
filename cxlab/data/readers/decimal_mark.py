"""Which of comma and point is the decimal mark: judged for the whole file, from what every column shows.

``0,757`` cannot be thousands and ``12.345.678`` cannot be decimals; one such value in any column tells how the file
writes numbers, and with that what ``3,448`` or ``12.750`` is. Where nothing tells, the separator of the file and the
plain numbers beside say what is likelier, and it is asked.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import duckdb

from cxlab.data.doubt import Doubt
from cxlab.data.readers.raw import quoted, text

POINT, COMMA = "decimal-point", "decimal-comma"
FORMATS = (POINT, COMMA)
"""How a column may be declared to be written (`Field.format`)."""

_PROOF = (
    r"^[+-]?(\d+{d}(\d{{1,2}}|\d{{4,}})|0+{d}\d+|\d{{4,}}{d}\d+|{d}\d+|\d{{1,3}}({t}\d{{3}})+{d}\d+"
    r"|\d{{1,3}}({t}\d{{3}}){{2,}}|\d+{d}\d+[eE][+-]?\d+)$"
)
PROOFS = {POINT: _PROOF.format(d=r"\.", t=","), COMMA: _PROOF.format(d=",", t=r"\.")}
"""What a number can look like only with this decimal mark."""
OPEN = {"comma": r"^[+-]?[1-9]\d{0,2},\d{3}$", "point": r"^[+-]?[1-9]\d{0,2}\.\d{3}$"}
"""What may be a number with three decimals or thousands."""
BARE = r"^[+-]?\d+([eE][+-]?\d+)?$"
ANY = "|".join((*PROOFS.values(), *OPEN.values(), BARE))
SEPARATED = r"^[+-]?\d*[.,]\d"
PAIR = r"^([1-9]\d?),([1-9]\d?)$"
DECISIVE = math.log(10)
"""How much nearer one reading must be to the plain numbers beside than the other, in logarithms."""


@dataclass(frozen=True)
class Shown:
    """What one column of texts shows: how many cells prove a decimal mark, leave it open, or are plain numbers."""

    filled: int
    numeric: int
    point: int
    comma: int
    open_comma: int
    open_point: int
    bare: float | None
    parted: float | None
    example: str


@dataclass(frozen=True)
class Judged:
    """The expressions that read columns, what is to be said, and what is to be asked."""

    expressions: Mapping[str, str]
    notes: tuple[str, ...] = ()
    doubts: tuple[Doubt, ...] = ()


def candidates(names: Sequence[str], rows: Sequence[Sequence[str | None]], delimiter: str) -> list[str]:
    """Return the text columns with a number that has a comma or a point among the first rows, at least half numbers."""
    import re

    found = []
    for i, name in enumerate(names):
        filled = [v.strip() for row in rows if (v := row[i]) and v.strip()]
        numbers = [v for v in filled if re.match(ANY, v)]
        parted = [v for v in numbers if "," in v or "." in v]
        pairs = [m for v in parted if (m := re.match(PAIR, v))]
        rising = len(pairs) == len(parted) and all(int(m[1]) < int(m[2]) for m in pairs)
        codes = rising and (delimiter == "," or len(pairs) >= 5)  # 1,4 and 2,3: ticked options
        if parted and not codes and 2 * len(numbers) >= len(filled):
            found.append(name)
    return found


def judge(
    table: duckdb.DuckDBPyRelation,
    names: Sequence[str],
    *,
    delimiter: str = "",
    declared: Mapping[str, str] | None = None,
    numbers: Collection[str] = (),
    point: bool = False,
) -> Judged:
    """Return how the text columns ``names`` are to be read, from one scan of them.

    Parameters
    ----------
    delimiter : what separates the values of the file, '' where nothing does.
    declared : column → one of `FORMATS`, where a codebook says it.
    point : whether a column beside these was read with a decimal point.
    numbers : those of ``names`` whose texts are numbers by their type, whatever marks they have.
    """
    if not names:
        return Judged({})
    declared = declared or {}
    shown = {n: s for n, s in _shown(table, names).items() if n in numbers or 2 * s.numeric >= s.filled}
    proofs = {POINT: point + sum(s.point for s in shown.values()), COMMA: sum(s.comma for s in shown.values())}
    of_file = POINT if proofs[POINT] and not proofs[COMMA] else COMMA if proofs[COMMA] and not proofs[POINT] else ""
    read, marks, doubts = {}, {}, []
    for name, s in shown.items():
        mark, sure = _mark(s, of_file, delimiter)
        mark, sure = (declared[name], True) if name in declared else (mark, sure)
        marks[name] = mark
        read[name] = _expression(
            name, mark, whole=name in numbers or s.numeric == s.filled, both=bool(s.point and s.comma)
        )
        if not sure:
            doubts.append(_asked(name, s, mark))
    commas = [n for n, m in marks.items() if m == COMMA]
    said = ()
    if commas:
        listed = ", ".join(f"'{n}'" for n in commas[:10]) + (", ..." if len(commas) > 10 else "")
        said = (f"numbers with a decimal comma: {listed}",)
    return Judged(read, said, tuple(doubts))


def _mark(s: Shown, of_file: str, delimiter: str) -> tuple[str, bool]:
    """Return the decimal mark of a column, and whether it is sure."""
    if s.point and not s.comma:
        return POINT, True
    if s.comma and not s.point:
        return COMMA, True
    if s.point and s.comma:  # each cell that proves its own mark is read by it
        return (POINT if s.point > s.comma else COMMA), not (s.open_comma or s.open_point)
    if of_file:
        return of_file, True
    if not s.open_comma and not s.open_point:
        return POINT, True
    if s.open_comma and s.open_point:  # 1,234 beside 1.234: one of each in a column decides nothing
        return (COMMA if delimiter == ";" else POINT), False
    decimal, thousands = (COMMA, POINT) if s.open_comma else (POINT, COMMA)
    if (near := _nearness(s)) is not None and abs(near) > DECISIVE:
        return (decimal if near > 0 else thousands), True
    if s.open_point and delimiter == ",":
        return POINT, True
    if s.open_comma and delimiter == ";":
        return COMMA, False
    return POINT, False


def _nearness(s: Shown) -> float | None:
    """Return by how much the numbers with a mark are nearer to the plain ones as decimals than as thousands."""
    if not s.bare or not s.parted or s.bare <= 0 or s.parted <= 0:
        return None
    as_decimal, as_thousands = abs(math.log(s.bare / s.parted)), abs(math.log(s.bare / (1000 * s.parted)))
    return as_thousands - as_decimal


def _asked(name: str, s: Shown, mark: str) -> Doubt:
    decimal = s.example.replace(",", ".")
    thousands = s.example.replace(",", "").replace(".", "")
    as_decimal = (mark == COMMA) == ("," in s.example)
    other = COMMA if mark == POINT else POINT
    answers = (decimal, thousands) if as_decimal else (thousands, decimal)
    question = f"is '{s.example}' {decimal} or {thousands}? Nothing in the file tells; it is read as {answers[0]}"
    return Doubt(name, question, answers, weight=0.9, settings=("", f"format={other}"))


def _expression(name: str, mark: str, *, whole: bool, both: bool) -> str:
    """Return SQL that reads a column by a decimal mark; texts that are no numbers stay where there are some."""
    bare = f"trim({quoted(name)})"
    plain = {COMMA: f"replace(replace({bare}, '.', ''), ',', '.')", POINT: f"replace({bare}, ',', '')"}
    read = plain[mark]
    if both:
        proved = "".join(f"when regexp_matches({bare}, {text(PROOFS[m])}) then {plain[m]} " for m in FORMATS)
        read = f"case {proved}else {read} end"
    if whole:
        return f"cast(nullif({read}, '') as double) as {quoted(name)}"
    return f"case when regexp_matches({bare}, {text(ANY)}) then {read} else {quoted(name)} end as {quoted(name)}"


def _shown(table: duckdb.DuckDBPyRelation, names: Sequence[str]) -> dict[str, Shown]:
    asked = []
    for name in names:
        t = f"trim({quoted(name)})"
        fits = lambda pattern, t=t: f"regexp_matches({t}, {text(pattern)})"  # noqa: E731
        number = f"try_cast(replace({t}, ',', '.') as double)"
        parted = f"{fits(OPEN['comma'])} or {fits(OPEN['point'])}"
        asked += [
            f"count_if({t} <> '')", f"count_if({fits(ANY)})",
            f"count_if({fits(PROOFS[POINT])})", f"count_if({fits(PROOFS[COMMA])})",
            f"count_if({fits(OPEN['comma'])})", f"count_if({fits(OPEN['point'])})",
            f"median(abs({number})) filter ({fits(BARE)})", f"median(abs({number})) filter ({parted})",
            f"coalesce(min({t}) filter ({parted}), min({t}) filter ({fits(SEPARATED)}), '')",
        ]  # fmt: skip
    told = table.aggregate(", ".join(asked)).fetchall()[0]
    return {n: Shown(*told[9 * i : 9 * i + 9]) for i, n in enumerate(names)}
