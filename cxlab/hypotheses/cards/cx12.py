"""NPS varies from one day to the next: standard deviation of the true daily NPS, beyond sampling."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cxlab.hypotheses.case import Case, Evidence
from cxlab.hypotheses.estimation import about, answered
from cxlab.hypotheses.naive import flat, larger
from cxlab.hypotheses.rule import Finding
from cxlab.hypotheses.sample import NotEstimable
from cxlab.hypotheses.simulated_answers import Made, Truth
from cxlab.stats.inference.heterogeneity import between, exceeds, profile

TRUTH = Truth(claimed=12.0, n=3000)


DAY = 20


def test(case: Case) -> Evidence:
    """CX-12: standard deviation of the true daily NPS, beyond sampling."""
    sample = case.sample
    score = sample.number("recommendation")
    days = sample.raw["day"].astype("datetime64[D]") if sample.raw["day"].dtype.kind == "M" else sample.raw["day"]
    y = np.where(np.isnan(score), np.nan, 100.0 * ((score >= 9).astype(float) - (score <= 6)))
    rows = answered(case, y)
    code, y, n, w = (np.unique(days[rows], return_inverse=True)[1], y[rows], sample.n[rows], sample.w[rows])
    count, mass = (np.bincount(code, n), np.bincount(code, n * w))
    kept = count >= DAY
    if kept.sum() < 10:
        raise NotEstimable(
            f"only {int(kept.sum())} of {len(count)} days have {DAY} answers; this test needs at least 10 such days"
        )
    nps = np.bincount(code, n * w * y) / mass
    effective = mass**2 / np.bincount(code, n * w * w)
    pooled = float((n * w * (y - nps[code]) ** 2).sum() / (n * w).sum() * count.sum() / (count.sum() - len(count)))
    v = pooled / effective * _design_effect(case, rows, code, y - nps[code], pooled)
    b = between(nps[kept], v[kept], case.level)
    inner = profile(nps[kept][:, None], v[kept][:, None, None], 1 - 2 * (1 - case.level))
    found = Finding(
        "standard deviation of the true NPS between days",
        float(b.tau),
        b.low,
        b.high,
        *inner,
        p=exceeds(nps[kept][:, None], v[kept][:, None, None], case.card.sesoi),
        **about(case, rows, y),
    )
    observed, sampling = (float(nps[kept].std(ddof=1)), float(np.sqrt(v[kept].mean())))
    n = int(count[kept].sum())
    shown = (
        {
            "label": "what a dashboard shows: standard deviation of the daily NPS",
            "estimate": observed,
            "low": np.nan,
            "high": np.nan,
            "n": n,
        },
        {"label": "of which sampling alone", "estimate": sampling, "low": np.nan, "high": np.nan, "n": n},
        {"label": "mean NPS of the days", "estimate": b.mean, "low": b.mean_low, "high": b.mean_high, "n": n},
    )
    days_left = int((~kept).sum())
    notes = (f"{int(kept.sum())} days, {n:,} answers; Q = {b.q:.1f} on {b.df} df, I² = {b.i2:.0%}",)
    notes += (f"{days_left} days with fewer than {DAY} answers left out",) if days_left else ()
    return Evidence((found,), None, shown, method="REML with Q-profile interval; mean with HKSJ interval", notes=notes)


def _design_effect(case: Case, rows: NDArray, day: NDArray, e: NDArray, pooled: float) -> float:
    """Variance of cluster sums within days over that of answers: at least 1."""
    sample = case.sample
    if sample.c is None:
        return 1.0
    n, w = (sample.n[rows], sample.w[rows])
    key = np.unique(np.stack([sample.c[rows], day]), axis=1, return_inverse=True)[1].ravel()
    sums = np.bincount(key, n * w * e)
    return max(1.0, float((sums**2).sum() / (n * w * w).sum() / pooled))


def simulate(effect: float, n: int, rng: np.random.Generator, threat: str | None = None) -> Made:
    days = max(n // 100, 10)
    day = np.arange(n) % days
    bad, good = (0.04, 0.8) if threat else (0.25, 0.45)
    move = np.clip(effect / 200 * rng.standard_normal(days), -bad * 0.95, min(1 - good, bad) * 0.95)[day]
    u = rng.random(n)
    score = np.where(
        u < bad - move,
        rng.integers(0, 7, n),
        np.where(u > 1 - good - move, rng.integers(9, 11, n), rng.integers(7, 9, n)),
    )
    dates = np.datetime64("2026-01-01") + day.astype("timedelta64[D]")
    return Made({"recommendation": score.astype(float), "day": dates.astype("datetime64[ns]")}, "cross-section")


def naive(case: Case) -> bool:
    """The best and the worst day differ in a t-test."""
    sample = case.sample
    score = sample.number("recommendation")
    y = flat(np.where(score >= 9, 1.0, np.where(score <= 6, -1.0, 0.0)), sample.n)
    day = np.unique(np.repeat(sample.raw["day"], sample.n.astype(int)), return_inverse=True)[1]
    means = np.bincount(day, y) / np.bincount(day)
    return larger(y[day == means.argmax()], y[day == means.argmin()])
