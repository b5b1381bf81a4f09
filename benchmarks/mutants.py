"""Mutants: are the tests able to fail? Each turns a sign, halves a product, drops a weight or swaps limits somewhere.

    python -m benchmarks.mutants [FILE | FILE:LINE ...] [--minutes 30] [--most 60] [--skip 0] [--seed 0] [--cores 1]

Every mutated expression is put into the package beside the right one; `benchmarks.switched` runs tests and, for each
mutant that a test comes by, the same test once more with that mutant on. Which tests are tried: those that name the
function a mutant is in, its module or a public function that uses it, and its functions' rows in the tables over all
functions. What no test notices is a survivor, and so is what no test comes by: with few tests (``--tests``) the rate
is a lower bound. Mutants are tried in the order that the seed gives, a random sample of them, until the time is over;
at the end stands the rate of those that were tried, with its interval.

Left out is what holds no number that is told: what makes simulated data (``simulate`` of a card: the truth the
estimators are held against), what only draws (`_plots.py`, `figures.py`), and comparisons and products with a constant
that chooses between two ways to one result (`SIZES`: how many rows at once, what is kept in memory).
"""

from __future__ import annotations

import argparse
import ast
import itertools
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import cxlab
from cxlab.stats.inference.proportions import wilson

ROOT = Path(__file__).parents[1]
ROOMS = ("cxlab/hypotheses", "cxlab/models")
PICTURES = ("__init__.py", "_plots.py", "/figures.py")
TURNED = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Lt: ast.Gt, ast.Gt: ast.Lt, ast.LtE: ast.GtE, ast.GtE: ast.LtE}
LIMITS = ({"low", "high"}, {"lower", "upper"}, {"inner_low", "inner_high"})
WEIGHTS = ("w", "nw", "weights", "weight")
SIZES = {"BATCH", "BLOCK", "CHUNK", "DENSE", "KINDS_MOST", "ROWS_MOST", "SIZE", "SPARSE"}
"""Constants that say how many rows are taken at once, or which of two exact ways is gone: no number depends on them."""
ELSEWHERE = {"cli", "fuzz", "lab", "report", "workshop"}
"""Folders of tests that are tried for no mutant."""
OF_THE_HOUSE = {"audit", "docs", "doctests", "find", "fuzz", "gallery", "house", "languages", "licences", "newcomer",
                "panel", "wheel"}  # fmt: skip
"""Files of tests that are tried for no mutant."""
TABLES = ("tests/test_every_value.py", "tests/test_every_column.py", "tests/test_every_interval.py")
"""Tables over all functions, a row each."""


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
    for number, (node, kind, _) in enumerate(all_changes(ast.parse((ROOT / file).read_text(encoding="utf-8")))):
        yield Mutant(file, node.lineno, kind, ast.unparse(node), number)


def wanted(places: list[str]) -> list[Mutant]:
    """Return the mutants of files or of single lines (``FILE:LINE``); of all of hypotheses and models where none is."""
    places = places or [str(p.relative_to(ROOT)) for r in ROOMS for p in sorted((ROOT / r).rglob("*.py"))]
    asked = [(p.partition(":")[0], p.partition(":")[2]) for p in places if not p.endswith(PICTURES)]
    return [m for file, line in asked for m in mutants(file) if not line or m.line == int(line)]


def all_changes(tree: ast.Module) -> Iterator[tuple[ast.expr, str, ast.expr]]:
    """Yield every expression that is changed, what is done, and what stands there then."""
    texts = _texts(tree)
    places = [n for n in ast.walk(tree) if isinstance(n, ast.expr) and id(n) not in texts]
    return ((node, kind, new) for node in places if not _of_size(node) for kind, new in _changes(node))


def _of_size(node: ast.expr) -> bool:
    """Whether an expression only says how much is taken at once."""
    return isinstance(node, (ast.BinOp, ast.Compare)) and any(
        isinstance(n, ast.Name) and n.id in SIZES for n in ast.walk(node)
    )


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


@cache
def texts(folder: str) -> dict[str, str]:
    """The text of every Python file of a folder, by its path."""
    return {str(p.relative_to(ROOT)): p.read_text(encoding="utf-8") for p in sorted((ROOT / folder).rglob("*.py"))}


@cache
def public() -> dict[str, str]:
    """Return the module of every public name."""
    return {**cxlab._WHERE, **{n: m for names in cxlab._ROOMS.values() for n, m in names.items()}}


