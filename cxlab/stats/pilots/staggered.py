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

DRAWS = 50_000


@dataclass(frozen=True)
class Effects:
    """``table``: one row a start and period (``start, period, estimate``).

    The influence of a unit on them follows from its group (the units that start together, -1: never): (y - mean) a + c.
    ``starts``, ``sizes``: the groups; ``spread``: (groups, periods, periods) sums of products about the group's mean;
    ``a``: (groups, periods, rows); ``c``: (groups, rows).
    """

    table: pd.DataFrame
    starts: NDArray
    sizes: NDArray
    spread: NDArray
    a: NDArray
    c: NDArray


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
    starts, group = np.unique(start, return_inverse=True)
    each = [y[group == h] for h in range(len(starts))]
    sizes, mean = np.array([len(x) for x in each]), np.array([x.mean(0) for x in each])
    spread = np.array([(x - m).T @ (x - m) for x, m in zip(each, mean, strict=True)])
    rows, weights, shifts = [], [], []
    for h in np.flatnonzero(starts >= 0):
        g = starts[h]
        for t in range(1, periods):
            base = g - 1 if t >= g else t - 1
            if base < 0:
                continue
            others = (starts < 0) | (later & (starts > max(t, base)) & (starts != g))
            if not others.any():
                continue
            d, rest = mean[:, t] - mean[:, base], sizes[others].sum()
            b = d[others] @ sizes[others] / rest
            w, c = np.zeros((len(starts), periods)), np.zeros(len(starts))
            factor = np.where(others, -units / rest, 0.0)
            factor[h] = units / sizes[h]
            w[:, t], w[:, base] = factor, -factor
            c[others] = (d[others] - b) * factor[others]
            weights.append(w)
            shifts.append(c)
            rows.append((int(g), t, d[h] - b))
    table = pd.DataFrame(rows, columns=["start", "period", "estimate"])
    a = np.array(weights).reshape(-1, len(starts), periods).transpose(1, 2, 0)
    return Effects(table, starts, sizes, spread, a, np.array(shifts).reshape(-1, len(starts)).T)


def aggregates(found: Effects) -> Aggregates:
    """Return the mean effect on the treated, those by time since the start, the mean of these, and those by start.

    Weights are the shares of the groups of starters, whose own sampling error is counted.
    """
    t = found.table
    begun, est = t["start"].to_numpy(), t["estimate"].to_numpy(float)
    event = t["period"].to_numpy() - begun
    part = found.sizes / found.sizes.sum()
    share = part[np.searchsorted(found.starts, begun)]
    Value = tuple[float, NDArray, NDArray]  # estimate, its weights of the rows, and what each group adds by its size

    def mean(keep: NDArray) -> Value:
        k = np.flatnonzero(keep)
        w = np.zeros(len(est))
        w[k] = share[k] / share[k].sum()
        own = (found.starts[:, None] == begun[k][None]).astype(float) - share[k]
        drift = own / share[k].sum() - own.sum(1, keepdims=True) * share[k] / share[k].sum() ** 2
        return float(w @ est), w, drift @ est[k]

    def average(values: list[Value], w: NDArray) -> Value:
        return (
            float(sum(x * v[0] for x, v in zip(w, values, strict=True))),
            np.sum([x * v[1] for x, v in zip(w, values, strict=True)], axis=0),
            np.sum([x * v[2] for x, v in zip(w, values, strict=True)], axis=0),
        )

    steps = {int(e): mean(event == e) for e in np.unique(event)}
    after = [steps[e] for e in steps if e >= 0]
    by_start = {int(g): mean((begun == g) & (event >= 0)) for g in np.unique(begun)}
    size = part[np.searchsorted(found.starts, list(by_start))]
    w = size / size.sum()
    whole = average(list(by_start.values()), w)
    own = (found.starts[:, None] == np.array(list(by_start))[None]).astype(float) - size
    drift = own / size.sum() - own.sum(1, keepdims=True) * size / size.sum() ** 2
    whole = (whole[0], whole[1], whole[2] + drift @ np.array([v[0] for v in by_start.values()]))
    values = [
        ("all treated periods", np.nan, mean(event >= 0)),
        ("mean over time since the start", np.nan, average(after, np.full(len(after), 1 / len(after)))),
        ("mean over starts", np.nan, whole),
        *(("since the start", e, value) for e, value in steps.items()),
        *(("start", g, value) for g, value in by_start.items()),
    ]
    combine = np.array([v[1] for _, _, v in values]).T
    shift = found.c @ combine + np.array([v[2] for _, _, v in values]).T
    cov = (shift * found.sizes[:, None]).T @ shift
    for spread, a in zip(found.spread, found.a, strict=True):
        one = a @ combine
        cov += one.T @ spread @ one
    cov = cov / found.sizes.sum() ** 2
    rows = [(name, at, v[0]) for name, at, v in values]
    table = pd.DataFrame(rows, columns=["when", "event", "estimate"]).assign(se=np.sqrt(np.diag(cov)))
    return Aggregates(table, cov)


def simultaneous(cov: NDArray, level: float, *, seed: int = 0) -> float:
    """Return the critical value of bands that hold together: the quantile of the largest |Z| of normal values.

    >>> abs(simultaneous(np.eye(1), 0.95) - 1.96) < 0.02
    True
    """
    sd = np.sqrt(np.diag(cov))
    ok = sd > 0
    if not ok.any():
        return float("nan")
    r = cov[np.ix_(ok, ok)] / np.outer(sd[ok], sd[ok])
    value, vector = np.linalg.eigh(r)
    root = vector * np.sqrt(np.fmax(value, 0))
    z = np.random.default_rng(seed).standard_normal((DRAWS, len(r)), np.float32) @ root.T.astype(np.float32)
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
