"""Pictures of prices: curves that cross, demand along a ladder, what an attribute is worth."""

from __future__ import annotations

from matplotlib.axes import Axes

from cxlab.columns import show
from cxlab.plots.style import GOOD, GRID, INK, MUTED, PALETTE, canvas, forest, ticks, titled
from cxlab.result import Result

WORDS = {"too_cheap": "too cheap", "cheap": "cheap", "expensive": "expensive", "too_expensive": "too expensive"}


def price_sensitivity(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw the four curves, the acceptable range as a band, and the interval of its ends."""
    curves, t = result.parts["curves"], result.table
    ax = canvas(ax, width=7.5, height=4.2)
    for k, (name, words) in enumerate(WORDS.items()):
        ax.plot(curves["price"], curves[name], color=PALETTE[k], linewidth=1.8, label=words)
    low, high = t.iloc[0], t.iloc[1]
    if low["estimate"] < high["estimate"]:
        ax.axvspan(low["estimate"], high["estimate"], color=GRID, alpha=0.6, zorder=0)
    for row, place in ((low, "right"), (high, "left")):
        ax.hlines(-0.03, row["low"], row["high"], color=INK, linewidth=3)
        ax.annotate(show(row["estimate"], "index"), (row["estimate"], 1.0), xytext=(-4 if place == "right" else 4, 0),
                    textcoords="offset points", ha=place, fontsize=9, color=INK)  # fmt: skip
    ax.set_ylim(-0.06, 1.06)
    ticks(ax.yaxis, "share")
    ax.legend(frameon=False, fontsize=9, loc="center right")
    unit = result.parts["unit"]
    return titled(
        ax, result, f"price{', ' + unit if unit else ''} (n = {int(low['n']):,}; bars: intervals of the range)"
    )


def gabor_granger(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw the share that would buy with its band, and write how often each price earns most."""
    t = result.table
    ax = canvas(ax, width=7.5, height=4)
    ax.fill_between(t["price"], t["low"], t["high"], color=GOOD, alpha=0.16, linewidth=0)
    ax.plot(t["price"], t["estimate"], color=GOOD, marker="o", linewidth=1.8)
    ax.scatter(t["price"], t["raw"], facecolor="none", edgecolor=MUTED, s=40, zorder=3)
    for r in t.itertuples():
        said = f"n = {r.n:,}" + (f"\nbest: {r.best:.0%}" if r.best >= 0.005 else "")
        ax.annotate(said, (r.price, r.low), xytext=(0, -5), textcoords="offset points", ha="center", va="top",
                    fontsize=8, color=INK if r.best >= 0.05 else MUTED)  # fmt: skip
    ax.margins(x=0.08, y=0.18)
    ax.set_ylim(0, None)
    ticks(ax.yaxis, "share")
    unit = result.parts["unit"]
    return titled(
        ax, result, f"price{', ' + unit if unit else ''} (rings: as answered; best: earns most in so many draws)"
    )


def choice(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw what each attribute adds to the worth of an offer, in log odds, with its interval."""
    t = result.table
    ax = canvas(ax, width=7.5, height=0.9 + 0.42 * len(t))
    forest(ax, t["term"], t["estimate"], t["low"], t["high"])
    ax.axvline(0, color=MUTED, linewidth=1)
    return titled(ax, result)


def willingness_to_pay(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw what each attribute is worth in money, with its interval; unbounded ones have none."""
    t = result.table
    ax = canvas(ax, width=7.5, height=0.9 + 0.42 * len(t))
    forest(ax, t["term"], t["estimate"], t["low"], t["high"])
    ax.axvline(0, color=MUTED, linewidth=1)
    return titled(ax, result)


def choice_design(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw which share of each attribute's variation the others do not tell."""
    t = result.table
    ax = canvas(ax, width=7.5, height=0.9 + 0.42 * len(t))
    forest(ax, t["term"], t["alone"], t["alone"], t["alone"], unit="share")
    ax.set_xlim(0, 1.1)
    ticks(ax.xaxis, "share")
    return titled(ax, result, "share of its variation that the other attributes do not tell")


def stated_premium(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw the premium by how much it is stated too high."""
    t = result.table
    ax = canvas(ax, width=7.5, height=0.9 + 0.42 * len(t))
    names = ["as stated" if f == 1 else f"stated {f:g} times too high" for f in t["factor"]]
    forest(ax, names, t["estimate"], t["low"], t["high"], unit="share")
    ax.axvline(0, color=MUTED, linewidth=1)
    ticks(ax.xaxis, "share")
    return titled(ax, result)
