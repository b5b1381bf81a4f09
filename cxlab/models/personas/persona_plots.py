"""Pictures of kinds of customers: how many there are of each, and what sets them apart."""

from __future__ import annotations

from matplotlib.axes import Axes

from cxlab.plots.style import GRID, MUTED, PALETTE, canvas, titled
from cxlab.result import Result


def personas(result: Result, *, ax: Axes | None = None) -> Axes:
    """Draw the mean of each question by kind with its interval, 0 to 100; the names say how many are of each kind."""
    t, long = result.table, result.parts["described"]
    answers = long[long["kind"] == "answer"]
    questions = list(dict.fromkeys(answers["question"]))
    ax = canvas(ax, width=7.5, height=1.4 + 0.42 * len(questions))
    for k, row in enumerate(t.itertuples()):
        mine = answers[answers["persona"] == row.persona].set_index("question").loc[questions]
        y = [len(questions) - 1 - i + 0.12 * (len(t) / 2 - k) for i in range(len(questions))]
        ax.hlines(y, mine["low"], mine["high"], color=PALETTE[k], linewidth=2.4)
        ax.scatter(mine["estimate"], y, color=PALETTE[k], s=30, zorder=3,
                   label=f"{row.persona}: {row.estimate:.0%} ({row.low:.0%} to {row.high:.0%})")  # fmt: skip
    whole = answers.drop_duplicates("question").set_index("question").loc[questions]["all"]
    ax.scatter(whole, range(len(questions) - 1, -1, -1), marker="|", s=180, color=MUTED, zorder=2, label="all")
    for i in range(len(questions) - 1):
        ax.axhline(i + 0.5, color=GRID, linewidth=0.8)
    ax.set_yticks(range(len(questions) - 1, -1, -1), questions)
    ax.legend(frameon=False, fontsize=9, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return titled(ax, result, "mean answer, 0 worst to 100 best where there is a scale")
