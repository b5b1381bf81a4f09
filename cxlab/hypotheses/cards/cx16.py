"""Satisfaction differentiates more than price.

Shapley share of the experience items minus that of the price item in R²; and item against item.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cxlab.hypotheses.case import Case, Evidence
from cxlab.hypotheses.estimation import about, answered, filled
from cxlab.hypotheses.naive import unguarded
from cxlab.hypotheses.rule import from_t
from cxlab.hypotheses.simulated_answers import Made, Truth, scores, touchpoints
from cxlab.stats.fits.folds import block_moments, deal, jackknife, solve

TRUTH = Truth(claimed=0.5)


def test(case: Case) -> Evidence:
    """CX-16: Shapley share of the experience items minus that of the price item in R²; and item against item."""
    sample = case.sample
    y, price = (sample.points("outcome", outcome=True), sample.points("price"))
    answers = sample.points("experience")
    items, notes = filled(answers)
    rows, k = (answered(case, y, price), answers.shape[1])
    z = np.column_stack([np.ones(rows.sum()), items[rows], price[rows], y[rows]])
    c = None if sample.c is None else sample.c[rows]
    units = int(sample.n[rows].sum()) if c is None else len(np.unique(c))
    m = block_moments(z, sample.w[rows], deal(sample.n[rows], min(100, units), case.rng, c))
    gaps = np.isnan(answers)
    marks = {j: [1 + i for i in range(k, items.shape[1]) if np.array_equal(items[:, i], gaps[:, j])] for j in range(k)}
    block, at = (list(range(1, 1 + items.shape[1])), 1 + items.shape[1])
    ones = [[1 + j, *marks[j]] for j in range(k)]
    value, se, df = jackknife(
        m, lambda t: np.stack([_shares(t, block, at), np.mean([_shares(t, one, at) for one in ones], axis=0)], axis=1)
    )
    carry = about(case, rows, y)
    whole = from_t("share of experience minus share of price in R²", value[0], se[0], df, level=case.level, **carry)
    fair = from_t(
        "at equal length: share of one average experience item minus share of price",
        *(value[1], se[1], df),
        level=case.level,
        **carry | {"sesoi": 0.0, "trivial": 0.0},
    )
    f = sample.fields["price"][0]
    notes += (f"{k} experience items against one price item ('{f.label}'): more items explain more",)
    checks = (("a real price", "a rating of value or price, not a price", False),)
    return Evidence(
        (whole, fair), None, (), checks, "Shapley shares of two blocks in R², delete-a-block jackknife", notes
    )


def _shares(total: NDArray, first: list[int], second: int) -> NDArray:
    """Share of the first block minus that of the second column in the R² of both (Shapley value of two blocks)."""
    last = total.shape[-1] - 1
    base = total[..., 0, last] ** 2 / total[..., 0, 0]
    explained = lambda x: (solve(total, [0, *x], last) * total[..., [0, *x], last]).sum(-1) - base  # noqa: E731
    return (explained(first) - explained([second])) / np.fmax(explained([*first, second]), 1e-12)


def simulate(effect: float, n: int, rng: np.random.Generator, threat: str | None = None) -> Made:
    t, _ = touchpoints(n, rng, 2, 0.7 if threat else 0.0)
    a, b = (np.sqrt((1 + effect) / 2), np.sqrt((1 - effect) / 2))
    y = a * t[:, 0] + b * t[:, 1]
    y = (y / y.std() + rng.standard_normal(n)) / np.sqrt(2)
    return Made({"outcome": scores(y), "experience": scores(t[:, :1]), "price": scores(t[:, 1])})


naive = unguarded
