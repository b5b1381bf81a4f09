"""Tests of cards about structure: constructs, segments, days, peers, blocks of drivers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cxlab.hypotheses.card import Card
from cxlab.hypotheses.evidence import Evidence, NotEstimable, about, answered, filled, row, standardised
from cxlab.hypotheses.rule import Finding, from_t
from cxlab.hypotheses.sample import Sample
from cxlab.stats.fits.folds import block_moments, deal, jackknife, solve
from cxlab.stats.fits.robust import least_squares
from cxlab.stats.inference.heterogeneity import between, centre, exceeds, profile

DAY = 20
"""Answers a day needs."""


def daily(card: Card, sample: Sample, level: float, rng: np.random.Generator) -> Evidence:
    """CX-12: standard deviation of the true daily NPS, beyond sampling."""
    score = sample.number("recommendation")
    days = sample.raw["day"].astype("datetime64[D]") if sample.raw["day"].dtype.kind == "M" else sample.raw["day"]
    y = np.where(np.isnan(score), np.nan, 100.0 * ((score >= 9).astype(float) - (score <= 6)))
    rows = answered(card, sample, y)
    code, y, n, w = np.unique(days[rows], return_inverse=True)[1], y[rows], sample.n[rows], sample.w[rows]
    count, mass = np.bincount(code, n), np.bincount(code, n * w)
    kept = count >= DAY
    if kept.sum() < 10:
        raise NotEstimable(
            f"only {int(kept.sum())} of {len(count)} days have {DAY} answers; this test needs at least 10 such days"
        )
    nps = np.bincount(code, n * w * y) / mass
    effective = mass**2 / np.bincount(code, n * w * w)
    pooled = float((n * w * (y - nps[code]) ** 2).sum() / (n * w).sum() * count.sum() / (count.sum() - len(count)))
    v = pooled / effective * _design_effect(sample, rows, code, y - nps[code], pooled)
    b = between(nps[kept], v[kept], level)
    inner = profile(nps[kept][:, None], v[kept][:, None, None], 1 - 2 * (1 - level))
    found = Finding(
        "standard deviation of the true NPS between days",
        float(b.tau),
        b.low,
        b.high,
        *inner,
        p=exceeds(nps[kept][:, None], v[kept][:, None, None], card.sesoi),
        **about(card, sample, rows),
    )
    observed, sampling = float(nps[kept].std(ddof=1)), float(np.sqrt(v[kept].mean()))
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


def _design_effect(sample: Sample, rows: NDArray, day: NDArray, e: NDArray, pooled: float) -> float:
    """Variance of cluster sums within days over that of answers: at least 1."""
    if sample.c is None:
        return 1.0
    n, w = sample.n[rows], sample.w[rows]
    key = np.unique(np.stack([sample.c[rows], day]), axis=1, return_inverse=True)[1].ravel()
    sums = np.bincount(key, n * w * e)
    return max(1.0, float((sums**2).sum() / (n * w * w).sum() / pooled))


def constructs(card: Card, sample: Sample, level: float, rng: np.random.Generator) -> Evidence:
    """CX-17: HTMT of the quality and the satisfaction items, jackknife error."""
    a, b = sample.points("satisfaction"), sample.points("quality")
    rows = answered(card, sample, a[:, 0], a, b)
    z = np.column_stack([np.ones(rows.sum()), a[rows], b[rows]])
    c = None if sample.c is None else sample.c[rows]
    units = int(sample.n[rows].sum()) if c is None else len(np.unique(c))
    m = block_moments(z, sample.w[rows], deal(sample.n[rows], min(200, units), rng, c))
    ka = a.shape[1]
    value, se, df = jackknife(m, lambda totals: np.array([_htmt(t, ka) for t in totals]))
    found = from_t(
        "HTMT of quality and satisfaction", float(value), float(se), df, level=level, **about(card, sample, rows)
    )
    strict = row("the same against the stricter cut-off .85", float(value), float(se), df, found.n, level)
    chain = ("the chain experience, opinion, loyalty", "needs waves; only the separation is tested", None)
    return Evidence(
        (found,), None, (strict,), (chain,), f"HTMT of {ka} and {b.shape[1]} items, delete-a-block jackknife"
    )


def _htmt(total: NDArray, ka: int) -> float:
    cov = total / total[0, 0] - np.outer(total[0], total[0]) / total[0, 0] ** 2
    sd = np.sqrt(np.fmax(np.diag(cov)[1:], 1e-300))
    r = np.abs(cov[1:, 1:] / np.outer(sd, sd))
    inside = lambda part: part[np.triu_indices(len(part), 1)].mean()  # noqa: E731
    return float(r[:ka, ka:].mean() / np.sqrt(inside(r[:ka, :ka]) * inside(r[ka:, ka:])))


def blocks(card: Card, sample: Sample, level: float, rng: np.random.Generator) -> Evidence:
    """CX-16: Shapley share of the experience items minus that of the price item in R²; and item against item."""
    y, price = sample.points("outcome", outcome=True), sample.points("price")
    answers = sample.points("experience")
    items, notes = filled(answers)
    rows, k = answered(card, sample, y, price), answers.shape[1]
    z = np.column_stack([np.ones(rows.sum()), items[rows], price[rows], y[rows]])
    c = None if sample.c is None else sample.c[rows]
    units = int(sample.n[rows].sum()) if c is None else len(np.unique(c))
    m = block_moments(z, sample.w[rows], deal(sample.n[rows], min(100, units), rng, c))
    gaps = np.isnan(answers)
    marks = {j: [1 + i for i in range(k, items.shape[1]) if np.array_equal(items[:, i], gaps[:, j])] for j in range(k)}
    block, at = list(range(1, 1 + items.shape[1])), 1 + items.shape[1]
    ones = [[1 + j, *marks[j]] for j in range(k)]
    value, se, df = jackknife(
        m, lambda t: np.stack([_shares(t, block, at), np.mean([_shares(t, one, at) for one in ones], axis=0)], axis=1)
    )
    carry = about(card, sample, rows)
    whole = from_t("share of experience minus share of price in R²", value[0], se[0], df, level=level, **carry)
    fair = from_t(
        "at equal length: share of one average experience item minus share of price",
        *(value[1], se[1], df),
        level=level,
        **(carry | {"sesoi": 0.0, "trivial": 0.0}),
    )
    f = sample.fields["price"][0]
    notes += (f"{k} experience items against one price item ('{f.label}'): more items explain more",)
    checks = (("a real price", "a rating of value or price, not a price", False),)
    return Evidence(
        (whole, fair), None, (), checks, "Shapley shares of two blocks in R², delete-a-block jackknife", notes
    )


def _shares(total: NDArray, first: list[int], second: int) -> NDArray:
    """Share of the first block minus that of the second column in the R² of both (Shapley value of two blocks)."""
    last = total.shape[-1] - 1
    base = total[..., 0, last] ** 2 / total[..., 0, 0]
    fit = lambda x: (solve(total, [0, *x], last) * total[..., [0, *x], last]).sum(-1) - base  # noqa: E731
    return (fit(first) - fit([second])) / np.fmax(fit([*first, second]), 1e-12)


def segments(card: Card, sample: Sample, level: float, rng: np.random.Generator) -> Evidence:
    """CX-26: standard deviation across segments of the standardised driver weights, beyond sampling."""
    y, touch = sample.points("overall", outcome=True), sample.points("touchpoints")
    segment = np.array(["" if v is None or v != v else str(v) for v in sample.raw["segment"]])
    rows = answered(card, sample, np.where(np.isfinite(touch).sum(axis=1) >= 2, y, np.nan)) & (segment != "")
    nw = sample.n * sample.w
    z = np.column_stack([standardised(np.where(rows, t, np.nan), nw) for t in touch.T])
    target, k = standardised(np.where(rows, y, np.nan), nw), touch.shape[1]
    slopes, errors, kept, small = [], [], [], []
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
    b, v = np.array(slopes), np.array(errors)
    low, high = profile(b, v, level)
    found = Finding(
        "standard deviation of the driver weights between segments",
        centre(b, v),
        low,
        high,
        *profile(b, v, 1 - 2 * (1 - level)),
        p=exceeds(b, v, card.sesoi),
        **about(card, sample, rows),
    )
    name = sample.fields["segment"][0].label
    spread = [(f.label, float(b[:, j].min()), float(b[:, j].max())) for j, f in enumerate(sample.fields["touchpoints"])]
    shown = tuple(
        {
            "label": f"weight of {label}: mean over segments (lowest and highest)",
            "estimate": float(b[:, j].mean()),
            "low": lo,
            "high": hi,
            "n": found.n,
        }
        for j, (label, lo, hi) in enumerate(spread)
    )
    notes = (f"segment: {name} ({', '.join(kept[:6])}{', ...' if len(kept) > 6 else ''})",)
    notes += (f"too small: {', '.join(small[:6])}",) if small else ()
    return Evidence(
        (found,), None, shown, method="Q-profile of the driver weights (multivariate), robust errors", notes=notes
    )


def peers(card: Card, sample: Sample, level: float, rng: np.random.Generator) -> Evidence:
    """CX-27: fall of the leave-one-out error of firms' scores with peers of the same industry and size."""
    y = sample.points("score")
    rows = answered(card, sample, y, least=20)
    firm = np.array([str(v) for v in sample.raw["firm"]])
    kind = {k: _kinds(sample.raw[k]) for k in ("industry", "size")}
    names = np.unique(firm[rows])
    if len(names) < 20:
        raise NotEstimable(f"only {len(names)} firms; this test needs at least 20")
    means, industry, size = [], [], []
    for f in names:
        mine = rows & (firm == f)
        means.append(np.average(y[mine], weights=(sample.n * sample.w)[mine]))
        industry.append(_mode(kind["industry"][mine], sample.n[mine]))
        size.append(_mode(kind["size"][mine], sample.n[mine]))
    theta = np.array(means)
    keys = {
        "industry and size": [f"{a}|{b}" for a, b in zip(industry, size, strict=True)],
        "industry": industry,
        "size": size,
    }
    everyone = _left_out(theta, ["all"] * len(theta))
    errors = {k: _left_out(theta, key, everyone) for k, key in keys.items()}
    finding = lambda k: _fall(k, theta, everyone, errors[k], card, sample, rows, level)  # noqa: E731
    found = finding("industry and size")
    shown = tuple(
        {"label": f"error cut by {k} alone", "estimate": f.value, "low": f.low, "high": f.high, "n": len(names)}
        for k, f in (("industry", finding("industry")), ("size", finding("size")))
    )
    alone = sum(np.unique(keys["industry and size"], return_counts=True)[1] == 1)
    notes = (f"{len(names)} firms; {alone} have no peer of both kinds and fall back on all firms",)
    return Evidence(
        (found,), None, shown, method="Leave-one-out error of peer means, delta method over firms", notes=notes
    )


