"""Pictures of a driver analysis: shares with intervals and noise floor, and the ranks that the data leave open."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from cxlab.plots.style import BAD, GOOD, INK, MUTED, NEUTRAL, canvas
from cxlab.result import Result, show

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
        ax.annotate(said, (max(row.high, row.estimate), yi), xytext=(6, 0), textcoords="offset points", va="center", fontsize=9)
    _floor(ax, result.parts.get("noise_floor", np.nan), len(table))
    ax.set_yticks(y, _names(result))
    ax.set_xlim(min(0.0, float(np.nanmin(table.low)) * 1.1), float(np.nanmax(table.high)) * 1.16)
    ax.xaxis.set_major_formatter(lambda v, _: f"{v * 100:g} %".replace("-", "−"))
    ax.set_xlabel(f"Share of the outcome's variance, {result.level:.0%} intervals", color=MUTED)
    ax.set_title(_wrapped(result.title), loc="left", fontsize=11, color=INK, pad=18)
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
    ax.set_xlim(0.5, len(result.table) + 0.5 + 0.12 * len(result.table))
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.set_xlabel(f"Possible ranks ({result.level:.0%})", color=MUTED)
    return ax


def _colour(row) -> str:
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
            "noise floor", (floor, rows - 0.5), xytext=(0, 1), textcoords="offset points", color=MUTED, fontsize=8,
            va="bottom", ha="center" if floor > 0 else "left", annotation_clip=False,
        )  # fmt: skip


def _wrapped(title: str) -> str:
    import textwrap

    return "\n".join(textwrap.wrap(title, 70))
