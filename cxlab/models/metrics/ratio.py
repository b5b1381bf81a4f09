"""The overall satisfaction ratio of a feedback vendor, in the two versions it published."""

from __future__ import annotations

from collections.abc import Sequence

import narwhals as nw
import numpy as np
import pandas as pd

from cxlab.data import small_cells
from cxlab.data.arguments import public
from cxlab.data.codebook import Field
from cxlab.data.sample import check_weights, weight_notes
from cxlab.data.study import Study
from cxlab.models.metrics import estimates as metrics
from cxlab.models.metrics import result_words, scores
from cxlab.problem import DataProblem, one_of
from cxlab.result import Result
from cxlab.stats.counts import totals
from cxlab.stats.counts.drawn import silent
from cxlab.stats.counts.names import keys

STRONG = 0.8
ANOTHER_SCALE = "respondents without a comment are on another scale than those with one"
VERSIONS = {
    "A": "version A (older help page): mean of all items and of text with sentiment stronger than 80 %, "
    "0 to 10 read as answer / 11",
    "B": "version B (newer help page): half the mean of the items, half the mean sentiment of the text, "
    "0 to 10 read as answer / 10",
}


@public
def satisfaction_ratio(
    study: Study,
    of: str | Sequence[str] | None = None,
    *,
    sentiment: str | Sequence[str] = (),
    version: str = "B",
    by: metrics.By = None,
    level: float = 0.95,
    draws: int = 2000,
    seed: int = 0,
) -> Result:
    """Return the mean over respondents of the overall satisfaction ratio, with a bootstrap interval.

    The vendor (Feedier; help articles 44001144424 and 2249490570) published two formulas that disagree. Both are given
    as published, for comparison with metrics that rest on evidence; no validation of either was found.

    Parameters
    ----------
    of : rating questions; default: all outcomes of recommendation and satisfaction.
    sentiment : column(s) with the sentiment of each comment, from 0 (negative) to 1 (positive), or on the scale that
        the codebook gives.
    version : 'A': a respondent's ratio is the mean of all ratings, an answer r of 0 to 10 counting r / 11 (so a 10 is
        91 %, never 100: a defect of the published example, 7 -> 64 %), k of 5 smileys k * 20 %, and of comments with
        a sentiment above 80 % or below 20 %. 'B': half the mean rating (r / 10) and half the mean sentiment; who gave
        no comment has the mean rating alone.
    draws, seed : of the bootstrap, which draws respondents (clusters, if the study has them) anew.
    by : segment column(s) that form groups; null is a group of its own.
    level : confidence of the intervals, between 0 and 1.

    Returns
    -------
    Result in shares, one row a group: ``*by, item, estimate, low, high, se, n``. The bootstrap needs each respondent's
    ratio, so the distinct ratios with their counts, not the rows, are brought into memory.

    Raises
    ------
    DataProblem : no rating question is declared or the column is not there, a scale is missing, nobody answered,
        or a weight is negative.

    Examples
    --------
    >>> import cxlab as cx
    >>> cx.metrics.satisfaction_ratio(cx.load("brand-tracker"), version="A", draws=50).unit
    'share'
    """
    one_of("version", version, VERSIONS)
    metrics.check_level(level)
    groups, texts = metrics.listed(by), metrics.listed(sentiment)
    for name in groups:
        study.field(name)
    columns = _rated(study, metrics.listed(of), texts)
    _moods(study, texts)
    each = _respondent(study, columns, texts, version)
    check_weights(study)
    d = study.design
    where = {"weight": d.weight, "cluster": d.cluster, "strata": d.strata}
    frame = totals.totals(study.frame, each, groups, **where)
    if not len(frame):
        raise DataProblem(f"{study.name} has no answer to {', '.join(columns)}; the satisfaction ratio needs some")
    parts = _parts(frame, keys(groups))
    rows = [_row(key, part, keys(groups), level, draws, seed, study.drawn) for key, part in parts]
    table = pd.DataFrame(rows)
    called = result_words.labelled_groups(study, groups, table)
    told = small_cells.withheld(study, {"": [nw.col(columns[0])]}, groups, table.assign(item=""), metrics.SMALL)
    table = pd.concat([called, table.drop(columns=keys(groups))], axis=1)
    table, hidden = metrics.suppressed(table, metrics.SMALL, list(called), also=told)
    notes = [
        *study.caveats,
        *weight_notes(study),
        *hidden,
        "two published formulas disagree; no validation of either was found",
    ]
    notes.append(ANOTHER_SCALE if texts else "no sentiment given: the ratio rests on ratings alone")
    return Result(
        kind="metric",
        title="Overall satisfaction ratio" + (f" by {study.codebook.label(*groups)}" if groups else ""),
        table=table,
        unit="share",
        level=level,
        method=f"{VERSIONS[version]}; percentile bootstrap of {'clusters' if d.cluster else 'respondents'}, {draws:,} "
        f"draws, seed {seed}",
        notes=tuple(notes),
        parts={
            "metric": "ratio",
            "over": "item",
            "by": list(called),
            "version": version,
            "labels": {s: study.codebook.label(g) for s, g in zip(called, groups, strict=True)},
        },
    )


