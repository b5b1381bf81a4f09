"""Pictures of a driver analysis: shares with intervals and noise floor, and the ranks that the data leave open."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke

from cxlab.columns import show
from cxlab.plots.style import BAD, GOOD, INK, MUTED, NEUTRAL, PALETTE, canvas, forest, ticks, titled
from cxlab.result import Result

MOST = 25
"""More drivers than this are not drawn; the table has them all."""


def drivers(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw the share of each driver with its interval and the noise floor; beside the names their rank sets.

    Without ``ax`` a second panel shows the rank sets.
    """
    table = result.table.head(MOST)
    height = 1.6 + 0.42 * len(table)
    if ax is None:
        width = 9.5
        _, (ax, right) = plt.subplots(
            1, 2, figsize=(width, height), width_ratios=[2.4, 1], sharey=True, layout="constrained"
        )
        ranks(result, ax=right)
    canvas(ax)
    y = np.arange(len(table))[::-1]
    colours = [_colour(row) for row in table.itertuples()]
    ax.barh(y, table.estimate, height=0.62, color=colours, alpha=0.35, edgecolor="none")
    ax.hlines(y, table.low, table.high, color=colours, linewidth=2.2)
    ax.scatter(table.estimate, y, color=colours, s=26, zorder=3)
    for yi, row in zip(y, table.itertuples(), strict=True):
        said = show(row.estimate, result.unit)
        ax.annotate(
            said, (max(row.high, row.estimate), yi), xytext=(6, 0), textcoords="offset points", va="center", fontsize=9
        )
    _floor(ax, result.parts.get("noise_floor", np.nan), len(table))
    ax.set_yticks(y, _names(result))
    ax.set_ylim(-0.6, len(table) - 0.4)
    ax.set_xlim(min(0.0, float(np.nanmin(table.low)) * 1.1), float(np.nanmax(table.high)) * 1.16)
    ticks(ax.xaxis, "share")
    ax.set_xlabel(f"Share of the variance, {result.level:.0%} intervals", color=MUTED)
    return ax


