"""Arms of an experiment: difference with regression adjustment, clusters, ratios, and the sample-ratio test.

References
----------
Lin, W. (2013). Agnostic notes on regression adjustments to experimental data. Annals of Applied Statistics 7, 295-318.
Deng, A., Xu, Y., Kohavi, R. & Walker, T. (2013). Improving the sensitivity of online controlled experiments by
    utilizing pre-experiment data. WSDM 2013, 123-132. doi:10.1145/2433396.2433413
Fabijan, A. et al. (2019). Diagnosing sample ratio mismatch in online controlled experiments. KDD 2019, 2156-2164.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

from cxlab.stats.survival import time_curves


def sample_ratio(counts: NDArray, shares: NDArray) -> float:
    """Return the p-value of Pearson's chi-squared test that the arms have the shares they were to have.

    >>> round(sample_ratio(np.array([44700, 45489]), np.array([0.5, 0.5])), 12)
    0.008607987811
    """
    expected = counts.sum() * shares / shares.sum()
    return float(chdtrc(len(counts) - 1, ((counts - expected) ** 2 / expected).sum()))


def cuped(y: NDArray, x: NDArray, w: NDArray) -> NDArray:
    """Return y less what covariates from before explain of it, with one slope for all arms: y - (x - mean) theta."""
    gap = x - np.average(x, axis=0, weights=w)
    root = np.sqrt(w)[:, None]
    full = np.column_stack([np.ones(len(y)), gap]) * root
    theta = np.linalg.lstsq(full, y * root[:, 0], rcond=None)[0][1:]
    return y - gap @ theta


def adjusted_means(y: NDArray, arm: NDArray, w: NDArray, x: NDArray | None, kind: str) -> tuple[NDArray, NDArray]:
    """Return the mean of each arm (0 and 1) and the influence of every row on it, (rows, 2).

    Parameters
    ----------
    y : (rows,) outcome. ``arm`` : 0 or 1. ``w`` : weights. ``x`` : (rows, k) covariates from before, or None.
    kind : 'lin' (each arm a slope of its own, HC2 weights), 'cuped' (one slope) or 'none'.

    The influence of a row is its residual over the weight of its arm, divided by sqrt(1 - leverage) under 'lin'.
    """
    if x is not None and kind == "cuped":
        y, x = cuped(y, x, w), None
    centre = np.average(x, axis=0, weights=w) if x is not None else None
    mean, psi = np.empty(2), np.zeros((len(y), 2))
    for a in (0, 1):
        mine = arm == a
        z = np.ones((mine.sum(), 1)) if x is None else np.column_stack([np.ones(mine.sum()), x[mine] - centre])
        known = np.linalg.pinv((z * w[mine, None]).T @ z)
        b = known @ (z.T @ (w[mine] * y[mine]))
        lever = np.einsum("ij,jk,ik->i", z, known, z) * w[mine]
        e = (y[mine] - z @ b) / np.sqrt(np.fmax(1 - lever, 1e-12))
        mean[a], psi[mine, a] = b[0], (z @ known[0]) * w[mine] * e
    return mean, psi


def ratio_influence(a: NDArray, b: NDArray, arm: NDArray, w: NDArray) -> tuple[NDArray, NDArray]:
    """Return the ratio of sums of each arm and the influence of every row on it."""
    ratio, psi = np.empty(2), np.zeros((len(a), 2))
    for k in (0, 1):
        mine = arm == k
        below = (w[mine] * b[mine]).sum()
        ratio[k] = (w[mine] * a[mine]).sum() / below
        psi[mine, k] = w[mine] * (a[mine] - ratio[k] * b[mine]) / below * np.sqrt(mine.sum() / (mine.sum() - 1))
    return ratio, psi


def time_influence(time: NDArray, ended: NDArray, arm: NDArray, w: NDArray, horizon: float) -> tuple[NDArray, NDArray]:
    """Return the mean time without the event up to ``horizon`` of each arm and the influence of every row on it.

    Rows without the event were last seen at their time (censored); the area under the curve of those without it
    (Kaplan & Meier), errors as Greenwood's.

    >>> time, ended, arm = np.array([1.0, 3, 2, 3]), np.array([1, 0, 1, 0]), np.array([0, 0, 1, 1])
    >>> time_influence(time, ended, arm, np.ones(4), 3)[0].tolist()
    [2.0, 2.5]
    """
    mean, psi = np.empty(2), np.zeros((len(time), 2))
    for k in (0, 1):
        mine = arm == k
        cause = (ended[mine] > 0).astype(int)
        found = time_curves.curves(time[mine], cause, np.ones(mine.sum()), w[mine])
        mean[k] = found.restricted_mean(horizon)
        psi[mine, k] = w[mine] * found.influence(found.jump_of_mean(horizon), time[mine], cause)
    return mean, psi


def difference(
    mean: NDArray, psi: NDArray, arm: NDArray, unit: NDArray | None
) -> tuple[float, float, float, tuple[int, int]]:
    """Return second minus first mean, standard error, degrees of freedom (Welch), and units in each arm.

    Parameters
    ----------
    unit : (rows,) number of what was assigned, whose rows are one draw with k / (k - 1) in its arm; None: every row.
    """
    parts, sizes = [], []
    for k in (0, 1):
        mine = arm == k
        u = psi[mine, k]
        if unit is not None:
            u = np.bincount(np.unique(unit[mine], return_inverse=True)[1], u)
            m = len(u)
            parts.append(m / (m - 1) * ((u - u.mean()) ** 2).sum() if m > 1 else np.nan)
        else:
            parts.append((u * u).sum())
        sizes.append(len(u))
    v0, v1 = parts
    free = [max(n - 1, 0) for n in sizes]
    df = (v0 + v1) ** 2 / (v0**2 / free[0] + v1**2 / free[1]) if min(free) > 0 and v0 + v1 > 0 else np.nan
    return float(mean[1] - mean[0]), float(np.sqrt(v0 + v1)), float(df), (sizes[0], sizes[1])
