"""What the mean of all customers may be where only some of them write reviews: sharp limits, errors included.

If customers of one score write at most r times as readily as those of any other, their mean is sum p_k v_k x_k / sum
p_k v_k with p the shares of the reviews and every v_k between 1 and r. It is least and greatest where v is r up to (or
from) one level and 1 beyond. That holds the two ends that write more, the unhappy, the happy, and who gates.

Limits are of Student's t, at the observed shares and with half a review added at either end, whichever is wider: ten
reviews of five stars do not show that nobody gives one.

References
----------
Imbens, G. W. & Manski, C. F. (2004). Confidence intervals for partially identified parameters. Econometrica 72,
    1845-1857. doi:10.1111/j.1468-0262.2004.00555.x
Agresti, A. & Coull, B. A. (1998). Approximate is better than "exact" for interval estimation of binomial proportions.
    The American Statistician 52, 119-126. doi:10.1080/00031305.1998.10480550
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cxlab.stats.inference.design_variance import t_value

ADDED = 0.5
"""Reviews added at either end of the scale."""

FARTHEST = 50.0
STEPS = 40


def effective(counts: NDArray, stars: NDArray, n: NDArray, se: NDArray) -> NDArray:
    """Return the size of a simple random sample whose mean has the error ``se``; ``n`` where nothing varies.

    Examples
    --------
    >>> effective(np.array([[5.0, 0, 5.0]]), np.array([1.0, 2, 3]), np.array([10]), np.array([1 / 3])).round(6).tolist()
    [10.0]
    """
    size = counts.sum(-1)
    mean = counts @ stars / size
    with np.errstate(invalid="ignore", divide="ignore"):
        found = 1 + (counts @ stars**2 / size - mean**2) / np.square(se)
    return np.where(np.isfinite(found) & (np.asarray(se) > 1e-9), found, np.asarray(n, float))


def limits(
    counts: NDArray, stars: NDArray, *, size: NDArray, df: NDArray, v: NDArray | None = None, level: float = 0.95
) -> tuple[NDArray, NDArray]:
    """Return the limits of the mean, or of the mean with ``v`` customers behind each review.

    Parameters
    ----------
    counts : (units, levels). ``stars`` : (levels,). ``v`` : (units, levels) or (levels,); None: one behind each.
    size : (units,) of a simple random sample of the same error. ``df`` : (units,) degrees of freedom.
    level : of confidence.

    Examples
    --------
    >>> low, high = limits(np.array([[0.0, 0, 0, 0, 10]]), np.arange(1.0, 6), size=np.array([10.0]), df=np.array([9.0]))
    >>> low.round(2).tolist(), high.tolist()
    ([4.22], [5.0])
    """
    share = counts / counts.sum(-1, keepdims=True)
    v = np.ones(len(stars)) if v is None else v
    t = t_value(level, np.fmax(df, 1))
    end = np.zeros(len(stars))
    end[[0, -1]] = ADDED
    wide = [np.full(len(share), np.inf), np.full(len(share), -np.inf)]
    for added in (np.zeros(len(stars)), end):
        total = size + added.sum()
        p = (share * size[:, None] + added) / total[:, None]
        q = p * v / (p * v).sum(-1, keepdims=True)
        mean = q @ stars
        with np.errstate(invalid="ignore", divide="ignore"):
            u = v * (stars - mean[:, None]) / (p * v).sum(-1, keepdims=True)
            half = t * np.sqrt((p * u**2).sum(-1) / (total - 1))
        wide = [np.fmin(wide[0], mean - half), np.fmax(wide[1], mean + half)]
    return np.clip(wide[0], stars[0], stars[-1]), np.clip(wide[1], stars[0], stars[-1])


def band(
    counts: NDArray, stars: NDArray, readier: NDArray | float, *, size: NDArray, df: NDArray, level: float = 0.95
) -> tuple[NDArray, NDArray]:
    """Return the limits between which the mean of all customers lies if none of one score is readier than ``readier``.

    Parameters
    ----------
    readier : how many times as readily customers of one score may write as those of another; one or one a unit.
    counts, stars, size, df, level : as in `limits`.

    Examples
    --------
    >>> one = np.array([[300.0, 0, 0, 0, 700]])
    >>> low, high = band(one, np.arange(1.0, 6), 2.0, size=np.array([1000.0]), df=np.array([999.0]))
    >>> low.round(2).tolist(), high.round(2).tolist()
    ([3.02], [4.37])
    """
    r = np.broadcast_to(np.asarray(readier, float), len(counts))[:, None]
    low, high = np.full(len(counts), np.inf), np.full(len(counts), -np.inf)
    for cut in range(len(stars)):
        above = np.arange(len(stars)) >= cut
        low = np.fmin(low, limits(counts, stars, size=size, df=df, v=np.where(above, 1.0, r), level=level)[0])
        high = np.fmax(high, limits(counts, stars, size=size, df=df, v=np.where(above, r, 1.0), level=level)[1])
    return low, high


def overlap(first: tuple[NDArray, ...], second: tuple[NDArray, ...], stars: NDArray, level: float = 0.95) -> NDArray:
    """Return from how many times as ready on the order of two units is open; 1 where it is open whoever writes.

    Who writes may differ between the two. nan where it is not open at fifty times.

    Parameters
    ----------
    first, second : counts (pairs, levels), size and degrees of freedom (pairs,) of the unit with the higher mean, and
        of the other. ``stars`` : (levels,). ``level`` : of confidence.

    Examples
    --------
    >>> a, b = np.array([[20.0, 0, 0, 0, 480]]), np.array([[60.0, 0, 0, 0, 440]])
    >>> n, df = np.array([500.0]), np.array([499.0])
    >>> overlap((a, n, df), (b, n, df), np.arange(1.0, 6)).round(2).tolist()
    [1.27]
    """

    def open_(log: NDArray) -> NDArray:
        r = np.exp(log)
        least = band(first[0], stars, r, size=first[1], df=first[2], level=level)[0]
        return least <= band(second[0], stars, r, size=second[1], df=second[2], level=level)[1]

    low, high = np.zeros(len(first[0])), np.full(len(first[0]), np.log(FARTHEST))
    at_once, never = open_(low), ~open_(high)
    for _ in range(STEPS):
        middle = (low + high) / 2
        found = open_(middle)
        low, high = np.where(found, low, middle), np.where(found, middle, high)
    return np.where(at_once, 1.0, np.where(never, np.nan, np.exp(high)))
