"""Power of rolling out at random: parallel arms, stepped wedge, staggered starts, from one formula.

Reference
---------
Hussey, M. A. & Hughes, J. P. (2007). Design and analysis of stepped wedge cluster randomized trials. Contemporary
    Clinical Trials 28, 182-191. doi:10.1016/j.cct.2006.05.007
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri


def variance(x: NDArray, cell: float, tau2: float) -> float:
    """Return the variance of the effect with unit and period effects.

    Parameters
    ----------
    x : (units, periods) 1 where treated. ``cell`` : variance of a unit's mean in a period. ``tau2`` : between units.

    I s (s + T t) / ((I U - W) s + (U**2 + I T U - T W - I V) t), U, W, V sums of x, of squared period sums and of
    squared unit sums; infinite where the design cannot tell.

    >>> x = np.repeat(np.tri(5, k=-1)[1:], 6, axis=0)[:, ::-1]
    >>> round(variance(x, 1 / 50, 0.04), 6)
    0.002095
    """
    units, periods = x.shape
    u, w, v = x.sum(), (x.sum(0) ** 2).sum(), (x.sum(1) ** 2).sum()
    below = (units * u - w) * cell + (u**2 + units * periods * u - periods * w - units * v) * tau2
    return float(units * cell * (cell + periods * tau2) / below) if below > 1e-12 else float("inf")


def power(effect: float, var: float, level: float) -> float:
    """Return the chance of a significant estimate: both tails of a normal test.

    >>> round(power(0.2, 0.002095238095238, 0.95), 5)
    0.99201
    """
    z, shift = float(ndtri((1 + level) / 2)), effect / np.sqrt(var) if np.isfinite(var) else 0.0
    return float(ndtr(shift - z))
