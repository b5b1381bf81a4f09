"""Peers: units that are alike in what counts, how alike they are, and whether matching on it predicts better."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike


def coarsened(values: ArrayLike, edges: Sequence[float]) -> np.ndarray:
    """Return the bin (0, 1, ...) of each value between the ``edges``; -1 where the value is missing.

    Coarsened exact matching: units in the same bins of everything are peers (Iacus, King & Porro 2012, Political
    Analysis 20:1, doi:10.1093/pan/mpr013).

    >>> coarsened([5, 50, 500, float("nan")], [10, 100]).tolist()
    [0, 1, 2, -1]
    """
    x = np.asarray(values, float)
    return np.where(np.isfinite(x), np.searchsorted(np.asarray(edges, float), x, side="right"), -1)


def same_cell(cells: np.ndarray) -> np.ndarray:
    """Return the truth table (p, p) "same cell in every column"; never of a unit with itself or a missing cell (-1)."""
    cells = np.asarray(cells)
    alike = (cells[:, None, :] == cells[None, :, :]).all(axis=2) & (cells >= 0).all(axis=1)[None, :]
    np.fill_diagonal(alike, False)
    return alike


def gower(numbers: np.ndarray, categories: np.ndarray, *, weights: Sequence[float] | None = None) -> np.ndarray:
    """Return Gower's distances (p, p) in 0 to 1: mean of |x - y| / range and of "different category".

    Parameters
    ----------
    numbers : array (p, k), nan where missing; transform first (log of size).
    categories : array (p, m), None where missing.
    weights : one for each number, then each category.

    A pair is compared only on what both have; a pair that shares nothing has distance nan.

    References
    ----------
    Gower 1971, Biometrics 27:857, doi:10.2307/2528823.
    """
    x = np.asarray(numbers, float).reshape(len(numbers), -1)
    c = np.asarray(categories, object).reshape(len(x), -1)
    w = np.ones(x.shape[1] + c.shape[1]) if weights is None else np.asarray(weights, float)
    top, bottom = np.zeros((len(x), len(x))), np.zeros((len(x), len(x)))
    for k in range(x.shape[1]):
        column = x[:, k]
        span = np.nanmax(column) - np.nanmin(column)
        there = np.isfinite(column)
        both = there[:, None] & there[None, :]
        far = np.abs(column[:, None] - column[None, :]) / (span if span > 0 else 1.0)
        top += np.where(both, w[k] * far, 0)
        bottom += w[k] * both
    for k in range(c.shape[1]):
        column = c[:, k]
        there = np.array([v is not None and v == v for v in column])
        both = there[:, None] & there[None, :]
        top += np.where(both, w[x.shape[1] + k] * (column[:, None] != column[None, :]), 0)
        bottom += w[x.shape[1] + k] * both
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(bottom > 0, top / bottom, np.nan)


def nearest(distance: np.ndarray, k: int, *, caliper: float = np.inf) -> np.ndarray:
    """Return the truth table (p, p) "is one of the k nearest of the row's unit, within the caliper"; ties all count."""
    d = np.where(np.eye(len(distance), dtype=bool) | np.isnan(distance), np.inf, distance)
    cut = np.sort(d, axis=1)[:, min(k, len(d)) - 1]
    return (d <= np.minimum(cut, caliper)[:, None]) & np.isfinite(d)


def effective_number(weights: ArrayLike) -> float:
    """Return (sum w)^2 / sum w^2: how many equally weighted peers are worth as much.

    >>> effective_number([1, 1, 1, 1])
    4.0
    """
    w = np.asarray(weights, float)
    return float(w.sum() ** 2 / (w**2).sum()) if (w > 0).any() else 0.0


def standardised_difference(
    unit: float, others: np.ndarray, *, spread: float, weights: np.ndarray | None = None
) -> float:
    """Return (unit - weighted mean of the others) / spread; spread is the standard deviation before matching."""
    others = np.asarray(others, float)
    there = np.isfinite(others)
    if not there.any() or not np.isfinite(unit) or not spread > 0:
        return np.nan
    w = np.ones(len(others)) if weights is None else np.asarray(weights, float)
    return float((unit - np.average(others[there], weights=w[there])) / spread)


def prediction_errors(y: np.ndarray, v: np.ndarray, kind: np.ndarray) -> np.ndarray:
    """Return y_j minus what the others predict for each unit: its kind's mean, shrunken to that of all.

    The others follow a one-way model: kinds vary by tau² around a common mean, units of a kind by sigma² besides their
    sampling error, both by analysis of variance without the unit itself (a negative tau² is 0). A kind's mean of peers
    weighted by w = 1 / (v + sigma²) counts by tau² / (tau² + 1 / sum w), so one to three peers do not rule, and where
    kinds do not differ all units predict. A unit without a peer, or of no kind (-1), is predicted by all others.

    Parameters
    ----------
    y, v : (p,) estimates and their sampling variances, 0 where unknown. ``kind`` : (p,) codes; the same for peers.

    References
    ----------
    Searle, Casella & McCulloch (1992), Variance Components, chapter 3 and 7. doi:10.1002/9780470316856

    Examples
    --------
    >>> prediction_errors(np.array([1.0, 3.0, 8.0]), np.zeros(3), np.zeros(3, int)).tolist()
    [-4.5, -1.5, 6.0]
    """
    y, v = np.asarray(y, float), np.asarray(v, float)
    own = np.where(kind < 0, kind.max() + 1 + np.arange(len(kind)), kind)
    code = np.unique(own, return_inverse=True)[1]
    out = np.empty(len(y))
    for j in range(len(y)):
        rest = np.arange(len(y)) != j
        out[j] = y[j] - _predicted(y[rest], v[rest], code[rest], code[j])
    return out


def _predicted(y: np.ndarray, v: np.ndarray, code: np.ndarray, of: int) -> float:
    """The mean of the kind ``of``, shrunken to the mean of all kinds."""
    n = np.bincount(code, minlength=of + 1).astype(float)
    there, size = n > 0, len(y)
    kinds = int(there.sum())
    mean = np.bincount(code, y, len(n)) / np.fmax(n, 1)
    within = float(((y - mean[code]) ** 2).sum()) / (size - kinds) if size > kinds else float(np.var(y))
    between = 0.0
    if 1 < kinds < size:
        spread = float((n * (mean - y.mean()) ** 2)[there].sum()) / (kinds - 1)
        between = max(0.0, (spread - within) / ((size - (n**2).sum() / size) / (kinds - 1)))
    w = 1 / np.fmax(v + max(within - float(v.mean()), 0.0), 1e-12 * (1 + float(np.var(y))))
    total = np.bincount(code, w, len(n))
    with np.errstate(divide="ignore", invalid="ignore"):
        peers = np.bincount(code, w * y, len(n)) / total
        count = np.where(there, 1 / (between + 1 / total), 0.0)
    everybody = float((count * np.where(there, peers, 0.0)).sum() / count.sum())
    if not there[of]:
        return everybody
    share = between / (between + 1 / total[of])
    return everybody + share * float(peers[of] - everybody)
