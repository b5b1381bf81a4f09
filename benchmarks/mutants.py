"""Mutants: are the tests able to fail? Each turns a sign, halves a product, drops a weight or swaps limits somewhere.

    python -m benchmarks.mutants [FILE | FILE:LINE ...] [--minutes 30] [--most 200] [--skip 0] [--seed 0]

One mutation at a time is written into a copy of the package; the tests that run its line (`benchmarks.tests_by_line`
records them once), cheapest first, run there until one fails. What no test notices is a survivor, and so is what no
test runs or what ran out of time. A test that killed must pass without a mutation. A long run is made in pieces: the
next one skips what was tried. The table says by file how many of the tried mutants were killed; the survivors are
listed with their line, so that a test can be written for each (or the mutant understood as equivalent). At the end
stands the rate with its interval and the seed: the tried are the first of all mutants in the order that the seed gives,
a random sample of them. What makes simulated data (``simulate`` of a card) is left out: it is the truth the estimators
are held against.
"""

from __future__ import annotations

import argparse
import ast
import copy
import importlib
import itertools
import json
import os
import random
import re
import resource
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import cxlab
from benchmarks.tests_by_line import OF_THE_HOUSE, Record, load
from cxlab.stats.inference.proportions import wilson

ROOT = Path(__file__).parents[1]
ROOMS = ("cxlab/hypotheses", "cxlab/models")
TURNED = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Lt: ast.Gt, ast.Gt: ast.Lt, ast.LtE: ast.GtE, ast.GtE: ast.LtE}
LIMITS = ({"low", "high"}, {"lower", "upper"}, {"inner_low", "inner_high"})
WEIGHTS = ("w", "nw", "weights", "weight")
QUICK, MOST, FILES = 10.0, 90.0, 6
"""Seconds, as recorded, of the tests run first for a mutant, and of all that are run; files of tests without record."""
ELSEWHERE = {"cli", "fuzz", "lab", "report", "workshop"}
LIBRARIES = ("numpy", "pandas", "pyarrow", "duckdb", "polars", "narwhals", "scipy.stats", "scipy.optimize",
             "statsmodels.api", "matplotlib.pyplot", "IPython.display")  # fmt: skip
"""What tests use, loaded once."""
NO_TEST = 5
"""What pytest ends with where no test was chosen."""


@dataclass(frozen=True)
class Mutant:
    """One change: the file, the line, what is done there, what stood there, and the number of the change."""

    file: str
    line: int
    kind: str
    before: str
    number: int


def mutants(file: str) -> Iterator[Mutant]:
    """Return every mutant of a file."""
    for number, (node, kind, _) in enumerate(_all_changes(ast.parse((ROOT / file).read_text(encoding="utf-8")))):
        yield Mutant(file, node.lineno, kind, ast.unparse(node), number)


def wanted(places: list[str]) -> list[Mutant]:
    """Return the mutants of files or of single lines (``FILE:LINE``); of all of hypotheses and models where none is."""
    places = places or [str(p.relative_to(ROOT)) for r in ROOMS for p in sorted((ROOT / r).rglob("*.py"))]
    asked = [(p.partition(":")[0], p.partition(":")[2]) for p in places if not p.endswith(("__init__.py", "_plots.py"))]
    return [m for file, line in asked for m in mutants(file) if not line or m.line == int(line)]


def source(mutant: Mutant) -> str:
    """Return the file with the mutation in it."""
    tree = ast.parse((ROOT / mutant.file).read_text(encoding="utf-8"))
    node, _, new = next(itertools.islice(_all_changes(tree), mutant.number, None))

    class Put(ast.NodeTransformer):
        def visit(self, n: ast.AST) -> ast.AST:
            return copy.deepcopy(new) if n is node else self.generic_visit(n)

    return ast.unparse(ast.fix_missing_locations(Put().visit(tree)))


def _all_changes(tree: ast.Module) -> Iterator[tuple[ast.expr, str, ast.expr]]:
    texts = _texts(tree)
    places = [n for n in ast.walk(tree) if isinstance(n, ast.expr) and id(n) not in texts]
    return ((node, kind, new) for node in places for kind, new in _changes(node))


