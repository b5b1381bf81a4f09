"""What a user gets back: one `Estimate`, or a `Result` with a tidy table of them.

Full precision inside; rounding only where something is printed. What could not be
estimated is ``nan`` with its reason in ``notes``, never a silent drop.
"""

from __future__ import annotations

import html
import importlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

MIME = "application/vnd.cxlab.result+json"
"""Results carry their numbers in a notebook's outputs under this type; the report collects them from there."""

UNITS = {
    "share": (100, " %", 1),
    "pp": (100, " pp", 1),
    "points": (1, "", 1),
    "mean": (1, "", 2),
    "index": (1, "", 1),
    "": (1, "", 3),
}
"""How each unit prints: factor, suffix, decimals. Units not listed print like ''."""


def show(value: Any, unit: str = "") -> str:
    """Return ``value`` as people read it in ``unit``; `nan` is an en dash.

    >>> show(0.8379, "share"), show(40.41, "points"), show(-0.01, "points"), show(float("nan"))
    ('83.8 %', '40.4', '0.0', '–')
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "–"
    if isinstance(value, bool) or not isinstance(value, (int, float)) and not hasattr(value, "__float__"):
        return str(value)
    factor, suffix, digits = UNITS.get(unit, UNITS[""])
    text = f"{float(value) * factor:,.{digits}f}"
    text = text.removeprefix("-") if not text.strip("-0.,") else text
    return f"{text}{suffix}".replace("-", "−")


def plain(value: Any) -> Any:
    """Return ``value`` with only JSON types: NumPy scalars become numbers, `nan` and infinities become None."""
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if hasattr(value, "to_dict") and hasattr(value, "columns"):
        return [plain(row) for row in value.to_dict("records")]
    if hasattr(value, "to_dict") and not isinstance(value, type):
        return plain(value.to_dict())
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(v) for v in value]
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, (str, int, bool)):
        return value
    return str(value)


@dataclass(frozen=True)
class Estimate:
    """One number with its uncertainty.

    ``value``, ``low``, ``high`` and ``se`` are in ``unit``; ``level`` is the confidence level of the
    interval; ``n`` counts answers, ``n_eff`` is the size of a simple random sample of the same precision.
    ``method`` names the procedure that really ran.
    """

    name: str
    value: float
    low: float = math.nan
    high: float = math.nan
    level: float = 0.95
    se: float = math.nan
    n: int = 0
    n_eff: float = math.nan
    unit: str = ""
    method: str = ""
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        u = self.unit
        tail = f", n = {self.n:,}" if self.n else ""
        return (
            f"{self.name}: {show(self.value, u)} [{show(self.low, u)}, {show(self.high, u)}] ({self.level:.0%}{tail})"
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON types."""
        return plain({k: getattr(self, k) for k in self.__dataclass_fields__})

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict[str, Any]:
        notes = "".join(f"<li>{html.escape(n)}</li>" for n in self.notes)
        body = f"<p class='cx-estimate'><strong>{html.escape(str(self))}</strong></p>"
        body += f"<p class='cx-method'>{html.escape(self.method)}</p>" if self.method else ""
        return {
            "text/plain": str(self),
            "text/html": body + (f"<ul class='cx-notes'>{notes}</ul>" if notes else ""),
            MIME: {"kind": "estimate", **self.to_dict()},
        }


