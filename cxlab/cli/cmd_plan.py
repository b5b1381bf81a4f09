"""`cxlab plan`: fix what will be tested, and how, before looking."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from cxlab.cli.reading import reads_data
from cxlab.problem import DataProblem


@click.command()
@click.argument("claims")
@click.argument("data")
@click.option("-o", "--output", metavar="FILE", help="Where to write it; default reports/plans/NAME.yaml.")
@click.option("--name", default="", help="Name of the plan; default: the study and the claims.")
@click.option(
    "--sesoi", multiple=True, metavar="CLAIM=VALUE", help="Another smallest effect of interest, e.g. CX-12=8."
)
@click.option(
    "-c", "--column", "given", multiple=True, metavar="PART=COLUMN", help="Which column plays a part (one claim)."
)
@click.option("--level", default=0.95, show_default=True, type=click.FloatRange(0.5, 0.999), help="Confidence level.")
@click.option("--seed", default=0, show_default=True, help="Seed of everything drawn at random.")
@click.option("--correction", default="holm", show_default=True, help="For the family of claims: holm, bh or none.")
@click.option("--exclude", default="none", show_default=True, help="none, straight-liners or incomplete.")
@reads_data
def plan(
    claims: str,
    data: str,
    output: str | None,
    sesoi: tuple[str, ...],
    given: tuple[str, ...],
    exclude: str,
    **rule: Any,
) -> None:
    """Write a plan of testing CLAIMS (CX-04,CX-05) on DATA; nothing of the answers is shown.

    \b
    Examples:
      cxlab plan CX-05,CX-06 airline-survey
      cxlab plan CX-12 brand-tracker --sesoi CX-12=8 --name daily
      cxlab verdict --plan reports/plans/daily.yaml brand-tracker
    """
    from cxlab.data.load import load
    from cxlab.hypotheses.card import card
    from cxlab.hypotheses.plan import plan as write

    ids = [card(c.strip()).id for c in claims.split(",")]
    if given and len(ids) > 1:
        raise DataProblem("--column is for a plan of one claim; write one plan a claim, or edit the codebook")
    effects = {}
    for text in sesoi:
        claim, sign, value = text.partition("=")
        try:
            effects[card(claim).id] = float(value)
        except ValueError as error:
            raise DataProblem(f"--sesoi is '{text}'; write it as claim=number, e.g. --sesoi CX-12=8") from error
    fixed = write(ids, load(data), columns={ids[0]: given} if given else None, sesoi=effects, **rule)
    fixed = replace(fixed, exclude=exclude)
    path = fixed.write(Path(output) if output else Path("reports/plans") / f"{fixed.name}.yaml")
    click.echo(f"{path}: {len(fixed.cards)} claims on {fixed.study} ({fixed.rows:,} rows), plan {fixed.hash[:12]}")
    click.echo(f"Now look: cxlab verdict --plan {path} {data}")
