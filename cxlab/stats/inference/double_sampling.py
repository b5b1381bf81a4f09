"""Shares from codes that may be wrong: by true codes of a part, or by how often two coders disagree."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def with_truth(code: NDArray, truth: NDArray) -> tuple[float, float, float]:
    """Return share, standard error and degrees of freedom by double sampling: the mean code of all units, moved along
    the regression of truth on code in the units of which both are known.

    With codes 0 and 1 it is sum_c P(code = c) P(true | code = c). Let t = a + b code be fitted in m of N units: the
    share is mean(t over all), its variance s_e² / m + b² s_code² / N.

    Parameters
    ----------
    code : (N,) 0 to 1, the mean of the coders. ``truth`` : (N,) 0 or 1, nan where it is not known.

    References
    ----------
    Tenenbein, A. (1970). A double sampling scheme for estimating from binomial data with misclassifications. Journal of
        the American Statistical Association 65, 1350-1361. doi:10.1080/01621459.1970.10481175

    Examples
    --------
    >>> code = np.repeat([1.0, 0.0, 1.0, 0.0], [30, 70, 4, 6])
    >>> truth = np.r_[np.full(100, np.nan), [1, 1, 1, 0], [0, 0, 0, 0, 0, 1]]
    >>> round(with_truth(code, truth)[0], 4)
    0.347
    """
    known = np.isfinite(truth)
    m, n = int(known.sum()), len(code)
    if m < 4:
        return np.nan, np.nan, np.nan
    c, t = code[known], truth[known]
    spread = float(((c - c.mean()) ** 2).sum())
    b = float(((c - c.mean()) * (t - t.mean())).sum() / spread) if spread > 0 else 0.0
    e = t - t.mean() - b * (c - c.mean())
    share = float(t.mean() + b * (code.mean() - c.mean()))
    df = m - 2.0
    each = np.zeros(n)  # what each unit adds: its code counts in all, its residual in those known
    each[known] += e / m * np.sqrt(m / df)
    each += b * (code - code.mean()) / n
    return share, float(np.sqrt((each**2).sum())), df


def equal_errors(code: NDArray, disagree: NDArray) -> tuple[float, float]:
    """Return share and standard error where every coder errs with one probability e, at 1 as at 0.

    Two coders disagree with probability d = 2 e (1 - e), a code is 1 with probability p = e + (1 - 2 e) share; with
    s = sqrt(1 - 2 d) = 1 - 2 e the share is 1/2 + (p - 1/2) / s.

    Parameters
    ----------
    code : (n,) mean code of each unit. ``disagree`` : (n,) share of its pairs of coders that disagree.

    Examples
    --------
    >>> share, se = equal_errors(np.array([1.0] * 20 + [0.0] * 70 + [0.5] * 10), np.array([0.0] * 90 + [1.0] * 10))
    >>> round(share, 4)
    0.2205
    """
    n, p, d = len(code), float(code.mean()), float(disagree.mean())
    if d >= 0.45:
        return np.nan, np.nan
    s = float(np.sqrt(1 - 2 * d))
    u = (code - p) / s + (p - 0.5) / s**3 * (disagree - d)
    return float(np.clip(0.5 + (p - 0.5) / s, 0, 1)), float(np.sqrt((u @ u) / (n * (n - 1))))
