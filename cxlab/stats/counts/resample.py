"""Resampling on counts and on sums: bootstrap, jackknife and replicate weights without touching a row again.

Resampling n answers with replacement draws new counts of each value from a multinomial; so a replicate costs the number
of distinct values, not n. Clusters are resampled as cluster totals. A statistic is a function of a block of resampled
counts or totals, shape (b, K), that returns one row a replicate; it is called in blocks, so memory stays small.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from scipy.special import ndtr, ndtri

from cxlab.problem import DataProblem, one_of
from cxlab.stats.counts.drawn import lonely_times

Statistic = Callable[[np.ndarray], np.ndarray]
KINDS = ("bootstrap", "brr", "fay", "jk1", "jk2")
"""How replicate weights are made."""
BLOCK = 4_000_000
"""Numbers held at once while resampling."""
KINDS_FEW, KINDS_MOST = 2000, 20_000
"""Up to so many kinds of answers their counts are drawn one kind after the other; so many kinds at most."""
ROWS_MOST = 20_000
"""Up to so many answers are drawn one by one where they are of many kinds."""


def blocks(replicates: int, width: int, said: str) -> Iterator[int]:
    """Yield block sizes that add up to ``replicates``; a progress bar appears when it takes longer than a second."""
    from tqdm.auto import tqdm

    if replicates < 1:
        raise DataProblem(f"replicates is {replicates}; draw at least one, 1,000 or more for an interval")
    size = int(min(max(BLOCK // max(width, 1), 1), replicates))
    with tqdm(total=replicates, desc=said, delay=1.0, leave=False) as bar:
        for start in range(0, replicates, size):
            yield min(size, replicates - start)
            bar.update(min(size, replicates - start))


def multinomial(counts: np.ndarray, rng: np.random.Generator, size: int) -> np.ndarray:
    """Draw resampled counts by conditional binomials, shape (size, K)."""
    counts = np.asarray(counts, np.int64)
    left, of = np.full(size, counts.sum()), counts.sum()
    out = np.empty((size, len(counts)), np.int64)
    for k, c in enumerate(counts[:-1]):
        out[:, k] = rng.binomial(left, min(c / of, 1.0)) if of > 0 else 0
        left = left - out[:, k]
        of -= c
    out[:, -1] = left
    return out


def one_by_one(counts: np.ndarray, rng: np.random.Generator, size: int) -> np.ndarray:
    """Draw resampled counts by drawing each answer, shape (size, K): faster where nearly all answers differ.

    >>> one_by_one(np.array([0, 3]), np.random.default_rng(0), 1).tolist()
    [[0, 3]]
    """
    n, k = int(counts.sum()), len(counts)
    kind = np.repeat(np.arange(k), counts)
    at = rng.integers(0, n, (size, n), dtype=np.int32)
    drawn = at if n == k and (counts == 1).all() else kind[at]
    drawn = drawn + k * np.arange(size)[:, None]
    return np.bincount(drawn.ravel(), minlength=k * size).reshape(size, k)


def median_draws(values: np.ndarray, counts: np.ndarray, *, replicates: int, seed: int = 0) -> np.ndarray:
    """Draw medians of resampled answers without resampling them: the middle one of n uniform numbers is Beta.

    Parameters
    ----------
    values : (K,) distinct answers, sorted. ``counts`` : (K,) how often each came.

    References
    ----------
    David & Nagaraja (2003), Order Statistics, 3rd ed., https://doi.org/10.1002/0471722162, ch. 2.

    Examples
    --------
    >>> draws = median_draws(np.arange(101.0), np.ones(101, int), replicates=4000)
    >>> draws.mean().round(0).item(), draws.std().round(0).item()  # sd about 101 / (2 sqrt(101)) = 5
    (50.0, 5.0)
    """
    rng, n = np.random.default_rng(seed), int(counts.sum())
    upto = np.cumsum(counts)
    middle = (n + 1) // 2
    low = rng.beta(middle, n + 1 - middle, replicates)
    high = low if n % 2 else low + (1 - low) * rng.beta(1, n - middle, replicates)
    kind = lambda u: np.fmin(np.searchsorted(upto, u * n, side="right"), len(values) - 1)  # noqa: E731
    return (values[kind(low)] + values[kind(high)]) / 2


def left_out(counts: np.ndarray, statistic: Statistic) -> np.ndarray:
    """Return the statistic of the counts without one answer of each kind, (K,), in blocks.

    >>> left_out(np.array([1, 1]), lambda c: c @ np.array([3.0, 5.0]) / c.sum(axis=1)).tolist()
    [5.0, 3.0]
    """
    counts, k = np.asarray(counts, np.int64), len(counts)
    out = []
    for start in range(0, k, max(BLOCK // max(k, 1), 1)):
        at = np.arange(start, min(start + max(BLOCK // max(k, 1), 1), k))
        block = np.tile(counts, (len(at), 1))
        block[np.arange(len(at)), at] -= 1
        out.append(statistic(block))
    return np.concatenate(out)


def median_left_out(values: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Return the medians without one answer of each kind, (K,): only those in the middle differ.

    >>> median_left_out(np.array([1.0, 2.0, 3.0, 9.0]), np.ones(4, int)).tolist()
    [3.0, 3.0, 2.0, 2.0]
    """
    upto, n = np.cumsum(counts), int(np.sum(counts))
    place = lambda k: np.searchsorted(upto, k, side="right")  # the kind of the k-th smallest, from 0  # noqa: E731
    kind = np.arange(len(values))
    rest = n - 1
    ends = []
    for k in {(rest - 1) // 2, rest // 2}:  # after one is gone, the k-th was the k-th or the one after
        here, after = place(k), place(k + 1)
        ends.append(np.where(kind > here, values[here], values[min(after, len(values) - 1)]))
    return (ends[0] + ends[-1]) / 2


def bootstrap(
    counts: np.ndarray, statistic: Statistic, *, replicates: int = 9999, seed: int = 0, kind: str = "multinomial"
) -> np.ndarray:
    """Resample answers given as counts.

    Parameters
    ----------
    counts : (K,) how often each distinct answer came.
    statistic : of a block of counts (b, K).
    kind : 'multinomial' (n stays fixed) or 'poisson' (every answer independently; n varies, as it does across shards).

    Returns
    -------
    (replicates, ...) values of the statistic.

    References
    ----------
    Efron (1979), https://doi.org/10.1214/aos/1176344552.

    Examples
    --------
    >>> score = np.array([-1.0, 0.0, 1.0])
    >>> draws = bootstrap(np.array([20, 30, 50]), lambda c: c @ score / c.sum(axis=1), replicates=4000)
    >>> draws.std().round(2).item()                      # sqrt(.61 / 100) = .078
    0.08
    """
    one_of("kind", kind, ("multinomial", "poisson"))
    counts = _counts(counts)
    rng = np.random.default_rng(seed)
    several = len(counts) > KINDS_FEW and counts.sum() <= ROWS_MOST
    if kind == "poisson":
        draw = lambda b: rng.poisson(counts, (b, len(counts)))  # noqa: E731
    else:
        draw = lambda b: (one_by_one if several else multinomial)(counts, rng, b)  # noqa: E731
    return np.concatenate([statistic(draw(b)) for b in blocks(replicates, len(counts), "bootstrap")])


def cluster_bootstrap(
    totals: np.ndarray,
    statistic: Statistic,
    *,
    strata: np.ndarray | None = None,
    replicates: int = 2000,
    seed: int = 0,
) -> np.ndarray:
    """Resample clusters within strata, given as their totals.

    Parameters
    ----------
    totals : (C, q) sums (or counts of each answer) of every cluster.
    statistic : of a block of resampled totals (b, q).
    strata : (C,) stratum of each cluster, or None.

    Returns
    -------
    (replicates, ...) values. m - 1 of m clusters are drawn and scaled by m / (m - 1), so that variances are unbiased;
    the only cluster of a stratum counts twice or not at all.

    References
    ----------
    Rao & Wu (1988), https://doi.org/10.1080/01621459.1988.10478591
    """
    totals = np.asarray(totals, float)
    owner = np.zeros(len(totals), int) if strata is None else np.unique(strata, return_inverse=True)[1]
    members = [np.flatnonzero(owner == h) for h in range(owner.max() + 1)]
    if len(totals) < 2:
        raise DataProblem("all rows belong to one cluster; its variance cannot be told from one")
    rng = np.random.default_rng(seed)
    out = []
    for b in blocks(replicates, len(totals) + totals.shape[1], "cluster bootstrap"):
        drawn = np.zeros((b, totals.shape[1]))
        for m in members:
            k = len(m)
            if k == 1:
                drawn += lonely_times(rng, b)[:, None] * totals[m]
                continue
            times = rng.multinomial(k - 1, np.full(k, 1 / k), size=b)
            drawn += times @ totals[m] * (k / (k - 1))
        out.append(statistic(drawn))
    return np.concatenate(out)


def jackknife(
    totals: np.ndarray, statistic: Statistic, *, strata: np.ndarray | None = None, count: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Leave out one cluster at a time, the others of its stratum scaled up (JKn).

    Parameters
    ----------
    totals : (C, q) sums of every cluster. ``statistic`` : of a block of totals (b, q).
    strata : (C,) the stratum of each. ``count`` : (C,) how many clusters are alike; default 1 each.

    Returns
    -------
    values : (C, ...) of the statistic. variance : sum_h (m_h - 1)/m_h sum_c (value_hc - full)**2; the only
    cluster of a stratum is left out with none in its place and counts in full.

    References
    ----------
    Wolter (2007), Introduction to Variance Estimation, 2nd ed., https://doi.org/10.1007/978-0-387-35099-8, ch. 4.
    """
    totals = np.asarray(totals, float)
    count = np.ones(len(totals)) if count is None else np.asarray(count, float)
    owner = np.zeros(len(totals), int) if strata is None else np.unique(strata, return_inverse=True)[1]
    m = np.bincount(owner, weights=count)
    if m.sum() < 2:
        raise DataProblem("all rows belong to one cluster; its variance cannot be told from one")
    by_stratum = np.zeros((len(m), totals.shape[1]))
    np.add.at(by_stratum, owner, totals * count[:, None])
    whole, size = by_stratum.sum(axis=0), m[owner][:, None]
    values = statistic(whole - by_stratum[owner] + (by_stratum[owner] - totals) * size / np.fmax(size - 1, 1))
    off = values - statistic(whole[None])[0]
    factor = np.where(m > 1, (m - 1) / m, 1.0)[owner] * count
    return values, np.sum(factor.reshape(-1, *[1] * (off.ndim - 1)) * off**2, axis=0)


def replicate_variance(values: np.ndarray, full: np.ndarray, *, kind: str, rho: float = 0.0) -> np.ndarray:
    """Return the variance from estimates under replicate weights that came with the data.

    Parameters
    ----------
    values : (R, ...) estimates under each set of replicate weights; ``full`` the estimate under the full weights.
    kind : 'bootstrap' (1/R), 'brr' (1/R), 'fay' (1/(R (1 - rho)**2)), 'jk1' ((R - 1)/R) or 'jk2' (1).

    References
    ----------
    Wolter (2007), ch. 3 to 5; Judkins (1990), Journal of Official Statistics 6, 223 (Fay).

    Examples
    --------
    >>> replicate_variance(np.array([1.0, 3.0]), 2.0, kind="brr").item()
    1.0
    """
    one_of("kind", kind, KINDS)
    if kind == "fay" and not 0 <= rho < 1:
        raise DataProblem(f"rho is {rho}; Fay's coefficient lies from 0 to below 1")
    r = len(values)
    factor = {"bootstrap": 1 / r, "brr": 1 / r, "fay": 1 / (r * (1 - rho) ** 2), "jk1": (r - 1) / r, "jk2": 1.0}[kind]
    return factor * np.sum((np.asarray(values, float) - full) ** 2, axis=0)


def percentile(values: np.ndarray, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Return the percentile interval of bootstrap values (R, ...)."""
    return tuple(np.nanquantile(values, [0.5 - level / 2, 0.5 + level / 2], axis=0))


def bca(
    values: np.ndarray, full: float, left_out: np.ndarray, times: np.ndarray | None = None, level: float = 0.95
) -> tuple[float, float]:
    """Return the bias-corrected and accelerated interval of one statistic.

    Parameters
    ----------
    values : (R,) bootstrap values. ``full`` : the estimate. ``left_out`` : (K,) estimates without one answer of each
        distinct kind. ``times`` : (K,) how often that kind came.

    References
    ----------
    Efron (1987), https://doi.org/10.1080/01621459.1987.10478410
    """
    times = np.ones(len(left_out)) if times is None else np.asarray(times, float)
    below = np.mean(values < full) + np.mean(values == full) / 2
    if not 0 < below < 1:
        return float(np.min(values)), float(np.max(values))
    z0 = ndtri(below)
    off = np.average(left_out, weights=times) - left_out
    spread = np.sum(times * off**2)
    a = np.sum(times * off**3) / (6 * spread**1.5) if spread > 0 else 0.0
    z = z0 + np.array([-1, 1]) * ndtri(0.5 + level / 2)
    low, high = np.quantile(values, ndtr(z0 + z / (1 - a * z)))
    return float(low), float(high)


def without_one(counts: np.ndarray) -> np.ndarray:
    """Return the counts without one answer of each kind, shape (K, K)."""
    return left_out(counts, lambda block: block)


def _counts(counts: np.ndarray) -> np.ndarray:
    counts = np.asarray(counts)
    if counts.ndim != 1 or (counts < 0).any() or counts.sum() == 0 or (counts != np.round(counts)).any():
        raise DataProblem("counts must be a list of whole numbers, none negative and not all zero")
    return counts.astype(np.int64)
