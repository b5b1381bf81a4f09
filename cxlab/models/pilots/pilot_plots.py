"""Pictures of experiments, pilots, roll-out plans and what is left at scale."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from cxlab.columns import difference, show
from cxlab.plots import style
from cxlab.result import Result


def pilot(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw the differences period by period, with the band that holds for all; designs without periods as rows."""
    table, every = result.table, result.parts["design"] in ("difference", "staggered")
    steps = table[table["when"].str.match(r"^\w+ [+-]\d")] if every else table[:0]
    if len(steps) < 2:
        ax = style.canvas(ax, height=0.9 + 0.45 * len(table))
        unit = difference(result.unit)
        style.forest(ax, table["when"], table["estimate"], table["low"], table["high"], unit=unit)
        ax.set_ylim(-0.7, len(table) - 0.3)
        ax.axvline(0, color=style.MUTED, linewidth=1)
        style.ticks(ax.xaxis, unit)
        return ax
    ax = style.canvas(ax, width=8, height=4)
    ax.grid(axis="x", visible=False)
    ax.grid(axis="y", color=style.GRID, linewidth=0.8)
    at = steps["when"].str.extract(r"([+-]\d+)")[0].astype(int).to_numpy()
    for before, colour in ((True, style.NEUTRAL), (False, style.GOOD)):
        on = (at < 0) == before
        part = steps[on]
        ax.vlines(at[on], part["simultaneous_low"], part["simultaneous_high"], color=colour, linewidth=1.2, alpha=0.7)
        ax.vlines(at[on], part["low"], part["high"], color=colour, linewidth=4, alpha=0.55)
        ax.scatter(at[on], part["estimate"], color=colour, s=34, zorder=3)
    ax.axhline(0, color=style.MUTED, linewidth=1)
    ax.axvline(-0.5, color=style.INK, linewidth=1, linestyle=":")
    ax.set_xticks(at[:: max(1, len(at) // 12)])
    ax.set_xlabel("periods since the start (before it: each step against the period before)", color=style.MUTED)
    style.ticks(ax.yaxis, difference(result.unit))
    row = table.iloc[0]
    ax.set_title(f"{row['when']}: {show(row['estimate'], difference(result.unit))}, {result.parts['treated']} of "
                 f"{result.parts['units']} units", loc="left", fontsize=10, color=style.INK)  # fmt: skip
    return ax


def experiment(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw the difference of every outcome against the control, in standard errors of the widest where units differ."""
    table = result.table
    ax = style.canvas(ax, height=1 + 0.45 * len(table))
    one = table["unit"].nunique() == 1
    scale = np.ones(len(table)) if one else table["se"].to_numpy(float)
    names = [f"{o}: {t}" if table["treated"].nunique() > 1 else str(o)
             for o, t in zip(table["outcome"], table["treated"], strict=True)]  # fmt: skip
    low, mid, high = (table[c].to_numpy(float) / scale for c in ("low", "estimate", "high"))
    unit = difference(table["unit"].iloc[0]) if one else ""
    real = [style.GOOD if p < 1 - result.level else style.NEUTRAL for p in table["p_adjusted"]]
    style.forest(ax, names, mid, low, high, n=table["n"], unit=unit, colour=real)
    ax.set_ylim(-0.7, len(table) - 0.3)
    ax.axvline(0, color=style.MUTED, linewidth=1)
    if one:
        style.ticks(ax.xaxis, unit)
    else:
        ax.set_xlabel("difference in standard errors (outcomes have different units)", color=style.MUTED)
    return ax


def rollout_plan(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw who starts when: a row a unit, treated periods filled."""
    x = np.array(result.parts["treated"], float)
    ax = style.canvas(ax, width=7.5, height=min(1.2 + 0.16 * len(x), 9))
    for row in range(len(x)):
        for t in range(x.shape[1]):
            colour = style.GOOD if x[row, t] else style.GRID
            ax.barh(len(x) - 1 - row, 0.94, left=t + 0.53, height=0.86, color=colour)
    names = result.table["unit"].astype(str).tolist()
    ax.set_yticks(np.arange(len(x))[::-1], names, fontsize=7)
    ax.set_xticks(np.arange(1, x.shape[1] + 1))
    ax.set_xlabel("period", color=style.MUTED)
    ax.grid(visible=False)
    return ax


def scale_up(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw the pilot's effect as seen and shrunken, the roll-out's, and their ratio as text."""
    table = result.table[result.table["what"] != "ratio"]
    ax = style.canvas(ax, height=1 + 0.45 * len(table))
    style.forest(ax, table["what"], table["estimate"], table["low"], table["high"], unit=result.unit)
    ax.set_ylim(-0.7, len(table) - 0.3)
    ax.axvline(0, color=style.MUTED, linewidth=1)
    ratio = result.table[result.table["what"] == "ratio"]
    if len(ratio):
        r = ratio.iloc[0]
        ax.set_title(f"left at scale: {show(r['estimate'])} ({show(r['low'])} to {show(r['high'])}) of the pilot",
                     loc="left", fontsize=10, color=style.INK)  # fmt: skip
    return ax
