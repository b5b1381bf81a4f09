"""Free text tells why: R² gained by the words of the comment over all ratings, out of sample."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cxlab.data.masking import masked
from cxlab.hypotheses.case import Case, Evidence
from cxlab.hypotheses.estimation import about, answered, filled, row
from cxlab.hypotheses.rule import from_t
from cxlab.hypotheses.scored_answers import NotEstimable
from cxlab.hypotheses.simulated_answers import Made, Truth, scores
from cxlab.hypotheses.without_guards import unguarded
from cxlab.stats.fits.bag_of_words import effects, gain, terms
from cxlab.stats.fits.folds import corrected

TRUTH = Truth(claimed=0.1, n=1200, value=None)


BLOCKS = 20


MOST = 20000


WORDS = [
    f"{a}{b}"
    for a in ("bal", "cor", "dim", "fen", "gol", "hur", "jap", "kit")
    for b in ("ana", "ero", "imu", "olo", "usk", "yde", "wen", "zor")
]


def test(case: Case) -> Evidence:
    """CX-32: R² gained by the words of the comment over all ratings, out of sample."""
    sample = case.sample
    y = sample.points("outcome", outcome=True)
    ratings, notes = filled(sample.points("ratings"))
    comments = np.array([_said(v) for v in sample.raw["comment"]], object)
    there = np.array([len(c.split()) >= 3 for c in comments])
    rows = answered(case, np.where(there, y, np.nan), least=200, what="answers with a comment of three words or more")
    index = np.flatnonzero(rows)
    if len(index) > MOST:
        index = np.sort(case.rng.choice(index, MOST, replace=False))
        notes += (f"{MOST:,} of {int(rows.sum()):,} comments, drawn at random",)
    m, words = terms(list(comments[index]))
    if len(words) < 20:
        raise NotEstimable(f"only {len(words)} words occur in five comments or more; this test needs at least 20")
    x, w = (np.column_stack([np.ones(len(index)), ratings[index]]), (sample.n * sample.w)[index])
    units = np.arange(len(index)) if sample.c is None else np.unique(sample.c[index], return_inverse=True)[1]
    block = case.rng.permutation(np.arange(units.max() + 1) % BLOCKS)[units]
    base, more, _ = gain(m, x, y[index], w, block, BLOCKS)
    tests = np.eye(BLOCKS, dtype=bool)
    carry = about(case, rows, y)
    found = from_t("R² gained by the words over the ratings", *corrected(more - base, tests), level=case.level, **carry)
    shown = [
        row(case, "R² out of sample: ratings", *corrected(base, tests), carry["n"]),
        row(case, "R² out of sample: ratings and words", *corrected(more, tests), carry["n"]),
    ]
    notes += (_telling(m, words, x, y[index], w),)
    share = float(sample.n[rows].sum() / sample.n[~np.isnan(y)].sum())
    checks = (("who comments is like who does not", f"{share:.0%} of the answers have a comment", share > 0.8),)
    return Evidence(
        (found,),
        None,
        tuple(shown),
        checks,
        f"{BLOCKS}-fold, words learned in training only, Nadeau-Bengio errors",
        notes,
    )


def _said(comment: object) -> str:
    """Return the comment without addresses and numbers: they are no words, and none may be printed."""
    return "" if comment is None or comment != comment else masked(str(comment), mark=" ")


def _telling(m: NDArray, words: Sequence[str], x: NDArray, y: NDArray, w: NDArray) -> str:
    residual = y - x @ np.linalg.lstsq(x * np.sqrt(w)[:, None], y * np.sqrt(w), rcond=1e-10)[0]
    effect = effects(m.T @ (w * residual), m.T @ w)
    order = np.argsort(effect)
    pick = lambda some: ", ".join(words[i] for i in some)  # noqa: E731
    return f"words that say less than the ratings: {pick(order[:5])}; more: {pick(order[::-1][:5])}"


def simulate(effect: float, n: int, rng: np.random.Generator, threat: str | None = None) -> Made:
    """With an effect the words hold something (u) that the ratings do not; else they repeat the ratings."""
    rating, u = (rng.standard_normal(n), rng.standard_normal(n))
    y = np.sqrt(0.5) * rating + np.sqrt(effect) * u + np.sqrt(0.5 - effect) * rng.standard_normal(n)
    told = u if effect else rating if threat else rng.standard_normal(n)
    lean = np.linspace(-1, 1, len(WORDS))
    odds = np.exp(1.5 * told[:, None] * lean)
    picks = np.argsort(-(np.log(odds) + rng.gumbel(size=odds.shape)), axis=1)[:, :12]
    comments = np.array([" ".join(WORDS[i] for i in row) for row in picks], object)
    return Made(
        {"outcome": scores(y), "ratings": scores(rating[:, None]), "comment": comments},
        measures={"outcome": "recommendation"},
    )


naive = unguarded
