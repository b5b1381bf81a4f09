"""The end decides: standardised weight of the last stage minus the mean weight of the others."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cxlab.hypotheses.case import Case, Evidence
from cxlab.hypotheses.design import recorded
from cxlab.hypotheses.estimation import answered, finding, fit, row, standardised
from cxlab.hypotheses.simulated_answers import Made, Truth, scores, touchpoints
from cxlab.hypotheses.without_guards import unguarded

TRUTH = Truth()


def test(case: Case) -> Evidence:
    """CX-06: standardised weight of the last stage minus the mean weight of the others."""
    sample = case.sample
    y, touch = (sample.points("overall", outcome=True), sample.points("touchpoints"))
    rows = answered(case, y) & (np.isfinite(touch).sum(axis=1) >= 2)
    rows = answered(case, np.where(rows, y, np.nan))
    nw = sample.n * sample.w
    k = touch.shape[1]
    z = np.column_stack([standardised(np.where(rows, touch[:, j], np.nan), nw) for j in range(k)])
    gaps = np.isnan(z)
    marks = [gaps[:, j].astype(float) for j in range(k) if gaps[rows, j].any()]
    target = standardised(np.where(rows, y, np.nan), nw)
    model = fit(case, rows, target, *np.where(gaps, 0.0, z).T, *marks)
    last = np.zeros(len(model.b))
    last[k], last[1:k] = (1.0, -1.0 / (k - 1))
    found = finding(
        case, rows, target, "weight of the end minus mean weight of the other stages", *model.contrast(last)
    )
    fields = sample.fields["touchpoints"]
    shown = [
        row(case, f"weight of {f.label}", *model.contrast(np.eye(len(model.b))[j + 1]), found.n)
        for j, f in enumerate(fields)
    ]
    position = np.arange(k) - (k - 1) / 2
    trend = np.zeros(len(model.b))
    trend[1 : k + 1] = position / (position @ position)
    shown.append(row(case, "change of weight per stage (recency)", *model.contrast(trend), found.n))
    shown += _shape(case, rows, touch, target)
    notes = (
        f"order of the journey: {', '.join(f.stage or f.name for f in fields)}",
        "the last stage is also another subject than the earlier ones; only a random order separates the two",
    )
    return Evidence(
        (found,),
        None,
        tuple(shown),
        _checks(case),
        method="Standardised regression on all stages, robust errors",
        notes=notes,
    )


def _shape(case: Case, rows: NDArray, touch: NDArray, target: NDArray) -> list[dict[str, Any]]:
    """Standardised weights of mean, peak, trough, end and trend of the journey, given each other, and of its length.

    Peak-end theory (Fredrickson & Kahneman 1993): the end and the peak count, how long it lasted does not.
    """
    sample, seen = case.sample, np.isfinite(touch)
    there = rows & seen[:, -1]
    if not there.any():
        return []
    place = np.where(seen, np.arange(touch.shape[1]), np.nan)
    with np.errstate(invalid="ignore"):
        off = place - np.nansum(place, axis=1, keepdims=True) / seen.sum(axis=1, keepdims=True)
    mean = np.nansum(touch, axis=1) / np.fmax(seen.sum(axis=1), 1)
    trend = np.nansum(off * np.where(seen, touch, 0.0), axis=1) / np.fmax(np.nansum(off**2, axis=1), 1e-9)
    low, high = (np.where(seen, touch, end).min(axis=1) if end > 0 else np.where(seen, touch, end).max(axis=1)
                 for end in (np.inf, -np.inf))  # fmt: skip
    parts = {"mean": mean, "positive peak": high, "trough": low, "end": touch[:, -1], "trend": trend}
    if "duration" in sample:
        parts["duration (nothing: within 0.05 of 0)"] = sample.number("duration")
        there &= ~np.isnan(sample.number("duration"))
    columns = {k: v for k, v in parts.items() if np.ptp(v[there]) > 0}
    z = [standardised(np.where(there, v, np.nan), sample.n * sample.w) for v in columns.values()]
    model = fit(case, there, target, *z)
    n = int(sample.n[there].sum())
    at = np.eye(len(model.b))
    return [
        row(case, f"weight of the {k}, given the others", *model.contrast(at[j + 1]), n) for j, k in enumerate(columns)
    ]


def _checks(case: Case) -> tuple[tuple[str, str, bool, str], ...]:
    """Only a recorded outcome is free of the last mood; only a random order of stages of their reliability."""
    apart = recorded(case.study, {"overall": case.slots["overall"]})
    book = case.study.codebook
    mixed = book.design == "experiment" and "order" in case.slots.columns and case.column("order") in book.assignment
    source = "recorded behaviour" if apart else "an answer given right after the last stage"
    order = "assigned at random" if mixed else "the same for everybody"
    return (
        ("the overall score comes from another source than the last stage", source, apart, "mood"),
        ("the order of the stages", order, mixed, "reliability"),
    )


def simulate(effect: float, n: int, rng: np.random.Generator, threat: str | None = None) -> Made:
    """``effect``: standardised weight of the last stage minus the mean of the others; recorded, in random order.

    Under 'mood' the overall score is an answer that shares the last stage's mood; under 'reliability' the order is the
    same for everybody and the earlier stages are remembered badly.
    """
    t, h = touchpoints(n, rng, 5, 0.5 if threat == "halo" else 0.3)
    y = t @ (np.full(5, 0.15) + np.array([0, 0, 0, 0, effect])) + (0.3 * h if threat == "halo" else 0)
    y = y + np.sqrt(max(1 - y.var(), 0.05)) * rng.standard_normal(n)
    last = rng.standard_normal(n)
    seen = t.copy()
    if threat == "mood":
        y, seen[:, 4] = (y + 0.7 * last) / np.sqrt(1.49), (t[:, 4] + 0.7 * last) / np.sqrt(1.49)
    if threat == "reliability":
        seen[:, :4] = (t[:, :4] + rng.standard_normal((n, 4))) / np.sqrt(2)
    columns = {"overall": scores(y), "touchpoints": scores(seen)}
    if threat != "reliability":
        columns["order"] = rng.integers(1, 6, n)
    design = "cross-section" if threat == "reliability" else "experiment"
    return Made(columns, design, roles={"overall": "outcome" if threat == "mood" else "operation"})


naive = unguarded
