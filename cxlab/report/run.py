"""Run a notebook in a kernel and judge for ourselves whether every cell really ran.

Papermill's own output calls unfinished cells completed after a timeout or a dead kernel, and takes ``sys.exit(0)`` for
success; so its verdict is not used.
"""

from __future__ import annotations

import contextlib
import importlib
import logging
import os
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from cxlab.data.locations import address, apart, placed
from cxlab.data.locations import folder as called
from cxlab.data.masking import cleaned, quiet, secrets
from cxlab.models.optional_part import SKIPPED
from cxlab.report import about_data
from cxlab.report.kernel import Kernels

HIDDEN = "cxlab-facts"
ANSI = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class Failure:
    """Which cell stopped a run, and why, in words."""

    cell: str
    number: int
    section: str
    cause: str
    source: str = ""
    trace: str = ""

    def __str__(self) -> str:
        where = f" (section '{self.section}')" if self.section else ""
        return f"cell {self.number} '{self.cell}'{where}: {self.cause}"


@dataclass(frozen=True)
class Run:
    """What came of one run: the executed notebook, what it told about its data, and the failure, if any."""

    notebook: Any
    told: Mapping[str, Any]
    failure: Failure | None
    seconds: float


def import_jupyter() -> None:
    """Import papermill without ``rfc3987_syntax``, which builds a grammar for a second that no notebook needs."""
    logging.getLogger("papermill").setLevel(logging.CRITICAL)  # it would print what `judge` says better
    there = sys.modules.get("rfc3987_syntax")
    sys.modules["rfc3987_syntax"] = None
    try:
        importlib.import_module("papermill")
    finally:
        del sys.modules["rfc3987_syntax"]
        if there is not None:
            sys.modules["rfc3987_syntax"] = there


def execute(
    path: Path,
    parameters: Mapping[str, Any],
    kernels: Kernels,
    folder: Path,
    *,
    timeout: int = 600,
    memory: int = 0,
    progress: Callable[[int, int, str], None] = lambda done, of, cell: None,
) -> Run:
    """Run the notebook at ``path`` with ``parameters``; every cell has ``timeout`` seconds.

    A kernel that takes more than ``memory`` bytes is stopped (0: no limit). ``progress`` is called before each code
    cell with the cells done, the number of cells and the cell's name.
    The executed notebook is written to ``folder/notebook.ipynb`` whatever happens. The kernel works in an empty folder
    of its own, which is removed afterwards; parameters that name a file lead to it all the same.
    """
    import_jupyter()
    import nbformat
    import papermill

    notebook = nbformat.v4.upgrade(nbformat.read(path, as_version=4))
    notebook.cells.append(nbformat.v4.new_code_cell(about_data.CELL, id=HIDDEN, metadata={"tags": [HIDDEN]}))
    total = sum(cell.cell_type == "code" for cell in notebook.cells) + bool(parameters)
    started: list[Any] = []
    opened: list[Any] = [notebook]  # then the one that papermill made of it and executes

    def start(cell: Any, cell_index: int) -> None:
        if cell.cell_type == "code":
            progress(len(started), total, cell.id)
            started.append(cell)

    out, begun = folder / "notebook.ipynb", time.monotonic()
    with kernels.meeting() as file:
        manager, paths = kernels.manager(file), whole(parameters)
        error = watched(
            lambda: papermill.execute_notebook(
                notebook, None, {**parameters, **paths}, kernel_manager_class=manager, progress_bar=False,
                execution_timeout=timeout, record_timing=False, on_cell_start=start, shutdown_kernel="immediate",
                kernel_name="python3", language="python", on_notebook_start=lambda notebook: opened.append(notebook),
            ),
            file.with_suffix(".pid"),
            memory,
        )  # fmt: skip
    done = opened[-1]
    done.cells = [c for c in done.cells if "papermill-error-cell-tag" not in c.metadata.get("tags", [])]
    discreet(done.cells, parameters)
    failure = judge(done.cells, error, started[-1].id if started else "", timeout)
    told = next((o.data[about_data.MIME] for o in outputs(done.cells) if about_data.MIME in o.get("data", {})), {})
    tidy(done, parameters)
    nbformat.write(done, out)
    progress(total, total, "")
    return Run(done, told, failure, time.monotonic() - begun)


def whole(parameters: Mapping[str, Any]) -> dict[str, str]:
    """Return the parameters that name a file by a relative path, with its whole path: the kernel works elsewhere."""
    texts = {k: v for k, v in parameters.items() if isinstance(v, str) and (Path(v).suffix or "/" in v)}
    there = {k: (placed(v).absolute(), apart(v)[1]) for k, v in texts.items() if os.path.exists(placed(v))}
    return {k: address(str(path), **reading) for k, (path, reading) in there.items()}


def watched(work: Callable[[], Any], pid: Path, memory: int) -> Exception | None:
    """Do ``work`` in a thread, where nbclient cannot take signals away from us, and return what it raised.

    Its kernel (number in the file ``pid``) ends when it takes more than ``memory`` bytes, or when we are interrupted.
    """
    error: list[Exception] = []

    def safely() -> None:
        try:
            work()
        except Exception as problem:  # whatever stopped it is judged from the cells
            error.append(problem)

    thread = threading.Thread(target=safely, daemon=True)
    thread.start()
    try:
        while thread.is_alive():
            thread.join(0.2)
            if memory and (taken := size(pid)) > memory:
                error.append(MemoryError(f"{taken / 1e6:,.0f} MB; the limit is {memory / 1e6:,.0f} MB"))
                end(pid)
                thread.join()
    finally:
        end(pid)
        thread.join(10)
        pid.unlink(missing_ok=True)
    return error[0] if error else None


