"""`loop_effect`: what a call back does, by the strongest comparison that the data allow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlab.columns import Column
from cxlab.data.arguments import public
from cxlab.data.sample import Sample, sample
from cxlab.data.study import Study
from cxlab.models.metrics import estimates as metrics
from cxlab.problem import DataProblem
from cxlab.result import Result
from cxlab.stats.fits.robust import least_squares
from cxlab.stats.inference.design_variance import t_value
from cxlab.stats.inference.discrete_threshold import LEAST, jump
from cxlab.stats.inference.influences import covariance

RETEST = (0.5, 0.6, 0.7, 0.8, 0.9)
COLUMNS = (
    Column("comparison", "label", "", "Compared"),
    Column("estimate", "estimate", "", "Effect on the answer"),
    Column("bias", "number", "", "Of this the curve may be"),
)
WAYS = ("random", "threshold", "beyond regression")


@public
def loop_effect(
    study: Study,
    outcome: str,
    *,
    before: str,
    called: str,
    cut: float | None = None,
    bend: float | None = None,
    retest: Sequence[float] = RETEST,
    level: float = 0.95,
) -> Result:
    """Return what calling customers back does to their next answer, by the strongest comparison that the data allow.

    1. *random*: who was called was drawn (a study of design 'experiment' whose ``assignment`` is ``called``): the next
       answer, called minus not, given the answer before (analysis of covariance).
    2. *threshold*: everybody at or below a score was called and nobody above it (``cut``): the jump at the threshold.
       A score has few points, so the interval allows for a curve that bends between them (Kolesar & Rothe).
    3. *beyond regression*: otherwise. Who answered badly answers better the next time also where nobody calls; the
       change is compared with that. It is an association: who was called may differ in other ways.

    Parameters
    ----------
    study : a row a customer.
    outcome : the answer after. ``before`` : the answer that led to the call, on the same scale for the third way.
    called : column of 1 (called) and 0, as assigned, not as reached.
    cut : the highest score that was called.
    bend : largest second derivative of the outcome in the score, in points per score squared; default: a rule of thumb
        from one cubic through all points. Say it before looking.
    retest : correlations of two answers of one person with nothing done, for the third way; one wave cannot tell it.
    level : of confidence.

    Returns
    -------
    Result, a row a comparison: ``comparison, estimate, low, high, se, bias`` (largest bias of the threshold way, else
    nan), ``n`` (customers with both answers), ``called``. ``parts["way"]`` is the way that was taken.

    Raises
    ------
    DataProblem : called is not 0 and 1; nobody or everybody was called at random; with ``cut`` somebody above it was
        called or below it was not; fewer than three scores a side.

    References
    ----------
    Kolesar, M. & Rothe, C. (2018). Inference in regression discontinuity designs with a discrete running variable.
        American Economic Review 108, 2277-2304. doi:10.1257/aer.20160945
    Barnett, A. G., van der Pols, J. C. & Dobson, A. J. (2005). Regression to the mean: what it is and how to deal with
        it. International Journal of Epidemiology 34, 215-220. doi:10.1093/ije/dyh299

    Examples
    --------
    >>> import pandas as pd, cxlab as cx
    >>> table = pd.DataFrame({"a": [3, 4, 5, 6, 7, 8] * 20, "b": [5, 5, 6, 6, 7, 8] * 20, "c": [1, 1, 1, 0, 0, 0] * 20})
    >>> cx.loop_effect(cx.load(table), "b", before="a", called="c", cut=5).parts["way"]
    'threshold'
    """
    metrics.check_level(level)
    if not (outcome and before and called):
        raise DataProblem(
            "name the answer after the call, the one before, and who was called: outcome, before=, called="
        )
    for name in (outcome, before, called):
        study.field(name)
    found = sample(study, [outcome, before, called])
    y, x, c = (found.answers[k] for k in (outcome, before, called))
    odd = sorted({f"{v:g}" for v in c[np.isfinite(c)]} - {"0", "1"})
    if odd:
        raise DataProblem(f"'{called}' says who was called: 1 or 0; it holds {', '.join(odd[:5])}. Recode it")
    asked = np.isfinite(x) & np.isfinite(c)
    kept = asked & np.isfinite(y)
    if kept.sum() < 10:
        raise DataProblem(f"{int(kept.sum())} customers of {study.name} have all three answers; at least 10 are needed")
    silent = [float(1 - kept[asked & (c == k)].mean()) if (asked & (c == k)).any() else np.nan for k in (1, 0)]
    drawn = study.codebook.design == "experiment" and called in study.codebook.assignment
    rows = found.keep(kept)
    y, x, c = y[kept], x[kept], c[kept]
    if drawn:
        way, table, more = "random", _random(rows, y, x, c, level), []
    elif cut is not None:
        way, (table, more) = "threshold", _threshold(rows, y, x, c, cut, bend, level)
    else:
        way, (table, more) = "beyond regression", _beyond(study, found, rows, (outcome, before, called), retest, level)
    table["n"], table["called"] = int(kept.sum()), int(c.sum())
    notes = [*study.caveats, *found.notes, *more]
    if silent[0] == silent[0] and max(v for v in silent if v == v) > 0:
        gone = f"{silent[0]:.0%} of those called" + (
            f" and {silent[1]:.0%} of the others" if silent[1] == silent[1] else ""
        )
        notes.append(f"{gone} did not answer again: if those are the displeased ones, the effect is smaller")
    return Result(
        "loop_effect", f"What a call does to {study.field(outcome).label}", table, "", level, SAID[way], tuple(notes),
        {"way": way, "outcome": outcome, "before": before, "cut": cut}, COLUMNS, better="up",
    )  # fmt: skip


SAID = {
    "random": "called minus not called, drawn at random, given the answer before (least squares, robust errors)",
    "threshold": "jump at the threshold of the score, local lines; the interval allows for the largest bias of a curve "
    "that bends no more than said",
    "beyond regression": "change beyond regression to the mean; an association, not an effect",
}


def _row(name: str, value: float, se: float, df: float, level: float) -> dict[str, Any]:
    half = float(t_value(level, df)) * se
    return {"comparison": name, "estimate": value, "low": value - half, "high": value + half, "se": se, "bias": np.nan}


def _random(rows: Sample, y: NDArray, x: NDArray, c: NDArray, level: float) -> pd.DataFrame:
    if c.min() == c.max():
        raise DataProblem("all or none were called: there is nobody to compare with; give both arms")
    return pd.DataFrame([_adjusted(rows, y, x, c, "called minus not called", level)])


def _adjusted(rows: Sample, y: NDArray, x: NDArray, c: NDArray, name: str, level: float) -> dict[str, Any]:
    fit = least_squares(np.column_stack([np.ones(len(y)), c, x]), y, rows.n, rows.w, rows.cluster, rows.strata)
    return _row(name, float(fit.b[1]), float(np.sqrt(fit.v[1, 1])), float(fit.df), level)


def _threshold(
    rows: Sample, y: NDArray, x: NDArray, c: NDArray, cut: float, bend: float | None, level: float
) -> tuple[pd.DataFrame, list[str]]:
    wrong = int(((x <= cut) != (c == 1)).sum())
    if wrong:
        raise DataProblem(
            f"{wrong:,} customers were called above {cut:g} or not called at or below it: that is no threshold. Leave "
            "cut out to compare beyond regression, or give what the rule said as `called`"
        )
    points = np.unique(x)
    sides = int((points <= cut).sum()), int((points > cut).sum())
    if min(sides) < LEAST:
        raise DataProblem(
            f"{sides[0]} scores were given at or below {cut:g} and {sides[1]} above it; a line on each side needs "
            f"{LEAST}. Call some at random instead"
        )
    middle = (points[points <= cut].max() + points[points > cut].min()) / 2
    mean, variance, mass, df = _points(rows, y, x, points)
    stretch = float(t_value(level, df) / t_value(level, np.inf))
    found = jump(points - middle, mean, variance, mass, level=level, most=bend, stretch=stretch)
    row = {"comparison": f"at or below {cut:g}, against above it", "estimate": found.value, "low": found.low,
           "high": found.high, "se": found.se, "bias": found.bias}  # fmt: skip
    said = [
        f"scores within {found.width:g} of {middle:g} count; the curve may bend by {found.bend:.3g} a score squared"
    ]
    said += ["the bend is a rule of thumb from these data: say it beforehand"] if bend is None else []
    said.append("the effect is that on customers near the threshold, not on the angriest")
    return pd.DataFrame([row]), said


def _points(rows: Sample, y: NDArray, x: NDArray, points: NDArray) -> tuple[NDArray, NDArray, NDArray, float]:
    """Mean outcome at each score, the covariance of these means under the design, the weight there, and the df.

    Answers of one cluster at several scores go together, so the means do, too.
    """
    at = np.searchsorted(points, x)
    w = rows.w * rows.n
    mass = np.bincount(at, w, len(points))
    mean = np.bincount(at, w * y, len(points)) / mass
    u = np.zeros((len(y), len(points)))
    u[np.arange(len(y)), at] = rows.w / mass[at] * (y - mean[at])
    v, df = covariance(u, rows.n, rows.cluster, rows.strata)
    if rows.cluster is None and rows.strata is None:
        n = np.bincount(at, rows.n, len(points))
        v, df = np.diag((u**2).T @ rows.n * n / np.fmax(n - 1, 1)), np.inf
    own = np.diag(v).copy()
    pooled = (mass * own) @ mass / mass.sum() / mass
    np.fill_diagonal(v, np.where(own > 0, own, pooled))
    return mean, v, mass, df


def _beyond(
    study: Study, found: Sample, rows: Sample, names: tuple[str, str, str], retest: Sequence[float], level: float
) -> tuple[pd.DataFrame, list[str]]:
    """Against those who were not called, given their score; and against regression to the mean, by retest."""
    if any(not 0 <= r < 1 for r in retest):
        raise DataProblem(f"retest is {list(retest)}; a correlation from 0 to below 1 is needed, e.g. [0.6, 0.7, 0.8]")
    y, x, c = (rows.answers[k] for k in names)
    if not c.any():
        raise DataProblem("nobody was called: there is no effect to look for")
    scales = [study.field(n).scale for n in names[:2]]
    if all(scales) and (scales[0].minimum, scales[0].maximum) != (scales[1].minimum, scales[1].maximum):
        raise DataProblem(
            f"'{names[0]}' and '{names[1]}' have different scales ({scales[0]}; {scales[1]}): a change needs one scale"
        )
    out = [_adjusted(rows, y, x, c, "called minus not called, same answer before", level)] if c.min() < 1 else []
    every = found.answers[names[1]]
    told = np.isfinite(every)
    w = rows.w * rows.n
    usual = float((found.w * found.n)[told] @ every[told] / (found.w * found.n)[told].sum())
    mine = w * c
    for r in retest:
        beyond = y - usual - r * (x - usual)
        value = float(mine @ beyond / mine.sum())
        u = mine / mine.sum() * (beyond - value) - (1 - r) * w / w.sum() * (x - float(w @ x / w.sum()))
        v, df = covariance(u[:, None], np.ones(len(y)), rows.cluster, rows.strata)
        out.append(_row(f"beyond regression to the mean, retest {r:g}", value, float(np.sqrt(v[0, 0])), df, level))
    said = ["an association: who was called may differ in more than the score; only a draw or a threshold tells"]
    return pd.DataFrame(out), said
