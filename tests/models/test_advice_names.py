"""Advice that names a parameter names one that there is."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import cxlab as cx
from cxlab.cli.page_advice import on_page
from cxlab.data.codebook import Field
from cxlab.report import notebook as notebooks

ROOT = Path(cx.__file__).parent
ROOMS = ("models", "stats", "data", "hypotheses", "cli")
NAMED = re.compile(r"(?<![\w.\-/&?<\"'])`?([a-z]\w*)=(?![=>])")
ELSEWHERE = {
    "hive_partitioning", "auto_detect", "all_varchar", "header", "ignore_errors", "strict_mode", "sample_size", "skip",
    "parallel", "comment",  # of DuckDB
    "class", "href", "id", "scope", "title", "style", "rowspan", "colspan", "pad", "rounding_size",  # of HTML, drawings
    "format", "dayfirst",  # pandas.to_datetime
    "rho", "day_effect", "charts",  # keys of a cache in cry_wolf
    "name", "key", "value", "claim", "arm", "part", "code", "n", "unticked", "banner",  # of the command line
}  # fmt: skip


def parameters() -> set[str]:
    """The parameters of public functions and of methods of what they take and give, of notebooks, of codebooks."""
    found = {p for n in cx.__all__ if callable(f := getattr(cx, n, None)) for p in _of(f)}
    for room in (getattr(cx, n) for n in cx.__all__ if inspect.ismodule(getattr(cx, n))):
        found |= {p for n in dir(room) if callable(f := getattr(room, n)) for p in _of(f)}
    for kind in (cx.Study, cx.Result):
        found |= {p for n, f in inspect.getmembers(kind, callable) if not n.startswith("_") for p in _of(f)}
    return found | {p for n in notebooks.named() for p in notebooks.takes(n)} | {f.name for f in fields(Field)}


def _of(call: object) -> list[str]:
    try:
        return list(inspect.signature(call).parameters)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return []


def advice() -> Iterator[tuple[str, int, str]]:
    """Where something is said that names a parameter: file, line, the name."""
    for file in (f for room in ROOMS for f in sorted((ROOT / room).rglob("*.py"))):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        docs = {
            id(n.body[0].value)
            for n in ast.walk(tree)
            if isinstance(n, ast.Module | ast.ClassDef | ast.FunctionDef) and n.body and isinstance(n.body[0], ast.Expr)
        }
        for n in ast.walk(tree):
            if isinstance(n, ast.Constant) and isinstance(n.value, str) and id(n) not in docs and " " in n.value:
                yield from ((str(file.relative_to(ROOT)), n.lineno, m[1]) for m in NAMED.finditer(n.value))


def test_advice_names_parameters_that_there_are() -> None:
    there = parameters() | ELSEWHERE
    said = list(advice())
    assert len(said) > 150, "the search finds what is said"
    wrong = [f"{file}:{line}: {name}=" for file, line, name in said if name not in there]
    assert not wrong, "\n".join(wrong)


def test_what_a_page_cannot_be_given_is_said() -> None:
    said = on_page("name them: opened=, closed=; of an event log: ends=", "loop")
    assert said == "name them: opened=, closed=; of an event log: ends= (of this page: closed=)"
    assert on_page("say metric='mean' or cx.closing(data, least_n=0)", "loop").endswith(
        "(not a parameter of this page: metric; set it in a copy, cxlab notebooks copy loop)"
    )
    assert on_page("Declare it: cxlab codebook set a.csv COLUMN role=outcome measure=churn", "loop").endswith("churn")
    assert on_page("'a=b' never happens", "loop") == "'a=b' never happens"
