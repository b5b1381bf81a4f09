"""Pictures of waiting: the contact clock, patience, what comes first, two models of repeat purchase."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from cxlab.models.loyalty.loyalty_plots import survival
from cxlab.plots.style import GOOD, INK, MUTED, PALETTE, canvas, forest, ticks, titled
from cxlab.result import Result


def contact_clock(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw the share that has come back as a step with its band, and mark when half and 90 % are back."""
    curve, clock = result.parts["curve"], result.parts["clock"]
    ax = canvas(ax, width=7.5, height=4)
    x = np.concatenate([[0.0], curve["at"]])
    pad = lambda c: np.concatenate([[0.0], curve[c]])  # noqa: E731
    ax.fill_between(x, pad("low"), pad("high"), step="post", color=GOOD, alpha=0.16, linewidth=0)
    ax.step(x, pad("estimate"), where="post", color=GOOD, linewidth=1.8)
    for r in clock.itertuples():
        if np.isfinite(r.estimate):
            ax.plot([0, r.estimate, r.estimate], [r.share, r.share, 0], color=MUTED, linewidth=1, linestyle=":")
            said = f"{r.share:.0%} after {r.estimate:.3g} {result.parts['unit']}"
            ax.annotate(said, (r.estimate, r.share), xytext=(6, -10), textcoords="offset points", fontsize=9, color=INK)
    gap = result.parts["gap"]
    if np.isfinite(gap):
        ax.axvline(gap, color=PALETTE[1], linewidth=1)
        ax.annotate("median gap of those\nwho came back", (gap, 0.98), xytext=(4, 0), textcoords="offset points",
                    va="top", fontsize=8, color=PALETTE[1], xycoords=("data", "axes fraction"))  # fmt: skip
    ax.set_ylim(0, 1.02)
    ax.set_xlim(0, None)
    ticks(ax.yaxis, "share")
    n = int(result.table["n"].iloc[0])
    return titled(ax, result, f"{result.parts['unit']} since the change (n = {n:,} customers)")


def patience(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw the share that would still wait, as a curve of survival."""
    return survival(result, ax=ax)


def lagged(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw the paths between the two scores and of each to itself with their intervals."""
    t = result.table
    ax = canvas(ax, width=7.5, height=0.9 + 0.42 * len(t))
    forest(ax, t["path"], t["estimate"], t["low"], t["high"])
    ax.axvline(0, color=MUTED, linewidth=1)
    return titled(ax, result, "change one period after a point of the other")


def within_person(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw the slope of the score, of a later score, and what is left beyond it."""
    t = result.table
    ax = canvas(ax, width=7.5, height=0.9 + 0.42 * len(t))
    forest(ax, t["term"], t["estimate"], t["low"], t["high"], unit=result.unit)
    ax.axvline(0, color=MUTED, linewidth=1)
    ax.set_title(result.title, loc="left", fontsize=10, color=INK)
    return ax


def repeat_models(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw what each model expected, and what happened as a line."""
    t = result.table
    ax = canvas(ax, width=7.5, height=0.9 + 0.42 * len(t))
    forest(ax, t["model"], t["estimate"], t["estimate"], t["estimate"], n=t["n"], unit="index")
    if t["actual"].notna().any():
        ax.axvline(t["actual"].iloc[0], color=PALETTE[1], linewidth=1.2)
    return titled(ax, result, "purchases expected (line: what happened)")
