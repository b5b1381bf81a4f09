"""A verdict against its bars, and the specification curve behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from cxlab.columns import show
from cxlab.hypotheses.scoreboard_plots import TILES
from cxlab.plots.style import BAD, GOOD, GRID, INK, MUTED, NEUTRAL, canvas
from cxlab.result import Result


def verdict(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw each condition of a claim: estimate, interval, no effect, smallest effect, and the claim's number."""
    table = result.table
    rows = table[table["estimate"].notna()]
    if not len(rows):
        ax = canvas(ax, width=8, height=1.6)
        ax.set_axis_off()
        look = {"wrap": True, "color": INK, "fontsize": 10, "va": "center", "transform": ax.transAxes}
        ax.text(0, 0.5, result.parts["sentence"], **look)
        return ax
    if ax is None:
        size = (8, 0.7 + 1.25 * len(rows))
        figure, axes = plt.subplots(len(rows), 1, figsize=size, layout="constrained", squeeze=False)
        figure.suptitle(result.title, x=0.01, ha="left", color=INK, fontsize=11)
        panels = list(axes[:, 0])
    else:
        rows, panels = rows.iloc[:1], [ax]
    for panel, (_, r) in zip(panels, rows.iterrows(), strict=True):
        _condition(panel, r, result)
    return panels[0]


def _condition(ax: Axes, r: Mapping[str, Any], result: Result) -> None:
    canvas(ax)
    finding = r["finding"]
    colour = {"SUPPORTED": GOOD, "DIRECTION-ONLY": GOOD, "CONTRADICTED": BAD}.get(finding, NEUTRAL)
    ax.hlines(0, r["low"], r["high"], color=colour, linewidth=3, alpha=0.8)
    ax.scatter([r["estimate"]], [0], color=colour, s=50, zorder=3)
    value, low, high = (show(r[k], r["unit"]) for k in ("estimate", "low", "high"))
    said = f"{value} [{low}, {high}], n = {int(r['n']):,}"
    ax.annotate(said, (r["estimate"], 0), xytext=(0, 9), textcoords="offset points", ha="center", color=INK, fontsize=9)
    marks = [(r["bar"], "smallest effect that matters", INK, "--")] if np.isfinite(r["bar"]) else []
    null = result.parts.get("null", 0.0) if finding != "for the number" else None
    if null is not None and null == r["bar"]:
        marks = [(null, "the bar", INK, "--")]
    elif null is not None:
        marks.append((null, "no effect", MUTED, "-"))
        if result.parts.get("side") == "inside":
            marks.append((2 * null - r["bar"], "", INK, "--"))
    number = result.parts.get("claimed_value")
    if number is not None and (finding == "for the number" or not (result.table["finding"] == "for the number").any()):
        marks.append((number, "claimed", BAD, ":"))
    for value, name, ink, style in marks:
        ax.axvline(value, color=ink, linewidth=1.1, linestyle=style)
        left = name == "no effect"
        look = {"color": ink, "fontsize": 8, "va": "bottom", "ha": "right" if left else "left"}
        ax.annotate(name, (value, -1), xytext=(-3 if left else 3, 2), textcoords="offset points", **look)
    ax.set(ylim=(-1, 1.1), yticks=[])
    ax.margins(x=0.2)
    ax.xaxis.set_major_formatter(lambda v, _: show(v, r["unit"]))
    said = "" if finding == "for the number" else f" — {finding}"
    ax.set_title(f"{r['what']}{said}", loc="left", fontsize=9, color=INK)


def specifications(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw the specification curve: estimates sorted, and below which choices each one makes."""
    table = result.table[result.table["estimate"].notna()].reset_index(drop=True)
    choices = [
        (k, v)
        for k in ("weights", "scale", "exclude", "controls")
        if table[k].nunique() > 1
        for v in dict.fromkeys(table[k])
    ]
    if ax is None:
        height = 3.2 + 0.24 * len(choices)
        heights = [3, max(0.24 * len(choices), 0.1) * 1.4]
        figure, (ax, below) = plt.subplots(
            2, 1, figsize=(8, height), sharex=True, layout="constrained", height_ratios=heights
        )
        figure.suptitle(result.title, x=0.01, ha="left", color=INK, fontsize=11)
        _choices(below, table, choices)
    canvas(ax)
    x = np.arange(len(table))
    colours = [TILES.get(f, TILES["INCONCLUSIVE"])[0] if f != "INCONCLUSIVE" else NEUTRAL for f in table["finding"]]
    ax.vlines(x, table["low"], table["high"], color=colours, linewidth=2.2, alpha=0.8)
    own = (table["specification"] == result.parts["primary"]).to_numpy()
    edges = np.where(own, INK, "none")
    ax.scatter(x, table["estimate"], color=colours, s=np.where(own, 90, 26), edgecolor=edges, zorder=3)
    ax.axhline(result.parts["bar"], color=INK, linewidth=1, linestyle="--")
    ax.axhline(result.parts["null"], color=MUTED, linewidth=1)
    ax.grid(axis="x", visible=False)
    ax.grid(axis="y", color=GRID, linewidth=0.8)
    ax.yaxis.set_major_formatter(lambda v, _: show(v, result.unit))
    n = table["n"]
    told = f"n = {int(n.min()):,} to {int(n.max()):,}; ringed: the card's own; dashed: smallest effect that matters"
    ax.set_title(told, loc="left", fontsize=9, color=MUTED)
    ax.set_xticks([])
    return ax


def _choices(ax: Axes, table: pd.DataFrame, choices: Sequence[tuple[str, str]]) -> None:
    canvas(ax)
    ax.grid(visible=False)
    for row, (kind, value) in enumerate(choices):
        on = np.flatnonzero((table[kind] == value).to_numpy())
        ax.scatter(on, np.full(len(on), -row), marker="|", s=60, color=INK)
    names = {"none": {"exclude": "everybody", "controls": "no controls"}}
    said = [
        names.get(v, {}).get(k, f"without {v}" if k == "exclude" else f"holding {v}" if k == "controls" else v)
        for k, v in choices
    ]
    ax.set_yticks([-i for i in range(len(choices))], said, fontsize=8.5)
    ax.set_ylim(-len(choices) + 0.4, 0.6)
    ax.spines["bottom"].set_visible(False)
    if not choices:
        ax.set_axis_off()
