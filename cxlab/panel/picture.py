"""The chart of a view: waves as lines, one for each row; any other view as its result draws it."""

from __future__ import annotations

import base64
import html

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from cxlab.models.figures import alternative, png
from cxlab.plots import style
from cxlab.plots.lettering import PLAIN, lettered
from cxlab.result import Result

LINES = len(style.PALETTE) - 1
"""Most lines in one chart; more rows than that are drawn one below another."""


def image(result: Result, wave: str, rows: str) -> str:
    """Return the chart as an HTML image with its text; ``wave`` and ``rows`` are columns of the table or ''."""
    over = wave if wave in result.table and result.table[wave].nunique() > 1 else ""
    with plt.rc_context(PLAIN):
        axes = over_time(result, over, rows if rows != over else "") if over else None
        axes = axes if axes is not None else result.plot()
        drawn = axes.get_figure()
        try:
            content = base64.b64encode(png(drawn)).decode()
            width = int(drawn.get_figwidth() * 96)
        finally:
            plt.close(drawn)
    text = html.escape(alternative(result), quote=True)
    return f"<img alt='{text}' style='max-width:100%;width:{width}px' src='data:image/png;base64,{content}'>"


def over_time(result: Result, wave: str, rows: str) -> Axes | None:
    """Return a chart with a line for each row over the waves, intervals drawn; None where there are too many rows."""
    table = result.table
    series = list(table.groupby(rows, sort=False)) if rows in table else [("", table)]
    if len(series) > LINES:
        return None
    waves = list(dict.fromkeys(table[wave]))
    ax = style.canvas(None, height=4.2)
    ax.grid(axis="x", visible=False)
    ax.grid(axis="y", color=style.GRID, linewidth=0.8)
    for k, (name, part) in enumerate(series):
        colour = style.PALETTE[k]
        x = np.array([waves.index(w) for w in part[wave]]) + (k - (len(series) - 1) / 2) * 0.08
        ax.vlines(x, part["low"], part["high"], color=colour, linewidth=2, alpha=0.45)
        ax.plot(x, part["estimate"], color=colour, marker="o", markersize=4.5, linewidth=1.6, label=str(name))
    ax.set_xticks(range(len(waves)), [str(w) for w in waves])
    ax.margins(x=0.04)
    style.ticks(ax.yaxis, result.unit)
    if len(series) > 1:
        ax.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    return lettered(ax)