@dataclass(frozen=True, repr=False)
class Result:
    """Several numbers with their uncertainty: one tidy table and how it came about.

    Parameters
    ----------
    kind : name of the function of `cxlab.plots` that draws it; also its key in a report's ``results.json``.
    title : what a reader sees above the table.
    table : tidy `pandas.DataFrame`, one row a number: label columns first, then ``estimate, low, high, se, n, n_eff``
        as far as they exist.
    unit : of ``estimate``, ``low``, ``high``, ``se``: 'share' (0 to 1), 'points' (-100 to 100), 'mean', 'index'
        (0 to 100) or ''; a column ``unit`` gives each row its own.
    method : the procedure that ran, with its corrections.
    notes : every caveat; they are printed wherever the table is.
    parts : further tables, arrays or facts of the same analysis, by name.
    """

    kind: str
    title: str
    table: Any
    unit: str = ""
    level: float = 0.95
    method: str = ""
    notes: tuple[str, ...] = ()
    parts: Mapping[str, Any] = field(default_factory=dict)

    def __getitem__(self, label: str) -> Any:
        """Return the row whose first label column equals ``label`` as an `Estimate`."""
        first = self.table.columns[0]
        rows = self.table[self.table[first].astype(str) == str(label)]
        if len(rows) != 1:
            there = ", ".join(map(str, self.table[first].unique()))
            raise KeyError(f"{len(rows)} rows have {first} = {label!r}; there are: {there}")
        row = rows.iloc[0]
        get = lambda k, default=math.nan: row[k] if k in row.index else default  # noqa: E731
        return Estimate(
            str(label),
            float(get("estimate")),
            float(get("low")),
            float(get("high")),
            self.level,
            float(get("se")),
            int(get("n", 0)),
            float(get("n_eff")),
            self.unit,
            self.method,
            self.notes,
        )

    @property
    def caption(self) -> str:
        """The title, with the one item that all rows are about where the table does not show it."""
        items = self.table["item"].unique() if _one_item(self.table) else ()
        names = [str(self.parts.get("labels", {}).get(i, i)) for i in items]
        return self.title + "".join(f": {name}" for name in names if name not in self.title)

    def plot(self, ax=None, **options):
        """Draw the result; returns the Matplotlib axes."""
        return getattr(importlib.import_module("cxlab.plots"), self.kind)(self, ax=ax, **options)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON types, in full precision; ``columns`` keeps the order of the table's columns."""
        return plain({k: getattr(self, k) for k in self.__dataclass_fields__} | {"columns": list(self.table.columns)})

    def __repr__(self) -> str:
        notes = "".join(f"\n- {n}" for n in self.notes)
        table = printed(self.table, self.unit).to_string(index=False)
        level = f"({self.level:.0%})" if _intervals(self.table) else ""
        said = f"{self.method} {level}".strip()
        return "\n".join(line for line in (self.title, table, said) if line) + notes

    def _repr_html_(self) -> str:
        notes = "".join(f"<li>{html.escape(n)}</li>" for n in self.notes)
        parts = [f"<figcaption>{html.escape(self.caption)}</figcaption>", markup(self)]
        if notes:
            parts.append(f"<ul class='cx-notes'>{notes}</ul>")
        if self.method:
            parts.append(f"<details class='cx-method'><summary>Method</summary>{html.escape(self.method)}</details>")
        return f"<figure class='cx-result'>{''.join(parts)}</figure>"

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict[str, Any]:
        return {"text/plain": repr(self), "text/html": self._repr_html_(), MIME: self.to_dict()}


IN_UNIT = ("estimate", "low", "high", "se")
DIFFERENCES = ("change", "change_low", "change_high", "detectable", "difference", "half_width")
"""Columns that hold differences; so do those of `IN_UNIT` in a table that says what each row is held ``against``."""


def difference(unit: str) -> str:
    """Return the unit of a difference: shares differ by percentage points ('pp').

    >>> show(0.06, difference("share")), show(4.2, difference("points"))
    ('6.0 pp', '4.2')
    """
    return "pp" if unit == "share" else unit


def column_units(table: Any, unit: str, name: str) -> list[str]:
    """Return the unit of every cell of column ``name``."""
    units = list(table["unit"]) if "unit" in table else [unit] * len(table)
    return [difference(u) for u in units] if name in DIFFERENCES or "against" in table else units


def printed(table: Any, unit: str) -> Any:
    """Return ``table`` as strings for people: estimates in their unit (or the row's), p-values and counts as usual."""
    out = table.copy()
    for name in out.columns:
        if name in (*IN_UNIT, *DIFFERENCES):
            out[name] = [show(v, u) for v, u in zip(out[name], column_units(table, unit, name), strict=True)]
        elif str(name).startswith("p_") or name == "p":
            out[name] = [
                "–" if math.isnan(v) else "< 0.001" if v < 0.001 else f"{v:.3f}" for v in out[name].astype(float)
            ]
        elif name in ("n", "n_eff"):
            out[name] = ["–" if v != v else f"{v:,.0f}" for v in out[name]]
        elif out[name].dtype.kind == "f":
            out[name] = [show(v) for v in out[name]]
    return out


HEADINGS = {"share": "Share", "points": "Score", "mean": "Mean", "index": "Index"}
SHARES = ("detractors", "passives", "promoters", "share")


