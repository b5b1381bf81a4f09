"""Pictures of what customers write: shares of themes beside what a classifier counts, labels needed."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from cxlab.plots.style import BAD, INK, MUTED, canvas, forest, side, ticks, titled
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
    return titled(ax, result, "share, n labels; × what a classifier counts")


def labels_needed(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw the labels needed for each combination; a grey mark is without a classifier."""
    table = result.table.head(MOST)
    ax = canvas(ax, width=8, height=0.42 * len(table) + 1.4)
    names = [f"{p:.0%} ± {h:.1%}, correlation {r:.2f}" for p, h, r in table[["share", "half", "accuracy"]].to_numpy()]
    forest(ax, names, table["labels"], table["labels"], table["labels"], unit="index")
    ax.scatter(table["labels_only"], range(len(table) - 1, -1, -1), marker="|", s=60, color=MUTED, zorder=4)
    ax.set_xlim(left=0)
    return titled(ax, result, "labels; | without a classifier")


def theme_impact(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw what goes with each theme; an orange cross is what predicted themes would say."""
    table = result.table[result.table["theme"] != "(constant)"].dropna(subset=["estimate"]).head(MOST)
    ax = canvas(ax, width=8, height=0.42 * len(table) + 1.6)
    real = table["p_adjusted"].to_numpy(float) < 1 - result.level
    colour = [side(v, result.better) if r else MUTED for v, r in zip(table["estimate"], real, strict=True)]
    forest(ax, table["theme"], table["estimate"], table["low"], table["high"], unit=result.unit, colour=colour)
    ax.scatter(table["naive"], range(len(table) - 1, -1, -1), marker="x", s=30, color=BAD, zorder=4)
    ax.axvline(0, color=MUTED, linewidth=1)
    return titled(ax, result, "what goes with the theme; × as predicted themes would say")


def text_quality(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw in how many comments each thing stands."""
    table = result.table[result.table["n"] > 0].head(MOST)
    ax = canvas(ax, width=8, height=0.36 * len(table) + 1.4)
    forest(ax, table["check"], table["share"], table["share"], table["share"], n=table["n"], unit="share")
    ax.set_xlim(left=0)
    ticks(ax.xaxis, "share")
    return titled(ax, result)


def numbers_in(result: Result, *, ax: Axes | None = None) -> Axes:
    """List the numbers of a text; noise is grey."""
    table = result.table.head(MOST)
    ax = canvas(ax, width=8, height=0.36 * len(table) + 1.2)
    ax.grid(False)
    ax.set_yticks([])
    ax.set_xticks([])
    for k, (said, claim, noise) in enumerate(table[["said", "claim", "noise"]].itertuples(index=False)):
        y = 1 - (k + 0.5) / max(len(table), 1)
        text = f"{said}: {claim[:90]}".replace("$", r"\$")
        ax.text(0, y, text, transform=ax.transAxes, fontsize=9, va="center", color=MUTED if noise else INK)
    return titled(ax, result)


def reviews(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw each unit's mean with its interval, the selection band behind it, and the bound it is ranked by."""
    table = result.table.head(MOST)
    ax = canvas(ax, width=8, height=0.42 * len(table) + 1.6)
    y = np.arange(len(table) - 1, -1, -1)
    ax.hlines(y, table["selected_low"], table["selected_high"], color=MUTED, linewidth=7, alpha=0.25)
    names = table[result.parts["unit"]].astype(str)
    forest(ax, names, table["estimate"], table["low"], table["high"], n=table["n"], unit="mean")
    ax.scatter(table["bound"], y, marker="|", s=80, color=BAD, zorder=4)
    return titled(ax, result, "mean of the stars; | bound to rank by; band: if who writes is selected")


def tone(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw the groups in order; where they lie has no unit."""
    table = result.table.head(MOST)
    ax = canvas(ax, width=8, height=0.42 * len(table) + 1.6)
    names = table[result.parts["by"]].astype(str)
    forest(ax, names, table["estimate"], table["low"], table["high"], n=table["n"])
    return titled(ax, result, "mean of the head: an order, no share")


def beyond_ratings(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw R² of the ratings, of ratings and words, and the gain."""
    return _rows(result, "term", "R² on comments that nothing was learned from", ax)


def influence(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw the share of all buyers beside that of those asked."""
    ax = _rows(result, "whose", "share that says reviews influenced it", ax)
    ticks(ax.xaxis, "share")
    return ax


def posting(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw the share that posts at each private score."""
    curve = result.parts["curve"]
    ax = canvas(ax, width=8, height=3.6)
    ax.plot(curve["score"], curve["share"], marker="o", color=INK, linewidth=1)
    ax.axvline(50, color=MUTED, linewidth=1)
    ax.set_ylim(bottom=0)
    ticks(ax.yaxis, "share")
    return titled(ax, result, "share that posts, by the private score (0 worst to 100 best)")


def displayed_score(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw the score of each unit under each ageing of its reviews."""
    table = result.table.head(MOST)
    ax = canvas(ax, width=8, height=0.32 * len(table) + 1.4)
    lives = table["half_life"].map(lambda v: "all alike" if np.isinf(v) else f"halved in {v:g} days")
    names = table[result.parts["unit"]].astype(str) + " · " + lives
    forest(ax, names, table["estimate"], table["estimate"], table["estimate"], n=table["n"], unit="mean")
    return titled(ax, result, "score by the platform's rule")


def review_hints(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw each sign's share by unit; a grey mark is that of the other units."""
    table = result.table.head(MOST)
    ax = canvas(ax, width=8, height=0.42 * len(table) + 1.4)
    names = table[result.parts["unit"]].astype(str) + " · " + table["sign"]
    forest(ax, names, table["estimate"], table["low"], table["high"], n=table["n"], unit="share")
    ax.scatter(table["others"], range(len(table) - 1, -1, -1), marker="|", s=60, color=MUTED, zorder=4)
    ticks(ax.xaxis, "share")
    return titled(ax, result, "share of the reviews; | in the other units")


def star_jump(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw the mean outcome at each hundredth of a star from the edge."""
    points = result.parts["points"]
    ax = canvas(ax, width=8, height=3.6)
    ax.scatter(points["hundredths"], points["estimate"], s=14, color=INK)
    ax.axvline(0, color=MUTED, linewidth=1)
    return titled(ax, result, "outcome less its edge's mean, by hundredths of a star from the edge")


def _rows(result: Result, name: str, said: str, ax: Axes | None) -> Axes:
    table = result.table
    ax = canvas(ax, width=8, height=0.42 * len(table) + 1.4)
    forest(ax, table[name], table["estimate"], table["low"], table["high"], n=table["n"], unit=result.unit)
    return titled(ax, result, said)
