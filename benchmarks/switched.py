"""Mutants that are switched on for one test: a plugin of pytest that `benchmarks.mutants` loads (``-p``).

Every mutated expression of a module is read as ``new if switched(k) else old``: the package is loaded once with all
mutants in it and none of them on. A test first runs without a mutant, in a fork of this process, which tells what
mutants it comes by; for a mutant among these it runs once more, in a fork of its own with that one on.
A test that fails there, and passed without, has killed it. Forks share nothing, so that what a test or the package
keeps (caches, files, fixtures) is never of another mutant.

``CXLAB_MUTANTS`` names a file of what is asked: ``mutants`` (file, number, the tests to be tried), ``seconds`` (of the
processor, that a test may take without a mutant), ``until`` (when to stop), ``on`` (the one mutant that is on from the
start, for what is worked out while modules are read), ``out`` (where to write what was found).
"""

from __future__ import annotations

import ast
import builtins
import copy
import importlib
import json
import os
import signal
import time
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
        self.found: dict[int, dict[str, Any]] = {
            k: {"met": 0, "by": "", "slow": 0, "tried": False} for k in range(len(self.mutants))
        }

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

    def try_all(self, items: list[pytest.Item]) -> None:
        """Try each mutant with its tests, in their order, until one fails or the time is over."""
        known: dict[str, tuple[str, set[int], float]] = {}
        for k, mutant in enumerate(self.mutants):
            for item in _chosen(items, mutant["tests"]):
                if time.time() > self.until:
                    return
                if item.nodeid not in known:
                    known[item.nodeid] = self.forked(item, -1, self.seconds)
                how, seen, took = known[item.nodeid]
                if how != "passed" or k not in seen:
                    continue
                self.found[k]["met"] += 1
                how = self.forked(item, k, 5 * took + 5)[0]
                self.found[k]["slow"] += how == "slow"
                if how == "failed":
                    self.found[k]["by"] = item.nodeid
                    break
            self.found[k]["tried"] = True
            self.save()

    def save(self) -> None:
        """Write what was found so far."""
        told = [self.found[k] | {"read": k in self.read} for k in range(len(self.mutants))]
        self.out.write_text(json.dumps(told), encoding="utf-8")


ROWS = 3
"""Rows of a test with several that are tried."""


def _chosen(items: list[pytest.Item], tests: list[str]) -> list[pytest.Item]:
    """Return the tests asked for, in that order; of a table the row of a function, of others the first rows."""
    out = []
    for test in tests:
        name, _, row = test.partition("::[")
        own = [i for i in items if i.nodeid.partition("[" if not row else "::")[0] == name]
        if row:
            out += [i for i in own if hasattr(i, "callspec") and row[:-1] in i.callspec.id.split("-")]
        else:
            out += own[:ROWS]
    return out


RUN = Run(json.loads(Path(os.environ["CXLAB_MUTANTS"]).read_text(encoding="utf-8")))
RUN.start()


def pytest_sessionstart() -> None:
    for name in LIBRARIES:
        importlib.import_module(name)
    for module in sorted({*public().values()}):
        importlib.import_module(module)


def pytest_collection_finish() -> None:
    RUN.read, RUN.seen = RUN.seen, set()


def pytest_runtestloop(session: pytest.Session) -> bool | None:
    if RUN.on >= 0:
        return None
    RUN.save()
    RUN.try_all(session.items)
    RUN.save()
    return True
