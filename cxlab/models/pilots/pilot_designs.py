"""The designs of a pilot: each gives rows of effects with what is said of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import chdtrc, chdtri, stdtrit
from scipy.stats import ncx2

from cxlab.data import small_cells
from cxlab.data.small_cells import SMALL
from cxlab.models.pilots.unit_panel import Panel
from cxlab.problem import DataProblem
from cxlab.stats.inference.few_treated import FEW
from cxlab.stats.inference.trinomial import z_value
from cxlab.stats.pilots import interrupted, smooth_trends, staggered, synthetic_control, unit_changes

COLUMNS = ("when", "estimate", "low", "high", "simultaneous_low", "simultaneous_high", "se", "p", "units", "n")
ITS = 8
"""Periods before and after that an interrupted series needs."""
SYNTHETIC = 3
"""Periods before that a synthetic control needs."""
SIZES = np.array([0.5, 1.0, 1.5, 2.0])
BENDS = (0.0, 0.25, 0.5, 1.0)
"""Bends of the difference of trends a period, as shares of the largest seen before the start."""
SEASON = {"month": 12.0, "week": 365.25 / 7, "day": 7.0, "quarter": 4.0}


@dataclass(frozen=True)
class Found:
    """Rows of a result, what is said, how it was made, and further tables."""

    table: pd.DataFrame
    notes: list[str]
    method: str
    parts: dict[str, Any] = field(default_factory=dict)


def one_date(p: Panel, level: float) -> Found:
    """All treated units start at one date: the difference of changes, over all periods after and step by step."""
    treated, s = p.start >= 0, p.starts[0]
    k, m = int(treated.sum()), int((~treated).sum())
    d = p.y[:, s:].mean(1) - p.y[:, :s].mean(1)
    few = min(k, m) < FEW
    by_chance = unit_changes.randomised(d, treated)
    rows = [_row(p, "after minus before", d, treated, level, few)]
    steps = [(t, p.y[:, t] - p.y[:, s - 1 if t >= s else t - 1]) for t in range(1, p.y.shape[1])]
    rows += [_row(p, f"{p.every} {t - s:+d} ({p.periods[t]})", step, treated, level, few) for t, step in steps]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    notes, parts = [], {"randomisation": by_chance.p, "least_p": by_chance.least, "placebo": _placebo(p, d, treated)}
    if few:
        how = "all other choices of the treated" if by_chance.least > 1 / 9000 else "9,999 other choices of the treated"
        notes.append(
            f"{k} treated and {m} untreated units: p and intervals compare with {how}; no p can be smaller than "
            f"{by_chance.least:.3g}"
        )
        notes += _as_large(p, d, treated, by_chance.p, parts["placebo"])
        if by_chance.least > 1 - level:
            notes.append(
                f"these data cannot tell: with so few units no difference, however large, reaches {1 - level:.0%}"
            )
    else:
        c = staggered.aggregates(staggered.effects(p.y, p.start))
        table, more, said = _bands(table, c, len(steps), level)
        notes, parts = notes + said, parts | more
    notes += _before(s, p.every)
    dates = placebo_dates(p, treated, level, few)
    if len(dates):
        larger = int((dates["estimate"].abs() >= abs(table["estimate"].iloc[0])).sum())
        notes.append(f"placebo dates before the start: {larger} of {len(dates)} have a difference as large")
    parts["placebo_dates"] = dates
    method = (
        "difference of changes, compared with other choices of the treated (randomisation inference)" if few else
        "difference of changes, Welch's t of units; bands hold together (largest |t| of normal values)"
    )  # fmt: skip
    return Found(table, notes, method, parts)


def placebo_dates(p: Panel, treated: NDArray, level: float, few: bool) -> pd.DataFrame:
    """Return the difference that each date before the start would have given, from the periods before it alone."""
    s = p.starts[0]
    rows = []
    for at in range(1, s):
        d = p.y[:, at:s].mean(1) - p.y[:, :at].mean(1)
        row = _row(p, str(p.periods[at]), d, treated, level, few)
        rows.append((row[0], row[1], row[2], row[3], row[7]))
    return pd.DataFrame(rows, columns=["period", "estimate", "low", "high", "p"])


def _row(p: Panel, when: str, d: NDArray, treated: NDArray, level: float, few: bool) -> tuple:
    est, se, df = unit_changes.difference(d, treated)
    units, n, nan = len(d), int(p.n.sum()), float("nan")
    if few:
        found = unit_changes.randomised(d, treated)
        low, high = unit_changes.interval(d, treated, found, level)
        low, high = (x if np.isfinite(x) else nan for x in (low, high))
        return when, est, low, high, nan, nan, nan, found.p, units, n
    half = float(stdtrit(df, (1 + level) / 2)) * se
    return when, est, est - half, est + half, nan, nan, se, unit_changes.two_sided(est, se, df), units, n


def _bands(
    table: pd.DataFrame, c: staggered.Aggregates, steps: int, level: float
) -> tuple[pd.DataFrame, dict[str, Any], list[str]]:
    """Simultaneous bands of the steps, the test of those before, and what other trends would do."""
    at = np.flatnonzero(c.table["when"] == "since the start")
    cov, est = c.cov[np.ix_(at, at)], c.table["estimate"].to_numpy(float)[at]
    event = c.table["event"].to_numpy(float)[at]
    wide = staggered.simultaneous(cov, level) if len(at) else np.nan
    se = np.sqrt(np.diag(cov))
    rows = np.arange(len(table) - steps, len(table))
    table.loc[rows, "simultaneous_low"], table.loc[rows, "simultaneous_high"] = est - wide * se, est + wide * se
    parts, notes = pre_trend(est, cov, event, level)
    return table, parts | {"critical": wide}, notes


def pre_trend(est: NDArray, cov: NDArray, event: NDArray, level: float) -> tuple[dict[str, Any], list[str]]:
    """Return the test of the steps before the start with its power, and the intervals under other trends."""
    pre, first = np.flatnonzero(event < 0), np.flatnonzero(event == 0)
    if not len(pre):
        return {}, []
    v = cov[np.ix_(pre, pre)]
    inverse = np.linalg.pinv(v)
    wald = float(est[pre] @ inverse @ est[pre])
    rank = int(np.linalg.matrix_rank(v))
    p = float(chdtrc(rank, wald))
    ones = float(inverse.sum())
    limit = float(chdtri(rank, 0.05))
    grid = np.linspace(0, 60, 6001)[1:]
    half = float(grid[np.argmin(np.abs(ncx2.sf(limit, rank, grid) - 0.5))])
    slope = float(np.sqrt(half / ones)) if ones > 0 else float("nan")
    said = "no difference in trend before the start is seen" if p >= 0.05 else "trends differed before the start"
    notes = [
        f"{said} (p = {p:.3f}); a difference of {slope:.3g} a period would be found every other time only, and would "
        "by itself make as much in each period after: not seen is not absent"
    ]
    bands = staggered.breakdown(pre, int(first[0]), est, cov, z_value(level), SIZES) if len(first) else np.empty((0, 2))
    table = pd.DataFrame({"size": SIZES[: len(bands)], "low": bands[:, 0], "high": bands[:, 1]})
    holds = table["size"][((table["low"] > 0) | (table["high"] < 0)).cummin()]
    if len(holds):
        notes.append(
            f"the first effect differs from 0 even where trends differ by {holds.max():g} times the largest step before"
        )
    elif len(table):
        notes.append(
            f"the first effect is not told from trends that differ by {SIZES[0]:g} times the largest step before"
        )
    smooth, more = _smooth(est, cov, event, level) if len(first) else ({}, [])
    return {"pre_p": p, "pre_slope": slope, "sensitivity": table} | smooth, notes + more


def _smooth(est: NDArray, cov: NDArray, event: NDArray, level: float) -> tuple[dict[str, Any], list[str]]:
    """The first effect where the difference of trends goes on straight, or bends by at most so much a period."""
    steps = est[event < 0]
    largest = float(np.abs(np.diff(steps)).max()) if len(steps) > 1 else float(np.sqrt(np.diag(cov)[event == 0][0]))
    parts = smooth_trends.from_steps(est, cov, event)
    rows = [(share * largest, *smooth_trends.interval(*parts, share * largest, level)) for share in BENDS]
    table = pd.DataFrame(rows, columns=["m", "low", "high"])
    low, high = table["low"].iloc[0], table["high"].iloc[0]
    holds = table["m"][((table["low"] > 0) | (table["high"] < 0)).cummin()]
    tells = f"it differs from 0 up to a bend of {holds.max():.3g}" if len(holds) else "it is not told from 0"
    said = f"if the trends before go on straight, the first effect is between {low:.3g} and {high:.3g}; {tells}"
    return {"smoothness": table}, [said]


def _before(s: int, every: str) -> list[str]:
    if s >= 3:
        return []
    return [f"only {s} {every}{'s' * (s > 1)} before the start: whether trends were alike before can hardly be seen"]


def _as_large(p: Panel, d: NDArray, treated: NDArray, chance: float, placebo: pd.DataFrame) -> list[str]:
    """Which untreated units moved as much as the one treated unit, and what the usual clustered error would say."""
    if treated.sum() != 1:
        return []
    gap = np.array([abs(d[k] - d[np.arange(len(d)) != k].mean()) for k in range(len(d))])
    far = gap[~treated] >= gap[treated][0] * (1 - 1e-12)
    usual = unit_changes.clustered_p(p.y, treated, p.starts[0])
    names = _few_names(placebo["unit"][far & placebo["estimate"].notna().to_numpy()].tolist())
    said = (
        f"{far.sum()} of {far.size} untreated units moved as far or farther without it{f' ({names})' if names else ''}"
    )
    if usual < chance:
        said += f"; an error clustered by unit would give p = {usual:.2g}, as it takes the one treated unit to have no "
        said += "noise of its own"
    return [said]


def _few_names(names: list[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def _placebo(p: Panel, d: NDArray, treated: NDArray) -> pd.DataFrame:
    """The difference that each untreated unit alone would have had."""
    others = [~treated & (np.arange(len(d)) != k) for k in range(len(d))]
    rows = [(p.units[k], d[k] - d[others[k]].mean() if others[k].any() else np.nan) for k in np.flatnonzero(~treated)]
    return _of_enough(p, pd.DataFrame(rows, columns=["unit", "estimate"]))


def _of_enough(p: Panel, table: pd.DataFrame) -> pd.DataFrame:
    """Return a table by ``unit`` without figures of units of few people; where rows are units and periods, with all."""
    if p.n.max() <= 1:
        return table
    n = dict(zip(p.units, p.n.sum(1), strict=True))
    few = small_cells.hidden(pd.DataFrame({"unit": p.units, "n": list(n.values())}), SMALL, ["unit"])
    hide = dict(zip(p.units, few, strict=True))
    return table.assign(estimate=table["estimate"].mask(table["unit"].map(hide).to_numpy(bool)))


def several_dates(p: Panel, level: float, later: bool) -> Found:
    """Units start at different dates (Callaway & Sant'Anna)."""
    if not later and not (p.start < 0).any():
        later = True
    found = staggered.effects(p.y, p.start, later=later)
    if not len(found.table):
        raise DataProblem("no period has both treated units and units not treated yet; nothing can be compared")
    c = staggered.aggregates(found)
    units, n = len(p.y), int(p.n.sum())
    z, est, se = z_value(level), c.table["estimate"].to_numpy(float), c.table["se"].to_numpy(float)
    kind = c.table["when"].to_numpy()
    steps = np.flatnonzero(kind == "since the start")
    wide = staggered.simultaneous(c.cov[np.ix_(steps, steps)], level)
    band = np.where(kind == "since the start", wide, np.nan)
    p_value = [unit_changes.two_sided(a, b, 1e9) for a, b in zip(est, se, strict=True)]
    names = [_when(p, w, e) for w, e in zip(kind, c.table["event"], strict=True)]
    table = pd.DataFrame({
        "when": names, "estimate": est, "low": est - z * se, "high": est + z * se, "simultaneous_low": est - band * se,
        "simultaneous_high": est + band * se, "se": se, "p": p_value, "units": units, "n": n,
    })  # fmt: skip
    parts, notes = pre_trend(est[steps], c.cov[np.ix_(steps, steps)], c.table["event"].to_numpy(float)[steps], level)
    treated = int((p.start >= 0).sum())
    if treated < FEW:
        chance = _permuted(p, later, est[0])
        table.loc[0, "p"] = chance
        table[["low", "high", "simultaneous_low", "simultaneous_high", "se"]] = np.nan
        table.loc[1:, "p"] = np.nan
        notes = [f"{treated} treated units: errors cannot be trusted, so p compares with other choices of them, and "
                 "there "
                 "are no intervals"]  # fmt: skip
    each = found.table.assign(start=[p.periods[s] for s in found.table["start"]],
                              period=[p.periods[t] for t in found.table["period"]])  # fmt: skip
    against = "units never treated or not yet" if later else "units never treated"
    method = f"effects by start and period against {against} (Callaway & Sant'Anna), influence functions of units; bands hold together"  # noqa: E501
    return Found(table, notes, method, parts | {"by_start": each, "critical": wide})


def _when(p: Panel, kind: str, event: float) -> str:
    if kind == "since the start":
        return f"{p.every} {int(event):+d}"
    return f"start {p.periods[int(event)]}" if kind == "start" else kind


def _permuted(p: Panel, later: bool, own: float, draws: int = 499) -> float:
    """The share of random allotments of the same starts whose effect is as large."""
    rng, count = np.random.default_rng(0), 1
    for _ in range(draws):
        c = staggered.aggregates(staggered.effects(p.y, rng.permutation(p.start), later=later))
        count += abs(float(c.table["estimate"].iloc[0])) >= abs(own) - 1e-12
    return count / (draws + 1)


def synthetic(p: Panel, level: float) -> Found:
    """Synthetic difference in differences, beside the synthetic control and the plain difference."""
    treated, s = p.start >= 0, p.starts[0]
    if s < SYNTHETIC:
        raise DataProblem(
            f"a synthetic control needs {SYNTHETIC} {p.every}s before the start, and there are {s}; "
            "design='difference' "
            "needs one"
        )
    others = int((~treated).sum())
    rows, placebo = [], {}
    names = {
        "sdid": "synthetic difference in differences",
        "control": "synthetic control",
        "did": "difference of changes",
    }
    for kind, name in names.items():
        found = synthetic_control.synthetic(p.y, treated, s, kind)
        chance = synthetic_control.placebos(p.y, treated, s, kind)
        placebo[kind] = chance
        se = float(chance.std()) if others > 2 else np.nan
        half = z_value(level) * se
        rank = (1 + int((np.abs(chance) >= abs(found.estimate) - 1e-12).sum())) / (others + 1)
        rows.append((name, found.estimate, found.estimate - half, found.estimate + half, np.nan, np.nan, se, rank,
                     len(p.y), int(p.n.sum())))  # fmt: skip
        if kind == "sdid":
            weights = pd.DataFrame(
                {"unit": [u for u, t in zip(p.units, treated, strict=True) if not t], "weight": found.units}
            )
            periods = pd.DataFrame({"period": p.periods[:s], "weight": found.periods})
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    least = 1 / (others + 1)
    notes = [
        f"p is the place among {others} untreated units treated as if they were the pilot; it cannot be below "
        f"{least:.3g}"
    ]
    if int(treated.sum()) > 1:
        notes.append("placebos are single units, the pilot is the mean of several: their spread is rather too large")
    spread = _of_enough(p, pd.DataFrame({"unit": weights["unit"], "estimate": placebo["sdid"]}))
    parts = {"weights": weights, "period_weights": periods, "placebo": spread, "least_p": least}
    return Found(
        table, notes, "weights on the simplex (ridge for synthetic DiD); placebo errors of untreated units", parts
    )


def series(p: Panel, level: float, *, share: bool = False) -> Found:
    """One unit without a comparison: an interrupted series; of a share also as a ratio (`_ratio`)."""
    s, size = p.starts[0], p.y.shape[1]
    if s < ITS or size - s < ITS:
        raise DataProblem(
            f"one unit and nothing to compare with: an interrupted series needs {ITS} {p.every}s before and {ITS} "
            "after the "
            f"start, and has {s} and {size - s}"
        )
    y, v = p.y[0], p.v[0]
    ok = np.isfinite(y)
    season = SEASON.get(p.every, 0.0)
    season = season if season and ok.sum() >= 2 * season else 0.0
    x = interrupted.columns(size, s, slope=True, season=season)
    w = np.where(np.isfinite(v) & (v > 0), 1 / np.where(v > 0, v, 1), 0.0)
    w = w / w[w > 0].mean() if (w > 0).any() else ok.astype(float)
    lags = int(np.ceil(4 * (ok.sum() / 100) ** (2 / 9)))
    fit = interrupted.weighted(y[ok], x[ok], w[ok], lags)
    t = float(stdtrit(fit.df, (1 + level) / 2))
    rows = []
    for name, k in (("step at the start", 1), (f"change of slope a {p.every}", 3)):
        se = float(np.sqrt(max(fit.robust[k, k], fit.cov[k, k])))
        rows.append((name, fit.b[k], fit.b[k] - t * se, fit.b[k] + t * se, np.nan, np.nan, se,
                     unit_changes.two_sided(fit.b[k], se, fit.df), 1, int(p.n.sum())))  # fmt: skip
    placebo = []
    for at in range(ITS, s - ITS + 1):
        part = ok[:s]
        z = interrupted.columns(s, at, slope=True)
        if part.sum() > z.shape[1] + 2:
            one = interrupted.weighted(y[:s][part], z[part], w[:s][part], lags)
            placebo.append((p.periods[at], float(one.b[1])))
    notes = ["one unit without a comparison: whatever else happened at that date is in the step"]
    if placebo:
        larger = sum(abs(b) >= abs(fit.b[1]) for _, b in placebo)
        notes.append(f"placebo dates before the start: {larger} of {len(placebo)} have a step as large")
    said = "two harmonics, " if season else ""
    method = f"weighted least squares: trend, step and change of slope centred at the start, {said}Newey-West errors ({lags} lags), never below the plain ones"  # noqa: E501
    parts = {"placebo": pd.DataFrame(placebo, columns=["period", "estimate"]), "dispersion": fit.dispersion}
    if share and (y[ok] > 0).any():
        parts["ratio"], told = _ratio(y[ok], p.n[0, ok], x[ok], lags, level)
        notes.append(told)
    return Found(pd.DataFrame(rows, columns=list(COLUMNS)), notes, method, parts)


def _ratio(y: NDArray, n: NDArray, x: NDArray, lags: int, level: float) -> tuple[pd.DataFrame, str]:
    """How many times the expected a share is at the start: quasi-Poisson on counts, log answers as the offset."""
    fit = interrupted.quasi_poisson(y * n, x, np.log(n), lags)
    se = float(np.sqrt(max(fit.robust[1, 1], fit.cov[1, 1])))
    half = float(stdtrit(fit.df, (1 + level) / 2)) * se
    est, low, high = (float(np.exp(fit.b[1] + k * half)) for k in (0, -1, 1))
    p = unit_changes.two_sided(fit.b[1], se, fit.df)
    row = {"what": "share at the start, times the expected", "estimate": est, "low": low, "high": high, "p": p,
           "se_log": se, "dispersion": fit.dispersion}  # fmt: skip
    said = (
        f"as a ratio (quasi-Poisson, dispersion {fit.dispersion:.3g}): at the start the share is {est:.3g} times what "
        f"the time before let expect ({low:.3g} to {high:.3g})"
    )
    return pd.DataFrame([row]), said
