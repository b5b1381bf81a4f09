"""What decks do: a test of the raw export at 5 %, without smallest effect, clusters, weights, null or design.

It exists to be compared with; nothing else uses it. A card whose deck does something of its own has its own ``naive``.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from cxlab.hypotheses.case import Case, run

Z = 1.96


def unguarded(case: Case) -> bool:
    """Return whether the card's own test without its guards would have said that the claim holds."""
    card = case.card
    loose = replace(card, sesoi=0.0, trivial=0.0, least_n=2) if card.side != "inside" else card
    bare = flattened(replace(case, card=loose), case)
    found = run(bare)
    if found.reason:
        return False
    f = found.findings[0]
    if card.side == "inside":
        return f.low <= f.null <= f.high
    return f.low > f.null if card.side == "greater" else f.high < f.null


def flattened(bare: Case, case: Case) -> Case:
    """Return ``bare`` with the answers of ``case``, weights and clusters forgotten."""
    s = case.sample
    vars(bare)["sample"] = replace(s, c=None, w=np.ones(len(s.w)))
    return bare


def exceeds_zero(difference: NDArray) -> bool:
    """Whether a one-sample t-test finds a mean above zero."""
    d = difference[~np.isnan(difference)]
    return bool(len(d) > 2 and d.mean() > Z * d.std(ddof=1) / np.sqrt(len(d)))


def larger(a: NDArray, b: NDArray) -> bool:
    """Whether a two-sample t-test finds the mean of ``a`` above that of ``b``."""
    if min(len(a), len(b)) < 2:
        return False
    return bool(a.mean() - b.mean() > Z * np.sqrt(a.var(ddof=1) / len(a) + b.var(ddof=1) / len(b)))


def flat(values: NDArray, n: NDArray) -> NDArray:
    """Return one row an answer."""
    return np.repeat(values, n.astype(int), axis=0)
