"""Tests of cards that compare groups or a share with a number."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from cxlab.hypotheses.card import Card
from cxlab.hypotheses.evidence import Evidence, NotEstimable, about, answered, coefficient, fit, mean, row, varies
from cxlab.hypotheses.rule import from_t
from cxlab.hypotheses.sample import Sample

FEW = 10
"""Answers a group needs before it is compared."""


def premium(card: Card, sample: Sample, level: float, rng: np.random.Generator) -> Evidence:
    """CX-01: log price on the arm; ratio of geometric means minus one."""
    price, arm = sample.number("spend"), sample.binary("arm")
    with np.errstate(invalid="ignore", divide="ignore"):
        y = np.where(price > 0, np.log(price), np.nan)
    rows = answered(card, sample, y, arm)
    varies("the arm", arm[rows])
    log = coefficient(card, sample, rows, y, arm, name="premium", level=level)
    found = from_t(
        "premium of the great experience",
        log.value,
        log.se,
        log.df,
        level=level,
        transform=lambda v: float(np.expm1(v)),
        **about(card, sample, rows),
    )
    zeros = int(sample.n[price <= 0].sum())
    notes = (f"{zeros} prices of zero have no logarithm and are left out",) if zeros else ()
    return Evidence((found,), found, method="Log price on the arm, clustered by person", notes=notes)


def leaving(card: Card, sample: Sample, level: float, rng: np.random.Generator) -> Evidence:
    """CX-02: share leaving with a failure (number), and minus the share without one (direction)."""
    failed, left = sample.binary("failure"), sample.binary("leave")
    rows = answered(card, sample, left, failed)
    _two(sample, rows, failed, "a failure")
    difference = coefficient(
        card, sample, rows, left, failed, name="leaving: with minus without a failure", level=level
    )
    with_, without = rows & (failed == 1), rows & (failed == 0)
    share = from_t(
        "share leaving after a failure", *mean(sample, with_, left, level), level=level, **about(card, sample, with_)
    )
    shown = (
        row("leaving after a failure", *mean(sample, with_, left, level), sample.n[with_].sum(), level),
        row("leaving without a failure", *mean(sample, without, left, level), sample.n[without].sum(), level),
    )
    intention = sample.fields["leave"][0].measure != "churn"
    notes = ("leaving is an answer in the lower half of the intention scale, not behaviour",) if intention else ()
    return Evidence(
        (difference,), share, shown, method="Difference of shares, linear probability model, robust errors", notes=notes
    )


def leaders(card: Card, sample: Sample, level: float, rng: np.random.Generator) -> Evidence:
    """CX-07: share that exceeded its goal, leaders minus mainstream; the ratio for the number."""
    y, leader = sample.binary("exceeded"), sample.binary("leader")
    rows = answered(card, sample, y, leader)
    _two(sample, rows, leader, "leaders")
    found = coefficient(card, sample, rows, y, leader, name="goal exceeded: leaders minus mainstream", level=level)
    p1, s1, df = mean(sample, rows & (leader == 1), y, level)
    p0, s0, _ = mean(sample, rows & (leader == 0), y, level)
    ratio = None
    if p1 > 0 and p0 > 0:
        error = float(np.hypot(s1 / p1, s0 / p0))
        ratio = from_t(
            "ratio of the shares",
            float(np.log(p1 / p0)),
            error,
            df,
            level=level,
            transform=lambda v: float(np.exp(v)),
            **about(card, sample, rows, unit=""),
        )
    shown = (
        row("leaders", p1, s1, df, sample.n[rows & (leader == 1)].sum(), level),
        row("mainstream", p0, s0, df, sample.n[rows & (leader == 0)].sum(), level),
    )
    return Evidence((found,), ratio, shown, method="Difference and ratio of shares, robust errors")


def declared(card: Card, sample: Sample, level: float, rng: np.random.Generator) -> Evidence:
    """CX-09: share influenced among all (nobody asked = not influenced), and among those asked."""
    y = sample.binary("influenced")
    everybody = np.ones(len(y), bool)
    whole = np.where(np.isnan(y), 0.0, y)
    rows = answered(card, sample, whole)
    found = from_t(
        "influenced, of all buyers", *mean(sample, everybody, whole, level), level=level, **about(card, sample, rows)
    )
    asked = ~np.isnan(y)
    shown = (row("influenced, of those asked", *mean(sample, asked, y, level), sample.n[asked].sum(), level),)
    gap = 1 - float(sample.n[asked].sum() / sample.n.sum())
    notes = (f"{gap:.0%} were not asked (read no reviews) and count as not influenced",) if gap else ()
    return Evidence((found,), found, shown, method="Design-weighted share, robust errors", notes=notes)


def symptoms(card: Card, sample: Sample, level: float, rng: np.random.Generator) -> Evidence:
    """CX-30: share of contacts with a failure upstream."""
    y = sample.binary("failure")
    rows = answered(card, sample, y)
    found = from_t(
        "contacts with a failure upstream", *mean(sample, rows, y, level), level=level, **about(card, sample, rows)
    )
    return Evidence((found,), found, method="Share of contacts, robust errors")


def rollout(card: Card, sample: Sample, level: float, rng: np.random.Generator) -> Evidence:
    """CX-11: difference in differences of the top-3 share, clustered by location."""
    y, treated, after = sample.binary("top3"), sample.binary("treated"), sample.binary("post")
    rows = answered(card, sample, y, treated, after)
    _two(sample, rows, treated, "treated locations")
    varies("before and after", after[rows])
    found = coefficient(
        card,
        sample,
        rows,
        y,
        treated * after,
        treated,
        after,
        name="top-3 share: difference in differences",
        level=level,
    )
    checks = (("parallel trends before the roll-out", "not testable with one period before", None),)
    return Evidence((found,), None, (), checks, "Two-by-two difference in differences, clustered by location")


def promise(card: Card, sample: Sample, level: float, rng: np.random.Generator) -> Evidence:
    """CX-23: satisfaction with the notice (or the promise kept) minus without."""
    y, arm = sample.points("satisfaction", outcome=True), sample.binary("arm")
    broken = sample.fields["arm"][0].name.lower() in ("failure", "late")
    good = 1 - arm if broken else arm
    rows = answered(card, sample, y, good)
    _two(sample, rows, good, "a kept promise" if broken else "a notice")
    said = ("promise kept", "promise broken") if broken else ("notice", "no notice")
    found = coefficient(card, sample, rows, y, good, name=f"satisfaction: {said[0]} minus {said[1]}", level=level)
    shown = tuple(
        row(said[k], *mean(sample, rows & (good == 1 - k), y, level), sample.n[rows & (good == 1 - k)].sum(), level)
        for k in (0, 1)
    )
    notes = ("no notice was assigned here; the contrast is a promise kept or broken",) if broken else ()
    return Evidence((found,), None, shown, _baseline(sample, rows, good), "Difference of means, robust errors", notes)


def complementarity(card: Card, sample: Sample, level: float, rng: np.random.Generator) -> Evidence:
    """CX-28: interaction of two measures, clustered by unit."""
    y, a, b = sample.points("score", outcome=True), sample.binary("a"), sample.binary("b")
    rows = answered(card, sample, y, a, b)
    _two(sample, rows, a * b, "both measures")
    found = coefficient(card, sample, rows, y, a * b, a, b, name="both minus the sum of each", level=level)
    model = fit(sample, rows, y, a * b, a, b)
    shown = tuple(
        row(f"effect of {name} alone", *model.contrast(np.eye(len(model.b))[i]), sample.n[rows].sum(), level)
        for name, i in (("A", 2), ("B", 3))
    )
    return Evidence(
        (found,), None, shown, _clusters(sample, rows), "Interaction in a factorial trial, cluster-robust errors"
    )


def governance(card: Card, sample: Sample, level: float, rng: np.random.Generator) -> Evidence:
    """CX-29: difference of unit means between arms (Welch), the unit being what was randomised."""
    y, arm = sample.points("score", outcome=True), sample.binary("arm")
    unit = np.array([str(u) for u in sample.raw["unit"]])
    rows = answered(card, sample, y, arm)
    _two(sample, rows, arm, "the arm")
    means: dict[float, list[float]] = {0.0: [], 1.0: []}
    for u in np.unique(unit[rows]):
        mine = rows & (unit == u)
        if np.ptp(arm[mine]) > 0:
            raise NotEstimable(f"unit {u} has both arms; this test needs the unit to be what was assigned")
        means[arm[mine][0]].append(float(np.average(y[mine], weights=(sample.n * sample.w)[mine])))
    one, none = np.array(means[1.0]), np.array(means[0.0])
    if min(len(one), len(none)) < 3:
        raise NotEstimable(f"{len(one)} and {len(none)} units in the arms; this test needs at least 3 in each")
    v1, v0 = one.var(ddof=1) / len(one), none.var(ddof=1) / len(none)
    df = (v1 + v0) ** 2 / (v1**2 / (len(one) - 1) + v0**2 / (len(none) - 1))
    found = from_t(
        "score: units with the outcome goal minus without",
        float(one.mean() - none.mean()),
        float(np.sqrt(v1 + v0)),
        df,
        level=level,
        **about(card, sample, rows, n_eff=float(len(one) + len(none))),
    )
    checks = (("number of units", f"{len(one)} and {len(none)}", len(one) + len(none) >= 20),)
    return Evidence((found,), None, (), checks, "Welch's t on unit means (cluster-randomised)")


def modes(card: Card, sample: Sample, level: float, rng: np.random.Generator) -> Evidence:
    """CX-31: all pairwise differences between modes within the margin (equivalence)."""
    y = sample.points("score", outcome=True)
    mode = np.array(["" if v is None or v != v else _plain(v) for v in sample.raw["mode"]])
    rows = answered(card, sample, y) & (mode != "")
    sizes = {m: int(sample.n[rows & (mode == m)].sum()) for m in np.unique(mode[rows])}
    kept = [m for m, k in sizes.items() if k >= 3 * FEW]
    if len(kept) < 2:
        raise NotEstimable(f"only {len(kept)} of {len(sizes)} modes have {3 * FEW} answers; two are needed")
    pairs = list(combinations(kept, 2))
    outer = 1 - (1 - level) / len(pairs)
    findings = []
    for a, b in pairs:
        pair = rows & np.isin(mode, [a, b])
        f = coefficient(card, sample, pair, y, (mode == b).astype(float), name=f"score: {b} minus {a}", level=level)
        wide = from_t(f.name, f.value, f.se, f.df, level=outer, **about(card, sample, pair))
        findings.append(type(f)(**(vars(f) | {"low": wide.low, "high": wide.high})))
    findings.sort(key=lambda f: -max(abs(f.inner_low), abs(f.inner_high)))
    shown = tuple(row(m, *mean(sample, rows & (mode == m), y, level), sizes[m], level) for m in kept)
    small = sorted(set(sizes) - set(kept))
    notes = (f"too few answers to compare: {', '.join(small)}",) if small else ()
    decided = [f for f in findings if f.verdict == "CONTRADICTED"] or findings
    return Evidence(
        tuple(decided[:1]) + tuple(f for f in findings if f is not decided[0]),
        None,
        shown,
        (),
        f"Equivalence of all {len(pairs)} pairs (two one-sided tests each); intervals for a contradiction Bonferroni",
        notes,
    )


def _plain(value) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _two(sample: Sample, rows, group, what: str) -> None:
    for value in (0.0, 1.0):
        count = int(sample.n[rows & (group == value)].sum())
        if count < FEW:
            side = "with" if value else "without"
            raise NotEstimable(f"only {count} answers {side} {what}; each side needs at least {FEW}")


def _baseline(sample: Sample, rows, arm) -> tuple[tuple[str, str, bool | None], ...]:
    share = float((sample.n * arm)[rows].sum() / sample.n[rows].sum())
    return (
        (
            "both groups are large enough",
            f"{share:.0%} and {1 - share:.0%} of the answers",
            min(share, 1 - share) > 0.02,
        ),
    )


def _clusters(sample: Sample, rows) -> tuple[tuple[str, str, bool | None], ...]:
    if sample.c is None:
        return (("the unit is the cluster", "no cluster is declared; every answer counts on its own", False),)
    m = len(np.unique(sample.c[rows]))
    return (("number of clusters", f"{m}", m >= 20),)
