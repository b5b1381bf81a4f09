"""``cxlab completion``: what a shell needs to complete commands, options, notebooks and studies."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the completion script of SHELL; bash needs version 4.4 or newer.

    \b
    Examples:
      cxlab completion bash > ~/.local/share/bash-completion/completions/cxlab
      cxlab completion fish > ~/.config/fish/completions/cxlab.fish
      eval "$(cxlab completion zsh)"      # in ~/.zshrc
    """
    from click.shell_completion import get_completion_class

    root = click.get_current_context().find_root().command
    click.echo(get_completion_class(shell)(root, {}, "cxlab", "_CXLAB_COMPLETE").source())


def notebooks(ctx: click.Context, param: click.Parameter, typed: str) -> list:
    """Return the notebooks whose name begins as typed, and files."""
    from cxlab.report.notebook import named

    return offered(named(), typed)


def studies(ctx: click.Context, param: click.Parameter, typed: str) -> list:
    """Return the studies of the catalogue whose name begins as typed, and files."""
    from cxlab.report.provenance import CATALOGUE

    return offered(sorted(p.stem for p in CATALOGUE.glob("*.json")), typed)


def offered(names: list[str], typed: str) -> list:
    """Return the names that begin as typed; where none does, the shell offers files."""
    from click.shell_completion import CompletionItem

    found = [CompletionItem(name) for name in names if name.startswith(typed)]
    return found if found and not Path(typed).exists() else [*found, CompletionItem(typed, type="file")]
