"""Pictures of event logs: the journey in lanes, steps as a matrix, ends over time, handoffs, pain points, types."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from cxlab.columns import show
from cxlab.plots.style import BAD, GOOD, GRID, INK, MUTED, NEUTRAL, PALETTE, canvas, forest, ticks, titled
from cxlab.result import Result

TOUCHPOINTS = 12
"""Touchpoints in the picture of a journey: those that most cases come to, in their order."""
STEPS = 14
"""Events in the matrix of steps: those met most often."""


def journey(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw the touchpoints in order, stages as bands: how it felt, with its interval, over how many come and leave."""
    table, more = _largest(_first_group(result))
    x = np.arange(len(table))
    names = [f"{t}\n{o}" if o else str(t) for t, o in zip(table["touchpoint"], table.get("owner", [""] * len(table)), strict=True)]  # fmt: skip  # noqa: E501
    scored = "score" in table and table["score"].notna().any()
    if ax is None and scored:
        _, (top, low) = plt.subplots(
            2, 1, figsize=(max(7.5, 1.15 * len(table)), 5.6), sharex=True, height_ratios=[3, 2], layout="constrained"
        )
    else:
        top = low = canvas(ax, width=max(7.5, 1.15 * len(table)), height=3.6)
    for each in {id(top): top, id(low): low}.values():
        canvas(each)
        each.grid(axis="x", visible=False)
        _bands(each, table, named=each is top)
    if scored and top is not low:
        top.fill_between(x, table["score_low"], table["score_high"], color=GOOD, alpha=0.18, linewidth=0)
        top.plot(x, table["score"], color=GOOD, marker="o")
        for i, v in enumerate(table["score"]):
            if np.isfinite(v):
                top.annotate(
                    show(v, "mean"), (i, v), (0, 8), textcoords="offset points", ha="center", fontsize=9, color=INK
                )
        top.set_ylabel("score", color=MUTED, fontsize=9)
        top.margins(y=0.25)
    reach, left = table["reach"].to_numpy(float), (table["reach"] * table["exit"]).to_numpy(float)
    low.bar(x, reach - left, color=GOOD, alpha=0.75, width=0.6, label="come here and go on")
    low.bar(x, left, bottom=reach - left, color="white", edgecolor=GOOD, hatch="////", width=0.6, label="end here")
    for i, (v, n) in enumerate(zip(reach, table["n"], strict=True)):
        low.annotate(
            f"{v:.0%} (n = {int(n):,})", (i, v), (0, 4), textcoords="offset points", ha="center", fontsize=8, color=INK
        )
    low.set_xticks(x, names)
    low.set_ylim(0, 1.36)
    low.set_yticks([0, 0.25, 0.5, 0.75, 1])  # no share lies above
    ticks(low.yaxis, "share")
    low.set_ylabel("cases", color=MUTED, fontsize=9)
    low.legend(frameon=False, fontsize=8, loc="upper right", ncols=2)
    top.set_title(result.title + more, loc="left", fontsize=10, color=INK)
    return top


