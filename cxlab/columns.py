"""What a column of a result is: `Column` says name, kind, unit and heading, and every printer asks it.

The terminal, pages, slides and workbooks print a table by its typed columns and by nothing else, so a number looks the
same wherever it stands. A model declares the columns that are its own; the columns that many results share are declared
once, in `SHARED`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

UNITS = {
    "share": (100, " %", 1),
    "pp": (100, " pp", 1),
    "points": (1, "", 1),
    "mean": (1, "", 2),
    "index": (1, "", 1),
    "": (1, "", 3),
}
"""How each unit prints: factor, suffix, decimals. Units not listed print like ''."""

ROW = "row"
"""The unit of a column whose every row has its own, in the column ``unit``."""

KINDS = {
    "label": "what a row is about: a group, a question, a term",
    "text": "words about a row",
    "estimate": "a number in the unit of the result",
    "bound": "an end of an interval; the column of the same stem with the other end stands beside it",
    "error": "a standard error",
    "share": "a share, 0 to 1",
    "count": "how many: answers, clusters, pairs; also effective numbers",
    "rank": "a place, 1 is first",
    "p": "a p-value",
    "probability": "a probability that is no p-value, 0 to 1",
    "flag": "yes or no",
    "number": "a number without a unit",
}
"""Each kind of column and what it holds."""


class Hidden(float):
    """A number that is not shown: nan in every sum and comparison, words where it prints.

    >>> few = Hidden("fewer than 10")
    >>> few, few == few, Column("n", "count").show(few)
    (fewer than 10, False, 'fewer than 10')
    """

    said: str

    def __new__(cls, said: str) -> Hidden:
        made = super().__new__(cls, math.nan)
        made.said = said
        return made

    def __getnewargs__(self) -> tuple[str]:
        return (self.said,)

    def __repr__(self) -> str:
        return self.said

    __str__ = __repr__

    def __format__(self, how: str) -> str:
        return self.said


@dataclass(frozen=True)
class Column:
    """One column of a result's table.

    Parameters
    ----------
    name : its name in the table.
    kind : one of `KINDS`; it decides how a value prints and whether the column stands to the right.
    unit : 'share', 'pp', 'points', 'mean', 'index', '' or 'row' (each row has its own in the column ``unit``).
    heading : what a reader sees above it.
    """

    name: str
    kind: str
    unit: str = ""
    heading: str = ""

    @property
    def numeric(self) -> bool:
        """Whether the column stands to the right."""
        return self.kind not in ("label", "text", "flag")

    def show(self, value: Any, unit: str = "") -> str:
        """Return one value as people read it; ``unit`` is the row's own where the column's is 'row'.

        >>> Column("share", "share").show(0.5), Column("p", "p").show(0.0002), Column("n", "count").show(1234.0)
        ('50.0 %', '< 0.001', '1,234')
        """
        if isinstance(value, (str, Hidden)) or missing(value):
            return str(value) if isinstance(value, (str, Hidden)) else "–"
        if self.kind == "p":
            return "< 0.001" if float(value) < 0.001 else f"{float(value):.3f}"
        if self.kind in ("count", "rank"):
            return unsigned(f"{float(value):,.0f}") if math.isfinite(float(value)) else str(value)
        if self.kind == "share":
            return show(value, "share")
        if self.kind == "probability":
            return unsigned(f"{float(value):.2f}")
        if self.kind == "flag":
            return "yes" if value else "no"
        if self.kind == "label" and isinstance(value, float) and not self.unit:
            return unsigned(f"{value:.0f}" if value.is_integer() else f"{value:g}")
        return show(value, unit if self.unit == ROW else self.unit)


OWN, DIFFERENT = "own", "different"
"""Units in `SHARED`: that of the result's estimates, and that of their differences."""

