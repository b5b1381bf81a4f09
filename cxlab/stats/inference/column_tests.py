"""Ratios in the columns of a table, their covariance under the design, and tests of one column against another.

A cell is a ratio r_k = sum(w y c_k) / sum(w b c_k): y the score of an answer, b whether it counts, c_k whether the
respondent is in column k. With the residuals e_k = w b c_k (y - r_k) / W_k, summed by cluster,

Cov(r_k, r_l) = sum_h n_h / (n_h - 1) sum_c (e_khc - mean)(e_lhc - mean),

n_h the clusters of the stratum in the whole sample (rows, without clusters). A respondent in two columns, or a cluster
with members in both, gives them a covariance; columns apart have none. So overlapping and separate columns are one
case.

References
----------
Binder, D. A. (1983). On the variances of asymptotically normal estimators from complex surveys. International
    Statistical Review 51, 279-292.
Satterthwaite, F. E. (1946). An approximate distribution of estimates of variance components. Biometrics Bulletin 2,
    110-114. doi:10.2307/3002019
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.special import ndtr, stdtr


@dataclass(frozen=True)
class Block:
    """The counts of one question by the patterns of one group of columns.

    Parameters
    ----------
    counts : (3, S, P) rows, weights and squared weights of each answer s in each pattern p.
    members : (P, K) 1 where pattern p belongs to column k.
    stratum : (P,) the stratum of each pattern. ``drawn`` : (H,) clusters (rows) of each in the whole sample.
    totals : (C, S * P) weights of each cluster in each answer and pattern; None: each row for itself.
    home : (C,) stratum of each cluster.
    simple : a simple random sample.
    """

    counts: NDArray
    members: NDArray
    stratum: NDArray
    drawn: NDArray
    totals: csr_array | None = None
    home: NDArray | None = None
    simple: bool = False


@dataclass(frozen=True)
class Ratios:
    """Cells of R rows in K columns: ``estimate``, ``spread`` sum(w (y - r)**2) / W, answers ``n``, weights ``w``, sum
    of the weighted scores ``a``, Kish's size ``kish``, clusters ``m``, degrees of freedom ``df``, each (R, K); ``cov``
    and ``both`` (squared weights of those in two columns) (R, K, K); ``base`` rows over which the spread is estimated.
    """

    estimate: NDArray
    spread: NDArray
    n: NDArray
    w: NDArray
    a: NDArray
    kish: NDArray
    m: NDArray
    df: NDArray
    cov: NDArray
    both: NDArray
    base: NDArray


def ratios(block: Block, y: NDArray, base: NDArray) -> Ratios:
    """Return the ratios of rows of a table and their covariance between columns.

    Parameters
    ----------
    block : the counts.
    y : (R, S) the score of each answer in each row. ``base`` : (R, S) 1 where the answer counts.
    """
    n, w, w2 = block.counts
    inside, members = y * base, block.members
    total = lambda scores, sums: scores @ sums @ members  # noqa: E731
    size, weight, a = total(base, n), total(base, w), total(inside, w)
    with np.errstate(invalid="ignore", divide="ignore"):
        r = a / weight
        spread = np.fmax(total(inside * y, w) / weight - r * r, 0)
        kish = weight * weight / total(base, w2)
    both = _gram(base @ w2, members)
    if block.totals is None:
        m, between = size, _of_rows(block, y, base, np.nan_to_num(r))
        strata = (base @ n)[:, :, None] * members
        there = np.stack([(strata[:, block.stratum == h].sum(1) > 0) for h in range(len(block.drawn))]).sum(0)
    else:
        m, there, between = _of_clusters(block, y, base, np.nan_to_num(r))
    with np.errstate(invalid="ignore", divide="ignore"):
        cov = between / (weight[:, :, None] * weight[:, None, :])
    rows = block.drawn.sum() if block.totals is None else size
    return Ratios(r, spread, size, weight, a, kish, m, m - there, cov, both, np.broadcast_to(rows, size.shape))


def ratios_apart(counts: NDArray, y: NDArray, base: NDArray, drawn: float, *, simple: bool) -> list[Ratios]:
    """Return the `ratios` of Q questions at once, where no row is in two columns and there are no strata and clusters.

    Parameters
    ----------
    counts : (Q, 3, S, K) rows, weights and squared weights of each answer in each column.
    y, base : (Q, R, S) scores and which answers count. ``drawn`` : rows of the whole sample. ``simple`` : see `Block`.
    """
    n, w, w2 = counts[:, 0], counts[:, 1], counts[:, 2]
    inside = y * base
    size, weight, a, square = base @ n, base @ w, inside @ w, base @ w2
    with np.errstate(invalid="ignore", divide="ignore"):
        r = a / weight
        spread = np.fmax((inside * y) @ w / weight - r * r, 0)
        kish = weight * weight / square
        at = np.nan_to_num(r)
        f = 1.0 if simple or drawn <= 1 else drawn / (drawn - 1)
        var = f * ((inside * y) @ w2 - 2 * at * (inside @ w2) + at * at * square)
        var = var / (weight * weight)
    eye = np.eye(counts.shape[3])
    each = zip(r, spread, size, weight, a, kish, size, size - (size > 0), var, square, strict=True)
    rows = np.broadcast_to(drawn, size.shape[1:])
    return [Ratios(*some, v[:, :, None] * eye, s[:, :, None] * eye, rows) for *some, v, s in each]


def _gram(sums: NDArray, members: NDArray) -> NDArray:
    """Return sum_p sums_rp M_pk M_pl: (R, K, K)."""
    return np.einsum("rp,pk,pl->rkl", sums, members, members, optimize=True)


def scale(block: Block) -> NDArray:
    """n_h / (n_h - 1) of each stratum; 1 for a lonely one, and in a simple random sample."""
    k = block.drawn
    return np.ones(len(k)) if block.simple else np.where(k > 1, k / np.fmax(k - 1, 1), 1.0)


def _of_rows(block: Block, y: NDArray, base: NDArray, r: NDArray) -> NDArray:
    """Sums of products of residuals where every row is its own cluster."""
    _, w, w2 = block.counts
    f, members = scale(block), block.members
    scaled = w2 * f[block.stratum]
    two, one, none = (_gram((base * y**k) @ scaled, members) for k in (2, 1, 0))
    out = two - (r[:, :, None] + r[:, None, :]) * one + r[:, :, None] * r[:, None, :] * none
    if len(block.drawn) == 1:
        return out
    for h in np.flatnonzero(block.drawn > 1):  # what the mean of the stratum takes off
        at = block.stratum == h
        t = (y * base) @ w[:, at] @ members[at] - r * (base @ w[:, at] @ members[at])
        out -= f[h] / block.drawn[h] * t[:, :, None] * t[:, None, :]
    return out


def _of_clusters(block: Block, y: NDArray, base: NDArray, r: NDArray) -> tuple[NDArray, NDArray, NDArray]:
    """Clusters with answers, strata with answers, and sums of products of the residuals of clusters."""
    f, members, z, home = scale(block), block.members, block.totals, block.home
    rows, columns, strata = len(y), members.shape[1], len(block.drawn)
    m, there, out = np.zeros((rows, columns)), np.zeros((rows, columns)), np.zeros((rows, columns, columns))
    seen: dict[bytes, tuple[NDArray, NDArray]] = {}
    for i in range(rows):
        if (key := base[i].tobytes()) not in seen:
            answered = (z @ np.kron(base[i][:, None], members)) > 0
            seen[key] = answered.sum(0), np.stack([answered[home == h].any(0) for h in range(strata)]).sum(0)
        m[i], there[i] = seen[key]
        residual = base[i][:, None] * (y[i][:, None] - r[i])
        e = z @ (residual[:, None, :] * members[None]).reshape(-1, columns)
        out[i] = (e * f[home][:, None]).T @ e
        for h in np.flatnonzero(block.drawn > 1):
            t = e[home == h].sum(0)
            out[i] -= f[h] / block.drawn[h] * np.outer(t, t)
    return m, there, out


@dataclass(frozen=True)
class Tests:
    """Differences of pairs of columns in R rows: each (R, pairs)."""

    difference: NDArray
    se: NDArray
    df: NDArray
    p: NDArray


def pair_tests(found: Ratios, first: Sequence[int], second: Sequence[int], shares: NDArray, simple: bool) -> Tests:
    """Return two-sided tests of the columns ``first`` against ``second``.

    Shares of a simple random sample: z with the pooled share, p(1 - p) (1/n_k + 1/n_l - 2 n_kl / (n_k n_l)), n_kl those
    in both columns; without overlap it is the test of SPSS's column proportions. All else: the difference over its
    linearised error, Student's t with Satterthwaite's degrees of freedom; p of shares takes no smaller error than that
    of the pooled share on Kish's sizes (with lognormal weights one null table in nine had a letter by BH).
    A column whose answers all agree has no variance of its own; it takes that of the pooled share on Kish's size.

    Parameters
    ----------
    first, second : columns of each pair. ``shares`` : (R,) which rows are shares.
    """
    k, j = np.asarray(first, int), np.asarray(second, int)
    r, w, n, share = found.estimate, found.w, found.n, shares[:, None]
    var = np.einsum("rkk->rk", found.cov)
    cross = found.cov[:, k, j]
    with np.errstate(invalid="ignore", divide="ignore"):
        pooled = (w[:, k] * r[:, k] + w[:, j] * r[:, j]) / (w[:, k] + w[:, j])
        noise = np.fmax(pooled * (1 - pooled), 0)
        if simple:
            own = n / (n - 1)
            var = np.where(share, var, var * own)
            cross = np.where(share, cross, cross * np.sqrt(own[:, k] * own[:, j]))
        at = [np.where(share & (found.spread[:, c] <= 1e-12), noise / found.kish[:, c], var[:, c]) for c in (k, j)]
        square = at[0] + at[1] - 2 * cross
        df = (at[0] + at[1]) ** 2 / (at[0] ** 2 / found.df[:, k] + at[1] ** 2 / found.df[:, j])
        if simple:
            shared = found.both[:, k, j]
            z = noise * (1 / n[:, k] + 1 / n[:, j] - 2 * shared / (n[:, k] * n[:, j]))
            square, df = np.where(share, z, square), np.where(share, np.inf, df)
        se = np.sqrt(np.where(square > 1e-18 * (at[0] + at[1] + 1e-300), square, np.nan))
        difference = r[:, k] - r[:, j]
        t = np.abs(difference / se)
        if not simple:  # of few answers the spread may be small by chance
            least = [np.where(share, noise / found.kish[:, c], 0.0) for c in (k, j)]
            t = np.abs(difference) / np.fmax(se, np.sqrt(np.fmax(least[0] + least[1] - 2 * cross, 0)))
        known = (df >= 1) & np.isfinite(t)
        p = np.where(np.isinf(df), 2 * ndtr(-t), 2 * stdtr(np.where(known & np.isfinite(df), df, 1), -t))
    return Tests(difference, se, df, np.where(known, p, np.nan))
