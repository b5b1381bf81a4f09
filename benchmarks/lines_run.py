"""Which test runs which line: a plugin of pytest that `benchmarks.tests_by_line` loads (``-p benchmarks.lines_run``).

The lines of ``cxlab/hypotheses`` and ``cxlab/models`` that a test runs are kept with its seconds and whether it passed.
What runs while a file of tests is read, or in a fixture wider than a test, counts for every test of that file. Each
process of pytest writes one file into the folder ``CXLAB_LINES``.

Nothing is traced: when a module of the two rooms is read, a mark is put before every statement of its functions (and
into every lambda), so that a test takes hardly longer than without.
"""

from __future__ import annotations

import ast
import builtins
import json
import os
from collections import defaultdict
from collections.abc import Iterator
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]
ROOMS = tuple(str(ROOT / "cxlab" / room) + "/" for room in ("hypotheses", "models"))
OF_FILE = "*"
"""The name under which the lines of a whole file of tests are kept."""
MARKS = "__lines_that_ran__"
MOST = 400_000
"""More statements than the two rooms have."""


class Marking(ast.NodeTransformer):
    """Put a mark before every statement inside a function and into every lambda."""

    def __init__(self, file: str, places: list[tuple[str, int]]) -> None:
        self.file, self.places, self.inside = file, places, 0

    def mark(self, node: ast.AST, line: int) -> str:
        """Return the code that marks a line."""
        self.places.append((self.file, line))
        return f"{MARKS}.__setitem__({len(self.places) - 1}, 1)"

    def generic_visit(self, node: ast.AST) -> ast.AST:
        """Visit what is inside, then put marks between the statements."""
        function = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        self.inside += function
        super().generic_visit(node)
        for name in ("body", "orelse", "finalbody") if self.inside else ():
            block = getattr(node, name, None)
            if isinstance(block, list):
                setattr(node, name, [x for s in block for x in self.marked(s)])
        self.inside -= function
        return node

    def marked(self, statement: ast.stmt) -> list[ast.stmt]:
        """Return a statement with its mark before it; a docstring stays the first."""
        told = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
        if told or isinstance(statement, (ast.Global, ast.Nonlocal)):
            return [statement]
        made = ast.parse(self.mark(statement, statement.lineno)).body[0]
        return [_placed(made, statement), statement]

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        """Mark a lambda in what it returns: to set a mark gives nothing, so what stands after ``or`` is returned."""
        super().generic_visit(node)
        made = ast.parse(self.mark(node, node.body.lineno), mode="eval").body
        node.body = ast.BoolOp(ast.Or(), [_placed(made, node.body), node.body])
        return node


def _placed(made: Any, at: Any) -> Any:
    for n in ast.walk(made):
        ast.copy_location(n, at)
    return made


class Recorder:
    """Sets of ``(file, line)``, by test; `now` is the name whose set is filled at the moment."""

    def __init__(self) -> None:
        self.ran: dict[str, set[int]] = defaultdict(set)
        self.told: dict[str, dict[str, Any]] = {}
        self.places: list[tuple[str, int]] = []
        self.marks = bytearray(MOST)
        self.now = ""

    def start(self) -> None:
        """Mark every module of the two rooms that is read from here on."""
        setattr(builtins, MARKS, self.marks)
        usual = SourceFileLoader.get_code

        def get_code(loader: SourceFileLoader, name: str) -> CodeType | None:
            path = loader.get_filename(name)
            if not path.startswith(ROOMS):
                return usual(loader, name)
            tree = Marking(path, self.places).visit(ast.parse(Path(path).read_bytes()))
            return compile(ast.fix_missing_locations(tree), path, "exec", dont_inherit=True)

        SourceFileLoader.get_code = get_code  # type: ignore[method-assign]

    def turn(self, name: str) -> str:
        """Give what ran since the last turn to the name of then, and what comes to another; return that of then."""
        before, self.now = self.now, name
        self.ran[before] |= set(np.flatnonzero(np.frombuffer(self.marks, np.uint8)).tolist())
        self.marks[:] = bytes(MOST)
        return before

    def save(self, folder: Path) -> None:
        """Write what was seen: by file of the package and line the tests that ran it, and what is told of each test."""
        lines: dict[str, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
        for test, seen in self.ran.items():
            for file, line in (self.places[k] for k in seen if test):
                lines[str(Path(file).relative_to(ROOT))][line].add(test)
        plain = {f: {k: sorted(tests) for k, tests in places.items()} for f, places in lines.items()}
        text = json.dumps({"lines": plain, "tests": self.told})
        (folder / f"{os.getpid()}.json").write_text(text, encoding="utf-8")


RECORDER = Recorder()
if "CXLAB_LINES" in os.environ:
    RECORDER.start()


def pytest_collectstart(collector: pytest.Collector) -> None:
    RECORDER.turn(f"{collector.nodeid.partition('::')[0]}::{OF_FILE}")


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef: Any, request: Any) -> Iterator[Any]:
    wide = fixturedef.scope != "function"
    before = RECORDER.turn(f"{request.node.nodeid.partition('::')[0]}::{OF_FILE}") if wide else RECORDER.now
    try:
        return (yield)
    finally:
        RECORDER.turn(before)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[Any]:
    RECORDER.turn(item.nodeid)
    try:
        return (yield)
    finally:
        RECORDER.turn("")


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    told = RECORDER.told.setdefault(report.nodeid, {"seconds": 0.0, "passed": False})
    told["seconds"] = round(told["seconds"] + report.duration, 3)
    if report.when == "call":
        told["passed"] = report.passed


def pytest_sessionfinish() -> None:
    RECORDER.turn("")
    if "CXLAB_LINES" in os.environ:
        RECORDER.save(Path(os.environ["CXLAB_LINES"]))
