"""``cxlab lab``: JupyterLab in a folder that has the notebooks."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click


@click.command()
@click.argument("folder", default=".", type=click.Path(path_type=Path, file_okay=False))
@click.option("--no-browser", is_flag=True, help="Print the address only.")
def lab(folder: Path, no_browser: bool) -> None:
    """Open JupyterLab in FOLDER (here, by default) on notebooks/start.ipynb.

    Where FOLDER has no folder 'notebooks', cxlab's own are copied to it first; they are yours to change.

    \b
    Examples:
      cxlab lab
      cxlab lab ~/surveys --no-browser
    """
    from cxlab.cli.cmd_notebooks import copied

    start = folder / "notebooks" / "start.ipynb"
    if not start.parent.is_dir():
        copied((), start.parent, force=False)
        click.echo(f"copied cxlab's notebooks to {start.parent}", err=True)
    what = [str(start.relative_to(folder))] if start.is_file() else []
    sys.stdout.flush()
    os.chdir(folder)
    program = [sys.executable, "-m", "jupyter", "lab", *(["--no-browser"] if no_browser else []), *what]
    os.execv(sys.executable, program)  # Ctrl-C and exit code are JupyterLab's
