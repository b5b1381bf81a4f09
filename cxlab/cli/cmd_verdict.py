"""`cxlab verdict`: one claim on one study; with a plan, all of its claims."""

from __future__ import annotations

import json
from typing import Any

import click

from cxlab.cli.reading import reads_data
from cxlab.hypotheses import ledger as book
from cxlab.problem import DataProblem


@click.command()
@click.argument("claim", required=False)
@click.argument("data", required=False)
@click.option("--plan", "plan", metavar="FILE", help="Test what the plan says; without CLAIM all of its claims.")
@click.option(
    "-c", "--column", "given", multiple=True, metavar="PART=COLUMN[,COLUMN]", help="Which column plays a part."
)
@click.option("--level", default=0.95, show_default=True, type=click.FloatRange(0.5, 0.999), help="Confidence level.")
@click.option("--seed", default=0, show_default=True, help="Seed of everything drawn at random.")
@click.option("--quick", is_flag=True, help="Without the specification curve.")
@click.option("--ledger", default=book.DEFAULT, show_default=True, help="File that records the look.")
@click.option("--json", "as_json", is_flag=True, help="Print for machines.")
@reads_data
def verdict(
    claim: str | None,
    data: str | None,
    plan: str | None,
    given: tuple[str, ...],
    quick: bool,
    ledger: str,
    as_json: bool,
    **drawn: Any,
) -> None:
    """Say whether DATA support the CLAIM, by a rule fixed before looking.

    \b
    Examples:
      cxlab verdict CX-05 airline-survey
      cxlab verdict CX-19 alerts.csv -c arm=routed -c before=score1 -c after=score2
      cxlab verdict --plan reports/plans/tracker.yaml brand-tracker
      cxlab verdict CX-24 call-centre --json
    """
    from cxlab.data.load import load
    from cxlab.hypotheses.scoreboard import family
    from cxlab.hypotheses.verdict import verdict as judge

    if plan and claim and not data:
        claim, data = None, claim
    if not data or not (claim or plan):
        raise click.UsageError("say which CLAIM and which DATA, e.g. cxlab verdict CX-05 airline-survey")
    if plan and (given or drawn != {"level": 0.95, "seed": 0}):
        raise DataProblem("columns, level and seed are fixed by the plan; leave them out, or write a new plan")
    study = load(data)
    if claim is None:
        result = family(plan, study, ledger=ledger)
        said = "\n".join(f"{r.card}  {r.direction:<15} {r.sentence}" for r in result.table.itertuples())
    else:
        result = judge(
            claim,
            study,
            columns=given or None,
            plan=plan,
            robust=not quick,
            ledger=ledger,
            **drawn,
        )
        said = repr(result)
    if as_json:
        click.echo(json.dumps(result.to_dict(), indent=1, ensure_ascii=False))
    else:
        click.echo(
            said if claim else f"{result.title}\n{said}\n{result.method}" + "".join(f"\n- {n}" for n in result.notes)
        )