def process(pid: Path) -> psutil.Process | None:
    """Return the process whose number stands in the file ``pid``, if it is there."""
    try:
        return psutil.Process(int(pid.read_text()))
    except (OSError, ValueError, psutil.Error):
        return None


def size(pid: Path) -> int:
    """Return the resident memory in bytes of a kernel and of what it started."""
    kernel, total = process(pid), 0
    with contextlib.suppress(psutil.Error):
        for part in [kernel, *kernel.children(recursive=True)] if kernel else ():
            total += part.memory_info().rss
    return total


def end(pid: Path) -> None:
    """End a kernel and what it started, if they are still there."""
    kernel = process(pid)
    with contextlib.suppress(psutil.Error):
        for part in [*kernel.children(recursive=True), kernel] if kernel else ():
            part.kill()


def outputs(cells: list[Any]) -> Iterator[Any]:
    """Yield all outputs of the code cells, in order."""
    for cell in cells:
        yield from cell.get("outputs", ())


def judge(cells: list[Any], error: Exception | None, running: str, timeout: int) -> Failure | None:
    """Return what stopped the run, or None if every code cell was executed and none raised."""
    section = number = 0
    for cell in cells:
        if cell.cell_type == "markdown":
            headings = re.findall(r"^#+ +(.+)$", cell.source, re.MULTILINE)
            section = headings[-1] if headings else section
        if cell.cell_type != "code" or not cell.source.strip():
            continue
        number += 1
        raised = next((o for o in cell.outputs if o.output_type == "error"), None)
        if raised or cell.execution_count is None or (cell.id == running and error is not None):
            trace = ANSI.sub("", "\n".join(raised.traceback)) if raised else ""
            return Failure(cell.id, number, section or "", cause(raised, error, timeout), cell.source, trace)
    return Failure("", 0, "", cause(None, error, timeout)) if error is not None else None


def skipped(cells: list[Any]) -> list[dict[str, str]]:
    """Return the optional parts that are not shown: their section and why."""
    found, section = [], ""
    for cell in cells:
        if cell.cell_type == "markdown":
            section = next(iter(re.findall(r"^#+ +(.+)$", cell.source, re.MULTILINE)[-1:]), section)
        for output in cell.get("outputs", ()):
            if SKIPPED in output.get("data", {}):
                found.append({"section": section, "reason": output["data"][SKIPPED]["reason"]})
    return found


def cause(raised: Any, error: Exception | None, timeout: int) -> str:
    """Return in words why a cell did not finish."""
    kind = type(error).__name__
    if raised and raised.ename == "SystemExit":
        return f"it ended the run early (sys.exit({raised.evalue})); the cells after it never ran"
    if raised and raised.ename == "DataProblem":
        return str(raised.evalue)
    if raised and raised.ename == "FileNotFoundError":
        return (
            f"{raised.ename}: {ANSI.sub('', raised.evalue)}. A run works in an empty folder of its own; cx.load and "
            f"parameters look in {called()}, other code finds that folder in the environment variable CXLAB_FOLDER"
        )
    if raised:
        return f"{raised.ename}: {ANSI.sub('', raised.evalue)}"
    if kind == "CellTimeoutError":
        return f"it ran longer than the limit of {timeout} s and was stopped; raise the limit with --timeout"
    if kind == "MemoryError" and not raised:
        return f"it took {error} of memory and was stopped; raise the limit with --memory"
    if kind == "DeadKernelError":
        return "the kernel died while it ran: killed, out of memory, or the cell ended the process"
    if error is not None:
        return quiet(f"the run stopped: {kind}: {error}")
    return "it never ran: a cell before it ended the kernel"


def discreet(cells: list[Any], parameters: Mapping[str, Any]) -> None:
    """Take passwords out of everything a run said, and what identifies a customer out of its errors."""
    known = secrets(parameters.values())
    for cell in cells:
        cell.source = cleaned(cell.source, known)
    for output in outputs(cells):
        if output.output_type == "error":
            output.evalue = quiet(cleaned(output.evalue, known))
            output.traceback = [quiet(cleaned(line, known)) for line in output.traceback]
        elif output.output_type == "stream":
            text = cleaned(output.text, known)
            output.text = quiet(text) if output.name == "stderr" else text
        else:
            output.data = {k: v if k.startswith("image/") else cleaned(v, known) for k, v in output.data.items()}


def tidy(notebook: Any, parameters: Mapping[str, Any]) -> None:
    """Take out what differs between two identical runs (clock, random ids, whole paths) and the hidden cell."""
    from papermill.translators import translate_parameters

    notebook.cells = [c for c in notebook.cells if c.id != HIDDEN]
    notebook.metadata.pop("papermill", None)
    for cell in notebook.cells:
        cell.metadata.pop("papermill", None)
        cell.metadata.pop("execution", None)
        if "injected-parameters" in cell.metadata.get("tags", []):
            cell.id = "injected-parameters"
            cell.source = translate_parameters("python3", "python", cleaned(parameters), "Parameters")
