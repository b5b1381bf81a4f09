"""Mutants that are switched on for one test: a plugin of pytest that `benchmarks.mutants` loads (``-p``).

Every mutated expression of a module is read as ``new if switched(k) else old``: the package is loaded once with all
mutants in it and none of them on. Each test first runs without a mutant, in a fork of this process, which tells what
mutants it comes by; then it runs once more for each of these that still lives, in a fork of its own with that one on.
A test that fails there, and passed without, has killed it. Forks share nothing, so that what a test or the package
keeps (caches, files, fixtures) is never of another mutant.

``CXLAB_MUTANTS`` names a file of what is asked: ``mutants`` (file, number, the files of tests to be tried, the names
of the functions that use it, and the nearest of these), ``seconds`` (of the processor, that a test may take without a
mutant), ``until`` (when to stop), ``on`` (the one mutant that is on from the start, for what is worked out while
modules are read), ``out`` (where to write what was found).
"""

from __future__ import annotations

import ast
import builtins
import copy
import importlib
import inspect
import json
import os
import re
import signal
import time
from collections import Counter
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType
from typing import Any

import pytest
from _pytest.runner import runtestprotocol

from benchmarks.mutants import ROOT, all_changes, public

SWITCH = "__mutant_is_on__"
LIBRARIES = ("numpy", "pandas", "pyarrow", "duckdb", "polars", "narwhals", "scipy.stats", "scipy.optimize",
             "statsmodels.api", "matplotlib.pyplot", "IPython.display")  # fmt: skip
"""What tests use, loaded once."""
HANGS = 300
"""Seconds by the clock after which a fork is taken to hang."""


class Switches(ast.NodeTransformer):
    """Put the mutants of one file beside what they change."""

    def __init__(self, chosen: dict[int, list[tuple[int, ast.expr]]]) -> None:
        self.chosen = chosen

    def visit(self, node: ast.AST) -> Any:
        """Visit what is inside, then put the switch around."""
        mine = self.chosen.get(id(node), [])
        out: Any = self.generic_visit(node)
        for number, new in mine:
            on = ast.Call(ast.Name(SWITCH, ast.Load()), [ast.Constant(number)], [])
            out = ast.copy_location(ast.IfExp(on, new, out), node)
        return out


class Run:
    """What is asked, which mutants live, and what was found of each."""

    def __init__(self, asked: dict[str, Any]) -> None:
        self.mutants, self.seconds, self.until = asked["mutants"], asked["seconds"], asked["until"]
        self.out, self.on = Path(asked["out"]), asked.get("on", -1)
        self.seen: set[int] = set()
        self.read: set[int] = set()
        self.alive = set(range(len(self.mutants)))
        self.found: dict[int, dict[str, Any]] = {k: {"met": 0, "by": "", "slow": 0} for k in self.alive}

    def switched(self, number: int) -> bool:
        """Note that an expression is worked out; whether its mutant is on."""
        self.seen.add(number)
        return number == self.on

    def start(self) -> None:
        """Read modules with their mutants from here on."""
        setattr(builtins, SWITCH, self.switched)
        usual, files = SourceFileLoader.get_code, {str(ROOT / m["file"]) for m in self.mutants}

        def get_code(loader: SourceFileLoader, name: str) -> CodeType | None:
            path = loader.get_filename(name)
            if path not in files:
                return usual(loader, name)
            tree = ast.parse(Path(path).read_bytes())
            changes, chosen = list(all_changes(tree)), {}
            for k, m in enumerate(self.mutants):
                if str(ROOT / m["file"]) == path:
                    node, _, new = changes[m["number"]]
                    chosen.setdefault(id(node), []).append((k, copy.deepcopy(new)))
            return compile(ast.fix_missing_locations(Switches(chosen).visit(tree)), path, "exec", dont_inherit=True)

        SourceFileLoader.get_code = get_code  # type: ignore[method-assign]

    def forked(self, item: pytest.Item, on: int, seconds: float) -> tuple[str, set[int], float]:
        """Run a test in a fork with a mutant on: how it ended, the mutants it came by, its seconds."""
        out, into = os.pipe()
        child = os.fork()
        if not child:
            os.close(out)
            signal.signal(signal.SIGPROF, signal.SIG_DFL)
            signal.setitimer(signal.ITIMER_PROF, seconds)
            signal.alarm(HANGS)
            self.on, self.seen = on, set()
            reports = runtestprotocol(item, log=False, nextitem=None)
            told = ["failed" if r.failed else "passed" if r.passed else "skipped" for r in reports]
            how = next((h for h in ("failed", "skipped") if h in told), "passed")
            os.write(into, json.dumps([how, sorted(self.seen)]).encode())
            os._exit(0)
        os.close(into)
        with os.fdopen(out, "rb") as pipe:
            said = pipe.read()
        used = os.wait4(child, 0)[2]
        how, seen = json.loads(said) if said else ("slow", [])
        return how, set(seen), used.ru_utime + used.ru_stime

    def tried(self, item: pytest.Item) -> None:
        """Run a test for every mutant that it comes by."""
        if not any(_wanted(item, self.mutants[k]) for k in self.alive):
            return
        how, seen, took = self.forked(item, -1, self.seconds)
        for k in sorted(seen & self.alive if how == "passed" else ()):
            if time.time() > self.until:
                return
            self.found[k]["met"] += 1
            how = self.forked(item, k, 5 * took + 5)[0]
            self.found[k]["slow"] += how == "slow"
            if how == "failed":
                self.found[k]["by"] = item.nodeid
                self.alive.discard(k)

    def save(self) -> None:
        """Write what was found so far."""
        told = [self.found[k] | {"read": k in self.read} for k in range(len(self.mutants))]
        self.out.write_text(json.dumps(told), encoding="utf-8")


def _wanted(item: pytest.Item, mutant: dict[str, Any]) -> bool:
    """Whether a test is to be tried for a mutant; of the tables over all functions the rows of its functions."""
    file = item.nodeid.partition("::")[0]
    if file not in mutant["tests"]:
        return False
    row = getattr(item, "callspec", None)
    return mutant["tests"][file] != "rows" or row is None or bool({*row.id.split("-")} & {*mutant["names"]})


RUN = Run(json.loads(Path(os.environ["CXLAB_MUTANTS"]).read_text(encoding="utf-8")))
RUN.start()


def pytest_sessionstart() -> None:
    for name in LIBRARIES:
        importlib.import_module(name)
    for module in sorted({*public().values()}):
        importlib.import_module(module)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put tests that name a function which uses a mutant's file first, those of refusals last."""
    near: Counter[str] = Counter(n for m in RUN.mutants for n in m["near"])
    points: dict[str, float] = {}

    def worth(item: Any) -> float:
        name = item.nodeid.partition("[")[0]
        if name not in points:
            text = inspect.getsource(item.function) if hasattr(item, "function") else ""
            points[name] = sum(k for n, k in near.items() if re.search(rf"\b{n}\b", text))
            points[name] -= 1000 * bool(re.search("refuse|pytest.raises", text))
        return -points[name]

    if RUN.on < 0:
        items.sort(key=worth)


def pytest_collection_finish() -> None:
    RUN.read, RUN.seen = RUN.seen, set()


def pytest_runtest_protocol(item: pytest.Item) -> bool | None:
    if RUN.on >= 0:
        return None
    if RUN.alive and time.time() < RUN.until:
        RUN.tried(item)
        RUN.save()
    return True


def pytest_sessionfinish() -> None:
    if RUN.on < 0:
        RUN.save()
