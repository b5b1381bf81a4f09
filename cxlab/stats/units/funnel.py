"""Funnel plots: how far a unit of this size strays by chance alone, with over-dispersion.

References
----------
Spiegelhalter 2005, Statistics in Medicine 24:1185, doi:10.1002/sim.1970.
Paule and Mandel 1982, Journal of Research of the National Bureau of Standards 87:377, doi:10.6028/jres.087.022.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize, special


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

    z_j = (y_j - target) / sqrt(v_j + tau^2). tau^2 is where the mean of z^2 is (p - 1) / p (1 around a given target),
    or 0 where it is below already (Paule and Mandel), the outer 10 % of z on each side pulled in to the quantiles and
    the mean divided by what that leaves of a normal variance (`left_by_winsorising`). Without that divisor, and with
    one step of moments in place of the equation (Spiegelhalter 2005), 1 to 3 % of units that differ as ordinary ones
    do lie outside limits of 99.8 %; so .1 to .5 % do (8 to 100 units, sizes alike or 1 to 100, simulated). phi is the
    mean at tau = 0; 'multiplicative' divides z by sqrt(phi) where phi > 1; 'none' leaves z.

    Parameters
    ----------
    y, v : arrays (p,) of estimates and sampling variances; a variance that belongs to the target's level, not to the
        unit's own (shares, NPS), does not make extreme units look precise.
    target : default: the mean weighted by 1 / (v + tau^2).
    """
    y, v = np.asarray(y, float), np.asarray(v, float)
    p, kept = len(y), left_by_winsorising(winsorise)
    wanted = 1.0 if target is not None else (p - 1) / p

    def around(tau2: float) -> tuple[float, np.ndarray]:
        w = 1 / (v + tau2)
        goal = float((w * y).sum() / w.sum()) if target is None else float(target)
        return goal, (y - goal) * np.sqrt(w)

    def spread(tau2: float) -> float:
        z = around(tau2)[1]
        return float((np.clip(z, *np.quantile(z, [winsorise, 1 - winsorise])) ** 2).mean()) / kept

    phi, tau2 = spread(0.0), 0.0
    if overdispersion == "additive" and p > 1 and phi > wanted:
        most = float(((y - around(0.0)[0]) ** 2).sum())
        while spread(most) > wanted:
            most *= 4
        tau2 = float(optimize.brentq(lambda t: spread(t) - wanted, 0.0, most, xtol=1e-12 * most))
    goal, z = around(tau2)
    if overdispersion == "multiplicative" and phi > 1:
        z = z / np.sqrt(phi)
    return Funnel(goal, z, phi, tau2)


def left_by_winsorising(share: float) -> float:
    """Return the variance of a standard normal whose outer ``share`` on each side is pulled in to the quantiles.

    1 - 2 s - 2 q phi(q) + 2 s q^2 with q the quantile of 1 - s and phi the normal density.

    >>> left_by_winsorising(0.0), round(left_by_winsorising(0.1), 4)
    (1.0, 0.6787)
    """
    if share == 0:
        return 1.0
    q = special.ndtri(1 - share)
    return float(1 - 2 * share - 2 * q * np.exp(-(q**2) / 2) / np.sqrt(2 * np.pi) + 2 * share * q**2)


def limits(variance: ArrayLike, found: Funnel, *, level: float, overdispersion: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the control limits around the target at sampling ``variance`` (any shape), at two-sided ``level``."""
    v = np.asarray(variance, float)
    spread = np.sqrt(v * max(found.phi, 1.0)) if overdispersion == "multiplicative" else np.sqrt(v + found.tau2)
    half = special.ndtri((1 + level) / 2) * spread
    return found.target - half, found.target + half
