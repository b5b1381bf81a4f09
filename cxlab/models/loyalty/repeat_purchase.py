"""`repeat`: how many purchases to expect of customers, with a predictive interval and a hold-out check."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm, qmc

from cxlab.columns import Column
from cxlab.data.arguments import public
from cxlab.data.small_cells import SMALL
from cxlab.data.study import Study
from cxlab.models.loyalty.purchase_days import day, purchase_days
from cxlab.models.loyalty.spending import Buyers, spent
from cxlab.problem import DataProblem
from cxlab.result import Result
from cxlab.stats.purchases import bgnbd

MOST = 7
"""Customers with this many repeat purchases and more are one group."""
SEED, TRIES = 0, 50
"""Simulations of all purchases for their spread."""

HEADINGS = (
    Column("before", "label", "", "Repeat purchases before"), Column("actual", "count", "", "Actual"),
    Column("n", "count", "", "Customers"), Column("estimate", "estimate", "index", "Expected"),
    Column("spend", "number", "index", "Spending"),
    Column("spend_low", "bound", "index", "Spending, low"), Column("spend_high", "bound", "index", "Spending, high"),
    Column("paid", "number", "index", "Spent"),
)  # fmt: skip


@public
def repeat(
    study: Study,
    *,
    customer: str,
    date: str,
    until: str,
    horizon: float,
    amount: str = "",
    unit: str = "weeks",
    draws: int = 1000,
    level: float = 0.95,
    least_n: int = SMALL,
) -> Result:
    """Return how many purchases customers are expected to make after ``until``, and how many they made if it is known.

    One row a purchase; several on one day are one. Only customers whose first purchase is at or before ``until`` count.

    Parameters
    ----------
    customer, date : who bought, and the day.
    until : the last day that the model may see, "1997-09-30". Later purchases in the data are the hold-out.
    horizon : how long ahead, in ``unit``: 'days' or 'weeks'.
    amount : what a purchase cost (amounts of a day are added up): adds what customers will spend (gamma-gamma).
    draws : of the parameters (evenly spread), for the predictive interval; ``level`` : its probability.
    least_n : customers needed, at least 10.

    Returns
    -------
    Result, one row a number of repeat purchases before and one for all: ``before, estimate`` (expected purchases of
    all its customers), ``low, high`` (predictive), ``actual`` (nan where the data end before), ``n`` customers;
    with ``amount`` also ``spend, spend_low, spend_high, paid``. ``parts``: ``parameters`` (r, alpha, a, b; standard
    errors of their logarithms), ``fit``, ``active`` (share not dropped out), ``spend`` (gamma-gamma: parameters,
    log-likelihood, mean of a purchase, correlation of frequency and spend, which the model takes to be 0).

    Raises
    ------
    DataProblem : a column is not there, the unit is neither 'days' nor 'weeks', the horizon is not above 0, too
        few bought again, or the purchases do not determine the model.

    References
    ----------
    Fader, Hardie & Lee (2005), doi:10.1287/mksc.1040.0098 (BG/NBD), doi:10.1509/jmkr.2005.42.4.415 (gamma-gamma).

    Examples
    --------
    >>> import pandas as pd, cxlab as cx
    >>> table = pd.DataFrame({"who": [1, 1, 2], "day": ["2024-01-01", "2024-02-01", "2024-01-05"]})
    >>> cx.repeat(cx.load(table), customer="who", date="day", until="soon", horizon=10)
    Traceback (most recent call last):
    ...
    cxlab.problem.DataProblem: until is 'soon'; write a day as '2025-06-30'
    """
    if unit not in ("days", "weeks"):
        raise DataProblem(f"unit is {unit!r}; allowed: 'days', 'weeks'")
    if horizon <= 0:
        raise DataProblem(f"horizon is {horizon:g}; it is how long ahead to look, above 0")
    step = 1 if unit == "days" else 7
    end = day("until", until)
    bought, lost = purchase_days(study, customer, date, amount)
    people, last_day = people_seen(study, bought, end, horizon * step)
    x, last, watched = (people[c].to_numpy(float) / (1 if c == "x" else step) for c in ("x", "last", "watched"))
    patterns, at, n = np.unique(np.column_stack([x, last, watched]), axis=0, return_inverse=True, return_counts=True)
    if len(people) < max(least_n, 10) or not (x > 0).any():
        raise DataProblem(f"{int((x > 0).sum()):,} of {len(people):,} customers of {study.name} bought again up to "
                          f"{until}; {max(least_n, 10)} customers and some repeat purchases are needed")  # fmt: skip
    fit = bgnbd.fit(*patterns.T, n.astype(float))
    if not fit.converged:
        raise DataProblem(f"the purchases of {study.name} do not determine the model: buyers hardly differ, or hardly "
                          "any drop out; a longer window up to until= may")  # fmt: skip
    group = np.fmin(patterns[:, 0], MOST).astype(int)
    mean, low, high = _predicted(fit, patterns, n, group, horizon, draws, level)
    full = last_day >= end + dt.timedelta(days=horizon * step)
    actual = np.append(np.bincount(group[at.ravel()], people["later"], MOST + 1), people["later"].sum())
    size = np.append(np.bincount(group, n, MOST + 1), n.sum()).astype(int)
    words = [*map(str, range(MOST)), f"{MOST} and more", "all"]
    table = pd.DataFrame({"before": words, "estimate": mean, "low": low, "high": high,
                          "actual": actual if full else np.nan, "n": size})  # fmt: skip
    money, more, said = pd.DataFrame(), {}, []
    if amount:
        buyers = Buyers(np.column_stack([x, last, watched]), group[at.ravel()], people["spend"].to_numpy(float))
        money, more, said = _money(fit, buyers, people["paid"].to_numpy(float), horizon, level, full=full)
    table = pd.concat([table, money], axis=1)
    table = table[table["n"] > 0].reset_index(drop=True)
    notes = [*study.caveats, *([f"{lost:,} rows without customer or day do not count"] if lost else [])]
    notes += [*_said(table.iloc[-1], full=full, level=level), *said]
    parameters = pd.DataFrame({"parameter": ["r", "alpha", "a", "b"], "estimate": np.exp(fit.log),
                               "se_log": np.sqrt(np.diag(fit.covariance))})  # fmt: skip
    figures = {"loglik": fit.loglik, "customers": int(n.sum()), "patterns": len(n), "repeats": int(x.sum())}
    how = "predictive interval with the error of the parameters"
    method = f"BG/NBD by maximum likelihood on {len(n):,} patterns; {how}, {draws} draws"
    return Result("repeat", f"Purchases in the {horizon:g} {unit} after {until}", table, "index", level, method,
                  tuple(notes),
                  {"parameters": parameters, "fit": figures, "active": bgnbd.active(fit.log, patterns, n), **more},
                  HEADINGS)  # fmt: skip


def people_seen(study: Study, bought: pd.DataFrame, until: dt.date, ahead: float) -> tuple[pd.DataFrame, dt.date]:
    """Return one row a customer seen up to ``until``: repeat days, last and watched in days since the first, later
    days.

    Parameters
    ----------
    bought : of `purchase_days`; with ``amount`` also the mean ``spend`` of repeat days and ``paid`` later.
    until : last day seen. ``ahead`` : days after it that are the hold-out.
    """
    end = pd.Timestamp(until)
    seen = bought[bought["day"] <= end]
    if not len(seen):
        raise DataProblem(
            f"nobody of {study.name} bought up to {until}; the first day is {bought['day'].min():%Y-%m-%d}"
        )
    days = seen.groupby("who", sort=True)["day"].agg(["count", "min", "max"])
    late = bought[(bought["day"] > end) & (bought["day"] <= end + pd.Timedelta(days=ahead))].groupby("who")
    people = pd.DataFrame({
        "x": days["count"] - 1, "last": (days["max"] - days["min"]).dt.days, "watched": (end - days["min"]).dt.days,
        "later": late.size().reindex(days.index, fill_value=0),
    })  # fmt: skip
    if "amount" in bought:
        repeats = seen[seen["day"] > days["min"].reindex(seen["who"]).to_numpy()].groupby("who")["amount"].mean()
        people["spend"] = repeats.reindex(days.index, fill_value=0.0)
        people["paid"] = late["amount"].sum().reindex(days.index, fill_value=0.0)
    return people, bought["day"].max().date()


def _money(
    fit: bgnbd.PurchaseFit, buyers: Buyers, paid: NDArray, ahead: float, level: float, *, full: bool
) -> tuple[pd.DataFrame, dict, list[str]]:
    """Expected and real spending by group and of all, the fit, and what is to be said."""
    money, fitted, said = spent(fit, buyers, ahead, MOST + 1, seed=SEED, level=level)
    really = np.append(np.bincount(buyers.group, paid, MOST + 1), paid.sum())
    return money.assign(paid=really if full else np.nan), {"spend": fitted}, said


def _predicted(fit: bgnbd.PurchaseFit, patterns: NDArray, n: NDArray, group: NDArray, ahead: float, draws: int,
               level: float) -> tuple[NDArray, NDArray, NDArray]:  # fmt: skip
    """Expected purchases by group and of all, and the ends of their predictive intervals."""
    rng = np.random.default_rng(SEED)
    whole = lambda each: np.append(np.bincount(group, each, MOST + 1), each.sum())  # noqa: E731
    mean = whole(n * bgnbd.expected(fit.log, *patterns.T, ahead))
    points = norm.ppf(qmc.Halton(4, rng=np.random.default_rng(SEED)).random(draws))
    logs = fit.log + points @ np.linalg.cholesky(fit.covariance).T
    means = np.array([whole(n * bgnbd.expected(log, *patterns.T, ahead)) for log in logs])
    tries = np.array([bgnbd.simulated(fit.log, *patterns.T, ahead, rng) for _ in range(TRIES)])
    spread = np.sqrt(whole(n * tries.var(0, ddof=1)))
    low, high = (_mixed(means, spread, p) for p in ((1 - level) / 2, (1 + level) / 2))
    return mean, low, high


def _mixed(means: NDArray, spread: NDArray, p: float) -> NDArray:
    """The quantile, at least 0, of a mixture of normal variables, by column: their means (draws, q) and one spread."""
    sd = np.fmax(spread, 1e-9)
    low, high = means.min(0) - 9 * sd, means.max(0) + 9 * sd
    for _ in range(60):
        middle = (low + high) / 2
        less = norm.cdf((middle - means) / sd).mean(0) < p
        low, high = np.where(less, middle, low), np.where(less, high, middle)
    return np.fmax(high, 0.0)


def _said(total: pd.Series, *, full: bool, level: float) -> list[str]:
    out = []
    if not full:
        out.append(
            "the data end before the horizon does: nothing to check the forecast with, and the model knows no seasons"
        )
    elif total["low"] <= total["actual"] <= total["high"]:
        out.append(f"hold-out: {total['actual']:,.0f} purchases, inside the {level:.0%} predictive interval")
    else:
        out.append(
            f"hold-out: {total['actual']:,.0f} purchases, OUTSIDE the {level:.0%} predictive interval "
            f"{total['low']:,.0f} to {total['high']:,.0f}: the model misses what happened; do not plan on it unchanged"
        )
    return [
        *out,
        "a customer without a repeat purchase counts as active: the model lets people drop out after one only",
    ]
