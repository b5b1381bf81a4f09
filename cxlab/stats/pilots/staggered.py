"""Starts at different times: effects of each group of units that began together, and what they add up to.

On the table of units by periods, without covariates, against units that are never treated (or not yet), with the period
before as base: before the start that of each step (varying base), after it the last one before.

References
----------
Callaway, B. & Sant'Anna, P. H. C. (2021). Difference-in-differences with multiple time periods. Journal of Econometrics
    225, 200-230. doi:10.1016/j.jeconom.2020.12.001
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

DRAWS = 100_000


@dataclass(frozen=True)
class Effects:
    """``table``: one row a start and period (``start, period, estimate``); ``influence``: (units, rows); ``start``:
    (units,) first treated period, its number, -1 for never."""

    table: pd.DataFrame
    influence: NDArray
    start: NDArray


@dataclass(frozen=True)
class Aggregates:
    """``table``: one row an aggregate (``when, event, estimate, se``); ``cov`` their covariance."""

    table: pd.DataFrame
    cov: NDArray


def effects(y: NDArray, start: NDArray, *, later: bool = False) -> Effects:
    """Return the effect of every group of starters in every period but the first.

    Parameters
    ----------
    y : (units, periods) means. ``start`` : (units,) number of the first treated period, -1 for never treated.
    later : whether units that start later count as untreated until then, beside those never treated.
    """
    units, periods = y.shape
    never, rows, psi = start < 0, [], []
    for g in np.unique(start[~never]):
        mine = start == g
        for t in range(1, periods):
            base = g - 1 if t >= g else t - 1
            if base < 0:
                continue
            others = never | (later & (start > max(t, base)) & ~mine)
            if not others.any():
                continue
            d = y[:, t] - y[:, base]
            a, b = d[mine].mean(), d[others].mean()
            share, rest = mine.mean(), others.mean()
            psi.append(np.where(mine, (d - a) / share, 0) - np.where(others, (d - b) / rest, 0))
            rows.append((int(g), t, a - b))
    table = pd.DataFrame(rows, columns=["start", "period", "estimate"])
    return Effects(table, np.array(psi).T.reshape(units, len(rows)), start)


def aggregates(found: Effects) -> Aggregates:
    """Return the mean effect on the treated, those by time since the start, the mean of these, and those by start.

    Weights are the shares of the groups of starters, whose own sampling error is counted.
    """
    t = found.table
    event = (t["period"] - t["start"]).to_numpy()
    share = np.array([(found.start == g).mean() for g in t["start"]])
    est, psi = t["estimate"].to_numpy(float), found.influence
    rows, columns = [], []

    def mean(keep: NDArray) -> tuple[float, NDArray]:
        k = np.flatnonzero(keep)
        w = share[k] / share[k].sum()
        own = (found.start[:, None] == t["start"].to_numpy()[k][None]).astype(float) - share[k]
        drift = own / share[k].sum() - own.sum(1, keepdims=True) * share[k] / share[k].sum() ** 2
        return float(w @ est[k]), psi[:, k] @ w + drift @ est[k]

    def add(when: str, at: float, value: tuple[float, NDArray]) -> None:
        rows.append((when, at, value[0]))
        columns.append(value[1])

    add("all treated periods", np.nan, mean(event >= 0))
    steps = {int(e): mean(event == e) for e in np.unique(event)}
    after = [steps[e] for e in steps if e >= 0]
    add("mean over time since the start", np.nan,
        (float(np.mean([a[0] for a in after])), np.mean([a[1] for a in after], axis=0)))  # fmt: skip
    by_start = {int(g): mean(((t["start"] == g) & (event >= 0)).to_numpy()) for g in np.unique(t["start"])}
    size = np.array([(found.start == g).mean() for g in by_start])
    w = size / size.sum()
    own = (found.start[:, None] == np.array(list(by_start))[None]).astype(float) - size
    drift = own / size.sum() - own.sum(1, keepdims=True) * size / size.sum() ** 2
    each = np.array([v[0] for v in by_start.values()])
    moved = np.column_stack([v[1] for v in by_start.values()]) @ w + drift @ each
    add("mean over starts", np.nan, (float(w @ each), moved))
    for e, value in steps.items():
        add("since the start", e, value)
    for g, value in by_start.items():
        add("start", g, value)
    influence = np.array(columns).T
    cov = influence.T @ influence / len(influence) ** 2
    table = pd.DataFrame(rows, columns=["when", "event", "estimate"]).assign(se=np.sqrt(np.diag(cov)))
    return Aggregates(table, cov)


def simultaneous(cov: NDArray, level: float, *, seed: int = 0) -> float:
    """Return the critical value of bands that hold together: the quantile of the largest |Z| of normal values.

    >>> round(simultaneous(np.eye(1), 0.95), 2)
    1.96
    """
    sd = np.sqrt(np.diag(cov))
    ok = sd > 0
    r = cov[np.ix_(ok, ok)] / np.outer(sd[ok], sd[ok])
    value, vector = np.linalg.eigh(r)
    root = vector * np.sqrt(np.fmax(value, 0))
    z = np.random.default_rng(seed).standard_normal((DRAWS, len(r))) @ root.T
    return float(np.quantile(np.abs(z).max(1), level))


def breakdown(pre: NDArray, first: int, est: NDArray, cov: NDArray, z: float, sizes: NDArray) -> NDArray:
    """Return (sizes, 2): the interval of the first effect where trends may differ by ``size`` times the largest step.

    Rambachan and Roth's relative magnitudes for the first treated period: the difference of trends from the last period
    before is at most ``size`` times the largest difference between two periods before. Some step and sign is the
    largest, so the union over all of them of intervals for estimate +- size * step holds; it is wider than their
    conditional test where few steps are near the largest.

    Parameters
    ----------
    pre : rows of the steps before the start (varying base). ``first`` : row of the first treated period.
    est, cov : of all rows. ``z`` : of the level.

    References
    ----------
    Rambachan, A. & Roth, J. (2023). A more credible approach to parallel trends. Review of Economic Studies 90,
        2555-2591. doi:10.1093/restud/rdad018
    """
    out = np.empty((len(sizes), 2))
    for i, size in enumerate(sizes):
        ends = []
        for s in pre:
            for sign in (-1, 1):
                c = np.zeros(len(est))
                c[first], c[s] = 1.0, sign * size
                ends.append((c @ est, np.sqrt(c @ cov @ c)))
        value, error = np.array(ends).T
        out[i] = (value - z * error).min(), (value + z * error).max()
    return out
