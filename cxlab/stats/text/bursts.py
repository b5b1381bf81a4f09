"""Days on which far more came than a steady stream would bring: a scan of windows, with its own false-alarm rate."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, betaincc, pdtr, pdtrc

WINDOWS = (1, 3, 7)
TRIM, TRIMMED = 0.02, 2
"""Part of the weeks, the highest, that do not count for the spread, and the least of them."""

MOST_SPREAD = 50.0
AROUND = 60
"""Days before and after a window from which its expected number is taken."""


def scan(days: NDArray, *, alpha: float = 0.05) -> list[tuple[int, int, int, float, float]]:
    """Return the windows with more than a steady stream brings: first day, length, number, expected, p.

    Each window of 1, 3 and 7 days is held against the mean of the 60 days before and after it, without it; the counts
    are negative binomial with the spread of the whole series, and more of it the fewer came in those days. p is
    multiplied by the number of windows that do not overlap (Bonferroni): of simulated clean streams 0 to 6 % had any at
    .05, up to 17 % where one week's rate is many times another's (spread 3). Windows that overlap a stronger one are
    left out.

    Parameters
    ----------
    days : (days,) number on each day. ``alpha`` : chance of a false alarm in one series.

    Examples
    --------
    >>> days = np.ones(200, int); days[100] = 20
    >>> [(d, w, k) for d, w, k, _, _ in scan(days)]
    [(100, 1, 20)]
    """
    n = len(days)
    total = np.concatenate([[0.0], np.cumsum(days)])
    spread = dispersion(days)
    found = []
    tests = sum(max(n // w, 1) for w in WINDOWS)
    for w in WINDOWS:
        starts = np.arange(0, n - w + 1)
        k = total[starts + w] - total[starts]
        low, high = np.fmax(starts - AROUND, 0), np.fmin(starts + w + AROUND, n)
        around = total[high] - total[low] - k
        width = (high - low - w).astype(float)
        with np.errstate(invalid="ignore", divide="ignore"):
            expected = np.where(width > 0, (around + 0.5) / width * w, np.nan)
        weeks = np.fmax(width / 7, 1)
        p = _tail(k, expected, spread + 1 / (around + 0.5) + spread / weeks)
        found += [
            (float(p[i]) * tests, int(starts[i]), w, int(k[i]), float(expected[i]))
            for i in np.flatnonzero(p * tests < alpha)
        ]
    out: list[tuple[int, int, int, float, float]] = []
    for p, start, w, k, expected in sorted(found):
        if all(start + w <= s or s + v <= start for s, v, *_ in out):
            out.append((start, w, k, expected, min(p, 1.0)))
    return sorted(out)


def dispersion(days: NDArray) -> float:
    """Return how much weeks vary beyond Poisson, as a negative binomial stream has it: variance = mean + spread mean².

    The highest weeks are left out, or a burst would hide itself; the spread is the one whose own weeks, without as
    many of the highest, vary as much (not less: what is cut off is what spreads most). One standard error is added,
    about sqrt(2 / weeks) (1 / mean + spread): a stream of few reviews does not show its spread.

    Examples
    --------
    >>> dispersion(np.ones(700, int)) < 0.1
    True
    """
    weeks = np.asarray(days[: len(days) // 7 * 7], float).reshape(-1, 7).sum(1)
    n = len(weeks)
    if n < 8 or weeks.sum() == 0:
        return 0.0
    kept = np.sort(weeks)[: n - max(TRIMMED, int(np.ceil(TRIM * n)))]
    q, mean, var = len(kept) / n, kept.mean(), kept.var()
    if mean <= 0:
        mean = weeks.mean()
        return float(np.sqrt(2 / n) / mean)
    k = np.arange(int(10 * weeks.max()) + 10, dtype=float)
    m, spread = mean, max((var - mean) / mean**2, 0.0)
    for _ in range(30):
        p = _trimmed(k, m, spread, q)
        of = p @ k
        step = (var - (p @ k**2 - of**2)) / m**2
        m, spread = m * np.clip(mean / max(of, 1e-9), 0.5, 2.0), np.clip(spread + step, 0.0, MOST_SPREAD)
        if abs(step) < 1e-3 * (spread + 0.05):
            break
    return float(spread + np.sqrt(2 / n) * (1 / m + spread))


def _trimmed(k: NDArray, mean: float, spread: float, q: float) -> NDArray:
    """Probabilities of the counts of the lowest part ``q`` of the weeks of such a stream."""
    below = pdtr(k, mean) if spread <= 1e-6 else betainc(1 / spread, k + 1, 1 / (1 + spread * mean))
    return np.diff(np.fmin(below, q), prepend=0.0) / q


def false_alarms(days: NDArray, *, draws: int = 100, seed: int = 0, alpha: float = 0.05) -> float:
    """Return the share of clean streams of the same size and spread in which `scan` sounds: its false-alarm rate.

    Parameters
    ----------
    days : the series. ``draws`` : simulated streams. ``seed`` : of them. ``alpha`` : as for `scan`.

    Examples
    --------
    >>> false_alarms(np.ones(120, int), draws=20) <= 0.2
    True
    """
    rng = np.random.default_rng(seed)
    mean, spread = max(float(np.mean(days)), 1e-9), dispersion(days)
    n = len(days)
    hits = 0
    for _ in range(draws):
        rate = np.full(n, mean)
        if spread > 0:
            rate = np.repeat(rng.gamma(1 / spread, mean * spread, n // 7 + 1), 7)[:n]
        hits += bool(scan(rng.poisson(rate), alpha=alpha))
    return hits / draws


def _tail(k: NDArray, expected: NDArray, spread: NDArray) -> NDArray:
    """P(count >= k) of a negative binomial count."""
    with np.errstate(invalid="ignore", divide="ignore"):
        r = 1 / np.fmax(spread, 1e-9)
        p = np.where(spread > 1e-6, betaincc(r, np.fmax(k, 1), r / (r + expected)), pdtrc(np.fmax(k - 1, 0), expected))
    return np.where(np.isfinite(p) & (k > 0), p, 1.0)
