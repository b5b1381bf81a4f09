"""Which pairs of units differ for real over the whole table: also with few clusters a unit, and on lopsided answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cxlab.stats.inference import differences, inversion, proportions, trinomial
from cxlab.stats.units import ranks


@dataclass(frozen=True)
class Answers:
    """How the answers of the units vary: ``shape`` of the score, its unit's ``factor``, own ``spread`` in score units.

    ``df``: degrees of freedom of a unit's variance, those of its clusters and of what it borrows from the others
    (Smyth 2004, doi:10.2202/1544-6115.1027: they add up); infinite without a design. ``mixed``: estimates are adjusted,
    so that they are no shares of answers. ``sign``: -1 where less is better and estimates are turned round.
    """

    shape: str
    factor: float
    spread: NDArray
    df: NDArray
    mixed: bool
    sign: int = 1


def certain(estimate: NDArray, covariance: NDArray, size: NDArray, answers: Answers, **options: Any) -> NDArray:
    """Return the truth table "unit j is above unit k" that also holds with Student's t and with lopsided answers.

    Rank sets take the differences as normal with known variances. A pair counts if its interval at the same critical
    value, with the t quantile of that tail for few clusters, leaves out 0: MOVER from the score intervals of the two
    units, of means and adjusted scores the symmetric one. ``options`` as for `cxlab.stats.units.ranks.separated`;
    ``estimate`` counts more as better, times ``answers.sign``.
    """
    above, critical = ranks.judged(estimate, covariance, **options)
    one, two = np.nonzero(above)
    if not len(one):
        return above
    cov = covariance if covariance.ndim == 2 else np.diag(covariance)
    var = np.diag(cov)
    se = np.sqrt(np.fmax(var[one] + var[two] - 2 * cov[one, two], 0))
    d, z = estimate[one] - estimate[two], np.full(len(one), min(critical, inversion.MOST))
    df = differences.welch_df(var[one], answers.df[one], var[two], answers.df[two])
    low = d - inversion.t_at(z, df) * se
    if answers.shape != "mean" and not answers.mixed:
        r = np.clip(cov[one, two] / np.sqrt(var[one] * var[two]), -1, 1)

        def limits(z: NDArray) -> tuple[NDArray, NDArray]:
            arms = (_arm(estimate, size, answers, at, z) for at in (one, two))
            return differences.mover(*arms, r)

        low = np.fmin(low, inversion.anchored(d, limits)(z)[0])
    out = above.copy()
    out[one, two] = low > 0
    return out


def _arm(
    estimate: NDArray, size: NDArray, answers: Answers, at: NDArray, z: NDArray
) -> tuple[NDArray, NDArray, NDArray]:
    """Estimate and score limits of the units ``at``, on their effective size under the price of few clusters."""
    t = estimate[at] / answers.factor
    n = size[at] * (z / inversion.t_at(z, answers.df[at])) ** 2
    if answers.shape == "share":
        low, high = (answers.sign * x for x in proportions.wilson_at(np.clip(answers.sign * t, 0, 1) * n, n, z))
        low, high = np.fmin(low, high), np.fmax(low, high)
    else:
        t = np.clip(t, -1, 1)
        strong = np.clip(answers.spread[at] + t * t, np.abs(t), 1)
        low, high = trinomial.score_at(n * (strong - t) / 2, n * (1 - strong), n * (strong + t) / 2, z)
    return t * answers.factor, low * answers.factor, high * answers.factor
