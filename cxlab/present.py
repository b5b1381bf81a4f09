"""How a result prints: `text` for a terminal, `markup` for a page. Both ask the typed columns and nothing else."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from cxlab.columns import Column, Hidden, intervals, row_units, span, whole
from cxlab.languages.speech import label, maybe, said


class Result(Protocol):
    """What this module asks of a `cxlab.result.Result`."""

    title: str
    table: Any
    level: float
    method: str
    notes: tuple[str, ...]
    parts: Mapping[str, Any]
    columns: tuple[Column, ...]


OURS = ("metric",)
"""Columns of labels that are our words, not the customer's."""


def printed(table: Any, columns: Sequence[Column]) -> Any:
    """Return ``table`` as strings for people, every value as its column and its unit print.

    >>> import pandas as pd
    >>> from cxlab.columns import typed
    >>> table = pd.DataFrame({"brand": ["A"], "estimate": [0.25], "n": [1200]})
    >>> printed(table, typed(table, "share")).iloc[0].tolist()
    ['A', '25.0 %', '1,200']
    """
    out = table.astype(object)
    for column in columns:
        units = row_units(table, column, compared="against" in table)
        if column.kind == "number" and not column.unit and whole(table[column.name]):
            column = Column(column.name, "count", "", column.heading)
        out[column.name] = [column.show(v, u) for v, u in zip(table[column.name], units, strict=True)]
    return out


def text(result: Result) -> str:
    """Return title, table, method and notes as plain text."""
    notes = "".join(f"\n- {n}" for n in result.notes)
    columns, rows = grid(result)
    level = f"({result.level:.0%})" if _has_interval(result) else ""
    said = f"{result.method} {level}".strip()
    return "\n".join(line for line in (result.title, _lines(columns, rows), said) if line) + notes


def markup(result: Result) -> str:
    """Return the table as HTML for people: the interval in one column, items by their wording, numbers to the right."""
    columns, rows = grid(result)
    heads = [spoken_heading(c, result.parts.get("labels", {})) for c in columns]
    head = "".join(_cell("th scope='col'", words, c.numeric) for words, c in zip(heads, columns, strict=True))
    said_of = lambda row: (spoken(value, c) for c, value in zip(columns, row, strict=True))  # noqa: E731
    body = "".join(
        f"<tr>{''.join(_row(k, c, value) for k, (c, value) in enumerate(zip(columns, said_of(row), strict=True)))}</tr>"
        for row in rows
    )
    return f"<table class='cx-table'><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def spoken(value: str, column: Column) -> str:
    """Return a cell in the language that is spoken; labels are the customer's and stay, where they are not ours."""
    return label(value) if column.kind == "label" and column.name not in OURS else said(value)


def spoken_heading(column: Column, labels: Mapping[str, Any]) -> str:
    """Return the heading of a column in the language that is spoken; a question's wording stays."""
    if column.heading in {str(labels.get(column.name)), column.name}:
        return label(column.heading)
    return maybe(column.heading) if column.kind == "label" else said(column.heading)


def grid(result: Result) -> tuple[list[Column], list[list[str]]]:
    """Return what people read of a table: its columns, and the rows as text.

    Columns that say nothing are left out (the standard error that the interval shows, an effective size that is n), the
    two ends of an interval stand in one column, and labels are given in words.
    """
    raw, labels = shown(result), result.parts.get("labels", {})
    table, pairs = printed(raw, result.columns), intervals(result.columns)
    by_name = {c.name: c for c in result.columns}
    silent = _silent(result, raw) | {end for ends in pairs.values() for end in ends}
    columns, values = [], []
    for column in result.columns:
        for name, (low, high) in pairs.items():
            if column.name == low:
                heading = f"{result.level:.0%} interval" if name in ("interval", "of change") else _interval(name)
                columns.append(Column(name, "bound", column.unit, heading))
                values.append(_spans(raw, by_name[low], low, high))
        if column.name not in silent:
            columns.append(_headed(column, labels))
            words = {} if column.kind == "text" else labels  # a verdict is no question, whatever a question is called
            values.append([str(words.get(v, v)) for v in table[column.name]])
    return columns, [list(row) for row in zip(*values, strict=True)]


def shown(result: Result) -> Any:
    """The rows that people read: of a scorecard not those hidden for their few answers, which its notes count."""
    table = result.table
    if not result.parts.get("hides") or "estimate" not in table or "n" not in table:
        return table
    hidden = table["n"].map(lambda n: isinstance(n, Hidden)).astype(bool)
    return table if hidden.all() else table[~hidden]


def one_item(table: Any) -> bool:
    """Whether the column ``item`` says the same in every row, beside another label column."""
    names = list(table.columns)
    return "item" in names and names.index("item") > 0 and table["item"].nunique() == 1


def _silent(result: Result, raw: Any) -> set[str]:
    """Columns that say nothing to a reader."""
    silent = {"se", "unit"} - {
        c.name for c in result.columns if c.kind == "label"
    }  # labels of a unit of its own are shown
    if "n_eff" in raw and "n" in raw and ((raw["n_eff"].round() == raw["n"]) | raw["n_eff"].isna()).all():
        silent.add("n_eff")
    silent |= {"p"} if "p_adjusted" in raw else set()
    silent |= {c.name for c in result.columns if c.kind == "share"} if "change" in raw else set()
    return silent | ({"item"} if one_item(raw) else set())


def _headed(column: Column, labels: Any) -> Column:
    """A column under the wording of the question that it holds."""
    return Column(column.name, column.kind, column.unit, str(labels.get(column.name) or column.heading))


def _interval(name: str) -> str:
    words = name.replace("_", " ")
    return words[:1].upper() + words[1:]


def _spans(raw: Any, column: Column, low: str, high: str) -> list[str]:
    """The cells of an interval; of ranks and counts as whole numbers."""
    if column.kind == "rank":
        return [f"{column.show(a)} to {column.show(b)}" for a, b in zip(raw[low], raw[high], strict=True)]
    units = row_units(raw, column, compared="against" in raw)
    return [span(float(a), float(b), u) for a, b, u in zip(raw[low], raw[high], units, strict=True)]


def _has_interval(result: Result) -> bool:
    """Whether a row of the table has an interval of a confidence level."""
    pairs = intervals(result.columns)
    return any(result.table[low].notna().any() for low, _ in pairs.values())


def _lines(columns: list[Column], rows: list[list[str]]) -> str:
    """A table in letters of one width: labels to the left, numbers to the right."""
    widths = [max(len(c.heading), *(len(r[k]) for r in rows), 0) for k, c in enumerate(columns)]
    put = lambda words: "  ".join(  # noqa: E731
        w.rjust(width) if c.numeric else w.ljust(width) for w, c, width in zip(words, columns, widths, strict=True)
    ).rstrip()
    return "\n".join([put([c.heading for c in columns]), *map(put, rows)]) if columns else ""


def _row(k: int, column: Column, value: str) -> str:
    return _cell("th scope='row'" if k == 0 else "td", value, column.numeric)


def _cell(tag: str, value: object, numeric: bool) -> str:
    name = tag.split()[0]
    return f"<{tag}{' class=num' if numeric else ''}>{html.escape(str(value))}</{name}>"
