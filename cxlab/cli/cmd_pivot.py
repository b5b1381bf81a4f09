"""``cxlab pivot`` turns a file with a row an answer into one with a row a respondent."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("data")
@click.option("-o", "--output", default="", help="Write it here; by default <stem>_wide.csv beside DATA.")
@click.option("--who", default="", help="Column that says who answered; found when left out.")
@click.option("--question", default="", help="Column that says which question; found when left out.")
@click.option("--answer", default="", help="Column that holds the answer; found when left out.")
@click.option("--force", is_flag=True, help="Overwrite an existing file.")
def pivot(data: str, output: str, who: str, question: str, answer: str, force: bool) -> None:
    """Turn DATA with a row an answer into a CSV with a row a respondent.

    \b
    cxlab pivot answers.csv
    cxlab pivot answers.csv --who person --question item --answer value -o wide.csv
    """
    from cxlab.data import pivot as pivoting
    from cxlab.data import readers

    path = Path(data)
    target = Path(output) if output else path.with_name(f"{path.stem}_wide.csv")
    if target.exists() and not force:
        raise click.UsageError(f"{target} exists; --force overwrites it")
    wide = pivoting.pivot(readers.open_file(path), who=who, question=question, answer=answer)
    rows = wide.table.to_arrow_table().num_rows
    wide.table.write_csv(str(target))
    said = f"who '{wide.layout.who}', question '{wide.layout.question}', answer '{wide.layout.answer}'"
    click.echo(f"{rows:,} respondents, {len(wide.questions)} questions ({said})")
    if wide.left_out:
        click.echo(f"left out, several values a respondent: {', '.join(wide.left_out)}")
    click.echo(f"Written: {target}")
