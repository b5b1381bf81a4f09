"""Pictures of how customers react: penalties and rewards, one failure, Kano's plane, what-if, slopes by segment."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from cxlab.columns import level_of, show
from cxlab.plots.style import BAD, GOOD, INK, MUTED, NEUTRAL, PALETTE, canvas, forest, ticks
from cxlab.result import Result

MOST = 25
"""More rows than this are not drawn; the table has them all."""


def asymmetry(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw penalty and reward of each driver to the left and right of zero, with intervals and the probable class."""
    table, labels = result.table.head(MOST), result.parts.get("labels", {})
    sides = result.parts["contrasts"].head(MOST)
    ax = canvas(ax, width=9, height=1.8 + 0.45 * len(table))
    y = np.arange(len(table))[::-1]
    for side, colour in (("penalty", BAD), ("reward", GOOD)):
        value = sides[side]
        ax.barh(
            y, value, height=0.6, color=colour, alpha=0.35, label="low answers" if side == "penalty" else "high answers"
        )
        ax.hlines(y, sides[f"{side}_low"], sides[f"{side}_high"], color=colour, linewidth=2.2)
        ax.scatter(value, y, color=colour, s=24, zorder=3)
    ax.axvline(0, color=MUTED, linewidth=1)
    right = float(np.nanmax(sides[["reward_high", "penalty_high"]]))
    for yi, row in zip(y, table.itertuples(), strict=True):
        said = f"{table.loc[row.Index, 'class']} {row.probability:.0%}"
        ax.annotate(
            said, (1.01, yi), xycoords=("axes fraction", "data"), va="center", fontsize=9, annotation_clip=False
        )
    names = [f"{labels.get(r.driver, r.driver)}  ({r.n_low:,} low, {r.n_high:,} high)" for r in table.itertuples()]
    ax.set_yticks(y, names)
    ax.set_xlim(float(np.nanmin(sides[["penalty_low", "reward_low"]])) * 1.08, right * 1.08)
    ax.xaxis.set_major_locator(MaxNLocator(6))
    ax.set_xlabel(f"Difference from middling answers, in outcome points, {result.level:.0%} intervals", color=MUTED)
    ax.set_ylim(-0.6, len(table) - 0.4)
    ax.legend(frameon=False, fontsize=9, loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
    return ax


def one_failure(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw how well the generalised mean explains the outcome by its exponent, with the interval of the best one."""
    profile, row = result.parts["profile"], result.table.iloc[0]
    near = profile[(profile.exponent >= -6) & (profile.exponent <= 6)]
    ax = canvas(ax, width=7.5, height=3.8)
    ax.plot(near.exponent, near.r2, color=GOOD, linewidth=2)
    ax.axvspan(max(row.low, -6), min(row.high, 6), color=GOOD, alpha=0.15, linewidth=0)
    ax.axvline(1, color=MUTED, linewidth=1, linestyle=(0, (4, 3)))
    best = profile.r2.max()
    ax.scatter([np.clip(row.estimate, -6, 6)], [best], color=GOOD, s=34, zorder=3)
    said = f"best {row.estimate:.1f} ({row.low:.1f} to {row.high:.1f}), n = {int(row.n):,}".replace("-", "−")
    ax.annotate(
        said, (np.clip(row.estimate, -6, 6), best), xytext=(0, 8), textcoords="offset points", ha="center", fontsize=9
    )
    bottom, top = float(near.r2.min()), float(best)
    ax.set_ylim(bottom - 0.08 * (top - bottom), top + 0.2 * (top - bottom))
    ax.annotate("average", (1, bottom), xytext=(4, 0), textcoords="offset points", color=MUTED, fontsize=8.5)
    ax.set_xlabel("Exponent of the mean: to the left the worst touchpoint decides, to the right the best", color=MUTED)
    ax.set_ylabel("R²", color=MUTED)
    return ax


def kano(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw the features on the plane of worse (across) and better (upwards) with their intervals."""
    table, labels = result.table, result.parts.get("labels", {})
    ax = canvas(ax, width=7.5, height=6.2)
    colours = {"attractive": PALETTE[2], "one-dimensional": GOOD, "must-be": BAD}
    ax.axhline(0.5, color=MUTED, linewidth=1)
    ax.axvline(0.5, color=MUTED, linewidth=1)
    for row in table.itertuples():
        colour, x = colours.get(row.category, NEUTRAL), -row.worse
        ax.hlines(row.estimate, -row.worse_high, -row.worse_low, color=colour, linewidth=1.6, alpha=0.6)
        ax.vlines(x, row.low, row.high, color=colour, linewidth=1.6, alpha=0.6)
        ax.scatter(x, row.estimate, color=colour, s=34, zorder=3)
        extra = [str(v) for k, v in row._asdict().items() if k not in ("Index", "item") and isinstance(v, str)][:-1]
        name = ", ".join([str(labels.get(row.item, row.item)), *extra])
        ax.annotate(
            f"{name} (n = {row.n:,})", (x, row.estimate), xytext=(6, 6), textcoords="offset points", fontsize=8.5
        )
    corners = {(0, 1): "attractive", (1, 1): "one-dimensional", (0, 0): "indifferent", (1, 0): "must-be"}
    for (right, up), name in corners.items():
        x, y, side = 0.01 + 0.98 * right, 0.015 + 0.97 * up, "right" if right else "left"
        ax.text(
            x,
            y,
            name,
            ha=side,
            va="top" if y > 0.5 else "bottom",
            color=MUTED,
            fontsize=9,
            style="italic",
            transform=ax.transAxes,
        )
    ax.set_xlim(0, 1)
    ax.set_ylim(0, 1)
    ax.set_xlabel("Share that loses when it does not work (worse, without its sign)", color=MUTED)
    ax.set_ylabel("Share that gains when it works (better)", color=MUTED)
    return ax


def what_if(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw the predicted change of each scenario with its interval; without ``ax`` the scenarios side by side."""
    labels = result.parts.get("labels", {})
    scenarios = list(dict.fromkeys(result.table.scenario))
    axes = [ax]
    if ax is None:
        rows = result.table.scenario.value_counts().max()
        _, axes = plt.subplots(1, len(scenarios), figsize=(10.5, 1.8 + 0.4 * min(rows, MOST)), layout="constrained")
    wording = {"one point": "One point better", "fix worst": "Worst answers become middling"}
    for where, scenario in zip(np.atleast_1d(axes), scenarios, strict=False):
        part = result.table[result.table.scenario == scenario].head(MOST)
        canvas(where)
        clear = [
            NEUTRAL if a <= 0 <= b else GOOD if e > 0 else BAD
            for a, b, e in zip(part.low, part.high, part.estimate, strict=True)
        ]
        names = [
            f"{labels.get(d, d)}\n({m:.0%} move, n = {n:,})"
            for d, m, n in zip(part.driver, part.moved, part.n, strict=True)
        ]
        forest(where, names, part.estimate, part.low, part.high, unit=result.unit, colour=clear)
        where.tick_params(axis="y", labelsize=8.5)
        where.axvline(0, color=MUTED, linewidth=1)
        where.set_ylim(-0.7, len(part) - 0.3)
        where.set_title(wording.get(scenario, scenario), loc="left", fontsize=10, color=INK)
        ticks(where.xaxis, result.unit)
    first = np.atleast_1d(axes)[0]
    if ax is None:
        first.figure.suptitle(
            f"Now {show(result.parts['now'], level_of(result.unit))}", fontsize=11, color=INK, x=0.01, ha="left"
        )
    return first


def driver_segments(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw the shrunken slope of each driver in each segment, with intervals; the common slope as a line."""
    table, labels, test = result.table, result.parts.get("labels", {}), result.parts["test"]
    by = table.columns[1]
    names, segments = list(test.driver), list(dict.fromkeys(table[by]))
    ax = canvas(ax, width=9, height=1.8 + 0.15 * len(names) * max(len(segments), 3))
    step = 0.8 / len(segments)
    for k, segment in enumerate(segments):
        part = table[table[by] == segment].set_index("driver").reindex(names)
        y = np.arange(len(names))[::-1] + 0.4 - step * (k + 0.5)
        colour = PALETTE[k % len(PALETTE)]
        ax.hlines(y, part.low, part.high, color=colour, linewidth=1.8, alpha=0.75)
        ax.scatter(part.estimate, y, color=colour, s=22, zorder=3, label=f"{segment} (n = {int(part.n.max()):,})")
    for yi, row in zip(np.arange(len(names))[::-1], test.itertuples(), strict=True):
        ax.vlines(row.slope, yi - 0.4, yi + 0.4, color=INK, linewidth=1)
    p = ["p < 0.001" if v < 0.001 else f"p = {v:.3f}" for v in test.p]
    ax.set_yticks(
        np.arange(len(names))[::-1], [f"{labels.get(d, d)}\n{said}" for d, said in zip(names, p, strict=True)]
    )
    ax.axvline(0, color=MUTED, linewidth=1)
    ax.set_xlabel(
        f"Outcome points per scale point, {result.level:.0%} intervals; line: common slope; p: equal in all",
        color=MUTED,
    )
    ax.legend(frameon=False, fontsize=8.5, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return ax
