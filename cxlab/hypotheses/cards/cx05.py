"""One failure spoils the whole: gain of the worst touchpoint over all of them; exponent of the generalised mean."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cxlab.hypotheses.case import Case, Evidence
from cxlab.hypotheses.cross_validation import BLOCKS, HOW, validate
from cxlab.hypotheses.estimation import about, answered, filled, row
from cxlab.hypotheses.naive import flat, larger
from cxlab.hypotheses.rule import Finding, from_draws, from_t
from cxlab.hypotheses.simulated_answers import SPREAD, Made, Truth, scores, touchpoints
from cxlab.stats.fits.folds import block_moments, deal, solve

TRUTH = Truth(claimed=0.06, value=None)


Q_GRID = np.concatenate([np.arange(-12, -4, 1.0), np.arange(-4, 6.01, 0.25), np.arange(7, 13, 1.0)])


def test(case: Case) -> Evidence:
    """CX-05: gain of the worst touchpoint over all of them; exponent of the generalised mean."""
    y, answers = (case.sample.points("overall", outcome=True), case.sample.points("touchpoints"))
    enough = np.isfinite(answers).sum(axis=1) >= 2
    rows = answered(case, np.where(enough, y, np.nan))
    touch, notes = filled(answers)
    worst, best = (
        f(np.where(np.isnan(answers), fill, answers), axis=1) - 50
        for f, fill in ((np.min, 1000000000.0), (np.max, -1000000000.0))
    )
    columns = np.column_stack([touch, np.clip(worst, -50, 50), np.clip(best, -50, 50)])
    t = list(range(touch.shape[1]))
    models = {"touchpoints": t, "worst": [*t, len(t)], "best": [*t, len(t) + 1]}
    v = validate(case, rows, y, columns, models)
    carry = about(case, rows, y)
    gain = from_t(
        "R² gained by the worst touchpoint over all touchpoints",
        *v.gain("worst", "touchpoints"),
        level=case.level,
        **carry,
    )
    whole = v.moments.sum(0)
    slopes = solve(whole, [0, *(1 + i for i in models["worst"])], whole.shape[0] - 1)
    exponent = _exponent(case, rows, y, answers, carry)
    shown = (
        row(case, "R² out of sample: all touchpoints", *v.level("touchpoints"), carry["n"]),
        row(case, "R² gained by the best touchpoint", *v.gain("best", "touchpoints"), carry["n"]),
        row(case, "points of the overall score per point of the worst touchpoint", float(slopes[-1]), n=carry["n"]),
    )
    return Evidence((gain, exponent), None, shown, method=HOW + "; exponent by bootstrap of 100 blocks", notes=notes)


def _exponent(case: Case, rows, y, answers, carry) -> Finding:
    """1 - q of the generalised mean M_q of the touchpoints (weighted by their slopes) that fits y best."""
    sample = case.sample
    k = answers.shape[1]
    there = np.isfinite(answers[rows])
    x = np.where(there, (answers[rows] + 10) / 110, 1.0)
    c = None if sample.c is None else sample.c[rows]
    z = np.column_stack([np.ones(rows.sum()), np.where(there, answers[rows] - 50, 0.0), ~there, y[rows]]).astype(float)
    m = block_moments(z, sample.w[rows], sample.n[rows][:, None]).sum(0)
    slopes = np.fmax(solve(m, list(range(1 + 2 * k)), 1 + 2 * k)[1 : 1 + k], 0)
    if not slopes.any():
        slopes = np.ones(k)
    weight = there * slopes
    total = weight.sum(axis=1)
    usable = total > 0
    powers = []
    for q in Q_GRID:
        if abs(q) < 1e-09:
            mq = np.exp((weight * np.log(x)).sum(axis=1) / np.where(usable, total, 1))
        else:
            mq = ((weight * x**q).sum(axis=1) / np.where(usable, total, 1)) ** (1 / q) if usable.any() else x[:, 0]
        powers.append(np.where(usable, mq, np.nan))
    z = np.column_stack([np.ones(rows.sum()), *powers, y[rows]])[usable]
    cut = None if c is None else c[usable]
    units = int(sample.n[rows][usable].sum()) if cut is None else len(np.unique(cut))
    moments = block_moments(z, sample.w[rows][usable], deal(sample.n[rows][usable], min(BLOCKS, units), case.rng, cut))
    best = lambda m: Q_GRID[int(np.argmax(_r2_single(m)))]  # noqa: E731
    whole = moments.sum(0)
    counts = case.rng.multinomial(len(moments), np.full(len(moments), 1 / len(moments)), size=400).astype(float)
    draws = 1 - np.array([best(m) for m in np.tensordot(counts, moments, axes=1)])
    return from_draws(
        "1 minus the exponent of the generalised mean (above 0: nearer the worst than the mean)",
        1 - best(whole),
        draws,
        level=case.level,
        **carry | {"sesoi": 0.0, "trivial": 0.0},
    )


def _r2_single(m: NDArray) -> NDArray:
    """R² of the last column on each of the others alone."""
    cov = m - np.outer(m[0], m[0]) / m[0, 0]
    return cov[1:-1, -1] ** 2 / np.fmax(np.diag(cov)[1:-1], 1e-300)


def simulate(effect: float, n: int, rng: np.random.Generator, threat: str | None = None) -> Made:
    """``effect``: gain in R² of the worst touchpoint over all of them."""
    t, _ = touchpoints(n, rng, 4, 0.2)
    base = t.mean(axis=1)
    low = t.min(axis=1)
    x = np.column_stack([np.ones(n), t])
    extra = low - x @ np.linalg.lstsq(x, low, rcond=None)[0]
    y = np.sqrt(0.5) * base / base.std() + np.sqrt(0.5 - effect) * rng.standard_normal(n)
    y = y + np.sqrt(effect) * extra / extra.std()
    scored = np.clip(np.round(50 + SPREAD * y), 0, 62 if threat else 100)
    return Made({"overall": scored, "touchpoints": scores(t)})


def naive(case: Case) -> bool:
    """The overall score is lower where any touchpoint is bad."""
    sample = case.sample
    y, t = (flat(sample.points("overall"), sample.n), flat(sample.points("touchpoints"), sample.n))
    bad = np.nanmin(t, axis=1) < np.nanmedian(np.nanmin(t, axis=1))
    return larger(y[~bad], y[bad])
