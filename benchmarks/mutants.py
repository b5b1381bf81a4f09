"""Mutants: are the tests able to fail? Each turns a sign, halves a product, drops a weight or swaps limits somewhere.

    python -m benchmarks.mutants [FILE | FILE:LINE ...] [--minutes 30] [--most 200] [--skip 0] [--seed 0]

One mutation at a time is written into a copy of the package; the tests that belong to the file run there until one
fails. What no test notices is a survivor, and so is what ran out of time. A test that killed must pass without a
mutation. A long run is made in pieces: the next one skips what was tried. The table
says by file how many of the tried mutants were killed; the survivors are listed with their line, so that a test can be
written for each (or the mutant understood as equivalent). At the end stands the rate with its interval and the seed:
the tried are the first of all mutants in the order that the seed gives, a random sample of them. What makes simulated
data (``simulate`` of a card) is left out: it is the truth the estimators are held against.
"""

from __future__ import annotations

import argparse
import ast
import copy
import itertools
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cxlab
from cxlab.stats.inference.proportions import wilson

ROOT = Path(__file__).parents[1]
ROOMS = ("cxlab/hypotheses", "cxlab/models")
TURNED = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Lt: ast.Gt, ast.Gt: ast.Lt, ast.LtE: ast.GtE, ast.GtE: ast.LtE}
LIMITS = ({"low", "high"}, {"lower", "upper"}, {"inner_low", "inner_high"})
WEIGHTS = ("w", "nw", "weights", "weight")
SECONDS, FIRST, MOST = 300, 3, 12
"""Each of three rounds of tests may take three times so many seconds of CPU; so many files of tests, those that know
the file best, are run before the others; and in all so many."""
LEFT_OUT = ("test_cx", "test_notebooks", "test_house", "test_public_edge", "test_wheel", "test_fuzz", "test_any_")
ELSEWHERE = {"cli", "fuzz", "lab", "report", "workshop"}
"""Tests of claims belong to their cards and to what the cards share; those of the house, of commands and pages and the
long tables are not run for a mutant."""
NO_TEST = 5
"""What pytest ends with where no test was chosen."""
ALIKE = ("tests/test_weights_are_counts.py", "tests/test_every_interval.py", "tests/test_every_error.py")
"""What holds of every estimate, interval and standard error, asked of the public functions of a mutant's folder."""


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


def tests_of(file: str) -> list[str]:
    """Return the tests that belong to a file: its own, those of its room and those that name it; then its examples."""
    path = Path(file)
    own = ROOT / "tests" / path.parent.relative_to("cxlab") / f"test_{path.stem}.py"
    if path.parent.name == "cards":
        own = ROOT / "tests/hypotheses" / f"test_{path.stem}.py"
        rest = ["test_verdict.py", "test_calibrate.py"]
        found = [own] if own.is_file() else [ROOT / "tests/hypotheses" / r for r in rest]
        shared = [ROOT / "tests/hypotheses" / f"test_{what}.py" for what in ("naive_twins", "weighted_cards")]
        return [str(p.relative_to(ROOT)) for p in (*found, *shared)]
    room = ROOT / "tests" / path.parent.relative_to("cxlab")
    while not room.is_dir():
        room = room.parent
    every = [p for p in (ROOT / "tests").rglob("test_*.py") if p != own and not p.stem.startswith(LEFT_OUT)]
    every = [p for p in every if p.parent.name not in ELSEWHERE]
    known = {p: _mentions(p, path) for p in every}
    rest = sorted((p for p in every if known[p] or p.parent == room), key=lambda p: (-known[p], p))[:MOST]
    if path.parent == Path("cxlab/hypotheses"):  # what the cards share is held by the tests of the cards that use it
        cards = sorted((ROOT / "cxlab/hypotheses/cards").glob("cx*.py"), key=lambda p: (not _imports(p, path), p))
        rest += [ROOT / "tests/hypotheses" / f"test_{p.stem}.py" for p in cards]
    return [str(p.relative_to(ROOT)) for p in ([own] if own.is_file() else []) + rest] + [file]


def _imports(card: Path, file: Path) -> bool:
    return f"hypotheses.{file.stem} import" in card.read_text(encoding="utf-8")


def alike(file: str) -> list[str]:
    """Return the tests of every estimate and interval for a model's functions, else its folder's, for pytest."""
    module, folder = file.removesuffix(".py").replace("/", "."), str(Path(file).parent).replace("/", ".")
    named = _public().items()
    inside = [n for n, m in named if m == module] or [n for n, m in named if m.startswith(folder + ".")]
    return [*ALIKE, "-k", " or ".join(f"[{n}" for n in inside)] if inside else []


