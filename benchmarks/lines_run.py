"""Which test runs which line: a plugin of pytest that `benchmarks.tests_by_line` loads (``-p benchmarks.lines_run``).

The lines of ``cxlab/hypotheses`` and ``cxlab/models`` that a test runs are kept with its seconds and whether it passed.
What runs while a file of tests is read, or in a fixture wider than a test, counts for every test of that file. Each
process of pytest writes one file into the folder ``CXLAB_LINES``.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = tuple(str(ROOT / "cxlab" / room) + "/" for room in ("hypotheses", "models"))
OF_FILE = "*"
"""The name under which the lines of a whole file of tests are kept."""


class Recorder:
    """Sets of ``(file, line)``, by test; `now` is the set that is filled at the moment."""

    def __init__(self) -> None:
        self.ran: dict[str, set[tuple[str, int]]] = defaultdict(set)
        self.told: dict[str, dict[str, Any]] = {}
        self.now: set[tuple[str, int]] = set()

    def call(self, frame: FrameType, event: str, arg: Any) -> Callable[..., Any] | None:
        """Follow the lines of a function of the two rooms, and of no other."""
        name = frame.f_code.co_filename
        if not name.startswith(ROOMS):
            return None
        now, add = self.now, self.now.add

        def line(frame: FrameType, event: str, arg: Any) -> Callable[..., Any] | None:
            if event == "line":
                add((name, frame.f_lineno))
            return line if now is self.now else None

        return line

    def start(self) -> None:
        """Follow every thread from here on."""
        sys.settrace(self.call)
        threading.settrace(self.call)

    def save(self, folder: Path) -> None:
        """Write what was seen: by file of the package and line the tests that ran it, and what is told of each test."""
        lines: dict[str, dict[int, list[str]]] = defaultdict(lambda: defaultdict(list))
        for test, seen in self.ran.items():
            for file, line in seen:
                lines[str(Path(file).relative_to(ROOT))][line].append(test)
        text = json.dumps({"lines": lines, "tests": self.told})
        (folder / f"{os.getpid()}.json").write_text(text, encoding="utf-8")


RECORDER = Recorder()


def pytest_collectstart(collector: pytest.Collector) -> None:
    RECORDER.now = RECORDER.ran[f"{collector.nodeid.partition('::')[0]}::{OF_FILE}"]
    RECORDER.start()


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef: Any, request: Any) -> Iterator[Any]:
    before = RECORDER.now
    if fixturedef.scope != "function":
        RECORDER.now = RECORDER.ran[f"{request.node.nodeid.partition('::')[0]}::{OF_FILE}"]
    try:
        return (yield)
    finally:
        RECORDER.now = before


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[Any]:
    RECORDER.now = RECORDER.ran[item.nodeid]
    RECORDER.start()
    try:
        return (yield)
    finally:
        RECORDER.now = set()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    told = RECORDER.told.setdefault(report.nodeid, {"seconds": 0.0, "passed": False})
    told["seconds"] = round(told["seconds"] + report.duration, 3)
    if report.when == "call":
        told["passed"] = report.passed


def pytest_sessionfinish() -> None:
    sys.settrace(None)
    if "CXLAB_LINES" in os.environ:
        RECORDER.save(Path(os.environ["CXLAB_LINES"]))
