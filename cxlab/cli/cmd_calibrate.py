"""`cxlab calibrate`: how often the verdicts are wrong where the truth is known."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click


@click.command()
@click.argument("claims", required=False)
@click.option("--reps", default=200, show_default=True, type=click.IntRange(10), help="Simulated studies a scenario.")
@click.option("--answers", default=None, type=click.IntRange(100), help="Answers a study  [default: each card's own]")
@click.option("--seed", default=0, show_default=True, help="Seed of the simulations.")
@click.option(
    "-o", "--output", default="reports/calibration", show_default=True, help="Folder of the tables and the picture."
)
@click.option("--json", "as_json", is_flag=True, help="Print for machines.")
def calibrate(claims, reps, answers, seed, output, as_json) -> None:
    """Run the tests of CLAIMS (default: all) on data with known truth; exit code 1 if a verdict is too often false.

    \b
    Examples:
      cxlab calibrate
      cxlab calibrate CX-04,CX-12 --reps 500
    """
    from cxlab.hypotheses.calibrate import calibrate as simulate

    ids = [c.strip() for c in claims.split(",")] if claims else None
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
        columns = ["card", "scenario", "truth", "supported", "limit", "coverage", "naive", "not_identified"]
        click.echo(result.table[columns].round(3).to_string(index=False))
        click.echo(f"\n{result.title}\n{folder}/calibration.csv, .json, .png")
    sys.exit(1 if result.table["defect"].any() else 0)
