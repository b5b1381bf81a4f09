"""Price premium: log price on the arm; ratio of geometric means minus one."""

from __future__ import annotations

import numpy as np

from cxlab.hypotheses.case import Case, Evidence
from cxlab.hypotheses.estimation import answered, finding, varies
from cxlab.hypotheses.simulated_answers import Made, Truth, arms
from cxlab.hypotheses.without_guards import unguarded
from cxlab.models.price.stated_premium import log_premium

TRUTH = Truth(claimed=0.16)


def test(case: Case) -> Evidence:
    """The ratio between arms of `cx.prices.stated_premium`: log price on the arm."""
    sample = case.sample
    price, arm = (sample.number("price"), sample.binary("arm"))
    with np.errstate(invalid="ignore", divide="ignore"):
        y = np.where(price > 0, np.log(price), np.nan)
    rows = answered(case, y, arm)
    varies("the arm", arm[rows])
    held = () if sample.controls is None else (sample.controls[rows],)
    log = log_premium(price[rows], arm[rows], sample.n[rows], sample.w[rows], sample.units(rows), held)
    name = "premium of the great experience"
    found = finding(case, rows, y, name, *log, transform=lambda v: float(np.expm1(v)))
    zeros = int(sample.n[price <= 0].sum())
    notes = (f"{zeros} prices of zero have no logarithm and are left out",) if zeros else ()
    return Evidence((found,), found, method="Log price on the arm, clustered by person", notes=notes)


def simulate(effect: float, n: int, rng: np.random.Generator, threat: str | None = None) -> Made:
    cluster, arm, shared = arms(n, rng, threat)
    log = 3 + np.log1p(effect) * arm + 0.25 * shared + 0.25 * rng.standard_normal(n)
    return Made({"price": np.exp(log), "arm": arm, "cluster": cluster}, "experiment")


naive = unguarded