def _texts(tree: ast.AST) -> set[int]:
    """What is inside messages, labels, annotations and raises is no arithmetic."""
    out: set[int] = set()
    for n in ast.walk(tree):
        parts: list[ast.AST | None] = []
        if isinstance(n, (ast.JoinedStr, ast.Raise)):
            parts = [n]
        elif isinstance(n, ast.arg):
            parts = [n.annotation]
        elif isinstance(n, ast.FunctionDef):
            parts = [n] if n.name == "simulate" else [n.returns, *n.decorator_list]
        elif isinstance(n, ast.AnnAssign):
            parts = [n.annotation]
        out |= {id(x) for p in parts if p is not None for x in ast.walk(p)}
    return out


def _changes(node: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(node, ast.BinOp) and type(node.op) in TURNED and not _text(node):
        yield "sign turned", ast.BinOp(node.left, TURNED[type(node.op)](), node.right)
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Mult, ast.Div, ast.MatMult)) and not _text(node):
        yield "halved", ast.BinOp(node, ast.Mult(), ast.Constant(0.5))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and not isinstance(node.operand, ast.Constant):
        yield "sign turned", node.operand
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in TURNED:
        yield "comparison turned", ast.Compare(node.left, [TURNED[type(node.ops[0])]()], node.comparators)
    if isinstance(node, ast.Tuple) and isinstance(node.ctx, ast.Load):
        names = [e.id if isinstance(e, ast.Name) else e.attr if isinstance(e, ast.Attribute) else "" for e in node.elts]
        if any(pair <= set(names) for pair in LIMITS):
            yield "limits swapped", ast.Tuple(_swapped(node.elts, names), ast.Load())
    if isinstance(node, ast.Call) and any(k.arg in ("weights", "weight") for k in node.keywords):
        kept = [k for k in node.keywords if k.arg not in ("weights", "weight")]
        yield "weights dropped", ast.Call(node.func, node.args, kept)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        for one, rest in ((node.left, node.right), (node.right, node.left)):
            name = one.attr if isinstance(one, ast.Attribute) else one.id if isinstance(one, ast.Name) else ""
            if name in WEIGHTS:
                yield "weights dropped", rest


def _text(node: ast.BinOp) -> bool:
    """Whether the parts are texts or lists put together."""
    kinds = (ast.JoinedStr, ast.List, ast.Tuple, ast.ListComp, ast.Dict)
    return any(
        isinstance(x, kinds) or (isinstance(x, ast.Constant) and isinstance(x.value, str)) for x in ast.walk(node)
    )


def _swapped(elements: list[ast.expr], names: list[str]) -> list[ast.expr]:
    pair = next(p for p in LIMITS if p <= set(names))
    i, j = (names.index(n) for n in sorted(pair))
    out = list(elements)
    out[i], out[j] = out[j], out[i]
    return out


def tests_of(mutant: Mutant, known: Record) -> list[list[str]]:
    """Return the tests that run the mutant's line, in rounds: the quick ones, then the others as far as time goes.

    Recorded tests stand in the order of what they take, files named after the mutant's file first. Files of tests that
    were not recorded follow whole: those of its card, else those that name the module or the public functions that
    run the line most often.
    """
    tree = ast.parse((ROOT / mutant.file).read_text(encoding="utf-8"))
    node = next(itertools.islice(_all_changes(tree), mutant.number, None))[0]
    running = sorted(known.running(mutant.file, node, tree))
    files: dict[str, list[str]] = {}
    for test in running:
        files.setdefault(test.partition("::")[0], []).append(test)
    cost = {f: 0.3 + sum(known.tests[t]["seconds"] for t in tests) for f, tests in files.items()}
    stem = Path(mutant.file).stem
    rounds: list[list[str]] = [[], []]
    spent = 0.0
    for f in sorted(files, key=lambda f: (not Path(f).stem.endswith(stem), cost[f])):
        for test in sorted(files[f], key=lambda t: known.tests[t]["seconds"]):
            spent += known.tests[test]["seconds"] + 0.3 / len(files[f])
            if spent <= known.most:
                rounds[spent > QUICK].append(test)
    rest = unrecorded(mutant.file, {t.rpartition("[")[2].rstrip("]") for t in running if "[" in t}, known)
    return [r for r in (rounds[0], rest[:2], rounds[1], rest[2:]) if r]


