"""ReplicatedMoments of answers by replicate group, and correlation matrices of any reweighting of the groups.

A group is a sampled cluster (respondent, account, flight), or several drawn together at random where there are more
than `GROUPS`. Whatever is estimated from correlations is then resampled without touching a row again, and missing
answers are handled pair by pair.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cxlab.stats.counts.drawn import lonely_times
from cxlab.stats.counts.reraked import Margins

GROUPS = 1000
"""More clusters than this are put together at random; the standard error of a standard error is then about 2 %."""


@dataclass(frozen=True)
class Groups:
    """Which replicate group each row belongs to, and which stratum each group.

    ``code`` (n,) runs from 0 to G - 1; ``stratum`` (G,) from 0; ``clusters`` counts the sampled units before grouping.
    A group may have no row: clusters that were drawn, and in which nobody belongs to the domain. ``margins`` : where
    weights were fitted in this session; then rows are summed by group and cell of the margins, and ``code`` runs over
    these.
    """

    code: np.ndarray
    stratum: np.ndarray
    clusters: int
    margins: Margins | None = None

    @property
    def size(self) -> int:
        """How many sums of rows there are: groups, or groups by cell of the margins."""
        return len(self.stratum) if self.margins is None else len(self.margins.owner)

    @property
    def merged(self) -> bool:
        """Whether several clusters share a group."""
        own = np.unique(self.code)
        return self.clusters > len(own if self.margins is None else np.unique(self.margins.owner[own]))

    def resampled(self, draws: int, seed: int | np.random.Generator) -> np.ndarray:
        """Return bootstrap weights of the sums, (draws, size): `resampling_weights`, raked anew where margins are."""
        return self._raked(resampling_weights(self.stratum, draws, seed))

    def left_out(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the weights (G, size) and factors of `jackknife_weights`, raked anew where margins are known."""
        weights, factor = jackknife_weights(self.stratum)
        return self._raked(weights), factor

    def spread(self, change: np.ndarray) -> np.ndarray:
        """Return the covariance from the influences of the sums (size, k), with the margins known where there are."""
        return spread(change if self.margins is None else self.margins.residual(change), self.stratum)

    def _raked(self, weights: np.ndarray) -> np.ndarray:
        return weights if self.margins is None else self.margins.raked(weights)


def replicate_groups(
    cluster: np.ndarray | None, stratum: np.ndarray | None, n: int, *, limit: int = GROUPS, seed: int = 0,
    drawn: np.ndarray | None = None,
) -> Groups:  # fmt: skip
    """Group rows by cluster within stratum, at most about ``limit`` groups, each stratum at least two if it can.

    Parameters
    ----------
    cluster, stratum : (n,) codes of any type, or None where the design has none (every row is a cluster).
    drawn : clusters of each stratum in the whole sample, in the order of the strata sorted; default: those seen.
    """
    if cluster is None and stratum is None and drawn is None and n > limit:  # nothing to look up: in a few bytes a row
        k = min(n, max(2, limit))
        code = np.resize(np.arange(k, dtype=np.int16 if k < 2**15 else np.int32), n)
        np.random.default_rng(seed).shuffle(code)
        return Groups(code, np.zeros(k, int), n)
    strata = np.zeros(n, np.int32) if stratum is None else numbered(stratum)[1]
    if cluster is None:
        unit, owner = np.arange(n), strata
    else:
        values, unit = numbered(cluster)
        many = len(values)
        owner = np.zeros(many, int)
        if stratum is not None and (own := _nested(unit, strata, many)) is not None:
            order = np.lexsort([np.arange(many), own])
            place = np.empty(many, np.int32)
            place[order] = np.arange(many)
            unit, owner = place[unit], own[order].astype(int)
        elif stratum is not None:
            wide = np.int32 if (int(strata.max(initial=0)) + 1) * many < 2**31 else np.int64
            pair, unit = numbered(strata.astype(wide, copy=False) * wide(many) + unit.astype(wide, copy=False))
            owner = pair // many
    seen = len(owner)
    if drawn is not None and n:
        empty = np.fmax(np.asarray(drawn) - np.bincount(owner, minlength=len(drawn)), 0).astype(int)
        owner = np.concatenate([owner, np.repeat(np.arange(len(drawn)), empty)])
    m = len(owner)
    if m <= limit:
        return Groups(unit, owner, seen)
    rng = np.random.default_rng(seed)
    of_unit, of_group, used = np.empty(m, int), [], 0
    for h in np.unique(owner):
        members = np.flatnonzero(owner == h)
        k = min(len(members), max(2, round(limit * len(members) / m)))
        of_unit[members] = used + rng.permutation(len(members)) % k
        of_group += [h] * k
        used += k
    return Groups(of_unit.astype(np.int32)[unit], np.array(of_group), seen)


