"""Means and covariances of items: of the sample, and of bootstrap replicates without touching a row again.

Rows are first summed to the units that are resampled (a row, a cluster, or a random group of rows where there are
many); a replicate is then a weighted sum of those sums. So 1,000 replicates of 24 items cost one matrix product.
"""

from __future__ import annotations

import numpy as np

from cxlab.stats.counts.drawn import lonely_times
from cxlab.stats.counts.replicates import ReplicatedMoments, replicate_groups

UNITS = 5_000
"""Rows beyond this many are resampled in this many random groups, which have the same variance."""


def unit_sums(x: np.ndarray, weight: np.ndarray | None = None) -> np.ndarray:
    """Return for each row 1, its values and their products, times its weight: (n, 1 + p + p (p + 1) / 2)."""
    x = np.asarray(x, float)
    i, j = np.triu_indices(x.shape[1])
    out = np.concatenate([np.ones((len(x), 1)), x, x[:, i] * x[:, j]], axis=1)
    return out if weight is None else out * np.asarray(weight, float)[:, None]


def grouped_sums(x: np.ndarray, weight: np.ndarray, unit: np.ndarray, units: int, *, block: int = 20_000) -> np.ndarray:
    """Return the sums of `unit_sums` over the rows of each of ``units`` resampled units; ``unit`` is 0, 1, ... a row.

    Works through ``block`` rows at a time, so that memory does not grow with their number.
    """
    order = np.argsort(unit, kind="stable")
    out = np.zeros((units, 1 + x.shape[1] + x.shape[1] * (x.shape[1] + 1) // 2))
    for start in range(0, len(x), block):
        rows = order[start : start + block]
        first = np.flatnonzero(np.diff(unit[rows], prepend=-1))
        np.add.at(out, unit[rows][first], np.add.reduceat(unit_sums(x[rows], weight[rows]), first, axis=0))
    return out


def as_unit_sums(m: ReplicatedMoments, p: int, units: int) -> np.ndarray:
    """Return moments by unit of rows without a gap as `grouped_sums` does, (units, k)."""
    i, j = np.triu_indices(p)
    out = np.zeros((units, 1 + p + len(i)))
    if m.products.shape[-1] == p:
        out[:, :1] = m.count.reshape(units, -1)[:, :1]
        out[:, 1 : p + 1] = m.sums[..., 0]
        out[:, p + 1 :] = m.products[:, i, j]
    return out


def resampled_units(n: int, cluster: np.ndarray | None = None, *, seed: int = 0) -> tuple[np.ndarray, int, str]:
    """Return which unit each of ``n`` rows is resampled with, how many units there are, and in words what they are."""
    if cluster is not None:
        codes = np.unique(np.asarray(cluster), return_inverse=True)[1]
        return codes, int(codes.max()) + 1, "clusters"
    if n <= UNITS:
        return np.arange(n), n, "answers"
    return np.random.default_rng(seed).permutation(n) % UNITS, UNITS, f"{UNITS:,} random groups of answers"


def grouped_units(
    n: int, cluster: np.ndarray | None, strata: np.ndarray | None, drawn: np.ndarray | None, *, seed: int = 0
) -> tuple[np.ndarray, np.ndarray, str]:
    """Return which unit each of ``n`` rows is resampled with, the stratum of each unit, and in words what they are.

    As `resampled_units`, of many: more than `UNITS` clusters (or rows of strata) are put together at random within
    their strata. A unit without a row stands for clusters that were drawn and are not seen.
    """
    if cluster is None and strata is None:
        unit, units, words = resampled_units(n, seed=seed)
        return unit.astype(np.int16 if units < 2**15 else np.int32), np.zeros(units, int), words
    found = replicate_groups(cluster, strata, n, limit=UNITS, seed=seed, drawn=drawn)
    what = "answers" if cluster is None else "clusters"
    merged = found.clusters > UNITS
    return found.code, found.stratum, f"{len(found.stratum):,} random groups of {what}" if merged else what


def bootstrap_counts(strata: np.ndarray, draws: int, *, seed: int = 0) -> np.ndarray:
    """Return how often each unit counts in each replicate, (draws, units): n_h - 1 of n_h units, times n_h / (n_h - 1).

    Units are drawn within their stratum; the only unit of a stratum counts twice or not at all.

    References
    ----------
    Rao & Wu 1988, JASA 83:231, doi:10.1080/01621459.1988.10478591.
    """
    rng = np.random.default_rng(seed)
    out = np.ones((draws, len(strata)))
    for stratum in np.unique(strata):
        at = np.flatnonzero(strata == stratum)
        size = len(at)
        if size == 1 and len(strata) > 1:
            out[:, at[0]] = lonely_times(rng, draws)
        elif size > 1:
            out[:, at] = rng.multinomial(size - 1, np.full(size, 1 / size), draws) * (size / (size - 1))
    return out


def moments(sums: np.ndarray, p: int) -> tuple[np.ndarray, np.ndarray]:
    """Return means (..., p) and covariances (..., p, p; divisor the sum of weights) of summed `unit_sums` (..., k)."""
    total = np.asarray(sums, float)
    with np.errstate(invalid="ignore", divide="ignore"):
        total = total / total[..., :1]
    mean = total[..., 1 : p + 1]
    i, j = np.triu_indices(p)
    second = np.empty((*total.shape[:-1], p, p))
    second[..., i, j] = second[..., j, i] = total[..., p + 1 :]
    return mean, second - mean[..., :, None] * mean[..., None, :]
