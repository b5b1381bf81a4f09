"""Days on which far more came than a steady stream would bring: a scan of windows, with its own false-alarm rate."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincc, pdtrc

WINDOWS = (1, 3, 7)
AROUND = 60
"""Days before and after a window from which its expected number is taken."""


def scan(days: NDArray, *, alpha: float = 0.05) -> list[tuple[int, int, int, float, float]]:
    """Return the windows with more than a steady stream brings: first day, length, number, expected, p.

    Each window of 1, 3 and 7 days is held against the mean of the 60 days before and after it, without it; the counts
    are negative binomial with the spread of the whole series (Poisson where it has none). p is multiplied by the number
    of windows that do not overlap (Bonferroni), so that a clean stream has any with probability ``alpha`` at most
    about. Windows that overlap a stronger one are left out.

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
        p = _tail(k, expected, spread)
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
    """Return how much the days vary beyond Poisson: (variance - mean) / mean² of all but the top weeks, 0 or more.

    Weeks are taken so that a quiet Sunday is no spread; the highest are left out, or a burst would hide itself.

    Examples
    --------
    >>> dispersion(np.ones(70, int))
    0.0
    """
    weeks = np.asarray(days[: len(days) // 7 * 7], float).reshape(-1, 7).sum(1)
    if len(weeks) < 8 or weeks.sum() == 0:
        return 0.0
    kept = np.sort(weeks)[: int(np.ceil(0.95 * len(weeks)))]
    m = kept.mean()
    return float(max((kept.var(ddof=1) - m) / m**2, 0.0)) if m > 0 else 0.0


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


def _tail(k: NDArray, expected: NDArray, spread: float) -> NDArray:
    with np.errstate(invalid="ignore"):
        if spread <= 1e-9:
            p = np.where(k > 0, pdtrc(np.fmax(k - 1, 0), expected), 1.0)
        else:
            r = 1 / spread
            p = np.where(k > 0, betaincc(r, np.fmax(k, 1), r / (r + expected)), 1.0)
    return np.where(np.isfinite(p) & (k > 0), p, 1.0)
