"""The exponent of a generalised mean: does an outcome follow the average of several answers, or the worst?"""

from __future__ import annotations

import numpy as np

from cxlab.stats.counts import replicates
from cxlab.stats.counts.replicates import Groups

GRID = np.concatenate([np.arange(-20, -6, 1.0), np.arange(-60, 61) / 10, np.arange(7, 21, 1.0)])
"""Exponents tried; at -20 the mean is practically the worst touchpoint, at 20 the best."""


def power_mean(u: np.ndarray, rho: float) -> np.ndarray:
    """Return the generalised mean of the answered columns of each row; ``u`` positive, NaN where not answered.

    >>> power_mean(np.array([[0.2, 1.0]]), 1.0).round(3), power_mean(np.array([[0.25, 1.0]]), -1.0).round(3)
    (array([0.6]), array([0.4]))
    """
    if abs(rho) < 1e-9:
        return np.exp(np.nanmean(np.log(u), axis=1))
    return np.nanmean(u**rho, axis=1) ** (1 / rho)


def exponents(
    u: np.ndarray, y: np.ndarray, w: np.ndarray, groups: Groups, *, draws: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return R² of the generalised mean at every exponent of `GRID`, and the best exponent of every replicate.

    R² is the squared weighted correlation of M_rho with the outcome, from sums by replicate group.

    Parameters
    ----------
    u : (n, K), positive, NaN where not answered. ``y`` : (n,), the outcome. ``w`` : (n,), weights.
    groups : replicate groups of the design. ``draws`` : bootstrap replicates; ``seed`` : where they start.
    """
    y = y - np.average(y, weights=w)
    weights = np.vstack([np.ones(groups.size), groups.resampled(draws, seed)])
    total = lambda columns: weights @ replicates.group_sums(columns * w[:, None], groups)  # noqa: E731
    n, b, bb = total(np.column_stack([np.ones_like(y), y, y * y])).T[..., None]
    r2 = []
    for some in np.array_split(GRID, 15):  # a few exponents at a time, for memory
        m = np.column_stack([power_mean(u, rho) for rho in some])
        a, aa, ab = np.split(total(np.hstack([m, m * m, m * y[:, None]])), 3, axis=1)
        r2.append(profiles(a, aa, ab, n, b, bb))
    r2 = np.hstack(r2)
    return r2[0], GRID[r2[1:].argmax(axis=1)]


def profiles(a: np.ndarray, aa: np.ndarray, ab: np.ndarray, n: np.ndarray, b: np.ndarray, bb: np.ndarray) -> np.ndarray:
    """Return squared correlations from weighted sums of a, a**2 and a b (B, exponents), of 1, b and b**2 (B, 1)."""
    return (ab - a * b / n) ** 2 / ((aa - a * a / n) * (bb - b * b / n))
