"""`Class`: the server of a room, started and stopped: one Jupyter, warm kernels, all settings in the room's folder."""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from cxlab.problem import DataProblem
from cxlab.report.kernel import SHIM, forks
from cxlab.workshop.classroom import write_room, write_whole
from cxlab.workshop.seat import read_room
from cxlab.workshop.sheet import addresses, sheet
from cxlab.workshop.warm import Warm

HERE, ALL = "127.0.0.1", "0.0.0.0"
PATIENCE = 60
"""Seconds in which the server must answer."""

LAB = {
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "notebook-extension/tracker": {"windowingMode": "none"},
}
"""Settings of JupyterLab: no questions at the first start, nothing asked of the network."""


def free(host: str, port: int) -> bool:
    """Whether nothing listens on a port; port 0: whether this machine has such an address."""
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except (OSError, UnicodeError):
        return False
    return True


def port_for(folder: Path, host: str, asked: int | None) -> int:
    """Return the port of a room: the one asked for, the one on the printed sheet, or a free one from 8888 on.

    Raises
    ------
    DataProblem : the port is taken, or the host is none of this machine.
    """
    if host == "::" or not free(host, 0):
        raise DataProblem(
            f"host is '{host}'; give an address of this machine: {HERE} for itself only, {ALL} for all who reach it "
            f"over the network, or one of its own, such as {own_address(ALL)}"
        )
    if asked is not None and not 1 <= asked <= 65535:
        raise DataProblem(f"port is {asked}; give a number from 1 to 65535")
    before = read_room(folder)["port"]
    port = asked or before or next((p for p in range(8888, 8988) if free(host, p)), 0)
    if not port or not free(host, port):
        sheet_says = " (it is the one on the printed sheet)" if port == before else ""
        raise DataProblem(
            f"port {port}{sheet_says} is taken by another program; stop that one, or give --port 8889 "
            "and print the sheet anew"
        )
    return port


