"""Pictures of what customers write: shares of themes beside what a classifier counts, labels needed."""

from __future__ import annotations

from matplotlib.axes import Axes

from cxlab.plots.style import BAD, INK, MUTED, canvas, forest, ticks
from cxlab.result import Result

MOST = 40


def themes(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw each share with its interval; an orange cross is what a classifier counts."""
    table = result.table.dropna(subset=["estimate"])
    if not result.parts["by"]:
        table = table.sort_values("estimate", ascending=False)
    table = table.head(MOST)
    ax = canvas(ax, width=8, height=0.42 * len(table) + 1.6)
    groups = list(table.columns[: list(table.columns).index("theme")])
    names = [" · ".join(map(str, row)) for row in table[[*groups, "theme"]].itertuples(index=False)]
    forest(ax, names, table["estimate"], table["low"], table["high"], n=table["labels"], unit="share")
    y = range(len(table) - 1, -1, -1)
    ax.scatter(table["counted"], y, marker="x", s=30, color=BAD, zorder=4)
    ax.set_xlim(left=0)
    ticks(ax.xaxis, "share")
    ax.set_xlabel("share, n labels; × what a classifier counts", color=INK, fontsize=9)
    ax.set_title(result.title, loc="left", fontsize=10, color=INK)
    return ax


def labels_needed(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw the labels needed for each combination; a grey mark is without a classifier."""
    table = result.table.head(MOST)
    ax = canvas(ax, width=8, height=0.42 * len(table) + 1.4)
    names = [f"{p:.0%} ± {h:.1%}, correlation {r:.2f}" for p, h, r in table[["share", "half", "accuracy"]].to_numpy()]
    forest(ax, names, table["labels"], table["labels"], table["labels"], unit="index")
    ax.scatter(table["labels_only"], range(len(table) - 1, -1, -1), marker="|", s=60, color=MUTED, zorder=4)
    ax.set_xlim(left=0)
    ax.set_xlabel("labels; | without a classifier", color=INK, fontsize=9)
    ax.set_title(result.title, loc="left", fontsize=10, color=INK)
    return ax
