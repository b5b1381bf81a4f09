"""Which way a metric gets better: up, down, or neither, from the codebook's scale and measure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from cxlab.data.codebook import Field, Scale

GOOD = ("recommendation", "satisfaction", "effort-v2", "quality", "value", "image", "loyalty", "repurchase", "spend")
BAD = ("effort-v1", "churn", "complaint", "wait")
"""Measures of which more is better, and of which less is; of the others ('expectation', none) neither."""


def direction(f: Field) -> str:
    """Return which way a question gets better: 'up', 'down', or 'none' where neither scale nor measure says."""
    if f.scale:
        return "up" if f.scale.best == "high" else "down"
    return "up" if f.measure in GOOD else "down" if f.measure in BAD else "none"


def of_answers(f: Field, codes: Sequence) -> str:
    """Which way the share of ``codes`` gets better: good answers of a scale, or whether what is measured happened."""
    if f.scale:
        ends = {end: set(_codes(f.scale, end)) for end in ("high", "low")}
        side = next((end for end, own in ends.items() if {*map(str, codes)} <= {f"{c:g}" for c in own}), "")
        return "none" if not side else "up" if side == f.scale.best else "down"
    happened = {str(c) for c in codes}
    turned = {"up": "down", "down": "up", "none": "none"}
    way = direction(f)
    return way if happened in ({"1"}, {"True"}) else turned[way] if happened in ({"0"}, {"False"}) else "none"


def _codes(scale: Scale, end: str) -> list[float]:
    low, high = half(scale, end)
    return [low + k for k in range(int(high - low) + 1)]


def agreed(ways: Iterable[str]) -> str:
    """The one direction of all, else 'none'."""
    found = set(ways)
    return found.pop() if len(found) == 1 else "none"


def half(scale: Scale, end: str) -> tuple[float, float]:
    """The answers beyond the middle of the scale at one end: 5 to 7 of 1 to 7, 1 to 2 of 1 to 5."""
    return replace(scale, best=end).top(scale.points // 2)
