"""How a user's column keeps out of the way of our own: it may have any name, and none is refused.

Tables of counts hold a user's column under its `key`, which no column of ours has. Only the last line that makes a
result turns keys back into names (`shown`). Columns added to a user's rows get a name that is `free`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from cxlab.columns import SHARED

PRINTED = (*SHARED, "against")
"""Columns of results that are printed by their name; a user's column must not be taken for one."""


def key(column: str) -> str:
    """Return under which name a user's column stands in a table of counts.

    >>> key("n"), key("by:n")
    ('by:n', 'by:by:n')
    """
    return f"by:{column}"


def keys(columns: Sequence[str]) -> list[str]:
    """Return the `key` of each column."""
    return [key(c) for c in columns]


def shown(columns: Sequence[str], own: Collection[str]) -> list[str]:
    """Return how a user's columns are called in a result: by their names, with an underscore where the result's own
    columns have that name, or where it is `PRINTED` in another way.

    >>> shown(["q", "n", "n_"], ["estimate", "n"])
    ['q', 'n_', 'n__']
    """
    out: list[str] = []
    for name in columns:
        while name in own or name in out or name in PRINTED:
            name += "_"
        out.append(name)
    return out


def free(name: str, taken: Collection[str]) -> str:
    """Return ``name``, with as many underscores before it as it takes to be none of ``taken`` (engines ignore case).

    >>> free("rows", ["Rows", "_rows"])
    '__rows'
    """
    there = {t.lower() for t in taken}
    while name.lower() in there:
        name = f"_{name}"
    return name