def markup(result: Result) -> str:
    """Return the table as HTML for people: the interval in one column, items by their wording, numbers to the right.

    Columns that say nothing are left out (the standard error that the interval shows, an effective size that is n).
    """
    raw, labels = _shown(result), result.parts.get("labels", {})
    table = printed(raw, result.unit)
    for name in SHARES:
        if name in raw:
            table[name] = [show(v, "share") for v in raw[name]]
    for name in result.parts.get("in_unit", ()):
        table[name] = [show(v, u) for v, u in zip(raw[name], column_units(raw, result.unit, name), strict=True)]
    pairs = _pairs(raw)
    for name, (low, high) in pairs.items():
        whole, units = raw[low].dtype.kind == "i", column_units(raw, result.unit, low)
        shown = [f"{a} to {b}" if whole else span(a, b, u) for a, b, u in zip(raw[low], raw[high], units, strict=True)]
        table.insert(table.columns.get_loc(low), name, shown)
    if _one_item(raw):
        table = table.drop(columns="item")
    silent = {"se", "unit", *(bound for ends in pairs.values() for bound in ends)}
    same = "n_eff" in raw and "n" in raw and ((raw["n_eff"].round() == raw["n"]) | raw["n_eff"].isna()).all()
    silent |= {"n_eff"} if same else set()
    silent |= {"p"} if "p_adjusted" in raw else set()
    silent |= set(SHARES) if "change" in raw else set()
    table = table.drop(columns=[c for c in table if c in silent])
    numeric = {c for c in table if c in pairs or (c in raw and raw[c].dtype.kind in "iufc")}
    heading = "Difference" if "against" in raw else HEADINGS.get(result.unit, "Estimate")
    names = {"estimate": heading, "interval": f"{result.level:.0%} interval", "n": "n"}
    names |= {"item": "Question", "of change": f"{result.level:.0%} interval"}
    names |= {
        "n_eff": "Effective n",
        "p": "p",
        **{c: f"p, {c[2:].replace('_', ' ')}" for c in table if str(c).startswith("p_")},
    }
    head = "".join(_cell("th scope='col'", names.get(c) or labels.get(c) or _words(c), c in numeric) for c in table)
    rows = [
        "".join(
            _cell("th scope='row'" if k == 0 else "td", labels.get(value, value), c in numeric)
            for k, (c, value) in enumerate(zip(table.columns, row, strict=True))
        )
        for row in table.itertuples(index=False)
    ]
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    return f"<table class='cx-table'><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _shown(result: Result) -> Any:
    """The rows that people read: of a scorecard not those hidden for their few answers, which its notes count."""
    table = result.table
    if result.kind != "scorecard" or "estimate" not in table or "n" not in table:
        return table
    hidden = table["estimate"].isna() & (table["n"] > 0)
    return table if hidden.all() else table[~hidden]


def _pairs(raw: Any) -> dict[str, tuple[str, str]]:
    """Columns that are the two ends of an interval, by the name of the column that shows it."""
    stems = [c.removesuffix("_low") for c in map(str, raw.columns) if c.endswith("_low") and f"{c[:-4]}_high" in raw]
    named = {("of change" if s == "change" else f"{s}_interval"): (f"{s}_low", f"{s}_high") for s in stems}
    return ({"interval": ("low", "high")} if {"low", "high"} <= set(raw.columns) else {}) | named


def _intervals(table: Any) -> bool:
    """Whether a row of the table has an interval."""
    return any(table[low].notna().any() for low, _ in _pairs(table).values())


def _one_item(table: Any) -> bool:
    """Whether the column ``item`` says the same in every row, beside another label column."""
    names = list(table.columns)
    return "item" in names and names.index("item") > 0 and table["item"].nunique() == 1


def named(value: object, column: str) -> str:
    """Return a level as a sentence names it: a bare code with what it is a code of.

    >>> named(3, "Occupation"), named("Germany", "Country"), named(2017, "Year")
    ('Occupation 3', 'Germany', '2017')
    """
    text = str(value)
    return f"{column} {text}" if text.isdigit() and len(text) < 4 else text


def span(low: float, high: float, unit: str) -> str:
    """Return an interval as people read it.

    >>> span(0.562, 0.68, "share"), span(-3.2, 5.1, "points")
    ('56.2 to 68.0 %', '−3.2 to 5.1')
    """
    if math.isnan(low) and math.isnan(high):
        return "–"
    suffix = UNITS.get(unit, UNITS[""])[1]
    return f"{show(low, unit).removesuffix(suffix) if suffix else show(low, unit)} to {show(high, unit)}"


def _words(name: object) -> str:
    text = str(name).replace("_", " ")
    return text[:1].upper() + text[1:]


def _cell(tag: str, value: object, numeric: bool) -> str:
    name = tag.split()[0]
    return f"<{tag}{' class=num' if numeric else ''}>{html.escape(str(value))}</{name}>"
