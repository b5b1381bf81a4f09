"""A batch: jobs checked, those that changed made, delivered where they belong, and the index over all."""

from __future__ import annotations

import hashlib
import importlib
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cxlab.problem import DataProblem
from cxlab.report import pool, provenance, render
from cxlab.report.jobs import Job
from cxlab.report.kernel import Kernels
from cxlab.report.shelf import Shelf


@dataclass(frozen=True)
class Outcome:
    """What came of one job: 'made', 'unchanged' or 'failed', why, its page, the parts not shown, what is said of
    the data."""

    job: Job
    status: str
    page: str = ""
    cause: str = ""
    seconds: float = 0.0
    skipped: tuple[str, ...] = ()
    said: tuple[str, ...] = ()


def told_apart(jobs: Sequence[Job], record: Callable[[str], dict[str, Any] | None] = lambda there: None) -> list[Job]:
    """Return the jobs such that none writes to the folder of another: a file of the same name in another folder, a
    brand whose name differs in capital letters only.

    Parameters
    ----------
    jobs : what is to be made.
    record : gives the run.json of what lies in the output already.
    """
    taken: dict[str, str] = {}
    apart_: list[Job] = []
    for job in jobs:
        path, _, changed = render.prepare(job.notebook, job.study, job.given)
        file = render.file_of(job.study)
        above = Path(file).parent.name
        more = ["", *([f"-{above}"] if above else []), f"-{hashlib.sha256(file.encode()).hexdigest()[:8]}"]
        names = [f"{path.stem}/{render.folder_name(job.study, changed, more=m)}" for m in more]
        for m, name in zip(more, names, strict=True):
            if name not in taken:
                said = record(name) or {}
                taken[name] = render.file_of(str(said.get("parameters", {}).get("study", job.study)))
            if taken[name] == file:
                apart_.append(replace(job, more=m))
                break
        else:  # even the hash is taken: as for one file asked for twice, `folders` says so
            apart_.append(replace(job, more=more[-1]))
    return _in_letters(apart_)


def _in_letters(jobs: Sequence[Job]) -> list[Job]:
    """Return the jobs such that folders differ by more than capital letters, of which some file systems know nothing.

    Of 'brand=ACME' and 'brand=acme' the first keeps its name.
    """
    first, out = dict[str, str](), []
    for job in jobs:
        path, _, changed = render.prepare(job.notebook, job.study, job.given)
        name = f"{path.stem}/{render.folder_name(job.study, changed, more=job.more)}"
        if first.setdefault(name.casefold(), name) != name:
            job = replace(job, more=f"{job.more}-{hashlib.sha256(name.encode()).hexdigest()[:8]}")
        out.append(job)
    return out


def folders(jobs: Sequence[Job]) -> list[str]:
    """Return where each report will lie in the output; every job is checked before anything runs.

    Raises
    ------
    DataProblem : a job is wrong, or two would write to one folder.
    """
    taken: dict[str, Job] = {}
    for job in jobs:
        path, _, changed = render.prepare(job.notebook, job.study, job.given)
        there = f"{path.stem}/{render.folder_name(job.study, changed, more=job.more)}"
        if there in taken:
            raise DataProblem(f"'{taken[there]}' and '{job}' would both write to {there}; ask for each report once")
        taken[there] = job
    return list(taken)


def unchanged(job: Job, form: render.Form, record: dict[str, Any] | None) -> bool:
    """Whether the report that ``record`` (its run.json) tells of is what the job would make again."""
    if not record or record.get("status") != "done" or not record.get("key"):
        return False
    path, parameters, _ = render.prepare(job.notebook, job.study, job.given)
    return record["key"] == provenance.key(job.study, parameters, path, f"{form.to} {form.style}")


def batch(
    jobs: Sequence[Job],
    shelf: Shelf,
    form: render.Form = render.PLAIN,
    *,
    workers: int = 2,
    resume: bool = False,
    scheduler: str = "",
    kernels: Kernels | None = None,
    progress: Callable[[int, float], None] = lambda k, share: None,
) -> Iterator[tuple[int, Outcome]]:
    """Make the reports and yield the number of each job with its `Outcome`, as they end; then write the index.

    Parameters
    ----------
    workers : processes that make reports side by side.
    resume : leave a report as it is if data, codebook, parameters, notebook, formats, style and code are the same.
    scheduler : address of a Dask scheduler whose workers make the reports instead; needs the extra 'dask'.
    kernels : a fork server to share; by default one is started and ended here.
    progress : called with the number of a job and the share of its cells that ran.
    """
    jobs = told_apart(jobs, shelf.record)
    there = folders(jobs)
    todo = list(range(len(jobs)))
    if resume:
        todo = [k for k in todo if not unchanged(jobs[k], form, shelf.record(there[k]))]
        for k in sorted(set(range(len(jobs))) - set(todo)):
            yield k, Outcome(jobs[k], "unchanged", shelf.page(f"{there[k]}/index.html"))
    if todo:  # while others work
        ready = threading.Thread(target=importlib.import_module, args=("cxlab.report.front_page",))
    if todo:
        ready.start()  # while others work
    chosen = [jobs[k] for k in todo]
    tell = lambda k, share: progress(todo[k], share)  # noqa: E731
    if scheduler:
        from cxlab.report import cluster

        made = cluster.run(chosen, shelf.folder, form, scheduler, tell)
    else:
        made = pool.run(chosen, shelf.folder, form, workers=workers, kernels=kernels, progress=tell)
    try:
        for k, done in made if todo else ():
            yield todo[k], delivered(jobs[todo[k]], done, shelf)
    finally:
        made.close()
        if todo:
            ready.join()
        if todo or not shelf.indexed():
            index(shelf)


def index(shelf: Shelf) -> None:
    """Write the index over all reports; whatever stands in the way, the error says that it is the index."""
    try:
        shelf.refresh()
    except Exception as problem:
        raise OSError(f"the index over the reports was not written: {problem}") from problem


def delivered(job: Job, done: Any, shelf: Shelf) -> Outcome:
    """Put what was made where it belongs and return the outcome."""
    page, cause = "", done.cause
    if done.page:
        try:
            page = shelf.deliver(Path(done.page))
        except Exception as problem:  # every store has its own
            cause = f"it could not be delivered: {str(problem) or type(problem).__name__}"
    return Outcome(job, "failed" if cause else "made", page, cause, done.seconds, done.skipped, done.said)
