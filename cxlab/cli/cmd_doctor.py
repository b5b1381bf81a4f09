"""`cxlab doctor`: what is wrong with the data, the rows it concerns, what to do."""

from __future__ import annotations

import json
import shlex
import shutil
import sys
import textwrap

import click

from cxlab.cli.reading import reads_data
from cxlab.columns import show
from cxlab.result import Result

COLOURS = {"serious": "red", "look": "yellow", "fine": "green"}
SAID = {
    "serious": "results are wrong until this is dealt with",
    "look": "may be right: look and decide",
    "fine": "nothing to do",
}


@click.command()
@click.argument("data")
@click.option("--duration", default="", help="Column with the length of the interview.")
@click.option("--missing", is_flag=True, help="Also list what is missing, by question and reason.")
@click.option("--json", "as_json", is_flag=True, help="Print everything for machines.")
@reads_data
def doctor(data: str, duration: str, missing: bool, as_json: bool) -> None:
    """Say what is wrong with DATA (a file, or a name in the catalogue) and what to do. Changes nothing.

    Exit code 0: nothing serious; 1: something serious; 2: the data cannot be read.

    \b
    Examples:
      cxlab doctor survey.csv
      cxlab doctor airline-survey --missing
      cxlab doctor export.sav --duration minutes --json
    """
    from cxlab.data.load import load
    from cxlab.data.quality import quality
    from cxlab.data.readers.delimited import broken

    study = load(data)
    try:
        result = quality(study, duration=duration)
    except Exception as problem:
        if type(problem).__module__ not in ("duckdb", "_duckdb"):
            raise
        raise broken(problem, study.name) from problem
    serious = bool((result.table["level"] == "serious").any())
    click.echo(
        json.dumps(result.to_dict(), indent=1, ensure_ascii=False) if as_json else printed(result, missing, data)
    )
    sys.exit(1 if serious else 0)


def printed(result: Result, missing: bool, data: str) -> str:
    """Return the findings for a terminal, with commands for the file as it was given."""
    width = min(shutil.get_terminal_size((100, 20)).columns, 110)
    lines = [click.style(result.title, bold=True), result.method, ""]
    for level, rows in result.table.groupby("level", sort=False):
        lines.append(click.style(f"{level}: {SAID[level]}", fg=COLOURS[level], bold=True))
        for row in rows.itertuples():
            of = "answers" if row.check == "completion" else "row" if row.n == 1 else "rows"
            check = "OUT OF SCALE, left out of results" if row.check == "out-of-scale" else row.check
            lines.append(f"  {check}: {row.question}  {row.n:,} {of} ({show(row.share, 'share')})")
            lines += textwrap.wrap(row.finding, width, initial_indent="    ", subsequent_indent="    ")
            lines += textwrap.wrap(
                row.action.replace(" FILE ", f" {shlex.quote(data)} "),
                width,
                initial_indent="    → ",
                subsequent_indent="      ",
            )
        lines.append("")
    if missing:
        lines.append(click.style("missing by question and reason", bold=True))
        gaps = result.parts["missing"]
        for row in gaps[gaps["n"] > 0].itertuples():
            lines.append(f"  {row.question:<24}{row.reason:<34}{row.n:>9,}  {show(row.share, 'share'):>8}")
        lines.append("")
    return "\n".join(lines + [textwrap.fill(n, width) for n in result.notes])