def unrecorded(file: str, names: set[str], known: Record) -> list[str]:
    """Return files of tests without a record that know a file or call one of the public functions by these names."""
    path, folder = Path(file), ROOT / "tests" / Path(file).relative_to("cxlab").parent
    own = {ROOT / "tests/hypotheses" / f"test_{path.stem}.py", folder / f"test_{path.stem}.py"}
    if path.parent == Path("cxlab/hypotheses"):  # what the cards share is held by the tests of the cards that use it
        cards = sorted((ROOT / "cxlab/hypotheses/cards").glob("cx*.py"))
        used = [c for c in cards if f"hypotheses.{path.stem} import" in c.read_text(encoding="utf-8")]
        own |= {ROOT / "tests/hypotheses" / f"test_{c.stem}.py" for c in used}
    called = "|".join(sorted(names | {n for n, m in public().items() if m == file[:-3].replace("/", ".")})) or "no_name"
    known_by = [rf"\bcx(?:\.\w+)?\.(?:{called})\(", rf"\b{path.stem}\.\w+\(", rf"\bfrom cxlab\S*\.{path.stem} import"]
    known_by += [rf"import {path.stem}\b", f'"{path.stem.upper().replace("CX", "CX-")}"']
    pattern = "|".join(known_by)
    room = folder.parent if path.parent.name == "cards" else folder
    every = [p for p in (ROOT / "tests").rglob("test_*.py") if not _left_out(p)]
    count = {p: len(re.findall(pattern, p.read_text(encoding="utf-8"))) for p in every}
    count = {p: k + 100 * (p in own) + 0.5 * (p.parent == room) for p, k in count.items() if k or p in own}
    found = [str(p.relative_to(ROOT)) for p in sorted(count, key=lambda p: (-count[p], p))]
    return [f for f in found if f not in known.of_file][: known.files]


def _left_out(test: Path) -> bool:
    """Whether a file of tests is of the house, of commands or of pages."""
    return test.parent.name in ELSEWHERE or test.stem.removeprefix("test_") in OF_THE_HOUSE


def public() -> dict[str, str]:
    """Return the module of every public name."""
    return {**cxlab._WHERE, **{n: m for names in cxlab._ROOMS.values() for n, m in names.items()}}


def run(tests: list[str], home: Path, limit: float) -> str:
    """Run tests in the copy at ``home``: '' where all pass, 'too slow', else the test that failed.

    They run in a fork of this process, which has loaded the libraries once.
    """
    chosen, told = home / "chosen.json", home / "told.txt"
    chosen.write_text(json.dumps(tests), encoding="utf-8")
    files = list(dict.fromkeys(t.partition("::")[0] for t in tests))
    sys.stdout.flush()
    child = os.fork()
    if not child:
        _tried(["-x", "-q", "-p", "no:cacheprovider", "-p", "benchmarks.chosen", *files], home, told, int(limit))
    end = time.monotonic() + 10 * limit
    while not (done := os.waitpid(child, os.WNOHANG))[0]:
        if time.monotonic() > end:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return "too slow"
        time.sleep(0.05)
    code, said = os.waitstatus_to_exitcode(done[1]), told.read_text(encoding="utf-8", errors="replace")
    if code == -signal.SIGXCPU:
        return "too slow"
    failed = re.search(r"^(?:FAILED|ERROR) (.+?)(?: - .*)?$", said, re.M)
    return failed[1] if failed else "" if code in (0, NO_TEST) else said[-600:]


