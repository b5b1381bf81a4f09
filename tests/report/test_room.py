"""Nothing stays behind: after success, failure, Ctrl-C and kill -9 of each part the temporary folder is as it was."""

from __future__ import annotations

import contextlib
import gzip
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from cxlab.report import kernel, render, room
from cxlab.report.kernel import Kernels

MAIN = "from cxlab.cli import main\nif __name__ == '__main__':\n    main()\n"
SECRET = "jane.doe@example.com"


@pytest.fixture
def temporary(tmp_path, monkeypatch) -> Path:
    """An empty temporary folder of this test."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr("tempfile.tempdir", None)
    return folder


@pytest.fixture
def packed(tmp_path) -> Path:
    """A customer file that is unpacked to be read, in an encoding that is copied to be read."""
    return customers(tmp_path, 300)


def customers(folder: Path, rows: int) -> Path:
    """Write ``rows`` customers, packed; beyond 64 MB they stay unpacked as long as somebody reads them."""
    path = folder / "cust.csv.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(b"recommend;town;mail\n")
        for k in range(0, rows, 1000):
            part = "".join(f"{j % 11};Zürich {j * 7919 % 100_003};{SECRET}\n" for j in range(k, min(k + 1000, rows)))
            file.write(part.encode("cp1252"))
    return path


def left(folder: Path) -> list[str]:
    """What is in a folder, files first of all those that hold a customer."""
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if not p.name.startswith("pymp-"))


def command(tmp_path: Path, *args: str, **options) -> subprocess.Popen:
    (tmp_path / "run.py").write_text(MAIN)
    quiet = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "start_new_session": True}
    return subprocess.Popen([sys.executable, "run.py", *args], cwd=tmp_path, **quiet, **options)


def parts(parent: int) -> dict[str, list[psutil.Process]]:
    """The processes of a batch by what they are."""
    found: dict[str, list[psutil.Process]] = {"parent": [psutil.Process(parent)]}
    for process in psutil.Process(parent).children(recursive=True):
        with contextlib.suppress(psutil.Error):
            said = " ".join(process.cmdline())
            kind = "server" if "cxlab.report.kernel" in said and process.ppid() == parent else "kernel"
            kind = "shim" if "shim.py" in said else "worker" if "forkserver" in said else kind
            found.setdefault(kind, []).append(process)
    return found


def settled(folder: Path, seconds: float = 10) -> list[str]:
    """What is left in a folder once all processes had their time."""
    end = time.monotonic() + seconds
    while (there := left(folder)) and time.monotonic() < end:
        time.sleep(0.2)
    return there


@pytest.mark.parametrize("source", ["import cxlab as cx\ncx.load(study)", "import cxlab as cx\ncx.load(study)\n1 / 0",
                                    "import cxlab as cx, os\ncx.load(study)\nos._exit(3)"])  # fmt: skip
def test_a_run_leaves_nothing(source, notebook, packed, temporary, tmp_path):
    with Kernels() as kernels:
        assert stat.S_IMODE(kernels.folder.stat().st_mode) == 0o700
        render.report(str(notebook(source)), str(packed), kernels=kernels, output=tmp_path / "out")
        assert [n for n in left(temporary) if "cust" in n or n.endswith(".csv")] == []
    assert left(temporary) == []
    assert SECRET.encode() not in b"".join(p.read_bytes() for p in (tmp_path / "out").rglob("*") if p.is_file())


@pytest.mark.slow
@pytest.mark.parametrize("killed", ["server", "kernel", "shim", "worker", "parent", "Ctrl-C"])
def test_whoever_is_killed_leaves_nothing(killed, notebook, temporary, tmp_path):
    packed = customers(tmp_path, 2_000_000)
    path = notebook("import cxlab as cx, time\ndata = cx.load(study)\ntime.sleep(3)")
    run = command(tmp_path, "report", str(path), str(packed), "--output", "out", "--workers", "1", "--trust")
    end = time.monotonic() + 30
    while not list(temporary.rglob("cust.csv")) and time.monotonic() < end:
        time.sleep(0.1)
    assert list(temporary.rglob("cust.csv")), "the data were never unpacked"
    if killed == "Ctrl-C":
        run.send_signal(signal.SIGINT)
    for process in [] if killed == "Ctrl-C" else parts(run.pid)[killed]:
        with contextlib.suppress(psutil.Error):
            process.kill()
    run.communicate(timeout=60)
    assert settled(temporary) == []
    assert not [p for p in psutil.process_iter(["cmdline"]) if str(tmp_path) in " ".join(p.info["cmdline"] or [])]


def test_the_room_of_the_dead_is_removed_by_the_next(temporary):
    program = (
        "from cxlab.report.room import Room; import os, signal; r = Room(); (r.scratch / 'cust.csv').write_text('x');"
    )
    subprocess.run([sys.executable, "-c", f"{program} os.kill(os.getpid(), signal.SIGKILL)"])
    assert [n for n in left(temporary) if n.endswith("cust.csv")]
    living = room.Room()
    assert [n for n in left(temporary) if n.endswith("cust.csv")] == []
    other = room.Room()
    assert living.folder.is_dir() and other.folder.is_dir()
    living.close(), other.close()
    assert left(temporary) == []


def test_a_temporary_folder_with_a_long_name(notebook, tmp_path, monkeypatch):
    folder = tmp_path / ("a long name of a folder " * 8) / "tmp"
    folder.mkdir(parents=True)
    run = command(tmp_path, "report", str(notebook("1")), "abc", "--trust", env=os.environ | {"TMPDIR": str(folder)})
    out, err = run.communicate(timeout=60)
    assert (run.returncode, settled(folder)) == (0, []), err


def test_without_a_fork_kernels_are_started_anew(notebook, packed, temporary, tmp_path, monkeypatch):
    monkeypatch.setenv("CXLAB_FORK", "0")
    with Kernels() as kernels:
        assert kernels.server is None and not kernel.forks()
        path = notebook("import os, cxlab as cx\nlen(cx.load(study)), os.environ['CXLAB_THREADS'], os.listdir('.')")
        made = render.report(str(path), str(packed), kernels=kernels, output=tmp_path / "out")
        assert made.failure is None
        assert "(300, '1', [])" in (made.folder / "notebook.ipynb").read_text().replace("&#x27;", "'")
        long = render.Form(timeout=1)
        path = notebook("import time\ntime.sleep(60)", name="long")
        assert "longer than the limit of 1 s" in str(
            render.report(str(path), "abc", kernels=kernels, output=tmp_path / "out", form=long).failure
        )
    assert left(temporary) == []
    run = command(tmp_path, "report", str(notebook("1")), "abc", "--trust")
    assert run.wait(timeout=60) == 0


@pytest.mark.parametrize("mask", [0o022, 0o027, 0o077])
def test_reports_keep_the_umask(mask, notebook, kernels, tmp_path):
    before = os.umask(mask)
    try:
        made = render.report(str(notebook("1")), "abc", kernels=kernels, output=tmp_path / "out")
        from cxlab.report.front_page import refresh

        refresh(tmp_path / "out")
    finally:
        os.umask(before)
    for path in (made.folder, *made.folder.iterdir(), *(tmp_path / "out").glob("[ri]*.*")):
        wanted = (0o777 if path.is_dir() else 0o666) & ~mask
        assert stat.S_IMODE(path.stat().st_mode) == wanted, path
