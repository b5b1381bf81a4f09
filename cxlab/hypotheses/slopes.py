"""Tests of cards that look at a slope: dose and response, curves, weights of a sequence."""

from __future__ import annotations

import numpy as np

from cxlab.hypotheses.card import Card
from cxlab.hypotheses.evidence import (
    Evidence,
    NotEstimable,
    about,
    answered,
    coefficient,
    fit,
    mean,
    row,
    standardised,
    varies,
)
from cxlab.hypotheses.rule import Finding, from_t
from cxlab.hypotheses.sample import Sample
from cxlab.stats.counts.quantiles import quantile
from cxlab.stats.fits.robust import newey_west

HAZARD = 0.0943
"""Smallest effect where behaviour is yes or no: minus the logarithm of a hazard ratio of 0.91 per 10 points."""


def adoption(card: Card, sample: Sample, level: float, rng: np.random.Generator) -> Evidence:
    """CX-03: probability of a new category on the standardised score."""
    y, score = sample.binary("adopted"), sample.points("score")
    rows = answered(card, sample, y, score)
    z = standardised(np.where(rows, score, np.nan), sample.n * sample.w)
    found = coefficient(card, sample, rows, y, z, name="new category per standard deviation of the score", level=level)
    return Evidence((found,), method="Linear probability model, robust errors (average marginal effect)")


def alpha(card: Card, sample: Sample, level: float, rng: np.random.Generator) -> Evidence:
    """CX-08: intercept of the high-minus-low return on the market return, Newey-West errors."""
    y, market = sample.number("excess"), sample.number("market")
    rows = answered(card, sample, y, market, least=36, what="months")
    order = np.argsort(sample.raw["date"][rows]) if "date" in sample else np.arange(rows.sum())
    model = newey_west(np.column_stack([np.ones(len(order)), market[rows][order]]), y[rows][order])
    found = from_t("alpha a month", *model.contrast([1.0, 0.0]), level=level, **about(card, sample, rows))
    return Evidence((found,), found, method="Market model, Newey-West errors")


def review_curve(card: Card, sample: Sample, level: float, rng: np.random.Generator) -> Evidence:
    """CX-10: two lines, below and above the middle of the scale (per 10 points)."""
    y, score = sample.binary("posted"), sample.points("score")
    rows = answered(card, sample, y, score)
    varies("the score", score[rows])
    low, high = np.fmin(score - 50, 0) / 10, np.fmax(score - 50, 0) / 10
    if not (low[rows] < 0).any() or not (high[rows] > 0).any():
        raise NotEstimable("all scores lie in one half of the scale; the curve cannot be seen")
    up = coefficient(card, sample, rows, y, high, low, name="posting per 10 points, upper half", level=level)
    down = coefficient(
        card, sample, rows, y, low, high, name="posting per 10 points, lower half", level=level, sesoi=0.0, trivial=0.0
    )
    shown = (row("slope of the lower half", down.value, down.se, down.df, down.n, level),)
    rising = Finding(**(vars(down) | {"low": down.high, "high": np.inf, "inner_low": down.high, "inner_high": np.inf}))
    findings = (up, down) if down.high < 0 else (up, rising)
    note = (
        ("the lower half falls: a U-shape, so 'the more satisfied the likelier' fails there",) if down.high < 0 else ()
    )
    return Evidence(
        findings if down.high < 0 else (up,),
        None,
        shown,
        method="Two lines split at the middle of the scale (Simonsohn 2018)",
        notes=note,
    )


def loyalty(card: Card, sample: Sample, level: float, rng: np.random.Generator) -> Evidence:
    """CX-15: hazard of leaving, or loyalty score, per 10 points of satisfaction; and the curve."""
    satisfaction = sample.points("satisfaction") / 10
    field = sample.fields["behaviour"][0]
    y = sample.points("behaviour", outcome=True)
    rows = answered(card, sample, y, satisfaction)
    varies("satisfaction", satisfaction[rows])
    if set(np.unique(y[rows])) == {0.0, 100.0} and sample.spec.scale == "linear":
        found = _hazard(card, sample, rows, 1 - y / 100, satisfaction, level)
        method = "Log hazard of leaving (complementary log-log), robust errors"
    else:
        found = coefficient(
            card, sample, rows, y, satisfaction, name="loyalty (0 to 100) per 10 points of satisfaction", level=level
        )
        method = "Linear slope, robust errors"
    centred = satisfaction - 5
    bend = coefficient(
        card, sample, rows, y, centred**2, centred, name="curvature per 10 points squared", level=level, sesoi=0.0
    )
    shown = (
        row("curvature (negative: decreasing returns)", bend.value, bend.se, bend.df, bend.n, level),
        *_curve(sample, rows, y, 10 * satisfaction, level),
    )
    behaviour = field.measure in ("churn", "spend") or field.role == "operation"
    notes = () if behaviour else ("the outcome is an intention, from the same questionnaire",)
    return Evidence((found,), None, shown, method=method, notes=notes)


