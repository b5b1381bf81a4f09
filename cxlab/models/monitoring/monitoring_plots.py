"""Pictures of series over time: control charts, level changes, running bands, and what a change is made of."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from cxlab.columns import difference, show
from cxlab.plots import style
from cxlab.result import Result

ROWS = 60
"""So many series at most are drawn."""


def monitor(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw one series as a chart of its metric over the statistic of its rule, several as a row each."""
    series = _series(result)
    if len(series) > 1:
        return _rows(result, series, ax)
    _, table = series[0]
    if ax is None:
        _, (ax, below) = plt.subplots(
            2, 1, figsize=(8.5, 5.2), height_ratios=(3, 1.3), sharex=True, layout="constrained"
        )
        _statistic(result, table, style.canvas(below))
    _values(result, table, style.canvas(ax))
    return ax


def changes(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw the series with the levels that are certain and, shaded, where each change may lie."""
    series = _series(result, result.parts["series"])
    steps = [t["level"].nunique() for _, t in series]
    series = [series[k] for k in np.argsort(steps, kind="stable")[::-1][: len(style.PALETTE)]]
    ax = style.canvas(ax, width=8.5, height=3.8)
    _upright(ax)
    for k, (name, table) in enumerate(series):
        y = table["estimate"].to_numpy(float)
        if not np.isfinite(y).any():
            continue
        colour = style.PALETTE[k % len(style.PALETTE)] if len(series) > 1 else style.GOOD
        x = np.arange(len(table))
        ax.scatter(x, y, s=10, color=colour, alpha=0.45, zorder=2)
        ax.step(x, table["level"], where="mid", color=colour, linewidth=2, zorder=3)
        end = int(np.flatnonzero(np.isfinite(y))[-1])
        if name:
            ax.annotate(name, (end, table["level"].iloc[end]), (6, 0), textcoords="offset points", va="center",
                        color=colour, fontsize=8)  # fmt: skip
    places = {str(v): k for k, v in enumerate(series[0][1]["period"])}
    found = result.table[result.table["change"] > 0]
    for _, row in found.iterrows() if len(steps) == 1 else ():
        ax.axvspan(places[row["at_low"]] - 0.5, places[row["at_high"]] + 0.5, color=style.GRID, zorder=0)
    _ticks(ax, series[0][1]["period"])
    style.ticks(ax.yaxis, result.unit)
    return ax


def running(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw the estimate so far with the band that holds at every look at once."""
    series = _series(result)
    ax = style.canvas(ax, width=8.5, height=4)
    _upright(ax)
    for k, (name, table) in enumerate(series[: len(style.PALETTE)]):
        colour = style.PALETTE[k]
        x = np.arange(len(table))
        ax.fill_between(x, table["low"], table["high"], color=colour, alpha=0.18, linewidth=0)
        ax.plot(x, table["estimate"], color=colour, linewidth=1.6)
        last = table["estimate"].last_valid_index()
        row = table.loc[last]
        said = f"{name + ' ' if name else ''}{show(row['estimate'], result.unit)} (n = {int(row['n']):,})"
        ax.annotate(said, (len(table) - 1, row["estimate"]), (6, 0), textcoords="offset points", va="center",
                    color=colour, fontsize=9)  # fmt: skip
    tight = np.concatenate([t[["low", "high"]].to_numpy(float)[len(t) // 20 :].ravel() for _, t in series])
    tight = tight[np.isfinite(tight)]
    if len(tight):
        pad = 0.05 * np.ptp(tight) or 1
        ax.set_ylim(tight.min() - pad, tight.max() + pad)
    _ticks(ax, series[0][1]["period"])
    style.ticks(ax.yaxis, result.unit)
    return ax


def change_explained(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw the change, what the groups did and what their mix did, then both of every group."""
    table = result.table.iloc[::1]
    ax = style.canvas(ax, height=0.9 + 0.36 * len(table))
    colour = [style.INK if p == "change" else style.GOOD if p == "within" else style.PALETTE[1] for p in table["part"]]
    names = [f"{p}: {g}" if g else p for p, g in zip(table["part"], table["group"], strict=True)]
    unit = difference(result.unit)
    style.forest(ax, names, table["estimate"], table["low"], table["high"], unit=unit, colour=colour)
    ax.axvline(0, color=style.MUTED, linewidth=1)
    style.ticks(ax.xaxis, unit)
    return ax


def cry_wolf(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw for each practice in how many of the years in which nothing changed it raised an alarm."""
    table = result.table.iloc[::-1]
    ax = style.canvas(ax, width=8, height=1 + 0.42 * len(table))
    own = [str(name).startswith("cx.") for name in table["practice"]]
    at = np.arange(len(table))
    colour = [style.GOOD if mine else style.BAD for mine in own]
    ax.barh(at, table["estimate"], color=colour, height=0.62)
    for k, share in zip(at, table["estimate"], strict=True):
        ax.annotate(f"{share:.0%}", (share, k), (4, 0), textcoords="offset points", va="center", fontsize=9)
    ax.set_yticks(at, table["practice"].tolist())
    ax.set_xlim(0, 1.12)
    ax.set_ylim(-0.6, len(table) - 0.4)
    ax.set_title("Years with a false alarm, of those in which nothing changed", loc="left", fontsize=10,
                 color=style.INK)  # fmt: skip
    style.ticks(ax.xaxis, "share")
    return ax


# Parts -----------------------------------------------------------------------------------------------------------


def _series(result: Result, table: pd.DataFrame | None = None) -> list[tuple[str, pd.DataFrame]]:
    """Each series with its name."""
    table, by = result.table if table is None else table, list(result.parts["by"])
    if not by:
        return [("", table.reset_index(drop=True))]
    groups = table.groupby(by, sort=False, dropna=False)
    return [(" · ".join(map(str, key)), part.reset_index(drop=True)) for key, part in groups]


def _values(result: Result, table: pd.DataFrame, ax: Axes) -> None:
    """The metric with what is expected of a single period, and the periods of alarm."""
    x, y = np.arange(len(table)), table["estimate"].to_numpy(float)
    _upright(ax)
    base = result.parts["baseline"]
    there = table["expected"].notna().to_numpy()
    ax.fill_between(x, table["low"], table["high"], where=there, color=style.GRID, step="mid", linewidth=0,
                    label="expected of a single period", zorder=0)  # fmt: skip
    ax.plot(x[there], table["expected"][there], color=style.MUTED, linewidth=0.9, zorder=1)
    size = 22 if len(x) < 80 else 9
    ax.plot(x[np.isfinite(y)], y[np.isfinite(y)], color=style.NEUTRAL, linewidth=0.7, zorder=1.5)
    ax.scatter(x, y, s=size, color=style.INK, zorder=2, linewidths=0)
    for side, mark in (("lower", "v"), ("higher", "^")):
        on = (table["alarm"] == side).to_numpy()
        colour = style.side(-1 if side == "lower" else 1, result.better)
        ax.scatter(
            x[on], y[on], s=42, marker=mark, color=colour, zorder=4, label=f"alarm: {side}" if on.any() else None
        )
    open_ = (table["alarm"] == "incomplete").to_numpy()
    ax.scatter(x[open_], y[open_], s=42, facecolors="white", edgecolors=style.INK, zorder=3,
               label="had not ended" if open_.any() else None)  # fmt: skip
    ax.axvspan(-0.5, base - 0.5, color=style.GRID, alpha=0.35, zorder=-1)
    ax.annotate("baseline", (0, 1), (4, -4), xycoords=("data", "axes fraction"), textcoords="offset points", va="top",
                fontsize=8, color=style.MUTED)  # fmt: skip
    ax.set_xlim(-0.5, len(x) - 0.5)
    _ticks(ax, table["period"])
    style.ticks(ax.yaxis, result.unit)
    ax.legend(frameon=False, fontsize=8, ncols=4, loc="lower right", bbox_to_anchor=(1, 1))


def _statistic(result: Result, table: pd.DataFrame, ax: Axes) -> None:
    """What the rule adds up, and its limits."""
    x, limit = np.arange(len(table)), result.parts["limit"]
    _upright(ax)
    ax.plot(x, table["statistic"], color=style.INK, linewidth=1.2)
    ax.axhline(0, color=style.MUTED, linewidth=0.8)
    for sign in (-1, 1):
        ax.axhline(sign * limit, color=style.BAD, linewidth=1, linestyle="--")
    top = max(1.3 * limit, 1.08 * np.nanmax(np.abs(table["statistic"].to_numpy(float)), initial=0))
    ax.set_ylim(-top, top)
    ax.set_ylabel({"ewma": "EWMA", "cusum": "CUSUM", "shewhart": "z"}[result.parts["rule"]], color=style.MUTED)


def _rows(result: Result, series: list[tuple[str, pd.DataFrame]], ax: Axes | None) -> Axes:
    """A row a series: the statistic between its limits, coloured where it is beyond; those beyond last come first."""
    limit, base = result.parts["limit"], result.parts["baseline"]
    worst = [abs(float(np.nan_to_num(t["statistic"].dropna().iloc[-1] if t["statistic"].notna().any() else 0)))
             for _, t in series]  # fmt: skip
    order = np.argsort(worst, kind="stable")[::-1][:ROWS]
    ax = style.canvas(ax, width=8.5, height=1.1 + 0.3 * len(order))
    names = []
    for row, k in enumerate(order):
        name, table = series[k]
        y0 = len(order) - 1 - row
        z = table["statistic"].to_numpy(float) / limit * 0.42
        x = np.arange(len(z))
        ax.fill_between([base - 0.5, len(z) - 0.5], y0 - 0.42, y0 + 0.42, color=style.GRID, alpha=0.5, linewidth=0)
        seen = np.isfinite(z)
        ax.plot(x[seen], y0 + np.clip(z[seen], -1.2, 1.2), color=style.NEUTRAL, linewidth=0.9)
        for side in ("lower", "higher"):
            on = (table["alarm"] == side).to_numpy()
            colour = style.side(-1 if side == "lower" else 1, result.better)
            ax.scatter(x[on], y0 + np.clip(z[on], -1.2, 1.2), s=16, color=colour, zorder=3,
                       marker="v" if side == "lower" else "^")  # fmt: skip
        names.append((y0, name))
    ax.set_yticks([y for y, _ in names], [n for _, n in names])
    ax.set_ylim(-1, len(order))
    ax.set_xlim(base - 0.5, len(series[0][1]) - 0.5)
    _ticks(ax, series[0][1]["period"], base)
    rule = {"ewma": "EWMA", "cusum": "CUSUM", "shewhart": "z"}[result.parts["rule"]]
    more = f"; {len(series) - len(order)} more are not drawn" if len(series) > len(order) else ""
    ax.set_title(f"{rule} between its limits (grey), alarms ▼ ▲{more}", loc="left", fontsize=9, color=style.MUTED)
    return ax


def _upright(ax: Axes) -> None:
    ax.grid(axis="x", visible=False)
    ax.grid(axis="y", color=style.GRID, linewidth=0.8)


def _ticks(ax: Axes, periods: pd.Series, first: int = 0) -> None:
    """A few periods at the axis by name."""
    names = periods.astype(str).tolist()
    at = np.unique(np.linspace(first, len(names) - 1, min(7, len(names) - first)).astype(int))
    ax.set_xticks(at, [names[k] for k in at], fontsize=8)
