"""Happy customers, happy employees.

Employees on last period's customers (and their own last score) within units; and the reverse.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from cxlab.hypotheses.case import Case, Evidence
from cxlab.hypotheses.estimation import row, standardised
from cxlab.hypotheses.naive import unguarded
from cxlab.hypotheses.rule import from_t
from cxlab.hypotheses.sample import NotEstimable
from cxlab.hypotheses.simulated_answers import Made, Truth
from cxlab.stats.fits.robust import least_squares

TRUTH = Truth(n=1200)


def test(case: Case) -> Evidence:
    """CX-21: employees on last period's customers (and their own last score) within units; and the reverse."""
    sample = case.sample
    table = pd.DataFrame(
        {
            "unit": [str(u) for u in sample.raw["unit"]],
            "period": sample.raw["period"],
            "customer": sample.number("customer"),
            "employee": sample.number("employee"),
            "w": sample.n * sample.w,
        }
    )
    table = (
        table.groupby(["unit", "period"])[["customer", "employee"]].mean().reset_index().sort_values(["unit", "period"])
    )
    periods = table["period"].nunique()
    if periods < 4 or table["unit"].nunique() < 10:
        raise NotEstimable(
            f"{table['unit'].nunique()} units and {periods} periods; lagged effects within units need at least 10 and 4"
        )
    last = table.groupby("unit")[["customer", "employee"]].shift(1)
    table = table.assign(c1=last["customer"], e1=last["employee"]).dropna()
    for name in ("customer", "employee", "c1", "e1"):
        centred = table[name] - table.groupby("unit")[name].transform("mean")
        centred = centred - centred.groupby(table["period"]).transform("mean")
        table[name] = standardised(centred.to_numpy(), np.ones(len(table)))
    one, unit = (np.ones(len(table)), pd.factorize(table["unit"])[0])
    paths = {}
    for y, x in (("employee", "c1"), ("customer", "e1")):
        own = "e1" if y == "employee" else "c1"
        d = np.column_stack([one, table[x], table[own]])
        paths[y] = least_squares(d, table[y].to_numpy(), one, one, unit).contrast([0.0, 1.0, 0.0])
    n = len(table)
    carry = {
        "side": case.card.side,
        "sesoi": case.card.sesoi,
        "trivial": case.card.trivial,
        "n": n,
        "n_eff": float(table["unit"].nunique()),
    }
    found = from_t(
        "customer to employee, one period later, within units", *paths["employee"], level=case.level, **carry
    )
    shown = (row(case, "employee to customer, one period later", *paths["customer"], n),)
    notes = (f"demeaning with {periods} periods pulls lagged paths of the same series down by about 1/{periods}",)
    return Evidence(
        (found,),
        None,
        shown,
        (("periods", f"{periods}", periods >= 12),),
        "Two-way demeaned lagged regression, clustered by unit",
        notes,
    )


def simulate(effect: float, n: int, rng: np.random.Generator, threat: str | None = None) -> Made:
    periods, units = (24, max(n // 24, 20))
    size = effect**2 / 0.91
    b = np.sign(effect) * np.sqrt(size / (1 - size))
    c, e = (np.zeros((units, periods)), np.zeros((units, periods)))
    for t in range(1, periods):
        c[:, t] = rng.standard_normal(units)
        e[:, t] = 0.3 * e[:, t - 1] + b * c[:, t - 1] + rng.standard_normal(units)
    trait = rng.standard_normal(units)[:, None] * (1.5 if threat else 0.3)
    unit, period = (np.repeat(np.arange(units), periods), np.tile(np.arange(periods), units))
    columns = {"unit": unit, "period": period, "customer": (c + trait).ravel(), "employee": (e + trait).ravel()}
    return Made(columns, "panel", roles={"employee": "operation"})


naive = unguarded
