"""How many changes of level a series has for certain: multiscale change-point inference (SMUCE).

The fewest segments such that on every run of periods within a segment the mean stays so close to the segment's level as
chance allows, all runs judged together. Then too many changes are found with probability at most alpha, and the places
that remain for each change are a confidence interval.

Reference
---------
Frick, K., Munk, A. & Sieling, H. (2014). Multiscale change point inference. Journal of the Royal Statistical Society B
    76, 495-580. doi:10.1111/rssb.12047
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

DRAWS = 2000
NEVER = 10**6
ALLOWED = 0.5
"""Autocorrelation of the periods' own variation that raises no more false changes than promised."""
SEEN = 0.01
SPARE, SHORT = 6, 40
"""Periods from which the largest difference of neighbours may be a change and is left out; series shorter than 40."""


@dataclass(frozen=True)
class Changes:
    """``at``: first period of each new level; ``low``, ``high``: the first and last period it may be; ``q``: the limit
    of the multiscale statistic."""

    at: tuple[int, ...]
    low: tuple[int, ...]
    high: tuple[int, ...]
    q: float


def changes(y: NDArray, v: NDArray, *, alpha: float = 0.05, seed: int = 0) -> Changes:
    """Return the changes of level that are certain.

    Parameters
    ----------
    y : (periods,) a metric. ``v`` : (periods,) its variance about its level, known.

    >>> y = np.r_[np.zeros(12), np.ones(12)]
    >>> found = changes(y, np.full(24, 0.04))
    >>> found.at, found.low, found.high
    ((12,), (12,), (12,))
    """
    w = 1 / np.asarray(v, float)
    q = threshold(tuple(np.round(w / w.mean(), 3)), alpha, seed)
    cw, cy = np.r_[0, np.cumsum(w)], np.r_[0, np.cumsum(w * np.asarray(y, float))]
    ok = _possible(cw, cy, q)
    ahead, back = _fewest(ok)
    k, size = int(ahead[-1]), len(w)
    at = _likeliest(ok, cw, cy, k)
    places = [np.flatnonzero((ahead <= j) & (back <= k - j)) for j in range(1, k)]
    places = [p[(p > 0) & (p < size)] for p in places]
    return Changes(tuple(at), tuple(int(p.min()) for p in places), tuple(int(p.max()) for p in places), float(q))


def variation(y: NDArray, v: NDArray) -> float:
    """Return what periods vary by beyond sampling, as it enters the mean of many periods; at its upper end.

    Parameters
    ----------
    y, v : (periods,) metric and sampling variance.

    Half the mean squared difference of neighbours is v + tau2 (1 - rho), the largest left out, as it may be a change.
    What exceeds v, at 1 + 4 / sqrt(periods) times that mean, counts 3 times (4 from 40 periods on): with rho = .5 the
    mean of many periods has 6 times it. These factors keep at most 5 % false changes for rho up to .5 and any tau2, by
    simulation; `wandering` looks for more.

    >>> variation(np.array([1.0, 2.0, 1.0, 2.0]), np.ones(4))
    1.5
    >>> variation(np.zeros(30), np.ones(30))
    0.0
    """
    half, known = np.diff(y) ** 2 / 2, (v[1:] + v[:-1]) / 2
    if len(y) >= SPARE:
        kept = np.arange(len(half)) != (half / known).argmax()
        half, known = half[kept], known[kept]
    w = 1 / known
    seen, sampling = float(np.average(half, weights=w)), float(np.average(known, weights=w))
    excess = max(seen * (1 + 4 / np.sqrt(len(y))) - sampling, 0.0)
    return float(excess) * (3 if len(y) < SHORT else 4)


def restless(y: NDArray, v: NDArray) -> float:
    """Return by what the variance of a mean of many periods exceeds that of sampling; 1 where they differ by chance.

    Periods differ by more than sampling where Cochran's Q has a p below `SEEN`; then `variation` counts.

    >>> restless(np.tile([0.0, 1.0], 20), np.ones(40)), restless(np.tile([0.0, 9.0], 20), np.ones(40)) > 10
    (1.0, True)
    """
    if len(y) < 2 * SPARE:
        return 1.0
    w = 1 / v
    q = float((w * (y - np.average(y, weights=w)) ** 2).sum())
    if chdtrc(len(y) - 1, q) >= SEEN:
        return 1.0
    return 1 + variation(y, v) / float(np.average(v, weights=w))


