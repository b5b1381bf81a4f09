"""Differences: intervals from single intervals, tests, equivalence, a benchmark's own error, and the verdict.

References
----------
Zou, G. Y. & Donner, A. (2008). Construction of confidence limits about effect measures: a general approach.
    Statistics in Medicine 27, 1693-1702. doi:10.1002/sim.3095
Newcombe, R. G. (1998). Interval estimation for the difference between independent proportions.
    Statistics in Medicine 17, 873-890.
Schuirmann, D. J. (1987). A comparison of the two one-sided tests procedure and the power approach for assessing the
    equivalence of average bioavailability. Journal of Pharmacokinetics and Biopharmaceutics 15, 657-680.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, stdtr

from cxlab.stats.inference.trinomial import Limits, z_value

VERDICTS = ("real", "real, but smaller than matters", "noise", "cannot tell")
RULE = (
    "verdict: 'real' if the corrected p is below {alpha:g}; 'noise' if not, and differences that matter are ruled out "
    "(TOST, p of equivalence below {alpha:g}); 'real, but smaller than matters' if both; else 'cannot tell'"
)
"""How `verdicts` decides, in words."""


def mover(
    first: tuple[ArrayLike, ArrayLike, ArrayLike],
    second: tuple[ArrayLike, ArrayLike, ArrayLike],
    correlation: ArrayLike = 0.0,
) -> Limits:
    """Return the interval of first - second from the (estimate, low, high) of each (MOVER).

    low = d - sqrt((T1 - l1)**2 + (u2 - T2)**2 - 2 r (T1 - l1)(u2 - T2)), high likewise with the other ends.

    >>> from cxlab.stats.inference import trinomial
    >>> arms = [(trinomial.net(*x)[0], *trinomial.score(*x)) for x in ((20, 30, 50), (30, 40, 30))]
    >>> [round(float(v), 6) for v in mover(*arms)]
    [0.079802, 0.508099]
    """
    (t1, l1, u1), (t2, l2, u2) = ([np.asarray(x, float) for x in arm] for arm in (first, second))
    r = np.asarray(correlation, float)
    d = t1 - t2
    down, up = (t1 - l1, u2 - t2), (u1 - t1, t2 - l2)
    far = lambda x, y: np.sqrt(np.fmax(x * x + y * y - 2 * r * x * y, 0))  # noqa: E731
    return d - far(*down), d + far(*up)


def upper_tail(statistic: ArrayLike, df: ArrayLike = np.inf) -> NDArray:
    """Return P(T > statistic) for Student's t with ``df`` degrees of freedom; normal where df is infinite."""
    x, df = np.broadcast_arrays(np.asarray(statistic, float), np.asarray(df, float))
    finite = np.isfinite(df)
    return np.where(finite, stdtr(np.where(finite, df, 1), -x), ndtr(-x))


def two_sided(estimate: ArrayLike, se: ArrayLike, df: ArrayLike = np.inf) -> NDArray:
    """Return the two-sided p-value of estimate / se; `nan` where the standard error is 0 or unknown."""
    with np.errstate(invalid="ignore", divide="ignore"):
        z = np.abs(np.asarray(estimate, float)) / np.asarray(se, float)
    return np.where(np.isfinite(z), np.fmin(2 * upper_tail(z, df), 1), np.nan)


def tost(
    estimate: ArrayLike, se: ArrayLike, low: ArrayLike, high: ArrayLike, df: ArrayLike = np.inf
) -> tuple[NDArray, NDArray]:
    """Return the p-values of "not below ``low``" and "not above ``high``"; equivalent at alpha if both are below it.

    The first alone tests non-inferiority with margin -low. The larger of the two is below alpha exactly when the
    interval of level 1 - 2 alpha lies inside (low, high) (Schuirmann 1987).

    >>> p = tost(0.04, 0.12, -0.36, 0.36, 99)
    >>> [f"{float(x):.9f}" for x in p]
    ['0.000604002', '0.004474619']
    """
    d, se = np.asarray(estimate, float), np.asarray(se, float)
    with np.errstate(invalid="ignore", divide="ignore"):
        below, above = (d - low) / se, (high - d) / se
    known = np.isfinite(below) & np.isfinite(above)
    return tuple(np.where(known, upper_tail(z, df), np.nan) for z in (below, above))


def welch_df(var_first: ArrayLike, df_first: ArrayLike, var_second: ArrayLike, df_second: ArrayLike) -> NDArray:
    """Return the degrees of freedom of a difference of independent estimates (Welch-Satterthwaite)."""
    v1, d1, v2, d2 = (np.asarray(x, float) for x in (var_first, df_first, var_second, df_second))
    with np.errstate(invalid="ignore", divide="ignore"):
        df = (v1 + v2) ** 2 / (v1 * v1 / d1 + v2 * v2 / d2)
    return np.where(np.isfinite(df), df, np.fmin(d1, d2))


def tipping_error(difference: ArrayLike, reach: ArrayLike, level: float = 0.95) -> NDArray:
    """Return the standard error of a benchmark at which the interval of the difference comes to touch 0.

    sqrt(d**2 - reach**2) / z, reach = the distance from the estimate to its own limit on the benchmark's side (MOVER);
    `nan` where the difference is not significant even against an exact benchmark.

    >>> round(float(tipping_error(0.2, 1.959964 * 0.0781024967591)), 6)
    0.065671
    """
    d, reach = np.asarray(difference, float), np.asarray(reach, float)
    left = d * d - reach * reach
    return np.where(left > 0, np.sqrt(np.fmax(left, 0)) / z_value(level), np.nan)


def verdicts(p_adjusted: ArrayLike, p_equivalent: ArrayLike, alpha: float = 0.05) -> list[str]:
    """Return the verdict on each difference by the fixed `RULE`; '' where nothing could be estimated.

    >>> verdicts([0.001, 0.8, 0.3, 0.01], [0.9, 0.01, 0.4, 0.02])
    ['real', 'noise', 'cannot tell', 'real, but smaller than matters']
    """
    out = []
    for p, e in zip(np.atleast_1d(p_adjusted), np.atleast_1d(p_equivalent), strict=True):
        if np.isnan(p):
            out.append("")
        elif p < alpha:
            out.append(VERDICTS[1] if e < alpha else VERDICTS[0])
        else:
            out.append(VERDICTS[2] if e < alpha else VERDICTS[3])
    return out
