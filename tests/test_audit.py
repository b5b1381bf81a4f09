"""`make audit` finds an advisory and a licence, and says when nobody could be asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from benchmarks import audit
from tests.test_licences import PROJECT, closure, judged, stated

KNOWN = [{"id": "PYSEC-1", "aliases": ["CVE-1"], "fixed_in": ["1.1"], "withdrawn": None}]
SERVED = {"/pypi/bad/1.0/json": KNOWN, "/pypi/good/1.0/json": [], "/pypi/taken-back/1.0/json": [
    {"id": "PYSEC-2", "aliases": [], "fixed_in": [], "withdrawn": "2025-01-01"}]}  # fmt: skip


@pytest.fixture
def registry() -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path in SERVED else 404)
            self.end_headers()
            self.wfile.write(json.dumps({"vulnerabilities": SERVED.get(self.path, [])}).encode())

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


CASES = {
    "nothing known": (["good", "taken-back"], 0, "advisories: none known on 2 pinned packages"),
    "an advisory": (["good", "bad"], 1, "bad 1.0: PYSEC-1, CVE-1; fixed in 1.1"),
    "one unknown": (["good", "private"], 3, "advisories: NOT CHECKED for 1 packages: private 1.0"),
    "none are served": (["a", "b", "c"], 3,
                        "advisories: NOT CHECKED, the registry serves none here (HTTP 404); run it where it does"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_what_the_registry_says(
    case: str, registry: str, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    names, code, said = CASES[case]
    monkeypatch.setattr(audit, "licences", list)
    assert audit.main(registry, [(n, "1.0") for n in names]) == code
    assert said in capsys.readouterr().out.splitlines()


def test_nobody_answers(capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "licences", list)
    assert audit.main("http://127.0.0.1:9", [("a", "1"), ("b", "1")]) == 3
    assert "NOT CHECKED" in capsys.readouterr().out


def test_everything_that_an_extra_installs_leaves_its_users_free() -> None:
    extras = [r for some in PROJECT["optional-dependencies"].values() for r in some if not r.startswith("cxlab")]
    found = {name: stated(package) for name, package in closure(extras).items()}
    assert len(found) > 20 and {n: said for n, said in found.items() if judged(said) != "free"} == {}


def test_a_bound_licence_fails(capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch, registry: str) -> None:
    monkeypatch.setattr(audit, "licences", lambda: ["x: AGPL-3.0-or-later"])
    assert audit.main(registry, [("good", "1.0")]) == 1
    assert "x: AGPL-3.0-or-later" in capsys.readouterr().out
