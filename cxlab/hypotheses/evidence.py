"""What a test returns, and what several tests share: answered rows, designs, differences of two groups."""

from __future__ import annotations

import importlib
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cxlab.hypotheses.card import Card
from cxlab.hypotheses.rule import Finding, from_t
from cxlab.hypotheses.sample import Sample
from cxlab.stats.fits.robust import least_squares

TESTS = {
    "premium": "differences", "leaving": "differences", "leaders": "differences", "declared": "differences",
    "rollout": "differences", "promise": "differences", "complementarity": "differences", "governance": "differences",
    "symptoms": "differences", "modes": "differences",
    "closed_loop": "change", "recovery": "change", "lagged": "change",
    "adoption": "slopes", "alpha": "slopes", "review_curve": "slopes", "loyalty": "slopes", "clock": "slopes",
    "support_cost": "slopes", "waiting": "slopes", "transitions": "slopes", "sequence": "slopes",
    "journeys": "gains", "weakest": "gains", "ratio": "gains", "metrics": "gains", "text": "words",
    "blocks": "structure", "constructs": "structure", "segments": "structure",
    "daily": "structure", "peers": "structure",
}  # fmt: skip
"""Each card's test and the module of this package it lives in."""


@dataclass(frozen=True)
class Evidence:
    """What a test found.

    ``findings`` must all hold, the first is the headline; ``number`` is compared with the claim's number. ``shown`` are
    further facts: rows of label, estimate, low, high, n. ``checks`` are assumptions with what was found and whether it
    holds (None: cannot be checked). ``reason`` says why nothing could be estimated.
    """

    findings: tuple[Finding, ...] = ()
    number: Finding | None = None
    shown: tuple[dict[str, Any], ...] = ()
    checks: tuple[tuple[str, str, bool | None], ...] = ()
    method: str = ""
    notes: tuple[str, ...] = ()
    reason: str = ""
    sentence: str = ""


class NotEstimable(Exception):
    """The data at hand lack the contrast; the message says which."""


def run(card: Card, sample: Sample, *, level: float = 0.95, seed: int = 0) -> Evidence:
    """Run the card's test on a sample; what cannot be estimated comes back with its reason, never as a number."""
    test = getattr(importlib.import_module(f"cxlab.hypotheses.{TESTS[card.test]}"), card.test)
    try:
        found = test(card, sample, level, np.random.default_rng(seed))
    except NotEstimable as why:
        return Evidence(reason=str(why))
    if any(np.isnan([f.low, f.high]).any() for f in found.findings):
        return replace(found, reason="the standard error is not estimable: too few clusters or no variation")
    return found


def answered(card: Card, sample: Sample, *values: NDArray, least: int | None = None, what: str = "answers") -> NDArray:
    """Return the rows where all values are there; too few, or a constant outcome (the first), cannot be tested."""
    there = np.ones(len(sample.n), bool)
    for v in values:
        there &= ~np.isnan(v if v.ndim == 1 else v.sum(axis=1))
    least = least or card.least_n
    count = int(sample.n[there].sum())
    if count < least:
        raise NotEstimable(f"only {count} complete {what}; this test needs at least {least}")
    y = values[0][there]
    if np.ptp(y) == 0:
        raise NotEstimable(f"all {count} {what} have the same value of the outcome: there is nothing to explain")
    return there


def varies(what: str, values: NDArray) -> None:
    """Refuse a predictor that does not vary."""
    if len(values) == 0 or np.ptp(values) == 0:
        raise NotEstimable(f"{what} is the same for everybody: there is no contrast to learn from")


def design(sample: Sample, rows: NDArray, *columns: NDArray) -> NDArray:
    """Return a design matrix of the rows: a constant, the columns, and the specification's controls."""
    parts = [np.ones(len(sample.n)), *columns]
    x = np.column_stack(list(parts))
    if sample.controls is not None:
        x = np.column_stack([x, sample.controls])
    return x[rows]


def fit(sample: Sample, rows: NDArray, y: NDArray, *columns: NDArray):
    """Regress y on the columns (and controls) over the rows with the sample's counts, weights and clusters."""
    c = None if sample.c is None else sample.c[rows]
    return least_squares(design(sample, rows, *columns), y[rows], sample.n[rows], sample.w[rows], c)


def about(card: Card, sample: Sample, rows: NDArray, **more: Any) -> dict[str, Any]:
    """Return what every finding of the card carries: side, bars, unit, number of answers."""
    n, w = sample.n[rows], sample.w[rows]
    return {
        "side": card.side, "null": card.null, "sesoi": card.sesoi, "trivial": card.trivial, "unit": card.unit,
        "n": int(n.sum()), "n_eff": float((n * w).sum() ** 2 / (n * w * w).sum()),
    } | more  # fmt: skip


def coefficient(
    card: Card, sample: Sample, rows, y, *columns, name: str, level: float, at: int = 1, factor=1.0, **more
):
    """Return the finding of one coefficient of `fit`, times ``factor``."""
    model = fit(sample, rows, y, *columns)
    a = np.zeros(len(model.b))
    a[at] = factor
    return from_t(name, *model.contrast(a), level=level, **about(card, sample, rows, **more))


def mean(sample: Sample, rows: NDArray, y: NDArray, level: float) -> tuple[float, float, float]:
    """Return the weighted mean of the rows, its standard error and degrees of freedom."""
    c = None if sample.c is None else sample.c[rows]
    model = least_squares(np.ones((int(rows.sum()), 1)), y[rows], sample.n[rows], sample.w[rows], c)
    return model.contrast([1.0])


def row(label: str, value: float, se: float = np.nan, df: float = np.inf, n: float = 0, level: float = 0.95) -> dict:
    """Return one row of further facts, with its interval."""
    f = from_t(label, value, se, df, level=level)
    return {"label": label, "estimate": value, "low": f.low, "high": f.high, "n": int(n)}


def standardised(values: NDArray, weights: NDArray) -> NDArray:
    """Return values minus their weighted mean over their weighted standard deviation; nan stays nan."""
    there = ~np.isnan(values)
    w = weights[there]
    centre = np.average(values[there], weights=w)
    spread = np.sqrt(np.average((values[there] - centre) ** 2, weights=w))
    if not spread > 0:
        raise NotEstimable("a score is the same for everybody: there is no contrast to learn from")
    return (values - centre) / spread


def filled(answers: NDArray) -> tuple[NDArray, tuple[str, ...]]:
    """Return touchpoint scores with 0 (scale middle removed) where not used, plus one column that marks each gap.

    A touchpoint not used is not a bad one; the marks make the filling harmless: any constant gives the same fit.
    """
    gaps = np.isnan(answers)
    marks = gaps[:, gaps.any(axis=0)]
    notes = (f"touchpoints without an answer are marked, not dropped ({int(gaps.any(axis=0).sum())} columns)",)
    return np.column_stack([np.where(gaps, 0.0, answers - 50.0), marks.astype(float)]), notes if marks.size else ()