def _nested(unit: np.ndarray, strata: np.ndarray, many: int) -> np.ndarray | None:
    """The stratum of each unit; None where one lies in several."""
    own = np.zeros(many, strata.dtype)
    own[unit] = strata
    size = 1 << 20
    parts = (slice(i, i + size) for i in range(0, len(unit), size))
    return own if all((own[unit[p]] == strata[p]).all() for p in parts) else None


def numbered(code: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the values of ``code`` (n,), sorted, and the place of each row among them, as `numpy.unique` does; whole
    numbers from 0 that are not far apart without sorting.

    >>> numbered(np.array([4, 0, 4]))[1].tolist(), numbered(np.array(["b", "a"]))[1].tolist()
    ([1, 0, 1], [1, 0])
    """
    if len(code) and code.dtype.kind in "iu" and code.min() >= 0 and code.max() < 4 * len(code) + 65536:
        there = np.zeros(int(code.max()) + 1, bool)
        there[code] = True
        values = np.flatnonzero(there)
        if len(values) == len(there):
            return values, code
        place = np.zeros(len(there), np.int32 if len(there) < 2**31 else np.int64)
        place[values] = np.arange(len(values))
        return values, place[code]
    return np.unique(code, return_inverse=True)


def resampling_weights(stratum: np.ndarray, draws: int, seed: int | np.random.Generator) -> np.ndarray:
    """Return bootstrap weights of the groups, (draws, G): n_h - 1 of n_h drawn within each stratum, rescaled.

    A stratum with a single group has it twice or not at all (`lonely_times`).

    References
    ----------
    Rao & Wu (1988), doi:10.1080/01621459.1988.10478591.
    """
    rng = np.random.default_rng(seed)
    out = np.ones((draws, len(stratum)))
    for h in np.unique(stratum):
        members = np.flatnonzero(stratum == h)
        k = len(members)
        if k == 1:
            out[:, members[0]] = lonely_times(rng, draws)
        else:
            drawn = rng.integers(0, k, (draws, k - 1)) + k * np.arange(draws)[:, None]
            out[:, members] = np.bincount(drawn.ravel(), minlength=k * draws).reshape(draws, k) * (k / (k - 1))
    return out


def jackknife_weights(stratum: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return delete-a-group weights (G, G) and the factor of each replicate, (n_h - 1) / n_h, for the variance.

    The only group of a stratum is left out without another in its place, with factor 1.
    """
    size = np.bincount(stratum, minlength=stratum.max() + 1)[stratum]
    same = stratum[:, None] == stratum[None, :]
    lift = np.where(size > 1, size / np.maximum(size - 1, 1), 1.0)
    weights = np.where(same, lift[:, None], 1.0)
    weights[np.arange(len(stratum)), np.arange(len(stratum))] = 0.0
    return weights, np.where(size > 1, (size - 1) / size, 1.0)


def group_sums(values: np.ndarray, groups: Groups) -> np.ndarray:
    """Return the sums of the rows of ``values`` (n, k) in every group, (G, k)."""
    order, bounds = by_group(groups)
    out = np.zeros((groups.size, values.shape[1]))
    some = bounds[1:] > bounds[:-1]
    out[some] = np.add.reduceat(values[order], bounds[:-1][some], axis=0)
    return out


def reweighted_means(X: np.ndarray, w: np.ndarray, groups: Groups, weights: np.ndarray) -> np.ndarray:
    """Return the mean of the answered values of each column under each reweighting of the groups, (B, k)."""
    there = ~np.isnan(X)
    sums = group_sums(np.nan_to_num(X) * w[:, None], groups)
    counts = group_sums(there * w[:, None], groups)
    with np.errstate(divide="ignore", invalid="ignore"):
        return (weights @ sums) / (weights @ counts)


@dataclass(frozen=True)
class ReplicatedMoments:
    """Weighted sums over the pairs of columns that are both answered, by group; complete columns broadcast.

    ``count``: sum of w; ``sums`` [i, j]: sum of w x_i where j is answered too; ``squares``: of w x_i**2;
    ``products``: of w x_i x_j. First axis: group.
    """

    count: np.ndarray
    sums: np.ndarray
    squares: np.ndarray
    products: np.ndarray

    def combined(self, weights: np.ndarray) -> ReplicatedMoments:
        """Return the moments of each reweighting, ``weights`` (B, G)."""
        total = [(weights @ a.reshape(len(a), -1)).reshape(len(weights), *a.shape[1:]) for a in self.arrays]
        return ReplicatedMoments(*total)

    @property
    def arrays(self) -> tuple[np.ndarray, ...]:
        return self.count, self.sums, self.squares, self.products

    def standardized(self, mean: np.ndarray, sd: np.ndarray) -> ReplicatedMoments:
        """Return the moments of (x - mean) / sd, ``mean`` and ``sd`` (q,)."""
        n, s, m = self.count, self.sums, mean[:, None]
        t = s.swapaxes(1, 2)
        squares = (self.squares - 2 * m * s + m * m * n) / (sd * sd)[:, None]
        products = (self.products - m * t - mean * s + m * mean * n) / (sd[:, None] * sd)
        return ReplicatedMoments(n, (s - m * n) / sd[:, None], squares, products)

    def covariance(self) -> tuple[np.ndarray, np.ndarray]:
        """Return (B, q, q) covariances over the rows of each pair, and the variance of i over the rows with j."""
        with np.errstate(divide="ignore", invalid="ignore"):
            mean = self.sums / self.count
            variance = self.squares / self.count - mean**2
            covariance = self.products / self.count - mean * mean.swapaxes(1, 2)
        return covariance, np.broadcast_to(np.maximum(variance, 0.0), covariance.shape)

    def correlation(self) -> np.ndarray:
        """Return the (B, q, q) correlations; a column without spread correlates 0 with everything."""
        covariance, variance = self.covariance()
        scale = np.sqrt(variance * variance.swapaxes(1, 2))
        with np.errstate(divide="ignore", invalid="ignore"):
            R = np.where(scale > 1e-12, covariance / scale, 0.0)
        R = np.nan_to_num(R)
        R[:, np.arange(R.shape[1]), np.arange(R.shape[1])] = 1.0
        return R


def group_moments(X: np.ndarray, w: np.ndarray, groups: Groups) -> ReplicatedMoments:
    """Sum the moments of the columns of ``X`` (n, q) in every group; NaN is a missing answer.

    Columns should be centred and of comparable scale, for the last digits.
    """
    G, q = groups.size, X.shape[1]
    order, bounds = by_group(groups)
    complete = not np.isnan(X).any()
    parts = [np.empty((G, *shape)) for shape in _shapes(q, 1 if complete else q)]
    for g in range(G):  # a group at a time stays in the cache
        rows = order[bounds[g] : bounds[g + 1]]
        x, v = X[rows], w[rows, None]
        there = np.ones((len(x), 1)) if complete else (~np.isnan(x)).astype(float)
        x = x if complete else np.nan_to_num(x)
        wx = v * x
        parts[0][g], parts[1][g], parts[3][g] = (v * there).T @ there, wx.T @ there, wx.T @ x
        parts[2][g] = np.diag(parts[3][g])[:, None] if complete else (wx * x).T @ there
    return ReplicatedMoments(*parts)


def by_group(groups: Groups) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows ordered by group, and where each group starts and ends (G + 1,)."""
    small = groups.code.astype(np.int16) if groups.size < 2**15 else groups.code  # sorted by radix
    order = np.argsort(small, kind="stable")
    return order, np.searchsorted(groups.code[order], np.arange(groups.size + 1))


def _shapes(q: int, d: int) -> tuple[tuple[int, int], ...]:
    return (d, d), (q, d), (q, d), (q, q)


def proper(R: np.ndarray) -> tuple[np.ndarray, float]:
    """Return correlation matrices without negative eigenvalues (pairwise answers can give some), and the smallest one.

    Negative eigenvalues are set to zero and the diagonal back to one.
    """
    values, vectors = np.linalg.eigh(R)
    bad = values[:, 0] < -1e-9
    if bad.any():
        fixed = (vectors[bad] * np.maximum(values[bad], 1e-9)[:, None, :]) @ vectors[bad].swapaxes(1, 2)
        scale = np.sqrt(np.einsum("bii->bi", fixed))
        R = R.copy()
        R[bad] = fixed / scale[:, :, None] / scale[:, None, :]
    return R, float(values[0, 0])


def influence(R: np.ndarray, moments: ReplicatedMoments) -> np.ndarray:
    """Return how the correlations of complete columns change with the weight of each group, (G, q, q).

    The derivative of r_ij is z_i z_j - r_ij (z_i² + z_j²) / 2, summed over the group and divided by the total weight.
    """
    total = moments.combined(np.ones((1, len(moments.count))))
    mean = total.sums[0, :, :1] / total.count[0]
    sd = np.sqrt(total.squares[0, :, 0] / total.count[0, 0, 0] - mean[:, 0] ** 2)
    s = moments.sums[:, :, :1]
    centred = moments.products - mean * s.swapaxes(1, 2) - s * mean.T + moments.count * (mean @ mean.T)
    z = centred / (sd[:, None] * sd)
    own = np.einsum("gii->gi", z)
    return (z - R * (own[:, :, None] + own[:, None, :]) / 2) / total.count[0]


def spread(change: np.ndarray, stratum: np.ndarray) -> np.ndarray:
    """Return the covariance from the groups' influences (G, k): sum over strata of n/(n-1) (e - mean)(e - mean)'.

    The only group of a stratum adds e e', its distance from the overall mean of zero.
    """
    out = np.zeros((change.shape[1], change.shape[1]))
    for h in np.unique(stratum):
        e = change[stratum == h]
        if len(e) > 1:
            e = (e - e.mean(axis=0)) * np.sqrt(len(e) / (len(e) - 1))
        out += e.T @ e
    return out