def ranks(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw for each driver the ranks that the data do not exclude, 1 = most important."""
    table = result.table.head(MOST)
    ax = canvas(ax, width=4.5, height=1.6 + 0.42 * len(table))
    y = np.arange(len(table))[::-1]
    colours = [_colour(row) for row in table.itertuples()]
    ax.hlines(y, table.rank_low, table.rank_high, color=colours, linewidth=7, alpha=0.35)
    for yi, row, colour in zip(y, table.itertuples(), colours, strict=True):
        one = row.rank_low == row.rank_high
        ax.scatter([row.rank_low, row.rank_high], [yi, yi], color=colour, s=26, zorder=3)
        said = f"{row.rank_low:.0f}" if one else f"{row.rank_low:.0f}–{row.rank_high:.0f}"
        ax.annotate(said, (row.rank_high, yi), xytext=(7, 0), textcoords="offset points", va="center", fontsize=9)
    ax.set_yticks(y, _names(result))
    ax.set_ylim(-0.6, len(table) - 0.4)
    ax.set_xlim(0.5, len(result.table) + 0.5 + 0.12 * len(result.table))
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.set_xlabel(f"Ranks ({result.level:.0%})", color=MUTED)
    return ax


def _colour(row: Any) -> str:
    if not row.above_noise:
        return NEUTRAL
    return BAD if row.sign == "−" else GOOD


def _names(result: Result) -> list[str]:
    labels = result.parts.get("labels", {})
    table = result.table.head(MOST)
    minus = {"−": "coefficient −, "}
    return [f"{labels.get(r.driver, r.driver)}  ({minus.get(r.sign, '')}n = {r.n:,})" for r in table.itertuples()]


def _floor(ax: Axes, floor: float, rows: int) -> None:
    if np.isfinite(floor):
        ax.axvline(floor, color=MUTED, linewidth=1.2, linestyle=(0, (4, 3)))
        ax.annotate(
            "noise floor", (floor, rows - 0.4), xytext=(0, 1), textcoords="offset points", color=MUTED, fontsize=8,
            va="bottom", ha="center" if floor > 0 else "left", annotation_clip=False,
        )  # fmt: skip


def importance_performance(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw the map: performance across, importance upwards, an ellipse of uncertainty each, cross-hairs as fixed."""
    table, labels = result.table, result.parts.get("labels", {})
    many = len(table) > LABELLED
    ax = canvas(ax, width=10.5 if many else 8.5, height=max(6.2, 0.26 * len(table)))
    ax.grid(False)
    line, at = result.parts["at"]
    ax.axhline(line, color=MUTED, linewidth=1)
    ax.axvline(at, color=MUTED, linewidth=1)
    colours = {"concentrate here": BAD, "keep up": GOOD, "low priority": NEUTRAL, "possible overkill": PALETTE[2]}
    texts = []
    for k, (row, covariance) in enumerate(zip(table.itertuples(), result.parts["covariance"], strict=True), 1):
        colour = colours[row.quadrant]
        x, y = _ellipse(covariance, result.level)
        ax.fill(row.performance + y, row.estimate + x, color=colour, alpha=0.18, linewidth=0)
        ax.scatter(row.performance, row.estimate, color=colour, s=30, zorder=3)
        name = f"{labels.get(row.driver, row.driver)} ({row.probability:.0%}, n = {row.n:,})"
        texts.append((row.performance, row.estimate, f"{k}  {name}" if many else name))
        if many:
            ax.annotate(k, (row.performance, row.estimate), xytext=(4, 4), textcoords="offset points", fontsize=8.5)
    _corners(ax, result, line, at)
    if many:
        _key(ax, [name for _, _, name in texts])
    else:
        _label_apart(ax, texts)
    ticks(ax.yaxis, "share")
    ax.set_xlabel("Performance, 0 worst to 100 best", color=MUTED)
    ax.set_ylabel("Importance: share of the outcome's variance", color=MUTED)
    return ax


def _ellipse(covariance: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray]:
    values, vectors = np.linalg.eigh(covariance)
    angle = np.linspace(0, 2 * np.pi, 80)
    radius = np.sqrt(np.maximum(values, 0) * -2 * np.log(1 - level))
    return tuple(vectors @ (radius[:, None] * np.array([np.cos(angle), np.sin(angle)])))


def _corners(ax: Axes, result: Result, line: float, at: float) -> None:
    """Set the limits so that all four quadrants can be seen, and name them in the corners."""
    across, table = result.parts["performance"], result.table
    spread_x = max(float(across.high.max()) - at, at - float(across.low.min()), 5)
    ax.set_xlim(max(at - 1.25 * spread_x, 0), min(at + 1.25 * spread_x, 100))
    ax.set_ylim(0, max(float(table.high.max()), 1.6 * line) * 1.12)
    for x, y, text, side, edge in (
        (0.01, 0.985, "concentrate here", "left", "top"), (0.99, 0.985, "keep up", "right", "top"),
        (0.01, 0.015, "low priority", "left", "bottom"), (0.99, 0.015, "possible overkill", "right", "bottom"),
    ):  # fmt: skip
        ax.text(x, y, text, transform=ax.transAxes, ha=side, va=edge, color=MUTED, fontsize=9, style="italic")


LABELLED = 9
"""More drivers than this have numbers on the map, and their names beside it."""


def _key(ax: Axes, names: list[str]) -> None:
    for k, name in enumerate(names):
        y = 1.0 - k / max(len(names) - 1, 20)
        ax.annotate(
            name, (1.02, y), xycoords="axes fraction", va="center", fontsize=8.5, color=INK, annotation_clip=False
        )


def _label_apart(ax: Axes, texts: list[tuple[float, float, str]]) -> None:
    """Write the labels beside their points, moved up or down until none overlaps another."""
    low, high = ax.get_ylim()
    left, right = ax.get_xlim()
    gap = (high - low) * 0.038
    placed: list[tuple[float, float, float]] = []
    for x, y, name in sorted(texts, key=lambda t: -t[1]):
        flip = x > left + 0.62 * (right - left)
        reach = 0.012 * len(name) * (right - left)
        start = x - reach if flip else x
        level = y
        while any(abs(level - b) < gap and start < end and first < start + reach for first, b, end in placed):
            level -= gap * 0.5
        placed.append((start, level, start + reach))
        shift = 8 if not flip else -8
        ax.annotate(
            name, (x, y), xytext=(shift, (level - y) / (high - low) * ax.bbox.height * 72 / ax.figure.dpi),
            textcoords="offset points", ha="right" if flip else "left", va="center", fontsize=8.5, color=INK,
            path_effects=[withStroke(linewidth=2.5, foreground="white", alpha=0.85)],
        )  # fmt: skip


def driver_levels(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw the shares within and between groups side by side, one row a driver."""
    table, labels = result.table, result.parts.get("labels", {})
    names = list(dict.fromkeys(table.driver))
    ax = canvas(ax, width=8.5, height=1.6 + 0.55 * len(names))
    for k, (level, colour) in enumerate((("within", GOOD), ("between", BAD))):
        part = table[table.level == level].set_index("driver").reindex(names)
        if part.estimate.isna().all():
            continue
        y = np.arange(len(names))[::-1] + (0.17 if k == 0 else -0.17)
        ax.hlines(y, part.low, part.high, color=colour, linewidth=2.2, alpha=0.75)
        ax.scatter(part.estimate, y, color=colour, s=30, zorder=3, label=f"{level} (n = {int(part.n.max()):,})")
    ax.set_yticks(np.arange(len(names))[::-1], [labels.get(n, n) for n in names])
    ax.set_ylim(-0.6, len(names) - 0.4)
    ticks(ax.xaxis, "share")
    ax.set_xlabel(f"Share of the outcome's variance at each level, {result.level:.0%} intervals", color=MUTED)
    ax.legend(frameon=False, fontsize=9, loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
    return ax


def beyond(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw the shares of each set of questions and of both, and below them what one gains over the other."""
    t = result.table
    ax = canvas(ax, width=7.5, height=0.9 + 0.42 * len(t))
    colours = [INK if "gained" in m else GOOD for m in t["model"]]
    forest(ax, t["model"], t["estimate"], t["low"], t["high"], n=t["n"], unit="share", colour=colours)
    ticks(ax.xaxis, "share")
    return titled(ax, result, "share of the variance explained, out of sample")
