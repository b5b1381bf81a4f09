"""`cxlab calibrate`: how often the verdicts are wrong where the truth is known."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click


@click.command()
@click.argument("claims", required=False)
@click.option("--reps", default=200, show_default=True, type=click.IntRange(10), help="Simulated studies a scenario.")
@click.option("--answers", default=None, type=click.IntRange(60), help="Answers a study  [default: each card's own]")
@click.option("--seed", default=0, show_default=True, help="Seed of the simulations.")
@click.option(
    "-o", "--output", default="reports/calibration", show_default=True, help="Folder of the tables and the picture."
)
@click.option("--ship", is_flag=True, help="Write the rates into the package (default: of cards that were changed).")
@click.option("--json", "as_json", is_flag=True, help="Print for machines.")
def calibrate(
    claims: str | None, reps: int, answers: int | None, seed: int, output: str, ship: bool, as_json: bool
) -> None:
    """Run the tests of CLAIMS (default: all) on data with known truth; exit code 1 if a verdict is too often false.

    \b
    Examples:
      cxlab calibrate
      cxlab calibrate CX-04,CX-12 --reps 500
      cxlab calibrate --ship --reps 800
    """
    from cxlab.hypotheses import calibration
    from cxlab.hypotheses.calibrate import calibrate as simulate

    ids = [c.strip() for c in claims.split(",")] if claims else None
    if ship:
        result = calibration.ship(ids, reps=reps, seed=seed, progress=not as_json)
    else:
        result = simulate(ids, reps=reps, n=answers, seed=seed, progress=not as_json)
    folder = Path(output)
    folder.mkdir(parents=True, exist_ok=True)
    result.table.to_csv(folder / "calibration.csv", index=False)
    (folder / "calibration.json").write_text(
        json.dumps(result.to_dict(), indent=1, ensure_ascii=False), encoding="utf-8"
    )
    picture = result.plot().get_figure()
    picture.savefig(folder / "calibration.png", dpi=150, facecolor="white")
    if as_json:
        click.echo(json.dumps(result.to_dict(), ensure_ascii=False))
    else:
        columns = ["card", "scenario", "threat", "n", "supported", "false", "rate", "low", "high", "limit", "coverage"]
        click.echo(result.table[[*columns, "naive"]].round(3).to_string(index=False))
        click.echo(f"\n{result.title}\n{folder}/calibration.csv, .json, .png")
    sys.exit(1 if result.table["defect"].any() else 0)
