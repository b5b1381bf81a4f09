"""`alert_policy`: at which score it pays to call a customer back, and whether the data can tell."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlab.columns import Column
from cxlab.data.arguments import public
from cxlab.data.codebook import Field
from cxlab.data.sample import Sample, sample
from cxlab.data.study import Study
from cxlab.models.metrics import estimates as metrics
from cxlab.models.metrics import scores
from cxlab.problem import DataProblem
from cxlab.result import Result
from cxlab.stats.inference import proportions
from cxlab.stats.inference.design_variance import t_value
from cxlab.stats.inference.influences import covariance
from cxlab.stats.units.ranks import rank_sets

MOST = 20
"""Cuts that are tried, where a score has more values."""

PAYS, COSTS, OPEN = "pays", "costs more than it saves", "cannot tell"
COLUMNS = (
    Column("cut", "label", "", "Alert at"),
    Column("alerts", "number", "index", "Alerts per 1,000"),
    Column("precision", "share", "", "Of these leave"),
    Column("precision_low", "bound", "share", "Of these leave, low"),
    Column("precision_high", "bound", "share", "Of these leave, high"),
    Column("recall", "share", "", "Of all who leave"),
    Column("lift", "number", "mean", "Times the average"),
    Column("estimate", "estimate", "index", "Net per 1,000"),
    Column("low", "bound", "index", "Net, low"),
    Column("high", "bound", "index", "Net, high"),
    Column("best", "flag", "", "May be the best"),
)


class Terms(NamedTuple):
    """What a call is worth: money a customer who stays brings, cost of a call, share it keeps and its error."""

    value: float
    cost: float
    keeps: float
    keeps_se: float


@public
def alert_policy(
    study: Study,
    outcome: str | None = None,
    *,
    of: str | None = None,
    value: float,
    cost: float,
    saved: float | tuple[float, float],
    level: float = 0.95,
    seed: int = 0,
) -> Result:
    """Return what each rule "call everybody who answers so low" would earn per 1,000 customers.

    With a_i = 1 where the answer is at or below the cut and y_i = 1 where the customer left without a call, the net is
    the mean of a_i (saved value y_i - cost), times 1,000. A rule pays where the share of leavers among its alerts lies
    above cost / (value saved). The nets of all cuts have one covariance, from which comes which cuts may be the best.

    Parameters
    ----------
    study : answers of customers who were not called, each with whether the customer left later.
    outcome : column of 1 (left) and 0; default: the first outcome of churn.
    of : the score; default: the first outcome of recommendation, else of satisfaction.
    value : what a customer who stays is worth. ``cost`` : of one call, in the same money.
    saved : share of those who would leave that a call keeps, as known; or (share, standard error), which goes into the
        intervals.
    level : of confidence; the verdicts hold for all cuts at once (Bonferroni). ``seed`` : of the rank sets.

    Returns
    -------
    Result, one row a cut: ``cut, alerts`` (per 1,000), ``precision`` (share of the alerts that leave) with its
    interval, ``recall`` (share of all leavers), ``lift``, ``estimate`` (net per 1,000) with ``low, high``,
    ``verdict``, ``best`` (not excluded as the best), ``n`` (alerts). ``parts``: ``break_even`` precision,
    ``covariance`` of the nets.

    Raises
    ------
    DataProblem : no score with a scale, an outcome that is not 0 and 1, nobody left, costs or shares out of range.

    Notes
    -----
    ``saved`` cannot come from these data: it needs calls given at random. Customers who were called are left out first.

    Examples
    --------
    >>> import pandas as pd, cxlab as cx
    >>> table = pd.DataFrame({"score": [1, 3, 3, 5] * 50, "left": [1, 1, 0, 0] * 50})
    >>> study = cx.load(table).set("score", role="outcome", measure="satisfaction", scale=cx.Scale(1, 5))
    >>> cx.loops.alert_policy(study, "left", value=100.0, cost=20.0, saved=0.5).table["estimate"].round(2).tolist()
    [7500.0, 10000.0]
    """
    metrics.check_level(level)
    terms = Terms(value, cost, *_saved(saved))
    if not (np.isfinite(value) and value > 0 and np.isfinite(cost) and cost > 0):
        raise DataProblem(f"value is {value!r} and cost {cost!r}; both are money above 0")
    y_name = outcome or study.need("outcome", "a policy for alerts", measure="churn")[0]
    field = _score(study, of)
    found = sample(study, [field.name, y_name])
    found = found.keep(np.isfinite(found.answers[field.name]) & np.isfinite(found.answers[y_name]))
    y, x = found.answers[y_name], found.answers[field.name]
    if not np.isin(y, (0, 1)).all():
        raise DataProblem(f"'{y_name}' has values other than 0 and 1; 1 is a customer who left")
    if not 0 < y.sum() < len(y):
        raise DataProblem(f"{int(y.sum())} of {len(y)} customers left; some must have left and some stayed")
    cuts = _cuts(x, field)
    table, cov = _estimated(found, (field, y_name), cuts, terms, level, seed)
    floor = cost / (value * terms.keeps)
    best = table.loc[table["best"], "cut"].tolist()
    notes = (
        *found.notes,
        f"a rule pays where more than {floor:.1%} of its alerts would leave",
        f"the best rule is not told apart from: {', '.join(best)}"
        if len(best) > 1
        else f"the best rule is certain: {best[0]}",
        "the share that a call saves is taken as "
        + (f"{terms.keeps:.1%}" + (f" (standard error {terms.keeps_se:.1%})" if terms.keeps_se else ", known"))
        + "; only calls given at random tell it",
    )
    return Result(
        "alert_policy",
        f"What alerts by {field.label} are worth",
        table,
        "index",
        level,
        f"means over customers, linearised; precision: Wilson; verdicts at {level:.0%} over all {len(table)} cuts "
        "(Bonferroni); best: rank sets of Mogstad et al. (2024)",
        notes,
        {"break_even": floor, "covariance": cov, "outcome": y_name, "score": field.name},
        better="up",
        columns=COLUMNS,
    )


def _saved(saved: float | tuple[float, float]) -> tuple[float, float]:
    share, se = saved if isinstance(saved, (tuple, list)) and len(saved) == 2 else (saved, 0.0)
    try:
        share, se = float(share), float(se)
    except (TypeError, ValueError):
        raise DataProblem(f"saved is {saved!r}; it is a share, or a share and its standard error") from None
    if not (0 < share <= 1 and 0 <= se < 1):
        raise DataProblem(f"saved is {saved!r}; it is a share above 0, or a share and its standard error")
    return share, se


def _score(study: Study, of: str | None) -> Field:
    found = [n for m in ("recommendation", "satisfaction") for n in study.codebook.role("outcome", measure=m)]
    if not of and not found:
        raise DataProblem(
            f"alerts need a score; {study.name} has no outcome of recommendation or satisfaction: give of="
        )
    field = study.field(of or found[0])
    scores.average(study, [field.name], [])
    if not field.scale:
        raise DataProblem(f"'{field.name}' has no declared scale, so that nothing says which end is bad; declare it")
    return field


def _cuts(x: NDArray, field: Field) -> NDArray:
    """The answers that occur, from the worst on, without the best."""
    values = np.unique(x)
    if len(values) > MOST:
        values = np.unique(np.quantile(x, np.linspace(0, 1, MOST)))
    values = values if field.scale.best == "high" else values[::-1]
    if len(values) < 2:
        raise DataProblem(f"all answers to '{field.name}' are the same; there is no rule to choose")
    return values[:-1]


def _estimated(
    found: Sample, columns: tuple[Field, str], cuts: NDArray, terms: Terms, level: float, seed: int
) -> tuple[pd.DataFrame, NDArray]:
    field, outcome = columns
    x, y = found.answers[field.name], found.answers[outcome]
    w = found.w / (found.n @ found.w)
    low_is_bad = field.scale.best == "high"
    a = np.column_stack([(x <= c) if low_is_bad else (x >= c) for c in cuts]).astype(float)
    rate, hit, gone = (w * found.n) @ a, (w * found.n) @ (a * y[:, None]), float((w * found.n) @ y)
    each = a * (terms.keeps * terms.value * y - terms.cost)[:, None]
    net = (w * found.n) @ each
    precision = hit / rate
    u = np.column_stack([(each - net) * w[:, None] * 1000, a * (y[:, None] - precision) * (w[:, None] / rate)])
    v, df = covariance(u, found.n, found.cluster, found.strata)
    k = len(cuts)
    cov = v[:k, :k] + np.outer(hit, hit) * (terms.value * terms.keeps_se * 1000) ** 2
    se = np.sqrt(np.diag(cov))
    half = float(t_value(level, df)) * se
    wide = float(t_value(1 - (1 - level) / k, df)) * se
    net = net * 1000
    with np.errstate(invalid="ignore", divide="ignore"):
        n_eff = np.where(np.diag(v)[k:] > 0, precision * (1 - precision) / np.diag(v)[k:], found.n @ a)
    p_low, p_high = proportions.wilson(precision * n_eff, n_eff, level)
    first = rank_sets(net, cov, level=level, seed=seed)[0] if k > 1 else np.ones(1)
    sign = "≤" if low_is_bad else "≥"
    shown = [f"{sign} {c:g}" if i or k == 1 else f"{c:g}" for i, c in enumerate(cuts)]
    verdict = np.where(net - wide > 0, PAYS, np.where(net + wide < 0, COSTS, OPEN))
    table = pd.DataFrame({
        "cut": shown, "alerts": rate * 1000, "precision": precision, "precision_low": p_low, "precision_high": p_high,
        "recall": hit / gone, "lift": precision / gone, "estimate": net, "low": net - half, "high": net + half,
        "se": se, "verdict": verdict, "best": first == 1, "n": (found.n @ a).astype(int),
    })  # fmt: skip
    return table, cov
