"""League tables: caterpillar with rank sets, funnel, change between waves."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from cxlab.plots.style import BAD, GOOD, GRID, INK, MUTED, NEUTRAL, canvas, ticks
from cxlab.result import Result

MANY, SHOWN, GAP = 60, 20, 1.5
"""Of more units than 60 the first and the last 20 are drawn, with a gap."""
NAMED = 12
"""How many units outside a funnel are named."""
ENDS = {"share": (0.0, 1.0), "points": (-100.0, 100.0), "index": (0.0, 100.0)}
"""Where the values of a unit end."""


def league(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw each unit's estimate with interval and shrunken estimate (ring); at the right the ranks it may have.

    Of more than 60 units the first and the last twenty are drawn.
    """
    table, unit = _ends(result.table), result.unit
    rows = len(table)
    ax = canvas(ax, width=9.0, height=min(max(2.2, 0.8 + rows * (0.32 if rows < 25 else 0.22)), 15))
    y = np.arange(rows, 0, -1) + np.where(
        table.index < len(result.table) / 2, GAP if rows < len(result.table) else 0, 0
    )
    colour = np.where(table["may_be_top"], GOOD, NEUTRAL)
    ax.hlines(y, table["low"], table["high"], color=colour, linewidth=2.2, alpha=0.75)
    ax.scatter(table["estimate"], y, color=colour, s=34, zorder=3)
    ax.scatter(table["shrunken"], y, facecolors="white", edgecolors=INK, linewidths=0.9, s=30, zorder=4)
    if "raw" in table:
        ax.scatter(table["raw"], y, marker="x", color=BAD, s=30, zorder=4, linewidths=1.1)
    labels = [f"{name}  (n = {int(n):,})" for name, n in zip(table.iloc[:, 0], table["n"], strict=True)]
    ax.set_yticks(y, labels)
    ax.set_ylim(0.3, y.max() + 0.7)
    ticks(ax.xaxis, unit)
    said = "dot: estimate, ring: shrunken" + (", ×: before case-mix adjustment" if "raw" in table else "")
    left = len(result.table) - rows
    between = f"\n{left:,} units between are not drawn" if left else ""
    ax.set_xlabel(f"{result.parts['measure']}\n{said}{between}", color=MUTED, fontsize=9, loc="left")
    _rank_sets(ax, table, len(result.table), y, colour)
    return ax


def _ends(table: pd.DataFrame) -> pd.DataFrame:
    """The whole table, or its first and last rows."""
    return table if len(table) <= MANY else table.iloc[np.r_[:SHOWN, len(table) - SHOWN : len(table)]]


def _make_room(ax: Axes, share: float) -> None:
    """Keep the data in the left ``1 - share`` of the axes."""
    low, high = ax.get_xlim()
    shown = [t for t in ax.get_xticks() if low <= t <= high]
    ax.set_xlim(low, low + (high - low) / (1 - share))
    ax.set_xticks(shown)
    ax.spines["bottom"].set_bounds(low, high)


def _rank_sets(ax: Axes, table: pd.DataFrame, p: int, y: np.ndarray, colour: np.ndarray) -> None:
    """Strips beside the estimates: thick the set of one unit named beforehand, thin that of the whole table."""
    _make_room(ax, 0.36)
    side = ax.inset_axes((0.68, 0, 0.32, 1), sharey=ax)
    side.hlines(y, table["all_low"], table["all_high"], color=colour, linewidth=0.9, alpha=0.8)
    side.hlines(y, table["rank_low"], table["rank_high"], color=colour, linewidth=5.0, alpha=0.55)
    side.scatter(table["rank"], y, color=INK, s=16, zorder=3)
    side.tick_params(colors=INK, length=0, labelleft=False)
    side.spines[["top", "right", "left"]].set_visible(False)
    side.spines["bottom"].set_color(MUTED)
    side.grid(axis="x", color=GRID, linewidth=0.8)
    side.set_axisbelow(True)
    side.set_xlim(0.4, p + 0.6)
    side.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True, min_n_ticks=1))
    side.set_xlabel("ranks not excluded\n(thick: one unit, thin: all at once)", color=MUTED, fontsize=9)


