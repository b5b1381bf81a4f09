"""The examples in the docstrings run and print what they say, those of decorated functions too."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil
import types
from typing import Any

import pytest

import cxlab

MODULES = sorted(m.name for m in pkgutil.walk_packages(cxlab.__path__, "cxlab.") if "__main__" not in m.name)

PUBLIC: dict[str, set[str]] = {}
for _function, _module in {**cxlab._WHERE, **{f: m for room in cxlab._ROOMS.values() for f, m in room.items()}}.items():
    PUBLIC.setdefault(_module, set()).add(_function)


class Finder(doctest.DocTestFinder):
    """Finds the docstring of a decorated function in the module that wrote it."""

    def _from_module(self, module: types.ModuleType | None, object: Any) -> bool:
        return super()._from_module(module, inspect.unwrap(object) if callable(object) else object)


def test_examples_are_found() -> None:
    from cxlab.models.metrics import estimates as metrics

    assert "cxlab.models.metrics.estimates.nps" in {t.name for t in Finder().find(metrics) if t.examples}


def test_no_example_is_skipped() -> None:
    """A skipped one may print what is no longer so."""
    skipped = [m for m in MODULES for t in Finder().find(importlib.import_module(m)) if "doctest: +SKIP" in t.docstring]
    assert not skipped


@pytest.mark.parametrize("name", MODULES)
def test_examples_print_what_they_say(name: str) -> None:
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    said: list[str] = []
    for test in Finder().find(importlib.import_module(name)):
        if test.name.rpartition(".")[2] in PUBLIC.get(name, ()):
            test.globs = {}  # as in a notebook: what it needs stands in it
        runner.run(test, out=said.append)
    assert not runner.failures, "".join(said)
