"""All metrics of a study in one picture, each on its own scale."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from cxlab.columns import show
from cxlab.plots import style
from cxlab.problem import DataProblem
from cxlab.result import Result


def scorecard(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw one row a metric: where on its whole scale it stands, with the interval, and the ends of the scale."""
    known = result.table["estimate"].notna().to_numpy()
    if not known.any():
        raise DataProblem("nothing to draw: no metric of this scorecard has enough answers to be shown")
    table = result.table[known][::-1].reset_index(drop=True)
    ax = style.canvas(ax, height=0.9 + 0.62 * len(table))
    ax.grid(visible=False)
    ax.spines["bottom"].set_visible(False)
    least, most = np.array(result.parts["ends"], float)[known][::-1].T
    at = lambda name: (table[name].to_numpy(float) - least) / (most - least)  # noqa: E731
    y = np.arange(len(table))
    ax.hlines(y, 0, 1, color=style.GRID, linewidth=9, zorder=1)
    ax.hlines(y, at("low"), at("high"), color=style.GOOD, linewidth=9, alpha=0.5, zorder=2)
    ax.scatter(at("estimate"), y, color=style.GOOD, marker="|", s=190, linewidths=2.6, zorder=3)
    for k, row in table.iterrows():
        where = (np.clip(at("estimate")[k], 0.05, 0.95), k)
        _beside(
            ax, show(row["estimate"], row["unit"]), where, (0, 9), ha="center", color=style.INK, size=11, weight="bold"
        )
        for end, side, x in ((least[k], "right", 0), (most[k], "left", 1)):
            shift = (-6 if x == 0 else 6, 0)
            _beside(ax, _end(end, row["unit"]), (x, k), shift, ha=side, va="center", color=style.MUTED, size=8)
    groups = table.columns[: list(table.columns).index("question")]
    names = [
        f"{', '.join(str(r[c]) for c in [*groups, 'question'])}\n{r['metric']}, n = {int(r['n']):,}"
        for _, r in table.iterrows()
    ]
    ax.set_yticks(y, names)
    ax.set_xticks([])
    ax.set_xlim(-0.08, 1.08)
    ax.set_ylim(-0.5, len(table) - 0.3)
    ax.tick_params(axis="y", pad=18)
    return ax


def _beside(ax: Axes, text: str, at: tuple[float, float], shift: tuple[float, float], **look: Any) -> None:
    ax.annotate(text, at, shift, textcoords="offset points", **look)


def _end(value: float, unit: str) -> str:
    """The end of a scale as people read it: 0 %, 100 %, −100, 5."""
    return style.tick(value, unit)
