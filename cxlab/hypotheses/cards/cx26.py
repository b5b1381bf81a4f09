"""Segments need different experiences.

Standard deviation across segments of the standardised driver weights, beyond sampling.
"""

from __future__ import annotations

import numpy as np

from cxlab.hypotheses.case import Case, Evidence
from cxlab.hypotheses.estimation import about, answered, standardised
from cxlab.hypotheses.naive import flat
from cxlab.hypotheses.rule import Finding
from cxlab.hypotheses.sample import NotEstimable
from cxlab.hypotheses.simulated_answers import Made, Truth, scores, touchpoints
from cxlab.stats.fits.robust import least_squares
from cxlab.stats.inference.heterogeneity import centre, exceeds, profile

TRUTH = Truth()


def test(case: Case) -> Evidence:
    """CX-26: standard deviation across segments of the standardised driver weights, beyond sampling."""
    sample = case.sample
    y, touch = (sample.points("overall", outcome=True), sample.points("touchpoints"))
    segment = np.array(["" if v is None or v != v else str(v) for v in sample.raw["segment"]])
    rows = answered(case, np.where(np.isfinite(touch).sum(axis=1) >= 2, y, np.nan)) & (segment != "")
    nw = sample.n * sample.w
    z = np.column_stack([standardised(np.where(rows, t, np.nan), nw) for t in touch.T])
    target, k = (standardised(np.where(rows, y, np.nan), nw), touch.shape[1])
    slopes, errors, kept, small = ([], [], [], [])
    for s in np.unique(segment[rows]):
        mine = rows & (segment == s)
        gaps = np.isnan(z[mine])
        x = np.column_stack(
            [np.ones(mine.sum()), np.where(gaps, 0.0, z[mine]), gaps[:, gaps.any(axis=0) & ~gaps.all(axis=0)]]
        )
        units = sample.n[mine].sum() if sample.c is None else len(np.unique(sample.c[mine]))
        if units < max(50, 10 * k) or gaps.all(axis=0).any() or min(np.ptp(x[:, 1 : k + 1], axis=0)) == 0:
            small.append(s)
            continue
        model = least_squares(
            x.astype(float), target[mine], sample.n[mine], sample.w[mine], None if sample.c is None else sample.c[mine]
        )
        slopes.append(model.b[1 : k + 1])
        errors.append(model.v[1 : k + 1, 1 : k + 1])
        kept.append(s)
    if len(kept) < 2:
        raise NotEstimable(
            f"only {len(kept)} segments have {max(50, 10 * k)} answers on {k} touchpoints; two are needed"
        )
    b, v = (np.array(slopes), np.array(errors))
    low, high = profile(b, v, case.level)
    found = Finding(
        "standard deviation of the driver weights between segments",
        centre(b, v),
        low,
        high,
        *profile(b, v, 1 - 2 * (1 - case.level)),
        p=exceeds(b, v, case.card.sesoi),
        **about(case, rows, target),
    )
    name = sample.fields["segment"][0].label
    spread = [(f.label, float(b[:, j].min()), float(b[:, j].max())) for j, f in enumerate(sample.fields["touchpoints"])]
    shown = tuple(
        (
            {
                "label": f"weight of {label}: mean over segments (lowest and highest)",
                "estimate": float(b[:, j].mean()),
                "low": lo,
                "high": hi,
                "n": found.n,
            }
            for j, (label, lo, hi) in enumerate(spread)
        )
    )
    notes = (f"segment: {name} ({', '.join(kept[:6])}{(', ...' if len(kept) > 6 else '')})",)
    notes += (f"too small: {', '.join(small[:6])}",) if small else ()
    return Evidence(
        (found,), None, shown, method="Q-profile of the driver weights (multivariate), robust errors", notes=notes
    )


def simulate(effect: float, n: int, rng: np.random.Generator, threat: str | None = None) -> Made:
    """``effect``: standard deviation of the standardised weights between eight segments."""
    groups, k = (8, 4)
    t, _ = touchpoints(n, rng, k, 0.2)
    s = rng.integers(0, groups, n)
    deviation = rng.standard_normal((groups, k))
    deviation = (deviation - deviation.mean(0)) / deviation.std(0, ddof=1)
    slopes = 0.25 + effect * deviation
    noise = np.linspace(0.4, 1.0, groups)[s] if threat else 0.75
    y = (slopes[s] * t).sum(axis=1) + noise * rng.standard_normal(n)
    y = y - y.mean()
    names = np.array([f"segment {g}" for g in range(groups)], object)[s]
    return Made({"overall": scores(y), "segment": names, "touchpoints": scores(t)})


def naive(case: Case) -> bool:
    """Some driver weight of some segment differs from the rest in a test at 5 %."""
    sample = case.sample
    y, t = (flat(sample.points("overall"), sample.n), flat(sample.points("touchpoints"), sample.n))
    s = np.repeat(sample.raw["segment"], sample.n.astype(int))
    for name in np.unique(s):
        pair = []
        for mine in (s == name, s != name):
            x = np.column_stack([np.ones(mine.sum()), t[mine]])
            b, *_ = np.linalg.lstsq(x, y[mine], rcond=None)
            e = y[mine] - x @ b
            v = np.diag(np.linalg.pinv(x.T @ x)) * e.var()
            pair.append((b[1:], v[1:]))
        if (np.abs(pair[0][0] - pair[1][0]) > 1.96 * np.sqrt(pair[0][1] + pair[1][1])).any():
            return True
    return False
