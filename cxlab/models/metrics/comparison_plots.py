"""Pictures of differences, with the band of those too small to matter."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from cxlab.columns import difference, how_many, show
from cxlab.plots import style
from cxlab.result import Result

TONES = {"noise": style.NEUTRAL, "cannot tell": "#b9c1c8", "": "#b9c1c8"}
"""Colour of a verdict that is not 'real'; real ones are blue where it is better and orange where worse."""


def comparison(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw one row a difference that there is: estimate, interval, verdict, and the band of what is too small."""
    table = result.table[result.table["estimate"].notna()] if result.table["estimate"].notna().any() else result.table
    names = list(table.columns[: list(table.columns).index("estimate")])
    labels = [_label(row, names, result) for _, row in table.iterrows()]
    ax = style.canvas(ax, width=8.2, height=1.1 + 0.36 * len(table))
    smallest = result.parts.get("smallest", 0)
    ax.axvspan(-smallest, smallest, color=style.GRID, alpha=0.7, linewidth=0)
    ax.axvline(0, color=style.MUTED, linewidth=1)
    y = np.arange(len(table))[::-1]
    d, low, high = (table[c].to_numpy(float) for c in ("estimate", "low", "high"))
    tones = [
        style.side(v, result.better) if str(word).startswith("real") else TONES.get(word, style.NEUTRAL)
        for v, word in zip(d, table["verdict"], strict=True)
    ]
    ax.hlines(y, low, high, color=tones, linewidth=2.2)
    ax.scatter(d, y, color=tones, s=34, zorder=3)
    ax.set_yticks(y, labels)
    ax.set_ylim(-0.7, len(table) - 0.3)
    ax.margins(x=0.05)
    right = ax.get_yaxis_transform()
    for yi, v, word in zip(y, d, table["verdict"], strict=True):
        text = f"{'+' if v > 0 else ''}{show(float(v), difference(result.unit))}  {word}"
        ax.text(1.02, yi, text, transform=right, va="center", fontsize=9, color=style.INK)
    style.ticks(ax.xaxis, difference(result.unit))
    matter = show(float(smallest), difference(result.unit))
    ax.set_xlabel(f"difference; grey band: smaller than {matter}, too small to matter", color=style.MUTED)
    return ax


def impact(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw how much each topic adds to or takes from the overall score, with intervals."""
    table = result.table
    ax = style.canvas(ax, height=0.9 + 0.38 * len(table))
    ax.axvline(0, color=style.MUTED, linewidth=1)
    tones = [style.side(v, result.better) for v in table["estimate"]]
    labels = table.iloc[:, 0].astype(str)
    style.forest(
        ax, labels, table["estimate"], table["low"], table["high"], n=table["n"], unit=result.unit, colour=tones
    )
    style.ticks(ax.xaxis, result.unit)
    ax.set_ylim(-0.7, len(table) - 0.3)
    ax.set_xlabel("what the overall score gains or loses through the topic", color=style.MUTED)
    return ax


def plan(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw what a sample can find: the smallest detectable difference and the half-width against its size."""
    table = result.table.sort_values("n")
    ax = style.canvas(ax, height=3.6)
    ax.grid(axis="y", color=style.GRID, linewidth=0.8)
    n = table["n"].to_numpy(float)
    lines = {
        "difference": ("detectable difference", style.GOOD),
        "half_width": ("half-width of the interval", style.BAD),
    }
    for column, (name, colour) in lines.items():
        v = table[column].to_numpy(float)
        ax.plot(n, v, color=colour, marker="o", markersize=4)
        ax.annotate(name, (n[-1], v[-1]), (7, 0), textcoords="offset points", color=colour, va="center", fontsize=9)
    if len(n) > 1 and n[-1] / n[0] > 8:
        ax.set_xscale("log")
        ax.set_xticks(n, [f"{int(k):,}" for k in n])
        ax.minorticks_off()
    ax.set_xlabel("answers in each group", color=style.MUTED)
    style.ticks(ax.yaxis, difference(result.unit))
    ax.set_ylim(bottom=0)
    return ax


def measurement_plan(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw the change that each touchpoint can show, and the change that matters."""
    table = result.table
    ax = style.canvas(ax, height=0.45 * len(table) + 1.5)
    colour = [style.GOOD if v == "ask" else style.NEUTRAL for v in table["verdict"]]
    found = table["detectable"].to_numpy(float)
    style.forest(
        ax, table["touchpoint"], found, found * 0, found, n=table["n"], unit=difference(result.unit), colour=colour
    )
    ax.axvline(result.parts["smallest"], color=style.MUTED, linewidth=1, linestyle=":")
    ax.set_xlim(left=0)
    ax.set_xlabel("change from period to period that it can show (dotted: the change that matters)", color=style.MUTED)
    ax.set_title(result.title, loc="left", fontsize=10, color=style.INK)
    return ax


def _label(row: pd.Series, names: list[str], result: Result) -> str:
    words = result.parts.get("labels", {})
    n = f"n = {how_many(row['n'])}"
    if "against" in names:
        outer = [str(words.get(row[c], row[c])) for c in names[:-2]]
        pair = f"{words.get(row[names[-2]], row[names[-2]])} − {words.get(row['against'], row['against'])}"
        return " · ".join([*outer, pair]) + f"  ({n}, {how_many(row['n_against'])})"
    said = " · ".join(str(words.get(row[c], row[c])) for c in names)
    return f"{said} − benchmark  ({n})"
