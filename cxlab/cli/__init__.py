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
    "batch": ("cxlab.cli.batch", "Make many reports by a plan, side by side."),
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
    """Run the command line; what went wrong is one line on stderr and an exit code, never a trace."""
    try:
        code = cxlab(standalone_mode=False) or 0
    except DataProblem as problem:
        code = say(problem, 2)
    except click.ClickException as problem:
        problem.show()
        code = problem.exit_code
    except (click.Abort, KeyboardInterrupt):
        code = say("interrupted", 130)
    except BrokenPipeError:
        sys.stdout = None  # whoever read has gone; nothing is left to be told
        code = 1
    except OSError as problem:
        code = say(problem, 1)
    except Exception as problem:
        if type(problem).__module__ not in ("duckdb", "_duckdb"):
            raise
        from cxlab.data.readers.delimited import broken

        code = say(broken(problem, "the data"), 1)
    sys.exit(code)


def say(problem: object, code: int) -> int:
    """Print one line on stderr and return the exit code."""
    click.echo(f"cxlab: {problem}", err=True)
    return code
