"""Satisfaction index: constructs, and brands or waves at frozen weights."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from cxlab.plots.style import GOOD, INK, MUTED, NEUTRAL, canvas, forest
from cxlab.result import Result


def index(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw the index of every construct, the target first."""
    table = result.table
    ax = canvas(ax, height=max(1.8, 0.8 + 0.42 * len(table)))
    colour = [GOOD] + [NEUTRAL] * (len(table) - 1)
    forest(ax, table["construct"], table["estimate"], table["low"], table["high"], unit="index", colour=colour)
    ax.set_ylim(-0.6, len(table) - 0.4)
    ax.set_xlabel(f"index, 0 to 100 (n = {int(table['n'].iloc[0]):,})", color=MUTED, fontsize=9)
    return ax


def index_by(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw the index of each group at frozen weights, and with its own weights (ring)."""
    table = result.table
    ax = canvas(ax, height=max(1.8, 0.8 + 0.42 * len(table)))
    names = table.iloc[:, 0].astype(str)
    forest(ax, names, table["estimate"], table["low"], table["high"], n=table["n"], unit="index")
    y = np.arange(len(table))[::-1]
    ax.scatter(table["own"], y, facecolors="none", edgecolors=INK, s=70, zorder=4)
    ax.set_ylim(-0.6, len(table) - 0.4)
    said = f"index, 0 to 100; weights frozen at {result.parts['frozen']}\nring: with the group's own weights"
    ax.set_xlabel(said, color=MUTED, fontsize=9)
    return ax
