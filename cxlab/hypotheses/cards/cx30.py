"""Contacts are symptoms: share of contacts with a failure upstream."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr

from cxlab.hypotheses.case import Case, Evidence
from cxlab.hypotheses.estimation import about, answered, finding, mean, row
from cxlab.hypotheses.rule import Finding
from cxlab.hypotheses.scored_answers import NotEstimable
from cxlab.hypotheses.simulated_answers import Made, Truth
from cxlab.hypotheses.without_guards import flat
from cxlab.models.metrics.estimates import share

TRUTH = Truth(claimed=0.65)


def test(case: Case) -> Evidence:
    """The share of `cx.share` with its Wilson interval, and what contacts without a reason could make of it."""
    y = case.sample.binary("failure")
    rows = answered(case, np.where(np.isnan(y), np.nan, y))
    inner = 1 - 2 * (1 - case.level)
    (value, low, high, n_eff), (_, inner_low, inner_high, _) = (_share(case, y, k) for k in (case.level, inner))
    carry = about(case, rows, y)
    bar = carry["null"] + carry["sesoi"]
    p = float(ndtr((bar - value) / np.sqrt(bar * (1 - bar) / n_eff)))
    found = Finding(
        "contacts with a failure upstream", value, low, high, inner_low, inner_high, p=p,
        se=float(mean(case, rows, y)[1]), **carry,
    )  # fmt: skip
    check, shown = _silent(case, y, rows, found)
    return Evidence((found,), found, shown, (check,), method="Share of contacts, Wilson interval")


def _share(case: Case, y: np.ndarray, level: float) -> tuple[float, float, float, float]:
    """Share, limits and effective answers of `cx.share` for the value that says yes."""
    raw = case.sample.raw["failure"]
    yes = np.unique([str(int(v) if isinstance(v, float) else v) for v in raw[y == 1]])
    if len(yes) != 1:
        raise NotEstimable("no contact has a failure upstream, or several values say so")
    f = case.study.field(case.column("failure"))
    value = {"boolean": True, "integer": int(yes[0]) if yes[0].lstrip("-").isdigit() else yes[0]}.get(f.type, yes[0])
    line = share(case.specified, f.name, value=float(value) if f.type == "number" else value, level=level).table.iloc[0]
    return float(line["estimate"]), float(line["low"]), float(line["high"]), float(line["n_eff"])


def _silent(case: Case, y: np.ndarray, rows: np.ndarray, found: Finding) -> tuple:
    """Whether contacts without a reason could change the verdict: all of them failures, or none."""
    what, n = "contacts without a reason could not change the verdict", case.sample.n
    lost, all_ = int(n[~rows].sum()), int(n.sum())
    if not lost:
        return (what, f"all {all_:,} have one", True, "no-reason"), ()
    everybody, bounds = np.ones(len(y), bool), []
    for word, fill in (("had no failure", 0.0), ("had one", 1.0)):
        filled = np.where(rows, y, fill)
        value = mean(case, everybody, filled)
        shown = row(case, f"if all without a reason {word}", *value, all_)
        bounds.append((finding(case, everybody, filled, "", *value).verdict, shown))
    said = f"{lost:,} of {all_:,} have none"
    holds = all(verdict == found.verdict for verdict, _ in bounds)
    return (what, said, holds, "no-reason"), tuple(shown for _, shown in bounds)


def simulate(effect: float, n: int, rng: np.random.Generator, threat: str | None = None) -> Made:
    """Under 'clustering' an agent's contacts resemble each other; under 'no-reason' agents code a reason for failures
    and half of the time for nothing else.
    """
    clustered = threat == "clustering"
    cluster = np.arange(n) // (20 if clustered else 1)
    shift = 0.25 * rng.standard_normal(cluster.max() + 1)[cluster] if clustered else 0.0
    failure = (rng.random(n) < np.clip(effect + shift, 0, 1)).astype(float)
    if threat == "no-reason":
        failure = np.where((failure == 0) & (rng.random(n) < 0.5), np.nan, failure)
    return Made({"failure": failure, "cluster": cluster})


def naive(case: Case) -> bool:
    """More than half of the contacts with a reason, in a test that counts each contact."""
    y = flat(case.sample.binary("failure"), case.sample.n)
    y = y[~np.isnan(y)]
    return bool(len(y) and y.mean() - 0.5 > 1.96 * np.sqrt(y.mean() * (1 - y.mean()) / len(y)))
