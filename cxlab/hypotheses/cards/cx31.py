"""Measure everywhere: modes are alike: all pairwise differences between modes within the margin (equivalence)."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np

from cxlab.hypotheses.case import Case, Evidence
from cxlab.hypotheses.estimation import FEW, answered, coefficient, finding, mean, row
from cxlab.hypotheses.naive import unguarded
from cxlab.hypotheses.sample import NotEstimable
from cxlab.hypotheses.simulated_answers import SPREAD, Made, Truth, chosen, scores

TRUTH = Truth(claimed=0.0)


def test(case: Case) -> Evidence:
    """CX-31: all pairwise differences between modes within the margin (equivalence)."""
    sample = case.sample
    y = sample.points("score", outcome=True)
    mode = np.array(["" if v is None or v != v else _plain(v) for v in sample.raw["mode"]])
    rows = answered(case, y) & (mode != "")
    sizes = {m: int(sample.n[rows & (mode == m)].sum()) for m in np.unique(mode[rows])}
    kept = [m for m, k in sizes.items() if k >= 3 * FEW]
    if len(kept) < 2:
        raise NotEstimable(f"only {len(kept)} of {len(sizes)} modes have {3 * FEW} answers; two are needed")
    pairs = list(combinations(kept, 2))
    outer = replace(case, level=1 - (1 - case.level) / len(pairs))
    findings = []
    for a, b in pairs:
        pair = rows & np.isin(mode, [a, b])
        f = coefficient(case, pair, y, (mode == b).astype(float), name=f"score: {b} minus {a}")
        wide = finding(outer, pair, y, f.name, f.value, f.se, f.df)
        findings.append(type(f)(**vars(f) | {"low": wide.low, "high": wide.high}))
    findings.sort(key=lambda f: -max(abs(f.inner_low), abs(f.inner_high)))
    shown = tuple(row(case, m, *mean(case, rows & (mode == m), y), sizes[m]) for m in kept)
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


def simulate(effect: float, n: int, rng: np.random.Generator, threat: str | None = None) -> Made:
    arm, other, design = chosen(n, rng, threat)
    y = effect / SPREAD * arm + (0.0 if threat else other) + rng.standard_normal(n)
    return Made({"score": scores(y), "mode": np.array(["online", "phone"], object)[arm.astype(int)]}, design)


naive = unguarded
