"""Satisfaction leaders earn more on the stock market.

Intercept of the high-minus-low return on the market return, Newey-West errors.
"""

from __future__ import annotations

import numpy as np

from cxlab.hypotheses.case import Case, Evidence
from cxlab.hypotheses.estimation import answered, finding
from cxlab.hypotheses.naive import unguarded
from cxlab.hypotheses.simulated_answers import Made, Truth
from cxlab.stats.fits.robust import newey_west

TRUTH = Truth(claimed=0.0135, n=360)


def test(case: Case) -> Evidence:
    """CX-08: intercept of the high-minus-low return on the market return, Newey-West errors."""
    sample = case.sample
    y, market = (sample.number("excess"), sample.number("market"))
    rows = answered(case, y, market, least=36, what="months")
    order = np.argsort(sample.raw["date"][rows]) if "date" in sample else np.arange(rows.sum())
    model = newey_west(np.column_stack([np.ones(len(order)), market[rows][order]]), y[rows][order])
    found = finding(case, rows, y, "alpha a month", *model.contrast(np.array([1.0, 0.0])))
    return Evidence((found,), found, method="Market model, Newey-West errors")


def simulate(effect: float, n: int, rng: np.random.Generator, threat: str | None = None) -> Made:
    e = 0.01 * rng.standard_normal(n + 1)
    e = e[1:] + 0.3 * e[:-1] if threat else e[1:]
    market = 0.04 * rng.standard_normal(n)
    return Made({"excess": effect + 0.1 * market + e, "market": market}, "panel")


naive = unguarded
