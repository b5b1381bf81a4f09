"""A change of a mean split into what the groups did and what their mix did, with errors from cluster sums.

Reference
---------
Kitagawa, E. M. (1955). Components of a difference between two rates. Journal of the American Statistical Association
    50, 1168-1194.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cxlab.stats.inference.shared_clusters import ClusterMoments


def split(a: NDArray, b: NDArray) -> tuple[NDArray, NDArray]:
    """Return what each group adds to the change of a mean: within, and by its share.

    within_g = (w1 + w0)/2 (m1 - m0), mix_g = ((m1 + m0)/2 - M)(w1 - w0), with M the mean of both overall means, so
    that a group adds to the mix as far as it differs from the rest. Both sum to the change exactly.

    Parameters
    ----------
    a, b : (2, groups) sums of weighted scores and of weights, before and after; a group without answers on one side has
        no mean there: its answers count as mix alone.

    >>> within, mix = split(np.array([[120.0, 10.0], [76.0, 24.0]]), np.array([[300.0, 100.0], [200.0, 200.0]]))
    >>> (100 * np.array([within.sum(), mix.sum()])).round(6).tolist()
    [-0.5, -7.0]
    """
    w = b / b.sum(1, keepdims=True)
    total = a.sum(1) / b.sum(1)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = a / b
    mean = np.where(np.isfinite(mean), mean, mean[::-1])
    mean = np.where(np.isfinite(mean), mean, 0.0)  # empty on both sides: its share is 0
    within = (w[1] + w[0]) / 2 * (mean[1] - mean[0])
    mix = ((mean[1] + mean[0]) / 2 - total.mean()) * (w[1] - w[0])
    return within, mix


def parts(a: NDArray, b: NDArray) -> NDArray:
    """Return every number that is reported, (2 + 2 groups + 1): within, mix, each group's, and the change."""
    within, mix = split(a, b)
    return np.r_[within.sum(), mix.sum(), within, mix, within.sum() + mix.sum()]


def errors(m: ClusterMoments, a: NDArray, b: NDArray, before: NDArray, after: NDArray) -> NDArray:
    """Return the standard errors of `parts` by linearisation, with what the sides share in clusters.

    Parameters
    ----------
    m : sums of the units. ``before``, ``after`` : (groups,) number of the unit of each group, -1 where it has none.
    """
    unit = np.r_[before, after]
    there = unit >= 0
    flat = np.r_[a.ravel(), b.ravel()]
    half = len(unit)

    def of(x: NDArray) -> NDArray:
        return parts(x[:half].reshape(2, -1), x[half:].reshape(2, -1))

    slopes = np.zeros((len(of(flat)), 2 * half))
    for k in np.flatnonzero(np.r_[there, there]):
        size = max(abs(flat[half + k % half]), 1.0) * 1e-6
        up, down = flat.copy(), flat.copy()
        up[k] += size
        down[k] -= size
        slopes[:, k] = (of(up) - of(down)) / (2 * size)
    units = m.a.shape[1]
    of_a, of_b = np.zeros((len(slopes), units)), np.zeros((len(slopes), units))
    of_a[:, unit[there]], of_b[:, unit[there]] = slopes[:, :half][:, there], slopes[:, half:][:, there]
    return np.sqrt(np.fmax(_variance(m, of_a, of_b), 0))


def _variance(m: ClusterMoments, of_a: NDArray, of_b: NDArray) -> NDArray:
    """Variance of linear functions of the units' totals under the design."""
    out = np.zeros(len(of_a))
    for h, block in enumerate(m.blocks):
        ga, gb, k = of_a[:, block.at], of_b[:, block.at], m.clusters[h]
        square = (
            np.einsum("ri,ij,rj->r", ga, block.aa, ga)
            + 2 * np.einsum("ri,ij,rj->r", ga, block.ab, gb)
            + np.einsum("ri,ij,rj->r", gb, block.bb, gb)
        )
        total = ga @ m.a[h, block.at] + gb @ m.w[h, block.at]
        out += k / (k - 1) * (square - total**2 / k) if k > 1 else square
    return out