def _hazard(card: Card, sample: Sample, rows, left, x, level: float) -> Finding:
    """Complementary log-log regression of leaving by Fisher scoring; minus the log hazard ratio, robust errors."""
    from cxlab.hypotheses.evidence import design

    n, w, c = sample.n[rows], sample.w[rows], None if sample.c is None else sample.c[rows]
    d, y = design(sample, rows, x), left[rows]
    share = np.clip(np.average(y, weights=n * w), 1e-6, 1 - 1e-6)
    b = np.zeros(d.shape[1])
    b[0] = np.log(-np.log1p(-share))
    for _ in range(60):
        rate = np.exp(np.clip(d @ b, -30, 4))
        p = np.clip(-np.expm1(-rate), 1e-10, 1 - 1e-10)
        slope = rate * (1 - p)
        curve = n * w * slope**2 / (p * (1 - p))
        bread = np.linalg.pinv(d.T @ (d * curve[:, None]), hermitian=True)
        step = bread @ (d.T @ (n * w * slope * (y - p) / (p * (1 - p))))
        b = b + np.clip(step, -2, 2)
        if np.abs(step).max() < 1e-10:
            break
    u = d * (w * slope * (y - p) / (p * (1 - p)))[:, None]
    if c is None:
        h = np.fmin(curve / n * np.einsum("ij,jk,ik->i", d, bread, d), 0.999)
        u = u / (1 - h)[:, None]
        meat, df = (u * n[:, None]).T @ u, n.sum() - d.shape[1]
    else:
        sums = np.zeros((c.max() + 1, d.shape[1]))
        np.add.at(sums, c, u * n[:, None])
        m = len(np.unique(c))
        meat, df = sums.T @ sums * m / (m - 1), m - 1
    v = bread @ meat @ bread
    return from_t(
        "minus log hazard ratio of leaving per 10 points of satisfaction",
        -float(b[1]),
        float(np.sqrt(v[1, 1])),
        float(df),
        level=level,
        **about(card, sample, rows, sesoi=HAZARD, unit=""),
    )


def _curve(sample: Sample, rows, y, x, level: float) -> tuple[dict, ...]:
    """Mean outcome in up to five groups of x."""
    values = np.unique(x[rows])
    if len(values) > 6:
        values = np.unique(quantile(x[rows], sample.n[rows], np.linspace(0, 1, 6)))
        edges = values[1:-1]
        group = np.searchsorted(edges, x, side="right")
        names = {
            g: f"{np.nanmin(x[rows & (group == g)]):.3g} to {np.nanmax(x[rows & (group == g)]):.3g}"
            for g in np.unique(group[rows])
        }
    else:
        group, names = np.searchsorted(values, x), {g: f"{v:.3g}" for g, v in enumerate(values)}
    out = []
    for g in np.unique(group[rows]):
        mine = rows & (group == g)
        if (k := sample.n[mine].sum()) >= 10:
            out.append(row(f"mean outcome at {names[g]}", *mean(sample, mine, y, level), k, level))
    return tuple(out)


def clock(card: Card, sample: Sample, level: float, rng: np.random.Generator) -> Evidence:
    """CX-18: elasticity of the time to effect to the contact cycle."""
    with np.errstate(invalid="ignore", divide="ignore"):
        y, x = np.log(sample.number("t90")), np.log(sample.number("cycle"))
    rows = answered(card, sample, y, x, least=20, what="units")
    varies("the contact cycle", x[rows])
    found = coefficient(
        card, sample, rows, y, x, name="elasticity of the time to 90 % to the contact cycle", level=level
    )
    return Evidence((found,), method="Log-log slope across units, robust errors")


def support_cost(card: Card, sample: Sample, level: float, rng: np.random.Generator) -> Evidence:
    """CX-22: relative change of cost per standard deviation (Poisson pseudo-likelihood)."""
    cost, score = sample.number("cost"), sample.points("score")
    rows = answered(card, sample, cost, score)
    if (cost[rows] < 0).any():
        raise NotEstimable("some costs are negative; a relative change needs costs of zero or more")
    z = standardised(np.where(rows, score, np.nan), sample.n * sample.w)
    b, se, df = _poisson(sample, rows, cost, z)
    found = from_t(
        "cost per standard deviation of the score, relative change",
        b,
        se,
        df,
        level=level,
        transform=lambda v: float(np.expm1(v)),
        **about(card, sample, rows),
    )
    return Evidence((found,), method="Poisson pseudo-maximum likelihood, robust errors")


