"""Segments need different experiences.

Standard deviation across segments of the standardised driver weights, beyond sampling.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from cxlab.columns import show
from cxlab.hypotheses.case import Case, Evidence
from cxlab.hypotheses.estimation import about, answered, unfeigned
from cxlab.hypotheses.rule import Finding
from cxlab.hypotheses.scored_answers import NotEstimable
from cxlab.hypotheses.simulated_answers import Made, Truth, scores, touchpoints
from cxlab.hypotheses.without_guards import flat
from cxlab.models.drivers.segment_spread import Weights, beyond_one_curve, weights
from cxlab.models.drivers.segments import driver_segments

TRUTH = Truth()


def test(case: Case) -> Evidence:
    """The joint SD of `cx.importance.driver_segments`, and whether weights differ beyond one factor and one curve."""
    sample = case.sample
    y, touch = (sample.points("overall", outcome=True), sample.points("touchpoints"))
    rows = answered(case, np.where(np.isfinite(touch).sum(axis=1) >= 2, y, np.nan))
    by = case.column("segment")
    model = driver_segments(
        case.specified, by, outcome=case.column("overall"), drivers=list(case.slots["touchpoints"]), level=case.level
    )
    least = max(50, 10 * touch.shape[1])
    own = weights(model, least=least)
    if len(own.segments) < 2:
        raise NotEstimable(
            f"only {len(own.segments)} segments have {least} answers on {touch.shape[1]} touchpoints; two are needed"
        )
    found = Finding(
        "standard deviation of the driver weights between segments", own.centre, *own.limits(case.level),
        *own.limits(1 - 2 * (1 - case.level)), p=own.beyond(case.card.sesoi), **about(case, rows, y) | {"n": own.n},
    )  # fmt: skip
    b = own.slopes
    labels = [f.label for f in sample.fields["touchpoints"]]
    shown = tuple(
        {
            "label": f"weight of {label}: mean over segments (lowest and highest)", "estimate": float(b[:, j].mean()),
            "low": float(b[:, j].min()), "high": float(b[:, j].max()), "n": found.n,
        }
        for j, label in enumerate(labels)
    )  # fmt: skip
    names = [str(s) for s in own.segments]
    notes = (f"segment: {sample.fields['segment'][0].label} ({', '.join(names[:6])}{', ...' if names[6:] else ''})",)
    return Evidence(
        (found,), None, shown, (_care(own, case.level), _same_place(case, found, y, touch, rows, own.segments)),
        "Q-profile of the standardised weights (multivariate, covariances estimated); least squares in each segment",
        notes + tuple(n for n in model.notes if "left out" in n),
    )  # fmt: skip


def _care(own: Weights, level: float) -> tuple[str, str, bool | None, str]:
    """Whether the weights of segments differ when each segment's are divided by their mean."""
    what, limits = "the weights differ by more than one factor a segment", own.beyond_one_factor(level)
    if limits is None:
        return what, "a segment's weights cancel out", None, "unequal-care"
    said = f"standard deviation of the weights over their segment's mean {show(limits[0])} to {show(limits[1])}"
    return what, said, bool(limits[0] > 0), "unequal-care"


def _same_place(
    case: Case, found: Finding, y: NDArray, touch: NDArray, rows: NDArray, kept: tuple[object, ...]
) -> tuple[str, str, bool, str]:
    """Whether the verdict stays when all segments have one surface in common, of which they may stand at any place."""
    segment, names = case.sample.names("segment"), [str(s) for s in kept]
    mine = rows & np.isin(segment, names)

    def again() -> Finding:
        left = beyond_one_curve(y[mine], touch[mine], segment[mine], case.sample.counted(mine), names)
        limits = (*left.limits(case.level), *left.limits(2 * case.level - 1))
        return replace(
            found, **dict(zip(("low", "high", "inner_low", "inner_high"), limits, strict=True)), value=left.centre
        )

    return unfeigned(found, again, "one curve for everybody could not feign it", "one-curve")


def simulate(effect: float, n: int, rng: np.random.Generator, threat: str | None = None) -> Made:
    """``effect``: standard deviation of the standardised weights between eight segments.

    Under 'unequal-noise' the outcome is noisier in some segments; under 'unequal-care' the answers to touchpoints are;
    under 'one-curve' good answers bring everybody less than bad ones cost, and segments stand at other places.
    """
    groups, k = (8, 4)
    t, _ = touchpoints(n, rng, k, 0.2)
    s = rng.integers(0, groups, n)
    deviation = rng.standard_normal((groups, k))
    deviation = (deviation - deviation.mean(0)) / deviation.std(0, ddof=1)
    if threat == "one-curve":
        t = (t + rng.standard_normal((groups, k))[s]) / np.sqrt(2)
        bent = -np.exp(-t).sum(axis=1)
        return _made(np.sqrt(0.6) * (bent - bent.mean()) / bent.std() + np.sqrt(0.4) * rng.standard_normal(n), s, t)
    slopes = 0.25 + effect * deviation
    explained = float(np.mean(0.8 * (slopes**2).sum(axis=1) + 0.2 * slopes.sum(axis=1) ** 2))
    even = np.sqrt(1 - explained)
    noise = np.linspace(0.55, 1.35, groups)[s] * even if threat == "unequal-noise" else even
    y = (slopes[s] * t).sum(axis=1) + noise * rng.standard_normal(n)
    care = 3.0 * (s % 2) if threat == "unequal-care" else np.zeros(n)
    said = (t + care[:, None] * rng.standard_normal((n, k))) / np.sqrt(1 + care**2)[:, None]
    return _made(y - y.mean(), s, said)


def _made(y: NDArray, segment: NDArray, touchpoints: NDArray) -> Made:
    names = np.array([f"segment {g}" for g in segment], object)
    return Made({"overall": scores(y), "segment": names, "touchpoints": scores(touchpoints)})


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