SHARED: dict[str, tuple[str, str, str]] = {
    "estimate": ("estimate", OWN, "Estimate"),
    "low": ("bound", OWN, "Low"),
    "high": ("bound", OWN, "High"),
    "se": ("error", OWN, "Standard error"),
    "change": ("estimate", DIFFERENT, "Change"),
    "change_low": ("bound", DIFFERENT, "Change, low"),
    "change_high": ("bound", DIFFERENT, "Change, high"),
    "difference": ("estimate", DIFFERENT, "Difference"),
    "detectable": ("estimate", DIFFERENT, "Detectable"),
    "half_width": ("estimate", DIFFERENT, "Half width"),
    "value": ("estimate", OWN, "Value"),
    "benchmark": ("estimate", OWN, "Benchmark"),
    "tipping_se": ("error", OWN, "Tipping standard error"),
    "score": ("estimate", OWN, "Score"),
    "without": ("estimate", OWN, "Without"),
    "raw": ("estimate", OWN, "Raw"),
    "all": ("estimate", OWN, "All"),
    "raw_se": ("error", OWN, "Raw standard error"),
    "shrunken": ("estimate", OWN, "Shrunken"),
    "shrunken_low": ("bound", OWN, "Shrunken, low"),
    "shrunken_high": ("bound", OWN, "Shrunken, high"),
    "before": ("estimate", OWN, "Before"),
    "after": ("estimate", OWN, "After"),
    "mean_before": ("estimate", OWN, "Mean before"),
    "mean_after": ("estimate", OWN, "Mean after"),
    "expected": ("estimate", DIFFERENT, "Expected"),
    "surprise": ("estimate", DIFFERENT, "Surprise"),
    "surprise_low": ("bound", DIFFERENT, "Surprise, low"),
    "surprise_high": ("bound", DIFFERENT, "Surprise, high"),
    "gap_change": ("estimate", DIFFERENT, "Change against the others"),
    "gap_low": ("bound", DIFFERENT, "Gap, low"),
    "gap_high": ("bound", DIFFERENT, "Gap, high"),
    "shift": ("estimate", DIFFERENT, "Shift"),
    "shift_low": ("bound", DIFFERENT, "Shift, low"),
    "shift_high": ("bound", DIFFERENT, "Shift, high"),
    "share": ("share", "", "Share"),
    "detractors": ("share", "", "Detractors"),
    "passives": ("share", "", "Passives"),
    "promoters": ("share", "", "Promoters"),
    "of_explained": ("share", "", "Of what is explained"),
    "n": ("count", "", "n"),
    "n_eff": ("count", "", "Effective n"),
    "n_against": ("count", "", "n, the other"),
    "n_low": ("count", "", "n, low answers"),
    "n_high": ("count", "", "n, high answers"),
    "tipping_n": ("count", "", "Tipping n"),
    "shared": ("count", "", "In both"),
    "clusters": ("count", "", "Clusters"),
    "rank": ("rank", "", "Rank"),
    "rank_low": ("rank", "", "Rank, first"),
    "rank_high": ("rank", "", "Rank, last"),
    "all_low": ("rank", "", "All ranks at once, first"),
    "all_high": ("rank", "", "All ranks at once, last"),
    "rank_before": ("rank", "", "Rank before"),
    "rank_after": ("rank", "", "Rank after"),
    "p": ("p", "", "p"),
    "probability": ("probability", "", "Probability"),
    "power": ("probability", "", "Power"),
    "item": ("label", "", "Question"),
    "unit": ("text", "", "Unit"),
    "verdict": ("text", "", "Verdict"),
}
"""Columns that many results have: kind, unit (`OWN`, `DIFFERENT` or ''), heading."""

NAMES_OF_ESTIMATES = {"share": "Share", "points": "Score", "mean": "Mean", "index": "Index"}
"""What an estimate is called above its column, by unit."""


def typed(table: Any, unit: str, given: Sequence[Column] = ()) -> tuple[Column, ...]:
    """Return the columns of ``table`` in its order: those ``given``, then as `SHARED` says, else by what they hold.

    Parameters
    ----------
    table : pandas frame of a result.
    unit : of its estimates.
    given : columns that the model declares itself.

    >>> import pandas as pd
    >>> table = pd.DataFrame({"brand": ["A"], "estimate": [0.5], "n": [3]})
    >>> [(c.kind, c.unit, c.heading) for c in typed(table, "share")]
    [('label', '', 'Brand'), ('estimate', 'share', 'Share'), ('count', '', 'n')]
    """
    own = {c.name: c for c in given}
    return tuple(own.get(str(name)) or _column(str(name), table, unit) for name in table.columns)


def _column(name: str, table: Any, unit: str) -> Column:
    """One column that the model has not declared."""
    if name in SHARED and (table[name].dtype.kind in "iufb" or SHARED[name][0] in ("label", "text", "count")):
        kind, of, heading = SHARED[name]
        compared = "against" in table
        if name == "estimate":
            heading = "Difference" if compared else NAMES_OF_ESTIMATES.get(unit, heading)
        apart = of == DIFFERENT or (of == OWN and compared and name not in ("value", "benchmark"))
        rows = ROW if "unit" in table else (difference(unit) if apart else unit)
        return Column(name, kind, rows if of in (OWN, DIFFERENT) else "", heading)
    if name.startswith("p_") and table[name].dtype.kind == "f":
        return Column(name, "p", "", f"p, {name[2:].replace('_', ' ')}")
    kind = {"f": "number", "i": "number", "u": "number", "b": "flag"}.get(table[name].dtype.kind, "label")
    return Column(name, kind, "", heading_of(name))


def intervals(columns: Sequence[Column]) -> dict[str, tuple[str, str]]:
    """Return the pairs of columns that are the two ends of an interval, by the name of the column that shows both.

    >>> ends = Column("low", "bound"), Column("high", "bound"), Column("n_low", "count"), Column("n_high", "count")
    >>> intervals(ends)
    {'interval': ('low', 'high')}
    """
    ends = [c.name for c in columns if c.kind in ("bound", "rank")]
    stems = [n[: -len("_low")] for n in ends if n.endswith("_low") and f"{n[: -len('_low')]}_high" in ends]
    named = {("of change" if s == "change" else f"{s}_interval"): (f"{s}_low", f"{s}_high") for s in stems}
    return ({"interval": ("low", "high")} if {"low", "high"} <= set(ends) else {}) | named


