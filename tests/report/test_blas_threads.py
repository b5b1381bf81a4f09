"""Linear algebra has one thread in kernels, workers, commands and public functions, unless somebody set another."""

import json
import os
import subprocess
import sys

import pytest
from threadpoolctl import threadpool_info

from cxlab.report import render
from cxlab.report.kernel import Kernels
from cxlab.stats.one_thread import VARIABLES, for_new_processes, one_thread

COUNT = (
    "import json, threadpoolctl, numpy, scipy.linalg\n"
    "found = [p['num_threads'] for p in threadpoolctl.threadpool_info() if p['user_api'] == 'blas']\n"
    "print('THREADS', json.dumps(found))"
)
TWO = min(2, os.cpu_count() or 1)


@pytest.fixture
def unset(monkeypatch):
    """An environment in which nobody said how many threads."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def counted(text: str) -> set[int]:
    """How many threads each library of a process had that ran `COUNT`."""
    line = next(line for line in text.splitlines() if line.startswith("THREADS "))
    found = json.loads(line.removeprefix("THREADS "))
    assert found
    return set(found)


@pytest.mark.parametrize("fork", ["1", "0"])
@pytest.mark.parametrize("said", ["", "2"])
def test_a_kernel_has_one_thread_or_as_many_as_were_said(fork, said, unset, notebook, tmp_path):
    unset.setenv("CXLAB_FORK", fork)
    if said:
        unset.setenv("OPENBLAS_NUM_THREADS", said)
    with Kernels() as kernels:
        made = render.report(str(notebook(COUNT)), "abc", kernels=kernels, output=tmp_path / "out")
    assert made.failure is None
    cells = json.loads((made.folder / "notebook.ipynb").read_text())["cells"]
    texts = ["".join(o["text"]) for c in cells for o in c.get("outputs", ()) if "THREADS" in "".join(o.get("text", ""))]
    assert counted(texts[0]) == {TWO if said else 1}


@pytest.mark.parametrize(("said", "threads"), [({}, 1), ({"OMP_NUM_THREADS": "2"}, TWO)])
def test_a_command_has_one_thread_or_as_many_as_were_said(said, threads, unset, tmp_path):
    called = "import sys\nfrom cxlab import cli\nsys.argv = ['cxlab', '--help']\n"
    code = f"{called}try:\n    cli.main()\nexcept SystemExit:\n    pass\n{COUNT}"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=os.environ | said, check=True
    )
    assert counted(done.stdout) == {threads}


def test_a_worker_of_a_batch_has_one_thread(unset, tmp_path):
    if not hasattr(os, "fork"):
        pytest.skip("workers are read from outside where processes are forked")
    code = (
        "import os, sys\nfrom pathlib import Path\nfrom cxlab.cli import for_new_processes\n"
        "from cxlab.report import pool, render\nfrom cxlab.report.kernel import Kernels\n"
        "os.environ |= for_new_processes(os.environ)\n"
        "with Kernels() as kernels:\n"
        f"    made = pool.Pool(kernels, Path({str(tmp_path)!r}), render.PLAIN, 1)\n"
        "    made.start()\n"
        "    process = next(iter(made.workers.values()))\n"
        "    import psutil\n"
        "    print('SAID', psutil.Process(process.pid).environ().get('OPENBLAS_NUM_THREADS'))\n"
        "    made.close()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "SAID 1" in done.stdout, done.stderr


def test_a_public_function_has_one_thread_or_as_many_as_were_said(unset):
    threads = lambda: {p["num_threads"] for p in threadpool_info() if p["user_api"] == "blas"}  # noqa: E731
    with one_thread():
        assert threads() == {1}
    unset.setenv("OPENBLAS_NUM_THREADS", "2")
    with one_thread():
        assert threads() == {TWO}
    unset.setenv("OPENBLAS_NUM_THREADS", "many")
    with one_thread():
        assert threads() == {1}


def test_what_somebody_said_stays():
    assert for_new_processes({"MKL_NUM_THREADS": "8"}) == {}
    assert set(for_new_processes({})) == set(VARIABLES)
