"""Journeys beat touchpoints: journey score over all touchpoints, the reverse, and the standardised risk ratio."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cxlab.hypotheses.case import Case, Evidence
from cxlab.hypotheses.cross_validation import HOW, Validation, beyond_curves, validate
from cxlab.hypotheses.design import recorded
from cxlab.hypotheses.estimation import about, answered, finding, row
from cxlab.hypotheses.rule import Finding, from_t
from cxlab.hypotheses.scored_answers import NotEstimable, top_box
from cxlab.hypotheses.simulated_answers import Made, Truth, scores, touchpoints
from cxlab.hypotheses.without_guards import flat
from cxlab.models.drivers.noisy_items import Advantage, least_reliability
from cxlab.models.regression.risk_ratio import standardised
from cxlab.stats.fits.marked_gaps import filled

TRUTH = Truth(claimed=0.45, boundary=0.01, loss=0.55)
RATIO = "satisfied more often when the journey is good (risk ratio minus 1)"
DECKS = "what decks show: r of the journey over the mean r of single touchpoints, minus 1 (large without any effect)"
DECKS_NULL = "the same if the journey item held nothing beyond the touchpoints"
TIPPING = "reliability of the touchpoint answers down to which the journey's advantage is sure"
PLAUSIBLE = 0.5
"""Reliability that single answers may well have no more of: half of what they vary is error (the card's notes)."""
LEAST = 10
"""Answers that are satisfied (or not), and that find the journey good (or not), before a risk ratio is drawn."""


def test(case: Case) -> Evidence:
    """R² out of sample gained by the journey score over all touchpoints, and more than the touchpoints gain over it."""
    sample = case.sample
    y, journey = sample.points("outcome", outcome=True), sample.points("journey")
    touch, notes = filled(sample.points("touchpoints"))
    rows = answered(case, y, journey)
    t = list(range(touch.shape[1]))
    models = {"items": t, "own": [len(t)], "both": [*t, len(t)]}
    v = validate(case, rows, y, np.column_stack([touch, journey - 50.0]), models)
    carry = about(case, rows, y)
    gain = v.gained(case, "R² gained by the journey score over all touchpoints", "both", "items", carry)
    against = from_t(
        "that gain minus the touchpoints' gain over the journey score", *v.gain("own", "items"), level=case.level,
        **carry | {"sesoi": 0.0, "trivial": 0.0},
    )  # fmt: skip
    names = {"items": "all touchpoints", "own": "journey score", "both": "both"}
    shown = [row(case, f"R² out of sample: {said}", *v.level(k), carry["n"]) for k, said in names.items()]
    shown.append(row(case, "R² gained by the touchpoints over the journey score", *v.gain("both", "own"), carry["n"]))
    ahead = _ahead(case, v, touch.shape[1])
    shown += [
        row(case, k, value, n=carry["n"]) for k, value in zip((DECKS, DECKS_NULL), ahead.correlations(), strict=True)
    ]
    ratio, said = _risk_ratio(case, rows, y, journey, touch)
    noise, tip = _noise(case, rows, ahead)
    shown += [] if tip is None else [row(case, TIPPING, tip, n=carry["n"])]
    mean = touch[:, : sample.points("touchpoints").shape[1]].mean(axis=1)
    what = "curves of the touchpoints and of their mean could not feign it"
    base, own = np.column_stack([touch, mean]), journey[:, None] - 50.0
    checks = (_source(case), noise, beyond_curves(case, gain, rows, y, base, own, what=what))
    return Evidence((gain, against), ratio, tuple(shown), checks, HOW, (*notes, *said))


def _source(case: Case) -> tuple[str, str, bool, str]:
    apart = recorded(case.study, {"outcome": case.slots["outcome"]})
    label = case.study.field(case.column("outcome")).label
    said = "recorded behaviour" if apart else "an answer of the same questionnaire, near to the journey item"
    return "the outcome comes from another source than the journey item", f"{label}: {said}", apart, "halo"


def _ahead(case: Case, v: Validation, columns: int) -> Advantage:
    """The journey against the touchpoints; an item that not everybody answered has its mark among the columns."""
    answers = case.sample.points("touchpoints")
    k = answers.shape[1]
    marked = np.flatnonzero(np.isnan(answers).any(0))
    return Advantage(v, k, columns, {1 + int(j): 1 + k + i for i, j in enumerate(marked)})


def _noise(case: Case, rows: NDArray, ahead: Advantage) -> tuple[tuple[str, str, bool, str], float | None]:
    """Whether the journey's advantage outlasts errors of the touchpoint answers alone, and how far.

    Both parts of it must surely stay, at the reliability that second answers show, else at `PLAUSIBLE`.
    """
    reliability, source = _reliability(case, rows)
    stays = lambda low: bool(low[0] > case.card.sesoi and low[1] > 0)  # noqa: E731
    value, low = ahead.given(reliability, case.level)
    said = (
        f"with {source} the journey gains {value[0]:.3f} (at least {low[0]:.3f}) and is ahead by {value[1]:.3f} "
        f"(at least {low[1]:.3f})"
    )
    check = ("the journey score's advantage outlasts errors of the touchpoint answers", said, stays(low), "reliability")
    return check, ahead.tipping(lambda r: stays(ahead.given(r, case.level)[1]))


def _reliability(case: Case, rows: NDArray) -> tuple[NDArray, str]:
    """The reliability of each touchpoint item, and where it comes from."""
    first = case.sample.points("touchpoints")
    if "again" not in case.sample:
        return np.full(first.shape[1], PLAUSIBLE), f"an assumed reliability of {PLAUSIBLE:g}"
    second = case.sample.points("again")
    if second.shape[1] != first.shape[1]:
        raise NotEstimable(
            f"{first.shape[1]} touchpoint scores and {second.shape[1]} second answers; give one for each"
        )
    low = least_reliability(first[rows], second[rows], case.sample.counted(rows), case.level)
    return low, f"the second answers' reliability (lower limits {low.min():.2f} to {low.max():.2f})"


def _risk_ratio(
    case: Case, rows: NDArray, y: NDArray, journey: NDArray, touch: NDArray
) -> tuple[Finding | None, tuple[str, ...]]:
    """P(satisfied | journey good) / P(satisfied | not good) - 1, standardised over the touchpoints."""
    s = case.sample
    satisfied = (s.points("outcome") >= top_box(s.fields["outcome"][0]) - 1e-9)[rows].astype(float)
    good = (journey >= top_box(s.fields["journey"][0]) - 1e-9)[rows].astype(float)
    people = s.counted(rows)
    if min(people.mass @ v for v in (good, 1 - good, satisfied, 1 - satisfied)) < LEAST:
        return None, ("no risk ratio: fewer than 10 answers are satisfied (or not), or find the journey good (or not)",)
    told = standardised(satisfied, good, touch[rows] / 50.0, people)
    if told is None:
        return None, ("no risk ratio: the touchpoints and the journey tell the satisfied apart without error",)
    ratio = lambda v: float(np.expm1(v))  # noqa: E731
    return finding(case, rows, y, RATIO, *told, transform=ratio, sesoi=0.0, unit="share"), ()


def simulate(effect: float, n: int, rng: np.random.Generator, threat: str | None = None) -> Made:
    """Half of a recorded outcome follows the touchpoints; ``effect`` of its variance a quality of the journey itself.

    Without an effect the journey item is the touchpoints' mean, answered with noise. Under 'halo' the outcome is an
    answer of the same questionnaire, and one mood colours it and the journey item, the two last answers. Under
    'reliability' the touchpoints' mean is answered nearly without error, each touchpoint with as much error as truth.
    Under 'curve' the outcome and the journey item follow one curve of that mean.
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
    if threat == "curve":
        item = 2 - 1.2 * np.exp(-0.8 * mean)
        y = np.sqrt(0.7) * item + np.sqrt(0.3) * rng.standard_normal(n)
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
