"""Scores of reviews from the counts of their stars: shape, ranking bound, what a platform shows, who may be missing.

References
----------
Miller, E. (2009). How not to sort by average rating (the multinomial form of the bound).
Schoenmueller, V., Netzer, O. & Stahl, F. (2020). The polarity of online reviews: prevalence, drivers and implications.
    Journal of Marketing Research 57, 853-877. doi:10.1177/0022243720941832
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

ADDED, ADDED_STARS = 7, 3.5
"""Reviews that Trustpilot adds to every score, and their stars."""

FARTHEST = 50.0


def _one(value: NDArray) -> Any:
    """Return a number where the counts were of one unit."""
    return float(value) if np.ndim(value) == 0 else value


def mean(counts: ArrayLike, stars: ArrayLike) -> Any:
    """Return the mean of the stars.

    Parameters
    ----------
    counts : (levels,) of one unit, or (units, levels). ``stars`` : (levels,).

    Examples
    --------
    >>> mean([1, 0, 0, 0, 3], [1, 2, 3, 4, 5])
    4.0
    """
    n = np.asarray(counts, float)
    return _one(n @ np.asarray(stars, float) / n.sum(-1))


def shape(counts: ArrayLike, stars: ArrayLike) -> dict[str, Any]:
    """Return how the stars are spread: ``bimodality`` (SAS; above .555 hints at two peaks), ``polarity`` (share at the
    two ends), ``positive`` (good ones among good and bad: the two best levels against the two worst).

    Parameters
    ----------
    counts : (levels,) of one unit, or (units, levels). ``stars`` : (levels,).

    Examples
    --------
    >>> {k: round(v, 3) for k, v in shape([50, 0, 0, 0, 50], [1, 2, 3, 4, 5]).items()}
    {'bimodality': 0.951, 'polarity': 1.0, 'positive': 0.5}
    """
    n, x = np.asarray(counts, float), np.asarray(stars, float)
    size = n.sum(-1)
    d = x - np.asarray(mean(n, x))[..., None]
    m2, m3, m4 = ((n * d**k).sum(-1) / size for k in (2, 3, 4))
    good, bad = n[..., -2:].sum(-1), n[..., :2].sum(-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        skew = m3 / m2**1.5 * np.sqrt(size * (size - 1)) / (size - 2)
        kurtosis = (size - 1) / ((size - 2) * (size - 3)) * ((size + 1) * (m4 / m2**2 - 3) + 6)
        bimodality = (skew**2 + 1) / (kurtosis + 3 * (size - 1) ** 2 / ((size - 2) * (size - 3)))
        return {
            "bimodality": _one(np.where((size > 3) & (m2 > 0), bimodality, np.nan)),
            "polarity": _one((n[..., 0] + n[..., -1]) / size),
            "positive": _one(np.where(good + bad > 0, good / (good + bad), np.nan)),
        }


def lower_bound(counts: ArrayLike, stars: ArrayLike, z: float = 1.65) -> tuple[Any, Any]:
    """Return the mean with one review of each level added, and its lower bound: what to rank by.

    s = sum s_k (n_k + 1) / (N + K), bound s - z sqrt((sum s_k² (n_k + 1) / (N + K) - s²) / (N + K + 1)).

    Parameters
    ----------
    counts : (levels,) of one unit, or (units, levels). ``stars`` : (levels,). ``z`` : errors below the mean.

    Examples
    --------
    >>> [round(v, 6) for v in lower_bound([0, 0, 0, 0, 10], [1, 2, 3, 4, 5])]
    [4.333333, 3.818855]
    """
    n, x = np.asarray(counts, float), np.asarray(stars, float)
    size = n.sum(-1) + len(x)
    p = (n + 1) / size[..., None]
    s = p @ x
    return _one(s), _one(s - z * np.sqrt((p @ x**2 - s**2) / (size + 1)))


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


def half_stars(score: ArrayLike) -> Any:
    """Return scores as half stars; a quarter is rounded up.

    Examples
    --------
    >>> half_stars(4.25), half_stars(4.24)
    (4.5, 4.0)
    """
    return _one(np.floor(np.asarray(score, float) * 2 + 0.5) / 2)


def to_next(score_sum: ArrayLike, weight: ArrayLike, best: float) -> tuple[Any, Any]:
    """Return the next half star shown and how many reviews of the best level reach it; infinitely many as -1.

    Parameters
    ----------
    score_sum, weight : of all reviews, those added included. ``best`` : stars of the best level.

    Examples
    --------
    >>> to_next(10 * 4.0, 10, 5)
    (4.5, 4.0)
    """
    total, size = np.asarray(score_sum, float), np.asarray(weight, float)
    target = np.asarray(half_stars(total / size)) + 0.5
    edge = target - 0.25
    with np.errstate(divide="ignore", invalid="ignore"):
        more = np.fmax(np.ceil((edge * size - total) / (best - edge) - 1e-9), 0)
    return _one(target), _one(np.where(edge >= best, -1.0, more))


def displayed(
    counts: NDArray, stars: NDArray, weight: NDArray, total: NDArray, *, trustpilot: bool
) -> dict[str, NDArray]:
    """Return the score of each unit, the stars shown, best reviews to the next half star, and the luck of 20 more.

    Parameters
    ----------
    counts : (units, levels) of reviews. ``stars`` : (levels,). ``weight, total`` : (units,) of the reviews as they
        weigh, and of their stars. ``trustpilot`` : seven reviews of 3.5 are added and half stars shown.

    Examples
    --------
    >>> one = np.array([[0, 0, 0, 0, 10.0]])
    >>> found = displayed(one, np.arange(1.0, 6), np.array([10.0]), np.array([50.0]), trustpilot=True)
    >>> found["stars"].tolist(), found["to_next"].tolist()
    ([4.5], [25.0])
    """
    added = ADDED if trustpilot else 0
    size, total = weight + added, total + added * ADDED_STARS
    target, more = to_next(total, size, float(stars[-1]))
    chance = luck(counts, stars, target - 0.25, score_sum=total, weight=size)
    out = more >= 0
    return {
        "platform": total / size,
        "stars": np.asarray(half_stars(total / size)) if trustpilot else np.full(len(size), np.nan),
        "to_next": np.where(out, more, np.nan), "luck": np.where(out, chance, np.nan),
    }  # fmt: skip


def luck(counts: ArrayLike, stars: ArrayLike, edge: ArrayLike, *, score_sum: ArrayLike, weight: ArrayLike,
         reviews: int = 20) -> Any:  # fmt: skip
    """Return the probability that the next reviews, drawn from those so far, take the score to ``edge`` or above.

    Parameters
    ----------
    counts, stars : of the reviews so far, (levels,) or (units, levels). ``reviews`` : how many come, of weight 1 each.
    score_sum, weight : of the reviews so far as the platform weighs them, those that it adds included.

    Examples
    --------
    >>> round(luck([0, 0, 0, 0, 10], [1, 2, 3, 4, 5], 4.0, score_sum=50, weight=10), 3)
    1.0
    >>> round(luck([10, 0, 0, 0, 0], [1, 2, 3, 4, 5], 4.0, score_sum=10, weight=10), 3)
    0.0
    """
    n, x = np.asarray(counts, float), np.asarray(stars, float)
    unit = np.diff(x).min()
    steps = np.round((x - x[0]) / unit).astype(int)
    one = np.zeros((*n.shape[:-1], int(steps[-1]) + 1))
    one[..., steps] = n / n.sum(-1, keepdims=True)
    size = reviews * int(steps[-1]) + 1
    sums = np.fft.irfft(np.fft.rfft(one, size) ** reviews, size)  # the distribution of the sum of all
    total = reviews * x[0] + unit * np.arange(size)
    score = (np.asarray(score_sum, float)[..., None] + total) / (np.asarray(weight, float)[..., None] + reviews)
    reached = score >= np.asarray(edge, float)[..., None] - 1e-12
    return _one(np.clip((sums * reached).sum(-1), 0, 1))


def selected(counts: ArrayLike, stars: ArrayLike, readier: ArrayLike) -> Any:
    """Return the mean of all customers if those at the two ends write ``readier`` times as readily as the others.

    sum k p_k / r_k over sum p_k / r_k.

    Parameters
    ----------
    counts : (levels,) of one unit, or (units, levels). ``stars`` : (levels,). ``readier`` : r, one or one a unit.

    Examples
    --------
    >>> selected([2, 1, 1, 1, 4], [1, 2, 3, 4, 5], 1.0), round(selected([2, 1, 1, 1, 4], [1, 2, 3, 4, 5], 4.0), 3)
    (3.4444444444444446, 3.222)
    """
    n, x = np.asarray(counts, float), np.asarray(stars, float)
    r = np.ones(np.broadcast_shapes(n.shape, (*np.shape(readier), len(x))))
    r[..., 0] = r[..., -1] = readier
    return _one((n / r) @ x / (n / r).sum(-1))


def tipping(first: ArrayLike, second: ArrayLike, stars: ArrayLike, most: float = FARTHEST) -> Any:
    """Return how many times as readily the ends must write (in both) for two units to swap; nan where they never do.

    Of several such the nearest to 1 is given. The gap is looked at on 200 points a side, and halved 50 times.

    Parameters
    ----------
    first, second : (levels,) counts of two units, or (pairs, levels). ``stars`` : (levels,). ``most`` : looked up to.

    Examples
    --------
    >>> round(tipping([10, 0, 30, 0, 60], [0, 10, 20, 55, 15], [1, 2, 3, 4, 5]), 2)
    3.16
    """
    a, b, x = (
        np.atleast_2d(np.asarray(first, float)),
        np.atleast_2d(np.asarray(second, float)),
        np.asarray(stars, float),
    )
    grid = np.linspace(0.0, np.log(most), 200)
    out = np.full(len(a), np.nan)
    for sign in (1, -1):
        gaps = np.stack([_gap(a, b, x, np.full(len(a), sign * g)) for g in grid], axis=1)
        turns = np.sign(gaps[:, :-1]) * np.sign(gaps[:, 1:]) < 0
        hit = np.flatnonzero(turns.any(1))
        if not len(hit):
            continue
        k = turns[hit].argmax(1)
        low, high, side = sign * grid[k], sign * grid[k + 1], np.sign(gaps[hit, k])
        for _ in range(50):
            middle = (low + high) / 2
            same = np.sign(_gap(a[hit], b[hit], x, middle)) == side
            low, high = np.where(same, middle, low), np.where(same, high, middle)
        nearer = ~(np.abs(out[hit]) <= np.abs(middle))
        out[hit[nearer]] = middle[nearer]
    return _one(np.exp(out) if np.ndim(first) > 1 else np.exp(out[0]))


def _gap(a: NDArray, b: NDArray, x: NDArray, log: NDArray) -> NDArray:
    return selected(a, x, np.exp(log)) - selected(b, x, np.exp(log))


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
