"""Reports made by the workers of a Dask scheduler; they come back as files, so no disk need be shared."""

from __future__ import annotations

import atexit
import os
import shutil
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from cxlab.data import locations, temporary
from cxlab.problem import DataProblem
from cxlab.report import render
from cxlab.report.jobs import Job
from cxlab.report.kernel import Kernels

WAIT = 20
"""Seconds to wait for a scheduler."""

_one = threading.Lock()
_kernels: list[Kernels] = []


def run(
    jobs: Sequence[Job], output: Path, form: render.Form, scheduler: str, progress: Callable[[int, float], None]
) -> Iterator[tuple[int, Any]]:
    """Make the reports of ``jobs`` on the workers of ``scheduler`` and yield (number of the job, `Done`) as they end.

    A worker that dies costs nothing: Dask gives its jobs to another. Data must be reachable from the workers; relative
    paths start from the folder of the caller where a worker's machine has it, else from the worker's own.
    """
    from cxlab.report.worker import Done, unwritten

    try:
        from distributed import Client, as_completed
    except ImportError:
        raise DataProblem("--scheduler needs Dask: pip install 'cxlab[dask]'") from None
    try:
        client = Client(scheduler, timeout=WAIT, set_as_default=False)
    except (OSError, ValueError) as problem:
        raise DataProblem(f"no Dask scheduler answers at {scheduler}: {problem}") from None
    with client:
        where = str(locations.folder().absolute())
        futures = {client.submit(make, job, form, where, pure=False): k for k, job in enumerate(jobs)}
        try:
            for future in as_completed(futures, loop=client.loop):
                k = futures[future]
                if future.status != "finished":
                    why = future.exception() or f"the scheduler ended or forgot it ({future.status})"
                    yield k, Done(cause=f"the cluster could not make it: {why}")
                    continue
                done, files = future.result()
                progress(k, 1.0)
                try:
                    done = unpack(done, files, output)
                except OSError as problem:
                    done = Done(cause=unwritten(problem, output))
                yield k, done
                future.release()
        finally:
            client.cancel(list(futures))


def make(job: Job, form: render.Form, where: str) -> tuple[Any, dict[str, bytes]]:
    """Make one report on this machine and return it with the content of its files; one at a time in a process."""
    from cxlab.report import worker

    with _one, locations.at(where), temporary.inside() as folder:
        if not _kernels:
            _kernels.append(Kernels())
            atexit.register(_kernels[0].__exit__)
        _kernels[0].alive()
        done = worker.make(job, _kernels[0], Path(folder), form, lambda *_: None)
        there = Path(done.folder)
        files = (
            {f"{there.parent.name}/{there.name}/{f.name}": f.read_bytes() for f in there.iterdir()} if done.page else {}
        )
    return done, files


def unpack(done: Any, files: dict[str, bytes], output: Path) -> Any:
    """Publish the files of a report under ``output`` in one step and return where they are now."""
    from cxlab.report.worker import Done

    if not files:
        return done
    target = output / Path(next(iter(files))).parent
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.parent / f".{target.name[:60]}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
    draft.mkdir()  # not for this user alone: as the umask says
    try:
        for name, content in files.items():
            (draft / Path(name).name).write_bytes(content)
        render.publish(draft, target)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    if not target.name.endswith(".failed"):
        shutil.rmtree(target.with_name(f"{target.name}.failed"), ignore_errors=True)
    return Done(str(target), str(target / Path(done.page).name), done.cause, done.seconds, done.skipped, done.said)
