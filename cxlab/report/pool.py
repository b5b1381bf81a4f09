"""`Pool`: worker processes that make reports side by side; what fails fails alone, and nothing is left behind."""

from __future__ import annotations

import atexit
import collections
import contextlib
import functools
import multiprocessing
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from multiprocessing import connection
from pathlib import Path
from typing import Any

from cxlab.data.temporary import held
from cxlab.report import render
from cxlab.report.jobs import Job
from cxlab.report.kernel import Kernels, forks
from cxlab.report.room import SHORT, remove, short

TRIES = 2
"""A job whose worker process or fork server was killed is tried again, once."""

PATIENCE = 10
"""Seconds in which a worker must have been started: a killed fork server takes its time to be gone."""


def run(
    jobs: Sequence[Job],
    output: Path,
    form: render.Form = render.PLAIN,
    *,
    workers: int = 2,
    kernels: Kernels | None = None,
    progress: Callable[[int, float], None] = lambda k, share: None,
) -> Iterator[tuple[int, Any]]:
    """Make the reports of ``jobs`` in ``output`` and yield the number of each job with its `Done` as it ends.

    ``kernels`` is a server to share. ``progress`` is called with the number of a job and the share of its cells that
    ran. Closing the iterator (or an interrupt) ends workers and kernels and removes what they had begun.
    """
    with contextlib.nullcontext(kernels) if kernels else Kernels() as server:
        pool = Pool(server, Path(output), form, max(min(workers, len(jobs)), 1))
        try:
            yield from pool.run(jobs, progress)
        finally:
            pool.close()


class Pool:
    """Worker processes of one batch; a killed one is replaced, and its job tried again."""

    def __init__(self, kernels: Kernels, output: Path, form: render.Form, size: int) -> None:
        self.context = multiprocessing.get_context("forkserver" if forks() else "spawn")
        if forks():
            self.context.set_forkserver_preload(["cxlab.report.worker"])
            listens_nearby()
        self.kernels, self.output, self.form, self.size = kernels, output, form, size
        self.workers: dict[connection.Connection, multiprocessing.process.BaseProcess] = {}

    def start(self) -> connection.Connection:
        """Start a worker and return our end of its pipe."""
        from cxlab.report.worker import work

        ours, theirs = self.context.Pipe()
        given = (theirs, str(self.kernels.folder), str(self.output), self.form)
        deadline = time.monotonic() + PATIENCE
        while True:
            process = self.context.Process(target=work, args=given, daemon=True)
            try:
                process.start()
                break
            except (EOFError, OSError) as problem:  # what forks them was killed: once it is gone, Python starts another
                if time.monotonic() > deadline:
                    raise OSError(f"no worker process can be started: {problem or type(problem).__name__}") from problem
                time.sleep(0.05)
        theirs.close()
        self.workers[ours] = process
        return ours

    def run(self, jobs: Sequence[Job], progress: Callable[[int, float], None]) -> Iterator[tuple[int, Any]]:
        """Yield (number of the job, `Done`) as jobs end."""
        waiting = collections.deque((k, 1) for k in range(len(jobs)))
        idle = [self.start() for _ in range(self.size)]
        busy: dict[connection.Connection, tuple[int, int, int]] = {}
        while waiting or busy:
            while waiting and idle:
                self.kernels.alive()
                pipe, (k, turn) = idle.pop(), waiting.popleft()
                busy[pipe] = (k, turn, self.kernels.started)
                with contextlib.suppress(OSError):  # it died meanwhile: found out below
                    pipe.send(jobs[k])
            for pipe in connection.wait(list(busy)):
                k, turn, server = busy[pipe]
                try:
                    said = pipe.recv()
                except (EOFError, OSError):
                    said = self.lost(pipe)
                    idle.append(self.start())
                    del busy[pipe]
                    if turn < TRIES:
                        waiting.append((k, turn + 1))
                        continue
                    yield k, said
                    continue
                if isinstance(said, tuple):
                    progress(k, said[0] / max(said[1], 1))
                    continue
                del busy[pipe]
                idle.append(pipe)
                self.kernels.alive(doubted=bool(said.cause))
                if said.cause and turn < TRIES and self.kernels.started > server:  # its kernel went with the server
                    waiting.append((k, turn + 1))
                    continue
                yield k, said

    def lost(self, pipe: connection.Connection) -> Any:
        """Bury a worker that died, with the report it had begun, and return the failure."""
        from cxlab.report.worker import Done

        process = self.workers.pop(pipe)
        process.join()
        pipe.close()
        self.clean(process.pid)
        how = f"signal {-process.exitcode}" if process.exitcode < 0 else f"exit code {process.exitcode}"
        return Done(cause=f"its worker process ended ({how}), {TRIES} times: killed, or out of memory")

    def clean(self, pid: int) -> None:
        """Remove the drafts of a process that is no more."""
        for draft in self.output.glob(f"*/.*-{pid}-????????"):
            shutil.rmtree(draft, ignore_errors=True)

    def close(self) -> None:
        """End all workers: politely, then not; and remove what they had begun."""
        for process in self.workers.values():
            process.terminate()
        deadline = time.monotonic() + 5
        for pipe, process in self.workers.items():
            process.join(max(deadline - time.monotonic(), 0.1))
            if process.is_alive():
                process.kill()
                process.join()
            pipe.close()
            self.clean(process.pid)
        self.workers.clear()


@functools.cache
def listens_nearby() -> None:
    """Give multiprocessing a folder with a short name for its sockets, once, where the temporary folder's is long."""
    if len(tempfile.gettempdir()) > SHORT - 20:
        folder = Path(short())
        owner = held(folder)  # the next room removes it, should this process be killed
        multiprocessing.process.current_process()._config["tempdir"] = str(folder)
        atexit.register(lambda: (remove(folder), owner.close()))


def cores() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