def reading(file: str) -> str:
    """Return the pattern of a line that reads a file of the package."""
    package, _, stem = file.removesuffix(".py").replace("/", ".").rpartition(".")
    return rf"from {package}(?:\.{stem} import|\s+import[^\n]*\b{stem}\b)"


@cache
def readers(file: str) -> set[str]:
    """Return the files of the package that read another one."""
    read = re.compile(reading(file))
    return {path for path, text in texts("cxlab").items() if read.search(text)}


def functions(file: str) -> dict[str, int]:
    """Return the public functions that use a file: 0 those in it, 1 those of its readers, 2 those of their readers."""
    out: dict[str, int] = {}
    some = {file}
    for far in range(3):
        modules = {f.removesuffix(".py").replace("/", ".") for f in some}
        out |= {n: far for n, m in public().items() if m in modules and n not in out}
        some = {r for f in some for r in readers(f)}
    return out


@cache
def _tests(folder: str = "tests") -> dict[str, tuple[str, str]]:
    """The text of every test, with that of the helpers of its file that it names, and that of what the file reads."""
    out = {}
    for path, text in texts(folder).items():
        if not Path(path).stem.startswith("test_") or _left_out(Path(path)) or path in TABLES:
            continue
        body = ast.parse(text).body
        own = {n.name: ast.unparse(n) for n in body if isinstance(n, (ast.FunctionDef, ast.ClassDef))}
        held = {t.id: ast.unparse(n) for n in body if isinstance(n, ast.Assign) for t in n.targets
                if isinstance(t, ast.Name)}  # fmt: skip
        read = "\n".join(ast.unparse(n) for n in body if isinstance(n, (ast.Import, ast.ImportFrom)))
        for name in (n for n in own if n.startswith("test_")):
            used = {**own, **held}
            near = [used[n] for n in {*re.findall(r"\b\w+\b", own[name])} & {*used} if n != name]
            out[f"{path}::{name}"] = ("\n".join([own[name], *near]), read)
    return out


def inside(mutant: Mutant) -> set[str]:
    """Return the names of the functions and classes that a mutant's line lies in."""
    tree = ast.parse(texts("cxlab")[mutant.file])
    kinds = (ast.FunctionDef, ast.ClassDef)
    return {n.name for n in ast.walk(tree) if isinstance(n, kinds) and n.lineno <= mutant.line <= (n.end_lineno or 0)}


def tests_of(mutant: Mutant, most: int) -> list[str]:
    """Return the tests that are tried for a mutant, the likeliest first, then the rows of tables (`file::[name]`).

    Likely is a test that names the function the mutant is in, or its module, or a public function that uses it; one
    that is named after the module; one of the room. What only tries refusals is the least likely.
    """
    path, called, here = Path(mutant.file), functions(mutant.file), inside(mutant)
    room = "tests" / path.relative_to("cxlab").parent
    room = room.parent if room.name == "cards" else room
    read, words = re.compile(reading(mutant.file)), _words(here)
    near = [_words({n for n, d in called.items() if d == far}) for far in range(3)]
    card = re.compile(f'"{path.stem.upper().replace("CX", "CX-")}"' if room.name == "hypotheses" else "(?!)")
    cards = {f"test_{Path(r).stem}" for r in readers(mutant.file)} if room.name == "hypotheses" else set()
    score: dict[str, float] = {}
    for test, (text, imports) in _tests().items():
        file = Path(test.partition("::")[0])
        points = 8.0 * (bool(words.search(text)) and bool(read.search(imports))) + 3 * bool(read.search(imports))
        points += sum(p * bool(n.search(text)) for p, n in zip((6, 4, 2), near, strict=True)) + 3 * bool(
            card.search(text)
        )
        points += 4 * (file.stem == f"test_{path.stem}") + 2 * (file.stem in cards)
        if points:
            points += 2.0 * (file.parent == room) + 0.3 * min(len(re.findall("assert|approx", text)), 9)
            score[test] = points - 5 * bool(re.search("pytest.raises|def test_\\w*(?:refuse|_bad_|_said\\b)", text))
    rows = [f"{t}::[{n}]" for n, far in called.items() if far < 2 for t in TABLES]
    return [*sorted(score, key=lambda t: (-score[t], t))[:most], *rows[:6]]


