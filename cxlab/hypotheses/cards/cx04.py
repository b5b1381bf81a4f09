"""Journeys beat touchpoints: journey score over all touchpoints, the reverse, and the standardised risk ratio."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri, stdtrit

from cxlab.hypotheses.case import Case, Evidence
from cxlab.hypotheses.cross_validation import HOW, Validation, validate
from cxlab.hypotheses.design import recorded
from cxlab.hypotheses.estimation import about, answered, finding, row
from cxlab.hypotheses.rule import Finding, from_t
from cxlab.hypotheses.scored_answers import NotEstimable, top_box
from cxlab.hypotheses.simulated_answers import Made, Truth, scores, touchpoints
from cxlab.hypotheses.without_guards import flat
from cxlab.stats.fits.attenuation import error_variance, gain_given, most_error
from cxlab.stats.fits.folds import jackknife, solve
from cxlab.stats.fits.glm import Glm, glm
from cxlab.stats.fits.marked_gaps import filled

TRUTH = Truth(claimed=0.45, boundary=0.01, loss=0.55)
RATIO = "satisfied more often when the journey is good (risk ratio minus 1)"
DECKS = "what decks show: r of the journey over the mean r of single touchpoints, minus 1 (large without any effect)"
DECKS_NULL = "the same if the journey item held nothing beyond the touchpoints"
PLAUSIBLE = 0.5
"""Reliability that single answers may well have no more of: half of what they vary is error (the card's notes)."""
WORST = 0.05
"""No reliability below this is tried."""
STEPS = 7
"""Halvings of that search: to .01 of reliability."""
TWICE = 30
"""People who gave a touchpoint a second score, before these say how reliable it is."""


def test(case: Case) -> Evidence:
    """R² out of sample gained by the journey score over all touchpoints, and more than the touchpoints gain over it."""
    sample = case.sample
    y, journey = sample.points("outcome", outcome=True), sample.points("journey")
    touch, notes = filled(sample.points("touchpoints"))
    rows = answered(case, y, journey)
    t = list(range(touch.shape[1]))
    models = {"touchpoints": t, "journey": [len(t)], "both": [*t, len(t)]}
    v = validate(case, rows, y, np.column_stack([touch, journey - 50.0]), models)
    carry = about(case, rows, y)
    gain = v.gained(case, "R² gained by the journey score over all touchpoints", "both", "touchpoints", carry)
    against = from_t(
        "that gain minus the touchpoints' gain over the journey score",
        *v.gain("journey", "touchpoints"),
        level=case.level,
        **carry | {"sesoi": 0.0, "trivial": 0.0},
    )
    names = {"touchpoints": "all touchpoints", "journey": "journey score", "both": "both"}
    shown = [row(case, f"R² out of sample: {said}", *v.level(k), carry["n"]) for k, said in names.items()]
    shown.append(
        row(case, "R² gained by the touchpoints over the journey score", *v.gain("both", "journey"), carry["n"])
    )
    shown += _decks(v, sample.raw["touchpoints"].shape[1], len(t), carry["n"])
    ratio, said = _risk_ratio(case, rows, y, journey, touch)
    noise, tip = _noise(case, rows, v, touch.shape[1])
    shown += [tip] if tip else []
    return Evidence((gain, against), ratio, tuple(shown), (_source(case), noise), HOW, (*notes, *said))


def _source(case: Case) -> tuple[str, str, bool, str]:
    apart = recorded(case.study, {"outcome": case.slots["outcome"]})
    label = case.study.field(case.column("outcome")).label
    said = "recorded behaviour" if apart else "an answer of the same questionnaire, near to the journey item"
    return "the outcome comes from another source than the journey item", f"{label}: {said}", apart, "halo"


def _noise(
    case: Case, rows: NDArray, v: Validation, touch: int
) -> tuple[tuple[str, str, bool, str], dict[str, Any] | None]:
    """Whether the journey's advantage outlasts errors of the touchpoint answers alone, and how far.

    Reliability: of each item from a second measure (lower limit of their correlation), else `PLAUSIBLE`. The errors'
    variance is taken off the moments; both advantages must surely stay, by the jackknife over blocks.
    """
    reliability, source = _reliability(case, rows)
    items, marked = (
        list(range(1, 1 + len(reliability))),
        np.flatnonzero(np.isnan(case.sample.points("touchpoints")).any(0)),
    )
    gaps = {1 + int(k): 1 + len(items) + i for i, k in enumerate(marked)}
    whole = v.moments.sum(0)
    most = most_error(whole, items, error_variance(whole, items, np.zeros(len(items)), gaps))

    def outlasts(r: NDArray) -> tuple[bool, NDArray, NDArray]:
        r = np.fmax(r, 1 - 0.98 * most)
        errors = lambda m: error_variance(m, items, r, gaps)  # noqa: E731
        own, held, alone = 1 + touch, v.columns["touchpoints"], v.columns["journey"]
        value, se, df = jackknife(v.moments, lambda m: gain_given(m, items, errors(m), held, own, alone))
        low = np.fmax(value - stdtrit(df, (1 + case.level) / 2) * se, -1.0)
        return bool(low[0] > case.card.sesoi and low[1] > 0), value, low

    holds, value, low = outlasts(reliability)
    said = (
        f"with {source} the journey gains {value[0]:.3f} (at least {low[0]:.3f}) and is ahead by {value[1]:.3f} "
        f"(at least {low[1]:.3f})"
    )
    check = ("the journey score's advantage outlasts errors of the touchpoint answers", said, holds, "reliability")
    floor = max(WORST, 1 - most)
    return check, _tipping(case, rows, lambda r: outlasts(np.full(len(items), r))[0], floor)


def _tipping(case: Case, rows: NDArray, outlasts: Callable[[float], bool], low: float) -> dict[str, Any] | None:
    """The reliability of touchpoint answers, ``low`` or more, down to which the advantage is sure; None if never."""
    if not outlasts(high := 1.0):
        return None
    if not outlasts(low):
        for _ in range(STEPS):
            middle = (low + high) / 2
            low, high = (low, middle) if outlasts(middle) else (middle, high)
        low = high
    label = "reliability of the touchpoint answers down to which the journey's advantage is sure"
    return {"label": label, "estimate": low, "low": np.nan, "high": np.nan, "n": int(case.sample.n[rows].sum())}


def _reliability(case: Case, rows: NDArray) -> tuple[NDArray, str]:
    """The reliability of each touchpoint item, and where it comes from."""
    s = case.sample
    first = s.points("touchpoints")
    if "again" not in s:
        return np.full(first.shape[1], PLAUSIBLE), f"an assumed reliability of {PLAUSIBLE:g}"
    second = s.points("again")
    if second.shape[1] != first.shape[1]:
        raise NotEstimable(
            f"{first.shape[1]} touchpoint scores and {second.shape[1]} second answers; give one for each"
        )
    out = []
    for a, b in zip(first.T, second.T, strict=True):
        both = rows & np.isfinite(a) & np.isfinite(b)
        w = s.n[both] * s.w[both]
        units = w.sum() ** 2 / (s.n[both] * s.w[both] ** 2).sum() if both.any() else 0.0
        if units < TWICE or np.ptp(a[both]) == 0 or np.ptp(b[both]) == 0:
            raise NotEstimable(f"fewer than {TWICE} second answers that differ to a touchpoint; leave 'again' out")
        z = np.arctanh(np.clip(_correlation(a[both], b[both], w), -0.999999, 0.999999))
        out.append(float(np.tanh(z - ndtri((1 + case.level) / 2) / np.sqrt(units - 3))))
    low = np.clip(out, WORST, 1.0)
    return low, f"the second answers' reliability (lower limits {low.min():.2f} to {low.max():.2f})"


def _correlation(a: NDArray, b: NDArray, w: NDArray) -> float:
    spread = np.cov(a, b, aweights=w)
    return float(spread[0, 1] / np.sqrt(spread[0, 0] * spread[1, 1]))


def _decks(v: Validation, single: int, touch: int, n: int) -> list[dict[str, Any]]:
    """How much larger the journey's correlation is than the ``single`` touchpoints' mean (the published contrast).

    Once as it is, once as it would be if the journey item held nothing beyond the ``touch`` columns: then its
    covariance with the outcome is that of the two regressions on them.
    """
    whole = v.moments.sum(0)
    spread = whole / whole[0, 0] - np.outer(whole[0], whole[0]) / whole[0, 0] ** 2
    sd = np.sqrt(np.fmax(np.diag(spread), 1e-300))
    y, journey, t = len(spread) - 1, 1 + touch, list(range(1, 1 + touch))
    mean = float(np.abs(spread[1 : 1 + single, y] / sd[1 : 1 + single] / sd[y]).mean())
    through = float(solve(whole, [0, *t], journey)[1:] @ spread[t, y])
    return [
        {"label": label, "estimate": abs(c) / sd[journey] / sd[y] / mean - 1, "low": np.nan, "high": np.nan, "n": n}
        for label, c in ((DECKS, spread[journey, y]), (DECKS_NULL, through))
    ]


def _risk_ratio(
    case: Case, rows: NDArray, y: NDArray, journey: NDArray, touch: NDArray
) -> tuple[Finding | None, tuple[str, ...]]:
    """P(satisfied | journey good) / P(satisfied | not good) - 1, standardised over the touchpoints (logit, delta)."""
    s = case.sample
    satisfied = (s.points("outcome") >= top_box(s.fields["outcome"][0]) - 1e-9)[rows].astype(float)
    good = (journey >= top_box(s.fields["journey"][0]) - 1e-9)[rows].astype(float)
    nw = (s.n * s.w)[rows]
    if min(nw @ good, nw @ (1 - good), nw @ satisfied, nw @ (1 - satisfied)) < 10:
        return None, ("no risk ratio: fewer than 10 answers are satisfied (or not), or find the journey good (or not)",)
    d = np.column_stack([np.ones(len(good)), good, touch[rows] / 50.0])
    fit = glm(d, satisfied, s.n[rows], s.w[rows], *s.units(rows), model="logit")
    if not fit.converged:
        return None, ("no risk ratio: the touchpoints and the journey tell the satisfied apart without error",)
    value, se = _log_ratio(fit, d, nw)
    ratio = lambda v: float(np.expm1(v))  # noqa: E731
    return finding(case, rows, y, RATIO, value, se, fit.df, transform=ratio, sesoi=0.0, unit="share"), ()


def _log_ratio(fit: Glm, d: NDArray, weight: NDArray) -> tuple[float, float]:
    """Log of the ratio of the mean probabilities with everybody's journey good and not good; delta-method error."""
    value, slope = 0.0, np.zeros(d.shape[1])
    for good, sign in ((1.0, 1), (0.0, -1)):
        x = d.copy()
        x[:, 1] = good
        p = 1 / (1 + np.exp(-x @ fit.b))
        mean = np.average(p, weights=weight)
        value += sign * float(np.log(mean))
        slope += sign * np.average(x * (p * (1 - p))[:, None], axis=0, weights=weight) / mean
    return value, float(np.sqrt(slope @ fit.v @ slope))


def simulate(effect: float, n: int, rng: np.random.Generator, threat: str | None = None) -> Made:
    """Half of a recorded outcome follows the touchpoints; ``effect`` of its variance a quality of the journey itself.

    Without an effect the journey item is the touchpoints' mean, answered with noise. Under 'halo' the outcome is an
    answer of the same questionnaire, and one mood colours it and the journey item, the two last answers. Under
    'reliability' the touchpoints' mean is answered nearly without error, each touchpoint with as much error as truth.
    """
    t, _ = touchpoints(n, rng, 5, 0.3)
    mean = t.mean(axis=1) / np.sqrt(0.2 + 0.8 * 0.3)
    own, mood = rng.standard_normal((2, n))
    y = np.sqrt(0.5 - effect / 2) * mean + np.sqrt(effect) * own + np.sqrt(0.5 - effect / 2) * rng.standard_normal(n)
    part, noise = (0.95, 0.02) if effect else (0.0, 0.1 if threat == "reliability" else 0.6)
    item = np.sqrt(1 - part**2) * mean + part * own + noise * rng.standard_normal(n)
    if threat == "halo":
        y, item = (y + 1.5 * mood) / np.sqrt(3.25), (item + 1.5 * mood) / np.sqrt(3.25)
    if threat == "reliability":
        t = (t + rng.standard_normal(t.shape)) / np.sqrt(2)
    columns = {"outcome": scores(y), "journey": scores(item), "touchpoints": scores(t)}
    role, measure = ("outcome", "recommendation") if threat == "halo" else ("operation", "loyalty")
    return Made(columns, measures={"outcome": measure}, roles={"outcome": role})


def naive(case: Case) -> bool:
    """The journey item correlates more strongly with the outcome than the mean single touchpoint."""
    sample = case.sample
    y, j = (flat(sample.points(s), sample.n) for s in ("outcome", "journey"))
    t = flat(sample.points("touchpoints"), sample.n)
    r = np.corrcoef(np.column_stack([y, j, t]), rowvar=False)[0, 1:]
    se = np.sqrt(2 / len(y)) * (1 - r[0] ** 2)
    return bool(r[0] - r[1:].mean() > 1.96 * se)
