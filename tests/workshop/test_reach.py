"""From where a class is reached: this machine, the network of a room, a codespace; other classes without a server."""

from __future__ import annotations

import asyncio
import http.cookiejar
import json
import re
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cxlab.problem import DataProblem
from cxlab.workshop import serving as serving_module
from cxlab.workshop.classroom import open_room
from cxlab.workshop.serving import forwarded, origins, own_address, port_for
from cxlab.workshop.sheet import sheet

ROOT = Path(__file__).parents[2]
CODESPACE = {"CODESPACE_NAME": "odd-name-7x", "GITHUB_CODESPACES_PORT_FORWARDING_DOMAIN": "app.github.dev"}


@pytest.mark.parametrize("host", ["203.0.113.9", "no such host", "::", "nowhere.invalid"])
def test_an_address_of_another_machine_is_refused(tmp_path, host):
    at = open_room(tmp_path, "oslo", seats=1, lessons="noise")
    with pytest.raises(DataProblem) as said:
        port_for(at, host, None)
    assert str(said.value) == (
        f"host is '{host}'; give an address of this machine: 127.0.0.1 for itself only, 0.0.0.0 for all who reach it "
        f"over the network, or one of its own, such as {own_address('0.0.0.0')}"
    )


@pytest.mark.parametrize("port", [0, -1, 65536])
def test_a_port_that_is_none_is_refused(tmp_path, port):
    at = open_room(tmp_path, "oslo", seats=1, lessons="noise")
    with pytest.raises(DataProblem) as said:
        port_for(at, "127.0.0.1", port)
    assert str(said.value) == f"port is {port}; give a number from 1 to 65535"


@pytest.mark.parametrize(
    ("reach", "language", "said"),
    [
        ("here", "en", "on this computer only"), ("room", "en", "in this network, unencrypted"),
        ("forwarded", "en", "whoever may open this codespace"), ("here", "de", "nur auf diesem Rechner"),
        ("room", "de", "in diesem Netz, unverschlüsselt"), ("forwarded", "de", "die diesen Codespace öffnen dürfen"),
    ],
)  # fmt: skip
def test_the_sheet_says_who_reaches_it_and_what_others_see(tmp_path, reach, language, said):
    at = open_room(tmp_path, "oslo", seats=2, lessons="noise", language=language)
    page = sheet(at, "http://192.0.2.7:8888", reach=reach)
    assert said in page and page.count("http://192.0.2.7:8888/s/") == 4
    assert {"en": "other seats&#x27; folders as well", "de": "auch die Ordner anderer Plätze"}[language] in page


def test_a_codespace_is_known_by_its_environment(monkeypatch):
    for name in CODESPACE:
        monkeypatch.delenv(name, raising=False)
    assert forwarded(8888) == origins(8888) == ""
    for name, value in CODESPACE.items():
        monkeypatch.setenv(name, value)
    assert forwarded(8888) == "https://odd-name-7x-8888.app.github.dev"
    allowed = re.compile(origins(8888))
    for origin, right in (
        ("https://odd-name-7x-8888.app.github.dev", True), ("http://localhost:8888", True),
        ("https://odd-name-7x-8889.app.github.dev", False), ("https://odd-name-7x-8888xapp.github.dev", False),
    ):  # fmt: skip
        assert bool(allowed.fullmatch(origin)) is right


@pytest.mark.slow
def test_a_class_is_reached_over_the_network_and_through_the_proxy_of_a_codespace(serving, tmp_path):
    """Served on all addresses, plain kernels as on a machine without fork; asked from one that is not 127.0.0.1."""
    made = serving(
        tmp_path, "--room", "oslo", "--seats", "1", "--lessons", "noise", "--host", "0.0.0.0",
        environment=CODESPACE | {"CXLAB_FORK": "0"},
    )  # fmt: skip
    port, token = made.room["port"], made.room["tokens"]["1"]
    outer = f"https://odd-name-7x-{port}.app.github.dev"
    assert f"{outer}/s/{token}" in (made.folder / "sheet.html").read_text(encoding="utf-8")
    near, network = made.base, f"http://{own_address('0.0.0.0')}:{port}"
    for host in (None, outer.removeprefix("https://"), f"localhost:{port}"):
        head = {"Authorization": f"token {token}"} | ({"Host": host} if host else {})
        with urllib.request.urlopen(urllib.request.Request(f"{network}/api/contents", None, head), timeout=30) as got:
            assert [f["name"] for f in json.loads(got.read())["content"]] == ["1-noise.ipynb"]
    kernel = made.open("1")
    assert made.run("1", kernel, "import cxlab as cx; print(bool(cx.lesson('noise').check('guess', 30)))") == "True"

    jar = http.cookiejar.CookieJar()  # a browser gives the token once, then its cookie
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    opener.open(f"{near}/board?token={token}", timeout=30).close()
    cookie = "; ".join(f"{c.name}={c.value}" for c in jar)

    async def connects(origin: str) -> bool:
        from tornado.httpclient import HTTPClientError, HTTPRequest
        from tornado.websocket import websocket_connect

        address = f"{near.replace('http', 'ws')}/api/kernels/{kernel}/channels"
        try:
            line = await websocket_connect(HTTPRequest(address, headers={"Origin": origin, "Cookie": cookie}))
        except HTTPClientError:
            return False
        line.close()
        return True

    with ThreadPoolExecutor(1) as own:
        ask = lambda origin: own.submit(lambda: asyncio.run(connects(origin))).result()  # noqa: E731
        assert ask(outer) and ask(f"http://localhost:{port}")
        assert not ask("https://elsewhere.example")


def test_binder_and_the_devcontainer_install_what_is_there_and_start_what_there_is():
    """Their files name only things of the clone: a Python that cxlab allows, its constraints, a command that exists."""
    import tomllib

    from click.testing import CliRunner
    from packaging.specifiers import SpecifierSet

    from cxlab.cli import cxlab

    wanted = SpecifierSet(
        tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["requires-python"]
    )
    python = (ROOT / "binder" / "runtime.txt").read_text(encoding="utf-8").strip().removeprefix("python-")
    assert wanted.contains(f"{python}.0")
    constraint, project = (ROOT / "binder" / "requirements.txt").read_text(encoding="utf-8").split("\n")[:2]
    assert (ROOT / "binder" / constraint.removeprefix("-c ")).is_file() and project == "-e ."
    told = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8"))
    assert wanted.contains(f"{told['image'].rpartition(':')[2]}.0")
    words = told["postCreateCommand"].split()
    assert (ROOT / words[words.index("-c") + 1]).is_file() and words[-2:] == ["-e", "."]
    start = told["postAttachCommand"].split()
    assert start[0] == "cxlab" and CliRunner().invoke(cxlab, [*start[1:], "--help"]).exit_code == 0
    assert told["forwardPorts"] == [8888] and serving_module.PATIENCE >= 60
