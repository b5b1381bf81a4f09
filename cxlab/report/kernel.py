"""Warm kernels: one process imports the libraries once, every notebook runs in a fork of it.

Importing pandas, Matplotlib and the models costs more than most notebooks. `Kernels` starts the fork server at once,
so it imports while its caller prepares the run; each kernel is then a fork, ready in milliseconds. Jupyter sees an
ordinary kernel: the command of its kernelspec is ``shim.py``, which asks the server for a fork and stands for it.

No kernel outlives its caller: the server ends with its standard input, a fork with the connection of its shim.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from cxlab.data import locations
from cxlab.report.room import Room, remove
from cxlab.stats.one_thread import for_new_processes

PRELOAD = (
    "ipykernel.kernelapp", "ipykernel.debugger", "IPython.display", "matplotlib_inline.backend_inline",
    "matplotlib.pyplot", "numpy", "pandas", "narwhals", "duckdb", "scipy.special", "cxlab.data.load",
    "cxlab.data.catalogue", "cxlab.models.metrics.scorecard", "cxlab.models.metrics.trends",
    "cxlab.models.metrics.comparisons", "cxlab.models.metrics.sentences", "cxlab.models.figures",
    "cxlab.models.metrics.metric_plots", "cxlab.models.metrics.comparison_plots",
    "cxlab.report.about_data",
)  # fmt: skip
"""What a report needs; a notebook that imports more pays for it itself."""

PATIENCE = 5
"""Seconds in which a shim must say what it wants; others wait meanwhile."""

SHIM = Path(__file__).with_name("shim.py")


FORKS = all(hasattr(os, name) for name in ("fork", "setsid")) and hasattr(socket, "AF_UNIX")
"""Whether this platform can fork kernels: Linux and macOS can. Elsewhere each kernel is started anew (slower)."""


def forks() -> bool:
    """Whether kernels are forked; ``CXLAB_FORK=0`` in the environment starts each anew."""
    return FORKS and os.environ.get("CXLAB_FORK") != "0"


class Kernels:
    """A fork server for as long as the ``with`` block lasts; `manager` is what Jupyter starts kernels with."""

    module = "cxlab.report.kernel"
    """What is run as the fork server."""

    def __init__(self) -> None:
        self.room = Room()
        self.folder = self.room.folder
        self.address = str(self.folder / "server")
        self.started, self.server = 0, None
        self.start()

    def start(self) -> None:
        """Start the server at its address; ``started`` counts how often."""
        if forks():
            self.started += 1
            command = [sys.executable, "-m", self.module, self.address]
            environment = os.environ | for_new_processes(os.environ)
            self.server = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True, env=environment)

    def __enter__(self) -> Kernels:
        return self

    def __exit__(self, *error: object) -> None:
        if self.server:
            self.server.stdin.close()
            try:
                self.server.wait(timeout=5)
            except subprocess.TimeoutExpired:
                self.server.kill()
                self.server.wait()
        self.room.close()

    @classmethod
    def at(cls, folder: Path) -> Kernels:
        """Return the kernels of a server that another process started; it is not ended here."""
        found = cls.__new__(cls)
        found.folder, found.address, found.server = Path(folder), str(Path(folder) / "server"), None
        return found

    def alive(self, *, doubted: bool = False) -> None:
        """Start the server anew if it ended: killed, say, for its memory.

        ``doubted``: a kernel failed, so a server that listens no more is on its way out, and its end is awaited.
        """
        if doubted and self.server and self.refuses():
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.server.wait(timeout=PATIENCE)
        if self.server and self.server.poll() is not None:
            Path(self.address).unlink(missing_ok=True)
            self.start()

    def refuses(self) -> bool:
        """Whether nobody listens at the server's address, although it was there."""
        with socket.socket(socket.AF_UNIX) as caller:
            try:
                caller.connect(self.address)
            except ConnectionRefusedError:
                return True
            except OSError:  # not there yet, or too many wait
                return False
        return False

    @contextlib.contextmanager
    def meeting(self) -> Iterator[Path]:
        """Yield the file in which a new kernel and its client will agree where to meet.

        The kernel gets an empty folder to work in and one for its temporary files (see `places`); both are removed at
        the end, however the kernel ended.
        """
        file = self.folder / f"{uuid.uuid4().hex[:12]}.json"
        for place in places(file):
            place.mkdir(mode=0o700)
        try:
            yield file
        finally:
            for place in places(file):
                shutil.rmtree(place, ignore_errors=True)

    def manager(self, file: Path) -> type:
        """Return a class of kernel managers whose kernels are forks of this server, reached by Unix sockets.

        The number of the kernel's process stands in ``file`` (of `meeting`) with the ending ``.pid``. What a kernel
        reads by a relative path lies where its caller stands: see `cxlab.data.locations`.
        """
        from jupyter_client.asynchronous import AsyncKernelClient
        from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
        from jupyter_client.manager import AsyncKernelManager

        work, temporary = map(str, places(file))
        where = ["{connection_file}", work, str(locations.folder()), temporary]
        command = [sys.executable, "-I", "-S", str(SHIM), self.address, *where]
        if not forks():
            command = [sys.executable, "-m", "cxlab.report.kernel", "--alone", *where]

        class OnlyThis(KernelSpecManager):
            def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
                one = for_new_processes(os.environ)  # sums in one order: the same bytes on any number of cores
                return KernelSpec(argv=command, display_name="cxlab", language="python", env=one)

        class Client(AsyncKernelClient):
            async def wait_for_ready(self, timeout: float | None = None) -> None:
                await answered(self, timeout or float("inf"))

        class ForkManager(AsyncKernelManager):
            def __init__(self, **options: Any) -> None:
                transport = "ipc" if hasattr(socket, "AF_UNIX") else "tcp"
                options |= {"kernel_spec_manager": OnlyThis(), "transport": transport, "connection_file": str(file)}
                super().__init__(client_factory=Client, **options)

            async def _async_wait(self, pollinterval: float = 0.1) -> None:
                await super()._async_wait(pollinterval / 10)  # a killed kernel is gone in milliseconds

        return ForkManager


