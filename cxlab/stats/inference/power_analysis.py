"""How many answers a comparison needs, what a sample can find, and with what power: normal approximation.

v is the variance of one answer's score (of two groups the mean of both), deff multiplies it, N is the number of people
a group can be drawn from: the variance of a group's estimate is deff v (1/n - 1/N). ``kind`` says what is compared:

- 'two': two independent groups or waves; the difference has twice the variance of one estimate.
- 'one': one group with an exact value.
- 'equivalent': two groups, both one-sided tests at 1 - level reject a difference as large as the margin (no true one).
- 'not-worse': two groups, one-sided at (1 - level) / 2 against being worse by the margin (no true difference).

Waves that share the fraction s of their respondents, whose scores correlate by r, have ``deff`` (1 - s r); clusters of
m answers with intraclass correlation rho have 1 + (m - 1) rho (Kish 1965).

References
----------
Chow, S.-C., Shao, J., Wang, H. & Lokhnygina, Y. (2017). Sample Size Calculations in Clinical Research, 3rd ed. CRC.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, ndtri

from cxlab.stats.inference.trinomial import z_value

KINDS = {
    "two": "difference of two independent groups, two-sided",
    "one": "difference from an exact value, two-sided",
    "equivalent": "equivalence of two groups (TOST), no true difference",
    "not-worse": "one group not worse than the other by the margin, one-sided, no true difference",
}
"""What is tested, in words."""


def standard_error(n: ArrayLike, variance: ArrayLike, kind: str, deff: float, population: float) -> NDArray:
    """Return the standard error of what ``kind`` compares, with n answers in each group."""
    n = np.asarray(n, float)
    one = deff * np.asarray(variance, float) * np.fmax(1 / n - 1 / population, 0)
    return np.sqrt(one * (1 if kind == "one" else 2))


def _quantiles(kind: str, power: ArrayLike, level: float) -> NDArray:
    """z for the test plus z for the power."""
    power = np.asarray(power, float)
    if kind == "equivalent":
        return ndtri(level) + ndtri(1 - (1 - power) / 2)
    return z_value(level) + ndtri(power)


def sample_size(
    difference: ArrayLike,
    variance: ArrayLike,
    *,
    power: float = 0.8,
    kind: str = "two",
    level: float = 0.95,
    deff: float = 1.0,
    population: float = np.inf,
) -> NDArray:
    """Return the answers needed in each group to find ``difference`` (or show it is smaller) with ``power``; real.

    >>> float(sample_size(0.2, 0.61).round(2))
    239.39
    """
    one = (np.asarray(difference, float) / _quantiles(kind, power, level)) ** 2 / (1 if kind == "one" else 2)
    return 1 / (one / (deff * np.asarray(variance, float)) + 1 / population)


def detectable(
    n: ArrayLike,
    variance: ArrayLike,
    *,
    power: float = 0.8,
    kind: str = "two",
    level: float = 0.95,
    deff: float = 1.0,
    population: float = np.inf,
) -> NDArray:
    """Return the difference found with ``power`` from n answers in each group.

    >>> float(detectable(100, 0.61).round(3))
    0.309
    """
    return _quantiles(kind, power, level) * standard_error(n, variance, kind, deff, population)


def power(
    n: ArrayLike,
    difference: ArrayLike,
    variance: ArrayLike,
    *,
    kind: str = "two",
    level: float = 0.95,
    deff: float = 1.0,
    population: float = np.inf,
) -> NDArray:
    """Return the probability of finding ``difference`` (of showing it is smaller) with n answers in each group."""
    with np.errstate(divide="ignore"):
        z = np.abs(np.asarray(difference, float)) / standard_error(n, variance, kind, deff, population)
    if kind == "equivalent":
        return np.fmax(2 * ndtr(z - ndtri(level)) - 1, 0)
    if kind == "not-worse":
        return ndtr(z - z_value(level))
    return ndtr(z - z_value(level)) + ndtr(-z - z_value(level))


def half_width(
    n: ArrayLike, variance: ArrayLike, *, level: float = 0.95, deff: float = 1.0, population: float = np.inf
) -> NDArray:
    """Return half the width of one group's interval.

    >>> float(half_width(100, 0.61).round(3))
    0.153
    """
    return z_value(level) * standard_error(n, variance, "one", deff, population)
