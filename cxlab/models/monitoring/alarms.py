"""The alarms of control charts: since when, how large, still open; and how soon a fall would be noticed."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from cxlab.columns import difference, show, span
from cxlab.models.monitoring.chart import Chart
from cxlab.models.monitoring.expectation import Watched
from cxlab.models.monitoring.time_series import Periods
from cxlab.stats.inference.trinomial import z_value
from cxlab.stats.monitoring import chart_rules, innovations, run_length

COLUMNS = ("since", "first", "last", "open", "side", "shift", "shift_low", "shift_high")
NEARLY = 0.5
"""A start whose deviance is at most so much larger than the best one's fits as well: of these the earliest counts."""
STEPS = 25
"""Looks after a change over which the mean of the innovations still moves."""


def listed(p: Periods, w: Watched, s: chart_rules.Signals, base: int, level: float) -> pd.DataFrame:
    """Return one row an alarm, the newest first: group columns and `COLUMNS`.

    ``since`` is the period from which on a step fits best (`began`), ``first`` that of the alarm, ``last`` the last one
    beyond the limit, ``open`` whether the statistic has not been back at 0 since. ``shift`` is the step that fits
    best over the whole run, from where the statistic left 0 to ``last``: one from the start that was chosen because it
    fits best would be too large. Signals of one run are one alarm.
    """
    side = np.where(w.there & w.usable[:, None], s.side, 0)
    side[:, :base] = 0
    runs = {}
    for k, t in zip(*np.nonzero(side), strict=True):
        runs.setdefault((k, side[k, t], int(s.since[k, t])), []).append(t)
    rows = []
    for (k, way, run), there in runs.items():
        last, since = int(np.flatnonzero(w.there[k])[-1]), began(w, k, way, run, int(there[0]))
        size, se = (float(x[0]) for x in steps(w, k, [run], int(there[-1])))
        half = z_value(level) * se
        rows.append((k, p.names[since], p.names[there[0]], p.names[there[-1]], int(s.since[k, last]) == run,
                     "higher" if way > 0 else "lower", size, size - half, size + half, there[0]))  # fmt: skip
    table = pd.DataFrame(rows, columns=["_k", *COLUMNS, "_t"])
    table = table.sort_values(["_t", "_k"], ascending=[False, True], kind="stable", ignore_index=True)
    labels = p.labels.iloc[table["_k"].to_numpy(int)].reset_index(drop=True)
    return pd.concat([labels, table.drop(columns=["_k", "_t"])], axis=1)


def began(w: Watched, k: int, way: int, run: int, first: int) -> int:
    """Return the period from ``run`` to the alarm ``first`` from which on a step fits best (maximum likelihood).

    A moving average leaves 0 long before a change that then comes: the run's beginning is no more than the earliest.
    Nothing after the alarm is looked at, so that an alarm keeps its date.
    """
    tried = np.flatnonzero(w.there[k, : first + 1] & (np.arange(first + 1) >= run))
    size, se = steps(w, k, tried, first)
    fit = np.fmax(np.nan_to_num(way * size / se, nan=0.0), 0) ** 2
    return int(tried[np.argmax(fit >= fit.max() - NEARLY)]) if len(tried) else run


def steps(w: Watched, k: int, starts: ArrayLike, last: int) -> tuple[NDArray, NDArray]:
    """Return for each of ``starts`` the step from it to ``last`` that fits series k best, and its standard error."""
    v, tau2, rho = w.v[k : k + 1, : last + 1], w.tau2[k : k + 1], w.rho[k : k + 1]
    on = (np.arange(last + 1)[:, None] >= np.asarray(starts)[None]).astype(float)
    out, f = innovations.kalman(np.column_stack([on, np.ones(last + 1)])[None], v, tau2, rho)
    there = w.there[k, : last + 1] & np.isfinite(f[0])
    o, one, f = out[0, there, :-1], out[0, there, -1:], f[0, there, None]
    known, seen = np.cumsum(one * one / f, axis=0), np.cumsum(one * o / f, axis=0)
    before = np.concatenate([np.zeros((1, o.shape[1])), seen[:-1] / known[:-1]])  # what the level has learned already
    r, sd = o - one * before, w.sd[k, : last + 1][there][:, None]
    e = w.z[k, : last + 1][there][:, None] * sd
    total = (r * r / sd**2).sum(0)
    with np.errstate(invalid="ignore", divide="ignore"):
        size = np.where(total > 0, (r * e / sd**2).sum(0) / total, np.nan)
        return size, np.where(total > 0, total**-0.5, np.nan)


def charts(p: Periods, w: Watched, drawn: NDArray, chart: Chart, limit: float, shift: float) -> pd.DataFrame:
    """Return one row a chart that is watched: group columns, ``n`` a period, ``tau, rho, sd``, ``delay``.

    ``delay`` is how many periods a fall of ``shift`` that lasts takes to be noticed, on average.
    """
    usual = _middle(w.v[drawn], w.there[drawn])
    tau2, rho = w.tau2[drawn], w.rho[drawn]
    after = innovations.response(usual, tau2, rho, STEPS) * shift
    if chart.rule == "cusum":
        delay = np.array([run_length.cusum_arl(limit, mu) for mu in after[:, -1]])
    else:
        weight = 1.0 if chart.rule == "shewhart" else chart.weight
        delay = run_length.ewma_delays(weight, limit, after, nodes=41)
    n = _middle(p.n[drawn], w.there[drawn])
    table = p.labels.iloc[drawn].assign(n=n, tau=np.sqrt(tau2), rho=rho, sd=np.sqrt(usual + tau2), delay=delay)
    return table.set_index(pd.Index(drawn))


def _middle(values: NDArray, there: NDArray) -> NDArray:
    """The median of each row over the places that are ``there``."""
    ordered = np.sort(np.where(there, values, np.inf), axis=1)
    many, row = there.sum(1), np.arange(len(values))
    return (ordered[row, (many - 1) // 2] + ordered[row, many // 2]) / 2


def sentence(row: pd.Series, p: Periods, unit: str) -> str:
    """Return one alarm in words."""
    who = " ".join(str(row[c]) for c in p.labels)
    sign = 1 if row["side"] == "higher" else -1
    low, high = sorted(sign * float(row[end]) for end in ("shift_low", "shift_high"))
    size, between = show(sign * row["shift"], difference(unit)), span(low, high, difference(unit))
    still = "and not back since" if row["open"] else f"until {row['last']}"
    who = f"{who}: " if who else ""
    return f"{who}{row['side']} since {row['since']} by about {size} ({between}), noticed {row['first']}, {still}"