def places(file: Path) -> tuple[Path, Path]:
    """Return where the kernel that meets at ``file`` works, and where its temporary files go."""
    work = file.parent / "scratch" / file.stem
    return work, work.with_suffix(".tmp")


async def answered(client: Any, timeout: float) -> None:
    """Wait until a kernel answers on both its channels.

    Jupyter would then listen for a fifth of a second for messages that nbclient passes over anyway.
    """
    from queue import Empty

    end = time.monotonic() + timeout
    while time.monotonic() < end:
        client.kernel_info()
        with contextlib.suppress(Empty):
            reply = await client.shell_channel.get_msg(timeout=1)
            if reply["msg_type"] == "kernel_info_reply":
                await client.iopub_channel.get_msg(timeout=0.2)
                return
        if not await client.is_alive():
            raise RuntimeError("the kernel died before it answered")
    raise RuntimeError(f"the kernel did not answer within {timeout:g} s")


def settings() -> None:
    """Set what every kernel finds in its environment."""
    os.environ.pop("JPY_PARENT_PID", None)
    os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
    os.environ["CXLAB_THREADS"] = "1"  # the same input gives the same bytes: see cxlab.data.engine


def serve(
    address: str,
    preload: Sequence[str] = PRELOAD,
    begin: Callable[[str], int] | None = None,
) -> None:
    """Listen at once, import, then fork a kernel for every shim that calls, until standard input ends.

    Parameters
    ----------
    address : of the Unix socket.
    preload : modules to import.
    begin : what a fork does with the connection file; by default it is a report's kernel (`start`).
    """
    settings()
    os.environ["CXLAB_MADE"] = str(
        Path(address).parent / "scratch"
    )  # what one parsed, the next need not: the catalogue
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen(64)
    sys.modules["debugpy"] = None  # every kernel would import it for a sixth of a second; no report is debugged
    for module in preload:
        importlib.import_module(module)
    del sys.modules["debugpy"]
    draw()
    gc.freeze()  # what is here stays shared: the collector of a fork does not write to it
    gc.set_threshold(50_000, 20, 100)  # a figure makes thousands of objects
    kernels: dict[int, socket.socket] = {}
    while True:
        ready, _, _ = select.select([listener, sys.stdin, *kernels.values()], [], [], 0.05)
        if sys.stdin in ready:
            break
        for pid, shim in list(kernels.items()):
            if shim in ready:
                os.kill(pid, signal.SIGKILL)
            if os.waitpid(pid, os.WNOHANG)[0]:
                kernels.pop(pid).close()
        if listener in ready:
            shim, _ = listener.accept()
            if pid := fork(shim, [listener, *kernels.values()], begin or start):
                kernels[pid] = shim
    for pid in kernels:
        os.kill(pid, signal.SIGKILL)
    remove(Path(address).parent)  # whoever made it may have been killed
    os._exit(0)


