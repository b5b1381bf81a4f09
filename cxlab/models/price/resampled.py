"""The units that a bootstrap of prices draws: persons or clusters, within strata; many are put together at random."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cxlab.data.sample import Sample

MOST = 2000
"""More units than this are put together at random into so many groups."""


def units(found: Sample, rng: np.random.Generator, person: NDArray | None = None) -> tuple[NDArray, NDArray, NDArray]:
    """Return the unit of each row, and by unit its stratum and how many it stands for.

    Parameters
    ----------
    found : the rows. ``person`` : (rows,) codes of persons, where they are the clusters.
    """
    cluster = found.cluster if person is None else person
    strata = np.zeros(len(found.n), int) if found.strata is None else found.strata
    if cluster is None:
        unit, count, first = np.arange(len(found.n)), found.n, np.arange(len(found.n))
    else:
        _, first, unit = np.unique(cluster, return_index=True, return_inverse=True)
        count = np.ones(len(first))
    of = strata[first]
    if len(count) <= MOST:
        return unit, of, count
    codes = np.unique(of, return_inverse=True)[1]
    group = rng.integers(0, max(2, MOST // (codes.max() + 1)), len(count)) + codes * MOST
    _, first, to = np.unique(group, return_index=True, return_inverse=True)
    return to[unit], of[first], np.ones(len(first))


def ends(values: NDArray, level: float) -> tuple[NDArray, NDArray]:
    """Return the ends of percentile intervals over draws (the first axis), where nearly all draws have a value."""
    few = np.isnan(values).mean(0) > (1 - level) / 2
    with np.errstate(all="ignore"):
        low, high = np.nanquantile(np.where(few, 0.0, values), [(1 - level) / 2, (1 + level) / 2], axis=0)
    return np.where(few, np.nan, low), np.where(few, np.nan, high)
