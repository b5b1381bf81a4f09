"""Public names by subject, for what is not asked every day: `cx.importance.kano`. Rooms are written by a program."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping
from typing import Any


def on_demand(room: str, where: Mapping[str, str]) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """Return ``__getattr__``, ``__dir__`` and ``__all__`` of a module, whose names live ``where`` it says.

    A page that needs one name of a room does not wait for the imports of all.

    >>> find, names, _ = on_demand("cxlab.rooms.text", {"clean": "cxlab.models.text.cleaning"})
    >>> find("clean").__name__, names()
    ('clean', ['clean'])
    """

    def find(name: str) -> Any:
        if name not in where:
            from cxlab.problem import nearest

            raise AttributeError(f"module '{room}' has no attribute '{name}'{nearest(name, where)}")
        found = getattr(importlib.import_module(where[name]), name)
        if room in sys.modules:
            setattr(sys.modules[room], name, found)
        return found

    return find, lambda: sorted(where), sorted(where)