def _mentions(test: Path, file: Path) -> int:
    """Return how often a test imports the module or calls a function of it: those that know it most are run first."""
    module, stem = ".".join(file.with_suffix("").parts), file.stem
    public = "|".join(n for n, m in _public().items() if m == module) or "no_name"
    used = rf"\bcx(?:\.\w+)?\.(?:{public})\b|\b{stem}\.\w+\(|\bfrom cxlab\S*\.{stem} import|\bimport \(?.*\b{stem}\b"
    return len(re.findall(used, test.read_text(encoding="utf-8")))


def _public() -> dict[str, str]:
    """The module of every public name."""
    return {**cxlab._WHERE, **{n: m for names in cxlab._ROOMS.values() for n, m in names.items()}}


def run(tests: list[str], home: Path, limit: float) -> str:
    """Run tests in the copy at ``home``: '' where all pass, 'too slow', else the file of the test that failed."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-x",
        "-q",
        "-p",
        "no:cacheprovider",
        "--doctest-modules",
        "-o",
        "python_functions=test_",
        *tests,
    ]
    env = os.environ | {"PYTHONPATH": str(home), "PYTHONDONTWRITEBYTECODE": "1"}
    cpu = lambda: resource.setrlimit(resource.RLIMIT_CPU, (int(limit), int(limit) + 5))  # noqa: E731
    try:
        done = subprocess.run(
            command, cwd=home, env=env, capture_output=True, text=True, timeout=10 * limit, preexec_fn=cpu
        )
    except subprocess.TimeoutExpired:
        return "too slow"
    if done.returncode == -signal.SIGXCPU:
        return "too slow"
    failed = re.search(r"^(?:FAILED|ERROR) ([^\s:]+)", done.stdout, re.M)
    return failed[1] if failed else "" if done.returncode in (0, NO_TEST) else done.stdout[-300:] + done.stderr[-300:]


def passes(test: str, home: Path, known: dict[str, bool]) -> bool:
    """Return whether a test that killed a mutant passes without one; one that does not is used no more."""
    if test not in known:
        if said := run([test], home, 5 * SECONDS):
            print(f"     not used: {test} fails without a mutation: {said}", flush=True)
        known[test] = not said
    return known[test]


def escapes(mutant: Mutant, home: Path, known: dict[str, bool]) -> str:
    """Return how the mutant got away: 'survives' where every test passes, 'too slow' out of time; '' where killed.

    First what holds of every estimate, then the tests that know the file best, then the rest of its room. ``known``:
    whether a test passes without a mutation.
    """
    target, whole = home / mutant.file, (home / mutant.file).read_text(encoding="utf-8")
    rounds = (alike(mutant.file), (tests := tests_of(mutant.file))[:FIRST], tests[FIRST:])
    for some in rounds:
        while some := [t for t in some if known.get(t, True)]:
            target.write_text(source(mutant), encoding="utf-8")
            try:
                said = run(some, home, 3 * SECONDS)
            finally:
                target.write_text(whole, encoding="utf-8")
            if said in ("", "too slow"):
                break
            if passes(said, home, known):
                return ""
            if said not in some:
                raise SystemExit(f"{mutant} could not be tried: {said}")
        if some and said == "too slow":
            return said
    return "survives"


def main() -> int:
    """Try mutants until the time is over; print the table and the survivors."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", help="files of the package, or lines of them (default: all)")
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--most", type=int, default=200, help="mutants tried at most")
    parser.add_argument("--skip", type=int, default=0, help="mutants of this seed that were tried before")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    every = wanted(args.files)
    random.Random(args.seed).shuffle(every)
    end, tried, left = time.monotonic() + 60 * args.minutes, Counter[str](), []
    known: dict[str, bool] = {}
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        shutil.copytree(ROOT / "cxlab", home / "cxlab", ignore=shutil.ignore_patterns("__pycache__"))
        for name in ("tests", "datasets", "notebooks", "pyproject.toml", "constraints.txt"):
            (home / name).symlink_to(ROOT / name)
        where = [sys.executable, "-c", "import cxlab; print(cxlab.__file__)"]
        loaded = subprocess.run(
            where, cwd=home, env=os.environ | {"PYTHONPATH": str(home)}, capture_output=True, text=True
        )
        if not loaded.stdout.startswith(str(home)):
            raise SystemExit(f"the tests would not try the copy but {loaded.stdout}{loaded.stderr}")
        for m in every[args.skip : args.skip + args.most]:
            if time.monotonic() > end:
                break
            tried[m.file] += 1
            if how := escapes(m, home, known):
                left.append((m, how))
            said = f"{m.file}:{m.line}  {m.kind}: {m.before[:90]}"
            print(f"{sum(tried.values()):>4} {how or 'killed':<9} {said}", flush=True)
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