def _words(names: set[str]) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(sorted(names))})\(" if names else "(?!)")


def _left_out(test: Path) -> bool:
    """Whether a file of tests is of the house, of commands or of pages."""
    return test.parent.name in ELSEWHERE or test.stem.removeprefix("test_") in OF_THE_HOUSE


def started(some: list[Mutant], most: int, seconds: float, until: float, home: Path, on: int = -1) -> subprocess.Popen:
    """Start pytest with some mutants in the package; what it finds is written into the folder ``home``."""
    home.mkdir(exist_ok=True)
    told = [{"file": m.file, "number": m.number, "tests": tests_of(m, most)} for m in some]
    asked = {"mutants": told, "seconds": seconds, "until": until, "out": str(home / "found.json"), "on": on}
    (home / "asked.json").write_text(json.dumps(asked), encoding="utf-8")
    chosen = told if on < 0 else [{"tests": [t for t in told[on]["tests"] if "[" not in t][:4]}]
    tests = list(dict.fromkeys(t.partition("::[")[0] for m in chosen for t in m["tests"]))
    tests = sorted({t.partition("::")[0] for t in tests}) if on < 0 else tests
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-x",
        "-n",
        "0",
        "-p",
        "no:cacheprovider",
        "-p",
        "benchmarks.switched",
        *tests,
    ]
    with (home / "said.txt").open("w") as said:
        return subprocess.Popen(command, cwd=ROOT, env=os.environ | {"CXLAB_MUTANTS": str(home / "asked.json")},
                                stdout=said, stderr=said)  # fmt: skip


def found(some: list[Mutant], home: Path, most: int, seconds: float, until: float) -> list[tuple[str, str]]:
    """Return how each mutant ended and what killed it, once pytest has ended.

    What is worked out while modules are read cannot be switched on later: such a mutant is tried alone, on from the
    start, with the two files of tests that are likeliest to notice.
    """
    where = home / "found.json"
    if not where.is_file():
        raise SystemExit(f"the tests could not be run: {(home / 'said.txt').read_text()[-800:]}")
    out = []
    for k, told in enumerate(json.loads(where.read_text(encoding="utf-8"))):
        if not told["by"] and not told["met"] and told["read"] and time.time() < until:
            alone = home / f"alone{k}"
            code = started(some, most, seconds, until, alone, k).wait()
            said = (alone / "said.txt").read_text(encoding="utf-8")
            failed = re.search(r"^(?:FAILED|ERROR) (\S+)", said, re.M) if code == 1 else None
            told |= {"by": failed[1] if failed else "", "met": 1}
        how = (
            ""
            if told["by"]
            else "not tried"
            if not told["tried"]
            else "too slow"
            if told["slow"]
            else "survives"
            if told["met"]
            else "never run"
        )
        out.append((how, told["by"]))
    return out


def main() -> int:
    """Try mutants until the time is over; print the table and the survivors."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("places", nargs="*", help="files of the package, or lines of them (default: all)")
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--most", type=int, default=60, help="mutants tried at most")
    parser.add_argument("--skip", type=int, default=0, help="mutants of this seed that were tried before")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--tests", type=int, default=12, help="tests tried for a mutant, at most")
    parser.add_argument("--seconds", type=float, default=10, help="of the processor, that a test may take to be tried")
    parser.add_argument("--cores", type=int, default=1)
    args = parser.parse_args()
    every, until = wanted(args.places), time.time() + 60 * args.minutes
    random.Random(args.seed).shuffle(every)
    some = sorted(every[args.skip : args.skip + args.most], key=lambda m: (m.file, m.line, m.number))
    parts: list[Any] = [
        some[k * len(some) // args.cores : (k + 1) * len(some) // args.cores] for k in range(args.cores)
    ]
    with tempfile.TemporaryDirectory() as folder:
        homes = [Path(folder) / str(k) for k in range(args.cores)]
        runs = [started(p, args.tests, args.seconds, until, h) for p, h in zip(parts, homes, strict=True)]
        for run in runs:
            run.wait()
        ends = [found(p, h, args.tests, args.seconds, until + 300) for p, h in zip(parts, homes, strict=True)]
    tried, left = Counter[str](), []
    for m, (how, by) in zip(itertools.chain(*parts), itertools.chain(*ends), strict=True):
        print(f"{how or 'killed':<9} {m.file}:{m.line}  {m.kind}: {m.before[:90]}   {by[-90:]}")
        tried[m.file] += how != "not tried"
        left += [(m, how)] if how not in ("", "not tried") else []
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