def heading_of(name: object) -> str:
    """Return the name of a column in words.

    >>> heading_of("may_be_top")
    'May be top'
    """
    text = str(name).replace("_", " ")
    return text[:1].upper() + text[1:]


def whole(values: Any) -> bool:
    """Whether a column of numbers holds whole ones only (weeks, kinds, a price without cents): no decimals then.

    >>> import pandas as pd
    >>> whole(pd.Series([4.0, 13.0, None])), whole(pd.Series([4.0, 4.5])), whole(pd.Series(["a"]))
    (True, False, False)
    """
    if values.dtype.kind not in "iuf":
        return False
    known = values[values.notna()]
    return bool(len(known)) and bool((known == known.round()).all())


def missing(value: Any) -> bool:
    """Whether a cell holds nothing: None or nan.

    >>> missing(float("nan")), missing(None), missing(0)
    (True, True, False)
    """
    return value is None or (isinstance(value, float) and math.isnan(value))


def show(value: Any, unit: str = "") -> str:
    """Return ``value`` as people read it in ``unit``; `nan` is an en dash.

    A number without a unit of 1,000 and more has no decimals, of 100 and more one: amounts of money.

    >>> show(0.8379, "share"), show(40.41, "points"), show(-0.01, "points"), show(float("nan"))
    ('83.8 %', '40.4', '0.0', '–')
    >>> show(0.8379), show(117.288), show(28747.511)
    ('0.838', '117.3', '28,748')
    """
    if missing(value):
        return str(value) if isinstance(value, Hidden) else "–"
    if isinstance(value, bool) or not isinstance(value, (int, float)) and not hasattr(value, "__float__"):
        return str(value)
    factor, suffix, digits = UNITS.get(unit, UNITS[""])
    if unit not in UNITS or not unit:
        digits = 0 if abs(value) >= 999.5 else 1 if abs(value) >= 99.95 else digits
    return unsigned(f"{float(value) * factor:,.{digits}f}") + suffix


def unsigned(number: str) -> str:
    """Return a printed number with a true minus sign, and none before a zero.

    >>> unsigned("-0.00"), unsigned("-1,200")
    ('0.00', '−1,200')
    """
    return (number if number.strip("-0.,") else number.removeprefix("-")).replace("-", "−")


def how_many(n: Any) -> str:
    """Return a number of answers as people read it: '' for none, words where it is not shown.

    >>> how_many(1200), how_many("fewer than 10"), how_many(None)
    ('1,200', 'fewer than 10', '')
    """
    if isinstance(n, (str, Hidden)):
        return str(n)
    return "" if missing(n) or not n else f"{float(n):,.0f}"


def span(low: float, high: float, unit: str) -> str:
    """Return an interval as people read it.

    >>> span(0.562, 0.68, "share"), span(-3.2, 5.1, "points")
    ('56.2 to 68.0 %', '−3.2 to 5.1')
    """
    if math.isnan(low) and math.isnan(high):
        return "–"
    suffix = UNITS.get(unit, UNITS[""])[1]
    return f"{show(low, unit).removesuffix(suffix) if suffix else show(low, unit)} to {show(high, unit)}"


def difference(unit: str) -> str:
    """Return the unit of a difference: shares differ by percentage points ('pp').

    >>> show(0.06, difference("share")), show(4.2, difference("points"))
    ('6.0 pp', '4.2')
    """
    return "pp" if unit == "share" else unit


def level_of(unit: str) -> str:
    """Return the unit of what a difference is between: percentage points lie between shares.

    >>> level_of("pp"), level_of("points")
    ('share', 'points')
    """
    return "share" if unit == "pp" else unit


def named(value: object, column: str) -> str:
    """Return a level as a sentence names it: a bare code with what it is a code of.

    >>> named(3, "Occupation"), named("Germany", "Country"), named(2017, "Year")
    ('Occupation 3', 'Germany', '2017')
    """
    text = str(value)
    return f"{column} {text}" if text.isdigit() and len(text) < 4 else text


def row_units(table: Mapping[str, Any] | Any, column: Column, *, compared: bool) -> list[str]:
    """Return the unit of every cell of ``column``; in a table that compares, estimates are differences.

    Parameters
    ----------
    table : pandas frame of a result.
    column : one of its columns.
    compared : whether its estimates are held against something.
    """
    if column.unit != ROW:
        return [column.unit] * len(table)
    of = SHARED.get(column.name, ("", OWN, ""))[1]
    apart = of == DIFFERENT or (compared and column.name not in ("value", "benchmark"))
    return [difference(u) if apart else u for u in table["unit"]]
