"""`running`: the estimate so far, with a band that stays valid however often one looks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlab.columns import Column
from cxlab.data import small_cells
from cxlab.data.arguments import public
from cxlab.data.small_cells import SMALL
from cxlab.data.study import Study
from cxlab.models.metrics import estimates as metrics
from cxlab.models.metrics import registry, result_words, scan
from cxlab.models.metrics.scores import Score
from cxlab.models.monitoring import standstill, time_series
from cxlab.models.monitoring.time_series import Periods
from cxlab.problem import DataProblem
from cxlab.result import Result
from cxlab.stats.counts.names import key
from cxlab.stats.inference import design_variance
from cxlab.stats.monitoring import level_changes, running_bands


@public
def running(
    study: Study,
    metric: str,
    *,
    by: metrics.By = None,
    wave: str = "",
    every: str = "",
    best_at: int = 1000,
    level: float = 0.95,
    **question: Any,
) -> Result:
    """Return a metric of all answers so far, period by period, with a band that holds at all looks at once.

    A 95 % interval looked at daily for a year misses the truth at some time in about half of all cases; this one in at
    most 5 %, so that one may look at any time and stop when one likes. The price is a width of 1.5 to 1.8 times. It is
    about one truth: where the level changed it follows late (`cxlab.changes`, `cxlab.monitor`).

    Parameters
    ----------
    metric : 'nps', 'csat', 'ces', 'mean' or 'share'; ``question`` takes what that metric takes.
    by : column(s) whose groups are a series each; the band is for each series.
    wave, every : as in `cxlab.changes`.
    best_at : number of answers at which the band is to be narrowest; it must be chosen before looking.
    level : confidence of the intervals, between 0 and 1.

    Returns
    -------
    Result, one row a series and period: group columns, ``period``, ``n`` (answers so far), ``n_eff``, ``estimate``,
    ``low, high``. Where periods differ by more than sampling (Cochran's Q, p < .01), their variation with an
    autocorrelation up to .5 makes the band wider, and that is said. Shares without a design have exact bands
    (beta-binomial mixture), all others asymptotic ones from 30 effective answers on.

    Raises
    ------
    DataProblem : a column or metric is not there, or ``best_at`` is too small.

    References
    ----------
    Waudby-Smith, I., Arbour, D., Sinha, R., Kennedy, E. H. & Ramdas, A. (2024). Time-uniform central limit theory and
        asymptotic confidence sequences. Annals of Statistics 52, 2613-2640. doi:10.1214/24-AOS2408
    Howard, S. R., Ramdas, A., McAuliffe, J. & Sekhon, J. (2021). Time-uniform, nonparametric, nonasymptotic confidence
        sequences. Annals of Statistics 49, 1055-1080. doi:10.1214/20-AOS1991

    Examples
    --------
    >>> import cxlab as cx
    >>> found = cx.running(cx.load("brand-tracker"), "nps", wave="wave").table
    >>> [round(float(x), 1) for x in found[["estimate", "low", "high"]].iloc[-1]]
    [26.5, 22.3, 30.7]
    """
    metrics.check_level(level)
    if best_at < running_bands.LEAST:
        raise DataProblem(f"best_at is {best_at}; the band needs {running_bands.LEAST} answers, give as many or more")
    groups = metrics.listed(by)
    score = registry.score(study, metric, question.pop("of", None), [], **question)
    p = time_series.read(study, score, groups, time_series.time_column(study, wave, score), every)
    n, kish, t, spread = p.so_far()
    simple = not (study.design.weight or study.design.cluster or study.design.strata)
    size = kish if simple else kish / _design_effect(study, score, groups, p)[:, None]
    wider = np.array([_restless(p, k) for k in range(len(p.labels))])
    size = size / wider[:, None]
    seen = (size > 0) & (np.isfinite(p.y) | (p.n == 0)) & (n >= SMALL) & _joined(p)
    if score.shape == "share" and simple and (wider == 1).all():
        ends = [running_bands.bernoulli(a * b, b, best_at=best_at, level=level) if b > 0 else (np.nan, np.nan)
                for a, b in zip(t.ravel(), n.ravel(), strict=True)]  # fmt: skip
        low, high = (np.array(e).reshape(n.shape) for e in zip(*ends, strict=True))
        said = "exact band of a share (beta-binomial mixture)"
    else:
        with np.errstate(invalid="ignore"):
            half = running_bands.half_width(np.sqrt(spread), size, best_at=best_at, level=level)
            half = np.where(spread > standstill.ROUNDING * np.fmax(1, t * t), half, np.nan)
        low, high = (np.clip(t + s * half, *score.limits) for s in (-1, 1))
        said = "asymptotic confidence sequence"
    alike = bool((seen & (n > 0) & ~np.isfinite(low)).any())
    blank = lambda x: np.where(seen, x, np.nan).ravel()  # noqa: E731
    table = p.labels.loc[p.labels.index.repeat(len(p.names))].reset_index(drop=True)
    told = small_cells.sizes(pd.Series(n.ravel().astype(int)), (~seen & (n > 0)).ravel(), SMALL)
    table = table.assign(
        period=p.names * len(p.labels), n=told.to_numpy(), n_eff=blank(size), estimate=blank(t), low=blank(low),
        high=blank(high),
    )  # fmt: skip
    return Result(
        kind="running",
        title=f"{result_words.titled(study, score, groups)} so far, by {p.every}",
        table=table,
        unit=score.unit,
        level=level,
        method=f"{score.method}; {said}, narrowest at {best_at:,} answers; "
        f"{result_words.design_name(study, simple)}",
        notes=(*p.notes, f"the band of {level:.0%} holds at all looks together, for one truth that does not change",
               *_said(wider, p, alike)),
        parts={"metric": score.metric, "by": list(p.labels), "every": p.every, "a_day": _a_day(p, n),
               "labels": result_words.worded(study, score, groups)},
        columns=(Column("period", "label", "", "Period"),),
        better=score.better,
    )  # fmt: skip


def _a_day(p: Periods, n: NDArray) -> float:
    """Answers a calendar day, of all series together; nan where periods are waves without dates."""
    days = len(p.names) * time_series.DAYS.get(p.every, np.nan)
    return float(n[:, -1].sum() / days)


def _joined(p: Periods) -> NDArray[np.bool_]:
    """Return where all so far tells no hidden period: since the last shown, none or several of enough answers came."""
    hide, out = ~np.isfinite(p.y) & (p.n > 0), np.ones(p.y.shape, bool)
    for k in range(len(hide)):
        cells, answers = 0, 0.0
        for t in range(hide.shape[1]):
            cells, answers = cells + hide[k, t], answers + p.n[k, t] * hide[k, t]
            out[k, t] = not cells or (cells > 1 and answers >= SMALL)
            if out[k, t] and not hide[k, t]:
                cells, answers = 0, 0.0
    return out


def _restless(p: Periods, k: int) -> float:
    there = np.isfinite(p.y[k]) & np.isfinite(p.v[k]) & (p.v[k] > 0)
    return level_changes.restless(p.y[k, there], p.v[k, there])


def _said(wider: NDArray, p: Periods, alike: bool) -> list[str]:
    out = []
    if alike:
        out.append("as long as all answers count the same, how wide the band is cannot be known: it is not drawn")
    if (wider > 1).any():
        out.append(
            f"{p.every}s differ by more than sampling: the band counts a variation about one level (variance times "
            f"{wider.max():.1f}{' at most' if len(wider) > 1 else ''}); if the level changed, it follows late"
        )
    return out


def _design_effect(study: Study, score: Score, by: list[str], p: Periods) -> NDArray:
    """By how much clusters and strata make a series' variance larger than Kish's size says, over all its periods."""
    columns, sums, _ = scan.scored(study, score, by)
    cells = design_variance.linearised(sums, ["item", *map(key, columns)])
    series = time_series.series_of(study, by, cells, p)
    with np.errstate(invalid="ignore", divide="ignore"):
        effect = (cells["var"] * cells["kish"] / cells["spread"]).to_numpy(float)
    out = np.ones(len(p.labels))
    there = (series >= 0) & np.isfinite(effect)
    out[series[there]] = np.fmax(effect[there], 1)
    return out