def _kinds(values: NDArray) -> NDArray:
    """Categories as text; numbers of more than ten values are coarsened to quarters (of rows)."""
    if values.dtype.kind == "f" and len(np.unique(values[np.isfinite(values)])) > 10:
        edges = np.nanquantile(values, [0.25, 0.5, 0.75])
        return np.searchsorted(edges, values).astype(str)
    return np.array([str(v) for v in values])


def _mode(values: NDArray, n: NDArray) -> str:
    names, code = np.unique(values, return_inverse=True)
    return str(names[np.bincount(code, n).argmax()])


def _left_out(theta: NDArray, key: list[str], fallback: NDArray | None = None) -> NDArray:
    code = np.unique(key, return_inverse=True)[1]
    total, count = np.bincount(code, theta)[code], np.bincount(code)[code]
    with np.errstate(invalid="ignore", divide="ignore"):
        predicted = (total - theta) / (count - 1)
    error = theta - predicted
    return error if fallback is None else np.where(count > 1, error, fallback)


def _fall(name: str, theta, everyone, error, card, sample, rows, level) -> Finding:
    a, p, m = everyone**2, error**2, len(theta)
    ratio = p.mean() / a.mean()
    influence = (p - ratio * a) / a.mean()
    se_log = float(influence.std(ddof=1) / np.sqrt(m) / ratio / 2)
    return (
        from_t(
            f"error cut by peers of the same {name}",
            -0.5 * float(np.log(ratio)),
            se_log,
            m - 1.0,
            level=level,
            transform=lambda v: float(-np.expm1(-v)),
            **about(card, sample, rows, n=m, n_eff=float(m)),
        )
        if ratio > 0
        else Finding(name, np.nan, np.nan, np.nan, np.nan, np.nan)
    )
