"""Pictures of the plan: how far each measure is from its target, and who lies outside the funnel."""

from __future__ import annotations

from matplotlib.axes import Axes

from cxlab.models.planning.kpi_tree import chance
from cxlab.plots.style import BAD, NEUTRAL, canvas, forest, ticks, titled
from cxlab.result import Result


def kpi_tree(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw each mean with its interval and its target as a line across its row."""
    table = result.table
    ax = canvas(ax, width=8, height=0.32 * len(table) + 1.1)
    labels = [f"{i}: chance {chance(p)}" for i, p in zip(table["item"], table["reached"], strict=True)]
    forest(ax, labels, table["estimate"], table["low"], table["high"], n=table["n"], unit="mean")
    for k, target in zip(reversed(range(len(table))), table["target"], strict=True):  # the first row stands on top
        ax.plot([target, target], [k - 0.3, k + 0.3], color=BAD, linewidth=2)
    return titled(ax, result, "mean; the line is the target, the chance that of reaching it")


def gaming(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw each share against the limits within which chance would leave it; orange lies outside."""
    table = result.table.head(20)
    ax = canvas(ax, width=8, height=0.45 * len(table) + 1.4)
    labels = [f"{o}: {c}" for o, c in zip(table["owner"], table["check"], strict=True)]
    colour = [BAD if v == "look" else NEUTRAL for v in table["verdict"]]
    forest(ax, labels, table["estimate"], table["low"], table["high"], n=table["n"], unit="share", colour=colour)
    ticks(ax.xaxis, "share")
    return titled(ax, result, "share, and the limits of chance around that of all")
