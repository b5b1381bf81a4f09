"""``cxlab benchmarks``: the figures of the benchmark library, with their sources."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from cxlab.columns import show
from cxlab.data import benchmark_library as library
from cxlab.result import plain

if TYPE_CHECKING:
    import pandas as pd


@click.command()
@click.argument("own", nargs=-1, type=click.Path())
@click.option("--name", multiple=True, help="Brand, state or industry; may be given several times.")
@click.option("--industry", multiple=True, help="Industry.")
@click.option("--country", multiple=True, help="Country.")
@click.option("--metric", multiple=True, help="nps, top-box, top-2-box, share, mean, index.")
@click.option("--period", multiple=True, help="Year, month or period.")
@click.option("--mode", multiple=True, help="How it was asked.")
@click.option("--origin", multiple=True, help="published, computed or own.")
@click.option("--columns", is_flag=True, help="Explain the columns of a CSV file of your own, and stop.")
@click.option("--json", "as_json", is_flag=True, help="For machines: one object a figure.")
def benchmarks(own: tuple[str, ...], columns: bool, as_json: bool, **filters: tuple[str, ...]) -> None:
    """List published figures to compare with, each with its source.

    OWN are CSV files with figures of your own; they are checked and listed with the library.

    \b
    cxlab benchmarks
    cxlab benchmarks --industry Hospitals --period 2022 --metric top-box
    cxlab benchmarks mine.csv --origin own
    cxlab benchmarks --columns
    cxlab benchmarks --industry "Urban rail" --json
    """
    if columns:
        for name, said in library.COLUMNS.items():
            click.echo(f"{name:14s} {said}{' (needed)' if name in library.NEEDED else ''}")
        return
    table = library.benchmarks(*own, **{k: list(v) for k, v in filters.items() if v})
    if as_json:
        click.echo(json.dumps(plain(table), ensure_ascii=False, indent=1))
    elif not any(filters.values()) and not own:
        _overview(table)
    else:
        _listing(table)


def _overview(table: pd.DataFrame) -> None:
    """One line a source and question."""
    for (source, question), rows in table.groupby(["source", "question"], sort=False):
        periods = sorted(rows["period"])
        span = periods[0] if periods[0] == periods[-1] else f"{periods[0][:4]} to {periods[-1][-10:][:4]}"
        known = f"n known for {int(rows['n'].notna().sum())}" if rows["n"].notna().any() else "n unknown"
        click.echo(f"{len(rows):5d} figures  {rows['industry'].iloc[0] or rows['name'].iloc[0]}: {question}")
        click.echo(f"               {span}; {known}; {rows['origin'].iloc[0]}; {source}")
    click.echo(f"{len(table):,} figures. Narrow them down, e.g. --industry Hospitals --period 2022; --help shows more.")


def _listing(table: pd.DataFrame) -> None:
    """One line a figure, and the sources below."""
    width = min(max(len(str(v)) for v in table["name"]), 34)
    for _, row in table.iterrows():
        error = f" ± {show(1.96 * row['se'], row['unit'])}" if row["se"] == row["se"] else ""
        n = f"n = {int(row['n']):,}" if row["n"] == row["n"] else "n unknown"
        value = show(row["estimate"], row["unit"]) + error
        what = row["question"] or row["metric"]
        click.echo(f"{str(row['name'])[:width]:{width}s}  {value:18s} {n:14s} {row['period']:22s} {what}")
    click.echo("Sources: " + "; ".join(dict.fromkeys(table["source"])))
    if table["mode"].isna().any():
        click.echo("Where no mode is stated the source does not say it.")
