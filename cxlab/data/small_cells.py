"""Small cells: which groups are not shown, so that nothing about a few people can be read or worked out.

One function decides for every table (`hidden`). A group of few answers is hidden first; then, because the total less
what is shown would give it back, the next smallest of its line, until at least two groups are hidden and together they
are no few people either (primary and secondary suppression; Hundepool et al. 2012, doi:10.1002/9781118348239, ch. 4).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlab.problem import DataProblem

SMALL = 10
"""Groups with fewer answers are not shown unless asked (``least_n=0``): an interval would say little, a person much."""


def hidden(table: pd.DataFrame, small: int, by: Sequence[str] = (), within: Sequence[str] = ()) -> NDArray[np.bool_]:
    """Return which rows of a table with ``n`` are not shown.

    Parameters
    ----------
    small : rows with fewer answers are hidden; 0 hides nothing.
    by : columns whose groups add up to a total that can be asked for: along each of them no row may be the only one
        hidden, nor may the hidden ones together have fewer than ``small`` answers.
    within : columns that tell tables apart, as the question.

    Examples
    --------
    >>> table = pd.DataFrame({"brand": list("abcd"), "n": [90, 3, 40, 60]})
    >>> hidden(table, 10, ["brand"]).tolist()
    [False, True, True, False]
    """
    n = table["n"].to_numpy(float)
    out = (n < small) & (n > 0)
    if not out.any():
        return out
    lines = [line for name in by for line in _lines(table, [c for c in (*within, *by) if c != name])]
    changed = True
    while changed:
        changed = False
        for line in lines:
            changed |= _second(n, out, line, small)
    return out


def _lines(table: pd.DataFrame, fixed: list[str]) -> list[NDArray[np.intp]]:
    """Return the rows of every line of a table: those alike in the columns ``fixed``."""
    if not fixed:
        return [np.arange(len(table))]
    code = table.groupby(fixed, sort=False, dropna=False).ngroup().to_numpy()
    order = np.argsort(code, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(code[order])) + 1)


def _second(n: NDArray, out: NDArray[np.bool_], line: NDArray[np.intp], small: int) -> bool:
    """Hide further rows of a line, the smallest first, until the total tells nothing; returns whether it did."""
    changed = False
    while out[line].any() and (out[line].sum() < 2 or n[line][out[line]].sum() < small):
        shown = line[~out[line] & (n[line] > 0)]
        if not len(shown):
            break
        out[shown[np.argmin(n[shown])]] = changed = True
    return changed


def blanked(
    table: pd.DataFrame, small: int, figures: Sequence[str], by: Sequence[str] = (), within: Sequence[str] = ()
) -> tuple[pd.DataFrame, list[str]]:
    """Return the table with nothing but ``n`` in hidden rows, and what is to be said of them."""
    hide = hidden(table, small, by, within)
    if not hide.any():
        return table, []
    table = table.copy()
    for name in (c for c in table.columns if c in figures):
        kind = table[name].dtype
        table[name] = table[name].astype(object).mask(hide) if kind.kind not in "fiu" else table[name].mask(hide)
    return table, said(table["n"].to_numpy(float), hide, small)


def said(n: NDArray, hide: NDArray[np.bool_], small: int) -> list[str]:
    """Return the notes on hidden rows."""
    few = int((hide & (n < small)).sum())
    if len(n) == 1:
        return [f"fewer than {small} answers: not shown (least_n=0 shows them)"] if few else []
    out = [f"{few} of {len(n)} groups have fewer than {small} answers and are not shown (least_n=0 shows them)"]
    more = int(hide.sum()) - few
    groups = "1 more group is" if more == 1 else f"{more} more groups are"
    return [*out, f"{groups} not shown: with the total they would tell the small ones"] if more else out


def enough(levels: pd.DataFrame, n: NDArray, small: int, what: Sequence[Sequence[str]] = ()) -> None:
    """Raise unless all answers, and those of every level of the columns ``what``, are at least ``small``.

    A model gives the mean of each level of a category back, and of all that are left if one is left out; so one that
    rests on a level of few answers is refused, not thinned.

    Raises
    ------
    DataProblem : names the levels and what to do.
    """
    if small and 0 < n.sum() < small:
        raise DataProblem(f"{int(n.sum())} answers are too few to be shown; {small} are needed, or least_n=0")
    for names in what:
        size = pd.Series(n, levels.index).groupby([levels[c] for c in names]).sum()
        few = size[(size > 0) & (size < small)]
        if len(few):
            shown = [", ".join(map(str, k)) if isinstance(k, tuple) else str(k) for k in few.index[:5]]
            more = f" and {len(few) - 5} more" if len(few) > 5 else ""
            raise DataProblem(
                f"{' and '.join(names)}: fewer than {small} answers have {'; '.join(shown)}{more}, and the model would "
                "tell them; merge levels, leave them out with study.where(), or least_n=0"
            )
