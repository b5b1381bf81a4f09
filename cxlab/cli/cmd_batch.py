"""``cxlab batch``: all the reports of a plan. What it shares with ``cxlab report`` is here."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from cxlab.cli.page_advice import on_page
from cxlab.data.masking import cleaned
from cxlab.data.small_cells import NOT_SHOWN, SMALL, few
from cxlab.problem import DataProblem

UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9}
STYLE = "style.yml"
"""Name of the house style in the folder of reports, used where none is named."""

SHARED = (
    click.option("--to", metavar="html,pdf,docx,pptx,xlsx", help="What to make of it.  [default: html]"),
    click.option("--output", metavar="FOLDER|URL", help="Where all reports go: a folder, s3://...  [default: reports]"),
    click.option("--lang", metavar="CODE", help="Language of the reports, e.g. de.  [default: the style's, else en]"),
    click.option("--style", metavar="FILE", help="House style (YAML: name, logo, accent, heading, language, words)."),
    click.option("--template", multiple=True, metavar="FILE", help="Your company's .pptx or .docx."),
    click.option("--timeout", metavar="SECONDS", help="How long one cell may take.  [default: 600]"),
    click.option("--memory", metavar="SIZE", help="How large one kernel may grow, e.g. 600MB.  [default: its share]"),
    click.option("--workers", metavar="N", help="Processes that make reports.  [default: one a core]"),
    click.option("--resume", is_flag=True, help="Make only what changed: data, parameters, notebook, code or style."),
    click.option("--trust", is_flag=True, help="Run a notebook that is not cxlab's own without asking."),
    click.option("--scheduler", metavar="ADDRESS", default="", help="Use the workers of a Dask scheduler instead."),
    click.option("--json", "as_json", is_flag=True, help="Print what came of every report, for machines."),
    click.option("--quiet", is_flag=True, help="Print only where the pages are, and failures."),
)  # fmt: skip


def shared(command: Callable) -> Callable:
    """Give a command the options of making reports."""
    for option in reversed(SHARED):
        command = option(command)
    return command


@click.command()
@click.argument("plan", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="List the reports and the cells left out, and stop.")
@shared
def batch(plan: Path, dry_run: bool, **options: Any) -> None:
    """Make all the reports of PLAN, a YAML file: notebooks over studies, parameters and the levels of columns.

    A report that fails stops no other; failures are listed at the end. The page over all reports is OUTPUT/index.html,
    the table of all their numbers OUTPUT/results.parquet. The plan may hold the options below as well (to, output,
    style, timeout, memory, workers); the command line wins.

    \b
    Examples:
      cxlab batch reports/plans/monthly.yml
      cxlab batch reports/plans/monthly.yml --resume --to html,pdf
      cxlab batch reports/plans/monthly.yml --dry-run
      cxlab batch plan.yml --output s3://bucket/reports --workers 8 --memory 600MB
      cxlab batch plan.yml --scheduler tcp://scheduler:8786

    Where reports hold control charts (the notebook monitor), OUTPUT/alarms.json has their alarms, and what was not
    told by an earlier batch is told on stderr.

    Exit codes: 0 all made, 1 at least one failed, 2 the plan is wrong (nothing ran), 3 all made and an alarm is new,
    130 interrupted.
    """
    from cxlab.report import jobs

    found = jobs.read(plan)
    given = {k: v for k, v in options.items() if v not in (None, ())}
    if dry_run:
        for job in found.jobs:
            click.echo(str(job))
        left_out(found)
        click.echo(f"{len(found.jobs)} reports", err=True)
        return
    make(found, watch=True, **{**options, **found.options, **given})


def make(
    plan: Any, *, quiet: bool, as_json: bool, resume: bool, scheduler: str, trust: bool = False, watch: bool = False,
    **options: Any,
) -> None:  # fmt: skip
    """Make the reports of a plan, say what came of it, and end the process with the exit code.

    Parameters
    ----------
    watch : whether alarms of control charts that are new are told, and end the process with 3.
    """
    from cxlab.report.batch import batch as run
    from cxlab.report.batch import folders, told_apart
    from cxlab.report.jobs import in_language
    from cxlab.report.pool import cores
    from cxlab.report.shelf import Shelf

    where = str(options.get("output") or "reports")
    workers = whole("workers", options.get("workers"), cores())
    form = form_of(options, where, workers)
    plan = in_language(plan, str(options.get("lang") or form.style.spoken))
    folders(told_apart(plan.jobs))  # what is wrong is said before anything else
    strangers(plan.jobs, quiet=quiet, trust=trust)
    bar = Bar(len(plan.jobs), shown=sys.stderr.isatty() and not quiet)
    outcomes: dict[int, Any] = {}
    broke: Exception | None = None
    with Shelf(where) as shelf, ended_is_interrupted():
        made = run(plan.jobs, shelf, form, workers=workers, resume=resume, scheduler=scheduler, progress=bar)
        with contextlib.closing(made):
            try:
                for k, outcome in made:
                    outcomes[k] = outcome
                    bar.end(k, outcome.status == "failed")
            except KeyboardInterrupt:
                bar.close()
                click.echo(f"interrupted: {len(outcomes)} of {len(plan.jobs)} reports are there; "
                           "the rest: the same command with --resume", err=True)  # fmt: skip
                raise
            except Exception as problem:  # what was made is told first
                if isinstance(problem, DataProblem) and not outcomes:
                    raise
                broke = problem
        bar.close()
        page = "" if broke else shelf.page("index.html")
        report(plan, [outcomes[k] for k in sorted(outcomes)], page, quiet=quiet, as_json=as_json)
        new = alarmed(shelf) if watch and not broke else 0
    whole_batch(plan.jobs, outcomes, broke)
    sys.exit(1 if any(o.status == "failed" for o in outcomes.values()) else 3 if new else 0)


def alarmed(shelf: Any) -> int:
    """Write alarms.json, tell the alarms that are new, and return how many."""
    from cxlab.report import alarm_file

    new = shelf.alarms()
    for alarm in new[:20]:
        click.secho(f"NEW ALARM {alarm_file.sentence(alarm)}", err=True, fg="red")
    if len(new) > 20:
        click.echo(f"{len(new) - 20} more new alarms in {alarm_file.NAME}", err=True)
    return len(new)


def whole_batch(jobs: Sequence[Any], outcomes: Mapping[int, Any], broke: Exception | None) -> None:
    """Raise unless every job has an outcome and nothing broke; click would end some errors without a word."""
    missing = [str(job) for k, job in enumerate(jobs) if k not in outcomes]
    if not missing and broke is None:
        return
    why = f"{type(broke).__name__}: {broke}" if broke else "nothing says why"
    lost = f"{len(missing)} of {len(jobs)} reports were neither made nor failed" if missing else "all reports had ended"
    first = f" ({', '.join(missing[:5])}{', ...' if len(missing) > 5 else ''})" if missing else ""
    raise click.ClickException(f"the batch broke off ({why}); {lost}{first}; the same command with --resume goes on")


@contextlib.contextmanager
def ended_is_interrupted() -> Iterator[None]:
    """Let SIGTERM and SIGHUP (a closed terminal) interrupt as Ctrl-C does: said, cleaned up, with an exit code."""
    known = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    ends = [s for s in known if signal.getsignal(s) is signal.SIG_DFL]
    before = {s: signal.signal(s, signal.default_int_handler) for s in ends}
    try:
        yield
    finally:
        for s, handler in before.items():
            signal.signal(s, handler)


def report(plan: Any, outcomes: Sequence[Any], index: str, *, quiet: bool, as_json: bool) -> None:
    """Print what came of the reports: pages, failures with their reason, cells left out, and the index (if written)."""
    failed = [o for o in outcomes if o.status == "failed"]
    if as_json:
        rows = [
            {"report": str(o.job), "notebook": o.job.notebook, "study": cleaned(o.job.study),
             "parameters": cleaned(o.job.given),
             "status": o.status, "page": o.page, "cause": o.cause, "seconds": round(o.seconds, 3),
             "not_shown": list(o.skipped), "said": list(o.said)}
            for o in outcomes
        ]  # fmt: skip
        left = [{"study": s, "cell": c, "answers": answers(n), "at_least": k} for s, c, n, k in plan.left_out]
        left += [{"study": s, "cell": c, "answers": NOT_SHOWN, "why": TELLS} for s, c in plan.withheld]
        say([json.dumps({"index": index, "reports": rows, "left_out": left}, indent=1, ensure_ascii=False)])
        return
    notes = {k: f"  ({o.seconds:.1f} s)" if o.status == "made" else f"  ({o.status})" for k, o in enumerate(outcomes)}
    shown = [k for k, o in enumerate(outcomes) if o.page and (o.status != "unchanged" or quiet)]
    say(outcomes[k].page if quiet else outcomes[k].page + notes[k] for k in shown)
    for cause in dict.fromkeys(o.cause for o in failed):
        same = [str(o.job) for o in failed if o.cause == cause]
        more = f" and {len(same) - 5} more for the same reason" if len(same) > 5 else ""
        book = next(o.job.notebook for o in failed if o.cause == cause)
        click.secho(f"FAILED {', '.join(same[:5])}{more}: {on_page(cause, book)}", err=True, fg="red")
    if not quiet:
        for part in dict.fromkeys(part for o in outcomes for part in o.skipped):
            where = [str(o.job) for o in outcomes if part in o.skipped]
            more = f" ({len(where)} reports)" if len(where) > 1 else ""
            book = next(o.job.notebook for o in outcomes if part in o.skipped)
            click.echo(f"not shown{more}: {on_page(part, book)}", err=True)
        for line in dict.fromkeys(line for o in outcomes for line in o.said):
            click.echo(line, err=True)
        left_out(plan)
        counts = {s: sum(o.status == s for o in outcomes) for s in ("made", "unchanged", "failed")}
        said = ", ".join(f"{n} {s}" for s, n in counts.items() if n)
        where = f"; all in {index}" if index else ""
        click.echo(f"{len(outcomes)} report{'s' * (len(outcomes) != 1)}: {said}{where}", err=True)


def say(lines: Iterable[str]) -> None:
    """Print lines; where nobody reads on (``| head``) the rest goes nowhere, and stderr still tells what failed."""
    try:
        for line in lines:
            click.echo(line)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def left_out(plan: Any) -> None:
    """Say on stderr which cells got no report, and by which rule."""
    small = [f"{study} {cell} ({answers(n)})" for study, cell, n, _ in plan.left_out if "= not stated" not in cell]
    blank = sum(n for _, cell, n, _ in plan.left_out if "= not stated" in cell)
    if small:
        rule = plan.left_out[0][3]
        more = f" and {len(small) - 10} more (--json lists all)" if len(small) > 10 else ""
        click.echo(f"left out, fewer than {rule} answers: {', '.join(small[:10])}{more}", err=True)
    if blank:
        click.echo(f"left out, level not stated: {answers(blank)} answers", err=True)
    for name in plan.people:
        told = "they stand on pages and in the index as asked for; no folder has them"
        click.echo(f"'{name}' may hold names of people: {told}", err=True)
    if plan.withheld:
        click.echo(f"left out, {TELLS}: {', '.join(f'{study} {cell}' for study, cell in plan.withheld)}", err=True)


TELLS = "the whole less the other reports would tell cells of fewer than 10 answers"


def answers(n: int) -> str:
    """Return a number of answers as it may be said."""
    return f"{n:,}" if n >= SMALL else few(SMALL)


def form_of(options: Mapping[str, Any], where: str, workers: int) -> Any:
    """Return formats, limits and style as the options say, all checked; a kernel's share is of 80 % of the memory."""
    import psutil

    from cxlab.report import house_style, render

    to = options.get("to") or "html"
    formats = to if isinstance(to, list) else [word.strip() for word in to.split(",") if word.strip()]
    templates = options.get("template") or ()
    templates = [templates] if isinstance(templates, str) else list(map(str, templates))
    file = options.get("style") or ("" if "://" in where or not Path(where, STYLE).is_file() else Path(where, STYLE))
    return render.Form(
        tuple(formats),
        whole("timeout", options.get("timeout"), 600),
        size(options.get("memory")) or int(0.8 * psutil.virtual_memory().total / workers),
        house_style.with_templates(house_style.read(Path(file)) if file else house_style.Style(), templates),
    )


