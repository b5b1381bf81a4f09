"""The command line. Each command lives in its own module and is imported when it is called.

Exit codes: 0 done; 1 something failed, and the message or the error page says what; 2 the command or its input is
wrong; 130 interrupted.
"""

from __future__ import annotations

import importlib
import sys

import click

from cxlab import __version__
from cxlab.problem import DataProblem, nearest

COMMANDS = {
    "report": ("cxlab.cli.report", "Run a notebook on a study and write the report."),
    "datasets": ("cxlab.cli.datasets", "List the data at hand: shipped and public."),
    "codebook": ("cxlab.cli.codebook", "Draft a codebook, or check data against theirs."),
    "doctor": ("cxlab.cli.doctor", "Say what is wrong with the data and what to do."),
    "claims": ("cxlab.cli.claims", "List what decks claim, and which claims a study can test."),
    "plan": ("cxlab.cli.plan", "Fix what will be tested before looking."),
    "verdict": ("cxlab.cli.verdict", "Say whether data support a claim."),
    "calibrate": ("cxlab.cli.calibrate", "Run the verdicts on data with known truth."),
    "benchmarks": ("cxlab.cli.benchmarks", "List published figures to compare with."),
}
"""Each command, the module that defines it under its own name, and its line in the help."""


class Commands(click.Group):
    """A group that imports a command only when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(COMMANDS[cmd_name][0])
        return getattr(module, cmd_name.replace("-", "_"))

    def resolve_command(self, ctx: click.Context, args: list[str]):
        if args and args[0] not in COMMANDS:
            raise click.UsageError(f"no command '{args[0]}'{nearest(args[0], COMMANDS) or '; see cxlab --help'}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 done, 1 something failed (the message says what), 2 wrong command or input, 130 interrupted.",
)
@click.version_option(__version__, prog_name="cxlab")
def cxlab() -> None:
    """Customer-experience research: every number carries its uncertainty."""


def main() -> None:
    """Run the command line; a `DataProblem` becomes one line on stderr and exit code 2."""
    try:
        cxlab(standalone_mode=True)
    except DataProblem as problem:
        click.echo(f"cxlab: {problem}", err=True)
        sys.exit(2)
    except Exception as error:
        if type(error).__module__ not in ("duckdb", "_duckdb"):
            raise
        from cxlab.data.readers.delimited import broken

        click.echo(f"cxlab: {broken(error, 'the data')}", err=True)
        sys.exit(1)
