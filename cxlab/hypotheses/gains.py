"""Tests of cards about prediction: gains of R² out of sample, on moments of random blocks."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cxlab.hypotheses.card import Card
from cxlab.hypotheses.evidence import Evidence, NotEstimable, about, answered, filled, row
from cxlab.hypotheses.rule import Finding, from_draws, from_t
from cxlab.hypotheses.sample import Sample, top_box
from cxlab.stats.fits.folds import block_moments, corrected, deal, fold_r2, solve, splits

FOLDS, REPEATS, BLOCKS = 10, 10, 100
PER_COLUMN = 5
"""Answers that a column of a cross-validated model needs."""
DECKS = "what decks show: r of the journey over the mean r of single touchpoints, minus 1 (large without any effect)"
DECKS_NULL = "the same if the journey item held nothing beyond the touchpoints"
Q_GRID = np.concatenate([np.arange(-12, -4, 1.0), np.arange(-4, 6.01, 0.25), np.arange(7, 13, 1.0)])
"""Exponents of the generalised mean that are tried."""


@dataclass(frozen=True)
class Validation:
    """Block moments of the columns (constant first, outcome last), the test splits, the models by name."""

    moments: NDArray
    tests: NDArray
    r2: dict[str, NDArray]
    journey: int = 0

    def gain(self, more: str, less: str) -> tuple[float, float, float]:
        """Return mean, standard error and degrees of freedom of R²(more) - R²(less)."""
        return corrected(self.r2[more] - self.r2[less], self.tests)

    def level(self, name: str) -> tuple[float, float, float]:
        return corrected(self.r2[name], self.tests)


def validate(
    sample: Sample, rows: NDArray, y: NDArray, columns: NDArray, models: dict[str, list[int]], rng: np.random.Generator
) -> Validation:
    """Cross-validate linear models of y on subsets of the columns (controls are in every model).

    ``models`` maps a name to indices of ``columns``; clusters are kept together.
    """
    x = columns if sample.controls is None else np.column_stack([columns, sample.controls])
    extra = list(range(columns.shape[1], x.shape[1]))
    z = np.column_stack(
        [np.ones(rows.sum()), x[rows], y[rows] - np.average(y[rows], weights=(sample.n * sample.w)[rows])]
    )
    c = None if sample.c is None else sample.c[rows]
    units = int(sample.n[rows].sum()) if c is None else len(np.unique(c))
    if units < 2 * FOLDS:
        raise NotEstimable(f"only {units} independent units; cross-validation needs at least {2 * FOLDS}")
    answers = int(sample.n[rows].sum())
    if z.shape[1] - 2 > answers / PER_COLUMN:
        raise NotEstimable(
            f"{z.shape[1] - 2} columns (touchpoints, marks of gaps) and {answers} answers; "
            f"this test needs at least {PER_COLUMN} answers a column"
        )
    blocks = min(BLOCKS, units // 2)
    moments = block_moments(z, sample.w[rows], deal(sample.n[rows], blocks, rng, c))
    tests = splits(blocks, FOLDS, REPEATS, rng)
    chosen = [[0, *(1 + i for i in (*cols, *extra))] for cols in models.values()]
    r2 = fold_r2(moments, chosen, z.shape[1] - 1, tests)
    return Validation(moments, tests, dict(zip(models, r2.T, strict=True)))


HOW = f"{FOLDS}-fold cross-validation repeated {REPEATS} times on block moments, Nadeau-Bengio errors"


def journeys(card: Card, sample: Sample, level: float, rng: np.random.Generator) -> Evidence:
    """CX-04: journey score over all touchpoints, the reverse, and the standardised risk ratio."""
    y, journey = sample.points("outcome", outcome=True), sample.points("journey")
    touch, notes = filled(sample.points("touchpoints"))
    rows = answered(card, sample, y, journey)
    k = sample.raw["touchpoints"].shape[1]
    columns = np.column_stack([touch, journey - 50.0])
    last, t = columns.shape[1] - 1, list(range(columns.shape[1] - 1))
    models = {"touchpoints": t, "journey": [last], "both": [*t, last], "nothing": []}
    single = {
        f"only {j}": [
            j,
            *[i for i in t if i >= k and np.array_equal(touch[:, i], np.isnan(sample.raw["touchpoints"][:, j]))],
        ]
        for j in range(k)
    }
    v = replace(validate(sample, rows, y, columns, models | single, rng), journey=1 + last)
    carry = about(card, sample, rows)
    gain = from_t(
        "R² gained by the journey score over all touchpoints", *v.gain("both", "touchpoints"), level=level, **carry
    )
    reverse = v.gain("both", "journey")
    against = from_t(
        "that gain minus the touchpoints' gain over the journey score",
        *v.gain("journey", "touchpoints"),
        level=level,
        **(carry | {"sesoi": 0.0, "trivial": 0.0}),
    )
    shown = [
        row(f"R² out of sample: {said}", *v.level(name), carry["n"], level)
        for name, said in (("touchpoints", "all touchpoints"), ("journey", "journey score"), ("both", "both"))
    ]
    shown.append(row("R² gained by the touchpoints over the journey score", *reverse, carry["n"], level))
    shown += _consultant(v, k, carry["n"])
    ratio = _risk_ratio(card, sample, rows, y, journey, touch, level, rng)
    out = sample.fields["outcome"][0]
    apart = out.measure in ("churn", "spend") or out.role == "operation"
    said = "recorded behaviour" if apart else "an answer of the same questionnaire, near to the journey item (halo)"
    checks = (("the outcome comes from another source than the journey item", f"{out.label}: {said}", apart),)
    return Evidence((gain, against), ratio, tuple(shown), checks, HOW, notes)


def _consultant(v: Validation, k: int, n: int) -> list[dict]:
    """How much larger the journey's correlation is than the single touchpoints' mean (the published contrast).

    Once as it is, once as it would be if the journey item held nothing beyond the touchpoints: then its covariance with
    the outcome is that of the two regressions on the touchpoints.
    """
    whole = v.moments.sum(0)
    spread = whole / whole[0, 0] - np.outer(whole[0], whole[0]) / whole[0, 0] ** 2
    sd = np.sqrt(np.fmax(np.diag(spread), 1e-300))
    y, journey = len(spread) - 1, v.journey
    t = [i for i in range(1, y) if i < journey]
    single = float(np.abs(spread[1 : 1 + k, y] / sd[1 : 1 + k] / sd[y]).mean())
    through = float(solve(whole, [0, *t], journey)[1:] @ spread[t, y])
    rows = ((DECKS, spread[journey, y]), (DECKS_NULL, through))
    return [
        {"label": label, "estimate": abs(c) / sd[journey] / sd[y] / single - 1, "low": np.nan, "high": np.nan, "n": n}
        for label, c in rows
    ]


def _risk_ratio(card, sample, rows, y, journey, touch, level, rng) -> Finding | None:
    """P(satisfied | journey good) / P(satisfied | not good) - 1, standardised over the touchpoints (logit)."""
    out, end = sample.fields["outcome"][0], sample.fields["journey"][0]
    satisfied = (sample.points("outcome") >= top_box(out) - 1e-9).astype(float)
    good = (journey >= top_box(end) - 1e-9).astype(float)
    d = np.column_stack([np.ones(len(y)), good, touch / 50.0])[rows]
    s, nw = satisfied[rows], (sample.n * sample.w)[rows]
    if min(nw @ good[rows], nw @ (1 - good[rows]), nw @ s, nw @ (1 - s)) < 10:
        return None
    c = None if sample.c is None else sample.c[rows]
    dealt = deal(sample.n[rows], min(40, int(sample.n[rows].sum()) // 2), rng, c) * sample.w[rows][:, None]
    total = dealt.sum(axis=1)
    start = _logit(d, s, total, np.zeros(d.shape[1]))
    log = lambda m, b: _log_ratio(d, m, _logit(d, s, m, b, steps=4))  # noqa: E731
    value = _log_ratio(d, total, start)
    left = np.array([log(total - dealt[:, b], start) for b in range(dealt.shape[1])])
    b = len(left)
    se = float(np.sqrt((b - 1) / b * ((left - left.mean()) ** 2).sum()))
    return from_t(
        "satisfied more often when the journey is good (risk ratio minus 1)",
        value,
        se,
        b - 1.0,
        level=level,
        transform=lambda v: float(np.expm1(v)),
        **about(card, sample, rows, sesoi=0.0, unit="share"),
    )


def _logit(d: NDArray, y: NDArray, m: NDArray, b: NDArray, steps: int = 30) -> NDArray:
    for _ in range(steps):
        p = 1 / (1 + np.exp(-np.clip(d @ b, -30, 30)))
        hessian = d.T @ (d * (m * np.fmax(p * (1 - p), 1e-9))[:, None]) + 1e-6 * np.eye(d.shape[1])
        step = np.linalg.solve(hessian, d.T @ (m * (y - p)) - 1e-6 * b)
        b = b + np.clip(step, -3, 3)
        if np.abs(step).max() < 1e-9:
            break
    return b


def _log_ratio(d: NDArray, m: NDArray, b: NDArray) -> float:
    rest = d @ b - d[:, 1] * b[1]
    one, none = (np.average(1 / (1 + np.exp(-(rest + k * b[1]))), weights=m) for k in (1, 0))
    return float(np.log(one / none))


def weakest(card: Card, sample: Sample, level: float, rng: np.random.Generator) -> Evidence:
    """CX-05: gain of the worst touchpoint over all of them; exponent of the generalised mean."""
    y, answers = sample.points("overall", outcome=True), sample.points("touchpoints")
    enough = np.isfinite(answers).sum(axis=1) >= 2
    rows = answered(card, sample, np.where(enough, y, np.nan))
    touch, notes = filled(answers)
    worst, best = (
        f(np.where(np.isnan(answers), fill, answers), axis=1) - 50 for f, fill in ((np.min, 1e9), (np.max, -1e9))
    )
    columns = np.column_stack([touch, np.clip(worst, -50, 50), np.clip(best, -50, 50)])
    t = list(range(touch.shape[1]))
    models = {"touchpoints": t, "worst": [*t, len(t)], "best": [*t, len(t) + 1]}
    v = validate(sample, rows, y, columns, models, rng)
    carry = about(card, sample, rows)
    gain = from_t(
        "R² gained by the worst touchpoint over all touchpoints", *v.gain("worst", "touchpoints"), level=level, **carry
    )
    whole = v.moments.sum(0)
    slopes = solve(whole, [0, *(1 + i for i in models["worst"])], whole.shape[0] - 1)
    exponent = _exponent(sample, rows, y, answers, carry, level, rng)
    shown = (
        row("R² out of sample: all touchpoints", *v.level("touchpoints"), carry["n"], level),
        row("R² gained by the best touchpoint", *v.gain("best", "touchpoints"), carry["n"], level),
        row("points of the overall score per point of the worst touchpoint", float(slopes[-1]), n=carry["n"]),
    )
    return Evidence((gain, exponent), None, shown, method=HOW + "; exponent by bootstrap of 100 blocks", notes=notes)


def _exponent(sample, rows, y, answers, carry, level, rng) -> Finding:
    """1 - q of the generalised mean M_q of the touchpoints (weighted by their slopes) that fits y best."""
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
        if abs(q) < 1e-9:
            mq = np.exp((weight * np.log(x)).sum(axis=1) / np.where(usable, total, 1))
        else:
            mq = ((weight * x**q).sum(axis=1) / np.where(usable, total, 1)) ** (1 / q) if usable.any() else x[:, 0]
        powers.append(np.where(usable, mq, np.nan))
    z = np.column_stack([np.ones(rows.sum()), *powers, y[rows]])[usable]
    cut = None if c is None else c[usable]
    units = int(sample.n[rows][usable].sum()) if cut is None else len(np.unique(cut))
    moments = block_moments(z, sample.w[rows][usable], deal(sample.n[rows][usable], min(BLOCKS, units), rng, cut))
    best = lambda m: Q_GRID[int(np.argmax(_r2_single(m)))]  # noqa: E731
    whole = moments.sum(0)
    counts = rng.multinomial(len(moments), np.full(len(moments), 1 / len(moments)), size=400).astype(float)
    draws = 1 - np.array([best(m) for m in np.tensordot(counts, moments, axes=1)])
    return from_draws(
        "1 minus the exponent of the generalised mean (above 0: nearer the worst than the mean)",
        1 - best(whole),
        draws,
        level=level,
        **(carry | {"sesoi": 0.0, "trivial": 0.0}),
    )


def _r2_single(m: NDArray) -> NDArray:
    """R² of the last column on each of the others alone."""
    cov = m - np.outer(m[0], m[0]) / m[0, 0]
    return cov[1:-1, -1] ** 2 / np.fmax(np.diag(cov)[1:-1], 1e-300)


def ratio(card: Card, sample: Sample, level: float, rng: np.random.Generator) -> Evidence:
    """CX-13: R² of the mean of all items minus that of the recommendation item; and at equal length."""
    y, rec = sample.points("outcome", outcome=True), sample.points("recommendation")
    items = sample.points("items")
    rows = answered(card, sample, y, rec) & np.isfinite(items).any(axis=1)
    rows = answered(card, sample, np.where(rows, y, np.nan))
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
    v = validate(sample, rows, y, columns, {"rec": [0], "ratio": [1]} | singles, rng)
    carry = about(card, sample, rows)
    gain = from_t(
        "R² of the satisfaction ratio minus that of the recommendation item",
        *v.gain("ratio", "rec"),
        level=level,
        **carry,
    )
    one = np.mean([v.r2[s] for s in singles], axis=0) - v.r2["rec"]
    equal = from_t(
        "at equal length: R² of one average item minus that of the recommendation item",
        *corrected(one, v.tests),
        level=level,
        **(carry | {"sesoi": 0.0, "trivial": 0.0}),
    )
    shown = (
        row("R² out of sample: recommendation", *v.level("rec"), carry["n"], level),
        row("R² out of sample: ratio", *v.level("ratio"), carry["n"], level),
    )
    return Evidence((gain, equal), None, shown, method=HOW, notes=(*notes, f"the ratio is the mean of {k + 1} items"))


def metrics(card: Card, sample: Sample, level: float, rng: np.random.Generator) -> Evidence:
    """CX-14: R² of all metrics together minus that of the best single one, chosen inside each training part."""
    y, scores = sample.points("outcome", outcome=True), sample.points("metrics")
    touch, notes = filled(scores)
    rows = answered(card, sample, np.where(np.isfinite(scores).any(axis=1), y, np.nan))
    k = scores.shape[1]
    names = [f.label for f in sample.fields["metrics"]]
    marks = {
        j: [i for i in range(k, touch.shape[1]) if np.array_equal(touch[:, i], np.isnan(scores[:, j]))]
        for j in range(k)
    }
    models = {"all": list(range(touch.shape[1]))} | {names[j]: [j, *marks[j]] for j in range(k)}
    v = validate(sample, rows, y, touch, models, rng)
    train = v.moments.sum(0) - np.tensordot(v.tests.astype(float), v.moments, axes=1)
    inside = np.column_stack([_fitted(train, models[m]) for m in names])
    best = np.argmax(inside, axis=1)
    single = np.array([v.r2[names[b]][i] for i, b in enumerate(best)])
    carry = about(card, sample, rows)
    gain = from_t(
        "R² gained by all metrics over the best one", *corrected(v.r2["all"] - single, v.tests), level=level, **carry
    )
    shown = [row(f"R² out of sample: {m}", *v.level(m), carry["n"], level) for m in (*names, "all")]
    order = sorted(names, key=lambda m: -v.r2[m].mean())
    if len(order) > 1:
        shown.append(row(f"{order[0]} minus {order[1]}", *v.gain(order[0], order[1]), carry["n"], level))
    return Evidence((gain,), None, tuple(shown), method=HOW + "; best metric chosen in training", notes=notes)


def _fitted(train: NDArray, columns: list[int]) -> NDArray:
    """R² inside each training part."""
    x, y = [0, *(1 + i for i in columns)], train.shape[-1] - 1
    b = solve(train, x, y)
    return (b * train[..., x, y]).sum(-1) / train[..., y, y]
