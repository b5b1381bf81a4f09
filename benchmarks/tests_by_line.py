"""Which tests run a line of the package: recorded once, used to choose the tests of a mutant.

    python -m benchmarks.tests_by_line [--cores 2] [TESTS ...]

runs the tests of claims and models (or those named, whose record is then made anew) with `benchmarks.lines_run` and
keeps what it saw in ``build/tests_by_line.json`` with the text of each file, so that a line is found again when the
file has changed since.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import json
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from functools import cached_property
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
KEPT = ROOT / "build" / "tests_by_line.json"
WHOLE = "::*"
"""Ends the name under which stands what runs while a file of tests is read or set up."""
OF_THE_HOUSE = (
    "audit",
    "docs",
    "find",
    "fuzz",
    "gallery",
    "house",
    "languages",
    "licences",
    "newcomer",
    "panel",
    "wheel",
)


class Record:
    """What was recorded: ``tests`` by name (seconds, passed), ``lines`` by file and line, ``texts`` by file.

    ``alone`` : whether a test, or a file of tests, passed when it was tried without a mutation. ``most, files`` : how
    many seconds of recorded tests, and files without a record, are run for one mutant.
    """

    def __init__(self, told: dict[str, Any]) -> None:
        self.tests, self.lines, self.texts = told["tests"], told["lines"], told["texts"]
        self.alone: dict[str, bool] = {}
        self.most, self.files = float("inf"), 99

    def seconds(self, test: str) -> float:
        """Return what a test took; a file without a record is taken to need a while."""
        return self.tests[test]["seconds"] if test in self.tests else 15.0

    def passes(self, test: str) -> bool:
        """Return whether a test passes without a mutation, as far as is known."""
        return self.alone.get(test, self.tests.get(test, {"passed": True})["passed"])

    @cached_property
    def of_file(self) -> dict[str, list[str]]:
        """The tests of each file of tests that passed."""
        out: dict[str, list[str]] = defaultdict(list)
        for name, told in self.tests.items():
            if told["passed"]:
                out[name.partition("::")[0]].append(name)
        return out

    def at(self, file: str, first: int, last: int) -> set[str]:
        """Return the tests that run any of these lines of the file as it is now."""
        return self._named(t for k in range(first, last + 1) for t in self._now(file).get(k, ()))

    def of(self, file: str) -> set[str]:
        """Return the tests that run anything of a file beyond reading it."""
        return self._named(t for tests in self.lines.get(file, {}).values() for t in tests)

    def _named(self, tests: Any) -> set[str]:
        out: set[str] = set()
        for t in set(tests):
            if t.endswith(WHOLE):
                out |= set(self.of_file.get(t.removesuffix(WHOLE), ()))
            elif self.tests.get(t, {}).get("passed"):
                out.add(t)
        return out

    def _now(self, file: str) -> dict[int, list[str]]:
        """By line of the file as it is now, the tests that ran it when it was recorded."""
        before, now = self.texts.get(file, "").splitlines(), (ROOT / file).read_text(encoding="utf-8").splitlines()
        then = {int(k): tests for k, tests in self.lines.get(file, {}).items()}
        if before == now:
            return then
        blocks = difflib.SequenceMatcher(None, before, now, autojunk=False).get_matching_blocks()
        place = {a + k + 1: b + k + 1 for a, b, n in blocks for k in range(n)}
        return {place[k]: tests for k, tests in then.items() if k in place}

    def running(self, file: str, node: ast.expr, tree: ast.Module) -> set[str]:
        """Return the tests that run an expression; of what stands outside functions, those that use its file."""
        around = [n for n in ast.walk(tree) if any(x is node for x in ast.walk(n))]
        if not any(isinstance(n, (ast.FunctionDef, ast.Lambda)) for n in around):
            return self.of(file)
        places = [node, *(n for n in reversed(around) if isinstance(n, ast.stmt) and not hasattr(n, "body"))]
        for place in places:
            if found := self.at(file, place.lineno, place.end_lineno or place.lineno):
                return found
        return set()


def load() -> Record:
    """Return what was recorded."""
    if not KEPT.is_file():
        raise SystemExit("no record of tests by line: run `python -m benchmarks.tests_by_line` once (half an hour)")
    return Record(json.loads(KEPT.read_text(encoding="utf-8")))


def record(tests: list[str], cores: int) -> dict[str, Any]:
    """Run the tests and return what each of them ran."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pytest", "-q", "-p", "benchmarks.lines_run", "-p", "no:cacheprovider", *tests]
        command += ["-n", str(cores), "--dist", "loadfile"] if cores > 1 else []
        subprocess.run(command, cwd=ROOT, env=os.environ | {"CXLAB_LINES": folder}, check=False)
        return merged(Path(folder))


def merged(folder: Path, texts: Path = ROOT) -> dict[str, Any]:
    """Put together what each process of pytest wrote; ``texts``: where the package lies that ran."""
    lines: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    tests: dict[str, Any] = {}
    for path in sorted(folder.glob("*.json")):
        told = json.loads(path.read_text(encoding="utf-8"))
        tests.update(told["tests"])
        for file, places in told["lines"].items():
            for line, names in places.items():
                lines[file][line] |= set(names)
    plain = {f: {k: sorted(names) for k, names in places.items()} for f, places in lines.items()}
    return {"tests": tests, "lines": plain, "texts": {f: (texts / f).read_text(encoding="utf-8") for f in plain}}


def added(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """Return a record with that of some files of tests in place of what it said of them."""
    again = {name.partition("::")[0] for name in new["tests"]}
    stays = lambda name: name.partition("::")[0] not in again  # noqa: E731
    lines: dict[str, dict[str, list[str]]] = {}
    for file in {**old["lines"], **new["lines"]}:
        path = ROOT / file
        if not path.is_file():
            continue
        before = {str(k): [t for t in tests if stays(t)] for k, tests in Record(old)._now(file).items()}
        after = new["lines"].get(file, {})
        lines[file] = {k: before.get(k, []) + after.get(k, []) for k in {**before, **after}}
    tests = {**{n: t for n, t in old["tests"].items() if stays(n)}, **new["tests"]}
    return {"tests": tests, "lines": lines, "texts": {f: (ROOT / f).read_text(encoding="utf-8") for f in lines}}


def main() -> int:
    """Record; see the head of this module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tests", nargs="*", help="tests recorded anew (default: all of claims and models)")
    parser.add_argument("--cores", type=int, default=2)
    args = parser.parse_args()
    every = ["tests/hypotheses", "tests/models"] + [
        str(p.relative_to(ROOT)) for p in sorted((ROOT / "tests").glob("test_*.py")) if p.stem[5:] not in OF_THE_HOUSE
    ]
    made = record(args.tests or every, args.cores)
    if args.tests and KEPT.is_file():
        made = added(json.loads(KEPT.read_text(encoding="utf-8")), made)
    KEPT.parent.mkdir(exist_ok=True)
    KEPT.write_text(json.dumps(made), encoding="utf-8")
    print(f"{len(made['tests']):,} tests, {len(made['lines'])} files: {KEPT.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
