"""The table of a view with rows and columns: an estimate, its interval and its answers in each cell."""

from __future__ import annotations

import html

from cxlab.columns import show, span
from cxlab.panel.view import View
from cxlab.result import Result


def grid(result: Result, view: View) -> str:
    """Return a result by two groups as an HTML table: ``view.rows`` down, ``view.columns`` across.

    Where the result is sorted, rows stand as their best cells do.
    """
    table, rows, columns = result.table, view.rows, view.columns
    down, across = list(dict.fromkeys(table[rows])), list(dict.fromkeys(table[columns]))
    if view.highest_first:
        across = sorted(across, key=list(result.table.sort_index()[columns]).index)
    said = {(r[rows], r[columns]): r for r in table.to_dict("records")}
    labels = result.parts.get("labels", {})
    name = lambda c: html.escape(str(labels.get(c, c)))  # noqa: E731
    head = "".join(f"<th scope='col' style='text-align:right'>{html.escape(str(c))}</th>" for c in across)
    lines = []
    for row in down:
        cells = "".join(_cell(said.get((row, c)), result.unit) for c in across)
        lines.append(f"<tr><th scope='row' style='text-align:left'>{html.escape(str(row))}</th>{cells}</tr>")
    notes = "".join(f"<li>{html.escape(n)}</li>" for n in result.notes)
    return (
        f"<div style='overflow-x:auto'><table><caption style='text-align:left'>{html.escape(result.caption)}</caption>"
        f"<thead><tr><th style='text-align:left'>{name(rows)} \\ {name(columns)}</th>{head}</tr></thead>"
        f"<tbody>{''.join(lines)}</tbody></table></div><ul>{notes}</ul><p>{html.escape(result.method)}</p>"
    )


def _cell(row: dict | None, unit: str) -> str:
    if row is None or row["estimate"] != row["estimate"]:
        return f"<td style='text-align:right'>{'' if row is None else '–'}</td>"
    n = row["n"] if isinstance(row["n"], str) or row["n"] != row["n"] else f"{int(row['n']):,}"
    return (
        f"<td style='text-align:right'>{show(row['estimate'], unit)}<br>"
        f"<small>{span(row['low'], row['high'], unit)}<br>n = {n}</small></td>"
    )
