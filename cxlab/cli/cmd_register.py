"""``cxlab register``: the table that says who owns each touchpoint, held against what happens."""

from __future__ import annotations

import json
import sys
from datetime import date, timedelta

import click
import pandas as pd

from cxlab.cli.reading import reads_data

STALE = timedelta(days=365)


@click.group()
def register() -> None:
    """Hold touchpoints.csv (touchpoint, stage, order, channel, owner, deputy, metric, target, due_hours, reviewed)
    against the events that really happen."""


@register.command()
@click.argument("data")
@click.option(
    "--register", "path", metavar="FILE", default="", help="The register; default: touchpoints.csv beside DATA."
)
@click.option(
    "--event", metavar="COLUMN", default="", help="Column that says what happened, where the codebook does not."
)
@click.option("--json", "as_json", is_flag=True, help="Print for machines.")
@reads_data
def check(data: str, path: str, event: str, as_json: bool) -> None:
    """Say which touchpoints of DATA the register lacks, which never happen, have no owner, or were long not reviewed.

    Exit code 0: nothing found; 1: something found; 2: the data or the register cannot be read.

    \b
    Examples:
      cxlab register check tickets.csv --event status
      cxlab register check log.xes --register touchpoints.csv --json
    """
    from cxlab.data import touchpoint_register as registers
    from cxlab.data.load import load
    from cxlab.problem import DataProblem

    study = load(data)
    book = registers.register(study, path or None)
    if book is None:
        raise DataProblem(
            f"there is no {registers.NAME} beside {study.name}; give one with --register FILE: a CSV file with the "
            "columns " + ", ".join(registers.COLUMNS)
        )
    column = event or next(iter(study.codebook.role("event")), "")
    if not column:
        raise DataProblem(f"{study.name} has no column of role 'event'; name it with --event COLUMN")
    study.field(column)
    met = study.answers([column]).unique().collect().to_pandas()[column].dropna().astype(str).sort_values().tolist()
    found = [*registers.problems(book, met), *_stale(book)]
    if as_json:
        click.echo(json.dumps({"touchpoints": len(book), "events": len(met), "problems": found}, ensure_ascii=False))
    else:
        for line in found:
            click.echo(line)
        click.echo(f"{len(book)} touchpoints, {len(met)} kinds of events: {len(found) or 'no'} problems")
    sys.exit(1 if found else 0)


def _stale(book: pd.DataFrame) -> list[str]:
    """Touchpoints whose review lies more than a year back or ahead of today, or is no date."""
    if "reviewed" not in book:
        return []
    out = []
    for name, said in zip(book["touchpoint"], book["reviewed"], strict=True):
        when = pd.to_datetime(said, errors="coerce") if said else pd.NaT
        if pd.isna(when):
            out.append(
                f"'{name}' was never reviewed" if not said else f"'{name}' was reviewed on '{said}', which is no date"
            )
        elif when.date() < date.today() - STALE:
            out.append(f"'{name}' was last reviewed on {when.date()}, more than a year ago")
        elif when.date() > date.today():
            out.append(f"'{name}' was reviewed on {when.date()}, a day to come; correct it")
    return out
