"""Pictures of the closed loop: what each rule earns, how long closing takes, how far coders agree."""

from __future__ import annotations

from matplotlib.axes import Axes

from cxlab.plots.style import BAD, GOOD, INK, MUTED, NEUTRAL, canvas, forest, ticks, titled
from cxlab.result import Result

COLOURS = {"pays": GOOD, "costs more than it saves": BAD}


def alert_policy(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw the net of each cut with its interval: blue pays, orange costs, grey cannot be told."""
    table = result.table
    ax = canvas(ax, width=8, height=0.45 * len(table) + 1.4)
    labels = [
        f"{c}, {p:.0%} would leave" + (", may be the best" if b else "")
        for c, p, b in zip(table["cut"], table["precision"], table["best"], strict=True)
    ]
    colour = [COLOURS.get(v, NEUTRAL) for v in table["verdict"]]
    forest(ax, labels, table["estimate"], table["low"], table["high"], n=table["n"], unit="index", colour=colour)
    ax.axvline(0, color=MUTED, linewidth=1)
    return titled(ax, result, "net per 1,000 customers")


def alerts(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw how many alerts a week each owner gets, by reason."""
    table = result.table.head(20)
    ax = canvas(ax, width=8, height=0.45 * len(table) + 1.4)
    labels = [f"{o}: {r}" for o, r in zip(table["owner"], table["reason"], strict=True)]
    forest(ax, labels, table["estimate"], table["low"], table["high"], n=table["n"], unit="index")
    return titled(ax, result, "alerts a week")


def closing(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw the share closed when due of each group."""
    table = result.table
    by = result.parts["by"]
    ax = canvas(ax, width=8, height=0.5 * len(table) + 1.4)
    labels = list(table.iloc[:, 0].astype(str)) if by else ["all tickets"]
    forest(ax, labels, table["within"], table["within_low"], table["within_high"], n=table["n"], unit="share")
    if table["within_high"].max() < 0.1:
        ax.set_xlim(0, 0.1)  # next to none is no wide interval
    ticks(ax.xaxis, "share")
    return titled(ax, result, f"closed within {result.parts['due']:g} days")


def agreement(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw each measure with its interval, and the alpha that is needed."""
    from cxlab.models.loop.agreement import NEEDED

    table = result.table
    ax = canvas(ax, width=7.5, height=0.5 * len(table) + 1.4)
    forest(ax, table["measure"], table["estimate"], table["low"], table["high"], n=table["n"])
    ax.axvline(NEEDED, color=MUTED, linewidth=1, linestyle=":")
    ax.set_title(f"{result.title}: {result.parts['verdict']}", loc="left", fontsize=10, color=INK)
    return ax


def loop_effect(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw each comparison with its interval and the line of no effect."""
    table = result.table
    ax = canvas(ax, width=8, height=0.5 * len(table) + 1.4)
    forest(ax, table["comparison"], table["estimate"], table["low"], table["high"], n=table["n"])
    ax.axvline(0, color=MUTED, linewidth=1)
    return titled(ax, result)


def heard(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw the share of replies that have each element, with its interval."""
    table = result.table[result.table["estimate"].notna()]
    ax = canvas(ax, width=8, height=0.5 * len(table) + 1.4)
    names = [str(e).partition(":")[0] for e in table["element"]]
    forest(ax, names, table["estimate"], table["low"], table["high"], n=table["n"], unit="share")
    ticks(ax.xaxis, "share")
    return titled(ax, result)