def _largest(table: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """The touchpoints that are drawn, and how many there are beside."""
    if len(table) <= TOUCHPOINTS:
        return table, ""
    kept = table["reach"].fillna(0).nlargest(TOUCHPOINTS).index
    return table.loc[sorted(kept)].reset_index(drop=True), f": {TOUCHPOINTS} of {len(table)} touchpoints"


def transitions(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw the steps as a matrix, from rows to columns, for the events met most often; a step back has a frame."""
    table = _first_group(result)
    often = table.groupby("from", sort=False)["n"].first().sort_values(ascending=False).index[:STEPS]
    end = result.parts["end"]
    order = [e for e in table["from"].drop_duplicates() if e in set(often)]
    columns = [*order, end]
    share = table.pivot_table(index="from", columns="to", values="estimate").reindex(index=order, columns=columns)
    ax = canvas(ax, width=max(6.0, 0.8 * len(columns) + 2.5), height=max(3.2, 0.5 * len(order) + 1.6))
    ax.imshow(np.nan_to_num(share.to_numpy(float)), cmap="Blues", vmin=0, vmax=1.25, aspect="auto")
    back = (
        table.pivot_table(index="from", columns="to", values="back")
        .reindex(index=order, columns=columns)
        .to_numpy(float)
    )
    for i, row in enumerate(share.to_numpy(float)):
        for j, v in enumerate(row):
            if np.isfinite(v) and v >= 0.005:
                ax.text(j, i, f"{v:.0%}", ha="center", va="center", fontsize=8.5, color=INK if v < 0.7 else "white")
            if np.isfinite(back[i, j]) and back[i, j] > 0.5 and v >= 0.005:
                ax.add_patch(plt.Rectangle((j - 0.46, i - 0.44), 0.92, 0.88, fill=False, edgecolor=BAD, linewidth=1.4))
    ax.set_xticks(range(len(columns)), columns, rotation=30, ha="right")
    ax.set_yticks(
        range(len(order)),
        [f"{e}  (n = {int(n):,})" for e, n in table.groupby("from", sort=False)["n"].first().reindex(order).items()],
    )
    ax.grid(visible=False)
    ax.set_title(f"{result.title}\nframed: mostly back to where the case had been", loc="left", fontsize=10, color=INK)
    return ax


def drop_off(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw the share of journeys in each state over time, with intervals."""
    table = _first_group(result).dropna(subset=["estimate"])
    ax, ends = canvas(ax, width=7.5, height=4), []
    for k, (state, rows) in enumerate(table.groupby("state", sort=False)):
        colour = NEUTRAL if state not in result.parts["states"] else PALETTE[k % len(PALETTE)]
        ax.errorbar(
            rows["at"], rows["estimate"], [rows["estimate"] - rows["low"], rows["high"] - rows["estimate"]],
            color=colour, marker="o", linewidth=1.4, capsize=3,
        )  # fmt: skip
        ends.append((float(rows["estimate"].iloc[-1]), str(state), colour))
    last, gap = float(table["at"].max()), 0.045 * float(table["high"].max())
    for (y, state, colour), at in zip(sorted(ends), _apart(sorted(e[0] for e in ends), gap), strict=True):
        ax.annotate(f"{state} {show(y, 'share')}", (last, at), (9, 0), textcoords="offset points", va="center",
                    fontsize=9, color=colour)  # fmt: skip
    ticks(ax.yaxis, "share")
    ax.grid(axis="y", color=GRID)
    ax.set_xlim(0, 1.3 * last)
    return titled(ax, result, f"days after the first event (n = {int(table['n'].iloc[0]):,})")


def _apart(values: list[float], gap: float) -> list[float]:
    """Heights of labels, from the lowest, at least ``gap`` apart."""
    out: list[float] = []
    for v in values:
        out.append(v if not out else max(v, out[-1] + gap))
    return out


def handoffs(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw the outcome by number of handoffs."""
    table = result.table
    ax = canvas(ax, width=7.5, height=0.5 * len(table) + 1.4)
    labels = [
        f"{s} handoff{'s' * (s != '1')}" + (f", {p:.0%} of cases" if p == p else "")
        for s, p in zip(table["switches"], table["share"], strict=True)
    ]
    forest(ax, labels, table["estimate"], table["low"], table["high"], n=table["n"], unit=result.unit)
    return titled(ax, result, "mean score" if result.parts["outcome"] else "median days")


def pain_points(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw the impact of each problem with its interval, its owner and its possible places."""
    table = result.table.head(15)
    ax = canvas(ax, width=8.5, height=0.5 * len(table) + 1.4)
    some = lambda r, c: str(r[c]) if c in r and r[c] else ""  # noqa: E731
    labels = []
    for r in table.to_dict("records"):
        what = " · ".join(x for x in (some(r, "touchpoint"), some(r, "problem"), some(r, "owner")) if x)
        place = f"{r['rank_low']}" if r["rank_low"] == r["rank_high"] else f"{r['rank_low']} to {r['rank_high']}"
        labels.append(f"{what}, place {place}")
    colour = [BAD if low > 0 else NEUTRAL for low in table["low"]]
    forest(ax, labels, table["estimate"], table["low"], table["high"], n=table["n"], unit="mean", colour=colour)
    ax.axvline(0, color=MUTED, linewidth=1)
    return titled(ax, result, "points that the mean score lies lower with it")


def journey_types(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw the share of each type with its most likely journey."""
    table = result.table
    ax = canvas(ax, width=9, height=0.7 * len(table) + 1.4)
    alike = table["typical"].duplicated(keep=False)  # types that begin alike differ in how long they go on
    long = [f", {n:.1f} events in the mean" if a else "" for a, n in zip(alike, table["length"], strict=True)]
    labels = [f"{t}: {way}{more}" for t, way, more in zip(table["type"], table["typical"], long, strict=True)]
    forest(ax, labels, table["estimate"], table["low"], table["high"], n=table["n"], unit="share")
    ax.set_xlim(0, 1.15)
    ticks(ax.xaxis, "share")
    return titled(ax, result)


def _first_group(result: Result) -> pd.DataFrame:
    """The rows of the first group, as a picture shows one."""
    by, table = result.parts.get("by") or [], result.table
    if not by:
        return table
    first = table.iloc[0]
    return table[(table[by] == first[by]).all(axis=1)].reset_index(drop=True)


def _bands(ax: Axes, table: pd.DataFrame, *, named: bool) -> None:
    """Shade every other stage and name it."""
    if "stage" not in table:
        return
    stage = table["stage"].fillna("").to_numpy(object)
    starts = [i for i in range(len(stage)) if i == 0 or stage[i] != stage[i - 1]]
    for k, start in enumerate(starts):
        stop = starts[k + 1] if k + 1 < len(starts) else len(stage)
        if k % 2 == 0:
            ax.axvspan(start - 0.5, stop - 0.5, color=GRID, alpha=0.45, linewidth=0)
        if named and stage[start]:
            ax.annotate(stage[start], ((start + stop - 1) / 2, 0.98), xycoords=("data", "axes fraction"), ha="center",
                        va="top", fontsize=8, color=MUTED)  # fmt: skip
