"""Mutants: are the tests able to fail? Each turns a sign, halves a product, drops a weight or swaps limits somewhere.

    python -m benchmarks.mutants [FILES ...] [--minutes 30] [--most 200] [--skip 0] [--seed 0]

One mutation at a time is written into a copy of the package; the tests that belong to the file run there until one
fails. What no test notices is a survivor, and so is what ran out of time. The tests must pass without a mutation first,
and how long they take then sets the time. A long run is made in pieces: the next one skips what was tried. The table
says by file how many of the tried mutants were killed; the survivors are listed with their line, so that a test can be
written for each (or the mutant understood as equivalent). What makes simulated data (``simulate`` of a card) is left
out: it is the truth the estimators are held against.
"""

from __future__ import annotations

import argparse
import ast
import copy
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
ROOMS = ("cxlab/hypotheses", "cxlab/models")
TURNED = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Lt: ast.Gt, ast.Gt: ast.Lt, ast.LtE: ast.GtE, ast.GtE: ast.LtE}
LIMITS = ({"low", "high"}, {"lower", "upper"}, {"inner_low", "inner_high"})
WEIGHTS = ("w", "nw", "weights", "weight")
SECONDS, SLOWER = 60, 4
"""A mutant's tests may take this long, or so many times what they take without it."""


@dataclass(frozen=True)
class Mutant:
    """One change: the file, the line, what was done there, and the source that results."""

    file: str
    line: int
    kind: str
    before: str
    source: str


def mutants(file: str) -> Iterator[Mutant]:
    """Return every mutant of a file."""
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    places = [n for n in ast.walk(tree) if isinstance(n, ast.expr) and _counts(n, _texts(tree))]
    for node in places:
        for kind, new in _changes(node):
            other = _replaced(tree, node, new)
            yield Mutant(file, node.lineno, kind, ast.unparse(node), ast.unparse(ast.fix_missing_locations(other)))


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


def _counts(node: ast.expr, texts: set[int]) -> bool:
    return id(node) not in texts


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


def _replaced(tree: ast.AST, node: ast.expr, new: ast.expr) -> ast.AST:
    class Put(ast.NodeTransformer):
        def visit(self, n: ast.AST) -> ast.AST:
            return copy.deepcopy(new) if n is node else self.generic_visit(n)

    marked = {id(n): n for n in ast.walk(tree)}
    assert id(node) in marked
    clone = copy.deepcopy(tree, memo := {})
    twin = memo[id(node)]
    node = twin
    return Put().visit(clone)


def tests_of(file: str) -> list[str]:
    """Return the tests that belong to a file: its own, else those of its room."""
    path = Path(file)
    own = ROOT / "tests" / path.parent.relative_to("cxlab") / f"test_{path.stem}.py"
    if path.parent.name == "cards":
        own = ROOT / "tests/hypotheses" / f"test_{path.stem}.py"
        rest = ["test_verdict.py", "test_calibrate.py"]
        found = [own] if own.is_file() else [ROOT / "tests/hypotheses" / r for r in rest]
        return [str(p.relative_to(ROOT)) for p in found]
    room = ROOT / "tests" / path.parent.relative_to("cxlab")
    while not room.is_dir():
        room = room.parent
    rest = sorted(
        p for p in room.glob("test_*.py") if p != own and not p.stem.startswith(("test_cx", "test_notebooks"))
    )
    return [str(p.relative_to(ROOT)) for p in ([own] if own.is_file() else []) + rest]


def run(tests: list[str], home: Path, seconds: float | None = None) -> bool | None:
    """Whether the tests pass in the copy at ``home``; None where they ran out of time."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
    env = os.environ | {"PYTHONPATH": str(home), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        return subprocess.run(command, cwd=home, env=env, capture_output=True, timeout=seconds).returncode == 0
    except subprocess.TimeoutExpired:
        return None


def seconds(tests: list[str], home: Path, known: dict[frozenset[str], float]) -> float:
    """Return how long a mutant's tests may take; they must pass without a mutation."""
    key = frozenset(tests)
    if key not in known:
        start = time.monotonic()
        if not run(tests, home):
            raise SystemExit(f"these tests fail without a mutation: {' '.join(tests)}")
        known[key] = SECONDS + SLOWER * (time.monotonic() - start)
    return known[key]


def survives(mutant: Mutant, home: Path, limit: float) -> str:
    """Return how the mutant got away: 'survives' where every test passes, 'too slow' out of time; '' where killed."""
    target = home / mutant.file
    whole = target.read_text(encoding="utf-8")
    target.write_text(mutant.source, encoding="utf-8")
    try:
        return {True: "survives", None: "too slow", False: ""}[run(tests_of(mutant.file), home, limit)]
    finally:
        target.write_text(whole, encoding="utf-8")


def main() -> int:
    """Try mutants until the time is over; print the table and the survivors."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", help="files of the package (default: all of hypotheses and models)")
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--most", type=int, default=200, help="mutants tried at most")
    parser.add_argument("--skip", type=int, default=0, help="mutants of this seed that were tried before")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    files = args.files or [str(p.relative_to(ROOT)) for r in ROOMS for p in sorted((ROOT / r).rglob("*.py"))]
    files = [f for f in files if not f.endswith(("__init__.py", "_plots.py"))]
    every = [m for f in files for m in mutants(f)]
    random.Random(args.seed).shuffle(every)
    end, tried, left = time.monotonic() + 60 * args.minutes, Counter[str](), []
    known: dict[frozenset[str], float] = {}
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        shutil.copytree(ROOT / "cxlab", home / "cxlab", ignore=shutil.ignore_patterns("__pycache__"))
        for name in ("tests", "datasets", "notebooks", "pyproject.toml", "constraints.txt"):
            (home / name).symlink_to(ROOT / name)
        for m in every[args.skip : args.skip + args.most]:
            if time.monotonic() > end:
                break
            limit = seconds(tests_of(m.file), home, known)
            tried[m.file] += 1
            if how := survives(m, home, limit):
                left.append(m)
                print(f"{how:<9} {m.file}:{m.line}  {m.kind}: {m.before[:90]}", flush=True)
    lost = Counter(m.file for m in left)
    print(f"\n{'file':<52}{'tried':>6}{'killed':>8}")
    for file, k in sorted(tried.items()):
        print(f"{file:<52}{k:>6}{k - lost[file]:>8}")
    total, killed = sum(tried.values()), sum(tried.values()) - len(left)
    print(f"{killed} of {total} mutants killed ({killed / max(total, 1):.0%}); there are {len(every)}")
    return 0 if killed >= 0.9 * total else 1


if __name__ == "__main__":
    sys.exit(main())
