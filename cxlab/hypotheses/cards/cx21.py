"""Happy customers, happy employees: employees on last period's customers within units, against the way back."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlab.columns import show
from cxlab.hypotheses.cards.cx15 import lasting_mood
from cxlab.hypotheses.case import Case, Evidence
from cxlab.hypotheses.design import kind
from cxlab.hypotheses.estimation import row
from cxlab.hypotheses.naive import flat
from cxlab.hypotheses.rule import from_t
from cxlab.hypotheses.sample import NotEstimable
from cxlab.hypotheses.simulated_answers import Made, Truth
from cxlab.stats.fits.lagged_paths import lagged_path

TRUTH = Truth(claimed=0.25, n=2400)
UNITS, PERIODS, MANY = 10, 4, 12
"""Units and periods the test needs, and periods from which on demeaned lags fall little short."""


def test(case: Case) -> Evidence:
    """The path from customers to employees one period later, within units; and whether the past tells more."""
    table = averages(case, ("customer", "employee"), "unit", "period")
    periods, units = table["period"].nunique(), table["unit"].nunique()
    if periods < PERIODS or units < UNITS:
        raise NotEstimable(
            f"{units} units and {periods} periods; lagged effects within units need at least {UNITS} and {PERIODS}"
        )
    there, back = lagged_path(table, "customer", "employee"), lagged_path(table, "employee", "customer")
    card = case.card
    found = from_t(
        "customer to employee, one period later, within units", *there.lag, level=case.level, side=card.side,
        sesoi=card.sesoi, trivial=card.trivial, n=there.rows, n_eff=float(units),
    )  # fmt: skip
    shown = (row(case, "employee to customer, one period later", *back.lag, back.rows),)
    notes = (f"demeaning with {periods} periods pulls lagged paths of the same series down by about 1/{periods}",)
    return Evidence(
        (found,), None, shown, (("periods", f"{periods}", periods >= MANY), ahead(case, there.ahead)),
        "Two-way demeaned lagged regression, clustered by unit", notes,
    )  # fmt: skip


def ahead(case: Case, path: tuple[float, float, float]) -> tuple:
    """Whether the past score tells more than the future one: what moves both would tell as much of either."""
    told = from_t("", *path, level=case.level)
    found = f"difference of the two paths {show(told.value)} [{show(told.low)}, {show(told.high)}]"
    if kind(case.study) == "experiment":
        return "last period's score tells more than the next one", "assigned", True, "common-factor"
    holds = bool(told.low > case.card.sesoi)
    return "last period's score tells more than the next one, by what matters", found, holds, "common-factor"


def averages(case: Case, series: tuple[str, ...], unit: str, period: str) -> pd.DataFrame:
    """Return the mean of each series by unit and period, over answers with their weights; codes in order."""
    s = case.sample
    codes = {name: pd.factorize(pd.Series(s.raw[name]), sort=True)[0] for name in (unit, period)}
    there = (codes[unit] >= 0) & (codes[period] >= 0)
    keys = [pd.Series(codes[unit][there], name="unit"), pd.Series(codes[period][there], name="period")]
    out = {name: _mean(s.number(name)[there], (s.n * s.w)[there], keys) for name in series}
    table = pd.DataFrame(out).dropna().reset_index()
    cluster = codes[unit] if s.c is None else s.c
    whose = pd.Series(cluster[there]).groupby(keys[0]).first()
    return table.assign(cluster=table["unit"].map(whose))


def _mean(values: NDArray, weight: NDArray, keys: list[pd.Series]) -> pd.Series:
    known = np.isfinite(values)
    total = pd.Series(np.where(known, values, 0.0) * weight).groupby(keys).sum()
    return total / pd.Series(known * weight).groupby(keys).sum().replace(0.0, np.nan)


def simulate(effect: float, n: int, rng: np.random.Generator, threat: str | None = None) -> Made:
    """``effect``: the standardised path within units; 24 periods a unit.

    Under 'stable-differences' good units have happy customers and employees; under 'common-factor' something in the
    unit that lasts for some periods moves both.
    """
    periods, units = 24, max(n // 24, 20)
    size = effect**2 / 0.91
    b = np.sign(effect) * np.sqrt(size / (1 - size))
    c = rng.standard_normal((units, periods))
    e = np.zeros((units, periods))
    for t in range(1, periods):
        e[:, t] = 0.3 * e[:, t - 1] + b * c[:, t - 1] + rng.standard_normal(units)
    shared = rng.standard_normal((units, 1)) * (1.5 if threat == "stable-differences" else 0.3)
    shared = shared + (lasting_mood(units, periods, rng) if threat == "common-factor" else 0.0)
    unit, period = np.repeat(np.arange(units), periods), np.tile(np.arange(periods), units)
    columns = {"unit": unit, "period": period, "customer": (c + shared).ravel(), "employee": (e + shared).ravel()}
    return Made(columns, "panel", roles={"employee": "operation"})


def naive(case: Case) -> bool:
    """Units' customer and employee scores correlate."""
    s = case.sample
    c, e = (flat(s.number(name), s.n) for name in ("customer", "employee"))
    r = np.corrcoef(c, e)[0, 1]
    return bool(r * np.sqrt(len(c)) > 1.96 * (1 - r**2))
