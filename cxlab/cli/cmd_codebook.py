"""``cxlab codebook infer`` drafts a ``datapackage.json``; ``cxlab codebook check`` compares data with theirs."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

SOURCE = [
    click.option("--encoding", default="", help="Encoding of a text file; detected when left out."),
    click.option("--sheet", default="", help="Sheet of an Excel workbook with several."),
]


def source_options(command):
    """Add the options that say how to read a file."""
    for option in SOURCE:
        command = option(command)
    return command


@click.group()
def codebook() -> None:
    """Draft a codebook, or check data against theirs.

    \b
    cxlab codebook infer survey.csv                 # what would be guessed, and why
    cxlab codebook infer survey.csv -o auto         # write survey.datapackage.json beside it
    cxlab codebook check survey.csv                 # values outside the scale, undeclared codes, unused labels
    """


@codebook.command()
@click.argument("data")
@click.option("-o", "--output", default="", help="Write it here; 'auto' is <stem>.datapackage.json beside the data.")
@click.option("--force", is_flag=True, help="Overwrite an existing codebook.")
@click.option("--json", "as_json", is_flag=True, help="Print codebook and guesses as JSON.")
@source_options
def infer(data: str, output: str, force: bool, as_json: bool, encoding: str, sheet: str) -> None:
    """Draft the codebook of DATA and list each guess with its reason.

    \b
    cxlab codebook infer survey.csv
    cxlab codebook infer export.sav -o export.datapackage.json
    cxlab codebook infer survey.xlsx --sheet Answers --json
    """
    from cxlab.data import codebook as codebooks
    from cxlab.data import infer as inferring
    from cxlab.data import load, readers

    path = Path(data)
    raw = readers.open_file(path, encoding=encoding, sheet=sheet)
    draft = inferring.draft(raw, load.stem(path.name))
    package = codebooks.write(draft.codebook, path.name)
    if as_json:
        guesses = [vars(g) for g in draft.guesses]
        click.echo(json.dumps({"codebook": package, "guesses": guesses}, ensure_ascii=False, indent=2))
    else:
        _print(raw.kind, draft)
    if output:
        target = path.with_name(f"{path.stem}.datapackage.json") if output == "auto" else Path(output)
        if target.exists() and not force:
            raise click.UsageError(f"{target} exists; --force overwrites it")
        target.write_text(json.dumps(package, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        click.echo(
            f"Written: {target}. Correct what is wrong in it; it is used whenever {path.name} is loaded.", err=True
        )


def _print(kind: str, draft) -> None:
    click.echo(f"{kind}: {len(draft.codebook.fields)} fields")
    for note in (n for n in draft.codebook.notes if not n.startswith("inferred ")):
        click.echo(f"  {note}")
    click.echo("\nGuesses, each with its reason:")
    last = ""
    for guess in draft.guesses:
        name = guess.column if guess.column != last else ""
        click.echo(f"  {name:<24} {guess.what}  ({guess.why})")
        last = guess.column
    roles = [r for r in ("outcome", "touchpoint", "segment", "wave", "weight") if draft.codebook.role(r)]
    click.echo("\nRoles found: " + "; ".join(f"{r} {len(draft.codebook.role(r))}" for r in roles))


@codebook.command()
@click.argument("data")
@click.option("--codebook", "book", default="", help="A datapackage.json; by default the one beside DATA.")
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON.")
@source_options
def check(data: str, book: str, as_json: bool, encoding: str, sheet: str) -> None:
    """Compare DATA (a file, or a study of the catalogue) with its codebook.

    Reports values outside the scale, undeclared codes, text among numbers, columns without answers, columns that data
    or codebook lack, unused labels. Exit code 1 when anything but a remark was found.

    \b
    cxlab codebook check survey.csv
    cxlab codebook check survey.csv --codebook survey.datapackage.json --json
    cxlab codebook check airline-survey
    """
    from cxlab.data import check as checking
    from cxlab.data import load

    study = load.unchecked(data, codebook=book or None, encoding=encoding, sheet=sheet)
    findings = checking.check(study)
    serious = [f for f in findings if f.serious]
    if as_json:
        click.echo(
            json.dumps({"study": study.name, "findings": [f.to_dict() for f in findings]}, ensure_ascii=False, indent=2)
        )
    else:
        for finding in findings:
            click.echo(f"{'problem' if finding.serious else 'remark '}  {finding}")
        click.echo(f"{study.name}: {len(serious)} problems, {len(findings) - len(serious)} remarks")
        if any(n.startswith("inferred ") for n in study.codebook.notes):
            click.echo(
                "There is no codebook; one was inferred. Write it with `cxlab codebook infer -o auto`, then correct it."
            )
    sys.exit(1 if serious else 0)