def whole(name: str, given: Any, default: int) -> int:
    """Return an option that is a whole number of one or more."""
    try:
        found = default if given is None else int(given)
    except ValueError:
        found = 0
    if found < 1:
        raise DataProblem(f"--{name} is {given!r}; it must be a whole number, 1 or more")
    return found


def size(given: Any) -> int:
    """Return bytes of a size like ``600MB``; 0 for None.

    >>> size("600MB"), size("1.5 G"), size(None)
    (600000000, 1500000000, 0)
    """
    if given is None:
        return 0
    found = re.fullmatch(r"([0-9]*\.?[0-9]+)\s*([KMG]?)i?B?", str(given).strip(), re.IGNORECASE)
    if not found or float(found[1]) == 0:
        raise DataProblem(f"--memory is {given!r}; write a size like 600MB or 2GB")
    return int(float(found[1]) * UNITS[found[2].upper()])


def strangers(jobs: Sequence[Any], *, quiet: bool, trust: bool) -> None:
    """Ask before code runs that is not of cxlab's own notebooks; say whose it is.

    Raises
    ------
    DataProblem : nobody can be asked, and ``--trust`` was not given.
    """
    from cxlab.report import notebook as books

    for path in dict.fromkeys(books.find(job.notebook) for job in jobs):
        if books.ours(path):
            continue
        if not trust and not sys.stdin.isatty():
            raise DataProblem(f"{path} is not one of cxlab's own notebooks; its code could do all that you may. "
                              "Read it, then add --trust to run it")  # fmt: skip
        if not trust:
            click.confirm(f"{path} is not one of cxlab's own notebooks; its code can do all that you may. Run it?",
                          abort=True, err=True)  # fmt: skip
        elif not quiet:
            click.echo(f"running the code of {path}, which is not one of cxlab's own notebooks; "
                       "it works in an empty folder that is removed afterwards", err=True)  # fmt: skip


class Bar:
    """Progress of a batch on one line of the terminal: reports done, of how many, time left, failures."""

    def __init__(self, total: int, *, shown: bool) -> None:
        from tqdm import tqdm

        self.shares: dict[int, float] = {}
        self.failed = 0
        self.bar = tqdm(
            total=total, disable=not shown, leave=False,
            bar_format="{percentage:3.0f} % {bar:24} {n:.0f} of {total_fmt} reports{postfix}, {remaining} left",
        )  # fmt: skip

    def __call__(self, k: int, share: float) -> None:
        self.shares[k] = min(share, 0.99)
        self.draw()

    def end(self, k: int, failed: bool) -> None:
        """Count a report as done."""
        self.shares[k], self.failed = 1.0, self.failed + failed
        if self.failed:
            self.bar.set_postfix_str(f"{self.failed} failed", refresh=False)
        self.draw()

    def draw(self) -> None:
        """Show how far all reports are."""
        self.bar.n = sum(self.shares.values())
        self.bar.refresh()

    def close(self) -> None:
        """Clear the line."""
        self.bar.close()
