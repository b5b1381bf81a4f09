"""A run is judged by its cells: what stopped it, where, and that nothing is left behind."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

import cxlab as cx
from cxlab.data import codebook as codebooks
from cxlab.report.kernel import Kernels
from cxlab.report.run import execute

STOPPED = {
    "raises": ("1/0", "ZeroDivisionError: division by zero"),
    "hangs": (
        "import time\ntime.sleep(60)",
        "it ran longer than the limit of 1 s and was stopped; raise the limit with --timeout",
    ),
    "hangs holding the interpreter": (
        "import re\nre.match('(a+)+b', 'a' * 60)",
        "it ran longer than the limit of 1 s and was stopped; raise the limit with --timeout",
    ),
    "killed": (
        "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
        "the kernel died while it ran: killed, out of memory, or the cell ended the process",
    ),
    "ends the process": (
        "import os\nos._exit(0)",
        "the kernel died while it ran: killed, out of memory, or the cell ended the process",
    ),
    "exits early": (
        "import sys\nsys.exit(0)",
        "it ended the run early (sys.exit(0)); the cells after it never ran",
    ),
    "data problem": (
        "import cxlab as cx\nraise cx.DataProblem('column x is not in abc')",
        "column x is not in abc",
    ),
}


def test_every_cell_of_a_good_run_is_executed(kernels: Kernels, notebook, tmp_path: Path) -> None:
    path = notebook("a = 1", "print(study, a)", parameters='study: str = "abc"')
    run = execute(path, {"study": 'it\'s "quoted"\n'}, kernels, tmp_path)
    assert run.failure is None
    assert run.notebook.cells[-1].outputs[0].text == 'it\'s "quoted"\n 1\n'
    assert [c.id for c in run.notebook.cells] == [
        "title",
        "parameters",
        "injected-parameters",
        "part",
        "cell-1",
        "cell-2",
    ]


@pytest.mark.parametrize("what", STOPPED)
def test_what_stopped_a_run_is_named(kernels: Kernels, notebook, tmp_path: Path, what: str) -> None:
    source, cause = STOPPED[what]
    run = execute(notebook("a = 1", source, "b = 2"), {"study": "abc"}, kernels, tmp_path, timeout=1)
    assert run.failure is not None
    assert (run.failure.cell, run.failure.section, run.failure.cause) == ("cell-2", "Part one", cause)
    assert run.failure.source == source
    assert (tmp_path / "notebook.ipynb").is_file()


def test_no_kernel_outlives_its_run(notebook, tmp_path: Path) -> None:
    with Kernels() as kernels:
        server = psutil.Process(kernels.server.pid)
        execute(notebook(STOPPED["hangs holding the interpreter"][0]), {}, kernels, tmp_path, timeout=1)
        deadline = time.monotonic() + 5
        while server.children() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert server.children() == []
        folder = kernels.folder
    assert not psutil.pid_exists(server.pid)
    assert not folder.exists()


def test_a_shim_that_dies_early_takes_nobody_with_it(kernels: Kernels, notebook, tmp_path: Path) -> None:
    """It is killed with its run, at any moment: before it said what it wants, or before it heard the answer."""
    execute(notebook("1"), {}, kernels, tmp_path)
    server = kernels.server.pid
    for said in (b"", b"{", b'{"connection_file": "none.json", "folder": "/", "called": "/"}\n'):
        with socket.socket(socket.AF_UNIX) as shim:
            shim.connect(kernels.address)
            shim.sendall(said)
    assert execute(notebook("1"), {}, kernels, tmp_path).failure is None
    assert (kernels.server.poll(), kernels.server.pid) == (None, server)


def test_nothing_survives_a_killed_caller(notebook, tmp_path: Path) -> None:
    path = notebook(f"import os, time\nopen('{tmp_path}/pid', 'w').write(str(os.getpid()))\ntime.sleep(120)")
    program = (
        "from pathlib import Path; from cxlab.report.kernel import Kernels; from cxlab.report.run import execute\n"
        f"with Kernels() as k: execute(Path({str(path)!r}), {{}}, k, Path('.'))"
    )
    caller = subprocess.Popen([sys.executable, "-c", program], cwd=tmp_path)
    pid = tmp_path / "pid"
    deadline = time.monotonic() + 30
    while not (pid.is_file() and pid.read_text()) and time.monotonic() < deadline:
        time.sleep(0.05)
    kernel = int(pid.read_text())
    assert psutil.pid_exists(kernel)
    caller.kill()
    caller.wait()
    deadline = time.monotonic() + 10
    while psutil.pid_exists(kernel) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not psutil.pid_exists(kernel)


@pytest.mark.parametrize("end", ["1", "1/0", "import os\nos._exit(1)", "import time\ntime.sleep(60)"])
def test_a_run_works_in_an_empty_folder_that_is_removed(kernels: Kernels, notebook, tmp_path: Path, end: str) -> None:
    source = "import os\nprint(os.getcwd(), os.listdir())\nopen('plot.png', 'w').close()"
    run = execute(notebook(source, end), {}, kernels, tmp_path, timeout=1)
    folder, held = run.notebook.cells[-2].outputs[0].text.split()
    assert held == "[]"
    assert Path(folder).parent == (kernels.folder / "scratch").resolve()
    assert not Path(folder).exists()


READS = """import cxlab as cx
from pathlib import Path
n = [len(cx.load(study)), len(cx.load("data/mine.csv")), len(cx.load("data/mine.csv", codebook="data/book.json"))]
Path("data").mkdir()
Path("data/mine.csv").write_text("nps\\n1\\n")
[*n, Path(study).is_absolute(), len(cx.load("data/mine.csv")), len(cx.load(study))]"""


def test_relative_paths_start_where_the_caller_stands(kernels: Kernels, notebook, tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "caller/data").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "caller")
    Path("data/mine.csv").write_text("nps\n" + "\n".join(map(str, range(11))))
    Path("data/book.json").write_text(json.dumps(codebooks.write(cx.load("data/mine.csv").codebook)))
    run = execute(notebook(READS), {"study": "data/mine.csv"}, kernels, tmp_path)
    assert run.failure is None
    assert run.notebook.cells[-1].outputs[0].data["text/plain"] == "[11, 11, 11, True, 1, 11]"
    assert run.notebook.cells[2].source == '# Parameters\nstudy = "data/mine.csv"\n'
    run = execute(notebook('import cxlab as cx\ncx.load("data/none.csv")'), {}, kernels, tmp_path)
    assert run.failure.cause == f"there is no file {tmp_path}/caller/data/none.csv"
    run = execute(notebook('open("none.txt")'), {}, kernels, tmp_path)
    assert run.failure.cause == (
        "FileNotFoundError: [Errno 2] No such file or directory: 'none.txt'. A run works in an empty folder of its own"
        f"; cx.load and parameters look in {tmp_path}/caller, other code finds that folder in the environment variable "
        "CXLAB_FOLDER"
    )


def test_plain_matplotlib_figures_show(kernels: Kernels, notebook, tmp_path: Path) -> None:
    run = execute(notebook("import matplotlib.pyplot as plt\nplt.plot([1, 2]);"), {}, kernels, tmp_path)
    assert {k for o in run.notebook.cells[-1].outputs for k in o.data} == {"text/plain", "image/png"}