def draw() -> None:
    """Draw a picture that nobody sees: fonts and layout are ready then in every kernel."""
    import io

    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(layout="constrained")
    FigureCanvasAgg(figure)
    figure.subplots().set_title("Ready, 0.5")
    figure.savefig(io.BytesIO(), format="png", bbox_inches="tight")


def fork(shim: socket.socket, others: list[socket.socket], begin: Callable[[str], int]) -> int:
    """Fork a kernel for ``shim`` and tell it the process number; only the parent returns.

    A shim may be killed at any moment: without a request there is no kernel (0), without a reader it is ended later.
    """
    shim.settimeout(PATIENCE)
    try:
        request = json.loads(shim.makefile().readline())
    except (OSError, ValueError):
        shim.close()
        return 0
    with warnings.catch_warnings():  # the other threads are those of jemalloc and DuckDB: idle, and without Python
        warnings.simplefilter("ignore", DeprecationWarning)
        pid = os.fork()
    if pid:
        with contextlib.suppress(OSError):
            shim.sendall(f"{pid}\n".encode())
        return pid
    for other in (shim, *others):
        other.close()
    os.setsid()
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    settle(request["folder"], request["called"], request["temporary"])
    code = 1
    with contextlib.suppress(SystemExit):
        code = begin(request["connection_file"])
    os._exit(code)


def settle(folder: str, called: str, temporary: str) -> None:
    """Let this kernel work in its own folder and keep its temporary files where its caller removes them."""
    os.chdir(folder)
    os.environ[locations.VARIABLE] = called
    os.environ |= dict.fromkeys(("TMPDIR", "TEMP", "TMP"), temporary)
    tempfile.tempdir = None


def alone(connection_file: str, folder: str, called: str, temporary: str) -> int:
    """Be a kernel that was not forked: where the platform has no fork, or ``CXLAB_FORK=0``."""
    settings()
    Path(connection_file).with_suffix(".pid").write_text(str(os.getpid()))
    settle(folder, called, temporary)
    return start(connection_file)


def start(connection_file: str) -> int:
    """Be an IPython kernel until asked to stop."""
    import duckdb
    import pandas
    from ipykernel.kernelapp import IPKernelApp

    from cxlab.problem import DataProblem

    duckdb.execute("SET threads = 1")
    pandas.set_option("mode.string_storage", "python")  # in tables of a few rows faster than Arrow's
    del DataProblem._render_traceback_  # the error page folds the trace itself
    sys.argv = ["cxlab-kernel"]
    app = IPKernelApp.instance()
    app.initialize(
        [
            "-f",
            connection_file,
            "--matplotlib=inline",
            "--HistoryManager.enabled=False",
            "--log-level=CRITICAL",  # being interrupted and ended is what happens to every kernel, not an error
            f"--IPKernelApp.parent_handle={os.getppid()}",
        ]
    )
    app.start()
    return 0


if __name__ == "__main__":
    sys.exit(alone(*sys.argv[2:6]) if sys.argv[1] == "--alone" else serve(sys.argv[1]))
