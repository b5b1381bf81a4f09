"""What a report says it read is what it read: inputs are held against the moment of reading, all of them."""

from __future__ import annotations

import json
import os
import re
import sqlite3
from pathlib import Path

import pytest

from cxlab.problem import DataProblem
from cxlab.report import provenance, render
from cxlab.report.batch import unchanged
from cxlab.report.jobs import Job

PARAMETERS = 'study: str = "abc"\nplan: str = ""\nmore: list[str] | None = None'
SLOW = """import cxlab as cx, time, pathlib
data = cx.load(study)
there = pathlib.Path({folder!r})
turn = len(list(there.glob("turn*")))
(there / f"turn{{turn}}").touch()
if turn < {times}:
    (there / "new.csv").write_text("recommend\\n" + "0\\n" * 10 + "10\\n" * (50 + 10 * turn))
    (there / "new.csv").replace(there / "my.csv")
cx.nps(data)"""


def answers(path: Path) -> Path:
    path.write_text("recommend\n" + "0\n" * 40 + "10\n" * 20)
    return path


def test_a_file_replaced_while_it_is_read_is_read_again(notebook, kernels, tmp_path):
    data = answers(tmp_path / "my.csv")
    path = notebook(SLOW.format(folder=str(tmp_path), times=1), parameters=PARAMETERS)
    made = render.report(str(path), str(data), kernels=kernels, output=tmp_path / "out")
    told = json.loads((made.folder / "results.json").read_text())
    assert [r.get("value", (r.get("table") or [{}])[0].get("estimate")) for r in told["results"].values()] == [
        pytest.approx(200 / 3)
    ]
    assert told["data"]["sha256"] == provenance.data_hash(str(data)) and len(list(tmp_path.glob("turn*"))) == 2


def test_a_file_that_never_rests_is_refused(notebook, kernels, tmp_path):
    data = answers(tmp_path / "my.csv")
    path = notebook(SLOW.format(folder=str(tmp_path), times=9), parameters=PARAMETERS)
    message = (
        "my.csv changed while the report was made, twice; it would hold numbers of two files. "
        "Make it again when nothing writes to them; an earlier report is untouched"
    )
    with pytest.raises(DataProblem, match=f"^{re.escape(message)}$"):
        render.report(str(path), str(data), kernels=kernels, output=tmp_path / "out")
    assert not list((tmp_path / "out").rglob("*.html")) and not list((tmp_path / "out").rglob(".my*"))


def package(folder: Path, data: str) -> Path:
    fields = [{"name": "recommend", "type": "integer", "role": "outcome", "measure": "recommendation"}]
    path = folder / "x.datapackage.json"
    path.write_text(json.dumps({"name": "x", "resources": [{"name": "x", "path": data, "schema": {"fields": fields}}]}))
    return path


def touched(path: Path) -> None:
    """Change a file of the same length and give it its old time back."""
    about, content = path.stat(), path.read_bytes()
    other = content.replace(b"# Tiny", b"# Tony")
    path.write_bytes(other if other != content else content[:-2] + bytes([content[-2] ^ 1]) + content[-1:])
    os.utime(path, ns=(about.st_atime_ns, about.st_mtime_ns))


INPUTS = {
    "the data": lambda t: (str(t / "my.csv"), {}, t / "my.csv"),
    "the data of a datapackage": lambda t: (str(package(t, "my.csv")), {}, t / "my.csv"),
    "the codebook beside the data": lambda t: (str(t / "my.csv"), {}, t / "my.datapackage.json"),
    "the codebook in the address": lambda t: (f"{t / 'my.csv'}#codebook={t / 'book.json'}", {}, t / "book.json"),
    "the data in an address": lambda t: (f"{t / 'my.csv'}#codebook={t / 'book.json'}", {}, t / "my.csv"),
    "a file of a parameter": lambda t: ("abc", {"plan": str(t / "plan.json")}, t / "plan.json"),
    "a file in a list": lambda t: ("abc", {"more": ["x", str(t / "plan.json")]}, t / "plan.json"),
    "the data of a second study": lambda t: ("abc", {"plan": str(package(t, "my.csv"))}, t / "my.csv"),
    "a database file": lambda t: (f"sqlite:///{t / 'my.db'}", {}, t / "my.db"),
    "the notebook": lambda t: ("abc", {}, t / "tiny.ipynb"),
}


@pytest.mark.parametrize("what", INPUTS)
def test_resume_sees_every_input(what, notebook, tmp_path):
    path = notebook("study", parameters=PARAMETERS)
    answers(tmp_path / "my.csv")
    for name in ("book.json", "plan.json", "my.datapackage.json"):
        (tmp_path / name).write_text('{"name": "a", "resources": []}\n')
    with sqlite3.connect(tmp_path / "my.db") as db:
        db.execute("create table a (nps integer)")
    study, given, changed = INPUTS[what](tmp_path)
    job, form = Job(str(path), study, given), render.PLAIN
    asked = render.prepare(job.notebook, job.study, job.given)[1]
    key = provenance.key(study, asked, path, f"{form.to} {form.style}")
    before = provenance.state(study, asked, path)
    record = {"status": "done", "key": key}
    assert key and unchanged(job, form, record)
    touched(changed)
    assert provenance.state(study, asked, path) != before
    assert not unchanged(job, form, record)
