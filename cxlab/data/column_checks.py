"""Checks of every column for itself: values that cannot be, constants, outliers, one category written in two ways.

Each returns findings and changes nothing. Everything is counted where the data lie.
"""

from __future__ import annotations

import datetime
import re
import shlex
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import narwhals as nw

from cxlab.data.codebook import Field
from cxlab.data.finding import Finding, collected, counts, filled, length
from cxlab.data.masking import quotable
from cxlab.data.study import Study
from cxlab.stats.counts import quantiles

NUMERIC = ("integer", "number")
AT_ONCE = 150
"""Columns looked at in one scan: engines plan few columns faster than thousands."""

HEAD = 20_000
"""First rows that tell which columns vary, or have too many different texts."""

MANY = 400
"""A column with more different texts than this is no column of categories."""

FAR = 15.0
"""Quartile ranges beyond the quartiles from which on a number is far out; a normal one lies there once in 10^24."""

SKEWED = 5.0
"""The same for numbers above 0 on their logarithms, since spending and waits have long tails."""

CELLS = 100_000_000
"""Larger tables are not searched for whole rows that repeat."""

DAY = datetime.timedelta(days=1)


@dataclass(frozen=True)
class Limits:
    """What numbers of a kind can be: the words that name them, the least, the most, what it is."""

    words: str
    low: float
    high: float
    what: str


KINDS = (
    Limits(r"birth.?year|year.?(of.?)?birth|\byob\b|geburtsjahr|naissance|nacimiento|nascita", 1900, float("nan"),
           "a year of birth"),
    Limits(r"\bage\b|\balter\b|\bâge\b|\bedad\b|\betà\b|\bidade\b|leeftijd|\bwiek\b|возраст|ηλικία|\byaş\b|年龄|年齢|나이"
           r"|العمر", 0, 115, "an age"),
    Limits(r"\b(wait|waiting|delay|duration|handling time|minutes|seconds|wartezeit|dauer|attente|espera)\b", 0,
           float("inf"), "a time"),
    Limits(r"\b(tenure|visits|purchases|orders|nights|stays|quantity|count|number of)\b", 0, float("inf"), "a number"),
)  # fmt: skip
"""Numbers that cannot be just anything; the first that fits the name or title of a column decides."""


def columns(study: Study, kinds: Iterable[str] = ()) -> list[Field]:
    """Return the fields that are one column of the table, of these types."""
    there, wanted = set(study.columns), tuple(kinds)
    return [f for f in study.codebook if f.name in there and not f.columns and (not wanted or f.type in wanted)]


def limits(f: Field) -> Limits | None:
    """Return what the numbers of a field can be, or None.

    >>> limits(Field("Customer Age")).what, limits(Field("usage")), limits(Field("tenure_months")).low
    ('an age', None, 0)
    """
    said = re.sub(r"[_.\W]+", " ", f"{f.name} {f.title}").casefold()
    return next((k for k in KINDS if re.search(k.words, said)), None) if f.scale is None else None


def impossible(study: Study, today: datetime.date | None = None) -> Iterator[Finding]:
    """Ages, times, numbers and years that cannot be, and dates long ago or to come."""
    today = today or datetime.date.today()
    asked: list[tuple[Field, str, str, nw.Expr]] = []
    for f in columns(study, NUMERIC):
        kind = limits(f)
        if kind is None or f.labels:
            continue
        high = today.year if kind.high != kind.high else kind.high
        x = nw.col(f.name)
        asked.append((f, "serious", f"{kind.what} below {kind.low:g}" + (f" or above {high:g}" if high < 1e9 else ""),
                      (x < kind.low) | (x > high) if high < 1e9 else x < kind.low))  # fmt: skip
    schema = study.lazy.collect_schema() if columns(study, ("date", "datetime")) else {}
    for f in columns(study, ("date", "datetime")):
        if schema[f.name] not in (nw.Date, nw.Datetime):
            continue
        born = bool(re.search(r"birth|geburt|naissance|nacimiento", f"{f.name} {f.title}".casefold()))
        first = datetime.date(1900 if born else 1990, 1, 1)
        x = nw.col(f.name).cast(nw.Date)
        asked.append((f, "look", f"a date before {first.year} or after tomorrow", (x < first) | (x > today + DAY)))
    for (f, level, said, rows), k, n in _counted(study, asked):
        if k:
            seen = _seen(study, f, rows)
            shown = ", ".join(_shown(v) for v in seen)
            yield Finding(level, "impossible value", f.name, k, n, f"{said}: {shown}",
                          f"a code for no answer, or a slip: correct it, or {_settle(f, seen)}", rows)  # fmt: skip


def _counted(study: Study, asked: list[tuple[Field, str, str, nw.Expr]]) -> Iterator[tuple[Any, int, int]]:
    for at in range(0, len(asked), AT_ONCE):
        part = asked[at : at + AT_ONCE]
        found = counts(study.frame, [c for f, _, _, rows in part for c in (rows, filled(f.name))])
        yield from zip(part, found[::2], found[1::2], strict=True)


def _seen(study: Study, f: Field, rows: nw.Expr) -> Any:
    """Return up to five different values of a column in some rows."""
    return collected(study.frame.filter(rows).select(nw.col(f.name).alias("v")).unique().sort("v").head(5))["v"]


def _shown(v: Any) -> str:
    return f"{v:.12g}" if isinstance(v, (int, float)) else str(v)[:10]


