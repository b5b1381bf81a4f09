"""`alphas`: how far neighbours agree who labelled the same things (Krippendorff), seats 1 and 2, 3 and 4, ..."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from cxlab.stats.inference.coder_agreement import krippendorff

if TYPE_CHECKING:
    from cxlab.workshop.class_answers import Standing


def alphas(standing: Standing, question: str) -> list[float]:
    """Return alpha of every pair of neighbours who both handed in labels, from low to high."""
    given = {seat: at[question]["answer"] for seat, at in standing.seats.items() if question in at}
    labels = {seat: answer.items for seat, answer in given.items() if answer is not None}
    found = [alpha(labels[s], labels[s + 1]) for s in labels if s % 2 and s + 1 in labels]
    return sorted(a for a in found if not math.isnan(a))


def alpha(first: Sequence[int], second: Sequence[int]) -> float:
    """Return Krippendorff's alpha of two coders' labels, 0 or 1 each; `nan` where all labels are the same.

    >>> round(alpha([1, 1, 0, 0, 1], [1, 1, 0, 1, 1]), 3)
    0.571
    """
    yes = np.asarray(first) + np.asarray(second)
    if yes.min() == 2 or yes.max() == 0:
        return math.nan
    return krippendorff(np.stack([2 - yes, yes], axis=1).astype(float))[0]
