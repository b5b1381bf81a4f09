"""A class that is really served: one server for the tests that ask it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

SECRET = "7e" * 16  # of every room that is tested


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass
class Served:
    folder: Path
    process: subprocess.Popen
    room: dict
    base: str

    def ask(self, who: str, path: str, data: dict | None = None, method: str = "") -> tuple[int, object]:
        token = self.room["teacher"] if who == "teacher" else self.room["tokens"].get(who, who)
        body = None if data is None else json.dumps(data).encode()
        head = {"Authorization": f"token {token}", "Content-Type": "application/json"}
        request = urllib.request.Request(
            f"{self.base}/{path}", body, head, method=method or ("POST" if data else "GET")
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                text = answer.read().decode()
                return answer.status, json.loads(text) if "json" in answer.headers["Content-Type"] else text
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def open(self, who: str, notebook: str = "1-noise.ipynb") -> str:
        """Open a notebook as a seat does; return the number of its kernel."""
        wanted = {"path": notebook, "name": notebook, "type": "notebook", "kernel": {"name": "python3"}}
        status, session = self.ask(who, "api/sessions", wanted)
        assert status == 201, session
        return session["kernel"]["id"]

    def run(self, who: str, kernel: str, code: str) -> str:
        """Run code in a kernel over its web socket; return what it printed or shows."""
        with ThreadPoolExecutor(1) as own:  # a browser test has a loop of its own in this thread
            return own.submit(lambda: asyncio.run(self._run(who, kernel, code))).result()

    async def _run(self, who: str, kernel: str, code: str) -> str:
        from tornado.websocket import websocket_connect

        token = self.room["tokens"].get(who, who)
        address = f"{self.base.replace('http', 'ws')}/api/kernels/{kernel}/channels?token={token}"
        line = await websocket_connect(address)
        head = {
            "msg_id": uuid.uuid4().hex,
            "username": "",
            "session": "s",
            "msg_type": "execute_request",
            "version": "5.3",
        }
        content = {"code": code, "silent": False, "store_history": True, "allow_stdin": False, "stop_on_error": True}
        message = {"header": head, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"}
        await line.write_message(json.dumps(message))
        said = []
        while True:
            got = json.loads(await asyncio.wait_for(line.read_message(), 90))
            if got["parent_header"].get("msg_id") != head["msg_id"]:
                continue
            kind, content = got["msg_type"], got["content"]
            if kind == "stream":
                said.append(content["text"])
            elif kind in ("execute_result", "display_data"):
                said.append(content["data"].get("text/plain", ""))
            elif kind == "error":
                said.append(f"{content['ename']}: {content['evalue']}")
            elif kind == "status" and content["execution_state"] == "idle":
                line.close()
                return "".join(said).strip()


def serve(folder: Path, *options: str, environment: dict | None = None) -> Served:
    """Serve a room and wait until its addresses are printed; the data of its seats are the same in every run.

    With a secret of its own two of a room's three seats have one and the same NPS in about one room of ten.
    """
    name = options[options.index("--room") + 1]
    if not (folder / name).exists():
        (folder / name).mkdir(parents=True)
        (folder / name / "room.json").write_text(json.dumps({"secret": SECRET}))
    command = [sys.executable, "-c", "from cxlab.cli import main; main()", "workshop", "serve", *options]
    process = subprocess.Popen(
        [*command, "--folder", str(folder), "--port", str(free_port())],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ | (environment or {}),
    )  # fmt: skip
    for line in process.stdout:
        if line.startswith("reached from"):
            break
    else:
        raise AssertionError(process.stderr.read())
    room = json.loads((folder / name / "room.json").read_text())
    return Served(folder / name, process, room, f"http://127.0.0.1:{room['port']}")


def stop(served: Served) -> None:
    served.process.send_signal(signal.SIGTERM)
    served.process.communicate(timeout=60)


@pytest.fixture
def serving():
    """Serve rooms; what is still served at the end is stopped."""
    made = []

    def start(*args, **options) -> Served:
        made.append(serve(*args, **options))
        return made[-1]

    start.stop = stop
    yield start
    for one in made:
        if one.process.poll() is None:
            stop(one)


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    made = serve(tmp_path_factory.mktemp("rooms"), "--room", "oslo", "--seats", "3", "--lessons", "1-2")
    yield made
    if made.process.poll() is None:
        stop(made)


@pytest.fixture(scope="module")
def serve_room():
    """The functions that serve a room and stop it."""

    def start(*args, **options) -> Served:
        return serve(*args, **options)

    start.stop = stop
    return start
