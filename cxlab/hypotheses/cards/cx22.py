"""Cheaper to support: relative change of cost per standard deviation (Poisson pseudo-likelihood)."""

from __future__ import annotations

import numpy as np

from cxlab.hypotheses.case import Case, Evidence
from cxlab.hypotheses.estimation import answered, design, finding, standardised
from cxlab.hypotheses.naive import unguarded
from cxlab.hypotheses.sample import NotEstimable
from cxlab.hypotheses.simulated_answers import Made, Truth, once_each, scores

TRUTH = Truth(value=lambda effect: -effect)


def test(case: Case) -> Evidence:
    """CX-22: relative change of cost per standard deviation (Poisson pseudo-likelihood)."""
    sample = case.sample
    cost, score = (sample.number("cost"), sample.points("score"))
    rows = answered(case, cost, score)
    if (cost[rows] < 0).any():
        raise NotEstimable("some costs are negative; a relative change needs costs of zero or more")
    z = standardised(np.where(rows, score, np.nan), sample.n * sample.w)
    b, se, df = _poisson(case, rows, cost, z)
    found = finding(
        case,
        rows,
        cost,
        "cost per standard deviation of the score, relative change",
        b,
        se,
        df,
        transform=lambda v: float(np.expm1(v)),
    )
    return Evidence((found,), method="Poisson pseudo-maximum likelihood, robust errors")


def _poisson(case: Case, rows, y, x) -> tuple[float, float, float]:
    sample = case.sample

    d, y = (design(case, rows, x), y[rows])
    nw = sample.n[rows] * sample.w[rows]
    b = np.zeros(d.shape[1])
    b[0] = np.log(max(np.average(y, weights=nw), 1e-09))
    for _ in range(60):
        mu = np.exp(np.clip(d @ b, -30, 30))
        bread = np.linalg.pinv(d.T @ (d * (nw * mu)[:, None]), hermitian=True)
        step = bread @ (d.T @ (nw * (y - mu)))
        b = b + np.clip(step, -2, 2)
        if np.abs(step).max() < 1e-10:
            break
    if sample.c is None:
        h = np.fmin(sample.w[rows] * mu * np.einsum("ij,jk,ik->i", d, bread, d), 0.999)
        u = d * (sample.w[rows] * (y - mu) / (1 - h))[:, None]
        meat, df = ((u * sample.n[rows][:, None]).T @ u, sample.n[rows].sum() - d.shape[1])
    else:
        u, c = (d * (nw * (y - mu))[:, None], np.unique(sample.c[rows], return_inverse=True)[1])
        sums = np.zeros((c.max() + 1, d.shape[1]))
        np.add.at(sums, c, u)
        meat, df = (sums.T @ sums * len(sums) / (len(sums) - 1), len(sums) - 1)
    v = bread @ meat @ bread
    return (float(b[1]), float(np.sqrt(v[1, 1])), float(df))


def simulate(effect: float, n: int, rng: np.random.Generator, threat: str | None = None) -> Made:
    z = rng.standard_normal(n)
    mean = np.exp(3 + np.log1p(-0.1 if threat else -effect) * z)
    columns = {"score": scores(z), "cost": mean * rng.gamma(4.0, 0.25, n), **once_each(n)}
    return Made(columns, "cross-section" if threat else "panel")


naive = unguarded
