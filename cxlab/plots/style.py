"""The look of every figure: colour-blind-safe, direct labels, intervals always drawn, number of answers visible."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from cxlab.columns import UNITS, how_many, show

if TYPE_CHECKING:
    from matplotlib.axis import Axis

    from cxlab.result import Result

INK, MUTED, GRID = "#1b2733", "#5b6875", "#dfe4e8"
PALETTE = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#f0e442", "#000000")
"""Okabe & Ito's colours (https://jfly.uni-koeln.de/color/), told apart by nearly everybody."""
GOOD, BAD, NEUTRAL = PALETTE[0], PALETTE[1], "#8a96a1"
EITHER = "#7a4a9e"
"""A real difference of which nobody said which way is better; as dark as `GOOD` and told apart from it and `BAD`."""


def side(value: float, better: str) -> str:
    """Return the colour of a real difference: better, worse, or neither where nobody said which way is better.

    >>> side(3, "up") == GOOD, side(3, "down") == BAD, side(3, "none") == EITHER
    (True, True, True)
    """
    if better == "none":
        return EITHER
    return GOOD if (value > 0) == (better == "up") else BAD


def canvas(ax: Axes | None = None, *, width: float = 7.5, height: float = 4.0) -> Axes:
    """Return ``ax``, or a new one of ``width`` × ``height`` inches, without frame and with a light grid."""
    if ax is None:
        _, ax = plt.subplots(figsize=(width, height), layout="constrained")
    ax.spines[["top", "right", "left"]].set_visible(False)
    ax.spines["bottom"].set_color(MUTED)
    ax.tick_params(colors=INK, length=0)
    ax.grid(axis="x", color=GRID, linewidth=0.8)
    ax.set_axisbelow(True)
    return ax


def titled(ax: Axes, result: Result, label: str = "") -> Axes:
    """Write the result's title above the picture and what is measured (``label``) below it; return ``ax``."""
    if label:
        ax.set_xlabel(label, color=INK, fontsize=9)
    ax.set_title(result.title, loc="left", fontsize=10, color=INK)
    return ax


def forest(
    ax: Axes,
    labels: Sequence[str],
    estimate: Sequence[float],
    low: Sequence[float],
    high: Sequence[float],
    *,
    n: Sequence[float] | None = None,
    unit: str = "",
    colour: str | Sequence[str] = GOOD,
) -> Axes:
    """Draw one row an estimate, top to bottom: point, interval, value, and the number of answers beside the label."""
    y = np.arange(len(labels))[::-1]
    colours = [colour] * len(y) if isinstance(colour, str) else list(colour)
    estimate, low, high = (np.asarray(v, float) for v in (estimate, low, high))
    ax.hlines(y, low, high, color=colours, linewidth=2.2, alpha=0.75)
    ax.scatter(estimate, y, color=colours, s=34, zorder=3)
    for yi, v, top in zip(y, estimate, np.fmax(high, estimate), strict=True):
        if np.isfinite(v):
            ax.annotate(
                show(v, unit), (top, yi), (6, 0), textcoords="offset points", va="center", color=INK, fontsize=9
            )
    names = (
        [f"{name}  (n = {how_many(k) or 0})" for name, k in zip(labels, n, strict=True)]
        if n is not None
        else list(labels)
    )
    ax.set_yticks(y, names)
    ax.set_ylim(-0.7, len(y) - 0.3)
    ax.margins(x=0.12)
    return ax


def ticks(axis: Axis, unit: str) -> None:
    """Write the ticks of a Matplotlib axis in ``unit``; an axis of differences is in `cxlab.columns.difference`."""
    axis.set_major_formatter(lambda v, _: tick(v, unit))


def tick(value: float, unit: str) -> str:
    """Return a place on an axis as people read it, without needless decimals.

    >>> tick(0.5, "share"), tick(-0.05, "pp"), tick(-1e-12, "points"), tick(-100, "points")
    ('50 %', '−5 pp', '0', '−100')
    """
    factor, suffix, _ = UNITS.get(unit, UNITS[""])
    return f"{round(float(value) * factor, 6) + 0.0:g}{suffix}".replace("-", "−")
