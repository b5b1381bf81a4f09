"""Pictures of value: what a point is worth and where the width comes from, the loyalty curve, the cost to serve."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from cxlab.plots.style import BAD, GOOD, INK, MUTED, PALETTE, canvas, forest, ticks, titled
from cxlab.result import Result


def value(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw the interval of the net, and below it how wide it would be if one amount alone were uncertain."""
    net, bars = result.table.iloc[-1], result.parts["tornado"]
    ax = canvas(ax, width=7.5, height=1.5 + 0.42 * (len(bars) + 1))
    names = ["net, all together", *(f"only {i}" for i in bars["input"])]
    low, high = np.r_[net["low"], bars["low"]], np.r_[net["high"], bars["high"]]
    y = np.arange(len(names))[::-1]
    ax.barh(y, high - low, left=low, height=0.55, color=[INK, *[PALETTE[0]] * len(bars)], alpha=0.75)
    ax.axvline(0, color=BAD, linewidth=1.2)
    ax.axvline(net["estimate"], color=MUTED, linewidth=1, linestyle=":")
    ax.set_yticks(y, names)
    ax.xaxis.set_major_formatter(lambda v, _: f"{v:,.0f}" if abs(v) >= 10 else f"{v:g}")
    return titled(ax, result, f"net (red: 0; chance above 0: {result.parts['chance']:.0%})")


def loyalty_curve(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw the means with their intervals, the smooth curve with its band, and the two lines."""
    t, lines, bend = result.table, result.parts["lines"], result.parts["threshold"]
    ax = canvas(ax, width=7.5, height=4.2)
    ax.fill_between(t["score"], t["low"], t["high"], color=GOOD, alpha=0.16, linewidth=0)
    ax.plot(t["score"], t["estimate"], color=GOOD, linewidth=1.8)
    ax.vlines(t["score"], t["mean_low"], t["mean_high"], color=MUTED, linewidth=1.2)
    ax.scatter(t["score"], t["mean"], s=10 + 50 * t["n"] / max(t["n"].max(), 1), color=INK, zorder=3)
    if bend is not None and bend["p"] < 1 - result.level:
        ax.axvspan(bend["low"], bend["high"], color=PALETTE[1], alpha=0.12, linewidth=0)
        ax.axvline(bend["at"], color=PALETTE[1], linewidth=1, linestyle=":")
    ticks(ax.yaxis, result.unit)
    said = f"break of the two lines at {lines['break'][0]:g}; larger points: more answers"
    ax.set_xlabel(f"{result.parts['score']} ({said})", color=INK, fontsize=9)
    ax.set_title(f"{result.title}: {result.parts['shape']}", loc="left", fontsize=10, color=INK)
    return ax


def cost_to_serve(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw by how much a customer costs more or less with each term."""
    t = result.table
    ax = canvas(ax, width=7.5, height=0.9 + 0.42 * len(t))
    forest(ax, t["term"], t["estimate"], t["low"], t["high"])
    ax.axvline(0, color=MUTED, linewidth=1)
    return titled(ax, result, f"change of {result.parts['cost']} a customer")


def best_metric(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw what each metric tells of the outcome out of sample, all together last."""
    t = result.table
    ax = canvas(ax, width=7.5, height=0.9 + 0.42 * len(t))
    colours = [*[GOOD] * (len(t) - 1), INK]
    forest(ax, t["metric"], t["estimate"], t["low"], t["high"], n=t["n"], unit="share", colour=colours)
    ticks(ax.xaxis, "share")
    return titled(ax, result, "share of the variance explained, out of sample")


def churn_model(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw what happened against the stated chance, by tenths of customers; on the line the chances are true."""
    t = result.parts["tenths"]
    ax = canvas(ax, width=6.5, height=4.2)
    end = float(max(t["high"].max(), t["expected"].max())) * 1.05
    ax.plot([0, end], [0, end], color=MUTED, linewidth=1, linestyle=":")
    ax.vlines(t["expected"], t["low"], t["high"], color=GOOD, linewidth=2, alpha=0.75)
    ax.scatter(t["expected"], t["estimate"], color=GOOD, s=34, zorder=3)
    ticks(ax.xaxis, "share")
    ticks(ax.yaxis, "share")
    return titled(ax, result, "stated chance of leaving (tenths of customers; up: share that left)")
