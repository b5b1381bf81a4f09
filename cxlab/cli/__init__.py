"""The command line. Each command lives in its own module and is imported when it is called.

Exit codes: 0 done; 1 something failed, and the message or the error page says what; 2 the command or its input is
wrong; 130 interrupted.
"""

from __future__ import annotations

import importlib
import os
import sys

import click

from cxlab import __version__
from cxlab.problem import DataProblem, nearest
from cxlab.stats.one_thread import for_new_processes

COMMANDS = {
    "report": ("cxlab.cli.cmd_report", "Run a notebook on a study and write the report."),
    "batch": ("cxlab.cli.cmd_batch", "Make many reports by a plan, side by side."),
    "lab": ("cxlab.cli.cmd_lab", "Open JupyterLab on the notebooks."),
    "notebooks": ("cxlab.cli.cmd_notebooks", "List the notebooks, or copy one to change it."),
    "workshop": ("cxlab.cli.cmd_workshop", "Teach a class: lessons with known truth, seats, a board."),
    "datasets": ("cxlab.cli.cmd_datasets", "List the data at hand: shipped and public."),
    "codebook": ("cxlab.cli.cmd_codebook", "Draft a codebook, or check data against theirs."),
    "recipes": ("cxlab.cli.cmd_recipes", "List the exports that are recognised, or tell what one becomes."),
    "register": ("cxlab.cli.cmd_register", "Hold the register of touchpoints against what happens."),
    "pivot": ("cxlab.cli.cmd_pivot", "Turn a file with a row an answer into one with a row a respondent."),
    "doctor": ("cxlab.cli.cmd_doctor", "Say what is wrong with the data and what to do."),
    "claims": ("cxlab.cli.cmd_claims", "List what decks claim, and which claims a study can test."),
    "plan": ("cxlab.cli.cmd_plan", "Fix what will be tested before looking."),
    "verdict": ("cxlab.cli.cmd_verdict", "Say whether data support a claim."),
    "calibrate": ("cxlab.cli.cmd_calibrate", "Run the verdicts on data with known truth."),
    "benchmarks": ("cxlab.cli.cmd_benchmarks", "List published figures to compare with."),
    "completion": ("cxlab.cli.cmd_completion", "Print the completion script of your shell."),
}
"""Each command, the module that defines it under its own name, and its line in the help."""

SECTIONS = {
    "Reports": ("report", "batch", "lab", "notebooks"),
    "Data": ("datasets", "codebook", "recipes", "register", "pivot", "doctor", "benchmarks"),
    "Claims": ("claims", "plan", "verdict", "calibrate"),
    "Teaching": ("workshop",),
}
SECTIONS["Other"] = tuple(name for name in COMMANDS if not any(name in names for names in SECTIONS.values()))
"""How the help orders them; a command that is in no section stands under 'Other'."""


class Commands(click.Group):
    """A group that imports a command only when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(COMMANDS[cmd_name][0])
        return getattr(module, cmd_name.replace("-", "_"))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS:
            raise click.UsageError(f"no command '{args[0]}'{nearest(args[0], COMMANDS) or '; see cxlab --help'}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        width = max(map(len, COMMANDS))
        for title, names in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(name.ljust(width), COMMANDS[name][1]) for name in names if name in COMMANDS])


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 done, 1 something failed (the message says what), 2 wrong command or input, 130 interrupted.",
)
@click.version_option(__version__, prog_name="cxlab")
def cxlab() -> None:
    """Customer-experience research: every number carries its uncertainty, every claim gets a verdict by a rule.

    \b
    Examples:
      cxlab datasets                                     what data there are
      cxlab doctor my-export.sav                         what is wrong with yours
      cxlab report scorecard my-export.sav               one report
      cxlab report scorecard brand-tracker --by brand    one for every brand
      cxlab batch reports/plans/monthly.yml              all of a plan
      cxlab verdict CX-12 my-export.sav                  is a claim true of these customers?

    Each command has its own help: cxlab report --help
    """
    if os.environ.get("NO_COLOR"):
        click.get_current_context().color = False


def main() -> None:
    """Run the command line; what went wrong is one line on stderr and an exit code, never a trace."""
    os.environ |= for_new_processes(os.environ)  # the same bytes on any number of cores, and no slower
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
        from cxlab.data.readers.dialect import broken

        code = say(broken(problem, "the data"), 1)
    sys.exit(code)


def say(problem: object, code: int) -> int:
    """Print one line on stderr and return the exit code."""
    from cxlab.data.masking import quiet

    click.echo(f"cxlab: {quiet(str(problem))}", err=True)
    return code
