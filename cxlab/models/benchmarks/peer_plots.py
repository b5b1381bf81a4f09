"""Peers and benchmarks: map of peers, gap, which matching predicts."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from cxlab.columns import difference, show
from cxlab.plots.style import BAD, GOOD, GRID, INK, MUTED, NEUTRAL, canvas, forest, ticks
from cxlab.result import Result

NAMED, MANY = 14, 24


def peers(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw all units by their distance from one (or by rank of score, if nothing is matched); peers are named."""
    table, unit = result.parts["everybody"], result.unit
    ax = canvas(ax, width=8.0, height=4.4)
    ax.grid(axis="y", color=GRID, linewidth=0.8)
    x = table["distance"].to_numpy(float)
    if not np.nanmax(x) > 0:
        x = table["estimate"].rank(ascending=False).to_numpy()
        ax.set_xlabel("place by score (all other units are peers)", color=MUTED, fontsize=9)
    else:
        ax.set_xlabel("unlikeness in what is matched (Gower's distance)", color=MUTED, fontsize=9)
    colours = {"own": BAD, "peer": GOOD, "other": NEUTRAL}
    for role, size in (("other", 22), ("peer", 46), ("own", 80)):
        pick = (table["role"] == role).to_numpy()
        faint = 0.6 if role == "other" else 1
        half = 1.96 * table["se"][pick].astype(float)
        ax.vlines(
            x[pick], table["estimate"][pick] - half, table["estimate"][pick] + half, color=colours[role], alpha=0.4
        )
        ax.scatter(x[pick], table["estimate"][pick], color=colours[role], s=size, zorder=3, alpha=faint)
        if role == "own" or role == "peer" and pick.sum() <= NAMED:
            _names(ax, x, table, np.flatnonzero(pick))
    counts = table["role"].value_counts()
    said = f"{counts.get('peer', 0)} peers (blue), {counts.get('other', 0)} other units (grey)"
    ax.set_title(said, loc="left", fontsize=9, color=MUTED)
    ticks(ax.yaxis, unit)
    ax.margins(x=0.12, y=0.1)
    return ax


def _names(ax: Axes, x: np.ndarray, table: pd.DataFrame, rows: Iterable[int]) -> None:
    """Name points, alternately above and below so that near ones stay readable."""
    order = sorted(rows, key=lambda i: (x[i], table["estimate"][i]))
    for k, i in enumerate(order):
        up = k % 2 == 0
        ax.annotate(
            table["name"][i], (x[i], table["estimate"][i]), xytext=(5, 5 if up else -5), textcoords="offset points",
            va="bottom" if up else "top", fontsize=8, color=INK,
        )  # fmt: skip


def gap(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw the unit, its peers and their mean on one scale; the shaded band is the mean with its error."""
    unit, peers_ = result.unit, _telling(result.parts["peers"], result.table["estimate"].iloc[0])
    own, mean = result.table.iloc[0], result.table.iloc[1]
    names = [str(own["what"]), *peers_.iloc[:, 0].astype(str)]
    estimate = np.array([own["estimate"], *peers_["estimate"]])
    se = np.array([own["se"], *(peers_["se"] if "se" in peers_ else np.full(len(peers_), np.nan))])
    z = (own["high"] - own["estimate"]) / own["se"]
    ax = canvas(ax, width=8.0, height=max(2.0, 1.0 + 0.36 * len(names)))
    if "n" in peers_ and np.isfinite(peers_["n"].astype(float)).all():
        names = [names[0], *[f"{a}  (n = {int(k):,})" for a, k in zip(names[1:], peers_["n"], strict=True)]]
    colour = [BAD] + [GOOD] * len(peers_)
    forest(ax, names, estimate, estimate - z * se, estimate + z * se, unit=unit, colour=colour)
    ax.set_ylim(-0.6, len(names) - 0.4)
    if np.isfinite(mean["low"]):
        ax.axvspan(mean["low"], mean["high"], color=GOOD, alpha=0.12, linewidth=0)
    ax.axvline(mean["estimate"], color=GOOD, linewidth=1.2, linestyle=(0, (4, 2)))
    third, of = result.table.iloc[2], difference(unit)
    said = f"gap {show(third['estimate'], of)} [{show(third['low'], of)}, {show(third['high'], of)}]"
    left = len(result.parts["peers"]) - len(peers_)
    some = f" ({left} of {left + len(peers_)} peers not drawn)" if left else ""
    ax.set_title(f"dashed: mean of the peers; {said}{some}", loc="left", fontsize=9, color=MUTED)
    ticks(ax.xaxis, unit)
    return ax


def _telling(table: pd.DataFrame, own: float) -> pd.DataFrame:
    """All peers, best first; of many the best, the last and those nearest to the unit."""
    ordered = table.sort_values("estimate", ascending=False)
    if len(ordered) <= MANY:
        return ordered
    third = MANY // 3
    near = (ordered["estimate"] - own).abs().sort_values().index[:third]
    keep = ordered.index[:third].union(ordered.index[-third:]).union(near)
    return ordered[ordered.index.isin(keep)]


def matching(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw the error of prediction under each rule, as a ratio to that of all other units."""
    table = result.table.iloc[1:]
    ax = canvas(ax, height=2.6)
    names = [f"{r}  (peers: {p:.0f})" for r, p in zip(table["rule"], table["peers"], strict=True)]
    forest(ax, names, table["estimate"], table["low"], table["high"])
    ax.set_ylim(-0.6, len(table) - 0.4)
    ax.axvline(1, color=INK, linewidth=1)
    ax.axvline(1 - result.parts["claim"], color=MUTED, linewidth=1, linestyle=(0, (4, 2)))
    ax.set_xlabel(
        f"error relative to the mean of all others (n = {int(table['n'].iloc[0])} units); dashed: 5 % better",
        color=MUTED, fontsize=9,
    )  # fmt: skip
    return ax