@lru_cache(maxsize=128)
def threshold(weights: tuple[float, ...], alpha: float, seed: int = 0, draws: int = DRAWS) -> float:
    """Return the (1 - alpha) quantile of the multiscale statistic where nothing changes.

    max over runs of periods of |S| / sqrt(W) - sqrt(2 log(e W_all / W)), W the precision of a run, S its weighted sum
    of deviations from the mean of all.
    """
    w = np.array(weights)
    size, cw = len(w), np.r_[0, np.cumsum(w)]
    c = np.random.default_rng(seed).standard_normal((draws, size)) * np.sqrt(w)
    c = np.concatenate([np.zeros((draws, 1)), np.cumsum(c, axis=1)], axis=1)
    c = c - np.outer(c[:, -1], cw / cw[-1])
    worst = np.full(draws, -np.inf)
    for k in range(1, size + 1):  # runs of k periods
        run = cw[k:] - cw[:-k]
        found = np.abs(c[:, k:] - c[:, :-k]) / np.sqrt(run) - _penalty(cw[-1], run)
        worst = np.fmax(worst, found.max(1))
    return float(np.quantile(worst, 1 - alpha))


def _penalty(total: float, run: NDArray) -> NDArray:
    return np.sqrt(2 * np.log(np.e * total / run))


def _possible(cw: NDArray, cy: NDArray, q: float) -> NDArray:
    """(s, t): whether one level can hold for the periods s to t."""
    size = len(cw) - 1
    run = cw[None, 1:] - cw[:-1, None]
    upper = np.triu(np.ones((size, size), bool))
    run = np.where(upper, run, 1)
    mean = np.where(upper, (cy[None, 1:] - cy[:-1, None]) / run, 0)
    band = np.where(upper, (q + _penalty(cw[-1], np.fmin(run, cw[-1]))) / np.sqrt(run), 0)
    low, high = np.where(upper, mean - band, -np.inf), np.where(upper, mean + band, np.inf)
    # the bounds of all runs within s..t: the largest lower and the smallest upper one
    low = np.maximum.accumulate(np.maximum.accumulate(low[::-1], axis=0)[::-1], axis=1)
    high = np.minimum.accumulate(np.minimum.accumulate(high[::-1], axis=0)[::-1], axis=1)
    return (low <= high) & upper


def _fewest(ok: NDArray) -> tuple[NDArray, NDArray]:
    """The fewest segments for the first t periods, and for those from s on."""
    size = len(ok)
    ahead, back = np.full(size + 1, NEVER), np.full(size + 1, NEVER)
    ahead[0] = back[size] = 0
    for t in range(1, size + 1):
        ahead[t] = ahead[:t][ok[:t, t - 1]].min(initial=NEVER - 1) + 1
        s = size - t
        back[s] = back[s + 1 :][ok[s, s:]].min(initial=NEVER - 1) + 1
    return ahead, back


def _likeliest(ok: NDArray, cw: NDArray, cy: NDArray, k: int) -> list[int]:
    """Of all ways to cut into k possible segments the one with the least squares."""
    size = len(ok)
    best, come = np.full((k + 1, size + 1), np.inf), np.zeros((k + 1, size + 1), int)
    best[0, 0] = 0
    for j in range(1, k + 1):
        for t in range(j, size + 1):
            cost = best[j - 1, :t] - (cy[t] - cy[:t]) ** 2 / (cw[t] - cw[:t])
            cost = np.where(ok[:t, t - 1], cost, np.inf)
            come[j, t] = cost.argmin()
            best[j, t] = cost[come[j, t]]
    cuts, t = [], size
    for j in range(k, 0, -1):
        t = int(come[j, t])
        cuts.append(t)
    return sorted(cuts)[1:]
