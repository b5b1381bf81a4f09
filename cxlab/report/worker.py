"""A process that makes one report after another for a batch: its exporter is compiled once, its kernels are forks."""

from __future__ import annotations

import signal
import sys
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from cxlab.data.masking import quiet
from cxlab.problem import DataProblem
from cxlab.report import page, render
from cxlab.report.jobs import Job
from cxlab.report.kernel import Kernels
from cxlab.report.run import import_jupyter

import_jupyter()
page.exporter()  # compiled before the workers are forked from the process that imports this module


@dataclass(frozen=True)
class Done:
    """What came of a job: where the report is, why it failed, the parts not shown, what is said of the data."""

    folder: str = ""
    page: str = ""
    cause: str = ""
    seconds: float = 0.0
    skipped: tuple[str, ...] = ()
    said: tuple[str, ...] = ()


def make(job: Job, kernels: Kernels, output: Path, form: render.Form, progress: Any) -> Done:
    """Make one report; whatever goes wrong is this report's failure and nobody else's."""
    try:
        made = render.report(
            job.notebook,
            job.study,
            job.given,
            kernels=kernels,
            output=output,
            more=job.more,
            form=form,
            progress=progress,
        )
    except DataProblem as problem:
        return Done(cause=quiet(str(problem)))
    except OSError as problem:
        return Done(cause=unwritten(problem, output))
    except Exception as problem:
        return Done(cause=quiet(f"{type(problem).__name__}: {problem}"))
    return Done(str(made.folder), str(made.page), str(made.failure or ""), made.seconds, made.skipped, made.said)


def unwritten(problem: OSError, output: Path) -> str:
    """Return in words why a report is not there: a full disk, a folder that may not be written to."""
    return f"it could not be written: {problem.strerror or problem} ({problem.filename or output})"


def work(pipe: Connection, server: str, output: str, form: render.Form) -> None:
    """Make the reports asked for through ``pipe`` until it closes; Ctrl-C is the business of the batch alone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    kernels = Kernels.at(Path(server))
    while True:
        try:
            job = pipe.recv()
            pipe.send(make(job, kernels, Path(output), form, lambda done, of, cell: pipe.send((done, of, cell))))
        except (EOFError, BrokenPipeError, ConnectionResetError):
            return
