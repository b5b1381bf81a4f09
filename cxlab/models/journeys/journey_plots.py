"""Variation between groups, regression to the mean, dose and response, sequences of scores."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from cxlab.columns import show
from cxlab.plots.style import BAD, GOOD, GRID, INK, MUTED, NEUTRAL, canvas, forest, titled
from cxlab.result import Result


def variation(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw the groups as they are seen, sorted, over the band that sampling alone would make of equal groups."""
    groups = result.parts["groups"].sort_values("estimate", ignore_index=True)
    ax = canvas(ax, width=8, height=4)
    x, mean = np.arange(len(groups)), result.parts["mean"]
    noise = 1.96 * groups["sampling"].to_numpy(float)
    ax.fill_between(x, mean - noise, mean + noise, color=GRID, label="sampling alone (95 %)", step="mid")
    ax.vlines(x, groups["estimate"] - noise, groups["estimate"] + noise, color=GOOD, linewidth=1.6, alpha=0.6)
    ax.scatter(x, groups["estimate"], color=GOOD, s=22, zorder=3, label=f"groups (n = {int(groups['n'].sum()):,})")
    ax.axhline(mean, color=MUTED, linewidth=1)
    row = result.table.set_index("component").loc["true standard deviation"]
    u = result.unit
    told = f"true standard deviation {show(row['estimate'], u)} [{show(row['low'], u)}, {show(row['high'], u)}]"
    ax.set_title(f"{result.title}: {told}", loc="left", fontsize=10, color=INK)
    ax.grid(axis="x", visible=False)
    ax.set_xticks([])
    ax.yaxis.set_major_formatter(lambda v, _: show(v, u))
    ax.legend(frameon=False, fontsize=9, loc="upper left")
    return ax


def regression_to_mean(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw where detractors and promoters end up by regression to the mean alone, along the retest correlation."""
    ax = canvas(ax, width=7.5, height=4)
    for group, colour in (("detractors", BAD), ("promoters", GOOD)):
        rows = result.table[result.table["group"] == group]
        if not len(rows):
            continue
        ax.plot(rows["retest"], rows["before"], color=colour, linewidth=1, linestyle=":")
        ax.plot(rows["retest"], rows["estimate"], color=colour, marker="o")
        for r in rows.itertuples():
            ax.annotate(show(r.estimate, "points"), (r.retest, r.estimate), xytext=(0, 7), textcoords="offset points",
                        ha="center", fontsize=9, color=INK)  # fmt: skip
        end = rows.iloc[-1]
        ax.annotate(f"{group} (n = {int(end['n']):,})", (end["retest"], end["estimate"]), xytext=(10, 0), va="center",
                    textcoords="offset points", color=colour, fontsize=9)  # fmt: skip
    ax.axhline(0, color=GRID, linewidth=1)
    ax.margins(x=0.25, y=0.12)
    return titled(ax, result, "correlation of two answers of one person (dotted: NPS at the first answer)")


def dose_response(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw the mean outcome along the dose, with the kink where there is evidence of one."""
    ax = canvas(ax, width=7.5, height=4)
    rows = result.table[result.table["at"].notna()]
    ax.vlines(rows["at"], rows["low"], rows["high"], color=GOOD, linewidth=2, alpha=0.7)
    ax.plot(rows["at"], rows["estimate"], color=GOOD, marker="o", linewidth=1)
    for r in rows.itertuples():
        ax.annotate(
            f"n = {r.n:,}",
            (r.at, r.low),
            xytext=(0, -11),
            textcoords="offset points",
            ha="center",
            fontsize=8,
            color=MUTED,
        )
    bend = result.parts["kink"]
    if bend["p"] < 0.05:
        ax.axvspan(bend["low"], bend["high"], color=GRID, zorder=0)
        ax.annotate(f"bends at {bend['at']:.3g}", (bend["at"], 1), xycoords=("data", "axes fraction"), xytext=(0, -10),
                    textcoords="offset points", ha="center", fontsize=9, color=MUTED)  # fmt: skip
    ax.set_xscale("log")
    ticks = rows["at"].round(1)
    ax.set_xticks(ticks, [f"{t:g}" for t in ticks])
    ax.set_xticks([], minor=True)
    ax.set_xlabel(
        f"{result.parts['dose']}{', ' + result.parts['unit'] if result.parts['unit'] else ''} (log scale)",
        color=INK,
        fontsize=9,
    )
    ax.margins(y=0.2)
    return titled(ax, result)


def sequence(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw what each model explains out of sample."""
    ax = canvas(ax, width=7.5, height=0.8 + 0.42 * len(result.table))
    t = result.table
    best = t["estimate"] >= t["estimate"].max() - 1e-12
    colours = [GOOD if b else NEUTRAL for b in best]
    forest(ax, t["model"], t["estimate"], t["low"], t["high"], n=t["n"], unit="share", colour=colours)
    ax.xaxis.set_major_formatter(lambda v, _: f"{v:.0%}")
    ax.set_title("Variance explained out of sample", loc="left", fontsize=10, color=INK)
    return ax


def consistency(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw the difference of each pair of channels: blue alike, orange different, grey not told apart."""
    t = result.table.head(20)
    ax = canvas(ax, width=8, height=0.45 * len(t) + 1.4)
    labels = [f"{a} against {b}" for a, b in zip(t["channel"], t["against"], strict=True)]
    colours = [{"alike": GOOD, "differ": BAD}.get(v, NEUTRAL) for v in t["verdict"]]
    forest(ax, labels, t["estimate"], t["low"], t["high"], unit=result.unit, colour=colours)
    ax.axvline(0, color=MUTED, linewidth=1)
    ax.set_title(f"{result.title} {result.parts['verdict']}", loc="left", fontsize=10, color=INK)
    return ax
