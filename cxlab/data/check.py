"""`check`: data against their codebook, in one scan: values outside the scale, undeclared codes, unused labels, ..."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import duckdb
import narwhals as nw

from cxlab.data import conform
from cxlab.data.arguments import public
from cxlab.data.codebook import Field
from cxlab.data.masking import quotable
from cxlab.data.readers.dialect import broken
from cxlab.data.readers.raw import number, quoted
from cxlab.data.study import Study
from cxlab.stats.counts.fetched import fetched

MANY = 20
"""Different values of one problem in one column that are listed one by one; the rest is summed up."""


COUNTED = (
    "outcome",
    "touchpoint",
    "importance",
    "operation",
    "weight",
    "wave",
    "brand",
    "cluster",
    "strata",
    "segment",
)
"""Roles whose columns must have answers; those without codes or scale are only looked at for that."""


@dataclass(frozen=True)
class Finding:
    """One disagreement between data and codebook.

    ``problem`` is 'outside the scale', 'undeclared code', 'text in numbers', 'no answers', 'not in the data',
    'not in the codebook' or 'unused label'; ``value`` the code it is about, ``n`` the rows with it; ``do`` what to do.
    Remarks (``serious`` is False) leave the data usable as they are: the last two problems, and an empty column
    without a role.
    """

    column: str
    problem: str
    value: str
    n: int
    do: str
    serious: bool = True

    def __str__(self) -> str:
        value = f" {self.value}" if self.value else ""
        rows = f", {self.n:,} rows" if self.n else ""
        return f"{self.column}: {self.problem}{value}{rows}; {self.do}"

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON types."""
        return asdict(self)


@public
def check(study: Study) -> tuple[Finding, ...]:
    """Return where the data of ``study`` and its codebook disagree; an empty tuple means nowhere.

    Values are counted in the raw table, in one scan of it, however large it is.

    Raises
    ------
    DataProblem : the engine stops at text among numbers, beyond the rows looked at when the file was opened.

    >>> import pandas as pd, cxlab as cx
    >>> book = cx.Codebook("s", (cx.Field("q", scale=cx.Scale(1, 5), missing={"9": "refused"}),))
    >>> print(*cx.check(cx.load(pd.DataFrame({"q": [1, 5, 6, 9]}), codebook=book)))
    q: outside the scale 6, 1 rows; 1 to 5 is declared: declare 6 as a missing code, correct it, or widen the scale
    """
    columns = study.columns
    declared = [c for f in study.codebook for c in (f.columns or (f.name,))]
    findings = [
        Finding(c, "not in the data", "", 0, "the codebook declares it: correct its name or take it out")
        for c in conform.absent(study.codebook, columns)
    ]
    findings += [
        Finding(c, "not in the codebook", "", 0, "declare it if an analysis needs it", serious=False)
        for c in columns
        if c not in declared and c not in study.codebook
    ]
    used = [f for f in study.codebook if f.scale or f.labels or f.missing or f.role in COUNTED]
    there = [f for f in used if f.name in columns and not f.columns]
    coded = [f.name for f in there if f.scale or f.labels or f.missing]
    rows, filled, counts = tallies(study, [f.name for f in there], coded)
    for field in there:
        findings += _of_column(field, rows, filled[field.name], counts.get(field.name))
    return tuple(findings)


def tallies(
    study: Study, columns: list[str], coded: list[str]
) -> tuple[int, dict[str, int], dict[str, dict[str, int]]]:
    """Return the rows, the answers in each of ``columns``, and value → rows for each of ``coded``, in one scan."""
    native = fetched(study.lazy, study.name, to="pyarrow").to_native() if _in_memory(study.table) else study.table
    if isinstance(native, duckdb.DuckDBPyRelation):
        table = native
    elif _in_memory(study.table):
        table = duckdb.from_arrow(nw.from_native(native).to_arrow())
    else:
        return _unpivoted(study, columns, coded)
    asked = ["count(*)", *(f"count({quoted(c)})" for c in columns), *(f"histogram({quoted(c)})" for c in coded)]
    try:
        rows, *told = table.aggregate(", ".join(asked)).fetchall()[0]
    except duckdb.Error as error:
        raise broken(error, study.name) from error
    counts = {c: _texts(h) for c, h in zip(coded, told[len(columns) :], strict=True)}
    return rows, dict(zip(columns, told, strict=False)), counts


