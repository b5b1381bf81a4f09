"""Pictures of time to leave, repeat purchase, value and the loyalty curve."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from cxlab.plots.style import MUTED, PALETTE, canvas, forest, ticks, titled
from cxlab.result import Result

MOST = 6
"""Curves drawn at most; the others are in the table."""


def survival(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw the curves as steps with their bands, and under the axis how many are still under way."""
    p = result.parts
    ax = canvas(ax, width=7.5, height=4.4)
    curve = p["curve"]
    keys = curve[["line", "end"]].drop_duplicates().to_records(index=False)[:MOST]
    several = len(p["ends"]) > 1
    marks = sorted(result.table["at"].dropna().unique())
    ends = []
    for k, (group, end) in enumerate(keys):
        rows = curve[(curve["line"] == group) & (curve["end"] == end)]
        x = np.concatenate([[0.0], rows["at"]])
        pad = lambda c, rows=rows: np.concatenate([[0.0 if several else 1.0], rows[c]])  # noqa: E731
        colour = PALETTE[k]
        ax.fill_between(x, pad("low"), pad("high"), step="post", color=colour, alpha=0.16, linewidth=0)
        ax.step(x, pad("estimate"), where="post", color=colour, linewidth=1.8)
        name = ", ".join([*(str(rows[c].iloc[0]) for c in p["by"]), *([str(end)] if several else [])])
        ends.append((float(rows["estimate"].iloc[-1]), float(x[-1]), name or str(end), colour))
    _named(ax, ends)
    _numbers(ax, result.table, marks, p, several)
    ax.set_ylim(0, None if several else 1.02)
    ticks(ax.yaxis, "share")
    unit = f", {p['unit']}" if p["unit"] else ""
    return titled(ax, result, f"{p['time']}{unit} (below the times: how many are still under way)")


def _named(ax: Axes, ends: list[tuple]) -> None:
    """Write the names at the ends of the lines, apart from each other."""
    if len(ends) == 1 and ends[0][2] == "left":
        return
    last = -1.0
    for y, x, name, colour in sorted(ends):
        place = max(y, last + 0.055)
        last = place
        ax.annotate(name, (x, place), xytext=(6, 0), textcoords="offset points", va="center", color=colour, fontsize=9,
                    annotation_clip=False)  # fmt: skip


def _numbers(ax: Axes, table: pd.DataFrame, marks: list[float], p: dict, several: bool) -> None:
    """Write under the reported times how many are under way, a line a curve in its colour."""
    rows = table[table["at"].notna()]
    rows = rows[rows["end"] == "still there"] if several else rows
    span = max(marks, default=1.0)
    kept: list[float] = []
    for t in marks:
        if not kept or t - kept[-1] >= 0.12 * span:
            kept.append(t)
    groups = min(MOST, max((int((rows["at"] == t).sum()) for t in kept), default=0))
    ax.set_xticks(kept, [f"{t:g}" + "\n" * groups for t in kept], fontsize=9)
    for t in kept:
        for k, n in enumerate(rows[rows["at"] == t]["at_risk"][:MOST]):
            ax.annotate(
                f"{int(n):,}", (t, 0), xycoords=("data", "axes fraction"), xytext=(0, -22 - 11 * k), ha="center",
                textcoords="offset points", fontsize=8, color=MUTED if several else PALETTE[k], annotation_clip=False,
            )  # fmt: skip


def hazard(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw hazard ratios with their intervals on a log scale."""
    t = result.table
    ax = canvas(ax, width=7.5, height=0.9 + 0.42 * len(t))
    forest(ax, t["term"], t["ratio"], t["ratio_low"], t["ratio_high"], n=t["n"])
    ax.set_xscale("log")
    ax.axvline(1, color=MUTED, linewidth=1)
    wide = ax.get_xlim()[1] / ax.get_xlim()[0] > 6
    steps = (0.01, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 50) if wide else (0.3, 0.5, 0.7, 0.8, 0.9, 1, 1.1, 1.25, 1.5, 2, 3)
    marks = [m for m in steps if ax.get_xlim()[0] <= m <= ax.get_xlim()[1]]
    ax.set_xticks(marks, [f"{m:g}" for m in marks])
    ax.set_xticks([], minor=True)
    return titled(ax, result, "hazard ratio of leaving (log scale)")


def repeat(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw the expected purchases a customer with their predictive interval, and what really happened as rings."""
    t = result.table
    ax = canvas(ax, width=7.5, height=0.9 + 0.42 * len(t))
    names = ["all" if b == "all" else f"{b} before" for b in t["before"]]
    forest(ax, names, t["estimate"] / t["n"], t["low"] / t["n"], t["high"] / t["n"], n=t["n"])
    ax.scatter(t["actual"] / t["n"], np.arange(len(t))[::-1], facecolor="none", edgecolor=PALETTE[1], s=70, zorder=4)
    return titled(ax, result, "purchases a customer (ring: what happened)")
