"""Free text tells why: R² gained by the words of the comment over all ratings, out of sample."""

from __future__ import annotations

import numpy as np

from cxlab.hypotheses.case import Case, Evidence
from cxlab.hypotheses.estimation import about, answered, row, unfeigned
from cxlab.hypotheses.rule import Finding, from_t
from cxlab.hypotheses.simulated_answers import Made, Truth, scores
from cxlab.hypotheses.without_guards import unguarded
from cxlab.models.text.beyond_ratings import LEAST, METHOD, said, told
from cxlab.stats.fits.curves import bends
from cxlab.stats.fits.marked_gaps import filled

TRUTH = Truth(claimed=0.1, n=1200, value=None)


WORDS = [
    f"{a}{b}"
    for a in ("bal", "cor", "dim", "fen", "gol", "hur", "jap", "kit")
    for b in ("ana", "ero", "imu", "olo", "usk", "yde", "wen", "zor")
]


def test(case: Case) -> Evidence:
    """The gain of `cx.text.beyond_ratings`: R² of the words over all ratings, out of sample."""
    sample = case.sample
    y = sample.points("outcome", outcome=True)
    ratings, notes = filled(sample.points("ratings"))
    comments = [said(v) for v in sample.raw["comment"]]
    there = np.array([len(c.split()) >= 3 for c in comments])
    what = "answers with a comment of three words or more"
    rows = answered(case, np.where(there, y, np.nan), least=LEAST, what=what)
    given = [comments[i] for i in np.flatnonzero(rows)]
    people = {"weight": (sample.n * sample.w)[rows], "cluster": sample.units(rows)[0]}
    found = told(y[rows], ratings[rows], given, **people, rng=case.rng)
    carry = about(case, rows, y)
    gain = from_t("R² gained by the words over the ratings", *found.gain, level=case.level, **carry)
    shown = (
        row(case, "R² out of sample: ratings", *found.base, carry["n"]),
        row(case, "R² out of sample: ratings and words", *found.both, carry["n"]),
    )
    less, more = (", ".join(words) for words in (found.less, found.more))
    notes += (*found.notes, f"words that say less than the ratings: {less}; more: {more}")
    share = float(sample.n[rows].sum() / sample.n[~np.isnan(y)].sum())

    def bent() -> Finding:
        curved = np.column_stack([ratings, bends(ratings, sample.n)])[rows]
        left = told(y[rows], curved, given, **people, rng=np.random.default_rng(case.seed))
        return from_t(gain.name, *left.gain, level=case.level, **carry)

    checks = (
        ("who comments is like who does not", f"{share:.0%} of the answers have a comment", share > 0.8),
        unfeigned(gain, bent, "a curve of the ratings could not feign it", "curve"),
    )
    return Evidence((gain,), None, shown, checks, METHOD, notes)


def simulate(effect: float, n: int, rng: np.random.Generator, threat: str | None = None) -> Made:
    """With an effect the words hold something (u) that the ratings do not; else they repeat the ratings.

    Under 'curve' they repeat a curve of the ratings, by which the outcome moves.
    """
    rating, u = (rng.standard_normal(n), rng.standard_normal(n))
    y = np.sqrt(0.5) * rating + np.sqrt(effect) * u + np.sqrt(0.5 - effect) * rng.standard_normal(n)
    told = u if effect else rating if threat else rng.standard_normal(n)
    if threat == "curve":
        told = (np.abs(rating) - 0.8) / 0.6
        y = np.sqrt(0.5) * told + np.sqrt(0.5) * rng.standard_normal(n)
    lean = np.linspace(-1, 1, len(WORDS))
    odds = np.exp(1.5 * told[:, None] * lean)
    picks = np.argsort(-(np.log(odds) + rng.gumbel(size=odds.shape)), axis=1)[:, :12]
    comments = np.array([" ".join(WORDS[i] for i in row) for row in picks], object)
    return Made(
        {"outcome": scores(y), "ratings": scores(rating[:, None]), "comment": comments},
        measures={"outcome": "recommendation"},
    )


naive = unguarded
