"""Bands that hold at every look at once: confidence sequences.

References
----------
Waudby-Smith, I., Arbour, D., Sinha, R., Kennedy, E. H. & Ramdas, A. (2024). Time-uniform central limit theory and
    asymptotic confidence sequences. Annals of Statistics 52, 2613-2640. doi:10.1214/24-AOS2408
Howard, S. R., Ramdas, A., McAuliffe, J. & Sekhon, J. (2021). Time-uniform, nonparametric, nonasymptotic confidence
    sequences. Annals of Statistics 49, 1055-1080. doi:10.1214/20-AOS1991
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.special import betaln

LEAST = 30
"""So many (effective) answers an asymptotic band needs."""


def rho2(best_at: float, alpha: float) -> float:
    """Return the tuning of a band that is to be narrowest at ``best_at`` answers.

    (-2 log alpha + log(-2 log alpha + 1)) / t*.
    """
    a = -2 * np.log(alpha)
    return float((a + np.log(a + 1)) / best_at)


def half_width(sd: ArrayLike, t: ArrayLike, *, best_at: float, level: float) -> NDArray:
    """Return half the width of the band of a mean of ``t`` answers with standard deviation ``sd``.

    sd sqrt{2 (t rho2 + 1) / (t**2 rho2) log(sqrt(t rho2 + 1) / alpha)}; infinite below `LEAST` answers.

    >>> round(float(half_width(1.0, 1000.0, best_at=1000, level=0.95)), 4)
    0.096
    """
    t, alpha = np.asarray(t, float), 1 - level
    r = rho2(best_at, alpha)
    with np.errstate(invalid="ignore", divide="ignore"):
        width = np.sqrt(2 * (t * r + 1) / (t * t * r) * np.log(np.sqrt(t * r + 1) / alpha))
    return np.where(t >= LEAST, np.asarray(sd, float) * width, np.inf)


def normal_mixture(v: ArrayLike, *, best_at: float, level: float) -> NDArray:
    """Return the two-sided normal-mixture boundary of a martingale at the variance ``v``.

    sqrt{(v + rho) log((v + rho) / (rho alpha**2))}, rho = v* / (2 log(1/alpha) + log(1 + 2 log(1/alpha))).

    >>> round(float(normal_mixture(100.0, best_at=100, level=0.95)), 4)
    30.3521
    """
    alpha = 1 - level
    rho = _tuned(best_at, alpha)
    v = np.asarray(v, float)
    return np.sqrt((v + rho) * np.log((v + rho) / (rho * alpha**2)))


def bernoulli(successes: float, trials: float, *, best_at: float, level: float) -> tuple[float, float]:
    """Return the exact band of a share at one look: every share that the beta-binomial mixture does not exclude.

    >>> low, high = bernoulli(30, 100, best_at=100, level=0.95)
    >>> round(low, 4), round(high, 4)
    (0.1736, 0.4477)
    """
    if trials <= 0:
        return 0.0, 1.0
    seen, alpha = successes / trials, 1 - level
    against = lambda p: _evidence(p, successes, trials, best_at, alpha) + np.log(alpha)  # noqa: E731
    low = 0.0 if successes <= 0 else _root(against, 1e-12, seen)
    high = 1.0 if successes >= trials else _root(against, seen, 1 - 1e-12)
    return low, high


def _evidence(p: float, successes: float, trials: float, best_at: float, alpha: float) -> float:
    """Logarithm of the mixture's wealth against the share p."""
    q = 1 - p
    r = max(_tuned(best_at * p * q, alpha) - p * q, 1e-3 * p * q)
    one, none = r / q, r / p
    likelihood = successes * np.log(p) + (trials - successes) * np.log(q)
    return float(betaln(one + successes, none + trials - successes) - betaln(one, none) - likelihood)


def _tuned(best_at: float, alpha: float) -> float:
    a = 2 * np.log(1 / alpha)
    return best_at / (a + np.log(1 + a))


def _root(f: Callable[[float], float], a: float, b: float) -> float:
    """Where the evidence reaches its limit; the end itself where it never does."""
    a, b = max(a, 1e-12), min(b, 1 - 1e-12)
    if f(a) * f(b) > 0:
        return a if abs(f(a)) < abs(f(b)) else b
    return float(brentq(f, a, b, xtol=1e-12))
