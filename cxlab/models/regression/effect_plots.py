"""Coefficients of a regression and paths of a mediation, with their intervals."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from cxlab.columns import show
from cxlab.plots.style import GRID, MUTED, PALETTE, canvas, forest, titled
from cxlab.result import Result


def regression(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw every coefficient but the intercept and the cuts, with zero marked; not estimable ones are named."""
    table = result.table
    cut = table["term"].str.contains(r"^-?[\d.]+\|-?[\d.]+$")
    table = table[~cut & (table["term"] != "Intercept")]
    shown = table[table["estimate"].notna()]
    longest = max((len(t) for t in shown["term"]), default=0)
    ax = canvas(ax, width=6.0 + 0.07 * min(longest, 60), height=1.2 + 0.34 * max(len(shown), 2))
    forest(ax, shown["term"], shown["estimate"], shown["low"], shown["high"])
    ax.axvline(0, color=MUTED, linewidth=1)
    ax.set_ylim(-0.6, len(shown) - 0.4)
    n = int(result.table["n"].iloc[0])
    return titled(ax, result, f"coefficient with {result.level:.0%} interval (n = {n:,})")


def mediation(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw the total, direct and indirect effect with their intervals."""
    table = result.table
    ax = canvas(ax, width=7.0, height=1.3 + 0.42 * len(table))
    colours = [PALETTE[0] if t in ("total", "direct") else PALETTE[1] for t in table["term"]]
    forest(ax, table["term"], table["estimate"], table["low"], table["high"], colour=colours)
    ax.axvline(0, color=MUTED, linewidth=1)
    ax.set_ylim(-0.6, len(table) - 0.4)
    n = int(np.max(table["n"]))
    return titled(ax, result, f"effect with {result.level:.0%} interval (n = {n:,})")


def bootstrap(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw the statistic of every group with its interval."""
    table = result.table
    groups = [c for c in table.columns if c not in ("estimate", "low", "high", "se", "n")]
    labels = table[groups].astype(str).agg(" · ".join, axis=1) if groups else ["all"]
    ax = canvas(ax, width=7.5, height=1.2 + 0.36 * max(len(table), 2))
    forest(ax, list(labels), table["estimate"], table["low"], table["high"], n=table["n"], unit=result.unit)
    ax.set_ylim(-0.6, len(table) - 0.4)
    return titled(ax, result, f"{result.level:.0%} interval")


def permutation(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw the differences that chance makes, and the one that was found."""
    row = result.table.iloc[0]
    ax = canvas(ax, width=7.0, height=3.0)
    ax.hist(result.parts["draws"], bins=50, color=GRID, edgecolor="white")
    ax.axvspan(row["low"], row["high"], color=PALETTE[5], alpha=0.15)
    ax.axvline(row["estimate"], color=PALETTE[1], linewidth=2)
    said = f"{row['groups']}: {show(row['estimate'], result.unit)}, p = {row['p']:.3g} (n = {int(row['n']):,})"
    right = row["estimate"] > sum(ax.get_xlim()) / 2
    at, side = {"xytext": (-5 if right else 5, 0), "textcoords": "offset points"}, "right" if right else "left"
    where = {"xy": (row["estimate"], 0.97), "xycoords": ("data", "axes fraction")}
    ax.annotate(said, **where, **at, color=PALETTE[1], ha=side, va="top", fontsize=9)
    ax.set_yticks([])
    return titled(ax, result, f"difference if the groups were alike ({result.level:.0%} of them shaded)")
