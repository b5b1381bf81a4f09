"""Funnel plots: how far a unit of this size strays by chance alone, with over-dispersion.

References
----------
Spiegelhalter 2005, Statistics in Medicine 24:1185, doi:10.1002/sim.1970.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special


@dataclass(frozen=True)
class Funnel:
    """The target, z-scores of the units as they are shown, and the factors behind them."""

    target: float
    z: np.ndarray
    phi: float
    tau2: float


def funnel(
    y: ArrayLike, v: ArrayLike, *, target: float | None = None, overdispersion: str = "additive", winsorise: float = 0.1
) -> Funnel:
    """Return z-scores of units around a target, allowing for real differences between ordinary units.

    Naive z_j = (y_j - target) / s_j. phi = mean of z^2 after pulling the outer 10 % on each side in to the quantiles.
    'multiplicative' divides z by sqrt(phi) where phi > 1; 'additive' adds to every variance
    tau^2 = (p phi - (p - 1)) / (sum w - sum w^2 / sum w), w = 1 / v, or 0 where that is negative; 'none' leaves z.

    Parameters
    ----------
    y, v : arrays (p,) of estimates and sampling variances; a variance that belongs to the target's level, not to the
        unit's own (shares, NPS), does not make extreme units look precise.
    target : default: the mean weighted by 1 / v.
    """
    y, v = np.asarray(y, float), np.asarray(v, float)
    w = 1 / v
    goal = float((w * y).sum() / w.sum()) if target is None else float(target)
    z = (y - goal) / np.sqrt(v)
    p = len(y)
    low, high = np.quantile(z, [winsorise, 1 - winsorise])
    phi = float((np.clip(z, low, high) ** 2).mean())
    tau2 = 0.0
    if overdispersion == "multiplicative" and phi > 1:
        z = z / np.sqrt(phi)
    elif overdispersion == "additive" and p > 1 and phi > (p - 1) / p:
        tau2 = float((p * phi - (p - 1)) / (w.sum() - (w**2).sum() / w.sum()))
        z = (y - goal) / np.sqrt(v + tau2)
    return Funnel(goal, z, phi, tau2)


def limits(variance: ArrayLike, found: Funnel, *, level: float, overdispersion: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the control limits around the target at sampling ``variance`` (any shape), at two-sided ``level``."""
    v = np.asarray(variance, float)
    spread = np.sqrt(v * max(found.phi, 1.0)) if overdispersion == "multiplicative" else np.sqrt(v + found.tau2)
    half = special.ndtri((1 + level) / 2) * spread
    return found.target - half, found.target + half
