"""What strangers send: one line that names the file and the place; a broken report stops nobody else's index."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pandas as pd
import pytest

from cxlab.cli import main
from cxlab.problem import DataProblem
from cxlab.report import house_style, jobs, render
from cxlab.report.front_page import refresh

DEEP = "[" * 100_000


def refused(action, *names: str) -> str:
    """The message of the one error that a user may meet: short, in one line, with what is named."""
    with pytest.raises(DataProblem) as problem:
        action()
    said = str(problem.value)
    assert len(said) < 400 and "\n" not in said and all(name in said for name in names), said
    return said


def package(**changes) -> dict:
    """A codebook with changes by path: ``resources.0.schema`` or a key."""
    field = {"name": "nps", "type": "integer", "role": "outcome", "scale": {"minimum": 0, "maximum": 10}}
    made = {
        "name": "x",
        "resources": [{"name": "x", "path": "x.csv", "schema": {"fields": [field | changes.pop("field", {})]}}],
    }
    return made | changes


CODEBOOKS = {
    "not json": ("{", "not valid JSON at line 1, column 2"),
    "a list": ("[1]", "holds a list"),
    "a number": ("7", "holds the number 7"),
    "deep": (DEEP, "nested too deeply"),
    "latin": (b'{"name": "M\xfcller"}', "byte 11 is not UTF-8"),
    "empty": ("", "not valid JSON"),
    "no resources": ({"name": "x"}, "has no resources[0].schema.fields"),
    "resources a text": ({"resources": "x"}, "has no resources[0].schema.fields"),
    "fields a mapping": (
        {"resources": [{"schema": {"fields": {"a": 1}}}]},
        "is an object; it must be a list",
    ),
    "a field a text": ({"resources": [{"schema": {"fields": ["nps"]}}]}, "field 1 of"),
    "a field without a name": ({"resources": [{"schema": {"fields": [{"type": "integer"}]}}]}, "field 1 of"),
    "licences a text": (package(licenses="MIT"), "licenses of"),
    "notes a text": (package(notes="MIT"), "notes of"),
    "a role a list": (package(field={"role": ["outcome"]}), "'role' of field 1"),
    "a type nobody knows": (package(field={"type": "smiley"}), "type of 'nps'"),
    "scale minimum a text": (
        package(field={"scale": {"minimum": "a", "maximum": 5}}),
        "'minimum' in 'scale' of field 1",
    ),
    "scale a list": (package(field={"scale": [1, 5]}), "'scale' of field 1"),
    "scale without an end": (package(field={"scale": {"minimum": 1}}), "'maximum' in 'scale' of field 1"),
    "scale with more": (package(field={"scale": {"minimum": 1, "maximum": 5, "colour": "red"}}), "field 1"),
    "labels a list": (package(field={"labels": ["bad", "good"]}), "'labels' of field 1"),
    "missing of lists": (package(field={"missing": {"9": ["x"]}}), "'missing' of field 1"),
    "columns a text": (package(field={"columns": "a"}), "'columns' of field 1"),
    "unit a number": (package(field={"unit": 7}), "'unit' of field 1"),
    "twice": (package() | {"resources": [{"schema": {"fields": [{"name": "a"}, {"name": "a"}]}}]}, "more than once"),
}


@pytest.mark.parametrize("what", CODEBOOKS)
def test_a_strangers_codebook(what, tmp_path, monkeypatch, capsys):
    content, place = CODEBOOKS[what]
    (tmp_path / "x.csv").write_text("nps\n" + "".join(f"{k % 11}\n" for k in range(60)))
    raw = json.dumps(content) if isinstance(content, dict) else content
    (tmp_path / "x.datapackage.json").write_bytes(raw if isinstance(raw, bytes) else raw.encode())
    monkeypatch.chdir(tmp_path)
    for command in (["doctor", "x.csv"], ["doctor", "x.datapackage.json"]):
        monkeypatch.setattr(sys, "argv", ["cxlab", *command])
        with pytest.raises(SystemExit) as end:
            main()
        said = capsys.readouterr().err
        assert end.value.code == 2 and said.startswith("cxlab: ") and said.count("\n") == 1, said
        assert place in said or command[1] != "x.csv", said


ONE = "reports: [{notebook: scorecard, study: abc, %s}]"
PLANS = {
    "not yaml": "reports: [",
    "utf-16": "reports: []".encode("utf-16"),
    "latin": b"reports: [{notebook: scorecard, study: M\xfcller}]",
    "deep": "reports: " + "[" * 5000,
    "an entry a text": "reports: [scorecard]",
    "parameters a text": ONE % "parameters: abc",
    "parameters a list": ONE % "parameters: [1, 2]",
    "only a text": ONE % 'parameters: {only: "country"}',
    "only a list": ONE % "parameters: {only: [country]}",
    "grid a list": ONE % "grid: [1]",
    "grid a text": ONE % "grid: {level: high}",
    "list a text": ONE % "list: high",
    "by a mapping": ONE % "by: {a: 1}",
    "by a number": ONE % "by: 7",
    "at_least a text": ONE % "by: country, at_least: many",
    "a word nobody knows": ONE % "colour: red",
    "a study a mapping": "reports: [{notebook: scorecard, study: {a: 1}}]",
    "a notebook a list of lists": "reports: [{notebook: [[scorecard]], study: abc}]",
    "a tag": "reports: !!python/object/apply:os.system [ls]",
    "a date": ONE % "parameters: {level: 2024-01-01}",
    "null": "",
}


@pytest.mark.parametrize("what", PLANS)
def test_a_strangers_plan(what, tmp_path):
    path, content = tmp_path / "plan.yml", PLANS[what]
    path.write_bytes(content if isinstance(content, bytes) else content.encode())

    def read():
        from cxlab.report.batch import folders

        folders(jobs.read(path).jobs)

    refused(read)


STYLES = {
    "not yaml": "name: [", "a list": "[1]", "latin": b"name: M\xfcller", "deep": "name: " + "[" * 5000,
    "a name a list": "name: [a]", "words a text": "words: a", "an accent a mapping": "accent: {a: 1}",
    "a logo a folder": "logo: .", "a language": "language: '\"><b>'", "a setting nobody knows": "colour: red",
}  # fmt: skip


@pytest.mark.parametrize("what", STYLES)
def test_a_strangers_style(what, tmp_path):
    path, content = tmp_path / "style.yml", STYLES[what]
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    refused(lambda: house_style.read(path))


def book(**changes) -> dict:
    cell = {"cell_type": "code", "metadata": {"tags": ["parameters"]}, "source": 'study: str = "abc"', "outputs": []}
    return {"cells": [cell | changes], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


NOTEBOOKS = {
    "not json": "{", "a list": "[]", "no cells": {"nbformat": 4}, "cells a text": {"cells": "x"}, "deep": DEEP,
    "latin": b'{"cells": "\xfc"}', "an old format": {"worksheets": [], "nbformat": 3},
    "a cell a text": {"cells": ["x"]},
    "no tag": book(metadata={}), "metadata a list": book(metadata=[1]), "source a number": book(source=7),
    "syntax": book(source="study: str = ("), "a call": book(source="study: str = open('x')"),
    "tabs": book(source="if 1:\n\tx\n        y"), "a quote": book(source='study: str = "'),
    "a type nobody knows": book(source="study: Frame = 1"), "null byte": book(source="study = 1\0"),
}  # fmt: skip


@pytest.mark.parametrize("what", NOTEBOOKS)
def test_a_strangers_notebook(what, tmp_path):
    path, content = tmp_path / "theirs.ipynb", NOTEBOOKS[what]
    raw = json.dumps(content) if isinstance(content, dict) else content
    path.write_bytes(raw if isinstance(raw, bytes) else raw.encode())
    refused(lambda: render.prepare(str(path), "abc", {}), "theirs")


@pytest.fixture(scope="module")
def made(tmp_path_factory, request) -> Path:
    """The folder of one report of the scorecard."""
    from cxlab.report.kernel import Kernels

    folder = tmp_path_factory.mktemp("made")
    with Kernels() as kernels:
        return render.report("scorecard", "abc", kernels=kernels, output=folder).folder


def poisons(run: dict, results: dict):
    """Pairs of file and content that no run writes."""
    for raw in ("{", "[]", "", "null", DEEP, b"\xff", '{"a": NaN'):
        yield "run.json", raw
        yield "results.json", raw
    for name in run:
        for value in (None, 7, [1], {"a": [1]}, "<script>alert(1)</script>"):
            yield "run.json", run | {name: value}
    yield from (("run.json", {k: v for k, v in run.items() if k != name}) for name in run)
    for name in results:
        for value in (None, 7, [1], {"a": 1}):
            yield "results.json", results | {name: value}
    first = next(iter(results["results"]))
    result = results["results"][first]
    for name in result:
        for value in (None, 7, "x", [1], {"a": 1}, [{"estimate": "high", "low": [1]}]):
            yield "results.json", results | {"results": results["results"] | {first: result | {name: value}}}


def test_a_poisoned_report_stops_nobody(made, tmp_path):
    (tmp_path / "scorecard").mkdir()
    shutil.copytree(made, tmp_path / "scorecard" / "good")
    bad = tmp_path / "scorecard" / "bad"
    shutil.copytree(made, bad)
    kept = {name: (made / name).read_bytes() for name in ("run.json", "results.json")}
    tried = named = 0
    for name, content in poisons(*(json.loads(kept[n]) for n in kept)):
        raw = content if isinstance(content, (str, bytes)) else json.dumps(content)
        (bad / name).write_bytes(raw if isinstance(raw, bytes) else raw.encode())
        text = refresh(tmp_path).read_text()
        assert 'href="scorecard/good/index.html"' in text, (name, str(raw)[:200])
        assert "<script>alert" not in text
        numbers = pd.read_parquet(tmp_path / "results.parquet")
        assert (numbers["report"] == "good").sum() > 5
        tried, named = tried + 1, named + ("Not shown: cannot be read" in text)
        (bad / name).write_bytes(kept[name])
    assert tried > 150 and named > 60


def test_resume_with_nothing_to_do_says_one_line(tmp_path):
    import subprocess

    program = [sys.executable, "-c", "from cxlab.cli import main; main()", "report", "start", "abc", "--resume"]
    said = [subprocess.run(program, cwd=tmp_path, capture_output=True, text=True, timeout=120).stderr for _ in range(3)]
    assert said[1:] == ["1 report: 1 unchanged; all in reports/index.html\n"] * 2
