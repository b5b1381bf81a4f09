"""What was found in the data, and what weights do to the margins."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from cxlab.columns import show
from cxlab.plots.style import BAD, GOOD, GRID, INK, MUTED, NEUTRAL, PALETTE, canvas
from cxlab.result import Result

COLOURS = {"serious": BAD, "look": PALETTE[4], "fine": NEUTRAL}
SHOWN = 24
"""Most findings drawn; the table has them all."""


def quality(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw one bar a finding: the share of rows it concerns, and how serious it is."""
    found = result.table[result.table["level"] != "fine"]
    table = (found if len(found) else result.table).head(SHOWN)
    ax = canvas(ax, height=1.2 + 0.34 * max(len(table), 1))
    y = np.arange(len(table))[::-1]
    colours = [COLOURS[level] for level in table["level"]]
    ax.barh(y, table["share"], height=0.62, color=colours)
    for yi, row in zip(y, table.itertuples(), strict=True):
        said = f"{row.n:,} ({show(row.share, 'share')})"
        inside = row.share > 0.75
        ax.annotate(
            said, (row.share, yi), xytext=(-6 if inside else 6, 0), textcoords="offset points", va="center",
            ha="right" if inside else "left", fontsize=9, color=INK,
        )  # fmt: skip
    ax.set_yticks(y, [f"{row.check}: {row.question}" for row in table.itertuples()])
    ax.set_xlim(0, 1)
    ax.xaxis.set_major_formatter(lambda v, _: show(v, "share").replace(".0", ""))
    _legend(ax, [(f"■ {level}", c, 58) for level, c in COLOURS.items() if (table["level"] == level).any()])
    more = f" (first {SHOWN} of {len(found)})" if len(found) > SHOWN else ""
    ax.set_xlabel(f"share of rows concerned{more}", color=MUTED)
    return ax


def weighting(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw each category of the margins: its share in the sample, after weighting, and in the population."""
    margins = result.parts.get("margins")
    if margins is None:
        return _spread(result, ax)
    ax = canvas(ax, height=1.2 + 0.32 * len(margins))
    y = np.arange(len(margins))[::-1]
    ax.hlines(y, margins["sample"], margins["weighted"], color=GRID, linewidth=4)
    ax.scatter(margins["target"], y, marker="|", s=220, color=INK, linewidths=1.6, zorder=2)
    ax.scatter(margins["sample"], y, s=34, color=NEUTRAL, zorder=3)
    ax.scatter(margins["weighted"], y, s=34, color=GOOD, zorder=4)
    ax.set_yticks(
        y, [f"{m}: {c}  (n = {n:,})" for m, c, n in margins[["margin", "category", "n"]].itertuples(index=False)]
    )
    ax.xaxis.set_major_formatter(lambda v, _: show(v, "share").replace(".0", ""))
    ax.set_xlim(left=0)
    _legend(ax, [("● sample", NEUTRAL, 66), ("● weighted", GOOD, 76), ("| population", INK, 72)])
    ax.set_xlabel("share", color=MUTED)
    return ax


def _spread(result: Result, ax: Axes | None) -> Axes:
    ax = canvas(ax, height=1.8)
    low, high = (result[f"{which} / mean"].value for which in ("smallest", "largest"))
    ax.hlines(0, low, high, color=GOOD, linewidth=3)
    ax.scatter([low, 1, high], [0, 0, 0], color=[GOOD, INK, GOOD], zorder=3)
    for x, said in ((low, "smallest"), (1, "mean"), (high, "largest")):
        ax.annotate(f"{said}\n{x:.2f}", (x, 0), xytext=(0, 9), textcoords="offset points", ha="center", fontsize=9)
    ax.set_yticks([])
    ax.set_ylim(-0.5, 1)
    ax.set_xlim(left=0)
    ax.set_xlabel("weight as a multiple of the mean", color=MUTED)
    return ax


def _legend(ax: Axes, entries: list[tuple[str, str, int]]) -> None:
    """Write the meaning of the colours above the axes, right-aligned; each entry has its width in points."""
    x = -sum(width for _, _, width in entries)
    for said, colour, width in entries:
        ax.annotate(
            said, (1, 1), xycoords="axes fraction", xytext=(x, 6), textcoords="offset points", color=colour, fontsize=9,
            weight="bold",
        )  # fmt: skip
        x += width
