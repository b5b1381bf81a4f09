"""`cxlab claims`: the claims, one of them in full, or which of them a study can test."""

from __future__ import annotations

import json

import click

from cxlab.cli.reading import reads_data
from cxlab.hypotheses.card import TAGS, card, cards
from cxlab.hypotheses.claims import describe
from cxlab.hypotheses.scoreboard import testable


@click.command()
@click.argument("claim", required=False)
@click.option(
    "--for", "data", metavar="DATA", help="A name of cxlab datasets, or a path: what it can test, what it lacks."
)
@click.option("--json", "as_json", is_flag=True, help="Print for machines.")
@reads_data
def claims(claim: str | None, data: str | None, as_json: bool) -> None:
    """List what decks claim, show the CLAIM in full, or say which claims DATA can test.

    \b
    Examples:
      cxlab claims
      cxlab claims CX-04
      cxlab claims --for airline-survey
      cxlab claims CX-12 --for export.csv --json
    """
    if data:
        _testable(data, claim, as_json)
    elif claim:
        found = card(claim)
        click.echo(json.dumps(found.to_dict(), indent=1, ensure_ascii=False) if as_json else describe(found))
    elif as_json:
        click.echo(json.dumps([c.to_dict() for c in cards().values()], indent=1, ensure_ascii=False))
    else:
        _listed()


def _listed() -> None:
    for c in cards().values():
        click.secho(f"{c.id}  {c.title}", bold=True)
        number = f" [{c.number['text']}]" if c.number else ""
        click.echo(f"       {c.claim}{number}")
        click.echo(f"       said in {', '.join(c.claim_ids)}; published: {c.certainty}")
    click.echo("\nHow sure the published part is: " + "; ".join(f"{k} {v}" for k, v in TAGS.items()))
    click.echo("One in full: cxlab claims CX-04. What your data can test: cxlab claims --for DATA")


def _testable(data: str, claim: str | None, as_json: bool) -> None:
    from cxlab.data.load import load

    study = load(data)
    table = testable(study, [claim] if claim else None)
    if as_json:
        click.echo(json.dumps({"study": study.name, "claims": table.to_dict("records")}, indent=1, ensure_ascii=False))
        return
    yes, no = table[table["can"]], table[~table["can"]]
    click.secho(f"{study.name} can test {len(yes)} of {len(table)} claims", bold=True)
    for r in yes.itertuples():
        click.echo(f"  {r.card}  {r.title:<44} {r.columns}")
    if len(no):
        click.secho("It lacks for the others:", bold=True)
    for r in no.itertuples():
        click.echo(f"  {r.card}  {r.title:<44} {r.lacks}")
    if len(yes):
        click.echo(f"\nTest one: cxlab verdict {yes['card'].iloc[0]} {data}")
