"""The same jobs on a real Dask scheduler with real workers, one of which is killed."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cxlab.problem import DataProblem
from cxlab.report import provenance
from cxlab.report.batch import batch
from cxlab.report.jobs import Job
from cxlab.report.render import PLAIN
from cxlab.report.shelf import Shelf

pytest.importorskip("distributed", reason="needs pip install 'cxlab[dask]'")
pytestmark = [pytest.mark.extra, pytest.mark.slow]

SOURCE = """import os, time
open(f'{there}/{x}.pid', 'w').write(str(os.getppid()))
time.sleep(float(x))
import cxlab as cx
cx.Estimate(x, float(x))"""


@pytest.fixture
def cluster(tmp_path: Path):
    """Start a scheduler and two workers; give its address, the workers and itself."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    quiet = {"cwd": tmp_path, "stderr": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
    port = address.rpartition(":")[2]
    with contextlib.ExitStack() as stack:
        scheduler = ["scheduler", "--host", "127.0.0.1", "--port", port, "--no-dashboard"]
        worker = ["worker", address, "--nthreads", "1", "--no-dashboard", "--no-nanny"]
        started = []
        for module, options in (("scheduler", scheduler), ("worker", worker), ("worker", worker)):
            command = [sys.executable, "-m", f"distributed.cli.dask_{module}", *options[1:]]
            started.append(subprocess.Popen(command, **quiet))
            stack.callback(started[-1].wait, 20)
            stack.callback(started[-1].terminate)
        yield address, started[1:], started[0]


def test_a_killed_worker_costs_no_report(cluster, notebook, tmp_path: Path):
    address, workers, _ = cluster
    path = notebook(SOURCE, parameters='study: str = "abc"\nx: str = "0"\nthere: str = "."')
    jobs = [Job(str(path), "abc", {"x": x, "there": str(tmp_path)}) for x in ("3", "0.1", "0.2", "0.3", "0.4")]
    made = batch(jobs, Shelf(tmp_path / "out"), PLAIN, scheduler=address)
    found = []
    for k, outcome in made:
        found.append((k, outcome))
        if len(found) == 1:
            workers[0].send_signal(signal.SIGKILL)
            workers[0].wait()
    assert [o.cause for _, o in found] == [""] * 5
    assert sorted(k for k, _ in found) == [0, 1, 2, 3, 4]
    for _, outcome in found:
        results = json.loads((Path(outcome.page).parent / "results.json").read_text())["results"]
        assert [r["name"] for r in results.values()] == [outcome.job.given["x"]]
    assert (tmp_path / "out/index.html").read_text().count("<li data-subject") == 5
    deadline = time.monotonic() + 20
    servers = {int(file.read_text()) for file in tmp_path.glob("*.pid")}
    workers[1].terminate()
    while any(alive(pid) for pid in servers) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not [pid for pid in servers if alive(pid)]


def test_relative_paths_are_the_callers(cluster, notebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The workers stand one folder above, where a file of the same name holds other data."""
    (tmp_path / "caller").mkdir()
    monkeypatch.chdir(tmp_path / "caller")
    Path("mine.csv").write_text("nps\n" + "\n".join(map(str, range(11))))
    (tmp_path / "mine.csv").write_text("nps\n1\n2\n")
    notebook("import cxlab as cx\ncx.Estimate(study, float(len(cx.load(study))))").rename("rows.ipynb")
    made = batch([Job("rows.ipynb", "mine.csv")], Shelf("out"), PLAIN, scheduler=cluster[0])
    assert [o.cause for _, o in made] == [""]
    found = json.loads(Path("out/rows/mine/results.json").read_text())
    assert [r["value"] for r in found["results"].values()] == [11.0]
    assert found["parameters"] == {"study": "mine.csv"}
    assert found["data"]["sha256"] == provenance.data_hash("mine.csv")


def test_a_killed_scheduler_is_the_cause_of_what_was_not_made(cluster, notebook, tmp_path: Path):
    address, workers, scheduler = cluster
    path = notebook(SOURCE, parameters='study: str = "abc"\nx: str = "0"\nthere: str = "."')
    jobs = [Job(str(path), "abc", {"x": x, "there": str(tmp_path)}) for x in ("0.1", "30", "40", "50")]
    found = []
    for k, outcome in batch(jobs, Shelf(tmp_path / "out"), PLAIN, scheduler=address):
        found.append((k, outcome))
        if len(found) == 1:
            scheduler.kill()
    for worker in workers:
        worker.kill()
    assert sorted(k for k, _ in found) == [0, 1, 2, 3]
    cause = "the cluster could not make it: the scheduler ended or forgot it (cancelled)"
    assert [(o.status, o.cause) for _, o in found[1:]] == [("failed", cause)] * 3


def alive(pid: int) -> bool:
    """Whether a process is there (a kernel server: parent of the kernels of a worker)."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_no_scheduler_is_said(notebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from cxlab.report import cluster

    monkeypatch.setattr(cluster, "WAIT", 1)
    jobs = [Job(str(notebook("1")), "abc")]
    with pytest.raises(DataProblem) as problem:
        list(batch(jobs, Shelf(tmp_path / "out"), PLAIN, scheduler="tcp://127.0.0.1:9"))
    assert str(problem.value).startswith("no Dask scheduler answers at tcp://127.0.0.1:9: ")