def _poisson(sample: Sample, rows, y, x) -> tuple[float, float, float]:
    from cxlab.hypotheses.evidence import design

    d, y = design(sample, rows, x), y[rows]
    nw = sample.n[rows] * sample.w[rows]
    b = np.zeros(d.shape[1])
    b[0] = np.log(max(np.average(y, weights=nw), 1e-9))
    for _ in range(60):
        mu = np.exp(np.clip(d @ b, -30, 30))
        bread = np.linalg.pinv(d.T @ (d * (nw * mu)[:, None]), hermitian=True)
        step = bread @ (d.T @ (nw * (y - mu)))
        b = b + np.clip(step, -2, 2)
        if np.abs(step).max() < 1e-10:
            break
    if sample.c is None:
        h = np.fmin(sample.w[rows] * mu * np.einsum("ij,jk,ik->i", d, bread, d), 0.999)
        u = d * (sample.w[rows] * (y - mu) / (1 - h))[:, None]
        meat, df = (u * sample.n[rows][:, None]).T @ u, sample.n[rows].sum() - d.shape[1]
    else:
        u, c = d * (nw * (y - mu))[:, None], np.unique(sample.c[rows], return_inverse=True)[1]
        sums = np.zeros((c.max() + 1, d.shape[1]))
        np.add.at(sums, c, u)
        meat, df = sums.T @ sums * len(sums) / (len(sums) - 1), len(sums) - 1
    v = bread @ meat @ bread
    return float(b[1]), float(np.sqrt(v[1, 1])), float(df)


def waiting(card: Card, sample: Sample, level: float, rng: np.random.Generator) -> Evidence:
    """CX-24: satisfaction per doubling of the wait, and its curve."""
    y, wait = sample.points("satisfaction", outcome=True), sample.number("wait")
    rows = answered(card, sample, y, wait)
    if (wait[rows] < 0).any():
        raise NotEstimable("some waits are negative; declare their code as missing")
    varies("the wait", wait[rows])
    some = rows & (wait > 0)
    unit = float(quantile(wait[some], sample.n[some], 0.5)) / 8
    doubled = np.log2(np.fmax(wait, unit))
    found = coefficient(card, sample, rows, y, doubled, name="satisfaction per doubling of the wait", level=level)
    lost = int(sample.n[np.isnan(y) & ~np.isnan(wait)].sum())
    checks = (("every contact with a wait has a score", f"{lost} have none (abandoned or did not answer)", lost == 0),)
    note = f"waits below {unit:.3g} (an eighth of the median) count as {unit:.3g}"
    return Evidence(
        (found,),
        None,
        _curve(sample, rows, y, wait, level),
        checks,
        "Slope on log2 of the wait, robust errors",
        (note,),
    )


def transitions(card: Card, sample: Sample, level: float, rng: np.random.Generator) -> Evidence:
    """CX-25: points of the journey score per switch of channel."""
    y, switches = sample.points("score", outcome=True), sample.number("switches")
    rows = answered(card, sample, y, switches)
    varies("the number of switches", switches[rows])
    found = coefficient(card, sample, rows, y, switches, name="score per switch", level=level)
    return Evidence((found,), None, _curve(sample, rows, y, switches, level), method="Slope per switch, robust errors")


def sequence(card: Card, sample: Sample, level: float, rng: np.random.Generator) -> Evidence:
    """CX-06: standardised weight of the last stage minus the mean weight of the others."""
    y, touch = sample.points("overall", outcome=True), sample.points("touchpoints")
    rows = answered(card, sample, y) & (np.isfinite(touch).sum(axis=1) >= 2)
    rows = answered(card, sample, np.where(rows, y, np.nan))
    nw = sample.n * sample.w
    k = touch.shape[1]
    z = np.column_stack([standardised(np.where(rows, touch[:, j], np.nan), nw) for j in range(k)])
    gaps = np.isnan(z)
    marks = [gaps[:, j].astype(float) for j in range(k) if gaps[rows, j].any()]
    target = standardised(np.where(rows, y, np.nan), nw)
    model = fit(sample, rows, target, *np.where(gaps, 0.0, z).T, *marks)
    last = np.zeros(len(model.b))
    last[k], last[1:k] = 1.0, -1.0 / (k - 1)
    found = from_t(
        "weight of the end minus mean weight of the other stages",
        *model.contrast(last),
        level=level,
        **about(card, sample, rows),
    )
    fields = sample.fields["touchpoints"]
    shown = [
        row(f"weight of {f.label}", *model.contrast(np.eye(len(model.b))[j + 1]), found.n, level)
        for j, f in enumerate(fields)
    ]
    position = np.arange(k) - (k - 1) / 2
    trend = np.zeros(len(model.b))
    trend[1 : k + 1] = position / (position @ position)
    shown.append(row("change of weight per stage (recency)", *model.contrast(trend), found.n, level))
    notes = (
        f"order of the journey: {', '.join(f.stage or f.name for f in fields)}",
        "the last stage is also another subject than the earlier ones; only a random order separates the two",
    )
    return Evidence(
        (found,), None, tuple(shown), method="Standardised regression on all stages, robust errors", notes=notes
    )
