"""`patience`: how long customers would wait, from those who were served and those who hung up."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm

from cxlab.data.arguments import public
from cxlab.data.sample import within_scale
from cxlab.data.small_cells import SMALL
from cxlab.data.study import Study
from cxlab.models.loyalty.spells import Spells, joint, spells, there
from cxlab.models.loyalty.time_to_leave import survival
from cxlab.problem import DataProblem
from cxlab.result import Result
from cxlab.stats.counts.quantiles import quantile
from cxlab.stats.inference.design_variance import t_value
from cxlab.stats.survival.time_curves import curves

STRETCHES = 6
"""Stretches of the wait for which a pace of hanging up is given."""
LOWEST = 0.1
"""Those who hung up may be as unhappy as the lowest tenth of those served."""


@public
def patience(
    study: Study,
    *,
    wait: str,
    abandoned: str,
    score: str = "",
    announced: str = "",
    at: Sequence[float] = (),
    level: float = 0.95,
    least_n: int = SMALL,
) -> Result:
    """Return how long customers would wait before they hang up, and what their missing scores may hide.

    Parameters
    ----------
    wait : time waited, until served or until the customer hung up.
    abandoned : 1 or True who hung up, 0 who was served.
    score : satisfaction of those who were served: gives bounds for the satisfaction of all callers.
    announced : what the caller had been told (a group each).
    at : times to report; default four.
    level : confidence of the intervals, between 0 and 1.
    least_n : smaller groups are counted but not estimated.

    Returns
    -------
    Result in shares, a row a group and time: ``at, estimate`` (share that would still wait), ``low, high, se, at_risk,
    n``. ``parts``: those of `survival`, ``offered`` (share to whom a longer wait was offered: who hung up counts as
    lost), ``pace`` (share hanging up a unit of time, by stretch of the wait), ``abandoned`` (share),
    ``scores`` (mean score of all callers if those who hung up were as happy as possible, like the lowest tenth of those
    served, as unhappy as possible; ``bounds`` the interval that holds all of these).

    Raises
    ------
    DataProblem : a column is not there, all hung up, or the score has no scale or no answer.

    Notes
    -----
    Served callers count as lost for patience (Kaplan-Meier): whoever was served is assumed to have had the patience of
    others who waited so long. The mean wait of those who hung up is no measure of patience.

    References
    ----------
    Brown et al. (2005), doi:10.1198/016214504000001808 (call centre, section 5); Imbens & Manski (2004),
    doi:10.1111/j.1468-0262.2004.00555.x (intervals of bounds).

    Examples
    --------
    >>> import pandas as pd, cxlab as cx
    >>> calls = pd.DataFrame({"wait": [1, 2, 2, 3] * 5, "hung_up": [1, 1, 0, 0] * 5})
    >>> cx.loyalty.patience(cx.load(calls), wait="wait", abandoned="hung_up", at=[1, 2]).table["estimate"].tolist()
    [0.75, 0.5]
    """
    by = [announced] if announced else []
    for name in (wait, abandoned, *by, *([score] if score else [])):
        there(study, name)
    options = {"time": wait, "event": abandoned, "by": by, "level": level, "least_n": least_n}
    found = survival(study, at=at, **options)
    data = spells(study, wait, abandoned, by=by, other=[score] if score else [])
    if (data.cause > 0).all():
        raise DataProblem(f"all {int(data.n.sum()):,} in {study.name} hung up by '{abandoned}': nothing is known of "
                          "the wait that was offered")  # fmt: skip
    share, share_u = _mean(data, (data.cause > 0).astype(float))
    pace = _pace(study, data, level)
    parts = {**found.parts, "pace": pace, "abandoned": share, "offered": _offered(data)}
    gave_up = data.time[data.cause > 0]
    median = found.parts["medians"]["estimate"]
    usual = "half would wait longer than the longest waits seen"
    if median.notna().any():
        usual = f"the median patience is {median.min():g}"
    after = np.median(np.repeat(gave_up, _whole(data)))
    notes = [*found.notes[:-1], f"{share:.1%} hung up, after {after:g} in the median; {usual}: not the same"]
    if score:
        parts["scores"], parts["bounds"], said = _bounds(study, data, score, (share, share_u), level)
        notes += said
    notes.append("assumes that those who were served would have waited like others who waited so long")
    return Result(
        "patience", f"Who would still wait: {study.field(wait).label}" + (
            f" by {study.codebook.label(*by)}" if by else ""), found.table, "share", level,
        "Kaplan-Meier of patience, served callers counted as lost; " + found.method.partition("; ")[2], tuple(notes),
        parts, columns=found.columns, better="up",
    )  # fmt: skip


def _whole(data: Spells) -> NDArray:
    return data.n[data.cause > 0].astype(int)


def _mean(data: Spells, y: NDArray) -> tuple[float, NDArray]:
    """The weighted mean and the influence of one answer on it, without its weight."""
    total = float(data.n @ data.sample.w)
    mean = float((data.n * data.sample.w) @ y) / total
    return mean, (y - mean) / total


def _offered(data: Spells) -> pd.DataFrame:
    """The wait that was offered: its share beyond each time at which somebody was served."""
    rows = []
    for g in range(len(data.groups)):
        mine = data.group == g
        served = (data.cause[mine] == 0).astype(int)
        c = curves(data.time[mine], served, data.sample.n[mine], data.sample.w[mine])
        rows.append(pd.DataFrame({**data.groups.iloc[g].to_dict(), "at": c.times, "estimate": c.after}))
    return pd.concat(rows, ignore_index=True)


def _pace(study: Study, data: Spells, level: float) -> pd.DataFrame:
    """Share hanging up a unit of time in each stretch of the wait: ends over time at risk, intervals on the log."""
    w = data.n * data.sample.w
    cuts = np.unique(quantile(data.time, w, np.arange(1, STRETCHES + 1) / STRETCHES))
    low = np.concatenate([[0.0], cuts[:-1]])
    keep = cuts > low
    low, cuts = low[keep], cuts[keep]
    since = np.zeros(len(data.time)) if data.entry is None else data.entry
    exposure = np.fmax(np.fmin(data.time[:, None], cuts) - np.fmax(since[:, None], low), 0)
    ended = (data.cause > 0)[:, None] & (data.time[:, None] > low) & (data.time[:, None] <= cuts)
    lived, ends = w @ exposure, w @ ended
    rate = ends / lived
    v, df = joint(study, data.sample, (ended - rate * exposure) / lived)
    with np.errstate(divide="ignore", invalid="ignore"):
        half = float(t_value(level, df)) * np.sqrt(np.fmax(np.diag(v), 0)) / rate
    none = -np.log((1 - level) / 2) / lived
    return pd.DataFrame({"since": low, "until": cuts, "estimate": rate,
                         "low": np.where(ends > 0, rate * np.exp(-half), 0.0),
                         "high": np.where(ends > 0, rate * np.exp(half), none), "ends": data.n @ ended})  # fmt: skip


def _bounds(
    study: Study, data: Spells, score: str, gone: tuple[float, NDArray], level: float
) -> tuple[pd.DataFrame, tuple[float, float], list[str]]:
    """The mean score of all callers under three answers of those who hung up, and the interval that holds all."""
    field = study.field(score)
    if not field.scale:
        raise DataProblem(f"'{score}' of {study.name} has no scale; without its ends there are no bounds: declare it "
                          "in the codebook")  # fmt: skip
    y = pd.to_numeric(pd.Series(data.sample.other[score]), errors="coerce").to_numpy(float)
    y = within_scale(y, field)[0]
    told = np.isfinite(y) & (data.cause == 0)
    if int(data.n[told].sum()) < 2:
        raise DataProblem(f"nobody who was served has a '{score}'; there is nothing to bound")
    w = data.n * data.sample.w
    total = float(w[told].sum())
    z = np.where(told, y, 0.0)
    mean = float(w @ z) / total
    u = np.where(told, (z - mean) / total, 0.0)
    ends = (field.scale.minimum, field.scale.maximum)
    bad, good = ends if field.scale.best == "high" else ends[::-1]
    low, low_u = _lowest(z, w, told, total, best=field.scale.best)
    share, share_u = gone
    cases = {
        "as happy as possible": (good, 0.0), "like those who were served": (mean, u),
        f"like the lowest {LOWEST:.0%} of those served": (low, low_u), "as unhappy as possible": (bad, 0.0),
    }  # fmt: skip
    rows, us = [], []
    for name, (m, mu) in cases.items():
        rows.append({"who hung up": name, "estimate": (1 - share) * mean + share * m})
        us.append((1 - share) * u + share * mu + (m - mean) * share_u)
    v, df = joint(study, data.sample, np.column_stack(us))
    se = np.sqrt(np.fmax(np.diag(v), 0))
    half = float(t_value(level, df)) * se
    out = pd.DataFrame(rows)
    out = out.assign(low=np.fmax(out["estimate"] - half, ends[0]), high=np.fmin(out["estimate"] + half, ends[1]), se=se)
    a, b = out["estimate"].iloc[[0, -1]].min(), out["estimate"].iloc[[0, -1]].max()
    widest = float(max(se[0], se[-1]))
    one = float(t_value(level, df)) if b - a < 1e-12 else _either_end((b - a) / max(widest, 1e-300), level)
    bounds = (max(a - one * widest, ends[0]), min(b + one * widest, ends[1]))
    said = (f"mean {field.label} of all callers, whatever those who hung up would say: between {a:.2f} and {b:.2f} "
            f"(interval {bounds[0]:.2f} to {bounds[1]:.2f}); of those served alone it is {mean:.2f}")  # fmt: skip
    return out, bounds, [said]


def _either_end(width: float, level: float) -> float:
    """Imbens & Manski's factor: P(Z < c + width) - P(Z < -c) = level."""
    low, high = norm.ppf(level), norm.ppf((1 + level) / 2)
    for _ in range(60):
        mid = (low + high) / 2
        low, high = (mid, high) if norm.cdf(mid + width) - norm.cdf(-mid) < level else (low, mid)
    return float(high)


def _lowest(z: NDArray, w: NDArray, told: NDArray, total: float, *, best: str) -> tuple[float, NDArray]:
    """Mean of the worst tenth, and its influence (of the mean beyond a quantile that is known)."""
    sign = 1.0 if best == "high" else -1.0
    y = sign * z
    q = float(quantile(y[told], w[told], LOWEST))
    under = np.where(told, np.fmin(y - q, 0.0), 0.0)
    mean = q + float(w @ under) / total / LOWEST
    return sign * mean, sign * np.where(told, (q + under / LOWEST - mean) / total, 0.0)
