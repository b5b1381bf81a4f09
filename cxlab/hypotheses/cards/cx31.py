"""Measure everywhere: modes are alike: all pairwise differences between modes within the margin (equivalence)."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from cxlab.hypotheses.case import Case, Evidence
from cxlab.hypotheses.estimation import FEW, alike, answered, coefficient, finding, mean, row
from cxlab.hypotheses.rule import Finding
from cxlab.hypotheses.scored_answers import NotEstimable
from cxlab.hypotheses.simulated_answers import SPREAD, Made, Truth, scores
from cxlab.hypotheses.trials import unanswered
from cxlab.hypotheses.without_guards import unguarded

TRUTH = Truth(claimed=0.0)
APART = 1.128
"""Mean trait of those who chose the phone minus that of the others, 2 / sqrt(pi), under 'self-selection'."""


def test(case: Case) -> Evidence:
    """The pairwise differences of means of `cx.compare`, all within the margin."""
    sample = case.sample
    y = sample.points("score", outcome=True)
    mode = sample.names("mode")
    rows = answered(case, y) & (mode != "")
    sizes = {m: int(sample.n[rows & (mode == m)].sum()) for m in np.unique(mode[rows])}
    kept = [m for m, k in sizes.items() if k >= 3 * FEW]
    if len(kept) < 2:
        raise NotEstimable(f"only {len(kept)} of {len(sizes)} modes have {3 * FEW} answers; two are needed")
    pairs = list(combinations(kept, 2))
    findings, checks = [], []
    for pair in pairs:
        f, own = _pair(case, y, mode, rows, pair, len(pairs))
        findings.append(f)
        checks.append(own)
    findings.sort(key=lambda f: -max(abs(f.inner_low), abs(f.inner_high)))
    shown = tuple(row(case, m, *mean(case, rows & (mode == m), y), sizes[m]) for m in kept)
    small = sorted(set(sizes) - set(kept))
    notes = (f"too few answers to compare: {', '.join(small)}",) if small else ()
    decided = [f for f in findings if f.verdict == "CONTRADICTED"] or findings
    return Evidence(
        tuple(decided[:1]) + tuple(f for f in findings if f is not decided[0]),
        None,
        shown,
        tuple(min(kind, key=lambda c: c[2] is True) for kind in zip(*checks, strict=True)),
        f"Equivalence of all {len(pairs)} pairs (two one-sided tests each); intervals for a contradiction Bonferroni",
        notes,
    )


def _pair(
    case: Case, y: NDArray, mode: NDArray, rows: NDArray, pair: tuple[str, str], pairs: int
) -> tuple[Finding, tuple]:
    """The difference of two modes, its interval for a contradiction at the level of all pairs, and its checks."""
    a, b = pair
    two, second = np.isin(mode, pair), (mode == b).astype(float)
    f = coefficient(case, rows & two, y, second, name=f"score: {b} minus {a}")
    outer = replace(case, level=1 - (1 - case.level) / pairs)
    wide = finding(outer, rows & two, y, f.name, f.value, f.se, f.df)
    silent, _ = unanswered(case, f, y, two, second, threat="silence")
    before = alike(case, rows & two, second, "before", "self-selection")
    return replace(f, low=wide.low, high=wide.high), (silent, before, _spread(case, rows & two, y, second))


def _spread(case: Case, rows: NDArray, y: NDArray, second: NDArray) -> tuple[str, str, bool, str]:
    """Whether answers lie as far from their mode's mean in both modes, within the margin."""
    there = rows & ~np.isnan(y)
    centre = np.where(second == 1, *(mean(case, there & (second == k), y)[0] for k in (1, 0)))
    f = coefficient(case, there, np.abs(y - centre), second, name="")
    alike_ = not f.se > 0 and abs(f.value) < case.card.sesoi  # the same distance for everybody has no error
    said = f"distance from the mean differs by {f.value:.1f} points [{f.inner_low:.1f}, {f.inner_high:.1f}]"
    return "people use the scale alike in the modes", said, bool(alike_ or f.verdict == "SUPPORTED"), "style"


def simulate(effect: float, n: int, rng: np.random.Generator, threat: str | None = None) -> Made:
    """``effect``: phone minus online. Under 'self-selection' the discontent (or content) chose the phone, so that the
    difference does not show; under 'silence' those do not answer there whom it makes show; under 'style' people answer
    more to the ends of the scale there.
    """
    trait, pull = rng.standard_normal(n), 1.0 if threat == "self-selection" else 0.0
    phone = (pull * trait + rng.standard_normal(n) > 0).astype(float)
    y = effect / SPREAD * (phone - pull * trait / APART) + rng.standard_normal(n)
    y = y * np.where(phone == 1, 1.8, 1.0) if threat == "style" else y
    score = scores(y)
    if threat == "silence":
        score = np.where((phone == 1) & ((-1 if effect < 0 else 1) * (score - 50) > 1.3 * SPREAD), np.nan, score)
    columns = {
        "score": score,
        "mode": np.array(["online", "phone"], object)[phone.astype(int)],
        "before": scores(trait + 0.5 * rng.standard_normal(n)),
    }
    return Made(columns, "experiment")


naive = unguarded
