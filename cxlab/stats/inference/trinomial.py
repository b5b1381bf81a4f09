"""Intervals for the net score of a trinomial: NPS, and any other share of the best minus share of the worst.

Counts may be real numbers: shares times an effective sample size carry a design into any of them. Everything is
in units of -1 to 1 and vectorised over cells.

References
----------
May, W. L. & Johnson, W. D. (1997). Confidence intervals for differences in correlated binary proportions.
    Statistics in Medicine 16, 2127-2136.
Tango, T. (1998). Equivalence test and confidence interval for the difference in proportions for the paired-sample
    design. Statistics in Medicine 17, 891-908.
Rocks, B. (2016). Interval estimation for the "net promoter score". The American Statistician 70, 365-372,
    arXiv:1601.07235.
Goodman, L. A. (1964). Simultaneous confidence intervals for contrasts among multinomial populations.
    Annals of Mathematical Statistics 35, 716-725.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtri, ndtri

Limits = tuple[NDArray, NDArray]


def z_value(level: float) -> float:
    """Return the two-sided normal quantile of ``level``.

    >>> round(z_value(0.95), 6)
    1.959964
    """
    return float(-ndtri((1 - level) / 2))


def net(worst: ArrayLike, middle: ArrayLike, best: ArrayLike) -> tuple[NDArray, NDArray, NDArray]:
    """Return the net score (R - D) / n, the variance of one answer p_R + p_D - T**2, and n.

    >>> t, v, n = net(20, 30, 50)
    >>> float(t), round(float(v), 4), float(n)
    (0.3, 0.61, 100.0)
    """
    d, p, r = (np.asarray(x, float) for x in (worst, middle, best))
    n = d + p + r
    with np.errstate(invalid="ignore", divide="ignore"):
        t = (r - d) / n
        return t, (r + d) / n - t * t, n


def wald(worst: ArrayLike, middle: ArrayLike, best: ArrayLike, level: float = 0.95) -> Limits:
    """Return T -/+ z sqrt(v / n). Of width zero when all answers agree, and may pass -1 and 1: for comparison only."""
    return _symmetric(worst, middle, best, z_value(level))


def goodman(worst: ArrayLike, middle: ArrayLike, best: ArrayLike, level: float = 0.95) -> Limits:
    """Return the interval that holds for all contrasts of the three shares at once: T -/+ sqrt(chi2_2) sqrt(v / n).

    For tables that show the net score and the three shares side by side (Goodman 1964).
    """
    return _symmetric(worst, middle, best, float(np.sqrt(chdtri(2, 1 - level))))


def _symmetric(worst: ArrayLike, middle: ArrayLike, best: ArrayLike, multiplier: float) -> Limits:
    t, v, n = net(worst, middle, best)
    with np.errstate(invalid="ignore", divide="ignore"):
        half = multiplier * np.sqrt(np.fmax(v, 0) / n)
    return t - half, t + half


def adjusted_wald(worst: ArrayLike, middle: ArrayLike, best: ArrayLike, level: float = 0.95) -> Limits:
    """Return the Wald interval after adding 3/4, 3/2, 3/4 answers (Rocks 2016), clipped to -1 and 1."""
    d, p, r = (np.asarray(x, float) for x in (worst, middle, best))
    low, high = wald(d + 0.75, p + 1.5, r + 0.75, level)
    empty = d + p + r == 0
    return np.where(empty, np.nan, np.fmax(low, -1)), np.where(empty, np.nan, np.fmin(high, 1))


def score(worst: ArrayLike, middle: ArrayLike, best: ArrayLike, level: float = 0.95) -> Limits:
    r"""Return the score interval of May & Johnson (1997) and Tango (1998), in closed form.

    The limits are the values D at which n (T - D)**2 = z**2 var(D), var at the shares of largest likelihood among
    those whose net score is D. With the Lagrange multiplier of that constraint written as mu times the one of the sum,
    these shares are R / a(1 + mu), P / a, D / a(1 - mu), and the equation becomes a cubic in nu = 1 / mu:

    .. math:: n z^2 \nu^3 - [P(R + D) + 4 R D + n z^2] \nu + P(R - D) = 0

    whose largest root gives the lower limit and whose smallest the upper one. If nobody answered the worst (D = 0) and
    z**2 >= P R / 2n, the constrained shares lie on the edge and the lower limit is (n - P - z**2) / (n + z**2);
    likewise the upper one if R = 0.

    >>> [round(float(x), 6) for x in score(20, 30, 50)]
    [0.139551, 0.443393]
    >>> [round(float(x), 6) for x in score(0, 0, 20)]
    [0.67775, 1.0]
    """
    return score_at(worst, middle, best, z_value(level))


def score_at(worst: ArrayLike, middle: ArrayLike, best: ArrayLike, z: ArrayLike) -> Limits:
    """Return the limits of `score` at the normal quantile ``z``, which may differ by cell."""
    d, p, r, z2 = np.broadcast_arrays(*(np.asarray(x, float) for x in (worst, middle, best, np.square(z))))
    with np.errstate(invalid="ignore", divide="ignore"):
        first, last = _extreme_roots(d, p, r, z2)
        edge = (d + p + r - p - z2) / (d + p + r + z2)
        low = np.where((d == 0) & (p * r <= 2 * (p + r) * z2), edge, _net_at(1 / first, d, p, r))
        high = np.where((r == 0) & (p * d <= 2 * (p + d) * z2), -edge, _net_at(1 / last, d, p, r))
    empty = d + p + r == 0
    return np.where(empty, np.nan, np.fmax(low, -1)), np.where(empty, np.nan, np.fmin(high, 1))


def _extreme_roots(d: NDArray, p: NDArray, r: NDArray, z2: NDArray) -> Limits:
    """Largest and smallest root of nu**3 - c nu + e = 0, which has three real ones; one Newton step sharpens them."""
    nz2 = (d + p + r) * z2
    c = (p * (r + d) + 4 * r * d) / nz2 + 1
    e = p * (r - d) / nz2
    scale = 2 * np.sqrt(c / 3)
    angle = np.arccos(np.clip(-3 * e / (c * scale) * 1.0, -1, 1)) / 3
    roots = []
    for nu in (scale * np.cos(angle), scale * np.cos(angle + 2 * np.pi / 3)):
        slope = 3 * nu * nu - c
        roots.append(nu - np.where(slope > 1e-6 * c, (nu**3 - c * nu + e) / slope, 0))
    return roots[0], roots[1]


def _net_at(mu: NDArray, d: NDArray, p: NDArray, r: NDArray) -> NDArray:
    """Net score of the constrained shares: (R(1-mu) - D(1+mu)) / (R(1-mu) + D(1+mu) + P(1-mu**2))."""
    best, worst = r * (1 - mu), d * (1 + mu)
    return (best - worst) / (best + worst + p * (1 - mu * mu))


INTERVALS: dict[str, Callable[..., Limits]] = {
    "score": score, "adjusted-wald": adjusted_wald, "wald": wald, "goodman": goodman,
}  # fmt: skip
NAMES = {
    "score": "score interval (May & Johnson 1997, Tango 1998)",
    "adjusted-wald": "adjusted Wald interval (3/4, 3/2, 3/4; Rocks 2016)",
    "wald": "Wald interval",
    "goodman": "Goodman (1964) interval, simultaneous for all contrasts of the three shares",
}
"""What each interval is called where it ran."""
