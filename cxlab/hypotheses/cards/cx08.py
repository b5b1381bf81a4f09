"""Satisfaction leaders earn more: intercept of the high-minus-low return on the market return, Newey-West errors."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cxlab.hypotheses.case import Case, Evidence
from cxlab.hypotheses.estimation import answered, finding, unfeigned
from cxlab.hypotheses.scored_answers import NotEstimable
from cxlab.hypotheses.simulated_answers import Made, Truth
from cxlab.hypotheses.without_guards import unguarded
from cxlab.models.benchmarks.market_return import alpha

TRUTH = Truth(claimed=0.0135, n=360)
WHOLE = 1.0
"""No market has moved by more than this share in a month."""
PERCENT = "the market moved by more than 1 in a month, so both returns are read as percent"


def test(case: Case) -> Evidence:
    """Alpha a month; only scores published before the month can have chosen its portfolio."""
    sample = case.sample
    y, market, notes = _shares(sample.number("excess"), sample.number("market"))
    rows = answered(case, y, market, least=36, what="months")
    order = np.argsort(sample.raw["date"][rows]) if "date" in sample else np.arange(rows.sum())
    found = finding(case, rows, y, "alpha a month", *alpha(y[rows][order], market[rows][order]))
    squared = np.column_stack([market, market**2])[rows][order]
    bent = lambda: finding(case, rows, y, found.name, *alpha(y[rows][order], squared))  # noqa: E731
    curve = unfeigned(found, bent, "the square of the market return could not feign it", "curve")
    checks = (_published(case, rows), curve)
    return Evidence((found,), found, (), checks, "Market model, Newey-West errors", notes)


def _shares(excess: NDArray, market: NDArray) -> tuple[NDArray, NDArray, tuple[str, ...]]:
    """Both returns as shares: a market that moved by more than 1 (100 %) in a month is in percent, and both are."""
    beyond = [bool(np.nanmax(np.abs(r), initial=0.0) > WHOLE) for r in (excess, market)]
    if beyond[1]:
        return excess / 100, market / 100, (PERCENT,)
    if beyond[0]:
        raise NotEstimable(
            "a month's excess return is beyond 1 (100 %) and no market return is: give both as shares (0.01 is 1 %), "
            "or both in percent"
        )
    return excess, market, ()


def _published(case: Case, rows: NDArray) -> tuple[str, str, bool | None, str]:
    """Whether every month's portfolio was formed of scores that were out before its first day, however it is dated."""
    what, sample = "the scores were published before the month they chose the portfolio of", case.sample
    if "date" not in sample or "published" not in sample:
        lacks = " and ".join(k for k in ("date", "published") if k not in sample)
        return what, f"no column for {lacks}", None, "look-ahead"
    month = sample.raw["date"][rows].astype("datetime64[M]").astype("datetime64[D]")
    late = int((~(sample.raw["published"][rows].astype("datetime64[D]") < month)).sum())
    return what, f"{late} of {int(rows.sum())} months use later scores", late == 0, "look-ahead"


def simulate(effect: float, n: int, rng: np.random.Generator, threat: str | None = None) -> Made:
    """Months of a portfolio; under 'look-ahead' the year's ranking is bought on its first of January, under 'curve'
    what was bought pays whenever the market moves far.
    """
    e = 0.01 * rng.standard_normal(n + 1)
    e = e[1:] + 0.3 * e[:-1] if threat == "autocorrelation" else e[1:]
    market = 0.04 * rng.standard_normal(n)
    date = np.datetime64("1995-01", "M") + np.arange(n)
    late = threat == "look-ahead"
    published = date.astype("datetime64[Y]").astype("datetime64[M]") + (6 if late else -2)
    days = {
        k: v.astype("datetime64[D]").astype("datetime64[ns]") for k, v in (("date", date), ("published", published))
    }
    e = e + 5 * market**2 if threat == "curve" else e
    return Made({"excess": effect + (0.01 if late else 0.0) + 0.1 * market + e, "market": market, **days}, "backtest")


naive = unguarded
