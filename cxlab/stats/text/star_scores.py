"""Scores of reviews from the counts of their stars: shape, ranking bound, what a platform shows, who may be missing.

References
----------
Miller, E. (2009). How not to sort by average rating (the multinomial form of the bound).
Schoenmueller, V., Netzer, O. & Stahl, F. (2020). The polarity of online reviews: prevalence, drivers and implications.
    Journal of Marketing Research 57, 853-877. doi:10.1177/0022243720941832
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq

ADDED, ADDED_STARS = 7, 3.5
"""Reviews that Trustpilot adds to every score, and their stars."""

FARTHEST = 50.0


def mean(counts: ArrayLike, stars: ArrayLike) -> float:
    """Return the mean of the stars.

    Examples
    --------
    >>> mean([1, 0, 0, 0, 3], [1, 2, 3, 4, 5])
    4.0
    """
    n = np.asarray(counts, float)
    return float(n @ np.asarray(stars, float) / n.sum())


def shape(counts: ArrayLike, stars: ArrayLike) -> dict[str, float]:
    """Return how the stars are spread: ``bimodality`` (SAS; above .555 hints at two peaks), ``polarity`` (share at the
    two ends), ``positive`` (good ones among good and bad: the two best levels against the two worst).

    Examples
    --------
    >>> {k: round(v, 3) for k, v in shape([50, 0, 0, 0, 50], [1, 2, 3, 4, 5]).items()}
    {'bimodality': 0.951, 'polarity': 1.0, 'positive': 0.5}
    """
    n, x = np.asarray(counts, float), np.asarray(stars, float)
    size = n.sum()
    d = x - mean(n, x)
    m2, m3, m4 = (float(n @ d**k / size) for k in (2, 3, 4))
    bimodality = np.nan
    if size > 3 and m2 > 0:
        skew = m3 / m2**1.5 * np.sqrt(size * (size - 1)) / (size - 2)
        kurtosis = (size - 1) / ((size - 2) * (size - 3)) * ((size + 1) * (m4 / m2**2 - 3) + 6)
        bimodality = (skew**2 + 1) / (kurtosis + 3 * (size - 1) ** 2 / ((size - 2) * (size - 3)))
    good, bad = n[-2:].sum(), n[:2].sum()
    return {
        "bimodality": float(bimodality), "polarity": float((n[0] + n[-1]) / size),
        "positive": float(good / (good + bad)) if good + bad else np.nan,
    }  # fmt: skip


def lower_bound(counts: ArrayLike, stars: ArrayLike, z: float = 1.65) -> tuple[float, float]:
    """Return the mean with one review of each level added, and its lower bound: what to rank by.

    s = sum s_k (n_k + 1) / (N + K), bound s - z sqrt((sum s_k² (n_k + 1) / (N + K) - s²) / (N + K + 1)).

    Examples
    --------
    >>> [round(v, 6) for v in lower_bound([0, 0, 0, 0, 10], [1, 2, 3, 4, 5])]
    [4.333333, 3.818855]
    """
    n, x = np.asarray(counts, float), np.asarray(stars, float)
    p = (n + 1) / (n.sum() + len(n))
    s = float(p @ x)
    return s, s - z * float(np.sqrt((p @ x**2 - s**2) / (n.sum() + len(n) + 1)))


def trustpilot(stars: ArrayLike, age: ArrayLike = (), half_life: float = np.inf) -> tuple[float, float]:
    """Return the score and the stars shown as Trustpilot describes them: seven reviews of 3.5 added, newer ones weigh
    more, rounded to half stars.

    Parameters
    ----------
    stars : of each review, 1 to 5. ``age`` : of each in days. ``half_life`` : days in which a weight halves (Trustpilot
        does not say its own); infinite: all alike.

    Examples
    --------
    >>> score, shown = trustpilot([5] * 10)
    >>> round(score, 3), shown
    (4.382, 4.5)
    """
    x = np.asarray(stars, float)
    w = np.ones(len(x)) if not len(np.atleast_1d(age)) else 0.5 ** (np.asarray(age, float) / half_life)
    score = float((w @ x + ADDED * ADDED_STARS) / (w.sum() + ADDED))
    return score, half_stars(score)


def imdb(stars_mean: float, reviews: float, *, least: float, overall: float) -> float:
    """Return IMDb's weighted rating: v / (v + m) R + m / (v + m) C.

    Parameters
    ----------
    stars_mean : R. ``reviews`` : v. ``least`` : m, reviews that the overall mean counts for. ``overall`` : C.

    Examples
    --------
    >>> imdb(5.0, 10, least=30, overall=4.0)
    4.25
    """
    return (reviews * stars_mean + least * overall) / (reviews + least)


def half_stars(score: float) -> float:
    """Return a score as half stars; a quarter is rounded up.

    Examples
    --------
    >>> half_stars(4.25), half_stars(4.24)
    (4.5, 4.0)
    """
    return float(np.floor(score * 2 + 0.5) / 2)


def to_next(score_sum: float, weight: float, best: float) -> tuple[float, int]:
    """Return the next half star shown and how many reviews of the best level reach it; infinitely many as -1.

    Parameters
    ----------
    score_sum, weight : of all reviews, those added included. ``best`` : stars of the best level.

    Examples
    --------
    >>> to_next(10 * 4.0, 10, 5)
    (4.5, 4)
    """
    target = half_stars(score_sum / weight) + 0.5
    edge = target - 0.25
    if edge >= best:
        return target, -1
    return target, max(int(np.ceil((edge * weight - score_sum) / (best - edge) - 1e-9)), 0)


def luck(
    counts: ArrayLike, stars: ArrayLike, edge: float, *, reviews: int = 20, added: float = 0.0, added_sum: float = 0.0
) -> float:
    """Return the probability that the next reviews, drawn from those so far, take the score to ``edge`` or above.

    Parameters
    ----------
    counts, stars : of the reviews so far. ``reviews`` : how many come. ``added, added_sum`` : reviews that a platform
        adds and the sum of their stars.

    Examples
    --------
    >>> round(luck([0, 0, 0, 0, 10], [1, 2, 3, 4, 5], 4.0), 3), round(luck([10, 0, 0, 0, 0], [1, 2, 3, 4, 5], 4.0), 3)
    (1.0, 0.0)
    """
    n, x = np.asarray(counts, float), np.asarray(stars, float)
    steps = np.round((x - x[0]) / np.diff(x).min()).astype(int)
    unit = np.diff(x).min()
    one = np.zeros(steps[-1] + 1)
    one[steps] = n / n.sum()
    sums = np.ones(1)
    for _ in range(reviews):
        sums = np.convolve(sums, one)
    total = reviews * x[0] + unit * np.arange(len(sums))
    score = (n @ x + added_sum + total) / (n.sum() + added + reviews)
    return float(sums[score >= edge - 1e-12].sum())


def selected(counts: ArrayLike, stars: ArrayLike, readier: float) -> float:
    """Return the mean of all customers if those at the two ends write ``readier`` times as readily as the others.

    sum k p_k / r_k over sum p_k / r_k.

    Examples
    --------
    >>> selected([2, 1, 1, 1, 4], [1, 2, 3, 4, 5], 1.0), round(selected([2, 1, 1, 1, 4], [1, 2, 3, 4, 5], 4.0), 3)
    (3.4444444444444446, 3.222)
    """
    n, x = np.asarray(counts, float), np.asarray(stars, float)
    r = np.ones(len(n))
    r[[0, -1]] = readier
    return float((n / r) @ x / (n / r).sum())


def tipping(first: ArrayLike, second: ArrayLike, stars: ArrayLike, most: float = FARTHEST) -> float:
    """Return how many times as readily the ends must write (in both) for two units to swap; nan where they never do.

    Examples
    --------
    >>> round(tipping([10, 0, 30, 0, 60], [0, 10, 20, 55, 15], [1, 2, 3, 4, 5]), 2)
    3.16
    """
    x = np.asarray(stars, float)
    gap = lambda log: selected(first, x, np.exp(log)) - selected(second, x, np.exp(log))  # noqa: E731
    grid = np.linspace(0.0, np.log(most), 200)
    found = []
    for sign in (1, -1):
        values = np.array([gap(sign * g) for g in grid])
        turn = np.flatnonzero(np.sign(values[:-1]) * np.sign(values[1:]) < 0)
        if len(turn):
            k = turn[0]
            found.append(sign * brentq(lambda g, s=sign: gap(s * g), grid[k], grid[k + 1]))
    return float(np.exp(min(found, key=abs))) if found else np.nan


def corrected(counts: NDArray, posted: NDArray, stars: ArrayLike) -> float:
    """Return the mean of all customers from the reviews by the chance of posting at each score: inverse probability.

    Parameters
    ----------
    counts : (levels,) customers of each private score. ``posted`` : (levels,) how many of them posted.

    Examples
    --------
    >>> corrected(np.array([10.0, 90.0]), np.array([9.0, 9.0]), [1, 5])
    4.6
    """
    n, x = np.asarray(counts, float), np.asarray(stars, float)
    there = np.asarray(posted, float) > 0
    return float(n[there] @ x[there] / n[there].sum())
