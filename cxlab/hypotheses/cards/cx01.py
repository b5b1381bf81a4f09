"""Price premium: log price on the arm; ratio of geometric means minus one."""

from __future__ import annotations

import numpy as np

from cxlab.hypotheses.case import Case, Evidence
from cxlab.hypotheses.estimation import answered, coefficient, finding, varies
from cxlab.hypotheses.naive import unguarded
from cxlab.hypotheses.simulated_answers import Made, Truth, arms

TRUTH = Truth(claimed=0.16)


def test(case: Case) -> Evidence:
    """CX-01: log price on the arm; ratio of geometric means minus one."""
    sample = case.sample
    price, arm = (sample.number("spend"), sample.binary("arm"))
    with np.errstate(invalid="ignore", divide="ignore"):
        y = np.where(price > 0, np.log(price), np.nan)
    rows = answered(case, y, arm)
    varies("the arm", arm[rows])
    log = coefficient(case, rows, y, arm, name="premium")
    found = finding(
        case,
        rows,
        y,
        "premium of the great experience",
        log.value,
        log.se,
        log.df,
        transform=lambda v: float(np.expm1(v)),
    )
    zeros = int(sample.n[price <= 0].sum())
    notes = (f"{zeros} prices of zero have no logarithm and are left out",) if zeros else ()
    return Evidence((found,), found, method="Log price on the arm, clustered by person", notes=notes)


def simulate(effect: float, n: int, rng: np.random.Generator, threat: str | None = None) -> Made:
    cluster, arm, shared = arms(n, rng, threat)
    log = 3 + np.log1p(effect) * arm + 0.25 * shared + 0.25 * rng.standard_normal(n)
    return Made({"spend": np.exp(log), "arm": arm, "cluster": cluster}, "experiment")


naive = unguarded
