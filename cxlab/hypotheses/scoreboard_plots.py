"""The scoreboard of claims as heat tiles, and the calibration of the verdicts."""

from __future__ import annotations

import textwrap

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

from cxlab.plots.style import BAD, GOOD, GRID, INK, MUTED, PALETTE, canvas
from cxlab.result import Result

TILES = {
    "SUPPORTED": (GOOD, "white", "✓", "supported"),
    "DIRECTION-ONLY": (PALETTE[5], INK, "↗", "direction only"),
    "INCONCLUSIVE": ("#e9edf0", MUTED, "?", "inconclusive"),
    "TRIVIAL": ("#aab4bd", INK, "≈", "trivial: too small to matter"),
    "CONTRADICTED": (BAD, "white", "✕", "contradicted"),
    "NOT-IDENTIFIED": ("white", MUTED, "", "not identified (sign: the association; – nothing estimable)"),
}
"""Each verdict's fill, ink, sign and name; told apart by sign and lightness as well as by colour."""


def scoreboard(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw a row a claim and a column a study; what a study cannot answer stays a dot."""
    studies, cards = result.parts["studies"], result.parts["cards"]
    if ax is None:
        _, ax = plt.subplots(figsize=(5.2 + 0.52 * len(studies), 2.6 + 0.30 * len(cards)), layout="constrained")
    cells = {(r["card"], r["study"]): r for r in result.table.to_dict("records")}
    for i, c in enumerate(cards):
        for j, s in enumerate(studies):
            _tile(ax, j, i, cells[c["id"], s])
    ax.set(xlim=(-0.6, len(studies) - 0.4), ylim=(len(cards) - 0.4, -0.6))
    named = [f"{c['id'][3:]}  {c['title']}{' ‡' if c['standing'] else ''}" for c in cards]
    ax.set_yticks(range(len(cards)), named, fontsize=9)
    n = result.table.groupby("study")["n"].max()
    simulated = result.parts["simulated"]
    marked = [f"{s}{' (simulated)' if s in simulated else ''}, n = {n[s]:,}" for s in studies]
    ax.set_title(textwrap.fill(result.title, 60), loc="left", color=INK, fontsize=11, pad=10)
    ax.set_xticks(range(len(studies)), marked, rotation=45, ha="left", rotation_mode="anchor", fontsize=9)
    ax.xaxis.tick_top()
    ax.tick_params(length=0, colors=INK)
    ax.spines[:].set_visible(False)
    _legend(ax, uncalibrated=any(c["standing"] for c in cards))
    return ax


def _tile(ax: Axes, x: int, y: int, cell: dict) -> None:
    verdict = cell["direction"]
    if verdict not in TILES:
        ax.plot(x, y, ".", color=GRID, markersize=4)
        return
    fill, ink, sign, _ = TILES[verdict]
    edge = MUTED if verdict == "NOT-IDENTIFIED" else fill
    look = {"boxstyle": "round,pad=0.04,rounding_size=0.12", "facecolor": fill, "edgecolor": edge, "linewidth": 1.0}
    ax.add_patch(FancyBboxPatch((x - 0.36, y - 0.36), 0.72, 0.72, **look))
    colour = ink
    if verdict == "NOT-IDENTIFIED":
        sign = TILES[cell["association"]][2] or "–"
        colour = {"SUPPORTED": GOOD, "DIRECTION-ONLY": GOOD, "CONTRADICTED": BAD}.get(cell["association"], MUTED)
    ax.text(x, y + 0.02, sign, ha="center", va="center", color=colour, fontsize=10, fontweight="bold")
    if cell["number"] == "NUMBER-OUT":
        ax.text(x + 0.24, y - 0.16, "#", ha="center", va="center", color=colour, fontsize=6.5, fontweight="bold")


def _legend(ax: Axes, *, uncalibrated: bool) -> None:
    """A legend of real tiles below the board."""
    handles, labels = [], []
    for verdict, (fill, _, sign, name) in TILES.items():
        edge = MUTED if verdict == "NOT-IDENTIFIED" else fill
        handles.append(ax.scatter([], [], marker="s", s=90, facecolor=fill, edgecolor=edge))
        labels.append(f"{sign}  {name}" if sign else f"    {name}")
    handles += [ax.scatter([], [], marker=".", s=20, color=MUTED), ax.scatter([], [], marker="none")]
    labels += ["the study lacks what the claim needs", "#  the claim's number is outside the interval"]
    if uncalibrated:
        handles.append(ax.scatter([], [], marker="none"))
        labels.append("‡  not calibrated: how often the verdict is false is not measured")
    place = {"loc": "upper center", "bbox_to_anchor": (0.35, -0.01), "ncols": 2}
    ax.legend(handles, labels, frameon=False, fontsize=9, labelcolor=INK, **place)


def calibration(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw, for each card, the worst rate of false SUPPORTED beside the naive analysis's rate of a false yes."""
    false = result.table[result.table["false"] == "SUPPORTED"]
    worst = false.groupby("card", sort=True)[["supported", "naive", "limit"]].max()
    under = false[false["scenario"].isin(["null", "threat"])].groupby("card", sort=True)["naive"].max()
    claimed = result.table[result.table["scenario"] == "claimed"]
    power = claimed.groupby("card")["supported"].max().reindex(worst.index)
    ax = canvas(ax, width=8.0, height=1.4 + 0.26 * len(worst))
    y = np.arange(len(worst))[::-1]
    reps = result.parts["reps"]
    half = 1.96 * np.sqrt(np.fmax(worst["supported"] * (1 - worst["supported"]), 0.25 / reps) / reps)
    ax.hlines(y, np.fmax(worst["supported"] - half, 0), worst["supported"] + half, color=GOOD, linewidth=2)
    ax.scatter(worst["supported"], y, color=GOOD, s=30, zorder=3, label="cxlab: false SUPPORTED (worst case)")
    ax.scatter(under.reindex(worst.index), y, color=BAD, marker="D", s=26, zorder=3, label="naive analysis: false yes")
    true = "cxlab: SUPPORTED when the claim is true"
    ax.scatter(power, y, facecolor="none", edgecolor=MUTED, s=34, zorder=2, label=true)
    ax.axvline(float(worst["limit"].min()), color=INK, linewidth=0.8, linestyle=":")
    ax.set_yticks(y, [f"{c}  ({reps} studies)" for c in worst.index], fontsize=8.5)
    ax.set(xlim=(-0.02, 1.02), ylim=(-0.7, len(worst) - 0.3))
    ax.xaxis.set_major_formatter(lambda v, _: f"{v:.0%}")
    ax.set_title("Share of simulated studies", loc="left", color=INK, fontsize=10)
    below = -0.35 / (1.4 + 0.26 * len(worst)) * 2.2
    ax.legend(loc="upper center", bbox_to_anchor=(0.45, below), ncols=3, frameon=False, fontsize=8.5)
    return ax
