"""Pictures of metrics: groups beside each other, waves after each other, and how the answers are spread."""

from __future__ import annotations

import re
import textwrap

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from cxlab.columns import difference, how_many, show
from cxlab.models.metrics import registry
from cxlab.plots import style
from cxlab.result import Result


def metric(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw one row a group: estimate, interval and number of answers."""
    table = result.table
    names = list(table.columns[: list(table.columns).index("estimate")])
    shown = [c for c in names if table[c].nunique() > 1] or names[-1:]
    labels = [" · ".join(_words(result, c, row[c]) for c in shown) for _, row in table.iterrows()]
    ax = style.canvas(ax, height=0.9 + 0.36 * len(table))
    style.forest(
        ax,
        labels,
        table["estimate"],
        table["low"],
        table["high"],
        n=table["n"],
        unit=result.unit,
        colour=_colours(table, shown),
    )
    style.ticks(ax.xaxis, result.unit)
    ax.set_ylim(-0.7, len(table) - 0.3)
    ax.set_xlabel(_axis(result), color=style.MUTED)
    return ax


def trend(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw a metric wave by wave with its intervals; changes that are real stand out with their size.

    Several questions make one panel each, unless ``ax`` is given.
    """
    wave, over = result.parts["wave"], result.parts["over"]
    series = list(result.table.groupby(over, sort=False))
    if len(series) == 1:
        ax = style.canvas(ax, height=3.6)
        _series(ax, _asked(series[0][1]).reset_index(drop=True), wave, result.unit, full=True, better=result.better)
    elif ax is None:
        ax = _panels(result, series, wave)
    else:
        style.canvas(ax)
        for k, (name, part) in enumerate(series):
            part = part.reset_index(drop=True)
            colour = style.PALETTE[k % len(style.PALETTE)]
            _series(ax, part, wave, result.unit, full=False, colour=colour, better=result.better)
            last = part["estimate"].last_valid_index()
            if last is not None:
                where = (last, part["estimate"][last])
                text = _words(result, over, name)
                ax.annotate(text, where, (7, 0), textcoords="offset points", color=colour, va="center", fontsize=8)
    return ax


def answers(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw the answers as bars that diverge from the middle of the scale: bad to the left, good to the right."""
    table = result.table
    first = list(table.columns[: list(table.columns).index("answer")])
    rows = list(table.groupby(first, sort=False, dropna=False))
    ax = style.canvas(ax, height=1.3 + 0.42 * len(rows))
    varied = [i for i, c in enumerate(first) if table[c].nunique() > 1] or [len(first) - 1]
    names = []
    for y, (key, part) in zip(range(len(rows))[::-1], rows, strict=True):
        key = key if isinstance(key, tuple) else (key,)
        _diverging(ax, y, part)
        said = " · ".join(_words(result, first[i], key[i]) for i in varied)
        names.append((y, f"{said}  (n = {int(part['total'].iloc[0]):,})"))
    ax.set_yticks([y for y, _ in names], [text for _, text in names])
    ax.axvline(0, color=style.MUTED, linewidth=1)
    ax.xaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{abs(v) * 100:.0f} %"))
    ax.set_ylim(-0.6, len(rows) - 0.4)
    _legend(ax, rows[0][1])
    return ax


# Parts -----------------------------------------------------------------------------------------------------------


def _series(
    ax: Axes, part: pd.DataFrame, wave: str, unit: str, *, full: bool, colour: str = style.GOOD, better: str = "up",
    ends: bool | None = None,
) -> None:  # fmt: skip
    """Draw one question over the waves; ``ends``: name the first and the last wave only, or (False) none."""
    x = np.arange(len(part))
    v, low, high = (part[c].to_numpy(float) for c in ("estimate", "low", "high"))
    ax.grid(axis="x", visible=False)
    ax.grid(axis="y", color=style.GRID, linewidth=0.8)
    ax.plot(x, v, color=style.NEUTRAL if full else colour, linewidth=1.2, zorder=2)
    ax.vlines(x, low, high, color=colour, linewidth=2.2, alpha=0.6, zorder=2)
    ax.scatter(x, v, color=colour, s=30 if full else 16, zorder=3)
    for k in np.flatnonzero(part["verdict"].astype(str).str.startswith("real").to_numpy()):
        up = part["change"][k] > 0
        tone = style.side(part["change"][k], better)
        ax.plot(x[k - 1 : k + 1], v[k - 1 : k + 1], color=tone, linewidth=3.2, zorder=2.5, solid_capstyle="round")
        text = ("+" if up else "") + show(part["change"][k], difference(unit))
        middle = ((x[k - 1] + x[k]) / 2, (v[k - 1] + v[k]) / 2)
        ax.annotate(
            text, middle, (6, -12 if up else 4), textcoords="offset points", color=tone, fontsize=9, weight="bold"
        )
    names = part[wave].astype(str)
    if ends is not None:  # ticks are not drawn, and each costs as much as a line
        at = [x[0], x[-1]] if ends else []
        ax.set_xticks(at, [names.iloc[k] for k in at], fontsize=8)
    else:
        counted = [f"{w}\nn = {how_many(n) or 0}" for w, n in zip(names, part["n"], strict=True)]
        ax.set_xticks(x, counted if full else list(names))
    if full:
        for xi, vi, top in zip(x, v, high, strict=True):
            if np.isfinite(vi):
                ax.annotate(show(vi, unit), (xi, top), (0, 4), textcoords="offset points", ha="center", fontsize=9)
    style.ticks(ax.yaxis, unit)
    ax.set_xlim(-0.5, len(part) - 0.5)
    ax.margins(y=0.15)


def _asked(part: pd.DataFrame) -> pd.DataFrame:
    """The waves from the first to the last with an answer."""
    there = np.flatnonzero(part["n"].to_numpy() > 0)
    return part.iloc[there[0] : there[-1] + 1] if len(there) else part


TITLE, FOOT, GAP, PAD = 0.36, 0.22, 0.06, 0.06
"""Inches of a panel's title of two lines, of the wave names below, between panels, and around texts."""


def _panels(result: Result, series: list, wave: str) -> Axes:
    columns = min(3, len(series))
    rows = -(-len(series) // columns)
    figure, grid = plt.subplots(
        rows, columns, figsize=(3.1 * columns + 0.6, 2.1 * rows + 0.5), sharey=True, squeeze=False
    )
    for k, panel in enumerate(grid.flat):
        if k >= len(series):
            panel.set_visible(False)
            continue
        name, part = series[k]
        part = part.reset_index(drop=True)
        style.canvas(panel)
        _series(panel, part, wave, result.unit, full=False, better=result.better, ends=k + columns >= len(series))
        smallest, largest = (int(np.nan_to_num(f(pd.to_numeric(part["n"])))) for f in (np.nanmin, np.nanmax))
        n = f"{smallest:,}" if smallest == largest else f"{smallest:,}–{largest:,}"
        title = textwrap.shorten(str(_words(result, result.parts["over"], name)), 34, placeholder="…")
        panel.set_title(f"{title}\nn = {n}", fontsize=8, loc="left", color=style.INK)
    _placed(figure, grid, _axis(result))
    return grid.flat[0]


def _placed(figure: Figure, grid: np.ndarray, name: str) -> None:
    """Place the panels of a grid and the name of their common axis, in inches; constrained layout draws them twice."""
    width, height = figure.get_size_inches()
    label = figure.supylabel(name, fontsize=9, color=style.MUTED, x=PAD / width, ha="left")
    wide = lambda text: text.get_window_extent().width / figure.dpi  # noqa: E731
    left = wide(label) + max(map(wide, grid[0, 0].get_yticklabels()), default=0) + 3 * PAD
    rows, columns = grid.shape
    across = (width - left - GAP - GAP * (columns - 1)) / columns
    down = (height - FOOT - TITLE * rows - GAP * (rows - 1)) / rows
    figure.subplots_adjust(
        left=left / width, right=1 - GAP / width, bottom=FOOT / height, top=1 - TITLE / height,
        wspace=GAP / across, hspace=(TITLE + GAP) / down,
    )  # fmt: skip


def _diverging(ax: Axes, y: int, part: pd.DataFrame) -> None:
    side, share = part["side"].to_numpy(float), part["estimate"].to_numpy(float)
    colours = _ramp(side)
    left = -(share[side < 0].sum() + share[side == 0].sum() / 2)
    for s, w, c in zip(side, share, colours, strict=True):
        ax.barh(y, w, left=left, height=0.72, color=c, edgecolor="white", linewidth=0.8)
        if w >= 0.055:
            ink = "white" if abs(s) > 0.6 else style.INK
            ax.text(left + w / 2, y, f"{w * 100:.0f}", ha="center", va="center", color=ink, fontsize=8)
        left += w


def _ramp(side: np.ndarray) -> list:
    """Orange for bad, grey for the middle, blue for good; deeper towards the ends."""
    good, bad, middle = (np.array(plt.matplotlib.colors.to_rgb(c)) for c in (style.GOOD, style.BAD, "#d3d8dc"))
    depth = np.clip(np.abs(side), 0, 1)
    return [tuple((1 - k) * middle + k * (good if s > 0 else bad)) for s, k in zip(side, depth, strict=True)]


def _legend(ax: Axes, part: pd.DataFrame) -> None:
    colours = _ramp(part["side"].to_numpy(float))
    handles = [plt.Rectangle((0, 0), 1, 1, color=c) for c in colours]
    ax.legend(
        handles, [str(a) for a in part["label"]], ncols=min(len(handles), 6), frameon=False, fontsize=8,
        loc="upper center", bbox_to_anchor=(0.5, -0.12), handlelength=1, columnspacing=1.2,
    )  # fmt: skip


def _colours(table: pd.DataFrame, shown: list[str]) -> list[str] | str:
    if len(shown) < 2 or table[shown[0]].nunique() > len(style.PALETTE) - 1:
        return style.GOOD
    order = list(dict.fromkeys(table[shown[0]].astype(str)))
    return [style.PALETTE[order.index(v)] for v in table[shown[0]].astype(str)]


def _words(result: Result, column: str, value: object) -> str:
    return str(result.parts.get("labels", {}).get(value, value)) if column == result.parts.get("over") else str(value)


def _axis(result: Result) -> str:
    known = registry.METRICS.get(result.parts.get("metric", ""))
    boxes = re.match(r"top-\d+-box share", result.method)  # how many answers count is in the rule
    return boxes[0] if boxes else known.axis if known else "share" if result.unit == "share" else ""
