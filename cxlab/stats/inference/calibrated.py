"""Covariance of weighted means whose weights were fitted to margins of the population (raking, post-stratification).

The margins of the weighted sample do not vary from sample to sample, so what of a score the margins explain adds
nothing to its error: with e the linearised residual of a mean (0 outside its group) and x the categories of the
margins, the errors are those of e - x'B, B from the weighted regression of e on x in the whole sample (Deville &
Sarndal 1992, doi:10.1080/01621459.1992.10475217; R's ``survey::calibrate``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from cxlab.stats.counts.in_memory import numbered
from cxlab.stats.inference.design_variance import sampled


@dataclass(frozen=True)
class Rows:
    """Distinct rows with their count ``n``, weight ``w``, weight before it was fitted ``b``, categories of the margins
    ``x`` (rows, p), and the numbers of their stratum and of the unit that was drawn (-1: each row is one)."""

    n: NDArray
    w: NDArray
    b: NDArray
    x: NDArray
    stratum: NDArray
    unit: NDArray


def covariance(
    whole: Rows, own: Rows, members: Sequence[NDArray], scores: Sequence[NDArray], drawn: NDArray, taken: NDArray,
    *, moved: Sequence[NDArray] | None = None,
) -> NDArray:  # fmt: skip
    """Return the (G, G) covariance matrix of the weighted means of G groups of rows.

    Parameters
    ----------
    whole : every row of the sample. ``own`` : the rows of the domain, those of the groups among them.
    members : for each group the indices of its rows in ``own``; ``scores`` : their scores.
    drawn : (H,) units of each stratum in the sample. ``taken`` : (H,) share of the population that they are.
    moved : by what the sum moves with a row's weight, where that is not its score (weights within a group hang
        together, as in a mixed model); None: the centred scores.
    """
    inverse = np.linalg.pinv(whole.x.T @ (whole.x * (whole.n * whole.b)[:, None]), hermitian=True)
    residual, beta = [], np.zeros((whole.x.shape[1], len(members)))
    for g, (rows, s) in enumerate(zip(members, scores, strict=True)):
        v = own.n[rows] * own.w[rows]
        total = v.sum()
        e = (s - v @ s / total) / total if total else np.zeros(0)
        residual.append(e)
        by = e if moved is None else moved[g] / total
        beta[:, g] = inverse @ (own.x[rows].T @ (own.n[rows] * own.b[rows] * by))
    parts = _of_units if (whole.unit >= 0).all() else _of_rows
    out = np.zeros((len(members), len(members)))
    for h, (products, sums) in enumerate(parts(whole, own, members, residual, beta, len(drawn))):
        k = drawn[h]
        centred = (products - np.outer(sums, sums) / k) * k / (k - 1) if k > 1 else products
        out += (1 - taken[h]) * centred
    return out


def _of_units(
    whole: Rows, own: Rows, members: Sequence[NDArray], residual: Sequence[NDArray], beta: NDArray, strata: int
) -> Iterator[tuple[NDArray, ...]]:
    """Yield products and sums over the clusters of each stratum."""
    units = int(whole.unit.max()) + 1
    u = np.zeros((units, beta.shape[1]))
    np.add.at(u, whole.unit, -(whole.n * whole.w)[:, None] * (whole.x @ beta))
    for g, (rows, e) in enumerate(zip(members, residual, strict=True)):
        np.add.at(u[:, g], own.unit[rows], own.n[rows] * own.w[rows] * e)
    owner = np.zeros(units, int)
    owner[whole.unit] = whole.stratum
    for h in range(strata):
        yield u[owner == h].T @ u[owner == h], u[owner == h].sum(axis=0)


def _of_rows(
    whole: Rows, own: Rows, members: Sequence[NDArray], residual: Sequence[NDArray], beta: NDArray, strata: int
) -> Iterator[tuple[NDArray, ...]]:
    """Yield products and sums over the rows of each stratum, each row a unit of its own; groups may share rows."""
    fitted = whole.x @ beta
    column = np.repeat(np.arange(len(members)), [len(rows) for rows in members])
    at = (np.concatenate(members).astype(int), column)
    held = sparse.csr_array((np.concatenate(residual), at), shape=(len(own.n), len(members)))
    for h in range(strata):
        here = whole.stratum == h
        v, f = whole.n[here] * whole.w[here], fitted[here]
        products, sums = (f * (v * whole.w[here])[:, None]).T @ f, -(v @ f)
        for g, (every, residuals) in enumerate(zip(members, residual, strict=True)):
            mine = own.stratum[every] == h
            rows, e = every[mine], residuals[mine]
            v = own.n[rows] * own.w[rows]
            cross = (v * own.w[rows] * e) @ (own.x[rows] @ beta)
            products[g] -= cross
            products[:, g] -= cross
            sums[g] += v @ e
        there = own.stratum == h
        mine = held[there]
        yield products + (mine.T @ (mine * (own.n * own.w**2)[there][:, None])).toarray(), sums


def categories(
    table: pd.DataFrame, margins: Sequence[Sequence[str]], levels: list[list[str]] | None = None
) -> tuple[NDArray, list[list[str]]]:
    """Return (rows, p) indicators of the categories of each margin, and the categories; no answer is in none."""
    found, blocks = levels or [], []
    for i, columns in enumerate(margins):
        first, at = numbered(table, columns)
        own = table[list(columns)].iloc[first]  # each combination once
        blank = own.isna().any(axis=1).to_numpy()
        word = np.array([repr(x) for x in zip(*(own[c].astype(str) for c in columns), strict=True)], object)
        if levels is None:
            found.append(sorted(set(word[~blank])))
        block = np.array([(word == level) & ~blank for level in found[i]], float).T
        blocks.append(block.reshape(len(own), len(found[i]))[at])
    return np.hstack(blocks), found


def fraction(strata: Sequence, drawn: NDArray, population: Mapping | float | None) -> NDArray:
    """Return the share of the population that the units drawn in each stratum are."""
    return sampled(pd.Series(list(strata), dtype=object), drawn, population)