def _in_memory(table: Any) -> bool:
    return not isinstance(nw.from_native(table), nw.LazyFrame) or type(table).__module__.startswith("polars")


def _unpivoted(
    study: Study, columns: list[str], coded: list[str]
) -> tuple[int, dict[str, int], dict[str, dict[str, int]]]:
    """The same through Narwhals, for tables that live elsewhere (Spark, Ibis): one scan of column and value."""
    frame = study.lazy.select(*(nw.col(c).cast(nw.String) for c in columns))
    long = frame.unpivot(on=columns, variable_name="column", value_name="value")
    found = long.group_by("column", "value").agg(nw.len().alias("n")).collect("pyarrow").to_native().to_pylist()
    filled, counts = dict.fromkeys(columns, 0), {c: {} for c in coded}
    for row in found:
        if row["value"] is not None:
            filled[row["column"]] += row["n"]
            if row["column"] in counts:
                counts[row["column"]] |= _texts({row["value"]: row["n"]})
    return len(study), filled, counts


def _texts(histogram: Mapping[Any, int] | None) -> dict[str, int]:
    """Return value → rows with values as they stand in a codebook: whole numbers without a decimal point."""
    out: dict[str, int] = {}
    for value, n in (histogram or {}).items():
        as_number = number(value) if not isinstance(value, bool) else None
        text = f"{as_number:.12g}" if as_number is not None else str(value).strip()
        if value == value:
            out[text] = out.get(text, 0) + n
    return out


def _of_column(field: Field, rows: int, filled: int, counts: dict[str, int] | None) -> list[Finding]:
    missing = set(field.missing)
    answered = filled if counts is None else sum(n for v, n in counts.items() if v not in missing)
    if rows and not answered:
        codes = " but missing codes" if filled else ""
        return [
            Finding(field.name, "no answers", "", rows, f"the column holds nothing{codes}: take it out or export again")
        ]
    if counts is None:
        return []
    values = {v: n for v, n in counts.items() if v not in missing}
    labels = dict(field.scale.labels) if field.scale and field.scale.labels else dict(field.labels)
    findings = _wrong(field, values, labels)
    unused = [c for c in labels if c not in counts and c not in missing and labels[c] not in counts]
    findings += [
        Finding(field.name, "unused label", c, 0, f"nobody answered '{labels[c]}'", serious=False) for c in unused
    ]
    return findings


def _wrong(field: Field, values: Mapping[str, int], labels: Mapping[str, str]) -> list[Finding]:
    """Return values that the codebook does not allow, the most frequent first."""
    found: dict[str, list[tuple[str, int]]] = {}
    complete = len(labels) > 2 if field.scale is None else len(labels) >= field.scale.points
    for value, n in sorted(values.items(), key=lambda x: (-x[1], x[0])):
        v = number(value)
        if field.type in conform.NUMERIC and v is None:
            found.setdefault("text in numbers", []).append((value, n))
        elif field.scale and (v is None or not field.scale.allows(v)):
            found.setdefault("outside the scale", []).append((value, n))
        elif labels and complete and value not in labels and value not in labels.values():
            found.setdefault("undeclared code", []).append((value, n))
    return [f for problem, cases in found.items() for f in _listed(field, problem, cases)]


def _listed(field: Field, problem: str, cases: list[tuple[str, int]]) -> list[Finding]:
    allowed = f"{field.scale.minimum:g} to {field.scale.maximum:g} is declared: " if field.scale else ""
    advice = {
        "outside the scale": "{allowed}declare {value} as a missing code, correct it, or widen the scale",
        "undeclared code": "give it a label or declare it as a missing code",
        "text in numbers": "correct it, declare it as a missing code or label, or declare the column as string",
    }[problem]
    shown = [
        Finding(field.name, problem, v, n, advice.format(allowed=allowed, value=v))
        for v, n in ((quotable(v), n) for v, n in cases[:MANY])
    ]
    if len(cases) > MANY:
        rest = cases[MANY:]
        more = f"and {len(rest)} more values"
        shown.append(
            Finding(field.name, problem, more, sum(n for _, n in rest), advice.format(allowed=allowed, value="them"))
        )
    return shown