def funnel(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw units against their size with the limits of chance (over-dispersion included); name those outside."""
    points, limits, unit = result.table, result.parts["limits"], result.unit
    ax = canvas(ax, width=8.0, height=4.6)
    ax.grid(axis="y", color=GRID, linewidth=0.8)
    for level, style in (("95", (0, (4, 2))), ("99.8", "-")):
        for side in ("low", "high"):
            ax.plot(limits["n_eff"], limits[f"{side}_{level}"], color=MUTED, linewidth=1.1, linestyle=style)
        end = limits.iloc[-1]
        ax.annotate(f"{level} %", (end["n_eff"], end[f"high_{level}"]), xytext=(4, 0), textcoords="offset points",
                    va="center", color=MUTED, fontsize=8)  # fmt: skip
    ax.axhline(result.parts["target"], color=INK, linewidth=1)
    outside = points["outside"] == "99.8 %"
    warned = points["outside"] == "95 %"
    colour = np.where(outside, BAD, np.where(warned, "#e69f00", GOOD))
    ax.scatter(points["n_eff"], points["estimate"], color=colour, s=26, zorder=3)
    named = points[outside | warned].reindex(points["z"].abs().sort_values(ascending=False).index).dropna(subset="z")
    for (size, value), names in named.head(NAMED).groupby(["n_eff", "estimate"], sort=False)[points.columns[0]]:
        ax.annotate(", ".join(names), (size, value), xytext=(5, 4), textcoords="offset points", fontsize=8)
    ax.set_xscale("log")
    ax.xaxis.set_major_formatter(lambda v, _: f"{v:,.0f}")
    ax.xaxis.set_minor_formatter(lambda v, _: "")
    ticks(ax.yaxis, unit)
    _within(ax, points, limits, unit)
    ax.set_xlabel(f"effective number of answers ({len(points)} units)", color=MUTED, fontsize=9)
    ax.set_ylabel(result.parts["measure"], color=MUTED, fontsize=9)
    return ax


def _within(ax: Axes, points: pd.DataFrame, limits: pd.DataFrame, unit: str) -> None:
    """Keep the picture to where units can be."""
    low, high = ENDS.get(unit, (-np.inf, np.inf))
    span = np.ptp(points["estimate"]) or 1.0
    bottom = max(min(points["estimate"].min(), limits["low_95"].min()) - 0.1 * span, low - 0.02 * (high - low))
    top = min(max(points["estimate"].max(), limits["high_95"].max()) + 0.1 * span, high + 0.02 * (high - low))
    ax.set_ylim(bottom if np.isfinite(bottom) else None, top if np.isfinite(top) else None)


def league_change(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw each unit's score before and after with the change's interval, and where regression to the mean puts it."""
    table, unit = result.table, result.unit
    p = len(table)
    ax = canvas(ax, width=8.5, height=min(max(2.4, 0.9 + 0.36 * p), 13))
    y = np.arange(p)[::-1]
    low, high = np.clip([table["before"] + table[c] for c in ("low", "high")], *ENDS.get(unit, (-np.inf, np.inf)))
    ax.hlines(y, low, high, color=GOOD, linewidth=2.0, alpha=0.5)
    ax.scatter(table["before"], y, facecolors="white", edgecolors=INK, s=34, zorder=4, label="before")
    ax.scatter(table["after"], y, color=GOOD, s=34, zorder=4, label="after, with the interval of the change")
    ax.scatter(table["expected"], y, marker="|", color=BAD, s=150, linewidths=2, label="expected if nothing changed")
    mark = {"star": " ★", "laggard": " ▾", "": ""}
    labels = zip(table.iloc[:, 0], table["was"], table["n"], strict=True)
    names = [f"{a}{mark[w]}  (n = {int(n):,})" for a, w, n in labels]
    ax.set_yticks(y, names)
    ax.set_ylim(-0.7, p - 0.3)
    ticks(ax.xaxis, unit)
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, frameon=False, fontsize=8, handletextpad=0.3)
    ax.set_xlabel("★ best and ▾ last quarter of the first wave", color=MUTED, fontsize=9)
    return ax
