"""Agreement of coders on categories, with errors over units: Krippendorff's alpha and Gwet's AC1.

References
----------
Gwet, K. L. (2008). Computing inter-rater reliability and its variance in the presence of high agreement. British
    Journal of Mathematical and Statistical Psychology 61, 29-48. doi:10.1348/000711006X126600
Krippendorff, K. (2011). Computing Krippendorff's alpha-reliability.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cxlab.stats.inference.proportions import wilson


def agreed(counts: NDArray) -> tuple[float, NDArray]:
    """Return the share of pairs of coders that agree, and each unit's part of it (units,): they average to it.

    Parameters
    ----------
    counts : (units, categories) coders who gave each category; units of one coder say nothing.

    Examples
    --------
    >>> agreed(np.array([[2.0, 0.0], [1.0, 1.0]]))[0]
    0.5
    """
    r = counts.sum(1)
    pairs = r >= 2
    own = np.divide((counts * (counts - 1)).sum(1), r * (r - 1), out=np.zeros(len(r)), where=pairs)
    share = float(own[pairs].mean()) if pairs.any() else np.nan
    return share, own * len(r) / max(int(pairs.sum()), 1)


def ac1(counts: NDArray) -> tuple[float, NDArray]:
    """Return Gwet's AC1 and its linearised value of each unit (units,): its variance is theirs over the units.

    AC1 = (p_a - p_e) / (1 - p_e), p_e = sum_k pi_k (1 - pi_k) / (q - 1), q categories.

    Examples
    --------
    >>> round(ac1(np.array([[2.0, 0.0], [2.0, 0.0], [1.0, 1.0]]))[0], 4)
    0.5385
    """
    r, q = counts.sum(1, keepdims=True), counts.shape[1]
    part = counts / r
    pi = part.mean(0)
    pa, own = agreed(counts)
    pe = float((pi * (1 - pi)).sum() / (q - 1))
    value = (pa - pe) / (1 - pe)
    pairs = r[:, 0] >= 2
    scale = len(r) / max(int(pairs.sum()), 1)
    each = np.where(pairs, (own - scale * pe) / (1 - pe), 0.0)
    by_chance = (part * (1 - pi)).sum(1) / (q - 1)
    return value, each - 2 * (1 - value) * (by_chance - pe) / (1 - pe)


def krippendorff(counts: NDArray) -> tuple[float, NDArray]:
    """Return Krippendorff's alpha for names, and its jackknife pseudo-value of each unit of two or more coders.

    alpha = 1 - D_o / D_e: the share of pairs of coders of one unit that disagree over that of all pairs of codes.

    Examples
    --------
    >>> round(krippendorff(np.array([[2.0, 0.0], [0.0, 2.0], [1.0, 1.0]]))[0], 4)
    0.4444
    """
    counts = counts[counts.sum(1) >= 2]
    r, n = counts.sum(1), len(counts)
    own = (counts * (counts - 1)).sum(1) / (r - 1)
    value = _alpha(own.sum(), r.sum(), counts.sum(0))
    left = _alpha(own.sum() - own, r.sum() - r, counts.sum(0) - counts)
    return float(value), n * value - (n - 1) * left


def at_least(counts: NDArray, level: float) -> dict[str, float]:
    """Return the lower limits of the three measures where all coders agree on every comment.

    All units agree: their share is at least Wilson's limit of n of n, and what disagrees costs the measures as much as
    they say of it: 1 - disagreement over what chance would disagree.

    Parameters
    ----------
    counts : (units, categories) coders who gave each category. ``level`` : of confidence.

    Examples
    --------
    >>> made = at_least(np.array([[2.0, 0.0]] * 25 + [[0.0, 2.0]] * 25), 0.95)
    >>> {k: round(v, 3) for k, v in made.items()}
    {'agreed': 0.929, 'ac1': 0.857, 'alpha': 0.859}
    """
    counts = counts[counts.sum(1) >= 2]
    n, q, each = len(counts), counts.shape[1], counts.sum(0)
    low = float(wilson(np.array([float(n)]), np.array([float(n)]), level)[0][0])
    pi = (counts / counts.sum(1, keepdims=True)).mean(0)
    chance = 1 - float((pi * (1 - pi)).sum()) / (q - 1)
    expected = 1 - float((each * (each - 1)).sum() / (each.sum() * (each.sum() - 1)))
    return {"agreed": low, "ac1": 1 - (1 - low) / chance, "alpha": 1 - (1 - low) / expected}


def _alpha(agreed: float | NDArray, codes: float | NDArray, each: NDArray) -> NDArray:
    """Alpha from agreeing pairs, the number of codes, and the codes of each category (..., categories)."""
    expected = 1 - (each * (each - 1)).sum(-1) / (codes * (codes - 1))
    with np.errstate(invalid="ignore", divide="ignore"):
        return 1 - (1 - agreed / codes) / expected
