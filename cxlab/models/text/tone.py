"""`tone`: which groups sound more pleased, by a head that was trained on other texts; an order, never a share."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlab.columns import Column
from cxlab.data.arguments import public
from cxlab.data.small_cells import SMALL
from cxlab.data.study import Study, key
from cxlab.models.metrics import estimates as metrics
from cxlab.models.text import embedded
from cxlab.models.text.coded import engine_for
from cxlab.models.text.written import written
from cxlab.problem import DataProblem
from cxlab.result import Result
from cxlab.stats.counts.names import shown
from cxlab.stats.inference.design_variance import t_value
from cxlab.stats.inference.influences import covariance

UNKNOWN = (
    "an order, no share: how far the head errs on these comments is unknown. For shares label some "
    "(cx.text.label_sample) and use cx.code"
)
SEEN = {"tweets on airlines": 0.93, "patients in England": 0.82, "buyers in Brazil": 0.88}
"""How often the head puts a pleased comment above a displeased one, on public comments that people judged
(``benchmarks/text.md``; buyers by their stars)."""

FAR = (
    "on comments that people judged it puts a pleased one above a displeased one in "
    + ", ".join(f"{v:.0%} ({k})" for k, v in SEEN.items())
    + "; into negative, neutral and positive it sorts them no better than a list of words may: .56 and .49 macro-F1 on "
    "the first two, VADER .46 and .48"
)
COLUMNS = (Column("rank", "rank", "", "Rank"), Column("n", "count", "", "Comments"))


@cache
def _head() -> tuple[NDArray, float]:
    told = json.loads((Path(__file__).parent / "head.json").read_text(encoding="utf-8"))
    return np.array(told["weights"]), float(told["intercept"])


def pleased(texts: Sequence[str], embed: embedded.Embedder) -> NDArray:
    """Return how pleased each text sounds, about -4 to 4: a linear head on its embedding."""
    weights, constant = _head()
    return np.asarray(embed(texts), float) @ weights + constant


@public
def tone(study: Study, by: str, *, column: str | None = None, level: float = 0.95) -> Result:
    """Return the groups in the order of how pleased their comments sound, without any label of one's own.

    A head of 512 numbers on multilingual embeddings, trained on 7,908 English texts that twenty people each had judged
    (VADER's ground truth, MIT). How far it errs on other comments is unknown, so no share is given, only an order.

    Parameters
    ----------
    by : column of the groups.
    column : of comments; that with role 'text' in which most is written if not given.
    level : confidence of the intervals, between 0 and 1.

    Returns
    -------
    Result, a row a group with ten comments or more: ``estimate`` (mean of the head, about -4 to 4) with ``low, high``,
    ``rank``, ``n``.

    Raises
    ------
    DataProblem : the extra 'text' is not installed, it does not know the language, or no group has ten comments.

    Examples
    --------
    >>> import cxlab as cx
    >>> try:
    ...     found = cx.text.tone(cx.simulations.simulate_comments(60, seed=1), "machine").table["rank"].tolist()
    ... except cx.DataProblem:  # without the extra
    ...     found = [1, 2]
    >>> found
    [1, 2]
    """
    metrics.check_level(level)
    group = study.field(by).name
    said = written(study, column, "tone", [group])
    rows = np.flatnonzero(said.wrote & pd.notna(pd.Series(said.sample.other[group], dtype=object)).to_numpy())
    texts = [said.texts[i] for i in rows]
    embed, _ = engine_for("use", texts, said.column, study)
    assert embed is not None  # 'use' is asked for
    score = pleased(texts, embed)
    values = pd.Series(said.sample.other[group], dtype=object).iloc[rows].to_numpy()
    made = []
    for value in pd.unique(values):
        of = values == value
        if of.sum() < SMALL:
            continue
        w = said.sample.w[rows][of]
        mean = float(np.average(score[of], weights=w))
        cut = lambda a, of=of: None if a is None else a[rows][of]  # noqa: E731
        v, df = covariance(
            (w / w.sum() * (score[of] - mean))[:, None],
            np.ones(len(w)),
            cut(said.sample.cluster),
            cut(said.sample.strata),
        )
        half = float(t_value(level, df)) * float(np.sqrt(v[0, 0]))
        word = study.field(group).labels.get(key(value), value)
        made.append({"group": word, "estimate": mean, "low": mean - half, "high": mean + half, "n": int(of.sum())})
    if not made:
        raise DataProblem(f"no {by} of {study.name} has {SMALL} comments; use a coarser by")
    embed.keep()
    table = pd.DataFrame(made).sort_values("estimate", ascending=False, ignore_index=True)
    table["rank"] = np.arange(1, len(table) + 1)
    called = shown([by], list(table))[0]
    few = len(pd.unique(values)) - len(made)
    notes = [*study.caveats, *said.notes, UNKNOWN, FAR] + (
        [f"{few} groups of fewer than {SMALL} comments are not shown"] * bool(few)
    )
    return Result(
        "tone", "Who sounds more pleased", table.rename(columns={"group": called}), "", level,
        f"{embedded.title('use')} with a head trained on VADER's ground truth", tuple(notes), {"by": called}, COLUMNS,
        better="up",
    )  # fmt: skip