class Class:
    """A room that is served for as long as the ``with`` block lasts."""

    def __init__(self, folder: Path, *, host: str = HERE, port: int | None = None) -> None:
        self.folder, self.host = folder.resolve(), host
        self.port = port_for(folder, host, port)
        room = read_room(folder) | {"port": self.port, "host": host}
        write_room(folder, room)
        self.reach = "forwarded" if forwarded(self.port) else "here" if host in (HERE, "localhost", "::1") else "room"
        self.base = forwarded(self.port) or f"http://{bracketed(own_address(host))}:{self.port}"
        self.seats = addresses(folder, self.base)
        self.board = f"{self.base}/board?token={room['teacher']}"
        write_whole(folder / "sheet.html", sheet(folder, self.base, reach=self.reach))
        self.kernels: Warm | None = None
        self.server: subprocess.Popen | None = None
        self.stack = contextlib.ExitStack()

    def __enter__(self) -> Class:
        with contextlib.ExitStack() as stack:
            self.kernels = stack.enter_context(Warm()) if forks() else None
            self.temporary = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cxlab-class-")))
            log = stack.enter_context((self.folder / "server.log").open("w", encoding="utf-8"))
            self.server = subprocess.Popen(self._command(), env=self._environment(), stdout=log, stderr=log,
                                           stdin=subprocess.DEVNULL, start_new_session=os.name == "posix")  # fmt: skip
            stack.callback(self._stop)
            self._wait()
            self.stack = stack.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self.stack.close()

    def watch(self) -> None:
        """Wait until the server ends; start the fork server anew if it was killed.

        Raises
        ------
        DataProblem : the server ended by itself.
        """
        while self.server.poll() is None:
            if self.kernels:
                self.kernels.alive()
            time.sleep(0.5)
        raise DataProblem(
            f"the server ended by itself; {self.folder / 'server.log'} says why. Nothing is lost: serve again"
        )

    def _stop(self) -> None:
        """End the server; it ends its kernels."""
        if self.server.poll() is None:
            self.server.terminate()
            try:
                self.server.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self.server.kill()
                self.server.wait()

    def _wait(self) -> None:
        end = time.monotonic() + PATIENCE
        ask = f"http://{bracketed(HERE if self.host == ALL else self.host)}:{self.port}/api"
        while time.monotonic() < end:
            if self.server.poll() is not None:
                raise DataProblem(f"the server did not start; {self.folder / 'server.log'} says why")
            with contextlib.suppress(urllib.error.URLError, OSError):
                urllib.request.urlopen(ask, timeout=2).close()
                return
            time.sleep(0.1)
        raise DataProblem(f"the server did not answer within {PATIENCE} s; {self.folder / 'server.log'} says why")

    def _command(self) -> list[str]:
        file = self.folder / "server" / "jupyter_lab_config.json"
        for name, content in LAB.items():
            path = self.folder / "server" / "user-settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(content), encoding="utf-8")
        file.write_text(json.dumps(self._settings(), indent=1), encoding="utf-8")
        root = ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
        return [sys.executable, "-m", "jupyterlab", f"--config={file}", "--no-browser", *root]

    def _settings(self) -> dict[str, Any]:
        seated = "cxlab.workshop.seated"
        argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        if self.kernels:
            argv = [sys.executable, "-I", "-S", str(SHIM), self.kernels.address, "{connection_file}", ".", ".",
                    str(self.temporary)]  # fmt: skip
        return {
            "ServerApp": {
                "ip": self.host,
                "port": self.port,
                "port_retries": 0,
                "root_dir": str(self.folder),
                "identity_provider_class": f"{seated}.SeatIdentity",
                "authorizer_class": f"{seated}.SeatRules",
                "contents_manager_class": f"{seated}.SeatContents",
                "kernel_manager_class": f"{seated}.SeatKernels",
                "session_manager_class": f"{seated}.SeatSessions",
                "kernel_spec_manager_class": f"{seated}.WarmSpecs",
                "allow_remote_access": self.reach != "here",
                "allow_origin_pat": origins(self.port),
                "terminals_enabled": False,
                "quit_button": False,
                "cookie_secret_file": str(self.folder / "server" / "cookie_secret"),  # a seat stays open over a stop
                "jpserver_extensions": {
                    "jupyterlab": True,
                    "cxlab.workshop.board_server": True,
                    "jupyter_lsp": False,
                    "jupyter_server_terminals": False,
                },
            },
            "SeatIdentity": {"room": str(self.folder)},
            "WarmSpecs": {"argv": argv},
            "LabApp": {"news_url": None, "extension_manager": "readonly", "expose_app_in_browser": True},
            "SeatKernels": {"default_kernel_name": "python3"},
        }

    def _environment(self) -> dict[str, str]:
        own = self.folder / "server"
        return os.environ | {
            "JUPYTER_CONFIG_DIR": str(own),
            "JUPYTER_DATA_DIR": str(own / "data"),
            "JUPYTER_RUNTIME_DIR": str(self.temporary / "runtime"),
            "JUPYTERLAB_SETTINGS_DIR": str(own / "user-settings"),
            "JUPYTERLAB_WORKSPACES_DIR": str(own / "workspaces"),
            "IPYTHONDIR": str(self.temporary / "ipython"),
            "JUPYTER_PLATFORM_DIRS": "1",
        }


def forwarded(port: int) -> str:
    """Return the address under which a codespace shows a port to the world outside; '' elsewhere."""
    name, domain = (os.environ.get(k) for k in ("CODESPACE_NAME", "GITHUB_CODESPACES_PORT_FORWARDING_DOMAIN"))
    return f"https://{name}-{port}.{domain}" if name and domain else ""


def origins(port: int) -> str:
    """Return the pattern of pages that may ask the server besides its own: in a codespace, those that it forwards.

    The proxy in front of it says 'localhost' in one of the headers Host and Origin and the outer address in the other.
    """
    outer = forwarded(port)
    return rf"{re.escape(outer)}|https?://localhost:{port}" if outer else ""


def bracketed(host: str) -> str:
    """Return a host as an address has it.

    >>> bracketed("::1"), bracketed("127.0.0.1")
    ('[::1]', '127.0.0.1')
    """
    return f"[{host}]" if ":" in host else host


def own_address(host: str) -> str:
    """Return the address under which others reach this machine, where it listens on all."""
    if host != ALL:
        return host
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # an address of documentation: nothing is sent
            return str(probe.getsockname()[0])
        except OSError:
            return socket.gethostname()
