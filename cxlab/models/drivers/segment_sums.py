"""Slopes by segment, and covariances within and between groups, from sums of pieces."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cxlab.models.drivers.design_blocks import answered_blocks, filled_in
from cxlab.models.drivers.streamed_answers import Streamed
from cxlab.stats.counts.group_products import GONE, GroupProducts
from cxlab.stats.counts.replicates import GROUPS, Groups, numbered, replicate_groups, resampling_weights
from cxlab.stats.fits import replicated_ols
from cxlab.stats.units.variance_components import components_of

MOST = 20_000
"""Replicate groups of all segments together; many segments have fewer each, at least 100."""

Slopes = tuple[np.ndarray, np.ndarray, int]


def slopes(answers: Streamed, code: np.ndarray, at: Sequence[int], least: int) -> tuple[list[int], list[Slopes | None]]:
    """Return the answers of each segment, and slopes with covariance and degrees of freedom, None of too few answers.

    Parameters
    ----------
    code : (n,) the segment of each row. ``at`` : the segments that are asked for.
    least : answers that a driver needs.
    """
    limit = min(GROUPS, max(100, MOST // max(len(at), 1)))
    whole, parts, start = np.full(answers.n, -1, np.int32), [], 0
    for own in at:
        mine = code == own
        part = _groups(answers, mine, limit)
        whole[mine] = start + part.code
        parts.append((start, part, numbered(part.code)[0]))
        start += part.size
    whole[whole < 0] = start
    sums = answers.products(Groups(whole, np.zeros(start + 1, int), answers.n), *answered_blocks(answers.width))
    place = np.full(int(code.max()) + 1, len(at))
    place[list(at)] = np.arange(len(at))
    segments = Groups(place[code].astype(np.int32), np.zeros(len(at) + 1, int), answers.n)
    rows = answers.products(segments, *answered_blocks(answers.width), weighted=False)
    n = [int(rows[s, 0, 0]) for s in range(len(at))]
    found = [
        _fit(sums[first : first + part.size], rows[s], part, used, least) for s, (first, part, used) in enumerate(parts)
    ]
    return n, found


def _groups(answers: Streamed, mine: np.ndarray, limit: int) -> Groups:
    """Return the replicate groups of some of the rows."""
    cluster, strata = (None if c is None else c[mine] for c in (answers.cluster, answers.strata))
    drawn = answers.drawn
    if drawn is not None and strata is not None:
        drawn = drawn[numbered(strata)[0]]
    return replicate_groups(cluster, strata, int(mine.sum()), limit=limit, drawn=drawn)


def _fit(sums: np.ndarray, rows: np.ndarray, groups: Groups, used: np.ndarray, least: int) -> Slopes | None:
    """Fit one segment from sums of [1, answer and not answered of each driver, outcome], weighted and of rows."""
    n, q = rows[0, 0], (len(rows) - 2) // 2
    answer, gone = 1 + 2 * np.arange(q), 2 + 2 * np.arange(q)
    missing = rows[0, gone]
    total = sums.sum(axis=0)
    spread = [total[j, j] / (total[0, 0] - total[0, j + 1]) for j in answer]
    mean = total[0, answer] / np.fmax(total[0, 0] - total[0, gone], 1e-300)
    same = np.array(spread) - mean**2 <= 1e-12 * np.fmax(mean**2, 1e-300)
    varies = total[-1, -1] / total[0, 0] - (total[0, -1] / total[0, 0]) ** 2
    if (n - missing < least).any() or same.any() or varies <= 1e-12:
        return None
    change, lead = filled_in(mean, missing > 0)
    if n < max(least, change.shape[1] - 1 + 10):
        return None
    b, v, df = replicated_ols.deleted_of(change.T @ sums @ change, groups, used)
    return (b[lead], v[np.ix_(lead, lead)], df) if df else None


def components(answers: Streamed, code: np.ndarray, many: int, draws: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return what `variance_components.components` does of complete answers, by resampling ``draws`` times.

    More than `GROUPS` groups are resampled in random sets of them.

    Parameters
    ----------
    code : (n,) the group of each row, ``many`` of them.
    """
    sets = replicate_groups(None, None, many).code
    q, at = answers.width + 1, 0
    products = GroupProducts(int(sets.max()) + 1, q)
    size, total = np.zeros(many), np.zeros((many, q))
    for piece in answers.source.pieces():
        own = code[at : at + len(piece.z)]
        at += len(own)
        z = np.where(piece.z == GONE, np.nan, piece.z.astype(float)) if answers.source.small else piece.z
        z = (z - answers.mean) / answers.sd
        w = np.ones(len(z)) if piece.w is None else piece.w
        products.add(z, w, sets[own])
        np.add.at(size, own, w)
        np.add.at(total, own, z * w[:, None])
    lift = answers.n / size.sum()  # weights of mean 1
    size, total = size * lift, total * lift
    mean = total / size[:, None]
    of_sets = lambda x: np.stack([np.bincount(sets, c, products.size) for c in np.atleast_2d(x)]).squeeze()  # noqa: E731
    means = GroupProducts(products.size, q)
    means.add(mean, size, sets)
    outer = means.moments().products
    inside = products.moments().products * lift - outer
    rows = np.bincount(sets, np.bincount(code, minlength=many), products.size)
    weights = np.vstack([np.ones(products.size), resampling_weights(np.zeros(products.size, int), draws, seed)])
    return components_of(
        of_sets(size), of_sets(size**2), rows, np.bincount(sets, minlength=products.size).astype(float),
        of_sets(total.T).T, inside, outer, weights,
    )  # fmt: skip
