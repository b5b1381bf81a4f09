"""``cxlab recipes``: the exports that are recognised by their columns and values, and what they become."""

from __future__ import annotations

import json
from typing import Any

import click

HEADERS = {
    "Qualtrics": "CSV with two or three header rows (names, question texts, ImportId)",
    "SurveyMonkey": "CSV with two header rows (questions, options)",
    "LimeSurvey": "CSV with question codes, or codes and texts",
    "Typeform": "CSV with whole questions, '#' and 'Submit Date (UTC)'",
    "Google Forms": "CSV with a time stamp and whole questions",
}
"""Survey platforms whose header rows tell them (`cxlab.data.readers.platforms`); they need no recipe."""


@click.command()
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print for machines.")
def recipes(name: str | None, as_json: bool) -> None:
    """List the layouts of exports and landed tables that are recognised, or tell what the one called NAME becomes.

    A layout is recognised by its columns and by their values, in a file, a folder of landed tables or a database.

    \b
    Examples:
      cxlab recipes
      cxlab recipes zendesk
      cxlab codebook infer tickets.csv --recipe zendesk-view
    """
    from cxlab.data import recipes as known

    if name:
        found = _described(known.recipe(name))
        click.echo(json.dumps(found, ensure_ascii=False, indent=2) if as_json else _lines(found))
        return
    table = [(r.name, r.title, r.row) for r in map(known.recipe, known.names())]
    if as_json:
        rows = [{"recipe": n, "title": t, "row": r} for n, t, r in table]
        rows += [{"recipe": "", "title": f"{p}, {how}", "row": "an answer"} for p, how in HEADERS.items()]
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    click.secho("Recognised by columns and values:", bold=True)
    for n, title, row in table:
        click.echo(f"  {n:<20} {title}: {row} a row")
    click.secho("\nRecognised by the header rows of a survey platform:", bold=True)
    for platform, how in HEADERS.items():
        click.echo(f"  {platform:<20} {how}")
    click.echo('\ncx.load("FILE") needs no more; of a database: cx.load("duckdb:///landed.duckdb", recipe="zendesk").')


def _described(of: Any) -> dict[str, Any]:
    tables = {
        alias: {"needs": list(s.needs), "values": dict(s.values), "persons left out": list(s.persons),
                "optional": s.optional}
        for alias, s in of.tables.items()
    }  # fmt: skip
    fields = [
        {"column": f.name, "title": f.label, "role": f.role, "measure": f.measure, "from": list(of.sources[f.name])}
        for f in of.fields
    ]
    return {"recipe": of.name, "title": of.title, "row": of.row, "tables": tables, "columns": fields,
            "notes": list(of.notes)}  # fmt: skip


def _lines(found: dict[str, Any]) -> str:
    lines = [f"{found['recipe']}: {found['title']}; a row is {found['row']}"]
    for alias, t in found["tables"].items():
        lines += [
            "",
            f"table {alias}{' (may be absent)' if t['optional'] else ''}",
            f"  needs   {', '.join(t['needs'])}",
        ]
        lines += [f"  values  {c}: {pattern}" for c, pattern in t["values"].items()]
        lines += [f"  people  {', '.join(t['persons left out'])} (left out)"] if t["persons left out"] else []
    lines += ["", "becomes"]
    for f in found["columns"]:
        what = " ".join(x for x in (f["role"], f["measure"]) if x)
        lines.append(f"  {f['column']:<16} {what:<26} {f['title']} (from {', '.join(f['from'])})")
    return "\n".join([*lines, "", *(f"note  {n}" for n in found["notes"])]).rstrip()
