"""How results of metrics read: labels of groups, titles, names of intervals and designs, what was not counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlab.data.study import Study
from cxlab.models.metrics import scan
from cxlab.models.metrics.scores import Score
from cxlab.stats.counts.names import key
from cxlab.stats.inference import proportions, trinomial
from cxlab.stats.inference.design_variance import effective_n

FEW = 9
"""Degrees of freedom below which an interval under a design is called rough."""
ONE_SIDED, RARE = 0.85, 20
"""From this share of one answer on, and with fewer of the others in effect, clusters leave intervals too narrow."""


NO_ANSWER = "(no answer)"
"""What the group of those is called who did not answer the question that makes the groups."""


def problems(counts: Mapping[str, int]) -> list[str]:
    """Return what was not counted, in words."""
    out = []
    for name, k in counts.items():
        kind, _, column = name.partition(":")
        if k and kind == "outside":
            out.append(f"{k:,} answers to '{column}' outside its scale do not count")
        elif k and kind == "between":
            out.append(f"{k:,} answers to '{column}' between the points of its scale do not count")
        elif k and kind == "cluster":
            out.append(f"{k:,} rows without '{column}' count as one cluster")
        elif k and kind == "weight":
            out.append(f"{k:,} rows whose weight is {column} do not count")
    return out


def labelled(study: Study, column: str, values: pd.Series) -> list:
    """Return group values as people read them: the codebook's label, else the value, '(no answer)' for null."""
    f = study.field(column)
    labels = {**f.labels, **(f.scale.labels if f.scale else {})}
    whole = lambda v: int(v) if isinstance(v, float) and v.is_integer() else v  # noqa: E731
    codes, distinct = pd.factorize(values)
    plain = [whole(v) for v in distinct.tolist()] if distinct.dtype.kind not in "iub" else distinct.tolist()
    read = [*([labels.get(str(v), v) for v in plain] if labels else plain), NO_ANSWER]
    return [read[k] for k in codes.tolist()]


def labelled_groups(study: Study, columns: Sequence[str], table: pd.DataFrame) -> pd.DataFrame:
    """Return the groups of a table of counts as a result shows them: values in words, columns as `scan.shown` says."""
    read = {s: labelled(study, c, table[key(c)]) for c, s in zip(columns, scan.shown(columns), strict=True)}
    return pd.DataFrame(read, index=table.index)


def titled(study: Study, score: Score, by: Sequence[str]) -> str:
    """Return the title of a metric by its groups, both in the words of the codebook."""
    return score.title + (f" by {study.codebook.label(*by)}" if by else "")


def worded(study: Study, score: Score, by: Sequence[str]) -> dict[str, str]:
    """Return what people read for the questions of a metric and the columns it is grouped by."""
    columns = [b for b in by if b in study.codebook]
    called = dict(zip(columns, scan.shown(columns), strict=True))
    return {**score.labels, **{called.get(name, name): study.codebook.label(name) for name in by}}


def interval_name(shape: str, interval: str) -> str:
    """Return what the interval is called."""
    names = {"net": trinomial.NAMES, "share": proportions.NAMES, "mean": {"t": "Student's t interval"}}
    return names[shape][interval]


def design_name(study: Study, simple: bool) -> str:
    """Return how the variance came about."""
    if simple:
        return "simple random sample"
    d = str(replace(study.design, wave=""))
    return f"Taylor linearisation ({d if d != 'simple random sample' else 'respondents as clusters'})"


def heavy(reach: NDArray) -> str:
    """Return the note on intervals that weights make wider than the standard error says."""
    return (
        f"weights so unequal that a standard error may be too small: intervals are up to {reach.max():.1f} times as "
        "wide as it says, so that they count no more than Kish's effective size"
    )


def lopsided(cells: pd.DataFrame, shape: str) -> NDArray:
    """Which groups are so one-sided, in clusters so alike, that fewer than 20 of the rarer answers count in effect.

    With 90 % of one answer and 12 to 80 clusters of 15 (correlation within .5) intervals at 95 % hold in 92 to 94 %;
    what the clusters leave of the sample is itself badly known there. Without clusters score intervals hold.
    """
    t, spread, n = (cells[c].to_numpy(float) for c in ("estimate", "spread", "n"))
    strong = spread + t * t
    most = np.fmax(t, 1 - t) if shape == "share" else np.fmax.reduce([(strong - t) / 2, 1 - strong, (strong + t) / 2])
    n_eff = effective_n(spread, cells["var"], cells["base"])
    alike = (cells["m"].to_numpy(float) < n) & (n_eff < 0.6 * n)
    return alike & (most >= ONE_SIDED) & (most < 1) & (n_eff * (1 - most) < RARE)


def caveats(cells: pd.DataFrame, score: Score, flat: NDArray, still: NDArray, simple: bool) -> list[str]:
    """Return what must be said of groups whose variance is none, rough or not estimable."""
    out = []
    some = lambda k: f"{int(k)} of {len(cells)} groups" if len(cells) > 1 else "the group"  # noqa: E731
    if flat.any() and score.shape == "mean":
        out.append(f"{some(flat.sum())}: all answers agree, so the standard error of 0 says nothing")
    if (flat.any() and not simple) and score.shape != "mean":
        out.append(f"{some(flat.sum())}: all answers agree; the interval takes the smaller of clusters and Kish's size")
    if still.any() and not simple:
        out.append(f"{some(still.sum())}: the clusters are alike by chance, so the variance is not estimable")
    alone = (cells["n"] > 0) & (cells["df"] < 1)
    if (not simple or score.shape == "mean") and alone.any():
        what = "one answer" if simple else "one cluster a stratum"
        out.append(f"{some(alone.sum())}: {what}, so the variance is not estimable")
    few = (cells["df"] >= 1) & (cells["df"] < FEW)
    if not simple and few.any():
        uneven = ", less for their unequal size" if (cells["df"][few] % 1 > 0).any() else ""
        out.append(
            f"{some(few.sum())}: fewer than {FEW} degrees of freedom (clusters minus strata{uneven}), so the interval "
            "is rough"
        )
    if not simple and score.shape != "mean" and (told := lopsided(cells, score.shape)).any():
        out.append(
            f"{some(told.sum())}: nearly all answers are alike, and those of a cluster more so: of such intervals at "
            "95 % about 93 % hold the truth"
        )
    if cells["lonely"].any():
        out.append("strata with a single cluster are centred at the overall mean (conservative)")
    return out
