"""``cxlab report``: a notebook on one or more studies, whole or by the levels of columns; what moved between two."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from cxlab.cli.cmd_batch import make, shared
from cxlab.cli.cmd_completion import notebooks, studies
from cxlab.cli.reading import reads_data
from cxlab.problem import DataProblem


@click.command()
@click.argument("notebook", shell_complete=notebooks)
@click.argument("data", nargs=-1, required=True, shell_complete=studies)
@click.option("-p", "given", multiple=True, metavar="NAME=VALUE", help="A parameter of the notebook; may be repeated.")
@click.option("--by", default="", metavar="COLUMN,...", help="A report for every level of a column, cell of several.")
@click.option("--banner", default="", metavar="COLUMN,...", help="Columns of the tables: region,age or region>age.")
@click.option("--at-least", default=30, show_default=True, metavar="N", help="Answers a cell must have, with --by.")
@click.option("--diff", is_flag=True, help="Compare two reports (or folders of reports): cxlab report --diff OLD NEW.")
@click.option("--update", default="", metavar="DECK.pptx", help="Put the report's numbers into an edited deck.")
@shared
@reads_data
def report(
    notebook: str,
    data: tuple[str, ...],
    given: tuple[str, ...],
    by: str | None,
    banner: str,
    at_least: int,
    diff: bool,
    **options: Any,
) -> None:
    """Run NOTEBOOK (a name in notebooks/, or a path) on each DATA (a name of `cxlab datasets`, or a path).

    The report is the folder OUTPUT/NOTEBOOK/DATA: index.html (one file, works offline), report.pdf and so on if asked
    for, results.json (every number), run.json (data hash, versions, parameters) and the executed notebook. OUTPUT gets
    index.html, the page over all reports, and results.parquet, the table of all their numbers. A run that fails leaves
    an earlier report as it was and writes error.html to the folder with .failed added.

    A run works in an empty folder of its own, removed afterwards; cx.load and parameters find relative paths where the
    command was called, and other code finds that place in the environment variable CXLAB_FOLDER.

    \b
    Examples:
      cxlab report scorecard airline-survey
      cxlab report scorecard airline-survey abc --to html,pdf,pptx
      cxlab report scorecard my-export.csv -p segments=region -p level=0.9
      cxlab report scorecard brand-tracker -p only=brand=Alba
      cxlab report tables my-export.csv --banner region,age,region>age --to html,xlsx,docx,pptx
      cxlab report scorecard brand-tracker --by brand,wave --at-least 50 --resume
      cxlab report my-notebook.ipynb my-export.sav --trust --timeout 3600 --memory 2GB
      cxlab report --diff reports/scorecard/may reports/scorecard/june
      cxlab report scorecard brand-tracker --update board-deck.pptx

    Exit codes: 0 done, 1 at least one report failed, 2 wrong command or input (nothing ran), 130 interrupted.
    """
    from cxlab.report import jobs

    deck = options.pop("update")
    if diff:
        output = str(options.get("output") or "reports")
        compare([notebook, *data], as_json=options["as_json"], output=output, language=options.get("lang"))
        return
    given = (*given, f"banner={banner}") if banner else given
    columns = [name.strip() for name in by.split(",") if name.strip()]
    plan = jobs.expand([notebook], data, [pairs(given)], by=columns, at_least=at_least)
    if deck:
        updated(Path(deck), plan, **options)
    make(plan, **options)


def updated(deck: Path, plan: Any, **options: Any) -> None:
    """Make the one report of a plan, put its numbers into a deck in place, say what was done, and end the process."""
    from cxlab.report.batch import folders
    from cxlab.report.collect import one
    from cxlab.report.deck_update import update

    output = str(options.get("output") or "reports")
    if len(plan.jobs) != 1 or "://" in output:
        what = f"{len(plan.jobs)} reports are asked for" if len(plan.jobs) != 1 else f"{output} is no folder here"
        raise DataProblem(f"--update puts one report of this computer into one deck, and {what}")
    if not deck.is_file():
        raise DataProblem(f"there is no deck {deck}")
    (folder,) = folders(plan.jobs)
    try:
        make(plan, **options)
    except SystemExit as end:
        if end.code:
            raise
    done = update(deck, one(Path(output, folder)))
    click.echo(f"{deck}  (updated; before: {deck.stem}.before.pptx)")
    for line in done.lines():
        click.echo(f"  {line}", err=True)
    sys.exit(0)


def compare(folders: list[str], *, as_json: bool, output: str, language: str | None = None) -> None:
    """Print which numbers of the second report (or folder of reports) differ for real from the first, and make a page
    of it in a language, else in that of the reports."""
    from cxlab.report.diff_page import spoken
    from cxlab.report.report_diff import common, moves

    if len(folders) != 2:
        raise DataProblem(f"--diff compares two folders; {len(folders)} are given: cxlab report --diff OLD NEW")
    pairs = common(*map(Path, folders))
    found = [moves(*two) for two in pairs]
    if as_json:
        click.echo(json.dumps([result.to_dict() for result in found], indent=1, ensure_ascii=False))
        return
    for result in found:
        click.secho(result.title, bold=True)
        for row in result.table[result.table["verdict"].str.startswith("real")].itertuples():
            click.echo(f"  {row.number}: {difference(row)}")
        for note in (result.method, *result.notes):
            click.echo(f"  ({note})")
    if "://" not in output:
        page = Path(output, "differences.html")
        page.parent.mkdir(parents=True, exist_ok=True)
        said = spoken(found, pairs, language, *map(Path, folders))
        page.write_text(said, encoding="utf-8")
        click.echo(str(page))


def difference(row: Any) -> str:
    """Return before, after and the change of one number in words."""
    from cxlab.columns import difference as unit_of_difference
    from cxlab.columns import show, span

    unit = unit_of_difference(row.unit)
    change = f"{show(row.estimate, unit)} ({span(row.low, row.high, unit)})"
    return f"{show(row.before, row.unit)} to {show(row.after, row.unit)}, {change}"


def pairs(given: tuple[str, ...]) -> dict[str, str]:
    """Return ``name=value`` arguments as a dict; the same name twice is an error."""
    found: dict[str, str] = {}
    for pair in given:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise DataProblem(f"-p {pair} is not name=value; write e.g. -p level=0.9")
        if name in found:
            raise DataProblem(f"-p {name} is given twice: {found[name]!r} and {value!r}; give it once")
        found[name] = value
    return found
