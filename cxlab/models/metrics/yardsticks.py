"""How good a measure is: whether people answer alike again, and whether it sees an improvement drawn by lot.

References
----------
McGraw, K. O. & Wong, S. P. (1996). Psychological Methods 1, 30-46. doi:10.1037/1082-989X.1.1.30 (ICC(A,1))
Lin, L. I. (1989). Biometrics 45, 255-268. doi:10.2307/2532051 (concordance: the same for two answers)
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cxlab.models.regression.counted_answers import Counted, Told
from cxlab.stats.fits.folds import jackknifed, spread

BLOCKS = 100
"""Blocks of people (or answers) that the jackknife leaves out, at most."""


def retest(
    first: tuple[NDArray, NDArray], second: tuple[NDArray, NDArray], rows: Counted, rng: np.random.Generator
) -> Told:
    """Return the agreement, ICC(A,1), of a measure's two answers minus that of another measure's, with its error.

    Parameters
    ----------
    first, second : (answer, answer again) of the one measure and of the other, (rows,) each.

    Examples
    --------
    >>> a, one = np.arange(200.0), np.ones(200)
    >>> worse = (a * 7) % 200  # the same answers in another order
    >>> round(retest((a, a), (a, worse), Counted(one, one), np.random.default_rng(0))[0], 2)
    0.86
    """
    return _compared((*first, *second), rows, rng, lambda m: _agreement(m, 0) - _agreement(m, 2))


def sensitivity(arm: NDArray, first: NDArray, second: NDArray, rows: Counted, rng: np.random.Generator) -> Told:
    """Return Cohen's d of an arm (1 or 0) on a measure minus d on another, with its error.

    Examples
    --------
    >>> arm, e = np.tile([0.0, 1.0], 100), np.repeat([-1.0, 1.0], 100)
    >>> one = np.ones(200)
    >>> round(sensitivity(arm, arm + e, 0.5 * arm + e, Counted(one, one), np.random.default_rng(0))[0], 6)
    0.5
    """
    return _compared((arm, first, second), rows, rng, lambda m: _effect(m, 1) - _effect(m, 2))


def _compared(columns: tuple[NDArray, ...], rows: Counted, rng: np.random.Generator, statistic: object) -> Told:
    value, se, df = jackknifed(columns, rows.n, rows.w, rows.cluster, rng, statistic, blocks=BLOCKS)  # type: ignore[arg-type]
    return float(value), float(se), df


def _agreement(total: NDArray, i: int) -> NDArray:
    m, v = spread(total)
    j = i + 1
    return 2 * v[..., i, j] / (v[..., i, i] + v[..., j, j] + (m[..., i] - m[..., j]) ** 2)


def _effect(total: NDArray, j: int) -> NDArray:
    """The difference of the arms over the standard deviation inside them."""
    _, v = spread(total)
    slope = v[..., 0, j] / v[..., 0, 0]
    return slope / np.sqrt(v[..., j, j] - slope * v[..., 0, j])
