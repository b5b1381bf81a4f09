"""Happy customers, happy employees: employees on last period's customers within units, against the way back."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cxlab.columns import show
from cxlab.hypotheses.case import Case, Evidence
from cxlab.hypotheses.design import kind
from cxlab.hypotheses.rule import from_t
from cxlab.hypotheses.simulated_answers import Made, Truth, in_periods, lasting_mood
from cxlab.hypotheses.without_guards import flat
from cxlab.models.loyalty.lagged import lagged

TRUTH = Truth(claimed=0.25, n=2400)
MANY = 12
"""Periods from which on paths within units are well known."""


def test(case: Case) -> Evidence:
    """The standardised path of `cx.loyalty.lagged` from customers to employees; and whether the past tells more."""
    found = lagged(
        case.specified, case.column("customer"), y=case.column("employee"), unit=case.column("unit"),
        period=case.column("period"), level=case.level,
    )  # fmt: skip
    card, rows, units = case.card, found.parts["rows"], int(found.table["n"].iloc[0])
    there, back = (found.parts["standardised"].iloc[k] for k in (0, 1))
    path = from_t(
        "customer to employee, one period later, within units", there["estimate"], there["se"], there["df"],
        level=case.level, side=card.side, sesoi=card.sesoi, trivial=card.trivial, n=rows, n_eff=float(units),
    )  # fmt: skip
    shown = (
        {"label": "employee to customer, one period later", "n": rows, **back[["estimate", "low", "high"]].to_dict()},
    )
    periods = found.parts["periods"]
    checks = (("periods", f"{periods}", periods >= MANY), ahead(case, found.parts["ahead"].iloc[0]))
    return Evidence((path,), None, shown, checks, found.method, found.notes)


def ahead(case: Case, told: pd.Series) -> tuple:
    """Whether the past score tells more than the future one: what moves both would tell as much of either."""
    found = f"difference of the two paths {show(told['estimate'])} [{show(told['low'])}, {show(told['high'])}]"
    if kind(case.study) == "experiment":
        return "last period's score tells more than the next one", "assigned", True, "common-factor"
    holds = bool(told["low"] > case.card.sesoi)
    return "last period's score tells more than the next one, by what matters", found, holds, "common-factor"


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
    e[:, 0] = rng.standard_normal(units) / np.sqrt(0.91 * (1 - size))
    for t in range(1, periods):
        e[:, t] = 0.3 * e[:, t - 1] + b * c[:, t - 1] + rng.standard_normal(units)
    shared = rng.standard_normal((units, 1)) * (1.5 if threat == "stable-differences" else 0.3)
    shared = shared + (lasting_mood(units, periods, rng) if threat == "common-factor" else 0.0)
    answers = {"customer": (c + shared).ravel(), "employee": (e + shared).ravel()}
    columns = {**in_periods(units, periods, unit="unit"), **answers}
    return Made(columns, "panel", roles={"employee": "operation"})


def naive(case: Case) -> bool:
    """Units' customer and employee scores correlate."""
    s = case.sample
    c, e = (flat(s.number(name), s.n) for name in ("customer", "employee"))
    r = np.corrcoef(c, e)[0, 1]
    return bool(r * np.sqrt(len(c)) > 1.96 * (1 - r**2))
