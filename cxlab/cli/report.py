"""``cxlab report``: a notebook on one or more studies."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from cxlab.problem import DataProblem


@click.command()
@click.argument("notebook")
@click.argument("data", nargs=-1, required=True)
@click.option("-p", "given", multiple=True, metavar="NAME=VALUE", help="A parameter of the notebook; may be repeated.")
@click.option("--to", default="html", show_default=True, metavar="html,pdf", help="What to make of it.")
@click.option(
    "--output", default="reports", show_default=True, type=click.Path(file_okay=False), help="Folder of all reports."
)
@click.option(
    "--timeout", default=600, show_default=True, type=click.IntRange(1), help="Seconds that one cell may take."
)
@click.option("--quiet", is_flag=True, help="Print only where the reports are.")
def report(
    notebook: str, data: tuple[str, ...], given: tuple[str, ...], to: str, output: str, timeout: int, quiet: bool
) -> None:
    """Run NOTEBOOK (a name in notebooks/, or a path) on each DATA (a name of `cxlab datasets`, or a path).

    The report is the folder OUTPUT/NOTEBOOK/DATA: index.html (one file, works offline), report.pdf if asked for,
    results.json (every number), run.json (data hash, versions, parameters) and the executed notebook. A run that
    fails exits with 1, leaves an earlier report as it was and writes error.html to the folder with .failed added.

    \b
    Examples:
      cxlab report scorecard airline-survey
      cxlab report scorecard airline-survey abc --to html,pdf
      cxlab report scorecard my-export.csv -p by=region -p level=0.9
      cxlab report my-notebook.ipynb my-export.sav --timeout 3600
    """
    from cxlab.report import notebook as books
    from cxlab.report import render
    from cxlab.report.kernel import Kernels

    parameters = pairs(given)
    formats = [word.strip() for word in to.split(",") if word.strip()]
    path = books.find(notebook)
    form = render.Form(tuple(formats), timeout)
    for study in data:
        render.prepare(notebook, study, parameters)
    if not books.ours(path) and not quiet:
        click.echo(f"running the code of {path}, which is not one of cxlab's own notebooks", err=True)
    failed = 0
    with Kernels() as kernels:
        for study in data:
            line = Line(f"{path.stem} {study}", shown=sys.stderr.isatty() and not quiet)
            made = render.report(
                notebook, study, parameters,
                kernels=kernels, output=Path(output), form=form, progress=line,
            )  # fmt: skip
            line.end()
            if made.failure:
                failed += 1
                click.echo(f"FAILED {path.stem} {study}: {made.failure}", err=True)
            click.echo(str(made.page) if quiet else f"{made.page}  ({made.seconds:.1f} s)")
    sys.exit(1 if failed else 0)


def pairs(given: tuple[str, ...]) -> dict[str, str]:
    """Return ``name=value`` arguments as a dict; the same name twice is an error."""
    found: dict[str, str] = {}
    for pair in given:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise DataProblem(f"-p {pair} is not name=value; write e.g. -p level=0.9")
        if name in found:
            raise DataProblem(f"-p {name} is given twice: {found[name]!r} and {value!r}; give it once")
        found[name] = value
    return found


class Line:
    """Progress of one run on one line of the terminal."""

    def __init__(self, name: str, *, shown: bool) -> None:
        from tqdm import tqdm

        self.bar = tqdm(
            total=1,
            desc=name,
            unit="cell",
            disable=not shown,
            leave=False,
            bar_format="{desc} {bar:20} {n_fmt}/{total_fmt} {postfix} {elapsed}",
        )

    def __call__(self, done: int, of: int, cell: str) -> None:
        self.bar.total, self.bar.n = of, done
        self.bar.set_postfix_str(cell)

    def end(self) -> None:
        self.bar.close()
