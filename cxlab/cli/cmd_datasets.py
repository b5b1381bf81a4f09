"""`cxlab datasets`: the data at hand, shipped and public."""

from __future__ import annotations

import json

import click

from cxlab.data import catalogue

WHERE = {
    "shipped": "shipped with cxlab",
    "mirror": "in the folder CXLAB_MIRROR",
    "cache": "fetched before",
    "url": "public, fetched when loaded",
    "no": "not at hand: set CXLAB_MIRROR",
}


@click.command()
@click.argument("name", required=False)
@click.option("--at-hand", is_flag=True, help="Only what can be loaded now.")
@click.option("--json", "as_json", is_flag=True, help="Print the list for machines.")
def datasets(name: str | None, at_hand: bool, as_json: bool) -> None:
    """List the studies that cxlab knows, or describe the one called NAME.

    \b
    Examples:
      cxlab datasets
      cxlab datasets sfo
      cxlab datasets --at-hand --json
    """
    if name:
        package = catalogue.descriptor(name)
        click.echo(json.dumps(package, indent=1, ensure_ascii=False) if as_json else described(package))
        return
    table = catalogue.datasets()
    if at_hand:
        table = table[table["at_hand"] != "no"]
    if as_json:
        click.echo(json.dumps(table.to_dict("records"), indent=1, ensure_ascii=False))
        return
    for where, rows in table.groupby("at_hand", sort=False):
        click.secho(f"\n{WHERE[where]}", bold=True)
        for row in rows.itertuples():
            click.echo(f"  {row.name:<24}{row.rows:>7,} rows  {row.title}")
            click.echo(f"  {'':<24}{'':>7}       {row.answers} [{row.licence}]")
    if table["at_hand"].isin(["cache", "url"]).any():
        click.echo(f"\nWhat is fetched is kept in {catalogue.cache()}; delete it whenever you like.")
    click.echo('\nLoad one with cx.load("NAME"), report on it with: cxlab report scorecard NAME')


def described(package: dict) -> str:
    """Return what the catalogue knows of one study, for people."""
    lines = [package["title"], "", f"rows      {package['rows']:,}", f"design    {package.get('design', '')}"]
    lines += [f"licence   {', '.join(x['title'] for x in package.get('licenses', []))}"]
    lines += [f"source    {x['title']} {x.get('path', '')}".rstrip() for x in package.get("sources", [])]
    lines += [f"at hand   {WHERE[catalogue.at_hand(package)]}"]
    lines += [f"answers   {a}" for a in package.get("answers", [])]
    lines += [f"note      {n}" for n in package.get("notes", [])]
    for r in package["resources"]:
        lines.append(f"file      {r['path']} ({r['bytes']:,} bytes) {r.get('url', '')}".rstrip())
    lines.append("")
    for f in package["resources"][0]["schema"]["fields"]:
        scale = f.get("scale")
        of = f" {scale['minimum']} to {scale['maximum']}, {scale.get('best', 'high')} = best" if scale else ""
        lines.append(f"  {f['name']:<22}{f.get('role', ''):<12}{f.get('measure', ''):<15}{f.get('title', '')}{of}")
    return "\n".join(lines)