def _rated(study: Study, of: list[str], texts: list[str]) -> list[str]:
    """The rating questions: those named, or all outcomes of recommendation and satisfaction; each needs a scale."""
    columns = of or [*study.codebook.measure("recommendation"), *study.codebook.measure("satisfaction")]
    if not columns:
        raise DataProblem(
            f"the satisfaction ratio needs rating questions; {study.name} has no outcome with measure 'recommendation' "
            "or 'satisfaction'. Name the columns with of="
        )
    scores.average(study, [*columns, *texts], [])
    for name in columns:
        if study.field(name).scale is None:
            raise DataProblem(f"the satisfaction ratio needs the scale of '{name}' of {study.name}; declare it")
    return columns


def _moods(study: Study, texts: list[str]) -> None:
    """Refuse sentiment outside 0 to 1 that has no declared scale."""
    for name in (n for n in texts if study.field(n).scale is None):
        x = scores.number(study.field(name))
        found = study.frame.select(x.min().alias("low"), x.max().alias("high")).collect().to_pandas().iloc[0]
        if found["low"] < 0 or found["high"] > 1:
            raise DataProblem(
                f"sentiment '{name}' of {study.name} runs from {found['low']:g} to {found['high']:g} and has no "
                "declared scale; without one a sentiment lies between 0 (negative) and 1 (positive): declare it, e.g. "
                'scale="-1-1"'
            )


def percent(f: Field, version: str) -> nw.Expr:
    """Return an answer as a share: r / 11 or r / 10 of 0 to 10, k / 5 of five smileys; reverse scales turned round."""
    s = f.scale
    x = scores.number(f)
    x = x if s.best == "high" else s.maximum + s.minimum - x
    return x / (s.maximum + 1 if version == "A" and s.minimum == 0 else s.maximum)


def _respondent(study: Study, columns: list[str], texts: list[str], version: str) -> nw.Expr:
    """The ratio of one respondent; null without any answer."""
    items = [percent(study.field(n), version) for n in columns]
    said = [_sentiment(study.field(n), version) for n in texts]
    if version == "A" or not said:
        return _mean([*items, *said])
    quantitative, text = _mean(items), _mean(said)
    both = (quantitative + text) / 2
    return nw.when(~both.is_null()).then(both).otherwise(nw.when(~text.is_null()).then(text).otherwise(quantitative))


def _sentiment(f: Field, version: str) -> nw.Expr:
    low, high = (f.scale.minimum, f.scale.maximum) if f.scale else (0, 1)
    x = (scores.number(f) - low) / (high - low)
    return nw.when((x > STRONG) | (x < 1 - STRONG)).then(x) if version == "A" else x


def _mean(parts: list[nw.Expr]) -> nw.Expr:
    return nw.mean_horizontal(*parts) if len(parts) > 1 else parts[0]


def _parts(frame: pd.DataFrame, groups: list[str]) -> list:
    return list(frame.groupby(groups, sort=False, dropna=False)) if groups else [((), frame)]


def _row(
    key: tuple, part: pd.DataFrame, groups: list[str], level: float, draws: int, seed: int, drawn: pd.DataFrame | None
) -> dict:
    a, b, k = (part[c].to_numpy(float) for c in ("a", "b", "k"))
    t = float((a * k).sum() / (b * k).sum())
    empty, missing = silent(drawn, part["stratum"], k)  # clusters that were drawn, without an answer
    stratum, none = np.array([*part["stratum"], *empty], object), np.zeros(len(empty))
    each = (np.append(x, none) for x in (a, b))
    r = totals.replicates(*each, np.append(k, missing).astype(int), stratum, draws=draws, seed=seed)
    low, high = np.quantile(r, [(1 - level) / 2, (1 + level) / 2]) if k.sum() > 1 else (np.nan, np.nan)
    se = float(r.std(ddof=1)) if k.sum() > 1 else np.nan
    return {**dict(zip(groups, key, strict=True)), "item": "ratio", "estimate": t, "low": low, "high": high, "se": se,
            "n": int(part["n"].sum())}  # fmt: skip
