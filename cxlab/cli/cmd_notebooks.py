"""``cxlab notebooks``: the notebooks that come with cxlab; ``copy`` puts them where they can be changed."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import click

from cxlab.cli.cmd_completion import notebooks as completed
from cxlab.problem import DataProblem, unknown


@click.group(invoke_without_command=True)
@click.pass_context
def notebooks(ctx: click.Context) -> None:
    """List the notebooks that come with cxlab, or copy them.

    \b
    cxlab notebooks                     # name and question of each
    cxlab notebooks copy scorecard      # ./scorecard.ipynb, to be changed
    cxlab notebooks copy --to notebooks # all of them, into a folder
    """
    if ctx.invoked_subcommand:
        return
    from cxlab.report.notebook import SHIPPED, named

    for name in named():
        click.echo(f"{name:<14}{question(SHIPPED / f'{name}.ipynb')}")


@notebooks.command()
@click.argument("names", nargs=-1, shell_complete=completed)
@click.option("--to", "folder", default=".", metavar="FOLDER", help="Where the copies go.  [default: here]")
@click.option("--force", is_flag=True, help="Replace notebooks of these names.")
def copy(names: tuple[str, ...], folder: str, force: bool) -> None:
    """Copy notebooks (all, where none is named) into FOLDER; what is there already stays, unless --force.

    \b
    cxlab notebooks copy scorecard
    cxlab notebooks copy scorecard drivers --to analyses
    cxlab report scorecard.ipynb my-export.csv --trust
    """
    for path in copied(names, Path(folder), force=force):
        click.echo(str(path))


def copied(names: tuple[str, ...], folder: Path, *, force: bool) -> list[Path]:
    """Copy notebooks into a folder and return where they are now.

    Raises
    ------
    DataProblem : no such notebook, or one of that name is there already; then nothing is copied.
    """
    from cxlab.report.notebook import SHIPPED, named

    known = named()
    for name in names:
        if name not in known:
            raise unknown("notebook", name, "cxlab", known)
    wanted = [(SHIPPED / f"{name}.ipynb", folder / f"{name}.ipynb") for name in names or known]
    there = [str(target) for _, target in wanted if target.exists()]
    if there and not force:
        raise DataProblem(f"{', '.join(there)}: there already; --force replaces, --to names another folder")
    for source, target in wanted:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    return [target for _, target in wanted]


def question(path: Path) -> str:
    """Return the first sentence of a notebook after its title."""
    text = "".join(json.loads(path.read_text(encoding="utf-8"))["cells"][0]["source"])
    said = " ".join(line for line in text.splitlines() if line.strip() and not line.startswith("#"))
    return re.split(r"(?<=[.?])\s", said, maxsplit=1)[0]