def _settle(f: Field, seen: Any) -> str:
    if f.type not in NUMERIC:
        return "give the column no role"
    return f"declare it: cxlab codebook set FILE {shlex.quote(f.name)} missing={','.join(_shown(v) for v in seen)}"


def constant(study: Study, n: int) -> Iterator[Finding]:
    """Columns with one value in all rows: nothing to compare, no segment, no driver."""
    fields = [f for f in columns(study) if f.role not in ("text", "wave", "brand")]
    for at in range(0, len(fields) if n > 1 else 0, AT_ONCE):
        part = fields[at : at + AT_ONCE]
        if n > HEAD:  # what varies at the start need not be counted to the end
            part = [f for f, k in zip(part, _different(study.frame.head(HEAD), part), strict=True) if k == 1]
        known = counts(study.frame, [filled(f.name) for f in part])
        for f, different, k in zip(part, _different(study.frame, part), known, strict=True):
            if different == 1 and k == n:
                level = "look" if f.role or f.scale else "fine"
                said = "one value in all rows"
                yield Finding(level, "constant", f.name, n, n, said, "it explains nothing: leave it out")


def _different(frame: nw.LazyFrame, fields: list[Field]) -> list[int]:
    """Return how many different values each column has."""
    asked = [nw.col(f.name).n_unique().alias(f"u{i}") for i, f in enumerate(fields)]
    return [int(k) for k in collected(frame.select(*asked)).iloc[0]] if asked else []


def outliers(study: Study, n: int) -> Iterator[Finding]:
    """Numbers without a scale that lie extremely far from the others: codes for no answer, slips, another unit."""
    measured = [f for f in columns(study, NUMERIC) if f.scale is None and not f.labels
                and f.role not in ("id", "cluster", "strata", "weight", "wave", "brand", "segment")]  # fmt: skip
    for at in range(0, len(measured), AT_ONCE):
        part = measured[at : at + AT_ONCE]
        quartiles = quantiles.of_columns(study.frame, [f.name for f in part], (0.25, 0.75), rows=n)
        conditions = []
        for f, (low, high) in zip(part, quartiles.tolist(), strict=True):
            x = nw.col(f.name).cast(nw.Float64)
            if high > low:
                most = max(high + FAR * (high - low), high * (high / low) ** SKEWED if low > 0 else high)
                conditions.append((f, low, high, (x < low - FAR * (high - low)) | (x > most)))
        found = counts(study.frame, [rows for *_, rows in conditions])
        for (f, low, high, rows), k in zip(conditions, found, strict=True):
            if k:
                seen = _seen(study, f, rows)
                said = f"{', '.join(_shown(v) for v in seen)}; half of the answers lie between {low:g} and {high:g}"
                do = f"if it is no answer, declare it: cxlab codebook set FILE {shlex.quote(f.name)} missing="
                yield Finding("look", "outlier", f.name, k, len(study), said, do + _shown(seen.iloc[-1]), rows)


def variants(study: Study, n: int) -> Iterator[Finding]:
    """Categories that differ only by case, blanks, or the Unicode form of their letters."""
    texts = [f for f in columns(study, ("string",)) if f.role not in ("id", "text", "cluster", "date")]
    schema = study.lazy.collect_schema() if texts else {}
    texts = [f for f in texts if schema[f.name] == nw.String]
    few: list[Field] = []
    for at in range(0, len(texts), AT_ONCE):
        part = texts[at : at + AT_ONCE]
        few += [f for f, k in zip(part, _different(study.frame.head(HEAD), part), strict=True) if k <= MANY]
    for f in few:
        table = collected(study.frame.select(nw.col(f.name).alias("v")).group_by("v").agg(nw.len().alias("n"))).dropna()
        groups: dict[str, list[tuple[int, str]]] = {}
        for value, k in table.itertuples(index=False):
            groups.setdefault(one_form(value), []).append((int(k), value))
        split = [sorted(g, reverse=True) for g in groups.values() if len(g) > 1]
        if split:
            rare = [v for g in split for _, v in g[1:]]
            listed = "; ".join(" and ".join(f"'{quotable(v)}' ({k:,})" for k, v in g) for g in split[:3])
            more = f"; and {len(split) - 3} more" if len(split) > 3 else ""
            level = "serious" if f.role in ("segment", "brand", "wave", "outcome") else "look"
            k = sum(k for g in split for k, _ in g[1:])
            yield Finding(level, "spelling", f.name, k, n, f"one category in several spellings: {listed}{more}",
                          "make them one in the data, or with study.derive", nw.col(f.name).is_in(rare))  # fmt: skip


def one_form(text: str) -> str:
    """Return a category as it is meant: Unicode composed, no double or outer blanks, no case.

    >>> one_form(" North\\u00a0 West ") == one_form("north west"), one_form("Cafe\\u0301") == one_form("Café")
    (True, True)
    """
    return " ".join(unicodedata.normalize("NFKC", text).replace("\u200b", "").casefold().split())


def whole_rows(study: Study, n: int) -> Iterator[Finding]:
    """Rows that are equal to another in every column; in a narrow table without ids that may be chance."""
    if n * len(study.columns) > CELLS or len(study.columns) < 2:
        return
    k = n - length(study.lazy.unique())
    if k:
        wide = len(study.columns) >= 10 or any(study.codebook.role(r) for r in ("id", "text"))
        yield Finding("serious" if wide and k >= 0.01 * n else "look", "duplicate row", "whole rows", k, n,
                      "rows that are equal to another in every column" + ("" if wide else ", which may be chance here"),
                      "if they were exported twice: cx.drop(study, 'duplicate row')")  # fmt: skip
