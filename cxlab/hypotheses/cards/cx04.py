"""Journeys beat touchpoints: journey score over all touchpoints, the reverse, and the standardised risk ratio."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from cxlab.hypotheses.case import Case, Evidence
from cxlab.hypotheses.cross_validation import HOW, Validation, validate
from cxlab.hypotheses.estimation import about, answered, filled, finding, row
from cxlab.hypotheses.naive import flat
from cxlab.hypotheses.rule import Finding, from_t
from cxlab.hypotheses.sample import top_box
from cxlab.hypotheses.simulated_answers import Made, Truth, scores, touchpoints
from cxlab.stats.fits.folds import corrected, deal, solve

TRUTH = Truth(claimed=0.45, boundary=0.01, value=None)


DECKS = "what decks show: r of the journey over the mean r of single touchpoints, minus 1 (large without any effect)"


DECKS_NULL = "the same if the journey item held nothing beyond the touchpoints"


def test(case: Case) -> Evidence:
    """CX-04: journey score over all touchpoints, the reverse, and the standardised risk ratio."""
    sample = case.sample
    y, journey = (sample.points("outcome", outcome=True), sample.points("journey"))
    touch, notes = filled(sample.points("touchpoints"))
    rows = answered(case, y, journey)
    k = sample.raw["touchpoints"].shape[1]
    columns = np.column_stack([touch, journey - 50.0])
    last, t = (columns.shape[1] - 1, list(range(columns.shape[1] - 1)))
    models = {"touchpoints": t, "journey": [last], "both": [*t, last], "nothing": []}
    single = {
        f"only {j}": [
            j,
            *[i for i in t if i >= k and np.array_equal(touch[:, i], np.isnan(sample.raw["touchpoints"][:, j]))],
        ]
        for j in range(k)
    }
    v = replace(validate(case, rows, y, columns, models | single), journey=1 + last)
    carry = about(case, rows, y)
    gain = from_t(
        "R² gained by the journey score over all touchpoints", *v.gain("both", "touchpoints"), level=case.level, **carry
    )
    reverse = v.gain("both", "journey")
    against = from_t(
        "that gain minus the touchpoints' gain over the journey score",
        *v.gain("journey", "touchpoints"),
        level=case.level,
        **carry | {"sesoi": 0.0, "trivial": 0.0},
    )
    shown = [
        row(case, f"R² out of sample: {said}", *v.level(name), carry["n"])
        for name, said in (("touchpoints", "all touchpoints"), ("journey", "journey score"), ("both", "both"))
    ]
    shown.append(row(case, "R² gained by the touchpoints over the journey score", *reverse, carry["n"]))
    shown += _consultant(v, k, carry["n"])
    ratio = _risk_ratio(case, rows, y, journey, touch)
    out = sample.fields["outcome"][0]
    apart = out.measure in ("churn", "spend") or out.role == "operation"
    said = "recorded behaviour" if apart else "an answer of the same questionnaire, near to the journey item (halo)"
    checks = (("the outcome comes from another source than the journey item", f"{out.label}: {said}", apart, "halo"),)
    return Evidence((gain, against), ratio, tuple(shown), checks, HOW, notes)


def _consultant(v: Validation, k: int, n: int) -> list[dict]:
    """How much larger the journey's correlation is than the single touchpoints' mean (the published contrast).

    Once as it is, once as it would be if the journey item held nothing beyond the touchpoints: then its covariance with
    the outcome is that of the two regressions on the touchpoints.
    """
    whole = v.moments.sum(0)
    spread = whole / whole[0, 0] - np.outer(whole[0], whole[0]) / whole[0, 0] ** 2
    sd = np.sqrt(np.fmax(np.diag(spread), 1e-300))
    y, journey = (len(spread) - 1, v.journey)
    t = [i for i in range(1, y) if i < journey]
    single = float(np.abs(spread[1 : 1 + k, y] / sd[1 : 1 + k] / sd[y]).mean())
    through = float(solve(whole, [0, *t], journey)[1:] @ spread[t, y])
    rows = ((DECKS, spread[journey, y]), (DECKS_NULL, through))
    return [
        {"label": label, "estimate": abs(c) / sd[journey] / sd[y] / single - 1, "low": np.nan, "high": np.nan, "n": n}
        for label, c in rows
    ]


def _risk_ratio(case: Case, rows, y, journey, touch) -> Finding | None:
    """P(satisfied | journey good) / P(satisfied | not good) - 1, standardised over the touchpoints (logit)."""
    sample = case.sample
    out, end = (sample.fields["outcome"][0], sample.fields["journey"][0])
    satisfied = (sample.points("outcome") >= top_box(out) - 1e-09).astype(float)
    good = (journey >= top_box(end) - 1e-09).astype(float)
    d = np.column_stack([np.ones(len(y)), good, touch / 50.0])[rows]
    s, nw = (satisfied[rows], (sample.n * sample.w)[rows])
    if min(nw @ good[rows], nw @ (1 - good[rows]), nw @ s, nw @ (1 - s)) < 10:
        return None
    c = None if sample.c is None else sample.c[rows]
    dealt = deal(sample.n[rows], min(40, int(sample.n[rows].sum()) // 2), case.rng, c) * sample.w[rows][:, None]
    total = dealt.sum(axis=1)
    start = _logit(d, s, total, np.zeros(d.shape[1]))
    log = lambda m, b: _log_ratio(d, m, _logit(d, s, m, b, steps=4))  # noqa: E731
    value = _log_ratio(d, total, start)
    left = np.array([log(total - dealt[:, b], start) for b in range(dealt.shape[1])])
    b = len(left)
    se = float(np.sqrt((b - 1) / b * ((left - left.mean()) ** 2).sum()))
    return finding(
        case,
        rows,
        "satisfied more often when the journey is good (risk ratio minus 1)",
        value,
        se,
        b - 1.0,
        transform=lambda v: float(np.expm1(v)),
        sesoi=0.0,
        unit="share",
    )


def _logit(d: NDArray, y: NDArray, m: NDArray, b: NDArray, steps: int = 30) -> NDArray:
    for _ in range(steps):
        p = 1 / (1 + np.exp(-np.clip(d @ b, -30, 30)))
        hessian = d.T @ (d * (m * np.fmax(p * (1 - p), 1e-09))[:, None]) + 1e-06 * np.eye(d.shape[1])
        step = np.linalg.solve(hessian, d.T @ (m * (y - p)) - 1e-06 * b)
        b = b + np.clip(step, -3, 3)
        if np.abs(step).max() < 1e-09:
            break
    return b


def _log_ratio(d: NDArray, m: NDArray, b: NDArray) -> float:
    rest = d @ b - d[:, 1] * b[1]
    one, none = (np.average(1 / (1 + np.exp(-(rest + k * b[1]))), weights=m) for k in (1, 0))
    return float(np.log(one / none))


def ratio(case: Case) -> Evidence:
    """CX-13: R² of the mean of all items minus that of the recommendation item; and at equal length."""
    sample = case.sample
    y, rec = (sample.points("outcome", outcome=True), sample.points("recommendation"))
    items = sample.points("items")
    rows = answered(case, y, rec) & np.isfinite(items).any(axis=1)
    rows = answered(case, np.where(rows, y, np.nan))
    with np.errstate(invalid="ignore"):
        mean = np.nanmean(np.where(rows[:, None], np.column_stack([rec, items]), 0.0), axis=1)
    touch, notes = filled(items)
    k = items.shape[1]
    columns = np.column_stack([rec - 50, mean - 50, touch])
    marks = {
        j: [2 + i for i in range(k, touch.shape[1]) if np.array_equal(touch[:, i], np.isnan(items[:, j]))]
        for j in range(k)
    }
    singles = {f"item {j}": [2 + j, *marks[j]] for j in range(k)}
    v = validate(case, rows, y, columns, {"rec": [0], "ratio": [1]} | singles)
    carry = about(case, rows, y)
    gain = from_t(
        "R² of the satisfaction ratio minus that of the recommendation item",
        *v.gain("ratio", "rec"),
        level=case.level,
        **carry,
    )
    one = np.mean([v.r2[s] for s in singles], axis=0) - v.r2["rec"]
    equal = from_t(
        "at equal length: R² of one average item minus that of the recommendation item",
        *corrected(one, v.tests),
        level=case.level,
        **carry | {"sesoi": 0.0, "trivial": 0.0},
    )
    shown = (
        row(case, "R² out of sample: recommendation", *v.level("rec"), carry["n"]),
        row(case, "R² out of sample: ratio", *v.level("ratio"), carry["n"]),
    )
    return Evidence((gain, equal), None, shown, method=HOW, notes=(*notes, f"the ratio is the mean of {k + 1} items"))


def simulate(effect: float, n: int, rng: np.random.Generator, threat: str | None = None) -> Made:
    """Without an effect y depends on the touchpoints alone and the journey item is their mean, answered with noise.

    ``effect`` is the gain in R² that a journey quality of its own adds to the outcome; under the threat the answers
    share halo and nothing else.
    """
    t, h = touchpoints(n, rng, 5, 0.5 if threat else 0.3)
    mean = t.mean(axis=1) / t.mean(axis=1).std()
    own = rng.standard_normal(n)
    share = effect * 1.0
    y = np.sqrt(0.5 - share / 2) * mean + np.sqrt(share) * own + np.sqrt(0.5 - share / 2) * rng.standard_normal(n)
    weight = 0.0 if effect == 0 else 0.95
    end = np.sqrt(1 - weight**2) * mean + weight * own + (0.6 if effect == 0 else 0.02) * rng.standard_normal(n)
    return Made(
        {
            "outcome": scores(y + (0.3 * h if threat else 0)),
            "journey": scores(end + (0.3 * h if threat else 0)),
            "touchpoints": scores(t + (0.3 * h[:, None] if threat else 0)),
        },
        measures={"outcome": "recommendation"},
    )


def naive(case: Case) -> bool:
    """The journey item correlates more strongly with the outcome than the mean single touchpoint."""
    sample = case.sample
    y, j = (flat(sample.points(s), sample.n) for s in ("outcome", "journey"))
    t = flat(sample.points("touchpoints"), sample.n)
    r = np.corrcoef(np.column_stack([y, j, t]), rowvar=False)[0, 1:]
    se = np.sqrt(2 / len(y)) * (1 - r[0] ** 2)
    return r[0] - r[1:].mean() > 1.96 * se
