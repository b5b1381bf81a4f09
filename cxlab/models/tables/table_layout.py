"""What a banner table shows and how: the options of `crosstab` beside its rows, columns and tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from cxlab.data.arguments import level_given
from cxlab.data.small_cells import SMALL
from cxlab.problem import DataProblem, nearest, one_of

SHOWN = ("column", "row", "count")
BASES = ("answered", "asked", "all")
SORTS = ("", "down", "up")


@dataclass(frozen=True)
class Layout:
    """Options of a table.

    Parameters
    ----------
    show : what the cells of a category say, one line each: 'column' (percent of the column), 'row' (percent of the row
        in the total), 'count' (weighted answers).
    base : who counts: 'answered' (missing codes of the codebook, such as "don't know", are out), 'asked' (they are rows
        and count), 'all' (blanks as well).
    out : further answers, codes or labels, that are left out of the base of every question that has them.
    sort : categories by their share in the total: 'down', 'up', '' (order of the codebook).
    empty : whether rows without an answer are shown, those that the codebook lists too.
    total : whether there is a total column.
    least_n : a column of fewer answers is not shown; 0 shows all.
    level : of the intervals in the table's numbers.
    """

    show: tuple[str, ...] = ("column",)
    base: str = "answered"
    out: tuple[str, ...] = ()
    sort: str = ""
    empty: bool = False
    total: bool = True
    least_n: int = SMALL
    level: float = 0.95

    def __post_init__(self) -> None:
        for one in self.show:
            one_of("show", one, SHOWN)
        if not self.show:
            raise DataProblem(f"show is empty; allowed: one or several of {', '.join(map(repr, SHOWN))}")
        one_of("base", self.base, BASES)
        one_of("sort", self.sort, SORTS)
        for name in ("empty", "total"):
            one_of(name, getattr(self, name), (True, False))
        level_given(self.level)


def layout_of(options: Mapping[str, Any]) -> Layout:
    """Return the layout that options give; several values may come alone, as ``show="row"``."""
    known = [f.name for f in fields(Layout)]
    for name in options:
        if name not in known:
            hint = nearest(name, known) or ";"
            raise DataProblem(f"crosstab has no option '{name}'{hint} of the layout it takes: {', '.join(known)}")
    several = {
        k: (v,) if isinstance(v, (str, int, float)) else tuple(v) for k, v in options.items() if k in ("show", "out")
    }
    return Layout(**{**options, **several})