def _tried(options: list[str], home: Path, told: Path, limit: int) -> None:
    """Run pytest in the copy of the package, in this process, which ends with it."""
    code = 1
    try:
        resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 5))
        out = os.open(told, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(out, 1)
        os.dup2(out, 2)
        os.chdir(home)
        own = ("cxlab", "benchmarks", "tests", "__main__")
        for name in [m for m in sys.modules if m.partition(".")[0] in own]:
            del sys.modules[name]
        sys.path[:] = [str(home), *(p for p in sys.path if p not in ("", str(ROOT)))]
        sys.dont_write_bytecode = True
        os.environ |= {
            "PYTHONPATH": str(home),
            "PYTHONDONTWRITEBYTECODE": "1",
            "CXLAB_CHOSEN": str(home / "chosen.json"),
        }
        where = str(importlib.import_module("cxlab").__file__)
        code = int(pytest.main(options)) if where.startswith(str(home)) else print(f"{where} is not the copy") or 1
    finally:
        os._exit(code)


def passes(said: str, some: list[str], home: Path, known: Record) -> bool:
    """Return whether what killed a mutant passes without one; a test that does not is used no more.

    Of tests that passed when they were recorded one a file is tried: whether the file runs in the copy as it did there.
    """
    if not said.startswith("tests/"):
        raise SystemExit(f"the tests could not be run: {said}")
    whole = said.partition("::")[0]
    if known.alone.get(whole) and said in known.tests:
        return True
    if said not in known.alone:
        again = run([said], home, 5 * MOST)
        known.alone[said] = not again
        if again:
            known.alone |= {t: False for t in some if t in (said, whole)}
            print(f"     not used: {said} fails without a mutation: {again}", flush=True)
        elif said in known.tests:
            known.alone[whole] = True
    return known.alone[said]


def escapes(mutant: Mutant, home: Path, known: Record) -> tuple[str, str]:
    """Return how the mutant got away and the test that killed it, one of them ''.

    'never run' where no test runs its line, 'survives' where every test that runs it passes, 'too slow' out of time.
    """
    target, whole = home / mutant.file, (home / mutant.file).read_text(encoding="utf-8")
    rounds = tests_of(mutant, known)
    for some in rounds:
        while some := [t for t in some if known.passes(t)]:
            target.write_text(source(mutant), encoding="utf-8")
            try:
                said = run(some, home, 60 + sum(4 * known.seconds(t) for t in some))
            finally:
                target.write_text(whole, encoding="utf-8")
            if said in ("", "too slow"):
                break
            if passes(said, some, home, known):
                return "", said
        if some and said == "too slow":
            return said, ""
    return ("survives" if rounds else "never run"), ""


def main() -> int:
    """Try mutants until the time is over; print the table and the survivors."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", help="files of the package, or lines of them (default: all)")
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--most", type=int, default=200, help="mutants tried at most")
    parser.add_argument("--skip", type=int, default=0, help="mutants of this seed that were tried before")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=MOST, help="of recorded tests run for a mutant, at most")
    parser.add_argument("--unrecorded", type=int, default=FILES, help="files of tests without a record, at most")
    args = parser.parse_args()
    every = wanted(args.files)
    random.Random(args.seed).shuffle(every)
    end, tried, left = time.monotonic() + 60 * args.minutes, Counter[str](), []
    known = load()
    known.most, known.files = args.seconds, args.unrecorded
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        shutil.copytree(ROOT / "cxlab", home / "cxlab", ignore=shutil.ignore_patterns("__pycache__"))
        for path in ROOT.iterdir():
            if path.name != "cxlab" and not path.name.startswith("."):
                (home / path.name).symlink_to(path)
        for name in LIBRARIES:
            importlib.import_module(name)
        for m in every[args.skip : args.skip + args.most]:
            if time.monotonic() > end:
                break
            tried[m.file] += 1
            how, by = escapes(m, home, known)
            if how:
                left.append((m, how))
            said = f"{m.file}:{m.line}  {m.kind}: {m.before[:90]}"
            print(f"{sum(tried.values()):>4} {how or 'killed':<9} {said}   {by[-70:]}", flush=True)
    lost = Counter(m.file for m, _ in left)
    print(f"\n{'file':<52}{'tried':>6}{'killed':>8}")
    for file, k in sorted(tried.items()):
        print(f"{file:<52}{k:>6}{k - lost[file]:>8}")
    print(f"\n{'not killed':<52}")
    for m, how in left:
        print(f"{how:<9} {m.file}:{m.line}  {m.kind}: {m.before[:90]}")
    total, killed = sum(tried.values()), sum(tried.values()) - len(left)
    low, high = wilson(killed, total, 0.95) if total else (0.0, 1.0)
    print(f"{killed} of {total} mutants killed ({killed / max(total, 1):.1%} [{low:.1%}, {high:.1%}]), "
          f"seed {args.seed}, {args.skip} skipped; there are {len(every)}")  # fmt: skip
    return 0 if killed >= 0.9 * total else 1


if __name__ == "__main__":
    sys.exit(main())
