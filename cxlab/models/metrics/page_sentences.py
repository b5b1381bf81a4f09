"""Main findings of drivers, of kinds of customers and of the checks of data: what their pages begin with."""

from __future__ import annotations

from collections.abc import Callable

from cxlab.columns import show
from cxlab.models.metrics.said import Said
from cxlab.models.metrics.said import of_row as _of
from cxlab.result import Result

NAMED = 2
"""So many names stand in a headline; the others are counted."""


def named(names: list[str]) -> str:
    """Return the first names, and how many more there are.

    >>> named(["a", "b", "c", "d"])
    'a, b and 2 more'
    """
    return ", ".join(names[:NAMED]) + (f" and {len(names) - NAMED} more" * (len(names) > NAMED))


def _drivers(r: Result) -> list[Said]:
    """What goes with the outcome most, where the ranks settle it; else who may; and what is no more than noise."""
    label = lambda name: str(r.parts.get("labels", {}).get(name, name))  # noqa: E731
    outcome = r.title.removeprefix("What goes with ").rpartition(", R²")[0] or "the outcome"
    first, some = r.table.iloc[0], len(r.table)
    part = show(first["estimate"], r.unit)
    size = f"{part} of its variance"
    may = [label(d) for d in r.table["driver"][r.table["rank_low"] == 1]]
    if not r.table["above_noise"].any():
        return [Said(f"Nothing that was asked goes with {outcome} more than noise would")]
    if some == 1:
        found = [_of(first, f"{label(first['driver'])} goes with {part} of the variance of {outcome}", r.unit)]
    elif first["rank_high"] == 1:
        words = f"{label(first['driver'])} goes with {outcome} more than anything else that was asked: {size}"
        found = [_of(first, words, r.unit)]
    else:
        words = f"Which of {some} goes most with {outcome} is not settled: {named(may)} may"
        found = [Said(words, sure=False), _of(first, f"{label(first['driver'])} goes with {size}", r.unit, sure=False)]
    if noise := [label(d) for d in r.table["driver"][~r.table["above_noise"]]]:
        found.append(Said(f"Going with {outcome} no more than noise would: {named(noise)}"))
    return found


def _personas(r: Result) -> list[Said]:
    if not r.parts["stable"]:
        return [Said("There are no kinds of customers that half of them would show again")]
    largest = r.table.loc[r.table["estimate"].idxmax()]
    like = "; ".join(str(largest["words"]).split("; ")[:2])
    words = f"There are {len(r.table)} kinds of customers: {show(largest['estimate'], 'share')} are {like}"
    return [_of(largest, words, "share")]


def _quality(r: Result) -> list[Said]:
    worst = r.table[r.table["level"] == "serious"]
    look = list(dict.fromkeys(r.table["check"][r.table["level"] == "look"].astype(str)))
    asked = [Said(f"May be right, and somebody has to look: {named(look)}")] if look else []
    if not len(worst):
        return [Said("No check that could be made found anything that makes results wrong"), *asked]
    checks = list(dict.fromkeys(worst["check"].astype(str)))
    return [Said(f"Results are wrong until this is dealt with: {named(checks)}"), *asked]


SAYS: dict[str, Callable[[Result], list[Said]]] = {"drivers": _drivers, "personas": _personas, "quality": _quality}
"""Each of these kinds and the function that says its main findings."""
