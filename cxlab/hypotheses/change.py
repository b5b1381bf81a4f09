"""Tests of cards about before and after: closed loops, recovery, lagged effects within units."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cxlab.hypotheses.card import Card
from cxlab.hypotheses.evidence import (
    Evidence,
    NotEstimable,
    about,
    answered,
    coefficient,
    mean,
    row,
    standardised,
    varies,
)
from cxlab.hypotheses.rule import from_t
from cxlab.hypotheses.sample import Sample
from cxlab.stats.fits.robust import least_squares


def closed_loop(card: Card, sample: Sample, level: float, rng: np.random.Generator) -> Evidence:
    """CX-19: score after, routed minus not, given the score before; without an arm, the change beyond regression."""
    before, after = sample.points("before"), sample.points("after")
    if "arm" not in sample:
        return _beyond_regression(card, sample, before, after, level)
    arm = sample.binary("arm")
    rows = answered(card, sample, after, before, arm)
    varies("the arm", arm[rows])
    found = coefficient(
        card, sample, rows, after, arm, before, name="score after: routed minus not routed", level=level
    )
    shown = tuple(
        row(
            f"change, {said}",
            *mean(sample, rows & (arm == k), after - before, level),
            sample.n[rows & (arm == k)].sum(),
            level,
        )
        for k, said in ((1, "routed"), (0, "not routed: regression to the mean and the rest"))
    )
    lost = [float(sample.n[(arm == k) & np.isnan(after)].sum() / max(sample.n[arm == k].sum(), 1)) for k in (0, 1)]
    checks = (
        (
            "the same share answers again",
            f"{1 - lost[1]:.0%} routed, {1 - lost[0]:.0%} not",
            abs(lost[0] - lost[1]) < 0.05,
        ),
    )
    return Evidence((found,), None, shown, checks, "Analysis of covariance with the score before (intention to treat)")


def _beyond_regression(card: Card, sample: Sample, before, after, level: float) -> Evidence:
    rows = answered(card, sample, after, before)
    nw = sample.n * sample.w
    low = rows & (before < 50)
    if sample.n[low].sum() < 30:
        raise NotEstimable(f"only {int(sample.n[low].sum())} dissatisfied answers before; this test needs at least 30")
    rest = rows & ~low
    model = least_squares(
        np.column_stack([np.ones(rest.sum()), before[rest]]), after[rest], sample.n[rest], sample.w[rest]
    )
    centre = np.average(before[rows], weights=nw[rows])
    r = np.corrcoef(np.repeat(before[rest], 1), np.repeat(after[rest], 1))[0, 1]
    expected = model.b[0] + model.b[1] * before
    gap = np.where(low, after - expected, np.nan)
    value, se, df = mean(sample, low, gap, level)
    lever = np.array([1.0, np.average(before[low], weights=nw[low])])
    found = from_t(
        "dissatisfied: score after beyond expected regression to the mean",
        value,
        float(np.hypot(se, np.sqrt(lever @ model.v @ lever))),
        df,
        level=level,
        **about(card, sample, low),
    )
    shown = (
        row("change of the dissatisfied, raw", *mean(sample, low, after - before, level), sample.n[low].sum(), level),
        row("expected by regression to the mean alone", float(np.average((expected - before)[low], weights=nw[low]))),
    )
    notes = (f"expected from those who were not dissatisfied (r = {r:.2f}, mean before {centre:.1f})",)
    return Evidence(
        (found,),
        None,
        shown,
        (("a random arm", "there is none", False),),
        "Change beyond regression to the mean",
        notes,
    )


def recovery(card: Card, sample: Sample, level: float, rng: np.random.Generator) -> Evidence:
    """CX-20: recovered customers against their own score before, and against matched customers without a failure."""
    after, failed = sample.points("after", outcome=True), sample.binary("failure")
    handled = sample.points("handling")
    well = np.where(np.isnan(handled), 0.0, handled >= _well(sample)) * (failed == 1)
    has_before = "before" in sample
    before = sample.points("before") if has_before else np.zeros(len(after))
    rows = answered(card, sample, after, failed, before) & ((failed == 0) | (well == 1))
    for group, said in ((well == 1, "well recovered"), (failed == 0, "without a failure")):
        if (k := int(sample.n[rows & group].sum())) < 20:
            raise NotEstimable(f"only {k} customers {said}; this test needs at least 20")
    columns = (before,) if has_before else ()
    control = coefficient(
        card, sample, rows, after, well, *columns, name="recovered minus customers without a failure", level=level
    )
    shown = [
        row(said, *mean(sample, rows & g, after, level), sample.n[rows & g].sum(), level)
        for g, said in ((well == 1, "recovered, after"), (failed == 0, "no failure, after"))
    ]
    bad = (failed == 1) & (well == 0) & ~np.isnan(after)
    if sample.n[bad].sum() >= 10:
        shown.append(row("failed, not recovered, after", *mean(sample, bad, after, level), sample.n[bad].sum(), level))
    if not has_before:
        notes = ("there is no score before: the customer's own change cannot be seen, only the second control",)
        return Evidence(
            (control,),
            None,
            tuple(shown),
            (("own score before", "missing", False),),
            "Difference of means, robust errors",
            notes,
        )
    own = _own_change(card, sample, rows & (well == 1), rows & (failed == 0), before, after, level)
    return Evidence(
        (own, control), None, tuple(shown), (), "Own change corrected for regression to the mean; matched control"
    )


def _own_change(card: Card, sample: Sample, mine, never, before, after, level: float):
    """Mean of after minus mu + rho (before - mu), mu the mean before of all, rho from customers without a failure."""
    nw = sample.n * sample.w
    everybody = ~np.isnan(before)
    centre = np.average(before[everybody], weights=nw[everybody])
    slope = least_squares(
        np.column_stack([np.ones(never.sum()), before[never]]), after[never], sample.n[never], sample.w[never]
    )
    gap = after - (centre + slope.b[1] * (before - centre))
    value, se, df = mean(sample, mine, gap, level)
    distance = np.average(before[mine], weights=nw[mine]) - centre
    spread = mean(sample, everybody, before, level)[1] * abs(1 - slope.b[1])
    error = float(np.sqrt(se**2 + slope.v[1, 1] * distance**2 + spread**2))
    return from_t(
        "recovered minus own expected score before", value, error, df, level=level, **about(card, sample, mine)
    )


def _well(sample: Sample) -> float:
    """The two best answers of the handling scale count as handled well."""
    f = sample.fields["handling"][0]
    k = f.scale.points if f.scale else 2
    return 100.0 * max(k - 2, 1) / (k - 1) if k > 2 else 100.0


def lagged(card: Card, sample: Sample, level: float, rng: np.random.Generator) -> Evidence:
    """CX-21: employees on last period's customers (and their own last score) within units; and the reverse."""
    table = pd.DataFrame(
        {
            "unit": [str(u) for u in sample.raw["unit"]],
            "period": sample.raw["period"],
            "customer": sample.number("customer"),
            "employee": sample.number("employee"),
            "w": sample.n * sample.w,
        }
    )
    table = (
        table.groupby(["unit", "period"])[["customer", "employee"]].mean().reset_index().sort_values(["unit", "period"])
    )
    periods = table["period"].nunique()
    if periods < 4 or table["unit"].nunique() < 10:
        raise NotEstimable(
            f"{table['unit'].nunique()} units and {periods} periods; lagged effects within units need at least 10 and 4"
        )
    last = table.groupby("unit")[["customer", "employee"]].shift(1)
    table = table.assign(c1=last["customer"], e1=last["employee"]).dropna()
    for name in ("customer", "employee", "c1", "e1"):
        centred = table[name] - table.groupby("unit")[name].transform("mean")
        centred = centred - centred.groupby(table["period"]).transform("mean")
        table[name] = standardised(centred.to_numpy(), np.ones(len(table)))
    one, unit = np.ones(len(table)), pd.factorize(table["unit"])[0]
    paths = {}
    for y, x in (("employee", "c1"), ("customer", "e1")):
        own = "e1" if y == "employee" else "c1"
        d = np.column_stack([one, table[x], table[own]])
        paths[y] = least_squares(d, table[y].to_numpy(), one, one, unit).contrast([0.0, 1.0, 0.0])
    n = len(table)
    carry = {
        "side": card.side,
        "sesoi": card.sesoi,
        "trivial": card.trivial,
        "n": n,
        "n_eff": float(table["unit"].nunique()),
    }
    found = from_t("customer to employee, one period later, within units", *paths["employee"], level=level, **carry)
    shown = (row("employee to customer, one period later", *paths["customer"], n, level),)
    notes = (f"demeaning with {periods} periods pulls lagged paths of the same series down by about 1/{periods}",)
    return Evidence(
        (found,),
        None,
        shown,
        (("periods", f"{periods}", periods >= 12),),
        "Two-way demeaned lagged regression, clustered by unit",
        notes,
    )
